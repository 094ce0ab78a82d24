//! The mempool: events that were taken here or came from peers, and are not final yet.
//!
//! An event that this node accepted is on its disk before that is said, and stays until it is
//! final, until another event of its writer took its place in the log, or for a day. Events from
//! peers are kept in memory only: the node that accepted them says them again.
//!
//! **Invariant:** no event is here twice, and no two events of one writer have one sequence number.
//! **Invariant:** a peer's events never push one out that this node accepted.

mod file;
mod inner;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use cairn_store::StoreError;
use cairn_verifier::UnixMillis;
use cairn_verifier::digest::EventId;
use cairn_verifier::event::SignedEvent;
use cairn_verifier::wire::DecodeError;

use crate::clock::{self, Stopwatch};
use crate::node::Place;
use crate::validate::Input;
use file::PoolFile;
use inner::Inner;

/// The most events, and the most bytes, of all writers together.
const MAX_EVENTS: usize = 100_000;
const MAX_BYTES: usize = 128 << 20;
/// The most of one writer: a quarter.
const MAX_OF_WRITER: usize = MAX_EVENTS / 4;
const MAX_BYTES_OF_WRITER: usize = MAX_BYTES / 4;
/// How long an event that was accepted here waits for a block: a day.
const OWN_TTL: u64 = 24 * 60 * 60 * 1_000;
/// How long one from a peer does, if it is not heard again.
const PEERS_TTL: u64 = 10 * 60 * 1_000;

/// An event that waits for its block.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub(crate) id: EventId,
    /// The encoded signed event, whose signatures hold.
    pub(crate) bytes: Arc<Vec<u8>>,
    pub(crate) place: Place,
    pub(crate) sequence: u64,
    pub(crate) previous: EventId,
    /// Whether this node accepted it.
    pub(crate) own: bool,
    /// When it came.
    pub(crate) since: UnixMillis,
    /// Its record in the key store.
    pub(crate) record: Option<u64>,
}

impl Pending {
    /// An event whose signatures were checked.
    pub(crate) fn new(bytes: Vec<u8>, own: bool, since: UnixMillis) -> Result<Self, DecodeError> {
        let event = SignedEvent::decode(&bytes)?;
        let (id, body) = (event.id(), event.body());
        let (place, sequence, previous) =
            ((body.stream, body.writer), body.sequence, body.previous);
        let bytes = Arc::new(bytes);
        Ok(Self { id, bytes, place, sequence, previous, own, since, record: None })
    }
}

/// Why an event was not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotKept {
    /// It is here already.
    Known,
    /// Another event of its writer has its sequence number.
    Taken,
    /// Its writer has its share, or there is no room.
    Full,
}

#[derive(Debug)]
pub(crate) struct Pool {
    inner: Mutex<Inner>,
    /// Changed by the committer, and by whoever takes final events out.
    file: Mutex<PoolFile>,
    /// Something left.
    left: Condvar,
    /// The way to whoever makes blocks.
    wake: OnceLock<SyncSender<Input>>,
}

/// How full it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fill {
    pub(crate) events: usize,
    pub(crate) bytes: usize,
}

impl Pool {
    /// Whether a directory has one: its node was among others.
    pub(crate) fn is_in(data: &Path) -> bool {
        PoolFile::is_in(data)
    }

    /// What was accepted here before is here again.
    pub(crate) fn open(dir: &Path) -> Result<Self, StoreError> {
        let (file, found) = PoolFile::open(dir)?;
        let mut inner = Inner::default();
        for pending in found {
            // What was kept then is kept now, whatever the limits are.
            if inner.expect_new(&pending).is_ok() {
                inner.insert(pending);
            }
        }
        let (inner, file) = (Mutex::new(inner), Mutex::new(file));
        Ok(Self { inner, file, left: Condvar::new(), wake: OnceLock::new() })
    }

    /// Keeps events in the pool of a directory that is not open: they are durable when this returns,
    /// and wait like those that were accepted here. Those that wait already are left as they are.
    pub(crate) fn put_back(dir: &Path, events: Vec<Pending>) -> Result<(), StoreError> {
        let (file, found) = PoolFile::open(dir)?;
        let known: BTreeSet<EventId> = found.iter().map(|pending| pending.id).collect();
        let new = events.into_iter().filter(|pending| !known.contains(&pending.id));
        file.append(&new.collect::<Vec<_>>())
    }

