//! The file of one level's nodes.

use std::cmp::Reverse;
use std::path::{Path, PathBuf};

use cairn_verifier::wire::Reader;

use super::node::{NODE_LEN, Node, Slot};
use super::secret::{Key, SEAL_LEN, fill};
use super::{PAGE, damaged};
use crate::StoreError;
use crate::disk::DiskFile;

const MAGIC: &[u8; 16] = b"cairn-keynode 1\n";
/// What a node is sealed for: this, level, number and generation.
const DOMAIN: &[u8] = b"cairn v1 key store node";
/// Generation and sealed keys.
const SLOT_LEN: usize = 8 + SEAL_LEN + NODE_LEN;
/// From one slot to the next: whole pages, so that no write touches another slot's page.
const STRIDE: u64 = 3 * PAGE;

/// The file of one level's nodes, open.
#[derive(Debug)]
pub(super) struct Level {
    level: u8,
    file: DiskFile,
}

impl Level {
    pub(super) fn path(dir: &Path, level: u8) -> PathBuf {
        dir.join(format!("level-{level}.nodes"))
    }

    /// Opens a level's file.
    pub(super) fn open(dir: &Path, level: u8) -> Result<Self, StoreError> {
        let file = DiskFile::open(&Self::path(dir, level))?;
        let header = header(level);
        let found = file.read_up_to(header.len(), 0);
        if found.map_err(StoreError::io("read", file.path()))? != header {
            return Err(damaged(file.path(), 0, "file header"));
        }
        Ok(Self { level, file })
    }

    /// Opens a level's file, or makes it; one may be left of a write that never finished.
    pub(super) fn open_or_create(dir: &Path, level: u8) -> Result<Self, StoreError> {
        let path = Self::path(dir, level);
        if !path.exists() {
            DiskFile::create(&path, &header(level))?;
        }
        Self::open(dir, level)
    }

    /// The node of which this is the key, in whichever slot it lies: the other one opens not.
    pub(super) fn read(&self, number: u64, key: &Key) -> Result<Node, StoreError> {
        let at = offset(number, Slot::First);
        let limit = usize::try_from(STRIDE).unwrap_or(usize::MAX).saturating_add(SLOT_LEN);
        let bytes = self.file.read_up_to(limit, at);
        let bytes = bytes.map_err(StoreError::io("read", self.file.path()))?;
        let mut slots = [Slot::First, Slot::Second].map(|slot| (slot_bytes(&bytes, slot), slot));
        slots.sort_by_key(|(bytes, _)| Reverse(bytes.and_then(generation_of)));
        let open = |(bytes, slot): (Option<&[u8]>, Slot)| {
            let (generation, sealed) = bytes?.split_first_chunk::<8>()?;
            let keys = key.open(sealed, &self.bound_to(number, generation))?;
            Node::from_bytes(keys, slot)
        };
        slots.into_iter().find_map(open).ok_or_else(|| self.damaged(number))
    }

    /// Writes a node under a fresh key into the slot where it does not lie, and gives that key.
    pub(super) fn write(
        &self,
        number: u64,
        node: &mut Node,
        generation: u64,
    ) -> Result<Key, StoreError> {
        let path = self.file.path();
        let slot = node.slot.map_or(Slot::First, Slot::other);
        let key = Key::random(path)?;
        let generation = generation.to_be_bytes();
        let sealed = key.seal(path, node.as_bytes(), &self.bound_to(number, &generation))?;
        let bytes = [generation.as_slice(), &sealed].concat();
        let written = self.file.write_all_at(&bytes, offset(number, slot));
        written.map_err(StoreError::io("write a node to", path))?;
        node.slot = Some(slot);
        Ok(key)
    }

    pub(super) fn sync(&self) -> Result<(), StoreError> {
        self.file.sync().map_err(StoreError::io("sync", self.file.path()))
    }

    /// Overwrites a slot that holds no node any more.
    pub(super) fn overwrite(&self, number: u64, slot: Slot) -> Result<(), StoreError> {
        let mut noise = vec![0; SLOT_LEN];
        fill(self.file.path(), &mut noise)?;
        let written = self.file.write_all_at(&noise, offset(number, slot));
        written.map_err(StoreError::io("overwrite a node in", self.file.path()))
    }

    /// A node cannot be opened.
    pub(super) fn damaged(&self, number: u64) -> StoreError {
        damaged(self.file.path(), offset(number, Slot::First), "node in either of its two slots")
    }

    fn bound_to(&self, number: u64, generation: &[u8; 8]) -> Vec<u8> {
        [DOMAIN, &[self.level], &number.to_be_bytes(), generation].concat()
    }
}

/// Bytes that the file of so many nodes takes at most.
pub(super) const fn file_len(nodes: u64) -> u64 {
    PAGE.saturating_add(nodes.saturating_mul(2 * STRIDE))
}

/// The first page: magic, level, zeros.
fn header(level: u8) -> Vec<u8> {
    let mut header = [MAGIC.as_slice(), &[level]].concat();
    header.resize(usize::try_from(PAGE).unwrap_or_default(), 0);
    header
}

const fn offset(number: u64, slot: Slot) -> u64 {
    file_len(number).saturating_add(slot.index().saturating_mul(STRIDE))
}

/// A slot's bytes among those of both; `None` if the file ends before.
fn slot_bytes(both: &[u8], slot: Slot) -> Option<&[u8]> {
    let start = usize::try_from(slot.index().saturating_mul(STRIDE)).ok()?;
    both.get(start..start.checked_add(SLOT_LEN)?)
}

fn generation_of(slot: &[u8]) -> Option<u64> {
    Reader::new(slot).u64().ok()
}
