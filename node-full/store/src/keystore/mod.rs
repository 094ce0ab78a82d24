//! Records that can be forgotten: the salt and the wraps of each sealed event.
//!
//! Deleting from a file, or from any database we measured, leaves the bytes on disk. Here every
//! record is sealed under a key of its own, the keys stand in a tree of nodes that are sealed in
//! turn, and one secret at the top opens all. To erase a record is to write its path anew, without
//! its key and under fresh keys, and then to overwrite one old secret of 32 bytes.
//!
//! ```text
//! root.keys      root secret ------------+
//!                                        v opens
//! level-1.nodes              [ 256 keys of nodes below ]
//!                              |                  |
//! level-0.nodes   [ 256 keys of records ] [ 256 keys of records ] ...
//!                    |     |
//! records.seg      record record ...
//! ```
//!
//! # On disk
//! Integers are big-endian, pages are 4,096 bytes, `seal` is XChaCha20-Poly1305 and gives
//! nonce (24, random) || ciphertext || tag (16). Every file is for its owner only (mode 0600).
//!
//! ```text
//! records.seg   a segment; frame n = event id (32) || seal(record n), under record key n,
//!               bound to "cairn v1 key store record" || n (8) || event id
//! level-L.nodes page: "cairn-keynode 1\n" || L (1) || zeros
//!               then for node n, at 4,096 + 24,576 n, two slots of 12,288:
//!               slot = generation (8) || seal(256 keys of 32), under the key in its parent,
//!               bound to "cairn v1 key store node" || L (1) || n (8) || generation (8)
//! root.keys     page: "cairn-keyroot 1\n" || zeros
//!               then two pages, each with one slot:
//!               slot = generation (8) || height (1) || records (8) || root secret (32) || check
//!               check = derive_key("cairn v1 key store root", all before it)
//! ```
//!
//! Key i of node n of level L is that of node 256 n + i of level L - 1, or of record 256 n + i; a
//! key of zeros is none, and the record is erased. The height follows from the number of records:
//! the least that gives each a key. The generation counts commits. Which of a node's slots is
//! current is not said: only one opens, because every write of a node has a fresh key.
//!
//! # A commit
//! 1. Append the new records' frames; sync.
//! 2. Write each touched node, from the leaves up, into its other slot; sync the levels.
//! 3. Write the new root into its other slot; sync. This is the commit.
//! 4. Overwrite the old root's slot with noise. To erase: sync, and read it back. A put leaves that
//!    to the next sync; it does so at all that a damaged root is never taken for a torn one, with
//!    the older root instead.
//! 5. To erase: overwrite the given up slots of nodes too. Nothing depends on that, so no sync.
//!
//! Opening takes the newest whole root and cuts frames that it does not count. If the other root is
//! whole too, the newest is written and synced again. Then the other slot is overwritten as in 4,
//! because an erase may have ended between 3 and 4.
//!
//! **Invariant:** of all keys, only root secrets are ever on disk in the clear, and when a store
//! was opened or `erase` returned, only the current one.
//! **Invariant:** a put that returned is never lost, an erase that returned is never undone.
//! **Invariant:** damage is an error and changes nothing.

mod cache;
mod change;
mod level;
mod node;
mod root;
mod secret;
mod tree;
mod writer;

use std::fmt;
use std::path::Path;
use std::sync::Mutex;

use cairn_verifier::digest::EventId;
use zeroize::Zeroizing;

use crate::disk::DiskFile;
use crate::segment::{Opened, Segment};
use crate::{StoreError, files};
use level::Level;
use root::RootFile;
use tree::Tree;
use writer::Writer;

/// The longest record in bytes.
pub const MAX_RECORD_LEN: u64 = 64 << 10;
/// What a record is sealed for: this, number and event id.
const DOMAIN: &[u8] = b"cairn v1 key store record";
/// Slots begin at pages.
const PAGE: u64 = 4_096;

/// Numbered records that can be erased, open for one writer at a time and many readers.
/// Only one store may be open on a directory; the caller sees to that.
#[derive(Debug)]
pub struct KeyStore {
    records: Segment,
    tree: Tree,
    writer: Mutex<Writer>,
}

/// What became of a record.
#[derive(Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a record is one or the other")]
pub enum Record {
    /// It is as it was put.
    Kept(Zeroizing<Vec<u8>>),
    /// It was erased.
    Erased,
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kept(bytes) => write!(f, "Kept({} bytes)", bytes.len()),
            Self::Erased => f.write_str("Erased"),
        }
    }
}

