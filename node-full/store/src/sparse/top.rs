//! The upper part of a state tree: a hash for each node down to some depth.

use cairn_verifier::digest::Hash;
use cairn_verifier::state::{Path, hasher};

use super::{Leaves, StoreError};

/// The node over all records. The halves of node `n` are `2n` and `2n + 1`.
pub(super) const ROOT: u32 = 1;
/// How many records a subtree has at most, on average; then there are twice as many subtrees.
const CROWD: u64 = 16;
/// The deepest: 66 MB of hashes.
const MAX_DEPTH: u32 = 20;

/// What stands over some records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Summary {
    pub(super) hash: Hash,
    pub(super) of: Of,
}

/// How many records: one of them is its leaf at whatever depth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    None,
    One,
    Many,
}

impl Summary {
    pub(super) const EMPTY: Self = Self { hash: Hash::ZERO, of: Of::None };

    pub(super) const fn leaf(hash: Hash) -> Self {
        Self { hash, of: Of::One }
    }

    pub(super) fn join(&self, right: &Self) -> Self {
        match (self.of, right.of) {
            (Of::None, Of::None | Of::One) => *right,
            (Of::One, Of::None) => *self,
            _ => Self { hash: hasher::node(&self.hash, &right.hash), of: Of::Many },
        }
    }
}

/// Leaves side by side, ascending.
type Row = [(Path, Hash)];

/// The summary of leaves, ascending, that agree in the bits before `depth`.
pub(super) fn summarise(leaves: &Row, depth: u32) -> Summary {
    match leaves {
        [] => Summary::EMPTY,
        [(_, leaf)] => Summary::leaf(*leaf),
        _ => {
            let (left, right) = halves(leaves, depth);
            let below = depth.saturating_add(1);
            summarise(left, below).join(&summarise(right, below))
        }
    }
}

/// Those with a 0 at a depth, and those with a 1.
pub(super) fn halves(leaves: &Row, depth: u32) -> (&Row, &Row) {
    leaves.split_at(leaves.partition_point(|(path, _)| !bit(path, depth)))
}

pub(super) fn bit(path: &Path, depth: u32) -> bool {
    usize::try_from(depth).is_ok_and(|depth| path.bit(depth))
}

pub(super) const fn children(node: u32) -> (u32, u32) {
    let left = node.saturating_mul(2);
    (left, left.saturating_add(1))
}

/// Every node down to `depth`.
#[derive(Debug)]
pub(super) struct Top {
    pub(super) depth: u32,
    /// How many records there are.
    pub(super) len: u64,
    /// By number; 0 is none.
    nodes: Vec<Summary>,
}

impl Top {
    /// Of all leaves there are.
    pub(super) fn of(leaves: &impl Leaves) -> Result<Self, StoreError> {
        let mut len = 0_u64;
        leaves.each(&mut |_, _| len = len.saturating_add(1))?;
        let depth = (0..MAX_DEPTH).find(|depth| len < (CROWD / 2) << depth).unwrap_or(MAX_DEPTH);
        let size = usize::try_from(2_u64 << depth).unwrap_or(usize::MAX);
        let mut top = Self { depth, len, nodes: vec![Summary::EMPTY; size] };
        let (mut at, mut crowd) = (0, Vec::new());
        leaves.each(&mut |path, hash| {
            let subtree = top.subtree(&path);
            if subtree != at {
                top.set(at, summarise(&crowd, depth));
                crowd.clear();
                at = subtree;
            }
            crowd.push((path, hash));
        })?;
        top.set(at, summarise(&crowd, depth));
        for node in (ROOT..1 << depth).rev() {
            let (left, right) = children(node);
            top.set(node, top.node(left).join(&top.node(right)));
        }
        Ok(top)
    }

    /// The node at the lowest depth that is over a path.
    pub(super) fn subtree(&self, path: &Path) -> u32 {
        let (head, _) = path.as_bytes().split_first_chunk::<4>().unwrap_or((&[0; 4], &[]));
        let number = u32::from_be_bytes(*head).checked_shr(32 - self.depth).unwrap_or(0);
        (1 << self.depth) | number
    }

    pub(super) fn node(&self, node: u32) -> Summary {
        let at = usize::try_from(node).ok().and_then(|node| self.nodes.get(node));
        at.copied().unwrap_or(Summary::EMPTY)
    }

    fn set(&mut self, node: u32, summary: Summary) {
        let at = usize::try_from(node).ok().and_then(|node| self.nodes.get_mut(node));
        // Number 0 is where an empty tree's walk ends: nothing is above the root.
        if let Some(place) = at.filter(|_| node != 0) {
            *place = summary;
        }
    }

    pub(super) fn take(&mut self, nodes: impl IntoIterator<Item = (u32, Summary)>, len: u64) {
        nodes.into_iter().for_each(|(node, summary)| self.set(node, summary));
        self.len = len;
    }

    pub(super) const fn is_crowded(&self) -> bool {
        self.depth < MAX_DEPTH && self.len > CROWD << self.depth
    }
}
