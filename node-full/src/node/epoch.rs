//! Validator sets in the node: what events of the log do to them, which are in force at a height,
//! and which a header must name. The rules are `cairn_consensus::epochs`; what belongs to them here
//! is who may write such events.

use cairn_consensus::Set;
use cairn_consensus::epochs::{Change, Epochs, Fields, Refused};
use cairn_verifier::digest::EventId;
use cairn_verifier::event::{EventBody, Kind};
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
    let allowed = directory.check_writer(&event, body, index);
    let done = allowed.and_then(|()| take(epochs, directory, (id, &event)));
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
        ValidatorEvent::Accused { validator, file } => {
            let accused = epochs.accuse(id, file)?;
            if accused.key != *validator {
                let (key, height) = (*validator, accused.place.1);
                return Err(Refused::NotThen { key, height }.into());
            }
            let (key, sentence) = (accused.key, accused.sentence.name());
            tracing::error!(%key, sentence, "a validator signed a contradiction");
        }
        // Whoever bonds signs the event itself, so nothing else is to be checked.
        ValidatorEvent::Moved(asked) => epochs.move_stake(asked)?,
    }
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
