//! Validator sets in the node: what events of the log do to them, which are in force at a height,
//! and which a header must name. The rules are `cairn_consensus::epochs`; what belongs to them here
//! is who may write such events.

use cairn_consensus::Set;
use cairn_consensus::epochs::{Change, Epochs, Fields, Refused};
use cairn_verifier::digest::{EventId, KeyId};
use cairn_verifier::event::{EventBody, Kind};
use cairn_verifier::evidence::Evidence;
use cairn_verifier::finality::{Header, PublicKey, ValidatorSet};
use cairn_verifier::trust::Genesis;

use super::{Directory, NodeError, NotAllowed, Shared};
use crate::system::{SystemEvent, ValidatorEvent};

/// As it is before the first block.
pub(super) fn begin(genesis: &Genesis<'_>) -> Result<Epochs, NodeError> {
    let damaged = |reason| NodeError::Damaged { what: "genesis", index: 0, reason };
    Epochs::new((genesis.log(), genesis.parameters().gate), &genesis.set()).map_err(damaged)
}

/// Takes in an event of the log. One that breaks a rule changes nothing.
pub(super) fn replay(
    (epochs, directory): (&mut Epochs, &Directory),
    (id, body): (EventId, &EventBody<'_>),
    index: u64,
) {
    let Ok(SystemEvent::Validator(event)) = SystemEvent::read(body) else { return };
    let done = directory
        .check_validators(&event, body, index)
        .and_then(|()| take(epochs, directory, (id, &event)));
    if let Err(error) = done {
        tracing::warn!(%error, index, "an event of the log is against the rules and changes nothing");
    }
}

/// What an event does.
fn take(
    epochs: &mut Epochs,
    directory: &Directory,
    (id, event): (EventId, &ValidatorEvent),
) -> Result<(), NotAllowed> {
    match event {
        ValidatorEvent::Proposed(change) => {
            expect_own_key(directory, change)?;
            epochs.propose(id, change)?;
        }
        ValidatorEvent::Approved { proposal, validator, signature } => {
            let counts = epochs.approve(proposal, *validator, signature)?;
            if counts {
                tracing::info!(%proposal, gate = epochs.next_gate(), "a change of validators is approved");
            }
        }
        ValidatorEvent::Accused { validator, file } => accuse(epochs, id, (validator, file))?,
        // Whoever bonds signs the event itself, so nothing else is to be checked.
        ValidatorEvent::Moved(asked) => epochs.move_stake(asked)?,
    }
    Ok(())
}

/// What evidence does, if it is against the validator that it is said to be against.
fn accuse(
    epochs: &mut Epochs,
    id: EventId,
    (validator, file): (&KeyId, &[u8]),
) -> Result<(), NotAllowed> {
    if let Ok(Evidence::Culprit(culprit)) = Evidence::decode(file)
        && culprit.key.id() != *validator
    {
        let (key, height) = (*validator, culprit.height);
        return Err(Refused::NotThen { key, height }.into());
    }
    let accused = epochs.accuse(id, file)?;
    let (key, sentence) = (accused.key, accused.sentence.name());
    tracing::error!(%key, sentence, "a validator signed a contradiction");
    Ok(())
}

/// A validator's key, and each half of it, is no member's.
fn expect_own_key(directory: &Directory, change: &Change) -> Result<(), NotAllowed> {
    let Change::Add { suite, key, .. } = change else { return Ok(()) };
    match PublicKey::new(*suite, key) {
        Some(key) if directory.shares_half_with(&key) => {
            Err(NotAllowed::Taken { what: "key", name: key.id().to_string() })
        }
        _ => Ok(()),
    }
}

/// Whether a block with this event would do what it says, after the newest block.
pub(crate) fn check(
    shared: &Shared,
    directory: &Directory,
    (id, event): (EventId, &ValidatorEvent),
) -> Result<(), NotAllowed> {
    let mut epochs = Epochs::clone(shared.log_state().epochs());
    take(&mut epochs, directory, (id, event))
}

/// Whether a header says of epochs and sets what follows from genesis and events.
pub(crate) fn fits(header: &Header, due: &Fields) -> bool {
    Fields::of(header) == *due
}

/// Whether events of a kind are taken in by [`replay`].
pub(super) const fn is_kind(kind: Kind) -> bool {
    SystemEvent::is_validators(kind)
}

/// A set as the verifier reads it.
pub(crate) fn read_set(set: &Set) -> Result<ValidatorSet<'_>, NodeError> {
    let damaged = |reason| NodeError::Damaged { what: "validator set", index: 0, reason };
    ValidatorSet::decode(set.bytes()).map_err(damaged)
}

