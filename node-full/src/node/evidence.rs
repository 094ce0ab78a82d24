//! Evidence that the engine met becomes events, on a thread of its own: the one that makes blocks
//! must not wait for what waits for blocks.

use std::sync::PoisonError;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError};

use cairn_consensus::epochs::Refused as Against;
use cairn_verifier::digest::EventId;
use cairn_verifier::evidence::Evidence;

use super::commit::Request;
use super::epoch::check;
use super::{NotAllowed, Shared};
use crate::ingest::{Accepted, Refusal, Refused, Submission};
use crate::init::INGEST_MEMBER;
use crate::system::{SYSTEM_STREAM, SystemEvent, ValidatorEvent};

/// How many files may wait. There is one for each culprit and height, and one a culprit is enough.
pub(super) const WAITING: usize = 64;

/// Hands on evidence that was met, to be logged. It does not wait; what finds no place is met again,
/// or by another node.
pub(crate) fn submit(shared: &Shared, file: Vec<u8>) {
    metrics::counter!("cairn_equivocations_total").increment(1);
    let accuser = shared.accuser.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(accuser) = accuser.as_ref() else { return };
    match accuser.try_send(file) {
        Ok(()) => {}
        Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
            tracing::warn!(
                "evidence against a validator found no place; it is not logged by this node"
            );
        }
    }
}

/// Logs what is handed on, until nobody can hand on more.
pub(super) fn run(shared: &Shared, queue: &SyncSender<Request>, files: &Receiver<Vec<u8>>) {
    for file in files {
        let said = read(file).map_err(|reason| reason.at(0));
        match said.and_then(|event| say(shared, queue, event)) {
            Ok(taken) => {
                tracing::warn!(event = %taken.id, "evidence against a validator is logged")
            }
            // Every node that met it logs it; one is enough.
            Err(error) => {
                tracing::info!(%error, "evidence against a validator is not logged again")
            }
        }
    }
}

/// What an evidence file says, if it is one that is logged.
pub(super) fn read(file: Vec<u8>) -> Result<ValidatorEvent, Refusal> {
    match Evidence::decode(&file)? {
        Evidence::Culprit(culprit) => {
            let validator = culprit.key.id();
            Ok(ValidatorEvent::Accused { validator, file })
        }
        Evidence::Fork(_) | Evidence::WriterConflict(_) => {
            Err(NotAllowed::from(Against::OtherKind).into())
        }
    }
}

/// Logs an event of the node's own about validators, if it would do something.
pub(super) fn say(
    shared: &Shared,
    queue: &SyncSender<Request>,
    event: ValidatorEvent,
) -> Result<Accepted, Refused> {
    let allowed = check(shared, &shared.directory(), (EventId::ZERO, &event));
    allowed.map_err(|reason| Refusal::from(reason).at(0))?;
    let draft = SystemEvent::Validator(Box::new(event)).draft(INGEST_MEMBER, SYSTEM_STREAM, "");
    let prepared = crate::ingest::prepare(shared, vec![Submission::Draft(draft)])?;
    let (request, answer) = Request::submit(prepared);
    let stopped = || Refusal::ShuttingDown.at(0);
    queue.send(request).map_err(|_| stopped())?;
    let accepted = answer.recv().map_err(|_| stopped())??;
    accepted.into_iter().next().ok_or_else(stopped)
}
