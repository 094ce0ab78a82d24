//! Proposals, and the approvals that make them count.

use std::collections::BTreeSet;
use std::sync::Arc;

use cairn_verifier::digest::{EventId, KeyId, LogId, SetDigest};
use cairn_verifier::finality::{
    MAX_VALIDATORS, PublicKey, Role, Suite, Validator, ValidatorSet, encode_set,
};
use cairn_verifier::state::PowerMode;

use super::{Epochs, MAX_OPEN, Penalty, Proposal, Refused, Stakes};
use crate::Set;
use crate::broken::Defence;

/// What can be proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "SPEC.md has these")]
pub enum Change {
    /// A new validator.
    Add {
        /// Its key's suite.
        suite: Suite,
        /// Its key.
        key: Vec<u8>,
        /// Its power.
        power: u64,
        /// The key's own signature: [`candidate_message`] in the role of a candidate.
        proof: Vec<u8>,
    },
    /// A validator leaves.
    Remove(KeyId),
    /// A validator's power from then on.
    Weight(KeyId, u64),
    /// What happens to a validator that signed a contradiction.
    Penalty(Penalty),
    /// What the power of validators follows from, and how many gates stake is held after it stops
    /// to count.
    Mode(PowerMode, u16),
    /// A key holds so much stake from then on.
    Allot(KeyId, u64),
}

impl Change {
    /// Its name in events and in JSON.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Add { .. } => "add",
            Self::Remove(_) => "remove",
            Self::Weight(..) => "weight",
            Self::Penalty(_) => "penalty",
            Self::Mode(..) => "mode",
            Self::Allot(..) => "allot",
        }
    }

    /// The validator that it is about, if it is about one.
    #[must_use]
    pub fn validator(&self) -> Option<KeyId> {
        match self {
            Self::Add { suite, key, .. } => PublicKey::new(*suite, key).map(|key| key.id()),
            Self::Remove(id) | Self::Weight(id, _) => Some(*id),
            Self::Penalty(_) | Self::Mode(..) | Self::Allot(..) => None,
        }
    }
}

/// What follows from a change.
struct After {
    roster: Set,
    stakes: Stakes,
}

/// What a key signs that is to become a validator's.
#[must_use]
pub fn candidate_message(log: &LogId, key: &KeyId) -> Vec<u8> {
    [*log.as_bytes(), *key.as_bytes()].concat()
}

/// What a validator signs to approve a proposal: log, set in force, the proposal's event.
#[must_use]
pub fn approval_message(log: &LogId, set: &SetDigest, proposal: &EventId) -> Vec<u8> {
    [*log.as_bytes(), *set.as_bytes(), *proposal.as_bytes()].concat()
}

/// An entry of a set with bytes of its own.
pub(crate) type Entry = (Suite, Vec<u8>, u64);

