//! The root file: the one secret in the clear, in one of two slots.

use std::path::Path;

use cairn_verifier::digest;
use cairn_verifier::wire::Reader;

use zeroize::Zeroizing;

use super::node::{Place, Slot, height_over, last_node};
use super::secret::{KEY_LEN, Key, fill};
use super::{PAGE, damaged};
use crate::StoreError;
use crate::disk::DiskFile;

const MAGIC: &[u8; 16] = b"cairn-keyroot 1\n";
const CONTEXT: &str = "cairn v1 key store root";
/// Generation, height, record count, root secret, check.
const SLOT_LEN: usize = 8 + 1 + 8 + KEY_LEN + 32;

/// The state of the whole tree.
#[derive(Clone, Debug)]
pub(super) struct Root {
    /// Counts commits.
    pub(super) generation: u64,
    /// How many records were put.
    pub(super) records: u64,
    /// The key of the top node; in an empty tree, of nothing.
    pub(super) secret: Key,
}

impl Root {
    /// How many levels of nodes there are.
    pub(super) fn height(&self) -> u8 {
        height_over(self.records)
    }

    /// The top node; `None` in an empty tree.
    pub(super) fn top(&self) -> Option<Place> {
        self.height().checked_sub(1).map(|level| Place { level, number: 0 })
    }

    /// How many nodes a level has.
    pub(super) fn nodes(&self, level: u8) -> u64 {
        if level >= self.height() {
            return 0;
        }
        self.records.checked_sub(1).map_or(0, |last| last_node(last, level).saturating_add(1))
    }

    fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(SLOT_LEN));
        bytes.extend_from_slice(&self.generation.to_be_bytes());
        bytes.push(self.height());
        bytes.extend_from_slice(&self.records.to_be_bytes());
        bytes.extend_from_slice(self.secret.as_bytes());
        let check = digest::derive(CONTEXT, &[&bytes]);
        bytes.extend_from_slice(&check);
        bytes
    }

    /// The root in a slot; `None` if it was never written whole.
    fn decode(slot: &[u8]) -> Option<Self> {
        let (fields, check) = slot.split_at_checked(SLOT_LEN - 32)?;
        let mut reader = Reader::new(fields);
        let generation = reader.u64().ok()?;
        let height = reader.u8().ok()?;
        let records = reader.u64().ok()?;
        let secret = Key::from_bytes(reader.rest().try_into().ok()?);
        let whole = digest::derive(CONTEXT, &[fields]).as_slice() == check;
        let root = Self { generation, records, secret };
        (whole && root.height() == height).then_some(root)
    }
}

/// The root file, open. Each commit goes to the slot that is not current.
#[derive(Debug)]
pub(super) struct RootFile {
    file: DiskFile,
    current: Slot,
}

impl RootFile {
    /// Makes the file, with an empty tree.
    pub(super) fn create(path: &Path) -> Result<(), StoreError> {
        let root = Root { generation: 1, records: 0, secret: Key::random(path)? };
        let mut bytes = MAGIC.to_vec();
        bytes.resize(usize::try_from(PAGE).unwrap_or_default(), 0);
        bytes.extend_from_slice(&root.encode());
        bytes.resize(usize::try_from(3 * PAGE).unwrap_or_default(), 0);
        DiskFile::create(path, &bytes).map(drop)
    }

    /// Opens the file, and makes durable what it found.
    pub(super) fn open(path: &Path) -> Result<(Self, Root), StoreError> {
        let file = DiskFile::open(path)?;
        let magic = file.read_up_to(MAGIC.len(), 0).map_err(StoreError::io("read", path))?;
        if magic != MAGIC {
            return Err(damaged(path, 0, "file header"));
        }
        let read = |slot| {
            let bytes = file.read_up_to(SLOT_LEN, offset(slot)).map(Zeroizing::new);
            Ok(Root::decode(&bytes.map_err(StoreError::io("read", path))?))
        };
        let (first, second) = (read(Slot::First)?, read(Slot::Second)?);
        let unfinished = first.is_some() && second.is_some();
        let roots = [(first, Slot::First), (second, Slot::Second)];
        let whole = roots.into_iter().filter_map(|(root, slot)| Some((root?, slot)));
        let newest = whole.max_by_key(|(root, _)| root.generation);
        let (root, current) =
            newest.ok_or_else(|| damaged(path, PAGE, "root in either of its two slots"))?;
        let root_file = Self { file, current };
        if unfinished {
            root_file.write_again(&root)?;
        }
        Ok((root_file, root))
    }

    /// A commit did not come to its end: its sync may never have been, or have failed, so that only
    /// this machine's memory holds the newer root. A sync alone would then not write it.
    fn write_again(&self, root: &Root) -> Result<(), StoreError> {
        let written = self.file.write_all_at(&root.encode(), offset(self.current));
        let synced = written.and_then(|()| self.file.sync());
        synced.map_err(StoreError::io("write the root again to", self.file.path()))
    }

    /// Writes the new root beside the old one, durably.
    pub(super) fn commit(&mut self, root: &Root) -> Result<(), StoreError> {
        let path = self.file.path();
        let written = self.file.write_all_at(&root.encode(), offset(self.current.other()));
        let synced = written.and_then(|()| self.file.sync());
        synced.map_err(StoreError::io("write the root to", path))?;
        self.current = self.current.other();
        Ok(())
    }

    /// Overwrites the slot that is not current; gives what it wrote. Durable with the next sync.
    pub(super) fn overwrite_old(&self) -> Result<[u8; SLOT_LEN], StoreError> {
        let mut noise = [0; SLOT_LEN];
        fill(self.file.path(), &mut noise)?;
        let written = self.file.write_all_at(&noise, offset(self.current.other()));
        written.map_err(StoreError::io("overwrite the old root in", self.file.path()))?;
        Ok(noise)
    }

    /// Overwrites the slot that is not current, durably, and looks whether it is so.
    pub(super) fn forget_old(&self) -> Result<(), StoreError> {
        let path = self.file.path();
        let noise = self.overwrite_old()?;
        self.file.sync().map_err(StoreError::io("sync", path))?;
        let at = offset(self.current.other());
        let found = self.file.read_up_to(SLOT_LEN, at).map_err(StoreError::io("read", path))?;
        if found == noise {
            return Ok(());
        }
        Err(StoreError::NotForgotten { path: path.to_owned(), offset: at })
    }

    pub(super) fn path(&self) -> &Path {
        self.file.path()
    }
}

/// The slots are the second and the third page.
const fn offset(slot: Slot) -> u64 {
    PAGE.saturating_mul(slot.index().saturating_add(1))
}

/// The length of the file.
pub(super) const FILE_LEN: u64 = 3 * PAGE;
