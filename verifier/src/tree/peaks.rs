//! A tree's peaks: all that must be kept of a tree to let it grow.

use core::fmt;

use super::{
    ConsistencyError, Join, Proof, TreeHasher, TreeSize, consistency_proof_len, verify_consistency,
};
use crate::digest::Hash;
use crate::wire::{Reader, Refused};

/// The largest number of peaks: one for each bit of [`super::MAX_TREE_SIZE`].
pub const MAX_PEAKS: usize = 53;

/// Why peaks were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PeaksError {
    /// The number of hashes is not the number of peaks of a tree of this size.
    Count {
        /// One for each bit of the size.
        expected: usize,
        /// Given.
        found: usize,
    },
    /// The tree has as many leaves as a tree may have.
    Full {
        /// Its size.
        size: u64,
    },
    /// The peaks lead to another root.
    RootMismatch {
        /// The root of the tree.
        expected: Hash,
        /// Where the peaks lead.
        found: Hash,
    },
    /// The peaks say that they are of a tree of another size.
    Size {
        /// The size of the tree.
        expected: u64,
        /// What the peaks say.
        found: u64,
    },
}

impl PeaksError {
    /// The stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Count { .. } => "peaks-count",
            Self::Full { .. } => "peaks-full",
            Self::RootMismatch { .. } => "peaks-root-mismatch",
            Self::Size { .. } => "peaks-size",
        }
    }
}

impl fmt::Display for PeaksError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count { expected, found } => {
                write!(f, "there are {found} peaks, a tree of this size has {expected}")
            }
            Self::Full { size } => write!(f, "a tree of {size} leaves cannot grow"),
            Self::RootMismatch { expected, found } => {
                write!(f, "the peaks lead to root {found}, the tree has {expected}")
            }
            Self::Size { expected, found } => {
                write!(f, "the peaks are of a tree of {found} leaves, not {expected}")
            }
        }
    }
}

impl core::error::Error for PeaksError {}

/// What bytes say the peaks of a tree are. [`Peaks::verify`] makes a fact of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeaksClaim<'a> {
    size: TreeSize,
    hashes: &'a [[u8; 32]],
}

impl<'a> PeaksClaim<'a> {
    /// These peaks, from left to right, of a tree of this size.
    #[must_use]
    pub const fn new(size: TreeSize, hashes: &'a [[u8; 32]]) -> Self {
        Self { size, hashes }
    }

    /// Reads a size and as many hashes as it has bits.
    ///
    /// # Errors
    /// Truncated, or a size above the largest.
    pub fn read(reader: &mut Reader<'a>) -> Result<Self, Refused> {
        let size = TreeSize::read(reader)?;
        Ok(Self { size, hashes: reader.digests(count(size))? })
    }
}

/// The peaks of a tree that their holder knows: a fact, which is why a range can start from it.
///
/// They come from [`Peaks::empty`], from [`Peaks::append`], and from [`Peaks::verify`] against the
/// size and root of a tree that is itself a fact, such as that of a final header. There is no
/// other way to one, so nobody who answers a question can choose where the answer starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peaks {
    size: TreeSize,
    /// By height; zero where the size has no such bit.
    hashes: [Hash; MAX_PEAKS],
}

impl Peaks {
    /// The tree without leaves.
    #[must_use]
    pub const fn empty() -> Self {
        Self { size: TreeSize::EMPTY, hashes: [Hash::ZERO; MAX_PEAKS] }
    }

    /// The peaks that are claimed, if they are those of the tree of this size and root.
    ///
    /// # Errors
    /// [`PeaksError`], all but `Full`.
    pub fn verify<H: TreeHasher>(
        hasher: &H,
        claim: PeaksClaim<'_>,
        (size, root): (TreeSize, &Hash),
    ) -> Result<Self, PeaksError> {
        if claim.size != size {
            return Err(PeaksError::Size { expected: size.get(), found: claim.size.get() });
        }
        let (expected, found) = (count(size), claim.hashes.len());
        if expected != found {
            return Err(PeaksError::Count { expected, found });
        }
        let mut peaks = Self { size, ..Self::empty() };
        // The lowest peak stands last.
        let mut hashes = claim.hashes.iter().rev();
        for slot in present(size, &mut peaks.hashes) {
            *slot = hashes.next().map_or(Hash::ZERO, |hash| Hash::from_bytes(*hash));
        }
        let found = peaks.root(hasher);
        if found != *root {
            return Err(PeaksError::RootMismatch { expected: *root, found });
        }
        Ok(peaks)
    }