impl Epochs {
    /// Takes in a proposal: the event's id, and what it says.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn propose(&mut self, event: EventId, change: &Change) -> Result<(), Refused> {
        self.after(change)?;
        if let Change::Add { suite, key, proof, .. } = change {
            let key = PublicKey::new(*suite, key).ok_or(Refused::Key(*suite))?;
            let id = key.id();
            let message = candidate_message(&self.log, &id);
            key.verify(Role::Candidate, &message, proof).map_err(|_| Refused::NoProof(id))?;
        }
        if self.open.len() >= MAX_OPEN {
            return Err(Refused::TooManyOpen);
        }
        let proposal = Proposal { change: change.clone(), approved: BTreeSet::new() };
        self.open.insert(event, proposal);
        Ok(())
    }

    /// Takes in an approval. Says whether it made the change count.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn approve(
        &mut self,
        event: &EventId,
        validator: KeyId,
        signature: &[u8],
    ) -> Result<bool, Refused> {
        let proposal = self.open.get(event).ok_or(Refused::NoProposal(*event))?;
        if proposal.approved.contains(&validator) {
            return Err(Refused::ApprovedBefore(validator));
        }
        let set = &self.now.set;
        let message = approval_message(&self.log, &set.digest(), event);
        let voters = entries(set)?;
        let voter = find(&voters, &validator).ok_or(Refused::NoVoter(validator))?;
        voter
            .key
            .verify(Role::Approval, &message, signature)
            .map_err(|_| Refused::BadApproval(validator))?;
        let counts = |entry: &Validator<'_>| {
            let id = entry.key.id();
            id == validator || proposal.approved.contains(&id)
        };
        let approving = voters.iter().filter(|entry| counts(entry));
        let power = approving.map(|entry| entry.power).fold(0, u64::saturating_add);
        if !set.is_quorum(power) && !self.broken.lacks(Defence::Approvals) {
            if let Some(proposal) = self.open.get_mut(event) {
                proposal.approved.insert(validator);
            }
            return Ok(false);
        }
        // Others may have been decided since this one was proposed.
        let change = proposal.change.clone();
        let After { roster, stakes } = self.after(&change)?;
        self.next = stakes.set(&roster)?;
        self.roster = roster;
        if matches!(change, Change::Mode(..) | Change::Allot(..) | Change::Remove(_)) {
            self.stakes = Arc::new(stakes);
        }
        if let Change::Penalty(penalty) = change {
            self.penalty = penalty;
        }
        self.open.remove(event);
        Ok(true)
    }

    /// What a change leads to, if it fits.
    fn after(&self, change: &Change) -> Result<After, Refused> {
        let mut stakes = Stakes::clone(&self.stakes);
        let roster = match change {
            Change::Penalty(penalty) if *penalty == self.penalty => return Err(Refused::Nothing),
            Change::Penalty(_) => self.roster.clone(),
            Change::Mode(mode, window) => {
                stakes.set_mode(*mode, *window)?;
                self.roster.clone()
            }
            Change::Allot(holder, amount) => {
                stakes.allot(*holder, *amount, self.height)?;
                self.roster.clone()
            }
            Change::Remove(id) => {
                stakes.release(id, self.leaving());
                self.admitted(change)?
            }
            Change::Add { .. } | Change::Weight(..) => self.admitted(change)?,
        };
        stakes.set(&roster)?;
        Ok(After { roster, stakes })
    }

    /// Who is admitted after a change of that.
    fn admitted(&self, change: &Change) -> Result<Set, Refused> {
        let now = entries(&self.roster)?;
        let is = |id: &KeyId| find(&now, id);
        let mut entries: Vec<Entry> = now.iter().map(own).collect();
        match change {
            Change::Add { suite, key, power, .. } => {
                let id = PublicKey::new(*suite, key).ok_or(Refused::Key(*suite))?.id();
                if is(&id).is_some() {
                    return Err(Refused::IsValidator(id));
                }
                entries.push((*suite, key.clone(), *power));
            }
            Change::Remove(id) => {
                let entry = own(is(id).ok_or(Refused::NotAValidator(*id))?);
                entries.retain(|other| *other != entry);
            }
            Change::Weight(id, power) => {
                let entry = own(is(id).ok_or(Refused::NotAValidator(*id))?);
                if entry.2 == *power {
                    return Err(Refused::Nothing);
                }
                for other in entries.iter_mut().filter(|other| **other == entry) {
                    other.2 = *power;
                }
            }
            Change::Penalty(_) | Change::Mode(..) | Change::Allot(..) => {}
        }
        #[cfg(feature = "broken")]
        if self.broken.lacks(Defence::PowerCap) {
            return Ok(encode(&entries).unwrap_or_else(|_| self.roster.over_cap(&entries)));
        }
        encode(&entries)
    }
}

/// The entries of a set, in their order.
pub(super) fn entries(set: &Set) -> Result<Vec<Validator<'_>>, Refused> {
    Ok(ValidatorSet::decode(set.bytes()).map_err(Refused::Set)?.iter().collect())
}

pub(super) fn find<'a, 'b>(set: &'b [Validator<'a>], id: &KeyId) -> Option<&'b Validator<'a>> {
    set.iter().find(|entry| entry.key.id() == *id)
}

pub(super) fn own(entry: &Validator<'_>) -> Entry {
    (entry.key.suite(), entry.key.bytes().to_vec(), entry.power)
}

pub(super) fn encode(entries: &[Entry]) -> Result<Set, Refused> {
    if entries.is_empty() {
        return Err(Refused::Empty);
    }
    let found = entries.len();
    if found > usize::from(MAX_VALIDATORS) {
        return Err(Refused::TooMany { found });
    }
    let bytes = encode_set(entries).map_err(Refused::Set)?;
    Set::decode(&bytes).map_err(Refused::Set)
}
