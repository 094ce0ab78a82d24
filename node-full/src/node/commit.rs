//! The committer: the one thread that gives events their place and makes them durable.
//!
//! It takes every request that waits, stages each (all or nothing), and writes what was staged
//! with one sync a file: first the key records, then the payloads, then the entries. So an entry
//! on disk never lacks what opens it, and whatever a crash leaves without an entry is harmless.
//! The index follows; it is derived, but nothing is staged while it lags behind.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use cairn_store::StoreError;
use cairn_verifier::event::SignedEvent;
use metrics::{counter, histogram};

use super::replay::apply_events;
use super::{Shared, Writing};
use crate::clock::Stopwatch;
use crate::ingest::{Accepted, Prepared, Refusal, Refused, Staged, Staging};
use crate::seal::ChainKeys;

/// How many requests may wait; more wait to be queued.
pub(super) const QUEUE_LEN: usize = 1_024;
/// How many events one write takes before others have to wait for the next.
const GROUP_EVENTS: usize = 4_096;

type Answer = Result<Vec<Accepted>, Refused>;

/// A batch that waits for its place in the log.
#[derive(Debug)]
pub(crate) struct Request {
    batch: Vec<Prepared>,
    answer: SyncSender<Answer>,
}

impl Request {
    pub(super) fn new(batch: Vec<Prepared>) -> (Self, Receiver<Answer>) {
        let (answer, receiver) = sync_channel(1);
        (Self { batch, answer }, receiver)
    }
}

/// Commits until the queue is closed and empty.
pub(super) fn run(shared: &Shared, requests: &Receiver<Request>) {
    let mut chain_keys = ChainKeys::new(shared.keys.ring.clone());
    while let Ok(first) = requests.recv() {
        let mut events = first.batch.len();
        let mut group = vec![first];
        while events < GROUP_EVENTS {
            let Ok(next) = requests.try_recv() else { break };
            events = events.saturating_add(next.batch.len());
            group.push(next);
        }
        commit(shared, &mut chain_keys, group);
    }
}

fn commit(shared: &Shared, chain_keys: &mut ChainKeys, group: Vec<Request>) {
    let caught_up = shared.catch_up();
    shared.note_write(Writing::Index, &caught_up);
    if let Err(error) = caught_up {
        for request in group {
            reply(&request.answer, Err(Refusal::storage(&error).at(0)));
        }
        return;
    }
    let mut staging = Staging::new(shared);
    let mut waiting = Vec::with_capacity(group.len());
    for request in group {
        match staging.stage(chain_keys, request.batch) {
            Ok(accepted) => waiting.push((request.answer, accepted)),
            Err(refused) => reply(&request.answer, Err(refused)),
        }
    }
    let staged = staging.into_staged();
    let watch = Stopwatch::start();
    let written = if staged.is_empty() { Ok(()) } else { write(shared, &staged) };
    if written.is_ok() && !staged.is_empty() {
        let count = u32::try_from(staged.len()).unwrap_or(u32::MAX);
        histogram!("cairn_commit_seconds").record(watch.elapsed());
        histogram!("cairn_commit_events").record(f64::from(count));
        counter!("cairn_events_accepted_total").increment(count.into());
    }
    for (answer, accepted) in waiting {
        let answered = match &written {
            Ok(()) => Ok(accepted),
            Err(error) => Err(Refusal::storage(error).at(0)),
        };
        reply(&answer, answered);
    }
}

/// A submitter that stopped waiting needs no answer.
fn reply(to: &SyncSender<Answer>, answer: Answer) {
    let _gone = to.send(answer);
}

/// Makes staged events durable, then visible.
fn write(shared: &Shared, staged: &[Staged]) -> Result<(), StoreError> {
    let written = write_files(shared, staged);
    shared.note_write(Writing::Events, &written);
    let first_record = written?;
    // Staging decoded or encoded these very bytes.
    let events = staged.iter().filter_map(|event| SignedEvent::decode(&event.signed).ok());
    let events: Vec<_> = events.collect();
    let ids: Vec<_> = staged.iter().map(|event| event.id).collect();
    let first = {
        let mut state = shared.state_mut();
        let first = state.events.size();
        ids.iter().zip(&events).for_each(|(id, event)| state.push_event(id, event));
        first
    };
    // The events are durable whatever happens now; the index catches up before the next write.
    let indexed = apply_events(&shared.index, first, &events, &ids)
        .and_then(|()| apply_records(shared, (first, first_record), staged));
    shared.note_write(Writing::Index, &indexed);
    Ok(())
}

fn apply_records(
    shared: &Shared,
    (first, first_record): (u64, u64),
    staged: &[Staged],
) -> Result<(), StoreError> {
    let with_record = (first..).zip(staged).filter(|(_, event)| event.record.is_some());
    let of: Vec<_> = with_record.map(|(index, _)| index).zip(first_record..).collect();
    if of.is_empty() { Ok(()) } else { shared.index.apply_records(&of, shared.records.len()) }
}

/// Writes key records, payloads and entries, in this order. The index of the first key record.
fn write_files(shared: &Shared, staged: &[Staged]) -> Result<u64, StoreError> {
    let records = staged.iter().filter_map(|event| Some((event.id, event.record.as_deref()?)));
    let records: Vec<_> = records.collect();
    let first_record = if records.is_empty() { 0 } else { shared.records.put_batch(&records)? };
    let payloads = staged.iter().filter_map(|event| event.payload.as_ref());
    shared.blobs.put_batch(payloads.map(|(digest, bytes)| (*digest, bytes.as_slice())))?;
    let entries: Vec<&[u8]> = staged.iter().map(|event| event.signed.as_slice()).collect();
    shared.entries.append_batch(&entries)?;
    Ok(first_record)
}
