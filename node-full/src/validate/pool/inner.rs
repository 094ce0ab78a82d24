//! What waits, by id, by place and by writer, and who finds room.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cairn_verifier::digest::{EventId, KeyId};

use super::{Fill, MAX_BYTES, MAX_BYTES_OF_WRITER, MAX_EVENTS, MAX_OF_WRITER, NotKept, Pending};
use crate::node::Place;

/// How many places may have gaps, and how far ahead of the log an event behind one may be.
pub(super) const LOOSE: usize = 256;
pub(super) const WINDOW: u64 = 1 << 12;

/// Where a peer's event stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Follows {
    /// Behind the one that it follows on.
    At,
    /// Near it: one between is missing.
    BehindGap,
}

#[derive(Debug, Default)]
pub(super) struct Inner {
    pub(super) events: BTreeMap<EventId, Pending>,
    /// By sequence number.
    pub(super) places: BTreeMap<Place, BTreeMap<u64, EventId>>,
    /// What each writer has here.
    writers: BTreeMap<KeyId, Fill>,
    /// Places where a peer's event was kept behind a gap.
    loose: BTreeSet<Place>,
    bytes: usize,
    /// What was accepted here.
    pub(super) own: Fill,
    /// Accepted here, and not told to peers yet.
    pub(super) untold: Vec<EventId>,
}

