//! The mempool: events that were taken here or came from peers, and are not final yet.
//!
//! An event that this node accepted is on its disk before that is said, and stays until it is
//! final, until another event of its writer took its place in the log, or for a day. Events from
//! peers are kept in memory only, as long as the node that accepted them says them again, or one
//! that this node accepted stands on them.
//!
//! Ages are measured, not read off the wall clock: what was promised for a day does not go when
//! somebody sets the clock. A day begins anew when the node does.
//!
//! **Invariant:** no event is here twice, and no two events of one writer have one sequence number.
//! **Invariant:** a peer's events never push one out that this node accepted.
//! **Invariant:** a peer's event is kept only behind the one that it follows on, or near it, of a few
//! writers who have something in the log: what cannot be in a block soon takes little room.

mod file;
mod inner;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use cairn_store::StoreError;
use cairn_verifier::digest::EventId;
use cairn_verifier::event::SignedEvent;
use cairn_verifier::wire::DecodeError;

use crate::clock::Stopwatch;
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
const OWN_TTL: Duration = Duration::from_secs(24 * 60 * 60);
/// How long one from a peer does, if it is not heard again.
const PEERS_TTL: Duration = Duration::from_secs(10 * 60);

/// An event that waits for its block.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub(crate) id: EventId,
    /// The encoded signed event. Of one in the pool, its signatures hold.
    pub(crate) bytes: Arc<Vec<u8>>,
    pub(crate) place: Place,
    pub(crate) sequence: u64,
    pub(crate) previous: EventId,
    /// How many signatures it has.
    pub(crate) signatures: u8,
    /// Whether this node accepted it.
    pub(crate) own: bool,
    /// When it came, or was heard last: a time of [`Pool::now`].
    pub(crate) since: Duration,
    /// Its record in the key store.
    pub(crate) record: Option<u64>,
}

impl Pending {
    /// An event as it came.
    pub(crate) fn new(bytes: Vec<u8>, own: bool, since: Duration) -> Result<Self, DecodeError> {
        let event = SignedEvent::decode(&bytes)?;
        let (id, body) = (event.id(), event.body());
        let (place, sequence, previous) =
            ((body.stream, body.writer), body.sequence, body.previous);
        let (signatures, record) = (event.signatures().count(), None);
        let bytes = Arc::new(bytes);
        Ok(Self { id, bytes, place, sequence, previous, signatures, own, since, record })
    }
}

/// Why a peer's event is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotKept {
    /// It is here already.
    Known,
    /// Another event of its writer has its sequence number.
    Taken,
    /// It follows on another event than the one before its place, or is too far ahead.
    Loose,
    /// Its writer has its share, or there is no room.
    Full,
}