    /// Adds the next leaf.
    ///
    /// # Errors
    /// [`PeaksError::Full`].
    pub fn append<H: TreeHasher>(&mut self, hasher: &H, leaf: Hash) -> Result<(), PeaksError> {
        let size = self.size.get();
        let next = size.checked_add(1).and_then(TreeSize::new);
        let next = next.ok_or(PeaksError::Full { size })?;
        // Like adding one to a number: every peak up to the first gap is carried into the next.
        let carries = usize::try_from(size.trailing_ones()).unwrap_or(MAX_PEAKS);
        let mut carry = leaf;
        for (height, slot) in (1..).zip(self.hashes.iter_mut().take(carries)) {
            let left = core::mem::replace(slot, Hash::ZERO);
            carry = hasher.join(Join::Node { height }, &left, &carry);
        }
        let gap = self.hashes.get_mut(carries).ok_or(PeaksError::Full { size })?;
        *gap = carry;
        self.size = next;
        Ok(())
    }

    /// How many leaves the tree has.
    #[must_use]
    pub const fn size(&self) -> TreeSize {
        self.size
    }

    /// The peaks, from left to right.
    pub fn iter(&self) -> impl Iterator<Item = Hash> + use<'_> {
        present(self.size, &self.hashes).rev().copied()
    }

    /// The root of the tree.
    #[must_use]
    pub fn root<H: TreeHasher>(&self, hasher: &H) -> Hash {
        let mut right_to_left = present(self.size, &self.hashes);
        let lowest = right_to_left.next().copied();
        let bagged = lowest
            .map(|lowest| right_to_left.fold(lowest, |bag, p| hasher.join(Join::Bag, p, &bag)));
        hasher.root(self.size, bagged.as_ref())
    }

    /// Appends the size and the peaks, for [`PeaksClaim::read`].
    #[cfg(feature = "alloc")]
    pub fn write(&self, writer: &mut crate::wire::Writer) {
        writer.u64(self.size.get());
        for peak in self.iter() {
            writer.raw(peak.as_bytes());
        }
    }
}

/// How many peaks a tree of this size has.
fn count(size: TreeSize) -> usize {
    usize::try_from(size.get().count_ones()).unwrap_or(usize::MAX)
}

/// Of what is there for each height, what is there for the heights of the peaks, lowest first.
fn present<T>(
    size: TreeSize,
    heights: impl IntoIterator<Item = T, IntoIter: DoubleEndedIterator + ExactSizeIterator>,
) -> impl DoubleEndedIterator<Item = T> {
    let bit = move |height| size.get().checked_shr(height).is_some_and(|bits| bits & 1 == 1);
    let heights = (0..53_u32).zip(heights);
    heights.filter(move |(height, _)| bit(*height)).map(|(_, item)| item)
}

/// Checks that `leaves` are the leaves that follow on the tree of `peaks`, in the new tree, which
/// has all of that tree too. Gives the peaks after them, from which the next range starts.
///
/// The proof is the consistency proof from there to the new tree: empty if that is its end.
///
/// # Errors
/// Every variant of [`ConsistencyError`]; the old tree is the one after the leaves.
pub fn verify_range<H: TreeHasher>(
    hasher: &H,
    peaks: &Peaks,
    leaves: &[Hash],
    proof: Proof<'_>,
    (new, new_root): (TreeSize, &Hash),
) -> Result<Peaks, ConsistencyError> {
    let added = u64::try_from(leaves.len()).unwrap_or(u64::MAX);
    let end = peaks.size.get().saturating_add(added);
    let too_many = ConsistencyError::OldIsLarger { old: end, new: new.get() };
    let old = TreeSize::new(end).ok_or(too_many)?;
    let (expected, found) = (consistency_proof_len::<H>(old, new)?, proof.len());
    if expected != found {
        return Err(ConsistencyError::ProofLength { expected, found });
    }
    let mut peaks = peaks.clone();
    for leaf in leaves {
        peaks.append(hasher, *leaf).map_err(|_| too_many)?;
    }
    verify_consistency(hasher, (old, &peaks.root(hasher)), (new, new_root), proof)?;
    Ok(peaks)
}
