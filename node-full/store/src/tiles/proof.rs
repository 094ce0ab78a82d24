//! Roots and proofs out of full nodes.
//!
//! The verifier computes the steps of a proof from (index, size); this is the other side, which
//! looks up each step's sibling. The tests run the one against the other.

use cairn_verifier::digest::Hash;
use cairn_verifier::tree::{Join, Subtree, TreeHasher, TreeSize, batch_subtrees};

use super::Tiles;
use crate::StoreError;

impl<H: TreeHasher> Tiles<H> {
    /// The root of the tree when it had `size` leaves.
    ///
    /// # Errors
    /// [`StoreError::OutsideTree`], or a tile cannot be read.
    pub fn root(&self, size: u64) -> Result<Hash, StoreError> {
        let tree_size = self.within(size)?;
        let bagged = if size == 0 { None } else { Some(self.top(0, size)?) };
        Ok(self.hasher.root(tree_size, bagged.as_ref()))
    }

    /// The proof that leaf `index` is in the tree of `size` leaves.
    ///
    /// # Errors
    /// [`StoreError::OutsideTree`], or a tile cannot be read.
    pub fn inclusion(&self, index: u64, size: u64) -> Result<Vec<[u8; 32]>, StoreError> {
        let outside = StoreError::OutsideTree { what: "such leaf", size };
        self.within(size)?.leaf(index).ok_or(outside)?;
        self.siblings(index, size, 0)
    }

    /// The proof that the leaves at these indices, strictly ascending, are in the tree of `size`.
    ///
    /// # Errors
    /// [`StoreError::OutsideTree`], or a tile cannot be read.
    pub fn batch(&self, indices: &[u64], size: u64) -> Result<Vec<[u8; 32]>, StoreError> {
        let outside = |_| StoreError::OutsideTree { what: "such leaves", size };
        let parts = batch_subtrees(self.within(size)?, indices).map_err(outside)?;
        let hash = |part: &Subtree| Ok(*self.top(part.start, part.end)?.as_bytes());
        parts.iter().map(hash).collect()
    }

    /// The proof that the tree of `old` leaves is a prefix of that of `new` leaves.
    ///
    /// # Errors
    /// [`StoreError::OutsideTree`], or a tile cannot be read.
    pub fn consistency(&self, old: u64, new: u64) -> Result<Vec<[u8; 32]>, StoreError> {
        self.within(new)?;
        if old > new {
            return Err(StoreError::OutsideTree { what: "older tree that is larger", size: new });
        }
        if old == new || old == 0 {
            return Ok(Vec::new());
        }
        // The old tree's lowest peak, from which the proof goes up.
        let height = u8::try_from(old.trailing_zeros()).unwrap_or(u8::MAX);
        let mut proof = Vec::new();
        if H::ROOT_IS_WRAPPED || !old.is_power_of_two() {
            proof.push(*self.node(height, (old - 1) >> height)?.as_bytes());
        }
        proof.extend(self.siblings(old - 1, new, height)?);
        Ok(proof)
    }

    fn within(&self, size: u64) -> Result<TreeSize, StoreError> {
        let outside = StoreError::OutsideTree { what: "such earlier size", size: self.size() };
        TreeSize::new(size).filter(|_| size <= self.size()).ok_or(outside)
    }

    /// The siblings on the way up from the node of height `from` above leaf `index`.
    fn siblings(&self, index: u64, size: u64, from: u8) -> Result<Vec<[u8; 32]>, StoreError> {
        let mut proof = Vec::new();
        for height in from.. {
            let (at, last) = (index >> height, (size - 1) >> height);
            if last == 0 {
                break;
            }
            let sibling = if at & 1 == 1 {
                self.node(height, at - 1)?
            } else if at < last {
                let start = (at + 1) << height;
                self.top(start, size.min(start + (1 << height)))?
            } else {
                // A last node without a sibling is its own parent.
                continue;
            };
            proof.push(*sibling.as_bytes());
        }
        Ok(proof)
    }

    /// What stands above the leaves from `start` up to `end`: a node if they are a perfect
    /// subtree, or else their mountains, bagged.
    fn top(&self, start: u64, end: u64) -> Result<Hash, StoreError> {
        let len = end - start;
        if len.is_power_of_two() {
            let height = u8::try_from(len.trailing_zeros()).unwrap_or(u8::MAX);
            return self.node(height, start >> height);
        }
        let height = u8::try_from(len.ilog2()).unwrap_or(u8::MAX);
        let left = self.node(height, start >> height)?;
        let right = self.top(start + (1 << height), end)?;
        Ok(self.hasher.join(Join::Bag, &left, &right))
    }
}