impl Inner {
    /// Events of a writer that follow each other.
    pub(super) fn chain<'a>(
        &'a self,
        place: &Place,
        (next, last): (u64, EventId),
    ) -> impl Iterator<Item = &'a Pending> + use<'a> {
        let of = self.places.get(place);
        let (mut next, mut last) = (next, last);
        std::iter::from_fn(move || {
            let pending = self.events.get(of?.get(&next)?)?;
            if pending.previous != last {
                return None;
            }
            (next, last) = (next.saturating_add(1), pending.id);
            Some(pending)
        })
    }

    /// In each place all events up to the last that is one of these, in the order in which they
    /// follow each other; the place in which one waits longest comes first.
    pub(super) fn upto(
        &self,
        is_one: impl Fn(&Pending) -> bool,
        limit: usize,
    ) -> Vec<Arc<Vec<u8>>> {
        let upto_last = |of: &BTreeMap<u64, EventId>| {
            let mut events: Vec<_> = of.values().filter_map(|id| self.events.get(id)).collect();
            let last = events.iter().rposition(|pending| is_one(pending))?;
            events.truncate(last.saturating_add(1));
            let since = events.iter().map(|pending| pending.since).min()?;
            Some((since, events))
        };
        let mut parts: Vec<_> = self.places.values().filter_map(upto_last).collect();
        parts.sort_by_key(|(since, _)| *since);
        let events = parts.into_iter().flat_map(|(_, events)| events);
        events.take(limit).map(|pending| Arc::clone(&pending.bytes)).collect()
    }

    /// In each place the first event that is old, behind the last that was accepted here and is
    /// not: what that stands on is kept with it.
    pub(super) fn old(&self, is_old: impl Fn(&Pending) -> bool) -> Vec<(Place, u64)> {
        let first = |(place, of): (&Place, &BTreeMap<u64, EventId>)| {
            let newest_first = of.values().rev().filter_map(|id| self.events.get(id));
            let free = newest_first.take_while(|pending| !pending.own || is_old(pending));
            let old = free.filter(|pending| is_old(pending)).last()?;
            Some((*place, old.sequence))
        };
        self.places.iter().filter_map(first).collect()
    }

    pub(super) fn expect_new(&self, pending: &Pending) -> Result<(), NotKept> {
        if self.events.contains_key(&pending.id) {
            return Err(NotKept::Known);
        }
        let of = self.places.get(&pending.place);
        if of.is_some_and(|of| of.contains_key(&pending.sequence)) {
            return Err(NotKept::Taken);
        }
        Ok(())
    }

    /// Whether a peer's event is kept, if its signatures hold. `last` is its writer's in the log, with
    /// the sequence number after it.
    pub(super) fn expect_wanted(
        &self,
        pending: &Pending,
        last: (u64, EventId),
    ) -> Result<Follows, NotKept> {
        self.expect_new(pending)?;
        let follows = self.expect_near(pending, last)?;
        self.expect_share(pending)?;
        Ok(follows)
    }

    /// One message that was lost must not keep out all that follows until its events are final: so
    /// there may be gaps, in a few places.
    fn expect_near(
        &self,
        pending: &Pending,
        (next, last): (u64, EventId),
    ) -> Result<Follows, NotKept> {
        let ahead = pending.sequence.checked_sub(next).ok_or(NotKept::Loose)?;
        let before = match ahead {
            0 => Some(last),
            _ => {
                let of = self.places.get(&pending.place);
                of.and_then(|of| of.get(&pending.sequence.saturating_sub(1))).copied()
            }
        };
        let may_be_loose = || {
            let has_room = self.loose.len() < LOOSE || self.loose.contains(&pending.place);
            next > 0 && ahead < WINDOW && has_room
        };
        match before {
            Some(before) if before == pending.previous => Ok(Follows::At),
            None if may_be_loose() => Ok(Follows::BehindGap),
            _ => Err(NotKept::Loose),
        }
    }

    pub(super) fn insert_of_peer(&mut self, pending: Pending, follows: Follows) {
        if follows == Follows::BehindGap {
            self.loose.insert(pending.place);
        }
        self.insert(pending);
    }

    fn expect_share(&self, pending: &Pending) -> Result<(), NotKept> {
        let of = self.writers.get(&pending.place.1).copied().unwrap_or_default();
        let len = pending.bytes.len();
        let fits = of.events < MAX_OF_WRITER
            && of.bytes.saturating_add(len) <= MAX_BYTES_OF_WRITER
            && self.events.len() < MAX_EVENTS
            && self.bytes.saturating_add(len) <= MAX_BYTES;
        if fits { Ok(()) } else { Err(NotKept::Full) }
    }

    pub(super) fn fill(&self) -> Fill {
        Fill { events: self.events.len(), bytes: self.bytes }
    }

    /// Events that are accepted here take the place of peers' events: those of their own sequence
    /// numbers, with what follows on them, and if there is no room the last ones of the writers who
    /// have the most.
    pub(super) fn make_room(&mut self, accepted: &[Pending]) {
        for pending in accepted {
            let of = self.places.get(&pending.place).into_iter();
            let of_peers: Vec<EventId> = of
                .flat_map(|of| of.range(pending.sequence..))
                .map(|(_, id)| *id)
                .filter(|id| self.events.get(id).is_some_and(|other| !other.own))
                .collect();
            of_peers.iter().for_each(|id| drop(self.remove(id)));
        }
        let needed =
            accepted.iter().fold(0_usize, |sum, pending| sum.saturating_add(pending.bytes.len()));
        let has_room = |inner: &Self| {
            inner.events.len().saturating_add(accepted.len()) <= MAX_EVENTS
                && inner.bytes.saturating_add(needed) <= MAX_BYTES
        };
        if has_room(self) {
            return;
        }
        for id in self.of_peers() {
            if has_room(self) {
                return;
            }
            self.remove(&id);
        }
    }

    /// Peers' events on which none stands that was accepted here: those of the writers who have the
    /// most first, the last of each writer before what it follows on.
    fn of_peers(&self) -> Vec<EventId> {
        let mut weights = Vec::new();
        for ((stream, writer), of) in &self.places {
            let bytes = self.writers.get(writer).map_or(0, |of| of.bytes);
            let newest_first = of.values().rev().filter_map(|id| self.events.get(id));
            for pending in newest_first.take_while(|pending| !pending.own) {
                weights.push((bytes, *writer, *stream, pending.sequence, pending.id));
            }
        }
        weights.sort_unstable();
        weights.into_iter().rev().map(|(.., id)| id).collect()
    }

    pub(super) fn insert(&mut self, pending: Pending) {
        let len = pending.bytes.len();
        self.writers.entry(pending.place.1).or_default().add(len);
        if pending.own {
            self.own.add(len);
        }
        self.bytes = self.bytes.saturating_add(len);
        self.places.entry(pending.place).or_default().insert(pending.sequence, pending.id);
        self.events.insert(pending.id, pending);
    }

    pub(super) fn remove(&mut self, id: &EventId) -> Option<Pending> {
        let pending = self.events.remove(id)?;
        let len = pending.bytes.len();
        self.bytes = self.bytes.saturating_sub(len);
        if pending.own {
            self.own.take(len);
        }
        if let Some(of) = self.writers.get_mut(&pending.place.1) {
            of.take(len);
            if of.events == 0 {
                self.writers.remove(&pending.place.1);
            }
        }
        if let Some(of) = self.places.get_mut(&pending.place) {
            of.remove(&pending.sequence);
            if of.is_empty() {
                self.places.remove(&pending.place);
                self.loose.remove(&pending.place);
            }
        }
        Some(pending)
    }

    /// Events whose place in the log another one has.
    pub(super) fn remove_before(&mut self, place: &Place, next: u64) {
        let of = self.places.get(place).into_iter();
        let late: Vec<EventId> = of.flat_map(|of| of.range(..next)).map(|(_, id)| *id).collect();
        for pending in late.iter().filter_map(|id| self.remove(id)).collect::<Vec<_>>() {
            if pending.own {
                let (id, sequence) = (pending.id, pending.sequence);
                tracing::error!(%id, sequence, "another event of its writer took the place of one that was accepted here");
            }
        }
    }

    /// An event and all that follow on it; how many of them were accepted here.
    pub(super) fn remove_from(&mut self, place: &Place, sequence: u64) -> u64 {
        let of = self.places.get(place).into_iter();
        let rest: Vec<EventId> =
            of.flat_map(|of| of.range(sequence..)).map(|(_, id)| *id).collect();
        let gone = rest.iter().filter_map(|id| self.remove(id)).collect::<Vec<_>>();
        u64::try_from(gone.iter().filter(|gone| gone.own).count()).unwrap_or(u64::MAX)
    }
}

impl Fill {
    fn add(&mut self, len: usize) {
        self.events = self.events.saturating_add(1);
        self.bytes = self.bytes.saturating_add(len);
    }

    fn take(&mut self, len: usize) {
        self.events = self.events.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(len);
    }
}
