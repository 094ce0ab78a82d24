//! A state tree in memory, and the proofs of it.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::{End, Path, Record, RecordKey, hasher};
use crate::digest::{self, Hash, LogId};
use crate::wire::{DecodeError, Writer};

/// Every record, by path.
#[derive(Clone, Debug, Default)]
pub struct StateTree(BTreeMap<Path, Vec<u8>>);

type Leaves<'t> = [(&'t Path, &'t Vec<u8>)];

impl StateTree {
    /// A tree without records.
    #[must_use]
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Puts an encoded record in its place, instead of the one that was there.
    ///
    /// # Errors
    /// [`DecodeError`] if it is no record.
    pub fn put(&mut self, record: Vec<u8>) -> Result<(), DecodeError> {
        let path = Record::decode(&record)?.path();
        self.0.insert(path, record);
        Ok(())
    }

    /// Takes a record away.
    pub fn remove(&mut self, key: &RecordKey<'_>) -> Option<Vec<u8>> {
        self.0.remove(&key.path())
    }

    /// The encoded record of this kind and key.
    #[must_use]
    pub fn get(&self, key: &RecordKey<'_>) -> Option<&[u8]> {
        self.0.get(&key.path()).map(Vec::as_slice)
    }

    /// The root that a header of this log carries.
    #[must_use]
    pub fn root(&self, log: &LogId) -> Hash {
        let leaves: Vec<_> = self.0.iter().collect();
        hasher::root(log, &top(&leaves, 0))
    }

    /// What a path ends at if its record is not there (tag and leaf), and the proof.
    #[must_use]
    pub fn prove(&self, key: &RecordKey<'_>) -> (Vec<u8>, Vec<u8>) {
        let path = key.path();
        let all: Vec<_> = self.0.iter().collect();
        let mut leaves = all.as_slice();
        let mut siblings = Vec::new();
        while leaves.len() > 1 {
            let depth = siblings.len();
            let (left, right) = halves(leaves, depth);
            let (next, sibling) = if path.bit(depth) { (right, left) } else { (left, right) };
            let depth = depth.saturating_add(1);
            siblings.push(top(sibling, depth));
            leaves = next;
        }
        let end = match leaves.first() {
            Some((found, record)) if **found != path => End::of_leaf(**found, record),
            _ => End::Empty,
        };
        siblings.reverse();
        (end.encode(), encode_state_proof(&siblings))
    }
}

impl End {
    /// The end at another record's leaf.
    #[must_use]
    pub fn of_leaf(path: Path, record: &[u8]) -> Self {
        let record = Hash::from_bytes(digest::derive(digest::STATE_RECORD, &[record]));
        Self::Leaf { path, record }
    }

    /// Tag, and path and record digest of a leaf.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        match self {
            Self::Empty => writer.u8(0),
            Self::Leaf { path, record } => writer.u8(1).raw(path.as_bytes()).raw(record.as_bytes()),
        };
        writer.into_bytes()
    }
}

/// A state proof, of the siblings on a path from its end upwards; an empty one is 32 zero bytes.
#[must_use]
pub fn encode_state_proof(siblings: &[Hash]) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.len16(siblings.len());
    for steps in siblings.chunks(8) {
        let bits = (0_u32..).zip(steps).filter(|(_, sibling)| **sibling != Hash::ZERO);
        writer.u8(bits.fold(0, |map, (step, _)| map | 0x80_u8.checked_shr(step).unwrap_or(0)));
    }
    for sibling in siblings.iter().filter(|sibling| **sibling != Hash::ZERO) {
        writer.raw(sibling.as_bytes());
    }
    writer.into_bytes()
}

/// Leaves in order of their paths, which agree in the bits before `depth`: those with a 0 there,
/// and those with a 1.
fn halves<'s, 't>(leaves: &'s Leaves<'t>, depth: usize) -> (&'s Leaves<'t>, &'s Leaves<'t>) {
    leaves.split_at(leaves.partition_point(|(path, _)| !path.bit(depth)))
}

fn top(leaves: &Leaves<'_>, depth: usize) -> Hash {
    match leaves {
        [] => Hash::ZERO,
        [(path, record)] => hasher::leaf(path, record),
        _ => {
            let (left, right) = halves(leaves, depth);
            let depth = depth.saturating_add(1);
            hasher::node(&top(left, depth), &top(right, depth))
        }
    }
}
