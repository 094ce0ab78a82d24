//! The entries of a log, or its blocks, of which old ones can be forgotten, or were never here.
//!
//! ```text
//! entries/        the log of all entries, or of those from some segment on
//! kept/           a log too, made with the first pruning. Its frames:
//!                 0 | index (8) | the entry    one of the forgotten that is needed still
//!                 1 | index (8)                entries before this one are forgotten
//! blocks/         the same for blocks, each with its height as its index
//! kept-blocks/
//! ```
//!
//! Whole segments are forgotten, oldest first. What is to be kept of them and how far they go is
//! durable before the first file is removed; a crash in between is finished by the next opening.
//!
//! **Invariant:** an entry that is neither forgotten nor read is damage, and is never taken for
//! pruning: only the mark says what was forgotten.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use crate::StoreError;
use crate::log::{self, Log, SEGMENT_LEN};
use crate::segment::Opened;

const ENTRY: u8 = 0;
const MARK: u8 = 1;

/// What a log is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "each has its folders")]
pub enum Of {
    /// Signed events.
    Entries,
    /// Headers with their certificates.
    Blocks,
}

impl Of {
    /// The folder of the log.
    #[must_use]
    pub const fn folder(self) -> &'static str {
        match self {
            Self::Entries => "entries",
            Self::Blocks => "blocks",
        }
    }

    /// The folder of what was kept of those that are gone.
    #[must_use]
    pub const fn kept_folder(self) -> &'static str {
        match self {
            Self::Entries => "kept",
            Self::Blocks => "kept-blocks",
        }
    }
}

/// The entries of a log, open for appending and reading from many threads.
#[derive(Debug)]
pub struct Entries {
    /// Of what was kept.
    kept_dir: PathBuf,
    dir: PathBuf,
    log: Log,
    kept: RwLock<Kept>,
}

/// What pruning left behind.
#[derive(Debug, Default)]
struct Kept {
    /// None before the first pruning.
    log: Option<Log>,
    /// Entries before `begin` that are here, and their frames.
    frames: BTreeMap<u64, u64>,
    begin: u64,
}

impl Entries {
    /// Opens the entries in a directory of logs, or makes an empty log; as [`Log::open`] does.
    ///
    /// # Errors
    /// As [`Log::open`]; [`StoreError::Gap`] if the first entries are missing and were not pruned.
    pub fn open(
        (dir, of): (&Path, Of),
        limit: u64,
        at_least: u64,
    ) -> Result<(Self, Opened), StoreError> {
        let kept_dir = dir.join(of.kept_folder());
        let kept = Kept::open(&kept_dir)?;
        let path = dir.join(of.folder());
        log::remove_before(&path, kept.begin)?;
        let (log, opened) = Log::open_from(&path, limit, (kept.begin, at_least))?;
        let (expected, found) = (kept.begin, log.begin());
        if found != expected {
            return Err(StoreError::Gap { path, expected: found, found: expected });
        }
        let kept = RwLock::new(kept);
        Ok((Self { kept_dir, dir: path, log, kept }, opened))
    }

    /// Makes the folders of a log whose entries before `begin` were never here, but for those that
    /// are handed over, strictly ascending. What was there must be gone.
    ///
    /// # Errors
    /// [`StoreError::Io`]; [`StoreError::NoFrame`] if something is there.
    pub fn begin_at(
        (dir, of): (&Path, Of),
        begin: u64,
        kept: &[(u64, Vec<u8>)],
    ) -> Result<(), StoreError> {
        let (entries, _) = Self::open((dir, of), SEGMENT_LEN, 0)?;
        if entries.end() != 0 || entries.kept().log.is_some() {
            return Err(StoreError::NoFrame { index: entries.end(), path: entries.dir });
        }
        let frame =
            |index: &u64, entry: &[u8]| [&[ENTRY][..], &index.to_be_bytes(), entry].concat();
        let mut frames: Vec<_> = kept.iter().map(|(index, entry)| frame(index, entry)).collect();
        frames.push([&[MARK][..], &begin.to_be_bytes()].concat());
        entries.keep(&frames)?;
        // The empty log begins with this entry when it is opened again.
        let path = entries.dir.clone();
        drop(entries);
        std::fs::remove_dir_all(&path).map_err(StoreError::io("remove", &path))
    }

    /// Index of the first entry of those that are all there.
    #[must_use]
    pub fn begin(&self) -> u64 {
        self.kept().begin
    }

