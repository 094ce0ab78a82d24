//! Proposals, and the approvals that make them count.

use std::collections::BTreeSet;

use cairn_verifier::digest::{EventId, KeyId, LogId, SetDigest};
use cairn_verifier::evidence::EvidenceError;
use cairn_verifier::finality::{
    MAX_VALIDATORS, PublicKey, Role, Suite, Validator, ValidatorSet, encode_set,
};
use cairn_verifier::wire::DecodeError;
use thiserror::Error;

use super::{Epochs, MAX_OPEN, Penalty, Proposal};
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
        }
    }

    /// The validator that it is about, if it is about one.
    #[must_use]
    pub fn validator(&self) -> Option<KeyId> {
        match self {
            Self::Add { suite, key, .. } => PublicKey::new(*suite, key).map(|key| key.id()),
            Self::Remove(id) | Self::Weight(id, _) => Some(*id),
            Self::Penalty(_) => None,
        }
    }
}

/// Why an event changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Refused {
    /// A key of another length than its suite's.
    #[error("the key is none of suite {}", .0.byte())]
    Key(Suite),
    /// The candidate's own signature does not hold.
    #[error(
        "the key {0} did not sign that it is to be a validator of this log; `cairn validator key` \
         makes that signature where the key is"
    )]
    NoProof(KeyId),
    /// It is a validator already, or will be one.
    #[error("the key {0} is in the next validator set already")]
    IsValidator(KeyId),
    /// It is none, or will be none.
    #[error("the key {0} is not in the next validator set")]
    NotAValidator(KeyId),
    /// It has this power already.
    #[error("nothing would change")]
    Nothing,
    /// The set would have no one.
    #[error("the last validator cannot leave: nobody could make a block any more")]
    Empty,
    /// The set would have too many.
    #[error("{found} validators; the limit is {MAX_VALIDATORS}")]
    TooMany {
        /// How many.
        found: usize,
    },
    /// The set breaks a rule of sets.
    #[error("no set can be so: {0}")]
    Set(DecodeError),
    /// Too much waits for approvals.
    #[error(
        "{MAX_OPEN} proposals wait for approvals already; approve some, or let them lapse at the next change of the set"
    )]
    TooManyOpen,
    /// The proposal is not known, was decided, or lapsed.
    #[error(
        "no proposal {0} waits for approvals; it was decided, or lapsed when the set changed, or is not final yet"
    )]
    NoProposal(EventId),
    /// Only validators of the set in force approve.
    #[error("the key {0} is not in the validator set in force")]
    NoVoter(KeyId),
    /// It approved before.
    #[error("the key {0} approved this before")]
    ApprovedBefore(KeyId),
    /// The approval's signature does not hold.
    #[error("the approval is not signed by {0} for this proposal under the set in force")]
    BadApproval(KeyId),
    /// The file is no evidence of a culprit.
    #[error("not evidence of a validator's contradiction: {0}")]
    File(DecodeError),
    /// It is evidence of something else.
    #[error(
        "evidence of this kind is shown, and is not logged: only two votes or proposals of one validator are"
    )]
    OtherKind,
    /// The evidence is about another log.
    #[error("the evidence is about log {found}; this is log {expected}")]
    OtherLog {
        /// This log.
        expected: LogId,
        /// The evidence's.
        found: LogId,
    },
    /// A vote names another set than the one in force at its height.
    #[error("the evidence names set {found}; at its height {expected} was in force")]
    OtherSet {
        /// The set of that height.
        expected: SetDigest,
        /// The vote's.
        found: SetDigest,
    },
    /// A signature in it does not hold.
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
    /// The key was no validator at that height.
    #[error("the key {key} was no validator at height {height}")]
    NotThen {
        /// The key.
        key: KeyId,
        /// The height.
        height: u64,
    },
    /// There is evidence against this key from the same epoch.
    #[error("event {event} is evidence against this key in epoch {epoch} already")]
    AccusedBefore {
        /// The event.
        event: EventId,
        /// The epoch.
        epoch: u64,
    },
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
        self.changed(change)?;
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
        let next = self.changed(&proposal.change)?;
        if let Change::Penalty(penalty) = proposal.change {
            self.penalty = penalty;
        }
        self.next = next;
        self.open.remove(event);
        Ok(true)
    }

    /// The next set after a change.
    fn changed(&self, change: &Change) -> Result<Set, Refused> {
        let now = entries(&self.next)?;
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
            Change::Penalty(penalty) if *penalty == self.penalty => return Err(Refused::Nothing),
            Change::Penalty(_) => {}
        }
        #[cfg(feature = "broken")]
        if self.broken.lacks(Defence::PowerCap) {
            return Ok(encode(&entries).unwrap_or_else(|_| self.next.over_cap(&entries)));
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
