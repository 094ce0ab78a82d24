//! Proofs out of a state tree.

use cairn_verifier::digest::Hash;
use cairn_verifier::state::{End, Path, RecordKey, encode_state_proof};

use super::top::{Of, ROOT, bit, children, halves};
use super::{Leaves, SparseTree, Step, StoreError};

/// What is at a path, with an encoded state proof.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a record is there or not")]
pub enum Proven {
    /// The record.
    Present {
        /// The encoded record.
        record: Vec<u8>,
        /// The proof.
        proof: Vec<u8>,
    },
    /// Something else, or nothing.
    Absent {
        /// What the path ends at.
        end: End,
        /// The proof.
        proof: Vec<u8>,
    },
}

impl<L: Leaves> SparseTree<L> {
    /// Proves that the record of a kind and key is there, or that none is.
    ///
    /// # Errors
    /// [`StoreError::Index`], [`StoreError::IndexDamaged`].
    pub fn prove(&self, key: &RecordKey<'_>) -> Result<Proven, StoreError> {
        self.prove_after(&Step::default(), key)
    }

    /// The same after a step: one forward, or one back.
    ///
    /// # Errors
    /// [`StoreError::Index`], [`StoreError::IndexDamaged`].
    pub fn prove_after(&self, step: &Step, key: &RecordKey<'_>) -> Result<Proven, StoreError> {
        let path = key.path();
        let mut siblings = Vec::new();
        let found = self.descend(step, &path, &mut siblings)?;
        siblings.reverse();
        let proof = encode_state_proof(&siblings);
        let record = |path: &Path| match step.changes.get(path) {
            Some(leaf) => Ok(leaf.as_ref().map(|(_, record)| record.clone()).unwrap_or_default()),
            None => self.leaves.record(path).map(Option::unwrap_or_default),
        };
        Ok(match found {
            Some(found) if found == path => Proven::Present { record: record(&path)?, proof },
            Some(found) => Proven::Absent { end: End::of_leaf(found, &record(&found)?), proof },
            None => Proven::Absent { end: End::Empty, proof },
        })
    }

    /// The leaf that a path ends at, and the siblings on the way down.
    fn descend(
        &self,
        step: &Step,
        path: &Path,
        siblings: &mut Vec<Hash>,
    ) -> Result<Option<Path>, StoreError> {
        let (mut node, mut depth) = (ROOT, 0);
        while depth < self.top.depth && self.node(step, node).of == Of::Many {
            let (left, right) = children(node);
            let (next, sibling) = if bit(path, depth) { (right, left) } else { (left, right) };
            siblings.push(self.node(step, sibling).hash);
            (node, depth) = (next, depth + 1);
        }
        if self.node(step, node).of == Of::None {
            return Ok(None);
        }
        let leaves: Vec<_> = self.leaves_under(step, (path, depth))?.into_iter().collect();
        let mut leaves = leaves.as_slice();
        while leaves.len() > 1 {
            let (left, right) = halves(leaves, depth);
            let (next, sibling) = if bit(path, depth) { (right, left) } else { (left, right) };
            depth += 1;
            siblings.push(super::summarise(sibling, depth).hash);
            leaves = next;
        }
        Ok(leaves.first().map(|(path, _)| *path))
    }
}
