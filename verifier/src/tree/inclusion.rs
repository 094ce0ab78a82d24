//! A leaf is under a root (RFC 9162, section 2.1.3.2).

use core::fmt;

use super::{Leaf, Proof, Side, TreeHasher, TreeSize, steps};
use crate::digest::Hash;

/// Why an inclusion proof was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InclusionError {
    /// The tree has no leaves at all.
    EmptyTree,
    /// The index is not below the tree size.
    LeafOutOfRange {
        /// The index claimed.
        index: u64,
        /// The size of the tree.
        size: u64,
    },
    /// A batch without any leaves.
    NoLeaves,
    /// The indices of a batch are not strictly ascending.
    NotAscending {
        /// An index.
        before: u64,
        /// The one after it.
        index: u64,
    },
    /// The number of hashes is not the one that indices and size demand.
    ProofLength {
        /// Demanded by indices and size.
        expected: usize,
        /// In the proof.
        found: usize,
    },
    /// Leaves and proof lead to another root.
    RootMismatch {
        /// The root of the tree.
        expected: Hash,
        /// Where leaves and proof lead.
        found: Hash,
    },
}

impl InclusionError {
    /// The stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::EmptyTree => "inclusion-empty-tree",
            Self::LeafOutOfRange { .. } => "inclusion-leaf-out-of-range",
            Self::NoLeaves => "inclusion-no-leaves",
            Self::NotAscending { .. } => "inclusion-not-ascending",
            Self::ProofLength { .. } => "inclusion-proof-length",
            Self::RootMismatch { .. } => "inclusion-root-mismatch",
        }
    }
}

impl fmt::Display for InclusionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptyTree => f.write_str("nothing can be in an empty tree"),
            Self::LeafOutOfRange { index, size } => {
                write!(f, "leaf {index} is not in a tree of {size} leaves")
            }
            Self::NoLeaves => f.write_str("a batch has at least one leaf"),
            Self::NotAscending { before, index } => {
                write!(f, "leaf {index} follows leaf {before} in a batch that must ascend")
            }
            Self::ProofLength { expected, found } => {
                write!(f, "the inclusion proof has {found} hashes, its place demands {expected}")
            }
            Self::RootMismatch { expected, found } => {
                write!(f, "the inclusion proof leads to root {found}, the header has {expected}")
            }
        }
    }
}

impl core::error::Error for InclusionError {}

/// The only acceptable number of hashes for a leaf: at most ceil(log2 size).
#[must_use]
pub fn inclusion_proof_len(leaf: Leaf) -> usize {
    steps(leaf.index(), leaf.size().get(), 0).count()
}

/// The root that a leaf hash and a proof lead to.
///
/// # Errors
/// [`InclusionError::ProofLength`], before anything is hashed.
pub fn root_of_inclusion<H: TreeHasher>(
    hasher: &H,
    leaf: Leaf,
    leaf_hash: Hash,
    proof: Proof<'_>,
) -> Result<Hash, InclusionError> {
    let expected = inclusion_proof_len(leaf);
    if proof.len() != expected {
        return Err(InclusionError::ProofLength { expected, found: proof.len() });
    }
    let path = steps(leaf.index(), leaf.size().get(), 0);
    let top = path.zip(proof.iter()).fold(leaf_hash, |hash, (step, sibling)| match step.side {
        Side::Left => hasher.join(step.join, &sibling, &hash),
        Side::Right => hasher.join(step.join, &hash, &sibling),
    });
    Ok(hasher.root(leaf.size(), Some(&top)))
}

/// Checks that `leaf_hash` is leaf `index` of the tree of `size` leaves with this root.
///
/// # Errors
/// Every variant of [`InclusionError`].
pub fn verify_inclusion<H: TreeHasher>(
    hasher: &H,
    (index, size): (u64, TreeSize),
    leaf_hash: Hash,
    proof: Proof<'_>,
    root: &Hash,
) -> Result<Leaf, InclusionError> {
    if size == TreeSize::EMPTY {
        return Err(InclusionError::EmptyTree);
    }
    let out_of_range = InclusionError::LeafOutOfRange { index, size: size.get() };
    let leaf = size.leaf(index).ok_or(out_of_range)?;
    let found = root_of_inclusion(hasher, leaf, leaf_hash, proof)?;
    if found != *root {
        return Err(InclusionError::RootMismatch { expected: *root, found });
    }
    Ok(leaf)
}
