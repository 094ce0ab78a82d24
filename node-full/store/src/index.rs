//! Finding entries of the log: by id, by what their writers say of them, by writer and stream.
//!
//! All of it is derived from the log, and says of itself up to where ([`Index::applied`]); what a
//! crash took is applied again from there, and an index that is lost is made from the log.
//!
//! Keys hold eight bytes of a hash in place of an id or a text, so what is found are *candidates*:
//! the caller reads the entry and sees whether it is what was asked for. A wrong index can
//! therefore hide an entry, and never make one up.
//!
//! Entries that came together and have the same term are one *run*: one key, of the last of them,
//! and the places of the others in the bucket, two bytes each. What most entries share, such as a
//! stream or a writer, then costs a few keys a commit, and not one an entry.
//!
//! All keys stand in one keyspace of the engine, because only that loses its newest writes together:
//! of two keyspaces one could be on disk further than the other after the power went away, and the
//! number that says how far the index is would be wrong.
//!
//! ```text
//! "i" | id (8) | index                                        -> nothing
//! "t" | bucket (4) | tag | hash of the text (8) | index       -> entries of the run before it
//! "n" | tag | text                                            -> nothing    by its beginning
//! "w" | stream | writer                                       -> next sequence | last id
//! "z" | index / 256                                           -> least time | greatest time
//! "h" | header digest                                         -> height
//! "s" | tree size | height                                    -> nothing
//! "k" | index | number of a key record                        -> nothing
//! "r" | path of a record of the state                         -> leaf | record
//! "m" | name                                                  -> a number that outlives the process
//! ```

mod apply;
mod damage;
mod scan;
mod state;
mod term;

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use cairn_verifier::digest::{EventId, HeaderDigest, KeyId, StreamId};
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};

use crate::StoreError;
use damage::failed;

pub use apply::IndexedEntry;
pub use scan::{Filter, Found, MAX_TERMS, Order, Scan};
pub use term::{Field, Term};

/// What the layout above is called; another one is made again from the log.
const LAYOUT: u64 = 5;
/// Memory for blocks read lately.
const CACHE_BYTES: u64 = 48 << 20;
/// Memory for what is not in a sorted file yet, unless the caller says otherwise.
pub const MEMORY: u64 = 32 << 20;
/// How far the journal may grow before the oldest memtable is written out.
const JOURNAL_BYTES: u64 = 256 << 20;
/// A bucket is this many entries. New entries touch the newest bucket alone, so that older ones are
/// never sorted again; a query looks into each.
const BUCKET: u64 = if cfg!(test) { 512 } else { 1 << 16 };
/// The most entries of a run.
const RUN: usize = 256;
/// A zone is this many entries, of which the least and the greatest time are known.
const ZONE: u64 = 256;

/// The index of one log.
pub struct Index {
    dir: PathBuf,
    db: Database,
    all: Keyspace,
    /// Texts whose names were written lately.
    known: Mutex<BTreeSet<[u8; 9]>>,
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index").field("dir", &self.dir).finish_non_exhaustive()
    }
}

/// A number that the index keeps for its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "each has its key")]
pub enum Mark {
    /// How many entries are in the index.
    Entries,
    /// How many blocks are.
    Blocks,
    /// How many key records are.
    Records,
    /// How many events' tiles are stored.
    EventTiles,
    /// How many headers' tiles are stored.
    HeaderTiles,
    /// How many events' RFC 6962 tiles are stored.
    Sha256Tiles,
    /// Up to which entry payloads were looked at that are kept for a time only.
    Expired,
    /// The index behind the entry that last said so.
    ExpiredSaid,
    /// After how many blocks the records of the state are.
    State,
}

impl Mark {
    const fn key(self) -> &'static [u8] {
        match self {
            Self::Entries => b"mentries",
            Self::Blocks => b"mblocks",
            Self::Records => b"mrecords",
            Self::EventTiles => b"mevent-tiles",
            Self::HeaderTiles => b"mheader-tiles",
            Self::Sha256Tiles => b"msha256-tiles",
            Self::Expired => b"mexpired",
            Self::ExpiredSaid => b"mexpired-said",
            Self::State => b"mstate",
        }
    }
}

impl Index {
    /// Opens the index in a directory, or makes an empty one; one of another layout is removed.
    /// `memory` is for what is not in a sorted file yet, in bytes.
    ///
    /// # Errors
    /// [`StoreError::IndexDamaged`]: remove the directory, and it is made again.
    /// [`StoreError::Index`]: the system refused.
    pub fn open(dir: &Path, memory: u64) -> Result<Self, StoreError> {
        let index = Self::open_as_is(dir, memory)?;
        let layout = index.number(b"mlayout")?;
        if layout == Some(LAYOUT) {
            return Ok(index);
        }
        drop(index);
        Self::remove(dir)?;
        let index = Self::open_as_is(dir, memory)?;
        let made = index.all.insert(b"mlayout".as_slice(), LAYOUT.to_be_bytes().as_slice());
        made.map_err(|error| index.failed(&error))?;
        Ok(index)
    }

