//! Which validator set is in force at which height, and how it changes: SPEC.md, "Validator
//! changes" and "Evidence as events".
//!
//! ```text
//! proposal --approved by a quorum of the set in force--> next set --gate--> set in force
//! evidence --------------------------------------------> next set
//! stake, bonded and taken back by who holds it ----------> next set
//! ```
//!
//! All of it follows from the genesis, the events of blocks in their order, and where the gates
//! are; so whoever has the blocks makes the same.
//!
//! **Invariant:** the set in force changes only when a block at a gate is closed.
//! **Invariant:** what is refused changes nothing.
//! **Invariant:** what an event does depends on its epoch and the gate behind it, and on no height
//! between two gates.

mod accuse;
mod change;
mod refused;
mod stake;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cairn_verifier::digest::{EventId, KeyId, LogId, SetDigest};
use cairn_verifier::finality::ValidatorSet;
use cairn_verifier::wire::DecodeError;

use crate::{Broken, Set};

pub use accuse::{Accused, Penalty, Sentence};
#[cfg(feature = "broken")]
pub(crate) use change::Entry;
pub use change::{Change, approval_message, candidate_message};
pub use refused::Refused;
pub use stake::{Holder, MAX_HOLDERS, Move, Stakes, Way};

/// How many proposals can be open at once.
pub const MAX_OPEN: usize = 64;

/// One set and the heights from which on it is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a plain answer")]
pub struct Term {
    /// The epoch.
    pub epoch: u64,
    /// Its first height.
    pub first_height: u64,
    /// The set.
    pub set: Set,
}

/// A change that waits for approvals.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a plain answer")]
pub struct Proposal {
    /// What is to change.
    pub change: Change,
    /// Who approved.
    pub approved: BTreeSet<KeyId>,
}

/// What a header says of epochs and sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a header has these fields")]
pub struct Fields {
    /// The epoch.
    pub epoch: u64,
    /// Its first height.
    pub epoch_start: u64,
    /// The set in force.
    pub set: SetDigest,
    /// The set in force after it.
    pub next_set: SetDigest,
}

impl Fields {
    /// What a header says.
    #[must_use]
    pub const fn of(header: &cairn_verifier::finality::Header) -> Self {
        Self {
            epoch: header.epoch,
            epoch_start: header.epoch_start,
            set: header.set,
            next_set: header.next_set,
        }
    }
}

/// The sets so far, the next one, and what is still to be decided.
#[derive(Clone, Debug)]
pub struct Epochs {
    log: LogId,
    gate: u64,
    past: Vec<Term>,
    now: Term,
    /// Who was admitted, with the weights that a quorum gave them.
    roster: Set,
    stakes: Arc<Stakes>,
    /// What follows from these two.
    next: Set,
    open: BTreeMap<EventId, Proposal>,
    penalty: Penalty,
    accused: BTreeMap<(KeyId, u64), Accused>,
    /// Power of those who were punished in this epoch.
    punished: u64,
    /// The height of the block that is to be closed next.
    height: u64,
    broken: Broken,
}

impl Epochs {
    /// As it is before the first block.
    ///
    /// # Errors
    /// [`DecodeError`]; not for a set that was decoded.
    pub fn new((log, gate): (LogId, u32), first: &ValidatorSet<'_>) -> Result<Self, DecodeError> {
        let set = Set::decode(first.bytes())?;
        Ok(Self {
            log,
            gate: u64::from(gate.max(1)),
            past: Vec::new(),
            roster: set.clone(),
            stakes: Arc::default(),
            next: set.clone(),
            now: Term { epoch: 0, first_height: 0, set },
            open: BTreeMap::new(),
            penalty: Penalty::Remove,
            accused: BTreeMap::new(),
            punished: 0,
            height: 0,
            broken: Broken::default(),
        })
    }

    /// The same without a defence, so that the simulator can show that it is missed.
    #[cfg(feature = "broken")]
    #[must_use]
    pub fn with(self, broken: Broken) -> Self {
        Self { broken, ..self }
    }

