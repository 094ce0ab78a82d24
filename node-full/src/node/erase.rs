//! Forgetting: what follows a redaction.
//!
//! A redaction is an event like any other. When it is final, the keys of the payload are destroyed,
//! the stored bytes are removed, and an event says so: the node's receipt. All of it is done by the
//! committer, so that nothing that is on its way in refers to what is on its way out; and all of it
//! can be done again, so that a node that stopped in between goes on when it opens.
//!
//! Of several nodes each erases what it holds and gives a receipt of its own, also one that was away
//! when the others did.
//!
//! **Invariant:** a redaction that is final has a receipt after it of each node that held something
//! to be forgotten, or that node is at it.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use cairn_store::index::Mark;
use cairn_verifier::digest::{EventId, PayloadDigest};
use cairn_verifier::event::{EventBody, Kind, SignedEvent};

use super::about::Said;
use super::commit::{Request, catch_up, write_counted};
use super::expire::{EVERY, expire_old};
use super::prune::prune_old;
use super::{NodeError, Shared};
use crate::clock::Stopwatch;
use crate::ingest::{Refusal, Staging};
use crate::init::INGEST_MEMBER;
use crate::seal::ChainKeys;
use crate::system::{StoredPayload, SystemEvent};

/// How long to wait after a failure.
const RETRY: Duration = Duration::from_secs(1);

/// One redaction, to be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pending {
    redaction: EventId,
    target: EventId,
}

/// A payload to be forgotten.
#[derive(Debug)]
pub(crate) struct Erase {
    pending: Pending,
    answer: SyncSender<Result<(), Refusal>>,
}

/// Follows redactions as they become final, until the node closes.
pub(super) fn run(shared: &Shared, queue: &SyncSender<Request>) {
    let mut looked_at = 0;
    let mut expired: Option<Stopwatch> = None;
    loop {
        let size = final_and_indexed(shared);
        let done = follow(shared, queue, looked_at..size).and_then(|()| {
            if expired.as_ref().is_none_or(|last| last.elapsed() >= EVERY) {
                expire_old(shared, queue)?;
                prune_old(shared, queue)?;
                expired = Some(Stopwatch::start());
            }
            Ok(())
        });
        let closing = match done {
            Ok(()) => {
                looked_at = size;
                shared.progress.wait_beyond(size, EVERY)
            }
            Err(error) => {
                tracing::error!(%error, "a redacted payload could not be erased; trying again");
                shared.progress.rest_or_close(RETRY)
            }
        };
        if closing {
            return;
        }
    }
}

fn final_and_indexed(shared: &Shared) -> u64 {
    // What cannot be read now is looked at again with the next block.
    let indexed = shared.index.mark(Mark::Entries).unwrap_or(0);
    shared.state().final_size().min(indexed)
}

fn follow(
    shared: &Shared,
    queue: &SyncSender<Request>,
    range: std::ops::Range<u64>,
) -> Result<(), Refusal> {
    let mut said = shared.system_events(Kind::Redaction, range)?;
    said.retain(|said| matches!(said.event, SystemEvent::Redacted { .. }));
    for Said { id, event, .. } in shared.counted(said)? {
        let SystemEvent::Redacted { event: target } = event else { continue };
        let pending = Pending { redaction: id, target };
        if pending.is_done(shared)? {
            continue;
        }
        let (request, answer) = pending.request();
        if queue.send(request).is_err() {
            return Err(Refusal::ShuttingDown);
        }
        answer.recv().unwrap_or(Err(Refusal::ShuttingDown))?;
    }
    Ok(())
}

impl Pending {
    /// Whether this node has given its receipt. Another's is that one's word for its own disk: it
    /// spares this one a receipt only if there is nothing here to be forgotten.
    fn is_done(&self, shared: &Shared) -> Result<bool, NodeError> {
        let mut receipts = shared.about(&self.target, Kind::Redaction)?;
        receipts.retain(|said| matches!(said.event, SystemEvent::Erased { redaction, .. } if redaction == self.redaction));
        let own = shared.own_keys().map(|keys| keys.ingest.key_id());
        if receipts.iter().any(|said| Some(said.place.1) == own) {
            return Ok(true);
        }
        Ok(!shared.counted(receipts)?.is_empty() && !shared.has_to_forget(&self.target)?)
    }

