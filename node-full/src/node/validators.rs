//! The validators as the node shows them: who they are, what is to change, how they propose, and
//! evidence against them.

use std::sync::PoisonError;

use cairn_consensus::Set;
use cairn_consensus::epochs::{Accused, Epochs, Term};
use cairn_verifier::digest::{EventId, KeyId};
use cairn_verifier::event::SignedEvent;
use cairn_verifier::evidence::MAX_EVIDENCE_LEN;

use super::epoch::read_set;
use super::{Node, NodeError, Record, evidence};
use crate::ingest::{Accepted, Refusal, Refused};
use crate::system::{SystemEvent, ValidatorEvent};

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
    /// What it did in the counted blocks.
    pub record: Record,
}

/// Who was admitted as a validator, whether it has power or not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a plain answer")]
pub struct Registered {
    /// Its key.
    pub id: KeyId,
    /// Its key's suite.
    pub suite: u8,
    /// The weight that a quorum gave it.
    pub weight: u64,
    /// How much stake is bonded to it.
    pub bonded: u64,
}

/// The validators after the newest block.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a plain answer")]
pub struct Validators {
    /// Sets, proposals, stake and evidence.
    pub epochs: Epochs,
    /// The set in force, in its order.
    pub now: Vec<Validator>,
    /// The set after the next gate, if it is another one: keys, suites and powers.
    pub next: Option<Vec<(KeyId, u8, u64)>>,
    /// Who was admitted, with the changes that wait for the next gate.
    pub registered: Vec<Registered>,
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
        let (now, counted) = self.performance(&epochs)?;
        let next = epochs.is_pending().then(|| entries(epochs.next())).transpose()?;
        let registered = entries(epochs.roster())?.into_iter().map(|(id, suite, weight)| {
            Registered { id, suite, weight, bonded: epochs.stakes().bonded(&id) }
        });
        let registered = registered.collect();
        Ok(Validators { epochs, now, next, registered, counted })
    }

    /// How the validators of the set in force did lately.
    fn performance(
        &self,
        epochs: &Epochs,
    ) -> Result<(Vec<Validator>, std::ops::Range<u64>), NodeError> {
        let term = epochs.now();
        let set = entries(&term.set)?;
        let certificate = |height| Ok(self.block(height)?.map(|block| block.certificate));
        let damaged = |index, reason| NodeError::Damaged { what: "certificate", index, reason };
        let mut turns = self.shared().turns.lock().unwrap_or_else(PoisonError::into_inner);
        // Those before a checkpoint by which this node joined cannot be counted.
        let first_height = term.first_height.max(self.shared().blocks.begin());
        let here = Term { first_height, ..term.clone() };
        let counted = turns.follow((&here, epochs.height()), certificate, damaged)?;
        let records = turns.records(set.len());
        let now = set.into_iter().zip(records);
        let now = now.map(|((id, suite, power), record)| Validator { id, suite, power, record });
        Ok((now.collect(), counted))
    }

    /// How the validators of the set in force did lately: keys, and what they did.
    ///
    /// # Errors
    /// A block cannot be read.
    pub fn records(&self) -> Result<Vec<Validator>, NodeError> {
        let epochs = std::sync::Arc::clone(self.shared().log_state().epochs());
        Ok(self.performance(&epochs)?.0)
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
                ValidatorEvent::Proposed(_)
                | ValidatorEvent::Approved { .. }
                | ValidatorEvent::Moved(_) => None,
            },
            _ => None,
        })
    }
}

/// Keys, suites and powers of a set.
fn entries(set: &Set) -> Result<Vec<(KeyId, u8, u64)>, NodeError> {
    let entries = read_set(set)?;
    let entry = |entry: cairn_verifier::finality::Validator<'_>| {
        (entry.key.id(), entry.key.suite().byte(), entry.power)
    };
    Ok(entries.iter().map(entry).collect())
}
