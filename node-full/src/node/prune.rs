//! Retention: old events are forgotten, in whole segments of the log, when the operator says how long
//! they are kept. The trees keep their hashes, so every proof stays as it was, and so do the events
//! that the log itself goes by: those of the system, and the last of each writer in each stream
//! before what is left. What is pruned can be looked at in archives and receipts of the time.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use cairn_store::StoreError;
use cairn_store::index::Mark;
use cairn_verifier::UnixMillis;
use cairn_verifier::event::SignedEvent;

use super::commit::{Request, catch_up, write_counted};
use super::expire::{expire_upto, said};
use super::replay::TILE;
use super::{Place, Shared};
use crate::clock;
use crate::ingest::{Refusal, Staging};
use crate::seal::ChainKeys;
use crate::system::SystemEvent;

/// What the node says of it.
const PRUNED: &str = "cairn.retention.pruned";

/// What was forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a plain answer")]
pub struct Pruned {
    /// The first event that is kept with all behind it.
    pub begin: u64,
    /// Events that were forgotten now.
    pub events: u64,
    /// Events that were kept of those.
    pub kept: u64,
    /// Bytes of files that were removed.
    pub bytes: u64,
}

/// Events to be forgotten: those that were final before a time.
#[derive(Debug)]
pub(crate) struct Prune {
    before: UnixMillis,
    answer: SyncSender<Result<Pruned, Refusal>>,
}

impl Prune {
    fn request(before: UnixMillis) -> (Request, Receiver<Result<Pruned, Refusal>>) {
        let (answer, receiver) = sync_channel(1);
        (Request::Prune(Self { before, answer }), receiver)
    }

    /// On the committer's thread.
    pub(super) fn run(&self, shared: &Shared, chain_keys: &mut ChainKeys) {
        // Who asked may have stopped waiting.
        let _gone = self.answer.send(self.prune(shared, chain_keys));
    }

    fn prune(&self, shared: &Shared, chain_keys: &mut ChainKeys) -> Result<Pruned, Refusal> {
        catch_up(shared).map_err(|error| Refusal::storage(&error))?;
        let begin = shared.entries.begin();
        let border = shared.prunable(self.before)?;
        if border <= begin {
            return Ok(Pruned { begin, ..Pruned::default() });
        }
        // What opens payloads goes first: without its event nobody would look for it again.
        expire_upto(shared, chain_keys, border)?;
        if shared.is_unpublished_what_expired()? {
            // The bucket removes its copies by looking at those very events; the next time they go.
            return Ok(Pruned { begin, ..Pruned::default() });
        }
        let keep = shared.needed(begin..border)?;
        let kept = u64::try_from(keep.len()).unwrap_or(u64::MAX);
        let events = border.saturating_sub(begin).saturating_sub(kept);
        // Logged before it is done, because it cannot be undone.
        let what = [("before", border), ("events", events)];
        let mut staging = Staging::new(shared);
        staging.stage_own(chain_keys, said(shared, PRUNED, what))?;
        write_counted(shared, staging.finish()).map_err(|error| Refusal::storage(&error))?;
        let bytes = shared.entries.prune(border, &keep);
        let bytes = bytes.map_err(|error| Refusal::storage(&error))?;
        tracing::info!(border, events, bytes, "forgot events that were kept long enough");
        Ok(Pruned { begin: border, events, kept, bytes })
    }
}

pub(super) fn prune_before(
    shared: &Shared,
    queue: &SyncSender<Request>,
    before: UnixMillis,
) -> Result<Pruned, Refusal> {
    let border = shared.prunable(before)?;
    if border <= shared.entries.begin() {
        return Ok(Pruned { begin: shared.entries.begin(), ..Pruned::default() });
    }
    let (request, answer) = Prune::request(before);
    queue.send(request).map_err(|_| Refusal::ShuttingDown)?;
    answer.recv().unwrap_or(Err(Refusal::ShuttingDown))
}

/// What the erasing thread does now and then, if events are kept for a time only.
pub(super) fn prune_old(shared: &Shared, queue: &SyncSender<Request>) -> Result<(), Refusal> {
    let Some(keep) = shared.options.keep_events else { return Ok(()) };
    prune_before(shared, queue, long_ago(keep)).map(|_| ())
}

/// So long before now.
pub(super) fn long_ago(keep: Duration) -> UnixMillis {
    let keep = u64::try_from(keep.as_millis()).unwrap_or(u64::MAX);
    UnixMillis(clock::now().0.saturating_sub(keep))
}

impl Shared {
    /// The first event that stays if all are forgotten that were final before a time: only those
    /// whose hashes are in full tiles on disk, and that are published if any are.
    pub(super) fn prunable(&self, before: UnixMillis) -> Result<u64, Refusal> {
        let mut limit = self.final_before(before)?;
        let second = self.state().sha256.is_some().then_some(Mark::Sha256Tiles);
        for mark in [Some(Mark::EventTiles), second].into_iter().flatten() {
            let stored = self.index.mark(mark).map_err(|error| Refusal::storage(&error))?;
            limit = limit.min(stored.saturating_sub(stored % TILE));
        }
        if let Some(published) = &self.elsewhere().published {
            limit = limit.min(published.size);
        }
        Ok(self.entries.border(limit))
    }

    fn is_unpublished_what_expired(&self) -> Result<bool, Refusal> {
        let said = self.index.mark(Mark::ExpiredSaid).map_err(|error| Refusal::storage(&error))?;
        Ok(self.elsewhere().published.as_ref().is_some_and(|published| published.size < said))
    }

    /// Which of some events the log goes by.
    fn needed(&self, range: std::ops::Range<u64>) -> Result<Vec<u64>, Refusal> {
        let (mut needed, mut last) = (Vec::new(), BTreeMap::<Place, u64>::new());
        let scanned = self.entries.scan(range, |index, bytes| {
            // What is not whole was refused when the node opened, and is not forgotten either.
            let damaged = |_| StoreError::NoFrame { path: self.dir.clone(), index };
            let event = SignedEvent::decode(bytes).map_err(damaged)?;
            let body = event.body();
            if SystemEvent::is_kind(body.kind) {
                needed.push(index);
            } else {
                last.insert((body.stream, body.writer), index);
            }
            Ok::<_, StoreError>(())
        });
        scanned.map_err(|error| Refusal::storage(&error))?;
        needed.extend(last.into_values());
        needed.sort_unstable();
        Ok(needed)
    }
}
