//! The thread that owns the engine: it hands it what peers say, timers and blocks, and carries out
//! what it wants done, in its order.
//!
//! A height begins when an event waits for a block, when a peer has begun it, or when a day went by
//! without one; between heights nothing runs. What cannot be written ends this life of the driver,
//! and the next one begins from disk, as after a crash.

mod outputs;
mod periodic;

use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use cairn_consensus::gossip::{Gossip, is_gossip};
use cairn_consensus::wire::{self, Message};
use cairn_consensus::{
    Broken, Config, Host, Keeper, Limits, Output, Record, Set, Signer, Timeouts, log,
};
use cairn_net::{AllowedPeer, Incoming, Network, PeerId};
use cairn_verifier::digest::HeaderDigest;
use cairn_verifier::finality::ValidatorSet;
use cairn_verifier::trust::Genesis;

use super::behind::Fetching;
use super::journal::JournalFiles;
use super::peers::Peers;
use super::restored::{self, SignFrom};
use super::sync::Sync;
use super::timers::Timers;
use super::{OwnKey, ValidateError, block};
use crate::clock::Stopwatch;
use crate::node::Shared;
use crate::replica::Batch;

/// How long the thread sleeps at most: whether the node closes is looked at so often.
const LONGEST_SLEEP: Duration = Duration::from_millis(200);
/// How long after a failed write the next life begins.
const RETRY: Duration = Duration::from_secs(1);

/// The type of the message that says where a peer is.
const STATUS: u8 = 6;

/// What the driver is told.
#[derive(Debug)]
pub(crate) enum Input {
    /// The network.
    Net(Incoming),
    /// An event was accepted, or the node closes.
    Wake,
}

/// What stays over all lives of a driver.
pub(crate) struct Setup {
    pub(crate) network: Arc<dyn Network>,
    pub(crate) timeouts: Timeouts,
    pub(crate) sign_from: Option<u64>,
    /// What stands behind events goes this way.
    pub(crate) fetching: Arc<Fetching>,
}

pub(super) struct Driver<'a> {
    pub(super) shared: &'a Arc<Shared>,
    setup: &'a Setup,
    pub(super) peers: &'a mut Peers,
    host: Host,
    keeper: Keeper<JournalFiles>,
    timers: Timers,
    watch: Stopwatch,
    /// The set of the height worked on, or of the next.
    set: Set,
    /// The set behind the next gate.
    next_set: Set,
    /// Blocks of this height that were checked, for when one of them is decided.
    batches: BTreeMap<HeaderDigest, Batch<'static>>,
    /// A block that is to be built as soon as there is something for it.
    building: Option<Building>,
    /// Whether something may wait for a block that did not when this was looked at last.
    pub(super) stirred: bool,
    sign: SignFrom,
    votes: bool,
    /// What was signed last before this life.
    recorded: Option<Record>,
    /// When this height began, and when the next one may.
    begun: Duration,
    next_start: Duration,
    pub(super) sync: Sync,
    rounds: periodic::Due,
}

/// A block that the engine waits for.
#[derive(Clone, Copy, Debug)]
struct Building {
    place: (u64, u32),
    /// When it is built even if it is empty.
    until: Duration,
}

/// Drives until the node closes, or until a person has to look.
pub(crate) fn run(shared: &Arc<Shared>, setup: &Setup, inputs: &Receiver<Input>) {
    let mut peers = Peers::default();
    loop {
        let life = noticed(|| {
            let mut driver = Driver::open(shared, setup, &mut peers)?;
            shared.note_validator(|status| status.stopped = None);
            driver.live(inputs)
        });
        let Err(error) = life else { return };
        shared.note_validator(|status| {
            (status.stopped, status.working) = (Some(error.to_string()), false);
        });
        if !error.is_passing() {
            tracing::error!(%error, "this validator has stopped");
            return;
        }
        tracing::error!(%error, "this validator begins again from what is on disk");
        if shared.progress.rest(RETRY) {
            return;
        }
    }
}

/// A panic as an error: this thread would end unseen, and the node would go on taking events that
/// nobody makes blocks of.
fn noticed(life: impl FnOnce() -> Result<(), ValidateError>) -> Result<(), ValidateError> {
    catch_unwind(AssertUnwindSafe(life)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        Err(ValidateError::Panicked(text.unwrap_or("it did not say why").to_owned()))
    })
}

