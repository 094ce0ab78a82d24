//! Small whole trees in memory: the field tree, and the tests' model. A log's tree lives in
//! tiles, in the node.

use alloc::vec::Vec;

use super::{InclusionError, Join, Subtree, TreeHasher, TreeSize, batch_subtrees};
use crate::digest::Hash;

/// The root of a tree of these leaves.
#[must_use]
pub fn root_of_leaves<H: TreeHasher>(hasher: &H, leaves: &[Hash]) -> Hash {
    let size = u64::try_from(leaves.len()).ok().and_then(TreeSize::new);
    let top = (!leaves.is_empty()).then(|| top_of_leaves(hasher, leaves));
    hasher.root(size.unwrap_or(TreeSize::EMPTY), top.as_ref())
}

/// The inclusion proof of leaf `index`, which must be one of `leaves`; empty otherwise.
#[must_use]
pub fn inclusion_of<H: TreeHasher>(hasher: &H, leaves: &[Hash], index: usize) -> Vec<[u8; 32]> {
    let Some((left, right)) = split(leaves) else {
        return Vec::new();
    };
    let (mut proof, sibling) = match index.checked_sub(left.len()) {
        None => (inclusion_of(hasher, left, index), top_of_leaves(hasher, right)),
        Some(index) => (inclusion_of(hasher, right, index), top_of_leaves(hasher, left)),
    };
    proof.push(*sibling.as_bytes());
    proof
}

/// The batch proof of the leaves with these indices.
///
/// # Errors
/// The indices are none, do not ascend strictly, or are not all of `leaves`.
pub fn batch_inclusion_of<H: TreeHasher>(
    hasher: &H,
    leaves: &[Hash],
    indices: &[u64],
) -> Result<Vec<[u8; 32]>, InclusionError> {
    let size = u64::try_from(leaves.len()).ok().and_then(TreeSize::new);
    let parts = batch_subtrees(size.unwrap_or(TreeSize::EMPTY), indices)?;
    let leaves_of = |start, end| {
        let (start, end) = (usize::try_from(start).ok()?, usize::try_from(end).ok()?);
        leaves.get(start..end)
    };
    let part = |part: Subtree| leaves_of(part.start, part.end).unwrap_or_default();
    Ok(parts.into_iter().map(|p| *top_of_leaves(hasher, part(p)).as_bytes()).collect())
}

/// Node, bag or leaf over all of `leaves`, by the recursive definition of RFC 9162 section 2.1.
#[must_use]
pub fn top_of_leaves<H: TreeHasher>(hasher: &H, leaves: &[Hash]) -> Hash {
    let Some((left, right)) = split(leaves) else {
        return leaves.first().copied().unwrap_or(Hash::ZERO);
    };
    let height = u8::try_from(leaves.len().trailing_zeros()).unwrap_or(u8::MAX);
    let join = if leaves.len().is_power_of_two() { Join::Node { height } } else { Join::Bag };
    hasher.join(join, &top_of_leaves(hasher, left), &top_of_leaves(hasher, right))
}

/// At the largest power of two below the length; `None` for one leaf or none.
fn split(leaves: &[Hash]) -> Option<(&[Hash], &[Hash])> {
    let below = leaves.len().checked_sub(1).filter(|below| *below != 0)?;
    leaves.split_at_checked(1_usize.checked_shl(below.ilog2())?)
}
