//! The start of a height, and its replay after a crash.

use std::collections::BTreeMap;

use arc_malachitebft_core_consensus::{Input, ProposedValue};
use arc_malachitebft_core_types::{Round, Timeout, TimeoutKind, Validity, ValueOrigin};
use cairn_verifier::digest::HeaderDigest;
use cairn_verifier::wire::DecodeError;

use super::blocks::header_of;
use super::messages::input_of;
use super::{Host, HostError, Output};
use crate::Cairn;
use crate::broken::Defence;
use crate::guard::Record;
use crate::log::Entry;
use crate::set::Set;
use crate::signing::{Checker, VOTE_PROPOSAL};
use crate::types::{Address, Height, Value};
use crate::wire::{self, Message};

impl Host {
    /// Starts a height again with the entries that its log holds ([`crate::log::read`]).
    ///
    /// # Errors
    /// [`HostError`].
    pub fn resume(
        &mut self,
        height: u64,
        set: &Set,
        entries: &[Vec<u8>],
    ) -> Result<Vec<Output>, HostError> {
        self.begin(height, set)?;
        self.io.logged = entries.iter().cloned().collect();
        let entries = entries.iter().map(|bytes| Entry::decode(bytes));
        let entries = entries.collect::<Result<Vec<_>, _>>()?;
        if !self.io.config.broken.lacks(Defence::Silence) {
            self.io.guard.found(height, self.signed_last(&entries));
        }
        if entries.is_empty() {
            self.io.outputs.push(Output::Begin { height });
        }
        self.restore_blocks(&entries)?;
        let inputs = entries
            .iter()
            .filter_map(|entry| self.input_of_entry(entry).transpose())
            .collect::<Result<Vec<_>, _>>()?;
        let again = !entries.is_empty();
        self.state.index_wal_entries(&inputs);
        self.io.replaying = true;
        let policy = Default::default();
        self.run(Input::StartHeight(Height(height), set.clone(), again, None, policy))?;
        for input in inputs {
            if self.io.running {
                self.run(input)?;
            }
        }
        self.io.replaying = false;
        self.io.logged.clear();
        self.state.reset_entries_index();
        self.io.blocks_again();
        self.read_kept()?;
        self.io.ask_if_behind();
        self.finish()
    }

    fn begin(&mut self, height: u64, set: &Set) -> Result<(), HostError> {
        let io = &mut self.io;
        if io.set == *set {
            io.checker.forget();
        } else {
            let trusting = io.config.broken.lacks(Defence::Signatures);
            io.checker = Checker::new(io.config.log, set, trusting)?;
            io.set = set.clone();
        }
        (io.height, io.round, io.running) = (height, 0, true);
        io.blocks.clear();
        io.timers.clear();
        io.own_blocks.clear();
        io.own_proposal = None;
        io.build = None;
        io.sync.started();
        io.renew();
        Ok(())
    }

    /// The latest of our own votes and proposals in the log.
    fn signed_last(&self, entries: &[Entry]) -> Option<Record> {
        let own = self.io.set.find(self.state.address())?.index;
        let records = entries.iter().filter_map(|entry| signed_by(own, entry));
        records.max_by_key(Record::order)
    }

    /// Blocks first, so that whatever names them finds them; then what was found of them.
    fn restore_blocks(&mut self, entries: &[Entry]) -> Result<(), HostError> {
        for entry in entries {
            if let Entry::Block { round, block } = entry {
                let header = header_of(block)?;
                let digest = header.digest();
                let height = self.io.height;
                if self.io.set.proposer(height, *round).address == *self.state.address() {
                    self.io.own_blocks.insert(*round, digest);
                    self.io.blocks.own(digest, header, block.clone());
                } else {
                    self.io.blocks.restore(digest, header, block.clone());
                }
            }
        }
        for entry in entries {
            if let Entry::Value { valid, header, .. } = entry {
                self.io.blocks.judge(&HeaderDigest::from_bytes(*header), *valid);
            }
        }
        Ok(())
    }

    fn input_of_entry(&self, entry: &Entry) -> Result<Option<Input<Cairn>>, HostError> {
        let set = &self.io.set;
        let unknown = DecodeError::NotCanonical { what: "voter of a log entry" };
        Ok(Some(match entry {
            Entry::Block { .. } => return Ok(None),
            Entry::Message(message) => input_of(set, message).ok_or(unknown)?,
            Entry::Timer { kind, round } => {
                let kind = match kind {
                    0 => TimeoutKind::Propose,
                    1 => TimeoutKind::Prevote,
                    _ => TimeoutKind::Precommit,
                };
                Input::TimeoutElapsed(Timeout::new(Round::new(*round), kind))
            }
            Entry::Value { round, valid, proposer, header } => {
                let proposer: Address = set.at(*proposer).ok_or(unknown)?.address;
                let value = ProposedValue {
                    height: Height(self.io.height),
                    round: Round::new(*round),
                    valid_round: Round::Nil,
                    proposer,
                    value: Value(HeaderDigest::from_bytes(*header)),
                    validity: Validity::from_bool(*valid),
                };
                Input::ProposedValue(value, ValueOrigin::Consensus)
            }
        }))
    }

    /// Messages that came before their height did.
    fn read_kept(&mut self) -> Result<(), HostError> {
        for (peer, messages) in self.io.inbox.take_kept() {
            for bytes in messages {
                let early = wire::head(&bytes).is_ok_and(|(_, height)| height >= self.io.height);
                if early && !self.io.inbox.is_banned(peer) {
                    self.read_message(peer, &bytes)?;
                }
            }
        }
        Ok(())
    }

    /// Asks for a block, or proposes again what was proposed in this round before a crash.
    pub(super) fn build(&mut self) -> Result<(), HostError> {
        while let Some((round, within)) = self.io.build.take() {
            if !self.io.running || round != self.io.round || self.io.own_proposal.is_some() {
                continue;
            }
            match self.io.own_blocks.get(&round).copied() {
                Some(digest) => self.propose(round, digest)?,
                None => {
                    let height = self.io.height;
                    self.io.outputs.push(Output::Build { height, round, within });
                }
            }
        }
        Ok(())
    }
}

/// What this validator signed in an entry, if it is one of its votes or proposals.
pub(super) fn signed_by(own: u8, entry: &Entry) -> Option<Record> {
    match entry {
        Entry::Message(Message::Vote { height, round, kind, header, signed })
            if signed.index == own =>
        {
            Some(Record::new((*kind, *height, *round), *header))
        }
        Entry::Message(Message::Proposal { height, round, header, signed, .. })
            if signed.index == own =>
        {
            Some(Record::new((VOTE_PROPOSAL, *height, *round), *header))
        }
        Entry::Message(_) | Entry::Timer { .. } | Entry::Block { .. } | Entry::Value { .. } => None,
    }
}

/// Our own blocks of this height, by round.
pub(super) type OwnBlocks = BTreeMap<u32, HeaderDigest>;
