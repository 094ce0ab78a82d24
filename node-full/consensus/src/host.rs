//! The state machine around the engine.

mod blocks;
mod effects;
mod messages;
mod output;
mod publish;
mod restart;
mod sync;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use arc_malachitebft_core_consensus::{
    Error as EngineError, Input, LocallyProposedValue, Params, PeerId, State, process,
};
use arc_malachitebft_core_types::{Round, Timeout, ValuePayload};
use cairn_verifier::digest::{HeaderDigest, KeyId};
use cairn_verifier::finality::Header;

pub use output::{Config, Decided, Fault, HostError, Output, Timer, Verdict};

use crate::broken::Defence;
use crate::guard::{Guard, Record};
use crate::inbox::{Inbox, Peer};
use crate::set::Set;
use crate::signing::{Checker, Signer};
use crate::types::{Address, Height, Value};
use crate::{Cairn, wire};

/// Tendermint for one validator or observer, without IO.
pub struct Host {
    state: State<Cairn>,
    io: Io,
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").field("height", &self.io.height).finish_non_exhaustive()
    }
}

/// Everything but the engine: what its effects work on.
struct Io {
    config: Config,
    signer: Option<Box<dyn Signer>>,
    guard: Guard,
    inbox: Inbox,
    set: Set,
    checker: Checker,
    height: u64,
    round: u32,
    running: bool,
    replaying: bool,
    /// Entries that the log has, while it is replayed: what a replay adds to them must be kept,
    /// such as a vote whose own entry was torn off.
    logged: BTreeSet<Vec<u8>>,
    /// The peer whose message is being handled, and what was wrong with it.
    from: Option<Peer>,
    fault: Option<Fault>,
    outputs: Vec<Output>,
    timers: BTreeMap<u64, Timeout>,
    next_timer: u64,
    build: Option<(u32, Duration)>,
    blocks: blocks::Blocks,
    sync: sync::Sync,
    own_blocks: restart::OwnBlocks,
    own_proposal: Option<(u32, wire::Message, HeaderDigest)>,
    recorded: Option<Record>,
    /// Signatures of peers that were checked in this host's life.
    checked: u64,
    fatal: Option<HostError>,
}

impl Host {
    /// A host that has started no height yet. `record` is what [`Output::Record`] gave last, if
    /// anything: a node that cannot read its record must not start.
    ///
    /// # Errors
    /// If the set does not decode.
    pub fn new(
        config: Config,
        signer: Option<Box<dyn Signer>>,
        record: Option<Record>,
        set: &Set,
    ) -> Result<Self, HostError> {
        let address = Address(signer.as_ref().map_or(KeyId::ZERO, |signer| signer.key()));
        let params = Params {
            address,
            threshold_params: Default::default(),
            value_payload: ValuePayload::ProposalAndParts,
            enabled: signer.is_some(),
        };
        // The engine's own queue for later heights would be filled by whoever writes first.
        let state = State::new(Cairn, Height(0), set.clone(), params, 1, 1);
        let open = config.broken.lacks(Defence::Limits);
        let trusting = config.broken.lacks(Defence::Signatures);
        let io = Io {
            guard: Guard::new(record),
            inbox: Inbox::new(config.limits, open),
            set: set.clone(),
            checker: Checker::new(config.log, set, trusting)?,
            config,
            signer,
            height: 0,
            round: 0,
            running: false,
            replaying: false,
            logged: BTreeSet::new(),
            from: None,
            fault: None,
            outputs: Vec::new(),
            timers: BTreeMap::new(),
            next_timer: 0,
            build: None,
            blocks: blocks::Blocks::default(),
            sync: sync::Sync::default(),
            own_blocks: BTreeMap::new(),
            own_proposal: None,
            recorded: record,
            checked: 0,
            fatal: None,
        };
        Ok(Self { state, io })
    }

    /// Starts a height whose log is empty, with the set that signs it.
    ///
    /// # Errors
    /// [`HostError`].
    pub fn start(&mut self, height: u64, set: &Set) -> Result<Vec<Output>, HostError> {
        self.resume(height, set, &[])
    }

    /// The height worked on, and whether it is still open.
    #[must_use]
    pub const fn height(&self) -> (u64, bool) {
        (self.io.height, self.io.running)
    }

    /// The round of that height.
    #[must_use]
    pub const fn round(&self) -> u32 {
        self.io.round
    }

