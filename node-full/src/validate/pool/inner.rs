//! What waits, by id, by place and by writer, and who finds room.

use std::collections::BTreeMap;

use cairn_verifier::digest::{EventId, KeyId};

use super::{MAX_BYTES, MAX_BYTES_OF_WRITER, MAX_EVENTS, MAX_OF_WRITER, NotKept, Pending};
use crate::node::Place;

#[derive(Debug, Default)]
pub(super) struct Inner {
    pub(super) events: BTreeMap<EventId, Pending>,
    /// By sequence number.
    pub(super) places: BTreeMap<Place, BTreeMap<u64, EventId>>,
    /// Events and bytes of each writer.
    writers: BTreeMap<KeyId, (usize, usize)>,
    pub(super) bytes: usize,
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

    pub(super) fn expect_share(&self, pending: &Pending) -> Result<(), NotKept> {
        let (count, bytes) = self.writers.get(&pending.place.1).copied().unwrap_or_default();
        let fits = count < MAX_OF_WRITER
            && bytes.saturating_add(pending.bytes.len()) <= MAX_BYTES_OF_WRITER
            && self.events.len() < MAX_EVENTS
            && self.bytes.saturating_add(pending.bytes.len()) <= MAX_BYTES;
        if fits { Ok(()) } else { Err(NotKept::Full) }
    }

    /// An event that is accepted here takes the place of peers' events: that of its own sequence
    /// number, and if there is no room the last ones of the writer who has the most.
    pub(super) fn make_room(&mut self, pending: &Pending) {
        let of = self.places.get(&pending.place);
        if let Some(other) = of.and_then(|of| of.get(&pending.sequence)).copied() {
            self.remove(&other);
        }
        let len = pending.bytes.len();
        while self.events.len() >= MAX_EVENTS || self.bytes.saturating_add(len) > MAX_BYTES {
            let peers = self.events.values().filter(|other| !other.own);
            let weight = |other: &&Pending| {
                (self.writers.get(&other.place.1).map_or(0, |(_, bytes)| *bytes), other.sequence)
            };
            let Some(id) = peers.max_by_key(weight).map(|other| other.id) else { return };
            self.remove(&id);
        }
    }

    pub(super) fn insert(&mut self, pending: Pending) {
        let (count, bytes) = self.writers.entry(pending.place.1).or_default();
        *count = count.saturating_add(1);
        *bytes = bytes.saturating_add(pending.bytes.len());
        self.bytes = self.bytes.saturating_add(pending.bytes.len());
        self.places.entry(pending.place).or_default().insert(pending.sequence, pending.id);
        self.events.insert(pending.id, pending);
    }

    pub(super) fn remove(&mut self, id: &EventId) -> Option<Pending> {
        let pending = self.events.remove(id)?;
        self.bytes = self.bytes.saturating_sub(pending.bytes.len());
        if let Some((count, bytes)) = self.writers.get_mut(&pending.place.1) {
            *count = count.saturating_sub(1);
            *bytes = bytes.saturating_sub(pending.bytes.len());
            if *count == 0 {
                self.writers.remove(&pending.place.1);
            }
        }
        if let Some(of) = self.places.get_mut(&pending.place) {
            of.remove(&pending.sequence);
            if of.is_empty() {
                self.places.remove(&pending.place);
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