impl KeyStore {
    /// Opens the store in a directory, or makes an empty one, and shows number and event of every
    /// record to `visit` in order, those of erased ones too. What a crash left unfinished is cut,
    /// or finished if it was an erase.
    ///
    /// # Errors
    /// [`StoreError::KeysDamaged`], [`StoreError::Corrupt`], [`StoreError::Io`], or what `visit`
    /// says; nothing is changed then but names of unfinished files.
    /// [`StoreError::NotForgotten`] if the disk keeps what was overwritten.
    pub fn open<E: From<StoreError>>(
        dir: &Path,
        mut visit: impl FnMut(u64, EventId) -> Result<(), E>,
    ) -> Result<(Self, Opened), E> {
        files::create_dir(dir)?;
        files::tidy(dir)?;
        let (root_file, root) = open_root(dir)?;
        // Whoever made these files may have been killed before their names were durable.
        files::sync_dir(dir)?;
        let count = root.records;
        let tree = Tree::open(dir, root)?;
        let path = dir.join("records.seg");
        if count > 0 {
            // A missing file is not to be made anew.
            DiskFile::open(&path)?;
        }
        let (records, opened) = Segment::open(&path, (0, count), |number, frame| {
            if number >= count {
                return Ok(());
            }
            let (event, _) = split(frame).ok_or_else(|| damaged(&path, 0, "record"))?;
            visit(number, event)
        })?;
        let uncut = records.bytes();
        records.cut_to(count)?;
        root_file.forget_old()?;
        let cut = opened.cut.saturating_add(uncut.saturating_sub(records.bytes()));
        let writer = Mutex::new(Writer { root: root_file, poisoned: false });
        Ok((Self { records, tree, writer }, Opened { frames: count, cut }))
    }

    /// How many records there are, with the erased ones.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.tree.state().root.records
    }

    /// Whether no record was ever put.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes that its files take at most.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let fixed = self.records.bytes().saturating_add(root::FILE_LEN);
        fixed.saturating_add(self.tree.bytes())
    }

    /// A record.
    ///
    /// # Errors
    /// [`StoreError::NoFrame`], [`StoreError::KeysDamaged`], [`StoreError::Corrupt`] or
    /// [`StoreError::Io`].
    pub fn get(&self, number: u64) -> Result<Record, StoreError> {
        self.check_number(number)?;
        let Some(key) = self.tree.record_key(number)? else {
            return Ok(Record::Erased);
        };
        let frame = self.records.read(number)?;
        let opened =
            split(&frame).and_then(|(event, sealed)| key.open(sealed, &bound_to(number, &event)));
        opened.map(Record::Kept).ok_or_else(|| self.damaged_record(number))
    }

    /// The event of a record, erased or not.
    ///
    /// # Errors
    /// [`StoreError::NoFrame`], [`StoreError::Corrupt`] or [`StoreError::Io`].
    pub fn event_of(&self, number: u64) -> Result<EventId, StoreError> {
        self.check_number(number)?;
        let frame = self.records.read(number)?;
        split(&frame).map(|(event, _)| event).ok_or_else(|| self.damaged_record(number))
    }

    fn check_number(&self, index: u64) -> Result<(), StoreError> {
        if index < self.len() {
            return Ok(());
        }
        Err(StoreError::NoFrame { path: self.records.path().to_owned(), index })
    }

    fn damaged_record(&self, number: u64) -> StoreError {
        let (offset, _) = self.records.place(number).unwrap_or_default();
        damaged(self.records.path(), offset, "record")
    }
}

/// The root file is the first to be made: where others are without it, it was lost, and opening
/// it says so.
fn open_root(dir: &Path) -> Result<(RootFile, root::Root), StoreError> {
    let path = dir.join("root.keys");
    let others = [dir.join("records.seg"), Level::path(dir, 0)];
    if !path.exists() && !others.iter().any(|other| other.exists()) {
        RootFile::create(&path)?;
    }
    RootFile::open(&path)
}

/// The event and the sealed record of a frame.
fn split(frame: &[u8]) -> Option<(EventId, &[u8])> {
    let (event, sealed) = frame.split_first_chunk::<32>()?;
    Some((EventId::from_bytes(*event), sealed))
}

fn bound_to(number: u64, event: &EventId) -> Vec<u8> {
    [DOMAIN, &number.to_be_bytes(), event.as_bytes()].concat()
}

fn damaged(path: &Path, offset: u64, what: &'static str) -> StoreError {
    StoreError::KeysDamaged { path: path.to_owned(), offset, what }
}

#[cfg(test)]
mod tests;
