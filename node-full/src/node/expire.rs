//! Retention: payloads of old events are forgotten when the operator says how long they are kept.
//! Events, trees and proofs stay. It is no redaction: nobody asked for it event by event, so the
//! node says once, for all of them, up to which entry it kept none.

use std::ops::Range;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use cairn_store::index::Mark;
use cairn_verifier::UnixMillis;
use cairn_verifier::event::{EventBody, Kind, SignedEvent};

use super::commit::{Request, catch_up, write_counted};
use super::prune::long_ago;
use super::{NodeError, Shared};
use crate::ingest::{Draft, DraftKind, DraftOutcome, DraftParty, DraftResource, Refusal, Staging};
use crate::init::INGEST_MEMBER;
use crate::seal::ChainKeys;

/// How often the node looks for what has become too old.
pub(super) const EVERY: Duration = Duration::from_secs(3_600);
/// How many entries are looked at with one sync of the key store.
const STEP: u64 = 512;

/// What the node calls it.
const APPLIED: &str = "cairn.retention.applied";

/// What was forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a plain answer")]
pub struct Expired {
    /// Payloads whose bytes were removed.
    pub payloads: u64,
    /// Key records that were destroyed.
    pub records: u64,
}

/// Payloads to be forgotten.
#[derive(Debug)]
pub(crate) struct Expire {
    /// The first event that keeps its payload.
    end: u64,
    answer: SyncSender<Result<Expired, Refusal>>,
}

impl Expire {
    fn request(end: u64) -> (Request, Receiver<Result<Expired, Refusal>>) {
        let (answer, receiver) = sync_channel(1);
        (Request::Expire(Self { end, answer }), receiver)
    }

    /// On the committer's thread.
    pub(super) fn run(&self, shared: &Shared, chain_keys: &mut ChainKeys) {
        // Who asked may have stopped waiting.
        let _gone = self.answer.send(self.expire(shared, chain_keys));
    }

    fn expire(&self, shared: &Shared, chain_keys: &mut ChainKeys) -> Result<Expired, Refusal> {
        catch_up(shared).map_err(|error| Refusal::storage(&error))?;
        expire_upto(shared, chain_keys, self.end)
    }
}

/// Forgets the payloads of the events before `upto` that were not looked at yet.
pub(super) fn expire_upto(
    shared: &Shared,
    chain_keys: &mut ChainKeys,
    upto: u64,
) -> Result<Expired, Refusal> {
    let mut all = Expired::default();
    let known = shared.index.mark(Mark::Expired).map_err(|error| Refusal::storage(&error))?;
    // After `cairn reindex` that is 0, and what was pruned had its payloads forgotten before.
    let first = known.max(shared.entries.begin());
    let mut from = first;
    while from < upto {
        let end = from.saturating_add(STEP).min(upto);
        let some = shared.expire(from..end, upto)?;
        all.payloads = all.payloads.saturating_add(some.payloads);
        all.records = all.records.saturating_add(some.records);
        let marked = shared.index.set_mark(Mark::Expired, end);
        marked.map_err(|error| Refusal::storage(&error))?;
        from = end;
    }
    if all != Expired::default() {
        let Expired { payloads, records } = all;
        let what =
            [("from", first), ("before", upto), ("payloads", payloads), ("records", records)];
        let mut staging = Staging::new(shared);
        let taken = staging.stage_own(chain_keys, said(shared, APPLIED, what))?;
        write_counted(shared, staging.finish()).map_err(|error| Refusal::storage(&error))?;
        let said = taken.index.unwrap_or_else(|| shared.state().events.size());
        let marked = shared.index.set_mark(Mark::ExpiredSaid, said.saturating_add(1));
        marked.map_err(|error| Refusal::storage(&error))?;
    }
    Ok(all)
}

/// What the node says of it.
pub(super) fn said<const N: usize>(
    shared: &Shared,
    event_type: &str,
    what: [(&str, u64); N],
) -> Draft {
    let directory = shared.directory();
    let stream = directory.system().or_else(|| directory.streams().first());
    let party = |kind: &str, id: String| (kind.to_owned(), id);
    let ((kind, id), (of, log)) =
        (party("member", INGEST_MEMBER.to_owned()), party("log", shared.log.to_string()));
    Draft {
        stream: stream.map(|stream| stream.name.clone()),
        event_type: event_type.to_owned(),
        actor: DraftParty { kind, id },
        resource: DraftResource { kind: of, id: log, parent: String::new() },
        outcome: DraftOutcome::Success,
        reason: String::new(),
        metadata: what.map(|(name, number)| (name.to_owned(), number.to_string())).into(),
        time: None,
        kind: DraftKind::Record,
        payload: None,
    }
}