    /// Removes an index, so that the next [`Index::open`] makes an empty one.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn remove(dir: &Path) -> Result<(), StoreError> {
        match std::fs::remove_dir_all(dir) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(StoreError::io("remove", dir)(error))
            }
            _ => Ok(()),
        }
    }

    fn open_as_is(dir: &Path, memory: u64) -> Result<Self, StoreError> {
        let failed = |error: fjall::Error| failed(dir, &error);
        let db = Database::builder(dir)
            .cache_size(CACHE_BYTES)
            .max_journaling_size(JOURNAL_BYTES)
            .worker_threads(1)
            .manual_journal_persist(true)
            .open()
            .map_err(failed)?;
        let options = || KeyspaceCreateOptions::default().max_memtable_size(memory);
        let all = db.keyspace("all", options).map_err(failed)?;
        let known = Mutex::new(BTreeSet::new());
        Ok(Self { dir: dir.to_owned(), db, all, known })
    }

    /// Makes everything applied so far durable. Not needed for soundness: what is lost is applied
    /// again.
    ///
    /// # Errors
    /// [`StoreError::Index`].
    pub fn persist(&self) -> Result<(), StoreError> {
        self.db.persist(PersistMode::SyncData).map_err(|error| self.failed(&error))
    }

    /// A number kept under this name; 0 if none is.
    ///
    /// # Errors
    /// [`StoreError::Index`].
    pub fn mark(&self, mark: Mark) -> Result<u64, StoreError> {
        Ok(self.number(mark.key())?.unwrap_or(0))
    }

    /// Keeps a number.
    ///
    /// # Errors
    /// [`StoreError::Index`].
    pub fn set_mark(&self, mark: Mark, number: u64) -> Result<(), StoreError> {
        let kept = self.all.insert(mark.key(), number.to_be_bytes().as_slice());
        kept.map_err(|error| self.failed(&error))
    }

    /// Indices of entries that may have this id.
    ///
    /// # Errors
    /// [`StoreError::Index`].
    pub fn find(&self, id: &EventId) -> Result<Vec<u64>, StoreError> {
        let mut found = Vec::new();
        for guard in self.all.prefix([b"i".as_slice(), &short(id.as_bytes())].concat()) {
            let key = guard.key().map_err(|error| self.failed(&error))?;
            found.extend(last_number(&key));
        }
        Ok(found)
    }

    /// The next sequence number of a writer in a stream, and its last event there.
    ///
    /// # Errors
    /// [`StoreError::Index`].
    pub fn next_of(&self, stream: &StreamId, writer: &KeyId) -> Result<(u64, EventId), StoreError> {
        let value = self.get(&writer_key(stream, writer))?;
        let parsed = value.as_deref().and_then(|value| {
            let (next, last) = value.split_first_chunk::<8>()?;
            Some((u64::from_be_bytes(*next), EventId::from(<[u8; 32]>::try_from(last).ok()?)))
        });
        Ok(parsed.unwrap_or((0, EventId::ZERO)))
    }

    /// Every stream and key that an entry was of, in no order that means anything.
    ///
    /// # Errors
    /// [`StoreError::Index`].
    pub fn writers(&self) -> Result<Vec<(StreamId, KeyId)>, StoreError> {
        let mut writers = Vec::new();
        for guard in self.all.prefix(b"w") {
            let key = guard.key().map_err(|error| self.failed(&error))?;
            let (ids, _) = key.get(1..).unwrap_or_default().as_chunks::<32>();
            if let [stream, writer] = ids {
                writers.push((StreamId::from_bytes(*stream), KeyId::from_bytes(*writer)));
            }
        }
        Ok(writers)
    }

    /// The height of the block whose header may have this digest.
    ///
    /// # Errors
    /// [`StoreError::Index`].
    pub fn height_of_digest(&self, digest: &HeaderDigest) -> Result<Option<u64>, StoreError> {
        self.number(&[b"h".as_slice(), digest.as_bytes()].concat())
    }

    /// The height of the first block whose tree holds an entry.
    ///
    /// # Errors
    /// [`StoreError::Index`].
    pub fn height_of(&self, index: u64) -> Result<Option<u64>, StoreError> {
        let from = [b"s".as_slice(), &index.saturating_add(1).to_be_bytes()].concat();
        let next = self.all.range(from..b"t".to_vec()).next();
        let Some(guard) = next else { return Ok(None) };
        let key = guard.key().map_err(|error| self.failed(&error))?;
        Ok(last_number(&key))
    }

    /// The numbers of an entry's key records: more than one if a crash made it be put again.
    ///
    /// # Errors
    /// [`StoreError::Index`].
    pub fn records_of(&self, index: u64) -> Result<Vec<u64>, StoreError> {
        let mut found = Vec::new();
        for guard in self.all.prefix([b"k".as_slice(), &index.to_be_bytes()].concat()) {
            let key = guard.key().map_err(|error| self.failed(&error))?;
            found.extend(last_number(&key));
        }
        Ok(found)
    }

    /// Bytes on disk.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        // Without the journal, which has its full length from the beginning.
        self.all.disk_space()
    }

    fn number(&self, key: &[u8]) -> Result<Option<u64>, StoreError> {
        Ok(self
            .get(key)?
            .and_then(|value| <[u8; 8]>::try_from(&*value).ok())
            .map(u64::from_be_bytes))
    }

    fn get(&self, key: &[u8]) -> Result<Option<fjall::Slice>, StoreError> {
        self.all.get(key).map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &fjall::Error) -> StoreError {
        failed(&self.dir, error)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, BTreeSet<[u8; 9]>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The first eight bytes of an id.
fn short(bytes: &[u8; 32]) -> [u8; 8] {
    bytes.first_chunk().copied().unwrap_or_default()
}

/// The number that a key ends with.
fn last_number(key: &[u8]) -> Option<u64> {
    key.last_chunk().map(|bytes| u64::from_be_bytes(*bytes))
}

fn writer_key(stream: &StreamId, writer: &KeyId) -> Vec<u8> {
    [b"w".as_slice(), stream.as_bytes(), writer.as_bytes()].concat()
}

#[cfg(test)]
mod tests;
