//! Many leaves are under a root, by one proof that says nothing twice.
//!
//! The order of the hashes is that of the recursive tree of RFC 9162, section 2.1, from left to
//! right: a part of the tree without any of the leaves is one hash, and no other part is one.
//! So which hashes there are, and how many, follows from the indices and the size.

use super::{InclusionError, Subtree, TreeHasher, TreeSize};
use crate::digest::Hash;
use crate::wire::{Reader, Refused};

/// A batch proof as it travels: a list of hashes, from the left to the right of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchProof<'a> {
    hashes: &'a [[u8; 32]],
}

impl<'a> BatchProof<'a> {
    /// A proof of these hashes.
    #[must_use]
    pub const fn new(hashes: &'a [[u8; 32]]) -> Self {
        Self { hashes }
    }

    /// Reads a four-byte count, at most `limit`, and that many hashes. Whoever knows the indices
    /// can give [`batch_proof_len`]; 255 is enough for leaves in a row.
    ///
    /// # Errors
    /// Truncated, or more than `limit`.
    pub fn read(reader: &mut Reader<'a>, limit: u32) -> Result<Self, Refused> {
        let found = reader.u32()?;
        let count = reader.within("batch proof length", found.into(), limit.into())?;
        Ok(Self { hashes: reader.digests(count)? })
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

    /// The hashes, from left to right.
    pub fn iter(self) -> impl Iterator<Item = Hash> + use<'a> {
        self.hashes.iter().map(|bytes| Hash::from_bytes(*bytes))
    }

    /// Appends the count and the hashes.
    #[cfg(feature = "alloc")]
    pub fn write(self, writer: &mut crate::wire::Writer) {
        writer.len32(self.hashes.len()).raw(self.hashes.as_flattened());
    }
}

/// Checks that each of these leaf hashes is, at its index, a leaf of the tree of `size` leaves
/// with this root. The indices ascend strictly. Work: one hash for each part of the tree that has
/// some but not all of its leaves here, so at most 53 a leaf.
///
/// # Errors
/// Every variant of [`InclusionError`]; all but the last before anything is hashed.
pub fn verify_batch_inclusion<H: TreeHasher>(
    hasher: &H,
    size: TreeSize,
    leaves: &[(u64, Hash)],
    proof: BatchProof<'_>,
    root: &Hash,
) -> Result<(), InclusionError> {
    let expected = batch_proof_len(size, leaves)?;
    let wrong_length = InclusionError::ProofLength { expected, found: proof.len() };
    if proof.len() != expected {
        return Err(wrong_length);
    }
    let top = top(hasher, whole(size), leaves, &mut proof.iter()).ok_or(wrong_length)?;
    let found = hasher.root(size, Some(&top));
    if found != *root {
        return Err(InclusionError::RootMismatch { expected: *root, found });
    }
    Ok(())
}

/// The only acceptable number of hashes for these leaves.
///
/// # Errors
/// As [`verify_batch_inclusion`], without the last two.
pub fn batch_proof_len(size: TreeSize, leaves: &[(u64, Hash)]) -> Result<usize, InclusionError> {
    let index = |leaf: &(u64, Hash)| leaf.0;
    expect_places(size, leaves, index)?;
    let mut count = 0_usize;
    each_other_part(whole(size), leaves, index, &mut |_| count = count.saturating_add(1));
    Ok(count)
}

/// The parts of the tree whose hashes are the proof for these indices, in its order: what a node
/// looks up in its tiles to serve one.
///
/// # Errors
/// As [`batch_proof_len`].
#[cfg(feature = "alloc")]
pub fn batch_subtrees(
    size: TreeSize,
    indices: &[u64],
) -> Result<alloc::vec::Vec<Subtree>, InclusionError> {
    let index = |index: &u64| *index;
    expect_places(size, indices, index)?;
    let mut parts = alloc::vec::Vec::new();
    each_other_part(whole(size), indices, index, &mut |part| parts.push(part));
    Ok(parts)
}

fn whole(size: TreeSize) -> Subtree {
    Subtree { start: 0, end: size.get() }
}

/// There are leaves, strictly ascending, and all below the size.
fn expect_places<T>(
    size: TreeSize,
    leaves: &[T],
    index: impl Fn(&T) -> u64,
) -> Result<(), InclusionError> {
    if size == TreeSize::EMPTY {
        return Err(InclusionError::EmptyTree);
    }
    if leaves.is_empty() {
        return Err(InclusionError::NoLeaves);
    }
    let mut before = None;
    for index in leaves.iter().map(index) {
        if let Some(before) = before.filter(|before| *before >= index) {
            return Err(InclusionError::NotAscending { before, index });
        }
        let out_of_range = InclusionError::LeafOutOfRange { index, size: size.get() };
        size.leaf(index).ok_or(out_of_range)?;
        before = Some(index);
    }
    Ok(())
}

/// Calls `found` with each part of `tree` that has none of the leaves, from left to right.
/// Goes no deeper than a tree is high, 53, because it goes only where a leaf is.
fn each_other_part<T>(
    tree: Subtree,
    leaves: &[T],
    index: impl Fn(&T) -> u64 + Copy,
    found: &mut impl FnMut(Subtree),
) {
    if leaves.is_empty() {
        found(tree);
    } else if let Some((left, right)) = tree.split() {
        let (in_left, in_right) = part(leaves, right.start, index);
        each_other_part(left, in_left, index, found);
        each_other_part(right, in_right, index, found);
    }
}

/// The hash that stands for `tree`, of the leaves and, for every part without any, of the proof.
/// `None` if the proof ends too early. As deep as [`each_other_part`].
fn top<H: TreeHasher>(
    hasher: &H,
    tree: Subtree,
    leaves: &[(u64, Hash)],
    proof: &mut impl Iterator<Item = Hash>,
) -> Option<Hash> {
    let [(_, leaf), ..] = leaves else { return proof.next() };
    let Some((left, right)) = tree.split() else { return Some(*leaf) };
    let (in_left, in_right) = part(leaves, right.start, |leaf| leaf.0);
    let left = top(hasher, left, in_left, proof)?;
    let right = top(hasher, right, in_right, proof)?;
    Some(hasher.join(tree.join(), &left, &right))
}

/// The leaves before `middle`, and the rest.
fn part<T>(leaves: &[T], middle: u64, index: impl Fn(&T) -> u64) -> (&[T], &[T]) {
    let count = leaves.partition_point(|leaf| index(leaf) < middle);
    leaves.split_at_checked(count).unwrap_or((leaves, &[]))
}
