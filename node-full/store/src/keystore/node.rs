//! Nodes of the key tree, and where they stand in it.

use std::fmt;

use zeroize::Zeroizing;

use super::secret::{KEY_LEN, Key};

/// How many keys a node has.
pub(super) const WIDTH: usize = 256;
/// The length of a node's keys.
pub(super) const NODE_LEN: usize = WIDTH * KEY_LEN;

/// Where a node stands: node `number` of level `level`, counted from the left. Nodes of level 0
/// hold the keys of records; key `i` of node `n` above is that of node `256 n + i` one level below.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) level: u8,
    pub(super) number: u64,
}

impl Place {
    /// The node that holds the key of a record.
    pub(super) const fn of_record(record: u64) -> Self {
        Self { level: 0, number: record >> 8 }
    }

    pub(super) const fn parent(self) -> Self {
        Self { level: self.level.saturating_add(1), number: self.number >> 8 }
    }
}

/// Which of its parent's 256 keys a node or a record has.
pub(super) const fn index_in_parent(number: u64) -> u8 {
    let [.., last] = number.to_be_bytes();
    last
}

/// How many levels a tree has over so many records.
pub(super) fn height_over(records: u64) -> u8 {
    let Some(last) = records.checked_sub(1) else { return 0 };
    (1..=8).find(|height| last_node(last, height - 1) == 0).unwrap_or(8)
}

/// The number of the last node of a level, in a tree up to record `last`.
pub(super) fn last_node(last: u64, level: u8) -> u64 {
    let bits = u32::from(level).saturating_add(1).saturating_mul(8);
    last.checked_shr(bits).unwrap_or(0)
}

/// One of the two slots that each node has in its file, and the root in its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    First,
    Second,
}

impl Slot {
    pub(super) const fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }

    /// 0 or 1.
    pub(super) const fn index(self) -> u64 {
        match self {
            Self::First => 0,
            Self::Second => 1,
        }
    }
}

/// A node, opened: 256 keys, overwritten in memory when it is dropped. A key of zeros is none.
#[derive(Clone)]
pub(super) struct Node {
    keys: Zeroizing<Vec<u8>>,
    /// Where it lies on disk, if it does.
    pub(super) slot: Option<Slot>,
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node").field("slot", &self.slot).finish_non_exhaustive()
    }
}

impl Node {
    pub(super) fn empty() -> Self {
        Self { keys: Zeroizing::new(vec![0; NODE_LEN]), slot: None }
    }

    /// A node with these keys; `None` if they are not 256.
    pub(super) fn from_bytes(keys: Zeroizing<Vec<u8>>, slot: Slot) -> Option<Self> {
        (keys.len() == NODE_LEN).then_some(Self { keys, slot: Some(slot) })
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.keys
    }

    /// A key, if there is one.
    pub(super) fn key(&self, index: u8) -> Option<Key> {
        let (keys, _) = self.keys.as_chunks::<KEY_LEN>();
        let key = keys.get(usize::from(index))?;
        (*key != [0; KEY_LEN]).then(|| Key::from_bytes(key))
    }

    pub(super) fn set(&mut self, index: u8, key: &Key) {
        self.write(index, key.as_bytes());
    }

    /// Forgets a key; says whether there was one.
    pub(super) fn clear(&mut self, index: u8) -> bool {
        let held = self.key(index).is_some();
        self.write(index, &[0; KEY_LEN]);
        held
    }

    fn write(&mut self, index: u8, bytes: &[u8; KEY_LEN]) {
        let (keys, _) = self.keys.as_chunks_mut::<KEY_LEN>();
        if let Some(place) = keys.get_mut(usize::from(index)) {
            *place = *bytes;
        }
    }
}