fn config(shared: &Shared, timeouts: Timeouts) -> Config {
    Config { log: shared.log, timeouts, limits: Limits::default(), broken: Broken::default() }
}

fn own_key(shared: &Arc<Shared>) -> Box<dyn Signer> {
    Box::new(OwnKey(Arc::clone(shared)))
}

impl<'a> Driver<'a> {
    fn open(
        shared: &'a Arc<Shared>,
        setup: &'a Setup,
        peers: &'a mut Peers,
    ) -> Result<Self, ValidateError> {
        let (journal, found) = JournalFiles::open(&shared.dir)?;
        let genesis = Genesis::decode(&shared.genesis)?;
        let set = shared.signing_set();
        let height = shared.blocks.end();
        let word = (setup.sign_from, height);
        let sign = restored::sign_from(&shared.dir, word)?;
        let votes = sign.allows(shared.head().as_deref());
        if votes {
            restored::forget_mark(&shared.dir)?;
        }
        let (entries, _) = log::read(height, &found.log);
        // The operator may say that what was signed at this height does not matter; what the log
        // has of it holds all the same.
        let recorded = match found.record {
            Some(record) if restored::gives_up(&shared.dir, &record, word)? => None,
            recorded => recorded,
        };
        let signer = votes.then(|| own_key(shared));
        let host = Host::new(config(shared, setup.timeouts), signer, recorded, &set)?;
        let mut driver = Self {
            shared,
            setup,
            peers,
            host,
            keeper: Keeper::new(journal),
            timers: Timers::default(),
            watch: Stopwatch::start(),
            set,
            next_set: shared.next_set(),
            batches: BTreeMap::new(),
            building: None,
            stirred: true,
            sign,
            votes,
            recorded,
            begun: Duration::ZERO,
            next_start: Duration::ZERO,
            sync: Sync::open(shared, &genesis)?,
            rounds: periodic::Due::default(),
        };
        driver.allow()?;
        driver.settle_again()?;
        if !entries.is_empty() {
            tracing::info!(
                height,
                entries = entries.len(),
                "going on where this validator stopped"
            );
            let outputs = driver.host.resume(height, &driver.set, &entries)?;
            driver.perform(outputs)?;
        }
        Ok(driver)
    }

    fn live(&mut self, inputs: &Receiver<Input>) -> Result<(), ValidateError> {
        while !self.shared.progress.rest(Duration::ZERO) {
            self.tick()?;
            let due = self.next_due().min(self.now().saturating_add(LONGEST_SLEEP));
            match inputs.recv_timeout(due.saturating_sub(self.now())) {
                Ok(input) => self.input(input)?,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
        Ok(())
    }

    pub(super) fn now(&self) -> Duration {
        self.watch.elapsed()
    }

    pub(super) fn network(&self) -> &'a dyn Network {
        self.setup.network.as_ref()
    }

    /// The height that has no final block yet.
    pub(super) fn next_height(&self) -> u64 {
        self.shared.blocks.end()
    }

    fn is_working(&self) -> bool {
        self.host.height() == (self.next_height(), true)
    }

    /// Lets the validators of the set connect, and those of the next one, who have to catch up.
    fn allow(&self) -> Result<(), ValidateError> {
        let own = self.shared.own_keys().map(|keys| keys.validator.key_id());
        let sets = [&self.set, &self.next_set];
        let mut allowed = BTreeMap::new();
        for set in sets {
            for validator in ValidatorSet::decode(set.bytes())?.iter() {
                let id = validator.key.id();
                if Some(id) != own {
                    allowed.insert(id, AllowedPeer::new(&validator.key));
                }
            }
        }
        self.network().allow(allowed.into_values().collect());
        Ok(())
    }

    fn input(&mut self, input: Input) -> Result<(), ValidateError> {
        match input {
            Input::Wake => self.stirred = true,
            Input::Net(Incoming::Up(peer)) => self.greet(peer),
            Input::Net(Incoming::Down(peer)) => self.gone(peer),
            // It gives its room back when it was dealt with.
            Input::Net(Incoming::Message { from, bytes, room: _room }) => {
                self.message(from, &bytes)?;
            }
        }
        Ok(())
    }

    fn gone(&mut self, peer: PeerId) {
        self.peers.down(&peer);
        self.sync.forget(&peer);
        self.setup.fetching.down(&peer);
        if let Some(number) = self.peers.known(&peer) {
            self.host.gone(number);
        }
    }

    fn greet(&mut self, peer: PeerId) {
        // Whatever was kept of an earlier connection, a ban among it, ended with that.
        self.gone(peer);
        self.peers.up(peer);
        self.setup.fetching.up(peer);
        let height = self.next_height();
        self.network().send(peer, &Message::Status { height }.encode());
        self.tell_waiting(peer);
    }

    fn message(&mut self, from: PeerId, bytes: &[u8]) -> Result<(), ValidateError> {
        let Some(number) = self.peers.number(&from) else { return Ok(()) };
        if is_gossip(bytes) {
            return match Gossip::decode(bytes) {
                Ok(gossip) => self.gossip(from, gossip),
                Err(error) => {
                    self.ban(from, &format!("a message does not decode: {error}"));
                    Ok(())
                }
            };
        }
        if let Ok((kind, height)) = wire::head(bytes) {
            self.peers.heard(&from, height);
            if kind == STATUS {
                self.peers.met(&from, height);
            }
            let is_of_engine = matches!(kind, 1..=5 | 9);
            if is_of_engine && height == self.next_height() && !self.is_working() {
                self.start()?;
            }
        }
        let outputs = self.host.message(number, bytes)?;
        self.perform(outputs)
    }

    pub(super) fn ban(&mut self, peer: PeerId, why: &str) {
        tracing::warn!(%peer, why, "disconnecting a peer");
        metrics::counter!("cairn_peers_banned_total").increment(1);
        self.network().ban(peer, why);
        self.peers.down(&peer);
        self.sync.forget(&peer);
        self.setup.fetching.down(&peer);
    }

    pub(super) fn fetching(&self) -> &'a Fetching {
        &self.setup.fetching
    }

