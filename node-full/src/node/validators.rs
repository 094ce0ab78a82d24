//! The validators as the node shows them: who they are, what is to change, how they propose, and
//! evidence against them.

use std::sync::PoisonError;

use cairn_consensus::epochs::{Accused, Epochs};
use cairn_verifier::digest::{EventId, KeyId};
use cairn_verifier::event::SignedEvent;
use cairn_verifier::evidence::MAX_EVIDENCE_LEN;
use cairn_verifier::finality::Certificate;

use super::epoch::read_set;
use super::{Node, NodeError, evidence};
use crate::ingest::{Accepted, Refusal, Refused};
use crate::system::{SystemEvent, ValidatorEvent};

/// Of how many blocks, the newest ones, it is counted who proposed them.
pub const COUNTED_BLOCKS: u64 = 1_000;

/// One validator of the set in force.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a plain answer")]
pub struct Validator {
    /// Its key.
    pub id: KeyId,
    /// Its key's suite.
    pub suite: u8,
    /// Its voting power.
    pub power: u64,
    /// How many of the counted blocks it proposed.
    pub proposed: u64,
    /// How many of its turns in them went by without a block.
    pub missed: u64,
}

/// The validators after the newest block.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a plain answer")]
pub struct Validators {
    /// Sets, proposals and evidence.
    pub epochs: Epochs,
    /// The set in force, in its order.
    pub now: Vec<Validator>,
    /// The set after the next gate, if it is another one: keys, suites and powers.
    pub next: Option<Vec<(KeyId, u8, u64)>>,
    /// The blocks of this epoch that were counted.
    pub counted: std::ops::Range<u64>,
}

impl Node {
    /// Who the validators are, and what is to change.
    ///
    /// # Errors
    /// A block cannot be read.
    pub fn validators(&self) -> Result<Validators, NodeError> {
        let epochs = Epochs::clone(self.shared().log_state().epochs());
        let term = epochs.now();
        let set = read_set(&term.set)?;
        let mut now: Vec<_> = set
            .iter()
            .map(|entry| Validator {
                id: entry.key.id(),
                suite: entry.key.suite().byte(),
                power: entry.power,
                proposed: 0,
                missed: 0,
            })
            .collect();
        let end = epochs.height();
        let counted = term.first_height.max(end.saturating_sub(COUNTED_BLOCKS))..end;
        for height in counted.clone() {
            let Some(block) = self.block(height)? else { continue };
            let damaged = |reason| NodeError::Damaged { what: "block", index: height, reason };
            let decided = Certificate::decode(&block.certificate).map_err(damaged)?.round();
            for round in 0..=decided {
                let index = usize::from(term.set.proposer_index(height, round));
                let Some(validator) = now.get_mut(index) else { continue };
                let count =
                    if round == decided { &mut validator.proposed } else { &mut validator.missed };
                *count = count.saturating_add(1);
            }
        }
        let next = if epochs.is_pending() {
            let set = read_set(epochs.next())?;
            let entry = |entry: cairn_verifier::finality::Validator<'_>| {
                (entry.key.id(), entry.key.suite().byte(), entry.power)
            };
            Some(set.iter().map(entry).collect())
        } else {
            None
        };
        Ok(Validators { epochs, now, next, counted })
    }

    /// Logs a validator's approval of a proposal, as the node's own event: the validator's
    /// signature in it is what counts.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn approve(
        &self,
        proposal: EventId,
        validator: KeyId,
        signature: Vec<u8>,
    ) -> Result<Accepted, Refused> {
        self.say(ValidatorEvent::Approved { proposal, validator, signature })
    }

    /// Logs evidence of two votes or two proposals of one validator: a file of type `E`, kind 2.
    ///
    /// # Errors
    /// [`Refused`]: it does not hold, is known, or is evidence of something that is only shown.
    pub fn accuse(&self, file: Vec<u8>) -> Result<Accepted, Refused> {
        let found = u64::try_from(file.len()).unwrap_or(u64::MAX);
        let limit = u64::try_from(MAX_EVIDENCE_LEN).unwrap_or(u64::MAX);
        if found > limit {
            return Err(Refusal::TooLarge { what: "evidence", limit, found }.at(0));
        }
        self.say(evidence::read(file).map_err(|reason| reason.at(0))?)
    }

    fn say(&self, event: ValidatorEvent) -> Result<Accepted, Refused> {
        let shared = self.shared();
        let may_take = shared.expect_writable().and_then(|()| shared.expect_blocks());
        may_take.map_err(|reason| reason.at(0))?;
        let queue = self.0.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let queue = queue.ok_or_else(|| Refusal::ShuttingDown.at(0))?;
        evidence::say(self.shared(), &queue, event)
    }

    /// The evidence that was logged, in the order of the keys it is against.
    #[must_use]
    pub fn accused(&self) -> Vec<Accused> {
        self.shared().log_state().epochs().accused().copied().collect()
    }

    /// The evidence file in an event; `None` if the event is none with evidence.
    ///
    /// # Errors
    /// The event cannot be read.
    pub fn evidence_file(&self, event: &EventId) -> Result<Option<Vec<u8>>, NodeError> {
        let Some(entry) = self.entry(event)? else { return Ok(None) };
        let index = entry.index;
        let damaged = |reason| NodeError::Damaged { what: "entry", index, reason };
        let signed = SignedEvent::decode(&entry.signed).map_err(damaged)?;
        Ok(match SystemEvent::read(signed.body()) {
            Ok(SystemEvent::Validator(said)) => match *said {
                ValidatorEvent::Accused { file, .. } => Some(file),
                ValidatorEvent::Proposed(_) | ValidatorEvent::Approved { .. } => None,
            },
            _ => None,
        })
    }
}