    /// Index of the next entry.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.log.end()
    }

    /// Whether an entry can be read: it is there, and not forgotten.
    #[must_use]
    pub fn has(&self, index: u64) -> bool {
        let kept = self.kept();
        let is_kept = kept.frames.contains_key(&index);
        is_kept || (kept.begin..self.end()).contains(&index)
    }

    /// Those before [`Entries::begin`] that are kept, ascending.
    #[must_use]
    pub fn kept_indices(&self) -> Vec<u64> {
        self.kept().frames.keys().copied().collect()
    }

    /// Bytes on disk.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let kept = self.kept().log.as_ref().map_or(0, Log::bytes);
        self.log.bytes().saturating_add(kept)
    }

    /// Appends entries; as [`Log::append_batch`] does.
    ///
    /// # Errors
    /// As [`Log::append_batch`].
    pub fn append_batch(&self, entries: &[&[u8]]) -> Result<u64, StoreError> {
        self.log.append_batch(entries)
    }

    /// An entry, checked again.
    ///
    /// # Errors
    /// As [`Log::read`]; [`StoreError::NoFrame`] too if it was pruned.
    pub fn read(&self, index: u64) -> Result<Vec<u8>, StoreError> {
        if let Some(entry) = self.kept().read(index)? {
            return Ok(entry);
        }
        // Its segment may be removed while it is opened.
        self.log.read(index).map_err(|error| self.if_pruned(index, error))
    }

    /// Shows entries in order, as [`Log::scan`] does. Pruned ones are an error.
    ///
    /// # Errors
    /// As [`Entries::read`], or what `visit` says.
    pub fn scan<E: From<StoreError>>(
        &self,
        range: Range<u64>,
        visit: impl FnMut(u64, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.log.scan(range, visit)
    }

    /// Removes the entries from `end` on, with which a write must have begun. Whoever asks has them
    /// elsewhere, and derives nothing from them any more.
    ///
    /// # Errors
    /// [`StoreError::Io`]; what is left ends with an entry, and cutting again goes on.
    pub fn cut(self, end: u64) -> Result<Self, StoreError> {
        Ok(Self { log: self.log.cut(end)?, ..self })
    }

    /// The first entry that pruning at `before` would leave: whole segments go, and never the last.
    #[must_use]
    pub fn border(&self, before: u64) -> u64 {
        let ends = self.log.segments_info().into_iter().filter(|segment| segment.is_closed);
        let ends = ends.map(|segment| segment.first.saturating_add(segment.frames));
        ends.take_while(|end| *end <= before).last().unwrap_or_else(|| self.begin())
    }

    /// Forgets the entries before `border`, but for those in `keep`. Returns how many bytes of files
    /// were removed.
    ///
    /// # Errors
    /// [`StoreError::NoFrame`] if `border` is none of [`Entries::border`] or an entry in `keep` is
    /// not there; nothing is forgotten then. [`StoreError::Io`]; the next opening goes on.
    pub fn prune(&self, border: u64, keep: &[u64]) -> Result<u64, StoreError> {
        if self.border(border) != border {
            return Err(StoreError::NoFrame { path: self.dir.clone(), index: border });
        }
        let mut frames = Vec::with_capacity(keep.len().saturating_add(1));
        for index in keep.iter().filter(|index| !self.kept().frames.contains_key(index)) {
            frames.push([&[ENTRY][..], &index.to_be_bytes(), &self.read(*index)?].concat());
        }
        frames.push([&[MARK][..], &border.to_be_bytes()].concat());
        self.keep(&frames)?;
        self.log.forget(border)
    }

    /// Makes durable what stays, and how far the rest goes.
    fn keep(&self, frames: &[Vec<u8>]) -> Result<(), StoreError> {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if kept.log.is_none() {
            kept.log = Some(Log::open(&self.kept_dir, SEGMENT_LEN, 0)?.0);
        }
        let Some(log) = &kept.log else { return Ok(()) };
        let first = log.append_batch(&frames.iter().map(Vec::as_slice).collect::<Vec<_>>())?;
        (first..).zip(frames).for_each(|(number, frame)| kept.take(number, frame));
        Ok(())
    }

    fn if_pruned(&self, index: u64, error: StoreError) -> StoreError {
        if index < self.begin() {
            return StoreError::NoFrame { path: self.dir.clone(), index };
        }
        error
    }

    fn kept(&self) -> RwLockReadGuard<'_, Kept> {
        self.kept.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn open(dir: &Path) -> Result<Self, StoreError> {
        let mut kept = Self::default();
        if !dir.is_dir() {
            return Ok(kept);
        }
        let (log, _) = Log::open(dir, SEGMENT_LEN, 0)?;
        log.scan(log.begin()..log.end(), |number, frame| {
            kept.take(number, frame);
            Ok::<_, StoreError>(())
        })?;
        kept.log = Some(log);
        Ok(kept)
    }

    /// Takes in a frame; each was written here, and checked when it was read.
    fn take(&mut self, number: u64, frame: &[u8]) {
        let Some((kind, rest)) = frame.split_first() else { return };
        let Some(index) = rest.first_chunk().map(|bytes| u64::from_be_bytes(*bytes)) else {
            return;
        };
        match *kind {
            ENTRY => _ = self.frames.insert(index, number),
            MARK => self.begin = self.begin.max(index),
            _ => {}
        }
    }

    fn read(&self, index: u64) -> Result<Option<Vec<u8>>, StoreError> {
        // Before its segment is forgotten, the log itself has it.
        let number = self.frames.get(&index).filter(|_| index < self.begin);
        let (Some(log), Some(number)) = (&self.log, number) else { return Ok(None) };
        Ok(Some(log.read(*number)?.split_off(1 + size_of::<u64>())))
    }
}

#[cfg(test)]
mod tests;
