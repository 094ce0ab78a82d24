//! The state tree of a log, kept up to its newest block: records in the index, by path, and the
//! hashes of the tree's upper part in memory.
//!
//! ```text
//! in memory:  every node down to some depth        2^depth subtrees, of about ten records each
//! on disk:    path -> leaf | record                a subtree's leaves stand side by side
//! ```
//!
//! To change a record is to read its subtree's leaves, hash them again, and join upwards; a block
//! that changes many records joins each node once. Nothing but records is on disk, so nothing there
//! can disagree with them: opening reads every leaf and makes the root again.

mod memory;
mod prove;
#[cfg(test)]
mod tests;
mod top;

use std::collections::BTreeMap;

use cairn_verifier::digest::{Hash, LogId};
use cairn_verifier::state::{Path, hasher};

use crate::StoreError;
use top::{Summary, Top, summarise};

pub use memory::Memory;
pub use prove::Proven;

/// Where the leaves are.
pub trait Leaves {
    /// The leaves whose paths share the first `bits` bits with `path`, ascending.
    ///
    /// # Errors
    /// [`StoreError::Index`].
    fn under(&self, path: &Path, bits: u32) -> Result<Vec<(Path, Hash)>, StoreError>;

    /// Shows every leaf, ascending.
    ///
    /// # Errors
    /// [`StoreError::Index`].
    fn each(&self, show: &mut dyn FnMut(Path, Hash)) -> Result<(), StoreError>;

    /// The encoded record at a path.
    ///
    /// # Errors
    /// [`StoreError::Index`], or [`StoreError::IndexDamaged`] if it is not its leaf's.
    fn record(&self, path: &Path) -> Result<Option<Vec<u8>>, StoreError>;

    /// Takes in changes, which bring the records up to so many blocks, all or nothing.
    ///
    /// # Errors
    /// [`StoreError::Index`].
    fn put(&mut self, changes: &Changes, blocks: u64) -> Result<(), StoreError>;
}

/// Encoded records to be put in their place, or taken away.
pub type Records = BTreeMap<Path, Option<Vec<u8>>>;
/// A leaf with its encoded record.
pub type Leaf = (Hash, Vec<u8>);
/// The same with their leaves.
pub type Changes = BTreeMap<Path, Option<Leaf>>;

/// A state tree.
#[derive(Debug)]
pub struct SparseTree<L> {
    log: LogId,
    leaves: L,
    top: Top,
}

/// Changes that are not in the tree yet, with the hashes that they make.
#[derive(Clone, Debug, Default)]
pub struct Step {
    changes: Changes,
    nodes: BTreeMap<u32, Summary>,
    /// How many records the tree has then; none if nothing was changed.
    len: Option<u64>,
}

impl Step {
    /// How many records and nodes it holds.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.changes.len().saturating_add(self.nodes.len())
    }

    /// Adds a step that follows this one.
    pub fn then(&mut self, next: &Self) {
        let changes = next.changes.iter().map(|(path, leaf)| (*path, leaf.clone()));
        self.changes.extend(changes);
        self.nodes.extend(next.nodes.iter().map(|(node, summary)| (*node, *summary)));
        self.len = next.len.or(self.len);
    }
}

impl<L: Leaves> SparseTree<L> {
    /// The tree of these leaves. Reads all of them.
    ///
    /// # Errors
    /// [`StoreError::Index`].
    pub fn load(log: LogId, leaves: L) -> Result<Self, StoreError> {
        let top = Top::of(&leaves)?;
        Ok(Self { log, leaves, top })
    }

    /// Where its leaves are.
    pub const fn leaves(&self) -> &L {
        &self.leaves
    }