    /// Begins the next height.
    pub(super) fn start(&mut self) -> Result<(), ValidateError> {
        self.forget_height();
        self.renew_sets()?;
        if !self.votes && self.sign.allows(self.shared.head().as_deref()) {
            self.begin_to_vote()?;
        }
        self.begun = self.now();
        let outputs = self.host.start(self.next_height(), &self.set)?;
        self.perform(outputs)
    }

    /// Takes note of which sets sign now and behind the next gate.
    pub(super) fn renew_sets(&mut self) -> Result<(), ValidateError> {
        let (set, next) = (self.shared.signing_set(), self.shared.next_set());
        if (&set, &next) != (&self.set, &self.next_set) {
            (self.set, self.next_set) = (set, next);
            self.allow()?;
        }
        Ok(())
    }

    /// What was signed before cannot be at this height or above any more.
    fn begin_to_vote(&mut self) -> Result<(), ValidateError> {
        let signer = own_key(self.shared);
        let config = config(self.shared, self.setup.timeouts);
        self.host = Host::new(config, Some(signer), self.recorded, &self.set)?;
        self.votes = true;
        Ok(restored::forget_mark(&self.shared.dir)?)
    }

    /// Nothing of a height that is over, or given up, is waited for.
    pub(super) fn forget_height(&mut self) {
        self.timers.clear();
        self.batches.clear();
        self.building = None;
        self.stirred = true;
    }

    /// Carries out what the engine wants done, and what follows from that.
    fn perform(&mut self, outputs: Vec<Output>) -> Result<(), ValidateError> {
        let mut queue = VecDeque::from(self.keeper.perform(outputs)?);
        while let Some(output) = queue.pop_front() {
            let more = self.output(output)?;
            queue.extend(self.keeper.perform(more)?);
        }
        Ok(())
    }

    /// Builds the block that is waited for, if there is something for it or no more time.
    fn build(&mut self) -> Result<(), ValidateError> {
        let Some(Building { place, until }) = self.building else { return Ok(()) };
        let is_time = self.now() >= until || self.is_urgent() || block::has_events(self.shared)?;
        if !is_time {
            return Ok(());
        }
        self.building = None;
        let (batch, made, bytes) = block::build(self.shared)?;
        self.batches.insert(made.digest, batch);
        let outputs = self.host.built(place, bytes)?;
        self.perform(outputs)
    }
}
