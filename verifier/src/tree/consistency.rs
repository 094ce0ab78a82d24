//! An old tree is a prefix of a new one (RFC 9162, section 2.1.4.2).

use core::fmt;

use super::{Join, Proof, Side, Step, TreeHasher, TreeSize, steps};
use crate::digest::Hash;

/// Why a consistency proof was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConsistencyError {
    /// The new root does not follow from the proof.
    NewRootMismatch {
        /// The new root given.
        expected: Hash,
        /// Where the proof leads.
        found: Hash,
    },
    /// The old tree is the larger one.
    OldIsLarger {
        /// Size of the old tree.
        old: u64,
        /// Size of the new tree.
        new: u64,
    },
    /// The old root does not follow from the proof.
    OldRootMismatch {
        /// The old root given.
        expected: Hash,
        /// Where the proof leads.
        found: Hash,
    },
    /// The number of hashes is not the one that the two sizes demand.
    ProofLength {
        /// Demanded by the sizes.
        expected: usize,
        /// In the proof.
        found: usize,
    },
}

impl ConsistencyError {
    /// The stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NewRootMismatch { .. } => "consistency-new-root-mismatch",
            Self::OldIsLarger { .. } => "consistency-old-is-larger",
            Self::OldRootMismatch { .. } => "consistency-old-root-mismatch",
            Self::ProofLength { .. } => "consistency-proof-length",
        }
    }
}

impl fmt::Display for ConsistencyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NewRootMismatch { expected, found } => {
                write!(f, "the consistency proof leads to new root {found}, not {expected}")
            }
            Self::OldIsLarger { old, new } => {
                write!(f, "a tree of {old} leaves cannot be a prefix of one of {new}")
            }
            Self::OldRootMismatch { expected, found } => {
                write!(f, "the consistency proof leads to old root {found}, not {expected}")
            }
            Self::ProofLength { expected, found } => {
                write!(f, "the consistency proof has {found} hashes, its sizes demand {expected}")
            }
        }
    }
}

impl core::error::Error for ConsistencyError {}

/// The only acceptable number of hashes between two sizes.
///
/// # Errors
/// [`ConsistencyError::OldIsLarger`].
pub fn consistency_proof_len<H: TreeHasher>(
    old: TreeSize,
    new: TreeSize,
) -> Result<usize, ConsistencyError> {
    if old > new {
        return Err(ConsistencyError::OldIsLarger { old: old.get(), new: new.get() });
    }
    if old == new || old == TreeSize::EMPTY {
        return Ok(0);
    }
    let carried = if peak_is_old_root::<H>(old) { 0 } else { 1 };
    Ok(path(old, new).count().saturating_add(carried))
}

/// From the old tree's lowest peak, which ends where the old tree ends and is a node of both
/// trees, to the top of the new one. Neither tree is empty.
fn path(old: TreeSize, new: TreeSize) -> impl Iterator<Item = Step> + Clone {
    let peak_height = u8::try_from(old.get().trailing_zeros()).unwrap_or(u8::MAX);
    steps(old.get().saturating_sub(1), new.get(), peak_height)
}

const fn peak_is_old_root<H: TreeHasher>(old: TreeSize) -> bool {
    old.get().is_power_of_two() && !H::ROOT_IS_WRAPPED
}

/// A tree by its size and root.
type Head<'a> = (TreeSize, &'a Hash);

/// Checks that the old tree is a prefix of the new one.
///
/// # Errors
/// Every variant of [`ConsistencyError`].
pub fn verify_consistency<H: TreeHasher>(
    hasher: &H,
    (old, old_root): Head<'_>,
    (new, new_root): Head<'_>,
    proof: Proof<'_>,
) -> Result<(), ConsistencyError> {
    let (expected, found) = (consistency_proof_len::<H>(old, new)?, proof.len());
    let wrong_length = ConsistencyError::ProofLength { expected, found };
    if found != expected {
        return Err(wrong_length);
    }
    if old == new || old == TreeSize::EMPTY {
        let must_be = if old == new { *new_root } else { hasher.root(old, None) };
        return expect_old(must_be, *old_root);
    }
    let mut hashes = proof.iter();
    let peak = if peak_is_old_root::<H>(old) { Some(*old_root) } else { hashes.next() };
    let peak = peak.ok_or(wrong_length)?;
    let (mut old_top, mut new_top) = (peak, peak);
    for (step, sibling) in path(old, new).zip(hashes) {
        match step.side {
            // Left of the path stand the old tree's other peaks: both trees have them.
            Side::Left => {
                old_top = hasher.join(Join::Bag, &sibling, &old_top);
                new_top = hasher.join(step.join, &sibling, &new_top);
            }
            Side::Right => new_top = hasher.join(step.join, &new_top, &sibling),
        }
    }
    expect_old(hasher.root(old, Some(&old_top)), *old_root)?;
    let found = hasher.root(new, Some(&new_top));
    if found != *new_root {
        return Err(ConsistencyError::NewRootMismatch { expected: *new_root, found });
    }
    Ok(())
}

fn expect_old(found: Hash, expected: Hash) -> Result<(), ConsistencyError> {
    if expected == found {
        Ok(())
    } else {
        Err(ConsistencyError::OldRootMismatch { expected, found })
    }
}
