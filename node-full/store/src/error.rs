//! What can go wrong with files, said with path and place, and what to do.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why a file cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The operating system refused.
    #[error("cannot {doing} {path}: {source}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Durable bytes were changed: a frame does not check, but whole frames follow it.
    #[error(
        "{path} is damaged at byte {offset} (frame {index}): restore the file from a backup; \
         cutting it there would lose acknowledged data"
    )]
    Corrupt {
        /// The segment.
        path: PathBuf,
        /// Where the bad frame begins.
        offset: u64,
        /// Which frame it is.
        index: u64,
    },
    /// A tile on disk is not the one that the log makes.
    #[error("tile {path} does not agree with the log; delete it and it will be made again")]
    TileMismatch {
        /// The tile.
        path: PathBuf,
    },
    /// A tile on disk has another length than every tile has.
    #[error("tile {path} has {found} bytes, not {expected}; delete it and it will be made again")]
    TileLength {
        /// The tile.
        path: PathBuf,
        /// The length of every tile.
        expected: usize,
        /// The length found.
        found: usize,
    },
    /// A tile was never here, or was lost.
    #[error(
        "tile {0} is not here; if this node joined by a checkpoint, it proves no older places: ask \
         another node"
    )]
    NoTile(PathBuf),
    /// More than the limit.
    #[error("{path} is too large: {found} bytes, the limit is {limit}")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit.
        limit: u64,
        /// The length found.
        found: u64,
    },
    /// An earlier failed write could not be undone.
    #[error("{path} could not be put back after a failed write; restart the node to repair it")]
    Poisoned {
        /// The file.
        path: PathBuf,
    },
    /// No such frame.
    #[error("{path} has no frame {index}")]
    NoFrame {
        /// The segment.
        path: PathBuf,
        /// The frame asked for.
        index: u64,
    },
    /// A segment between two others is missing or too short.
    #[error(
        "{path} ends at frame {found}, the next segment begins at {expected}: restore the files between from a backup"
    )]
    Gap {
        /// The segment.
        path: PathBuf,
        /// Where the next one begins.
        expected: u64,
        /// Where this one ends.
        found: u64,
    },
    /// The index, which is derived from the log, cannot be used.
    #[error(
        "the index in {path} cannot be used: {reason}; restart the node, and if that does not \
         help, `cairn reindex` makes it again from the log"
    )]
    Index {
        /// Its directory.
        path: PathBuf,
        /// What its engine said.
        reason: String,
    },
    /// Files of the index are missing or torn, as lost power can leave them: it never syncs them.
    #[error(
        "the index in {path} is damaged: {reason}; `cairn reindex` makes it again from the log"
    )]
    IndexDamaged {
        /// Its directory.
        path: PathBuf,
        /// What its engine said.
        reason: String,
    },
    /// A part of the key store is not what was written there.
    #[error(
        "{path} is damaged at byte {offset}: its {what} cannot be opened; restore the whole key \
         store from one backup, and erase again what was erased since"
    )]
    KeysDamaged {
        /// The file.
        path: PathBuf,
        /// Where the part begins.
        offset: u64,
        /// Which part it is.
        what: &'static str,
    },
    /// What was to be forgotten is still there.
    #[error(
        "the old root secret in {path} at byte {offset} was overwritten, but other bytes are read \
         there: the disk does not forget; restart the node, and replace the disk if it is said again"
    )]
    NotForgotten {
        /// The root file.
        path: PathBuf,
        /// Where the secret stood.
        offset: u64,
    },
    /// A hash asked for lies outside the tree.
    #[error("a tree of {size} leaves has no {what}")]
    OutsideTree {
        /// What was asked for.
        what: &'static str,
        /// The tree's size.
        size: u64,
    },
}

impl StoreError {
    /// Whether the disk, a quota or the file size limit is exhausted, so that it may work later.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        matches!(self, Self::Io { source, .. } if matches!(
            source.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
        ))
    }

    /// Adds what was tried to an error of the system.
    pub fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing, path: path.to_owned(), source }
    }
}
