//! The Merkle Mountain Range, and the proofs about it.
//!
//! # Terms
//!
//! - **leaf index**: place in append order, from 0. **tree size**: the number of leaves.
//! - **height**: 0 at a leaf. A node of height *h* and number *a* covers the leaves
//!   `a << h` up to `(a + 1) << h`.
//! - **mountain**: a perfect subtree. **peak**: its root. **bagging**: folding the peaks from
//!   right to left into one hash.
//!
//! Eleven leaves (`1011` in binary) make mountains of 8, 2 and 1 leaves:
//!
//! ```text
//! height 3                 P
//!                 ┌────────┴────────┐
//!        2        ·                 ·
//!            ┌────┴────┐       ┌────┴────┐
//!        1   ·         ·       ·         ·         Q
//!          ┌─┴─┐     ┌─┴─┐   ┌─┴─┐     ┌─┴─┐     ┌─┴─┐
//!        0 0   1     2   3   4   5     6   7     8   9     R
//!
//! bagged: bag(P, bag(Q, R))
//! ```
//!
//! Peaks bagged from right to left give exactly the tree of RFC 6962 and RFC 9162, so the
//! proofs are theirs.
//!
//! # Which proof
//!
//! | question | proof | check |
//! |---|---|---|
//! | is this leaf in the tree? | its siblings upwards | [`verify_inclusion`] |
//! | are these, any of them? | the parts of the tree without them | [`verify_batch_inclusion`] |
//! | is the old tree a prefix of the new one? | the old lowest peak, its siblings | [`verify_consistency`] |
//! | are these the next leaves after those I know? | a consistency proof | [`verify_range`] |
//! | the same as the first, and nobody may know which leaf | tiles | [`verify_leaf_in_tiles`] |
//!
//! A size and a root are never taken from whoever gives the proof: they are a final header's.
//!
//! # Hashers
//!
//! Two hashers share the code: [`Blake3`], where kind, role, height, index, size and log are all
//! bound, and [`Rfc6962Sha256`], the standard one.

mod batch;
#[cfg(feature = "alloc")]
mod build;
mod consistency;
mod hasher;
mod inclusion;
mod keys;
mod peaks;
mod steps;
mod subtree;
mod tile;
mod tiles;

#[cfg(feature = "alloc")]
pub use batch::batch_subtrees;
pub use batch::{BatchProof, batch_proof_len, verify_batch_inclusion};
#[cfg(feature = "alloc")]
pub use build::{batch_inclusion_of, inclusion_of, root_of_leaves, top_of_leaves};
pub use consistency::{ConsistencyError, consistency_proof_len, verify_consistency};
pub use hasher::{Blake3, Kind, Rfc6962Sha256, TreeHasher};
pub use inclusion::{InclusionError, inclusion_proof_len, root_of_inclusion, verify_inclusion};
pub use peaks::{MAX_PEAKS, Peaks, PeaksClaim, PeaksError, verify_range};
pub use steps::{Join, Side, Step, steps};
pub use subtree::Subtree;
pub use tile::{TILE_WIDTH, Tile, tiles_of};
pub use tiles::{TileError, VerifiedTile, verify_leaf_in_tiles, verify_tile};

use crate::digest::Hash;
use crate::wire::{Reader, Refused};

/// The largest tree.
pub const MAX_TREE_SIZE: u64 = crate::wire::MAX_NUMBER;

/// The largest number of hashes in a proof: one per height below [`MAX_TREE_SIZE`], and the
/// old tree's node in a consistency proof.
pub const MAX_PROOF_LEN: u8 = 63;

/// A number of leaves, at most [`MAX_TREE_SIZE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TreeSize(u64);

impl TreeSize {
    /// The tree without leaves.
    pub const EMPTY: Self = Self(0);

    /// A size, or `None` above [`MAX_TREE_SIZE`].
    #[must_use]
    pub const fn new(size: u64) -> Option<Self> {
        if size <= MAX_TREE_SIZE { Some(Self(size)) } else { None }
    }

    /// The number of leaves.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The place of leaf `index` in a tree of this size, or `None` if it has no such leaf.
    #[must_use]
    pub const fn leaf(self, index: u64) -> Option<Leaf> {
        if index < self.0 { Some(Leaf { index, size: self }) } else { None }
    }

    /// Reads a size.
    ///
    /// # Errors
    /// Truncated, or above [`MAX_TREE_SIZE`].
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        reader.number("tree size").map(Self)
    }
}

/// A leaf's place in a tree: its index is below the size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf {
    index: u64,
    size: TreeSize,
}

impl Leaf {
    /// The index, from 0.
    #[must_use]
    pub const fn index(self) -> u64 {
        self.index
    }

    /// The size of the tree it is in.
    #[must_use]
    pub const fn size(self) -> TreeSize {
        self.size
    }
}

/// A proof as it travels: a list of hashes, from the leaf upwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof<'a> {
    hashes: &'a [[u8; 32]],
}

impl<'a> Proof<'a> {
    /// A proof of these hashes.
    #[must_use]
    pub const fn new(hashes: &'a [[u8; 32]]) -> Self {
        Self { hashes }
    }

    /// Reads a one-byte count and that many hashes.
    ///
    /// # Errors
    /// Truncated, or more than [`MAX_PROOF_LEN`].
    pub fn read(reader: &mut Reader<'a>) -> Result<Self, Refused> {
        let count = reader.count8("proof length", MAX_PROOF_LEN)?;
        Ok(Self { hashes: reader.digests(count.into())? })
    }

    /// How many hashes it has.
    #[must_use]
    pub const fn len(self) -> usize {
        self.hashes.len()
    }

    /// Whether it has no hashes.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.hashes.is_empty()
    }

    /// The hashes, from the leaf upwards.
    pub fn iter(self) -> impl Iterator<Item = Hash> + use<'a> {
        self.hashes.iter().map(|bytes| Hash::from_bytes(*bytes))
    }

    /// Appends the count and the hashes.
    #[cfg(feature = "alloc")]
    pub fn write(self, writer: &mut crate::wire::Writer) {
        writer.len8(self.hashes.len()).raw(self.hashes.as_flattened());
    }
}

#[cfg(test)]
mod tests;