    fn request(self) -> (Request, Receiver<Result<(), Refusal>>) {
        let (answer, receiver) = sync_channel(1);
        (Request::Erase(Erase { pending: self, answer }), receiver)
    }
}

impl Erase {
    /// On the committer's thread.
    pub(super) fn run(&self, shared: &Shared, chain_keys: &mut ChainKeys) {
        // Who asked may have stopped waiting.
        let _gone = self.answer.send(self.erase(shared, chain_keys));
    }

    fn erase(&self, shared: &Shared, chain_keys: &mut ChainKeys) -> Result<(), Refusal> {
        catch_up(shared).map_err(|error| Refusal::storage(&error))?;
        let Pending { redaction, target } = self.pending;
        let records = shared.forget_keys(&target)?;
        let payload = shared.forget_payload(&target)?;
        let receipt = SystemEvent::Erased { event: target, redaction, records, payload };
        let directory = shared.directory();
        // A log from before there was a stream for it has the receipt in its first one.
        let stream = directory.system().or_else(|| directory.streams().first());
        let stream = stream.map(|stream| stream.name.clone()).unwrap_or_default();
        let mut staging = Staging::new(shared);
        staging.stage_own(chain_keys, receipt.draft(INGEST_MEMBER, &stream, ""))?;
        write_counted(shared, staging.finish()).map_err(|error| Refusal::storage(&error))?;
        metrics::counter!("cairn_payloads_erased_total").increment(1);
        Ok(())
    }
}

impl Shared {
    /// Destroys the keys of an event's payload; how many records there were.
    pub(crate) fn forget_keys(&self, event: &EventId) -> Result<u64, NodeError> {
        let numbers = self.record_numbers(event)?;
        self.records.erase(&numbers)?;
        Ok(u64::try_from(numbers.len()).unwrap_or(u64::MAX))
    }

    /// Whether keys of an event's payload are here, or its bytes for its own sake.
    fn has_to_forget(&self, event: &EventId) -> Result<bool, NodeError> {
        for number in self.record_numbers(event)? {
            if self.read_record(number)?.is_some() {
                return Ok(true);
            }
        }
        let digest = self.payload_of(event)?;
        Ok(match digest.filter(|digest| self.blobs.contains(digest)) {
            Some(digest) => !self.is_shared(event, &digest)?,
            None => false,
        })
    }

    /// Whether another event that is not redacted has the same payload.
    fn is_shared(&self, event: &EventId, digest: &PayloadDigest) -> Result<bool, NodeError> {
        for other in self.events_with_payload(digest)? {
            if other != *event && !self.is_redacted(&other)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The payload that a node's receipt says is gone.
    pub(crate) fn erased_by(
        &self,
        body: &EventBody<'_>,
    ) -> Result<Option<PayloadDigest>, NodeError> {
        let removed = StoredPayload::Removed;
        match SystemEvent::read(body) {
            Ok(SystemEvent::Erased { event, payload, .. }) if payload == removed => {
                self.payload_of(&event)
            }
            _ => Ok(None),
        }
    }

    /// Removes the stored payload of an event, unless one that is not redacted has the same.
    pub(crate) fn forget_payload(&self, event: &EventId) -> Result<StoredPayload, NodeError> {
        let Some(digest) = self.payload_of(event)? else { return Ok(StoredPayload::Removed) };
        if self.is_shared(event, &digest)? {
            return Ok(StoredPayload::Shared);
        }
        self.blobs.remove(&digest)?;
        Ok(StoredPayload::Removed)
    }

    pub(super) fn payload_of(&self, event: &EventId) -> Result<Option<PayloadDigest>, NodeError> {
        let Some(index) = self.find(event)? else { return Ok(None) };
        let bytes = self.entries.read(index)?;
        let damaged = |reason| NodeError::Damaged { what: "entry", index, reason };
        Ok(SignedEvent::decode(&bytes).map_err(damaged)?.body().payload.stored())
    }
}
