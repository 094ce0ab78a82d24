//! A state tree in memory, and the proofs of it.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::{Path, Record, RecordKey, hasher};
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
        let mut end = Writer::new();
        match leaves.first() {
            Some((found, record)) if **found != path => {
                let record = digest::derive(digest::STATE_RECORD, &[record.as_slice()]);
                end.u8(1).raw(found.as_bytes()).raw(&record);
            }
            _ => {
                end.u8(0);
            }
        }
        siblings.reverse();
        (end.into_bytes(), encode_proof(&siblings))
    }
}

fn encode_proof(siblings: &[Hash]) -> Vec<u8> {
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
