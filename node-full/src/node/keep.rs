//! What stands behind an event that another node took: payload and wraps, fetched from a peer.
//!
//! The committer keeps it, as it keeps what is submitted here and as it erases: so nothing comes in
//! of an event that is redacted, by whichever of the two was first.
//!
//! **Invariant:** a payload that came from a peer is stored only if it is what its event commits to.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{MutexGuard, PoisonError};

use cairn_store::StoreError;
use cairn_store::index::Mark;
use cairn_verifier::digest::{EventId, KeyId, PayloadDigest};
use cairn_verifier::event::{Kind, SignedEvent};

use super::commit::Request;
use super::prune::long_ago;
use super::{KeyRecord, NodeError, Shared, Writing};
use crate::ingest::FitPayload;
use crate::system::SystemEvent;
use crate::validate::pool::Pool;

/// What is to be kept behind one final event.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) index: u64,
    pub(crate) event: EventId,
    /// The payload that the event commits to.
    pub(crate) payload: Option<FitPayload>,
    /// Wraps of the shape that a wrap has, each for a key of a member.
    pub(crate) wraps: BTreeMap<KeyId, Vec<u8>>,
}

/// What a peer sent, to be kept.
#[derive(Debug)]
pub(crate) struct Keep {
    all: Vec<Kept>,
    answer: SyncSender<Result<(), NodeError>>,
}

impl Keep {
    pub(crate) fn request(all: Vec<Kept>) -> (Request, Receiver<Result<(), NodeError>>) {
        let (answer, receiver) = sync_channel(1);
        (Request::Keep(Self { all, answer }), receiver)
    }

    /// On the committer's thread.
    pub(super) fn run(self, shared: &Shared) {
        let kept = keep(shared, self.all);
        shared.note_write(Writing::Events, &kept);
        // Who asked may have stopped waiting.
        let _gone = self.answer.send(kept);
    }
}

fn keep(shared: &Shared, all: Vec<Kept>) -> Result<(), NodeError> {
    let from = shared.payloads_from()?;
    let mut wanted = Vec::with_capacity(all.len());
    for one in all {
        if shared.is_kept_behind(&one.event, from)? {
            wanted.push(one);
        }
    }
    let payloads = wanted.iter().filter_map(|one| one.payload.as_ref());
    shared.blobs.put_batch(payloads.map(|payload| (payload.digest(), payload.bytes())))?;
    keep_wraps(shared, &wanted)?;
    // A block may have come meanwhile. Whoever follows its redactions did not see what came after.
    for one in &wanted {
        if !shared.is_kept_behind(&one.event, from)? {
            shared.forget_keys(&one.event)?;
            shared.forget_payload(&one.event)?;
        }
    }
    Ok(())
}

fn keep_wraps(shared: &Shared, all: &[Kept]) -> Result<(), NodeError> {
    let (mut records, mut of) = (Vec::new(), Vec::new());
    for one in all.iter().filter(|one| !one.wraps.is_empty()) {
        // The node that took the event has its record, and needs no other.
        if shared.index.records_of(one.index)?.is_empty() {
            let wraps = one.wraps.iter().map(|(key, wrap)| (*key, wrap.clone())).collect();
            let record = KeyRecord { event: one.event, salt: None, wraps };
            records.push((one.event, record.encode()));
            of.push(one.index);
        }
    }
    if records.is_empty() {
        return Ok(());
    }
    let records: Vec<_> = records.iter().map(|(id, bytes)| (*id, bytes.as_slice())).collect();
    let _linking = shared.linking();
    let first = shared.records.put_batch(&records)?;
    let of: Vec<_> = of.into_iter().zip(first..).collect();
    // Records of events that wait for a block stand between these. So the mark stays, and the next
    // opening looks at some of them once more.
    let mark = shared.index.mark(Mark::Records)?;
    Ok(shared.index.apply_records(&of, mark)?)
}

impl Shared {
    /// While this is held, the index' mark of known key records does not go beyond what is held back.
    pub(super) fn linking(&self) -> MutexGuard<'_, ()> {
        self.linking.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says whose key records are that waited for a block. Whoever writes others at this moment has
    /// not said yet whose those are: a mark beyond them would lose that in a crash.
    pub(crate) fn link_records(&self, of: &[(u64, u64)], pool: &Pool) -> Result<(), StoreError> {
        let linking = self.linking.try_lock();
        let known = match &linking {
            Ok(_) => pool.first_record().unwrap_or_else(|| self.records.len()),
            Err(_) => self.index.mark(Mark::Records)?,
        };
        self.index.apply_records(of, known)
    }

    /// The first event whose payload is kept here: older ones were forgotten, or are due to be.
    pub(crate) fn payloads_from(&self) -> Result<u64, NodeError> {
        let expired = self.index.mark(Mark::Expired)?.max(self.entries.begin());
        let Some(keep) = self.options.keep_payloads else { return Ok(expired) };
        Ok(self.final_before(long_ago(keep))?.max(expired))
    }

    /// Whether what stands behind an event is kept here, the wraps of a grant as long as what it is
    /// about: it is not older than `from`, and not redacted.
    pub(crate) fn is_kept_behind(&self, event: &EventId, from: u64) -> Result<bool, NodeError> {
        let Some(mut index) = self.find(event)? else { return Ok(false) };
        let bytes = self.entries.read(index)?;
        let damaged = |reason| NodeError::Damaged { what: "entry", index, reason };
        let mut about = *event;
        let found = SignedEvent::decode(&bytes).map_err(damaged)?;
        if found.body().kind == Kind::Grant
            && let Ok(SystemEvent::Granted { event: target, .. }) = SystemEvent::read(found.body())
        {
            let Some(at) = self.find(&target)? else { return Ok(false) };
            (about, index) = (target, at);
        }
        Ok(index >= from && !self.is_redacted(&about)?)
    }

    /// Whether an event that is not redacted has this payload, or none that is final has it.
    pub(crate) fn is_payload_wanted(&self, digest: &PayloadDigest) -> Result<bool, NodeError> {
        let mut redacted = false;
        let wanted = self.find_event_with(digest, |event| {
            let is_redacted = self.is_redacted(event)?;
            redacted |= is_redacted;
            Ok(!is_redacted)
        })?;
        Ok(wanted || !redacted)
    }
}

#[cfg(test)]
mod tests;