impl Shared {
    /// The set that signs the next block.
    pub(crate) fn signing_set(&self) -> Set {
        self.log_state().epochs().now().set.clone()
    }

    /// Whether this node's vote alone makes a block final, if it has a key.
    pub(crate) fn is_quorum(&self) -> bool {
        let own = self.own_keys().map(|keys| keys.validator.key_id());
        own.is_none_or(|own| self.signing_set().is_quorum_of(&[own]))
    }

    /// The set that signs behind the next gate.
    pub(crate) fn next_set(&self) -> Set {
        self.log_state().epochs().next().clone()
    }

    /// The set that signs a block, up to the next one.
    pub(crate) fn set_at(&self, height: u64) -> Option<Set> {
        self.log_state().epochs().at(height).map(|term| term.set.clone())
    }

    /// Whether blocks must go on although nothing is to be logged: a change of validators waits
    /// for the next gate.
    pub(crate) fn is_change_pending(&self) -> bool {
        self.log_state().epochs().is_pending()
    }
}

#[cfg(test)]
mod tests {
    use cairn_verifier::digest::{HeaderDigest, LogId};
    use cairn_verifier::evidence::{CulpritProof, CulpritVote, encode_culprit};
    use cairn_verifier::finality::{Role, encode_set, vote_message};
    use cairn_verifier::secret::ValidatorSecret;

    use super::*;

    #[test]
    fn evidence_under_another_name_changes_nothing() {
        let secrets: Vec<_> = (1..=4).map(|seed| ValidatorSecret::from_seed([seed; 32])).collect();
        let mut entries: Vec<_> =
            secrets.iter().map(|one| (one.key_id(), (one.suite(), one.public_key(), 1))).collect();
        entries.sort_by_key(|(id, _)| *id);
        let entries: Vec<_> = entries.into_iter().map(|(_, entry)| entry).collect();
        let set = encode_set(&entries).unwrap();
        let set = ValidatorSet::decode(&set).unwrap();
        let (log, [culprit, other, ..]) = (LogId::from_bytes([7; 32]), &secrets[..]) else {
            panic!()
        };
        let digest = set.digest();
        let headers = [1, 2].map(|byte| HeaderDigest::from_bytes([byte; 32]));
        let signatures = headers.map(|header| {
            culprit.sign(Role::Vote, &vote_message((&log, &digest), (2, 3, 0), &header)).unwrap()
        });
        let votes = [0, 1].map(|at| CulpritVote {
            set: digest,
            header: headers[at],
            signature: &signatures[at],
        });
        let public = culprit.public_key();
        let key = PublicKey::new(culprit.suite(), &public).unwrap();
        let file = encode_culprit(&CulpritProof { log, kind: 2, height: 3, round: 0, key, votes });

        let mut epochs = Epochs::new((log, 8), &set).unwrap();
        let before = epochs.next().digest();
        let refused = accuse(&mut epochs, EventId::ZERO, (&other.key_id(), &file));
        assert!(refused.is_err() && epochs.accused().next().is_none());
        assert_eq!(epochs.next().digest(), before);
        accuse(&mut epochs, EventId::ZERO, (&culprit.key_id(), &file)).unwrap();
        assert_ne!(epochs.next().digest(), before);
    }
}