    /// The height of the block that is to be closed next.
    #[must_use]
    pub const fn height(&self) -> u64 {
        self.height
    }

    /// The set in force for that block.
    #[must_use]
    pub const fn now(&self) -> &Term {
        &self.now
    }

    /// All terms, the one in force last.
    #[must_use]
    pub fn terms(&self) -> impl DoubleEndedIterator<Item = &Term> {
        self.past.iter().chain([&self.now])
    }

    /// The set that is in force from the next gate on.
    #[must_use]
    pub const fn next(&self) -> &Set {
        &self.next
    }

    /// Who was admitted as a validator, with the weights that a quorum gave them. Where stake counts,
    /// only those are in a set to whom some is bonded.
    #[must_use]
    pub const fn roster(&self) -> &Set {
        &self.roster
    }

    /// Whether the next set is another than the one in force: then blocks go on until the gate.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.next.digest() != self.now.set.digest()
    }

    /// The next gate: the height of a block that is still to be closed.
    #[must_use]
    pub const fn next_gate(&self) -> u64 {
        self.height.next_multiple_of(self.gate)
    }

    /// Proposals that wait, by their events.
    #[must_use]
    pub const fn open(&self) -> &BTreeMap<EventId, Proposal> {
        &self.open
    }

    /// What happens to a validator that signed a contradiction.
    #[must_use]
    pub const fn penalty(&self) -> Penalty {
        self.penalty
    }

    /// Who signed a contradiction, in the order of their keys.
    pub fn accused(&self) -> impl Iterator<Item = &Accused> {
        self.accused.values()
    }

    /// Whether the set can change behind a height.
    #[must_use]
    pub const fn is_gate(&self, height: u64) -> bool {
        height.is_multiple_of(self.gate)
    }

    /// Whether this is the state behind a header, as far as that says it.
    #[must_use]
    pub fn follows(&self, header: &cairn_verifier::finality::Header) -> bool {
        let (epoch, start, set) = if header.is_handover() {
            (header.epoch.saturating_add(1), header.height.saturating_add(1), header.next_set)
        } else {
            (header.epoch, header.epoch_start, header.set)
        };
        (self.now.epoch, self.now.first_height, self.now.set.digest()) == (epoch, start, set)
    }

    /// The term of a height that is not above the next block's.
    #[must_use]
    pub fn at(&self, height: u64) -> Option<&Term> {
        if height > self.height {
            return None;
        }
        self.terms().rev().find(|term| term.first_height <= height)
    }

    /// What the header of the next block says, after the events that were taken in.
    #[must_use]
    pub fn fields(&self) -> Fields {
        self.fields_at(self.height)
    }

    fn fields_at(&self, height: u64) -> Fields {
        let set = self.now.set.digest();
        let next_set = if self.is_gate(height) { self.next.digest() } else { set };
        Fields { epoch: self.now.epoch, epoch_start: self.now.first_height, set, next_set }
    }

    /// Closes all blocks up to this height that are not closed, of which none has an event that
    /// changes anything.
    pub fn advance(&mut self, height: u64) {
        let gate = self.next_gate();
        if self.is_pending() && gate <= height {
            self.close(gate);
        }
        if self.height <= height {
            self.close(height);
        }
    }

    /// Closes all blocks up to this height, whose events were taken in; none but the last may be at
    /// a gate. Says what the header of the last says.
    pub fn close(&mut self, height: u64) -> Fields {
        let fields = self.fields_at(height);
        self.height = height.saturating_add(1);
        if fields.set != fields.next_set {
            let term = Term {
                epoch: self.now.epoch.saturating_add(1),
                first_height: self.height,
                set: self.next.clone(),
            };
            self.past.push(std::mem::replace(&mut self.now, term));
            // They asked the set that was.
            self.open.clear();
            self.punished = 0;
        }
        fields
    }
}

#[cfg(test)]
mod tests;