    /// What was accepted in a directory within the last day, final by now or not.
    pub(crate) fn accepted_in(dir: &Path) -> Result<Vec<Pending>, StoreError> {
        if !PoolFile::is_in(dir) {
            return Ok(Vec::new());
        }
        let (_, mut found) = PoolFile::open(dir)?;
        let now = clock::now();
        found.retain(|pending| now.since(pending.since) <= OWN_TTL);
        Ok(found)
    }

    /// Whoever is to be told when something was accepted.
    pub(crate) fn set_waker(&self, wake: SyncSender<Input>) {
        let _is_first = self.wake.set(wake);
    }

    /// Wakes whoever makes blocks. One that has more to do than fits is awake.
    pub(crate) fn wake(&self) {
        if let Some(wake) = self.wake.get() {
            let _is_full = wake.try_send(Input::Wake);
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn file(&self) -> MutexGuard<'_, PoolFile> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether an event waits here.
    pub(crate) fn contains(&self, id: &EventId) -> bool {
        self.inner().events.contains_key(id)
    }

    /// The places of all events here.
    pub(crate) fn places(&self) -> Vec<Place> {
        self.inner().places.keys().copied().collect()
    }

    /// Events with a sequence number before their writer's next in the log.
    pub(crate) fn before(&self, places: &BTreeMap<Place, u64>) -> Vec<EventId> {
        let inner = self.inner();
        let of = places.iter().filter_map(|(place, next)| Some((inner.places.get(place)?, *next)));
        of.flat_map(|(of, next)| of.range(..next)).map(|(_, id)| *id).collect()
    }

    /// Says where the key record of an event that waits is.
    pub(crate) fn set_record(&self, id: &EventId, record: u64) {
        if let Some(pending) = self.inner().events.get_mut(id) {
            pending.record = Some(record);
        }
    }

    /// The first key record whose event waits here.
    pub(crate) fn first_record(&self) -> Option<u64> {
        self.inner().events.values().filter_map(|pending| pending.record).min()
    }

    /// A writer's next sequence number and last event, after those here that follow each other
    /// from `from` on: what the log has.
    pub(crate) fn next_of(&self, place: &Place, from: (u64, EventId)) -> (u64, EventId) {
        self.inner()
            .chain(place, from)
            .last()
            .map_or(from, |pending| (pending.sequence.saturating_add(1), pending.id))
    }

    pub(crate) fn fill(&self) -> Fill {
        let inner = self.inner();
        Fill { events: inner.events.len(), bytes: inner.bytes }
    }

    /// Whether so many more events of this node's own find room. Peers' events make room for them.
    pub(crate) fn has_room(&self, events: usize, bytes: usize) -> bool {
        let inner = self.inner();
        let own = inner.events.values().filter(|pending| pending.own);
        let (count, sum) = own.fold((events, bytes), |(count, sum), pending| {
            (count.saturating_add(1), sum.saturating_add(pending.bytes.len()))
        });
        count <= MAX_EVENTS && sum <= MAX_BYTES
    }

    /// Keeps events that this node accepts: they are durable when this returns.
    pub(crate) fn accept(&self, events: Vec<Pending>) -> Result<(), StoreError> {
        self.file().append(&events)?;
        let mut inner = self.inner();
        for pending in events {
            inner.make_room(&pending);
            inner.untold.push(pending.id);
            inner.insert(pending);
        }
        drop(inner);
        self.wake();
        Ok(())
    }

    /// Keeps an event of a peer.
    pub(crate) fn keep(&self, pending: Pending) -> Result<(), NotKept> {
        let mut inner = self.inner();
        inner.expect_new(&pending)?;
        inner.expect_share(&pending)?;
        inner.insert(pending);
        Ok(())
    }

    /// Events to be told to peers that were not before.
    pub(crate) fn take_untold(&self) -> Vec<Arc<Vec<u8>>> {
        let mut inner = self.inner();
        let untold = std::mem::take(&mut inner.untold);
        untold.iter().filter_map(|id| Some(Arc::clone(&inner.events.get(id)?.bytes))).collect()
    }

    /// Events that wait for some time already, the oldest first: they may have been lost on the
    /// way to whoever proposes.
    pub(crate) fn waiting_since(&self, before: UnixMillis, limit: usize) -> Vec<Arc<Vec<u8>>> {
        let inner = self.inner();
        let mut old: Vec<&Pending> =
            inner.events.values().filter(|pending| pending.since <= before).collect();
        old.sort_by_key(|pending| (pending.since, pending.place, pending.sequence));
        old.into_iter().take(limit).map(|pending| Arc::clone(&pending.bytes)).collect()
    }

    /// Whether an event could be in the next block.
    pub(crate) fn has_next<E>(
        &self,
        next_of: impl Fn(&Place) -> Result<(u64, EventId), E>,
    ) -> Result<bool, E> {
        let places: Vec<Place> = self.inner().places.keys().copied().collect();
        for place in places {
            let from = next_of(&place)?;
            if self.inner().chain(&place, from).next().is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Events for a block: one of each writer in turn, each following on its writer's last, up to
    /// a number of events and bytes.
    pub(crate) fn choose<E>(
        &self,
        (events, bytes): (usize, usize),
        next_of: impl Fn(&Place) -> Result<(u64, EventId), E>,
    ) -> Result<Vec<Vec<u8>>, E> {
        let inner = self.inner();
        let mut turns = VecDeque::new();
        for place in inner.places.keys() {
            turns.push_back(inner.chain(place, next_of(place)?));
        }
        let (mut chosen, mut sum) = (Vec::new(), 0_usize);
        while let Some(mut chain) = turns.pop_front().filter(|_| chosen.len() < events) {
            let Some(pending) = chain.next() else { continue };
            let with = sum.saturating_add(pending.bytes.len());
            if with > bytes && !chosen.is_empty() {
                // Of other writers a shorter one may fit.
                continue;
            }
            sum = with;
            chosen.push(pending.bytes.as_ref().clone());
            turns.push_back(chain);
        }
        Ok(chosen)
    }

    /// Takes out what became final, and what cannot become so because of it. Key records of what
    /// became final, each with its event.
    pub(crate) fn settle(
        &self,
        ids: &[EventId],
        places: &BTreeMap<Place, u64>,
    ) -> Result<Vec<(EventId, u64)>, StoreError> {
        let records = {
            let mut inner = self.inner();
            let gone = ids.iter().filter_map(|id| inner.remove(id)).collect::<Vec<_>>();
            for (place, next) in places {
                inner.remove_before(place, *next);
            }
            gone.into_iter().filter_map(|gone| Some((gone.id, gone.record?))).collect()
        };
        self.left.notify_all();
        self.compact()?;
        Ok(records)
    }

    /// Forgets what waited too long. How many events that this node had accepted.
    pub(crate) fn expire(&self, now: UnixMillis) -> Result<u64, StoreError> {
        let lost = {
            let mut inner = self.inner();
            let ttl = |own| if own { OWN_TTL } else { PEERS_TTL };
            let old = inner.events.values();
            let old = old.filter(|pending| now.since(pending.since) > ttl(pending.own));
            let old: Vec<_> = old.map(|pending| (pending.place, pending.sequence)).collect();
            let mut lost = 0_u64;
            for (place, sequence) in old {
                lost = lost.saturating_add(inner.remove_from(&place, sequence));
            }
            lost
        };
        if lost > 0 {
            self.left.notify_all();
            self.compact()?;
        }
        Ok(lost)
    }

    fn compact(&self) -> Result<(), StoreError> {
        let mut file = self.file();
        let own: Vec<Pending> =
            self.inner().events.values().filter(|pending| pending.own).cloned().collect();
        file.compact(&own)
    }

    /// Waits until none of these events is here.
    pub(crate) fn wait_gone(&self, ids: &[EventId], limit: Duration) {
        let watch = Stopwatch::start();
        let mut inner = self.inner();
        while ids.iter().any(|id| inner.events.contains_key(id)) {
            let left = watch.left_of(limit);
            if left.is_zero() {
                return;
            }
            let waited = self.left.wait_timeout(inner, left);
            inner = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// The time from which on an event that still waits is told again.
pub(crate) fn told_before(ago: Duration) -> UnixMillis {
    let ago = u64::try_from(ago.as_millis()).unwrap_or(u64::MAX);
    UnixMillis(clock::now().0.saturating_sub(ago))
}

#[cfg(test)]
mod tests;