/// Forgets payloads of events that became final before a time, through the committer.
pub(super) fn expire_before(
    shared: &Shared,
    queue: &SyncSender<Request>,
    before: UnixMillis,
) -> Result<Expired, Refusal> {
    let end = shared.final_before(before)?;
    let from = shared.index.mark(Mark::Expired).map_err(|error| Refusal::storage(&error))?;
    if from >= end {
        return Ok(Expired::default());
    }
    let (request, answer) = Expire::request(end);
    queue.send(request).map_err(|_| Refusal::ShuttingDown)?;
    answer.recv().unwrap_or(Err(Refusal::ShuttingDown))
}

/// What the erasing thread does now and then, if payloads are kept for a time only.
pub(super) fn expire_old(shared: &Shared, queue: &SyncSender<Request>) -> Result<(), Refusal> {
    let Some(keep) = shared.options.keep_payloads else { return Ok(()) };
    let Expired { payloads, records } = expire_before(shared, queue, long_ago(keep))?;
    if payloads != 0 || records != 0 {
        tracing::info!(payloads, records, "forgot payloads that were kept long enough");
    }
    Ok(())
}

impl Shared {
    /// The entries of which this event says that payloads are kept no longer, as far as this node
    /// goes by it: a node with keys by its own word, a copy by that of the log's only validator. How
    /// long a validator among others keeps payloads is nobody else's business.
    pub(crate) fn expired_by(
        &self,
        (index, body): (u64, &EventBody<'_>),
    ) -> Result<Option<Range<u64>>, NodeError> {
        if body.event_type != APPLIED || body.kind != Kind::Record || !self.is_said(index, body)? {
            return Ok(None);
        }
        let number = |name: &str| {
            let (_, text) = body.metadata.iter().find(|(key, _)| *key == name)?;
            text.parse::<u64>().ok()
        };
        // Before `from` was said, nobody knew better than from the beginning on.
        let from = number("from").unwrap_or(0);
        Ok(number("before").map(|before| from..before.min(index)))
    }

    /// Whether this node goes by what the event at an index says of retention.
    fn is_said(&self, index: u64, body: &EventBody<'_>) -> Result<bool, NodeError> {
        let directory = self.directory();
        // A log from before there was a stream for it has it in its first one.
        let stream = directory.system().or_else(|| directory.streams().first());
        if stream.is_none_or(|stream| stream.id != body.stream) {
            return Ok(false);
        }
        if let Some(keys) = self.own_keys() {
            return Ok(keys.ingest.key_id() == body.writer);
        }
        let height = self.index.height_of(index)?;
        let is_lone =
            height.and_then(|height| self.set_at(height)).is_some_and(|set| set.len() == 1);
        Ok(is_lone && directory.is_ingest_key(&body.writer))
    }

    /// How many events were final before a time.
    pub(super) fn final_before(&self, time: UnixMillis) -> Result<u64, NodeError> {
        let end = self.head().map_or(0, |head| head.header.height.saturating_add(1));
        let mut range = self.blocks.begin()..end;
        let mut size = 0;
        while !range.is_empty() {
            let middle = range.start.midpoint(range.end);
            match self.block(middle)? {
                Some(block) if block.header.time < time => {
                    size = block.header.events.get();
                    range.start = middle.saturating_add(1);
                }
                _ => range.end = middle,
            }
        }
        Ok(size)
    }

    /// Forgets the payloads of some entries. One that an entry at `kept_from` or behind it has as
    /// well stays.
    pub(crate) fn expire(&self, range: Range<u64>, kept_from: u64) -> Result<Expired, NodeError> {
        let (mut numbers, mut expired) = (Vec::new(), Expired::default());
        let mut gone = Vec::new();
        for index in range {
            let bytes = self.entries.read(index)?;
            let damaged = |reason| NodeError::Damaged { what: "entry", index, reason };
            let event = SignedEvent::decode(&bytes).map_err(damaged)?;
            let Some(digest) = event.body().payload.stored() else { continue };
            numbers.extend(self.record_numbers(&event.id())?);
            if self.blobs.contains(&digest) && !self.is_kept(&digest, kept_from)? {
                gone.push(digest);
            }
        }
        // Keys first: a ciphertext without them is nothing, keys without one are.
        self.records.erase(&numbers)?;
        expired.records = u64::try_from(numbers.len()).unwrap_or(u64::MAX);
        for digest in gone {
            self.blobs.remove(&digest)?;
            expired.payloads = expired.payloads.saturating_add(1);
        }
        Ok(expired)
    }

    fn is_kept(
        &self,
        digest: &cairn_verifier::digest::PayloadDigest,
        kept_from: u64,
    ) -> Result<bool, NodeError> {
        for other in self.events_with_payload(digest)? {
            let index = self.find(&other)?.unwrap_or(0);
            if index >= kept_from && !self.is_redacted(&other)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
