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

use super::erase::Erase;
use super::expire::Expire;
use super::prune::Prune;
use super::{Shared, Writing};
use crate::clock::Stopwatch;
use crate::ingest::{Accepted, Prepared, Refusal, Refused, Staged, Staging, Written};
use crate::seal::ChainKeys;
use crate::validate::pool::{Pending, Pool};

/// How many requests may wait; more wait to be queued.
pub(super) const QUEUE_LEN: usize = 1_024;
/// How many events one write takes before others have to wait for the next.
const GROUP_EVENTS: usize = 4_096;

type Answer = Result<Vec<Accepted>, Refused>;

/// What only the committer may do.
#[derive(Debug)]
pub(crate) enum Request {
    /// A batch that waits for its place in the log.
    Submit(Submit),
    /// A payload to be forgotten.
    Erase(Erase),
    /// Old payloads to be forgotten.
    Expire(Expire),
    /// Old events to be forgotten.
    Prune(Prune),
}

#[derive(Debug)]
pub(crate) struct Submit {
    batch: Vec<Prepared>,
    answer: SyncSender<Answer>,
}

impl Request {
    pub(super) fn submit(batch: Vec<Prepared>) -> (Self, Receiver<Answer>) {
        let (answer, receiver) = sync_channel(1);
        (Self::Submit(Submit { batch, answer }), receiver)
    }
}

/// Commits until the queue is closed and empty.
pub(super) fn run(shared: &Shared, requests: &Receiver<Request>) {
    // A replica has none, and no committer either.
    let Some(keys) = &shared.keys else { return };
    let mut chain_keys = ChainKeys::new(keys.ring.clone());
    let mut left = None;
    while let Some(request) = left.take().or_else(|| requests.recv().ok()) {
        match request {
            Request::Submit(first) => {
                let (group, next) = gather(first, requests);
                commit(shared, &mut chain_keys, group);
                left = next;
            }
            Request::Erase(erase) => erase.run(shared, &mut chain_keys),
            Request::Expire(expire) => expire.run(shared, &mut chain_keys),
            Request::Prune(prune) => prune.run(shared, &mut chain_keys),
        }
    }
}

/// All batches that wait, up to what one write takes, and the request that ended them.
fn gather(first: Submit, requests: &Receiver<Request>) -> (Vec<Submit>, Option<Request>) {
    let mut events = first.batch.len();
    let mut group = vec![first];
    while events < GROUP_EVENTS {
        match requests.try_recv() {
            Ok(Request::Submit(next)) => {
                events = events.saturating_add(next.batch.len());
                group.push(next);
            }
            Ok(other) => return (group, Some(other)),
            Err(_) => break,
        }
    }
    (group, None)
}

/// Brings the index up to the log; nothing is staged before.
pub(super) fn catch_up(shared: &Shared) -> Result<(), StoreError> {
    let caught_up = shared.catch_up();
    shared.note_write(Writing::Index, &caught_up);
    caught_up
}

fn commit(shared: &Shared, chain_keys: &mut ChainKeys, group: Vec<Submit>) {
    if let Err(error) = catch_up(shared) {
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
    let written = write_counted(shared, staging.finish());
    for (answer, accepted) in waiting {
        let answered = match &written {
            Ok(()) => Ok(accepted),
            Err(error) => Err(Refusal::storage(error).at(0)),
        };
        reply(&answer, answered);
    }
}

/// Makes what was staged durable, then visible.
pub(super) fn write_counted(shared: &Shared, staged: Written) -> Result<(), StoreError> {
    let Written { events, directory } = staged;
    if events.is_empty() {
        return Ok(());
    }
    let watch = Stopwatch::start();
    if let Some(pool) = &shared.pool {
        // Members and streams change when a block has what changes them.
        pool_up(shared, pool, &events)?;
    } else {
        write(shared, &events)?;
        shared.set_directory(directory);
    }
    let count = u32::try_from(events.len()).unwrap_or(u32::MAX);
    histogram!("cairn_commit_seconds").record(watch.elapsed());
    histogram!("cairn_commit_events").record(f64::from(count));
    counter!("cairn_events_accepted_total").increment(count.into());
    Ok(())
}

/// A submitter that stopped waiting needs no answer.
fn reply(to: &SyncSender<Answer>, answer: Answer) {
    let _gone = to.send(answer);
}

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
        for (staged, event) in staged.iter().zip(&events) {
            state.push_event(&staged.id, event, staged.signed.len());
        }
        first
    };
    // The events are durable whatever happens now; the index catches up before the next write.
    let indexed = shared
        .index_events(first, &events, &ids)
        .and_then(|()| apply_records(shared, (first, first_record), staged));
    shared.note_write(Writing::Index, &indexed);
    Ok(())
}

/// Makes events durable that wait for a block: what opens them first, as in [`write_files`].
fn pool_up(shared: &Shared, pool: &Pool, staged: &[Staged]) -> Result<(), StoreError> {
    let pooled = write_sealed(shared, staged).and_then(|first_record| {
        let (mut record, mut events) = (first_record, Vec::with_capacity(staged.len()));
        for event in staged {
            // Staging decoded or encoded these very bytes.
            let Ok(mut pending) = Pending::new(event.signed.clone(), true, pool.now()) else {
                continue;
            };
            if event.record.is_some() {
                pending.record = Some(record);
                record = record.saturating_add(1);
            }
            events.push(pending);
        }
        pool.accept(events)
    });
    shared.note_write(Writing::Events, &pooled);
    pooled
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
    let first_record = write_sealed(shared, staged)?;
    let entries: Vec<&[u8]> = staged.iter().map(|event| event.signed.as_slice()).collect();
    shared.entries.append_batch(&entries)?;
    Ok(first_record)
}

fn write_sealed(shared: &Shared, staged: &[Staged]) -> Result<u64, StoreError> {
    let records = staged.iter().filter_map(|event| Some((event.id, event.record.as_deref()?)));
    let records: Vec<_> = records.collect();
    let first_record = if records.is_empty() { 0 } else { shared.records.put_batch(&records)? };
    let payloads = staged.iter().filter_map(|event| event.payload.as_ref());
    shared.blobs.put_batch(payloads.map(|(digest, bytes)| (*digest, bytes.as_slice())))?;
    Ok(first_record)
}