    /// How many records it has.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.top.len
    }

    /// Whether it has none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.top.len == 0
    }

    /// The root that a header carries.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.root_after(&Step::default())
    }

    /// The root after a step.
    #[must_use]
    pub fn root_after(&self, step: &Step) -> Hash {
        hasher::root(&self.log, &self.node(step, top::ROOT).hash)
    }

    /// Puts records in their place, or takes them away, in a step: the tree stays as it is.
    ///
    /// # Errors
    /// [`StoreError::Index`]; the step is of no use then.
    pub fn change(&self, step: &mut Step, changes: Records) -> Result<(), StoreError> {
        let mut by_subtree: BTreeMap<u32, Records> = BTreeMap::new();
        for (path, record) in changes {
            by_subtree.entry(self.top.subtree(&path)).or_default().insert(path, record);
        }
        let mut changed = Vec::with_capacity(by_subtree.len());
        for (subtree, changes) in by_subtree {
            self.change_subtree(step, subtree, changes)?;
            changed.push(subtree);
        }
        self.join_upwards(step, changed);
        Ok(())
    }

    fn change_subtree(
        &self,
        step: &mut Step,
        subtree: u32,
        changes: Records,
    ) -> Result<(), StoreError> {
        let Some((first, _)) = changes.first_key_value() else { return Ok(()) };
        let mut leaves = self.leaves_under(step, (first, self.top.depth))?;
        let before = leaves.len();
        for (path, record) in changes {
            let leaf = record.map(|record| (hasher::leaf(&path, &record), record));
            match &leaf {
                Some((hash, _)) => leaves.insert(path, *hash),
                None => leaves.remove(&path),
            };
            step.changes.insert(path, leaf);
        }
        let (before, after) = (count(before), count(leaves.len()));
        let len = step.len.unwrap_or(self.top.len);
        step.len = Some(len.saturating_add(after).saturating_sub(before));
        let leaves: Vec<_> = leaves.into_iter().collect();
        step.nodes.insert(subtree, summarise(&leaves, self.top.depth));
        Ok(())
    }

    /// The leaves that share the first `bits` bits with a path, as a step has them.
    fn leaves_under(
        &self,
        step: &Step,
        (path, bits): (&Path, u32),
    ) -> Result<BTreeMap<Path, Hash>, StoreError> {
        let mut leaves: BTreeMap<_, _> = self.leaves.under(path, bits)?.into_iter().collect();
        let (first, last) = range_of(path, bits);
        for (path, leaf) in step.changes.range(first..=last) {
            match leaf {
                Some((hash, _)) => leaves.insert(*path, *hash),
                None => leaves.remove(path),
            };
        }
        Ok(leaves)
    }

    /// Joins from changed subtrees, ascending, up to the root: each node once.
    fn join_upwards(&self, step: &mut Step, mut changed: Vec<u32>) {
        for _ in 0..self.top.depth {
            changed.iter_mut().for_each(|node| *node /= 2);
            changed.dedup();
            for node in &changed {
                let (left, right) = top::children(*node);
                let joined = self.node(step, left).join(&self.node(step, right));
                step.nodes.insert(*node, joined);
            }
        }
    }

    fn node(&self, step: &Step, node: u32) -> Summary {
        step.nodes.get(&node).copied().unwrap_or_else(|| self.top.node(node))
    }

    /// Takes in a step that was made of this tree, which brings it up to so many blocks. The step
    /// back from there, unless the tree was laid out anew because it grew.
    ///
    /// # Errors
    /// [`StoreError::Index`]; the tree is as it was.
    pub fn commit(&mut self, step: Step, blocks: u64) -> Result<Option<Step>, StoreError> {
        let back = self.back_from(&step)?;
        self.leaves.put(&step.changes, blocks)?;
        self.top.take(step.nodes, step.len.unwrap_or(self.top.len));
        if self.top.is_crowded() {
            self.top = Top::of(&self.leaves)?;
            return Ok(None);
        }
        Ok(Some(back))
    }

    /// What a step changes, as it is now.
    fn back_from(&self, step: &Step) -> Result<Step, StoreError> {
        let mut changes = Changes::new();
        for path in step.changes.keys() {
            let record = self.leaves.record(path)?;
            changes.insert(*path, record.map(|record| (hasher::leaf(path, &record), record)));
        }
        let nodes = step.nodes.keys().map(|node| (*node, self.top.node(*node))).collect();
        Ok(Step { changes, nodes, len: Some(self.top.len) })
    }
}

fn count(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

/// The first and the last path that begin with the same bits, at most 32.
pub(crate) fn range_of(path: &Path, bits: u32) -> (Path, Path) {
    let (head, _) = path.as_bytes().split_first_chunk::<4>().unwrap_or((&[0; 4], &[]));
    let rest = u32::MAX.checked_shr(bits).unwrap_or(0);
    let head = u32::from_be_bytes(*head) & !rest;
    let bytes = |head: u32, fill: u8| {
        let mut bytes = [fill; 32];
        let (start, _) = bytes.split_at_mut(4);
        start.copy_from_slice(&head.to_be_bytes());
        Path::from_bytes(bytes)
    };
    (bytes(head, 0), bytes(head | rest, 0xFF))
}
