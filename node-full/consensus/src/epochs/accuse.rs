//! Evidence against validators, and what follows from it.

use std::sync::Arc;

use cairn_verifier::digest::{EventId, KeyId};
use cairn_verifier::evidence::{CulpritProof, Evidence};

use super::change::{encode, entries, find, own};
use super::{Epochs, Refused, Stakes, Term};
use crate::Set;
use crate::broken::Defence;

/// What happens to a validator that signed a contradiction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "SPEC.md has these")]
pub enum Penalty {
    /// It is shown.
    None,
    /// Its power is halved, but not below 1.
    Halve,
    /// It leaves the set.
    Remove,
}

impl Penalty {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::None, Self::Halve, Self::Remove];

    /// Its name in events and in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Halve => "halve",
            Self::Remove => "remove",
        }
    }

    /// What it leaves of an amount of power or stake.
    pub(super) fn leaves(self, amount: u64) -> u64 {
        match self {
            Self::None => amount,
            Self::Halve => (amount / 2).max(1),
            Self::Remove => 0,
        }
    }
}

/// What evidence led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a screen must decide every case")]
pub enum Sentence {
    /// The penalty, from the next gate on.
    Punished(Penalty),
    /// Nothing, because those punished in one epoch would hold a third of the power or more: what
    /// is left could not be told from what attacks it, and people must decide.
    TooMuchPower,
    /// Nothing: it is in the next set no more.
    Gone,
}

impl Sentence {
    /// Its name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Punished(Penalty::None) => "shown",
            Self::Punished(Penalty::Halve) => "halved",
            Self::Punished(Penalty::Remove) => "removed",
            Self::TooMuchPower => "too-much-power",
            Self::Gone => "gone",
        }
    }
}

/// A validator that signed a contradiction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a plain answer")]
pub struct Accused {
    /// The event with the evidence.
    pub event: EventId,
    /// Its key.
    pub key: KeyId,
    /// Type, height and round of what it signed twice.
    pub place: (u8, u64, u32),
    /// The epoch of that height.
    pub epoch: u64,
    /// What followed.
    pub sentence: Sentence,
    /// How much stake was cut.
    pub cut: u64,
}

/// The culprit in an evidence file.
///
/// # Errors
/// [`Refused::File`], [`Refused::OtherKind`].
fn culprit(file: &[u8]) -> Result<CulpritProof<'_>, Refused> {
    match Evidence::decode(file).map_err(Refused::File)? {
        Evidence::Culprit(culprit) => Ok(culprit),
        Evidence::Fork(_) | Evidence::WriterConflict(_) => Err(Refused::OtherKind),
    }
}

impl Epochs {
    /// Takes in evidence: two votes or proposals of one validator, as a file. One for each key and
    /// epoch.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn accuse(&mut self, event: EventId, file: &[u8]) -> Result<Accused, Refused> {
        let culprit = culprit(file)?;
        let (expected, found) = (self.log, culprit.log);
        if found != expected {
            return Err(Refused::OtherLog { expected, found });
        }
        let (key, height) = (culprit.key.id(), culprit.height);
        let term = self.term_of(height);
        let (epoch, expected) = (term.epoch, term.set.digest());
        if let Some(known) = self.accused.get(&(key, epoch)) {
            return Err(Refused::AccusedBefore { event: known.event, epoch });
        }
        for found in culprit.votes.iter().map(|vote| vote.set) {
            if found != expected {
                return Err(Refused::OtherSet { expected, found });
            }
        }
        if find(&entries(&term.set)?, &key).is_none() {
            return Err(Refused::NotThen { key, height });
        }
        let place = self.proven(&culprit)?;
        let (sentence, cut) = self.punish(&key, epoch)?;
        let accused = Accused { event, key, place, epoch, sentence, cut };
        self.accused.insert((key, epoch), accused);
        Ok(accused)
    }

    /// What was signed twice: type, height, round.
    fn proven(&self, culprit: &CulpritProof<'_>) -> Result<(u8, u64, u32), Refused> {
        if self.broken.lacks(Defence::Accusation) {
            return Ok((culprit.kind, culprit.height, culprit.round));
        }
        Ok(culprit.verify()?.place())
    }

    /// The term of a height. One that is still to come counts as this epoch's: nothing here may
    /// depend on how far within its epoch the log is.
    fn term_of(&self, height: u64) -> &Term {
        let mut terms = self.terms().rev();
        terms.find(|term| term.first_height <= height).unwrap_or(&self.now)
    }

    /// What follows from a contradiction in an epoch, and how much stake it costs.
    fn punish(&mut self, key: &KeyId, epoch: u64) -> Result<(Sentence, u64), Refused> {
        let at = (epoch, self.height);
        if !self.roster.has(key) && !self.stakes.answers(key, at) {
            return Ok((Sentence::Gone, 0));
        }
        let own = find(&entries(&self.next)?, key).map_or(0, |entry| entry.power);
        let power = self.punished.saturating_add(own);
        // Also the only validator, and the last one. Stake that left gives no power.
        if own > 0 && self.now.set.is_third_or_more(power) {
            return Ok((Sentence::TooMuchPower, 0));
        }
        let sentence = Sentence::Punished(self.penalty);
        if self.penalty == Penalty::None {
            return Ok((sentence, 0));
        }
        let roster = punished(self.penalty, &self.roster, key)?;
        let mut stakes = Stakes::clone(&self.stakes);
        let spared = self.broken.lacks(Defence::Cut);
        let cut = if spared { 0 } else { stakes.cut(key, at, self.penalty) };
        self.next = stakes.set(&roster)?;
        self.roster = roster;
        if cut > 0 {
            self.stakes = Arc::new(stakes);
        }
        self.punished = power;
        Ok((sentence, cut))
    }
}

fn punished(penalty: Penalty, roster: &Set, key: &KeyId) -> Result<Set, Refused> {
    if !roster.has(key) {
        return Ok(roster.clone());
    }
    let mut left: Vec<_> = entries(roster)?.iter().map(own).collect();
    for (entry, id) in left.iter_mut().zip(roster.ids()) {
        if id == *key {
            entry.2 = penalty.leaves(entry.2);
        }
    }
    left.retain(|entry| entry.2 > 0);
    encode(&left)
}
