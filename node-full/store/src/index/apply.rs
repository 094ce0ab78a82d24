//! Writing to the index. Every batch is whole or absent, and says how far it brings the index.

use std::collections::BTreeMap;

use cairn_verifier::digest::{EventId, HeaderDigest};
use cairn_verifier::event::EventBody;

use super::{BUCKET, Index, Mark, RUN, Term, ZONE, last_number, short, writer_key};
use crate::StoreError;

/// How many texts are remembered as written.
const KNOWN: usize = 1 << 16;

/// An entry of the log that goes into the index.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a plain argument")]
pub struct IndexedEntry<'a> {
    /// Its id.
    pub id: EventId,
    /// Its body.
    pub body: &'a EventBody<'a>,
}

impl Index {
    /// Takes in entries of which the first has the index `first`.
    ///
    /// # Errors
    /// [`StoreError::Index`]: none of them was taken in.
    pub fn apply_entries(
        &self,
        first: u64,
        entries: &[IndexedEntry<'_>],
    ) -> Result<(), StoreError> {
        let mut batch = self.db.batch();
        // In the order of their keys: each search in the engine's memory then begins near the last.
        let (mut ids, mut terms) = (Vec::with_capacity(entries.len()), Vec::new());
        let mut writers = BTreeMap::new();
        let mut zones: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
        for (index, IndexedEntry { id, body }) in (first..).zip(entries) {
            let at = index.to_be_bytes();
            ids.push([short(id.as_bytes()), at]);
            for term in Term::of(body) {
                terms.push((bucket(index), term.hash(), at));
                if term.field().has_name() && self.is_new(&term) {
                    batch.insert(&self.all, [b"n".as_slice(), &term.name()].concat(), []);
                }
            }
            let next = body.sequence.saturating_add(1);
            writers.insert(writer_key(&body.stream, &body.writer), (next, *id));
            self.widen(&mut zones, index / ZONE, body.time.0)?;
        }
        ids.sort_unstable();
        terms.sort_unstable();
        for key in ids {
            batch.insert(&self.all, [b"i".as_slice(), key.as_flattened()].concat(), []);
        }
        for same in terms.chunk_by(|(bucket, hash, _), (b, h, _)| (bucket, hash) == (b, h)) {
            for run in same.chunks(RUN) {
                let Some(((bucket, hash, last), before)) = run.split_last() else { continue };
                let key = [b"t".as_slice(), bucket, hash, last].concat();
                let places = before.iter().flat_map(|(_, _, at)| place(at));
                batch.insert(&self.all, key, places.collect::<Vec<_>>());
            }
        }
        for (key, (next, last)) in writers {
            let value = [next.to_be_bytes().as_slice(), last.as_bytes()].concat();
            batch.insert(&self.all, key, value);
        }
        for (zone, (least, greatest)) in zones {
            let value = [least.to_be_bytes(), greatest.to_be_bytes()].concat();
            batch.insert(&self.all, zone_key(zone), value);
        }
        let count = u64::try_from(entries.len()).unwrap_or(u64::MAX);
        self.commit(batch, Mark::Entries, first.saturating_add(count))
    }

    /// Takes in a block.
    ///
    /// # Errors
    /// [`StoreError::Index`].
    pub fn apply_block(
        &self,
        height: u64,
        digest: &HeaderDigest,
        size: u64,
    ) -> Result<(), StoreError> {
        let mut batch = self.db.batch();
        let by_digest = [b"h".as_slice(), digest.as_bytes()].concat();
        batch.insert(&self.all, by_digest, height.to_be_bytes().as_slice());
        let by_size = [b"s".as_slice(), &size.to_be_bytes(), &height.to_be_bytes()].concat();
        batch.insert(&self.all, by_size, []);
        self.commit(batch, Mark::Blocks, height.saturating_add(1))
    }

    /// Takes in which key records belong to which entries, up to a number of records.
    ///
    /// # Errors
    /// [`StoreError::Index`].
    pub fn apply_records(&self, of: &[(u64, u64)], upto: u64) -> Result<(), StoreError> {
        let mut batch = self.db.batch();
        for (index, number) in of {
            let key = [b"k".as_slice(), &index.to_be_bytes(), &number.to_be_bytes()].concat();
            batch.insert(&self.all, key, []);
        }
        self.commit(batch, Mark::Records, upto)
    }

    pub(super) fn commit(
        &self,
        mut batch: fjall::OwnedWriteBatch,
        mark: Mark,
        upto: u64,
    ) -> Result<(), StoreError> {
        batch.insert(&self.all, mark.key(), upto.to_be_bytes().as_slice());
        batch.commit().map_err(|error| self.failed(&error))
    }

    fn is_new(&self, term: &Term) -> bool {
        let mut known = self.known();
        if known.len() >= KNOWN {
            known.clear();
        }
        known.insert(term.hash())
    }

    fn widen(
        &self,
        zones: &mut BTreeMap<u64, (u64, u64)>,
        zone: u64,
        time: u64,
    ) -> Result<(), StoreError> {
        let (least, greatest) = match zones.get(&zone) {
            Some(known) => *known,
            None => self.zone(zone)?.unwrap_or((u64::MAX, 0)),
        };
        zones.insert(zone, (least.min(time), greatest.max(time)));
        Ok(())
    }

    /// The least and the greatest time in a zone.
    pub(super) fn zone(&self, zone: u64) -> Result<Option<(u64, u64)>, StoreError> {
        Ok(self.get(&zone_key(zone))?.and_then(|value| times(&value)))
    }
}

/// The place of an entry in its bucket, as it stands in a run: a bucket has 2^16 places.
const fn place(at: &[u8; 8]) -> [u8; 2] {
    let [.., high, low] = *at;
    [high, low]
}

/// The entries of a run, ascending, from its key and its value.
pub(super) fn run(key: &[u8], value: &[u8]) -> Vec<u64> {
    let Some(last) = last_number(key) else { return Vec::new() };
    let (places, _) = value.as_chunks::<2>();
    let start = last & !0xFFFF;
    let before = places.iter().map(|place| start | u64::from(u16::from_be_bytes(*place)));
    before.chain([last]).collect()
}

/// The bucket that an entry is in.
pub(super) fn bucket(index: u64) -> [u8; 4] {
    u32::try_from(index / BUCKET).unwrap_or(u32::MAX).to_be_bytes()
}

pub(super) fn zone_key(zone: u64) -> Vec<u8> {
    [b"z".as_slice(), &zone.to_be_bytes()].concat()
}

pub(super) fn times(value: &[u8]) -> Option<(u64, u64)> {
    let (least, greatest) = value.split_first_chunk::<8>()?;
    Some((u64::from_be_bytes(*least), u64::from_be_bytes(*greatest.first_chunk()?)))
}