    /// Whether this validator signs nothing at this height, because its log was lost.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.io.guard.is_silent(self.io.height)
    }

    /// How many signatures this host has checked because of what peers sent.
    #[must_use]
    pub const fn signatures_checked(&self) -> u64 {
        self.io.checked
    }

    /// Another window of what peers may cost begins. While a height is open its timers see to it.
    pub fn renew(&mut self) {
        self.io.renew();
    }

    /// How many bytes of peers' messages are kept for later: a bounded number for each peer.
    #[must_use]
    pub fn kept_bytes(&self) -> usize {
        self.io.inbox.kept_bytes().saturating_add(self.io.blocks.bytes())
    }

    /// A message from a peer.
    ///
    /// # Errors
    /// [`HostError`]: never for what the message says.
    pub fn message(&mut self, peer: Peer, bytes: &[u8]) -> Result<Vec<Output>, HostError> {
        if self.io.inbox.admit(peer, bytes.len()) {
            self.read_message(peer, bytes)?;
        }
        self.finish()
    }

    /// A peer is no longer connected: what is kept of it goes, and it may come again. It must have
    /// the same number then, because what it used up of this window stays used up.
    pub fn gone(&mut self, peer: Peer) {
        self.io.inbox.gone(peer);
        self.io.sync.forget(peer);
        self.io.blocks.gone(peer);
    }

    /// A timer fired.
    ///
    /// # Errors
    /// [`HostError`].
    pub fn timer(&mut self, timer: Timer) -> Result<Vec<Output>, HostError> {
        if let Some(timeout) = self.io.timers.remove(&timer.0) {
            self.elapsed(timeout)?;
        }
        self.finish()
    }

    /// The application built a block for a height and round; late ones do nothing.
    ///
    /// # Errors
    /// [`HostError`]; [`HostError::Decode`] if the block has no header.
    pub fn built(
        &mut self,
        (height, round): (u64, u32),
        block: Vec<u8>,
    ) -> Result<Vec<Output>, HostError> {
        if self.io.running && height == self.io.height && round == self.io.round {
            let header = blocks::header_of(&block)?;
            let digest = header.digest();
            self.io.append(&crate::log::Entry::Block { round, block: block.clone() });
            self.io.blocks.own(digest, header, block);
            self.propose(round, digest)?;
        }
        self.finish()
    }

    /// The application checked a block.
    ///
    /// # Errors
    /// [`HostError`].
    pub fn checked(
        &mut self,
        height: u64,
        header: HeaderDigest,
        verdict: Verdict,
    ) -> Result<Vec<Output>, HostError> {
        if self.io.running && height == self.io.height {
            self.judged(header, verdict)?;
        }
        self.finish()
    }

    fn propose(&mut self, round: u32, digest: HeaderDigest) -> Result<(), HostError> {
        let (height, round) = (Height(self.io.height), Round::new(round));
        let value = Value(digest);
        self.run(Input::Propose(LocallyProposedValue { height, round, value }))
    }

    /// Hands an input to the engine and carries out its effects.
    fn run(&mut self, input: Input<Cairn>) -> Result<(), HostError> {
        let Self { state, io } = self;
        let result: Result<(), EngineError<Cairn>> = process!(
            input: input,
            state: state,
            metrics: &(),
            with: effect => Ok::<_, std::convert::Infallible>(io.effect(effect))
        );
        result.map_err(|error| HostError::Engine(error.to_string()))?;
        for polka in self.state.driver.polka_certificates() {
            self.io.has_polka(polka.value_id.0);
        }
        Ok(())
    }

    /// Gives out what is to be done, or why nothing more can be.
    fn finish(&mut self) -> Result<Vec<Output>, HostError> {
        self.build()?;
        match self.io.fatal.take() {
            Some(error) => Err(error),
            None => Ok(std::mem::take(&mut self.io.outputs)),
        }
    }
}

impl Io {
    fn append(&mut self, entry: &crate::log::Entry) {
        let entry = entry.encode();
        if !self.logged.contains(&entry) {
            self.outputs.push(Output::Append { height: self.height, entry });
        }
    }

    /// Tells every peer; a set of one has nobody to convince.
    fn tell(&mut self, message: &wire::Message) {
        if self.set.len() > 1 {
            self.outputs.push(Output::Broadcast(message.encode()));
        }
    }

    fn ban(&mut self, peer: Peer, fault: Fault) {
        if self.inbox.ban(peer) {
            self.sync.forget(peer);
            self.outputs.push(Output::Ban { peer, fault });
        }
    }
}

/// The engine wants to know who sent a block by sync; we know it ourselves.
fn no_peer() -> Result<PeerId, HostError> {
    // The identity hash (0) of one byte (1), which is 0.
    PeerId::from_bytes(&[0, 1, 0]).map_err(|error| HostError::Engine(error.to_string()))
}

/// What a block's first bytes say that it is.
#[derive(Clone, Debug)]
struct Held {
    header: Header,
    block: Vec<u8>,
    from: Option<Peer>,
    check: Check,
}

/// How far the check of a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Check {
    /// The application was not asked yet.
    Due,
    /// It was asked; `certified` as in [`Output::Check`].
    Asked { certified: bool },
    /// Its time was too far ahead of this clock, and no quorum is known to have voted for it.
    Early,
    /// It said so, or built it. What it finds invalid is not held any longer.
    Valid,
}

#[cfg(test)]
mod tests;