#[derive(Debug)]
pub(crate) struct Pool {
    inner: Mutex<Inner>,
    /// Changed by the committer, and by whoever takes final events out. Whoever locks both locks
    /// this first.
    file: Mutex<PoolFile>,
    /// Something left.
    left: Condvar,
    /// The way to whoever makes blocks.
    wake: OnceLock<SyncSender<Input>>,
    watch: Stopwatch,
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
        let (left, wake) = (Condvar::new(), OnceLock::new());
        Ok(Self { inner, file, left, wake, watch: Stopwatch::start() })
    }

    /// The time by which ages are measured: since it was opened.
    pub(crate) fn now(&self) -> Duration {
        self.watch.elapsed()
    }

    /// Keeps events in the pool of a directory that is not open: they are durable when this returns,
    /// and wait like those that were accepted here. Those that wait already are left as they are.
    pub(crate) fn put_back(dir: &Path, events: Vec<Pending>) -> Result<(), StoreError> {
        let (file, found) = PoolFile::open(dir)?;
        let known: BTreeSet<EventId> = found.iter().map(|pending| pending.id).collect();
        let new = events.into_iter().filter(|pending| !known.contains(&pending.id));
        file.append(&new.collect::<Vec<_>>())
    }

    /// What was accepted in a directory and stands in its file still, final by now or not.
    pub(crate) fn accepted_in(dir: &Path) -> Result<Vec<Pending>, StoreError> {
        if !PoolFile::is_in(dir) {
            return Ok(Vec::new());
        }
        let (_, found) = PoolFile::open(dir)?;
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

    /// The same, when blocks may become final meanwhile: what the log has is read before and after
    /// what waits here, which events leave for the log.
    pub(crate) fn next_after<E>(
        &self,
        place: &Place,
        in_log: impl Fn() -> Result<(u64, EventId), E>,
    ) -> Result<(u64, EventId), E> {
        let mut from = in_log()?;
        loop {
            let next = self.next_of(place, from);
            let now = in_log()?;
            if now == from {
                return Ok(next);
            }
            from = now;
        }
    }

    pub(crate) fn fill(&self) -> Fill {
        self.inner().fill()
    }

    /// Whether so many more events of this node's own find room. Peers' events make room for them.
    pub(crate) fn has_room(&self, events: usize, bytes: usize) -> bool {
        let own = self.inner().own;
        own.events.saturating_add(events) <= MAX_EVENTS
            && own.bytes.saturating_add(bytes) <= MAX_BYTES
    }

    /// Keeps events that this node accepts: they are durable when this returns.
    pub(crate) fn accept(&self, events: Vec<Pending>) -> Result<(), StoreError> {
        {
            // Held until they are in memory too: whoever wrote the file anew between would leave
            // them out.
            let file = self.file();
            file.append(&events)?;
            let mut inner = self.inner();
            inner.make_room(&events);
            for pending in events {
                inner.untold.push(pending.id);
                inner.insert(pending);
            }
        }
        self.wake();
        Ok(())
    }

    /// Keeps an event of a peer, if it follows on its writer's last or nearly so: `last` is the one in
    /// the log.
    /// What is cheap comes first: signatures are checked only of what has a place and finds room.
    pub(crate) fn keep<E>(
        &self,
        pending: Pending,
        last: (u64, EventId),
        check: impl FnOnce(&Pending) -> Result<(), E>,
    ) -> Result<Result<(), NotKept>, E> {
        if let Err(reason) = self.inner().expect_wanted(&pending, last) {
            return Ok(Err(reason));
        }
        // Nobody waits for the pool meanwhile.
        check(&pending)?;
        let mut inner = self.inner();
        let found = inner.expect_wanted(&pending, last);
        Ok(found.map(|follows| inner.insert_of_peer(pending, follows)))
    }

    /// Events to be told to peers that were not before.
    pub(crate) fn take_untold(&self) -> Vec<Arc<Vec<u8>>> {
        let mut inner = self.inner();
        let untold = std::mem::take(&mut inner.untold);
        untold.iter().filter_map(|id| Some(Arc::clone(&inner.events.get(id)?.bytes))).collect()
    }

    /// Keeps an event of a peer for longer, if it is here.
    pub(crate) fn is_heard_again(&self, id: &EventId) -> bool {
        let now = self.now();
        let mut inner = self.inner();
        let Some(pending) = inner.events.get_mut(id) else { return false };
        if !pending.own {
            pending.since = now;
        }
        true
    }

    /// Events that were accepted here and wait for some time already, and what they stand on: they
    /// may have been lost on the way to whoever proposes. Those of peers are theirs to be told
    /// again: if each node told every other's, none would ever be forgotten.
    pub(crate) fn promised(&self, ago: Duration, limit: usize) -> Vec<Arc<Vec<u8>>> {
        let before = self.now().saturating_sub(ago);
        self.inner().upto(|pending| pending.own && pending.since <= before, limit)
    }

    /// Events that wait here, for a peer that knows none of them.
    pub(crate) fn waiting(&self, limit: usize) -> Vec<Arc<Vec<u8>>> {
        self.inner().upto(|_| true, limit)
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

    /// Forgets what waited too long, unless an event stands on it that was accepted here and did
    /// not. How many events that this node had accepted.
    pub(crate) fn expire(&self, now: Duration) -> Result<u64, StoreError> {
        let is_old = |pending: &Pending| {
            let ttl = if pending.own { OWN_TTL } else { PEERS_TTL };
            now.saturating_sub(pending.since) > ttl
        };
        let lost = {
            let mut inner = self.inner();
            let old = inner.old(is_old);
            let lost = old.into_iter().map(|(place, from)| inner.remove_from(&place, from));
            lost.fold(0_u64, u64::saturating_add)
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

#[cfg(test)]
mod tests;
