//! A log of frames over many segments, of which the last is appended to.
//!
//! ```text
//! <index of its first frame, 20 digits>.seg   a segment
//! <the same>.off                              where each of its frames begins, and last where
//!                                             they end: be32 each. Only of a closed segment.
//! ```
//!
//! A segment that reached its limit is closed: nothing changes it any more, so it can be copied
//! anywhere. Offsets are derived: lost or wrong ones are made again from their segment.
//!
//! **Invariant:** an append that returned is on disk; one that failed left no trace.

mod closed;
mod copy;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use crate::StoreError;
use crate::files;
use crate::segment::{Opened, Segment};
use closed::Closed;

pub use copy::{Copied, copy};

/// A closed segment has at least this many bytes, unless the caller says otherwise.
pub const SEGMENT_LEN: u64 = 64 << 20;

/// A log, open for appending and reading from many threads.
#[derive(Debug)]
pub struct Log {
    dir: PathBuf,
    /// From how many bytes on a segment is closed.
    limit: u64,
    segments: RwLock<Segments>,
    /// Held by the one that appends.
    append: Mutex<()>,
}

#[derive(Debug)]
struct Segments {
    /// Ascending, without gaps, up to the tail.
    closed: Vec<Arc<Closed>>,
    tail: Arc<Segment>,
}

/// One segment of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a plain answer")]
pub struct SegmentInfo {
    /// Its file.
    pub path: PathBuf,
    /// Index of its first frame.
    pub first: u64,
    /// How many frames it has.
    pub frames: u64,
    /// The length of the file in bytes.
    pub bytes: u64,
    /// Whether it can still change.
    pub is_closed: bool,
}

impl Log {
    /// Opens the log in a directory, or makes an empty one. An unfinished write at the end is cut.
    /// `at_least` frames are known to be durable. Only the last segment is read whole; what is
    /// before it is checked when it is read, and by [`Log::scan`].
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Gap`] or [`StoreError::Io`]; nothing is changed then.
    pub fn open(dir: &Path, limit: u64, at_least: u64) -> Result<(Self, Opened), StoreError> {
        Self::open_from(dir, limit, (0, at_least))
    }

    /// The same; an empty log begins with the frame `first`.
    pub(crate) fn open_from(
        dir: &Path,
        limit: u64,
        (first, at_least): (u64, u64),
    ) -> Result<(Self, Opened), StoreError> {
        files::create_dir(dir)?;
        let mut firsts = list(dir)?;
        let last = firsts.pop().unwrap_or(first);
        let mut closed = Vec::with_capacity(firsts.len());
        for (place, first) in firsts.iter().enumerate() {
            let next = firsts.get(place.saturating_add(1)).copied().unwrap_or(last);
            closed.push(Arc::new(Closed::open(segment_path(dir, *first), *first..next)?));
        }
        let path = segment_path(dir, last);
        let needed = at_least.saturating_sub(last);
        let nothing = |_, _: &[u8]| Ok::<_, StoreError>(());
        let (tail, opened) = Segment::open(&path, (last, needed), nothing)?;
        // A process that was killed may have written what it never synced, or named. From here on
        // others are told of it, so it must not go with the power.
        if opened.frames > 0 {
            tail.sync()?;
        }
        files::sync_dir(dir)?;
        let segments = RwLock::new(Segments { closed, tail: Arc::new(tail) });
        let log = Self { dir: dir.to_owned(), limit, segments, append: Mutex::new(()) };
        Ok((log, opened))
    }

    /// Index of the first frame that is still there.
    #[must_use]
    pub fn begin(&self) -> u64 {
        let segments = self.segments();
        segments.closed.first().map_or_else(|| segments.tail.first(), |first| first.range().start)
    }

    /// Index of the next frame.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.segments().tail.end()
    }

    /// Bytes of all segments and their offsets.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let segments = self.segments();
        let closed = segments.closed.iter().map(|segment| segment.bytes());
        closed.fold(segments.tail.bytes(), u64::saturating_add)
    }

    /// All segments, oldest first.
    #[must_use]
    pub fn segments_info(&self) -> Vec<SegmentInfo> {
        let segments = self.segments();
        let tail = &segments.tail;
        let closed = segments.closed.iter().map(|segment| segment.info());
        closed
            .chain([SegmentInfo {
                path: segment_path(&self.dir, tail.first()),
                first: tail.first(),
                frames: tail.frames(),
                bytes: tail.bytes(),
                is_closed: false,
            }])
            .collect()
    }

    /// Appends frames with one write, and returns the index of the first when they are durable.
    ///
    /// # Errors
    /// As [`Segment::append_batch`]; nothing was appended then.
    pub fn append_batch(&self, payloads: &[&[u8]]) -> Result<u64, StoreError> {
        let _one = self.append.lock().unwrap_or_else(PoisonError::into_inner);
        let tail = Arc::clone(&self.segments().tail);
        let tail =
            if tail.bytes() < self.limit || tail.frames() == 0 { tail } else { self.close(&tail)? };
        tail.append_batch(payloads)
    }

    /// Closes the last segment and begins another.
    fn close(&self, tail: &Segment) -> Result<Arc<Segment>, StoreError> {
        let (first, end) = (tail.first(), tail.end());
        let closed = Closed::write(segment_path(&self.dir, first), first..end, &tail.bounds())?;
        let nothing = |_, _: &[u8]| Ok::<_, StoreError>(());
        let (next, _) = Segment::open(&segment_path(&self.dir, end), (end, 0), nothing)?;
        let next = Arc::new(next);
        let mut segments = self.segments.write().unwrap_or_else(PoisonError::into_inner);
        segments.closed.push(Arc::new(closed));
        segments.tail = Arc::clone(&next);
        Ok(next)
    }

    /// The payload of a frame, checked again.
    ///
    /// # Errors
    /// [`StoreError::NoFrame`], [`StoreError::Corrupt`] or [`StoreError::Io`].
    pub fn read(&self, index: u64) -> Result<Vec<u8>, StoreError> {
        match self.segment_of(index) {
            Of::Closed(closed) => closed.read(index),
            Of::Tail(tail) => tail.read(index),
            Of::None => Err(StoreError::NoFrame { path: self.dir.clone(), index }),
        }
    }

    /// Shows frames in order, from one index up to another, checking each.
    ///
    /// # Errors
    /// As [`Log::read`], or what `visit` says.
    pub fn scan<E: From<StoreError>>(
        &self,
        range: std::ops::Range<u64>,
        mut visit: impl FnMut(u64, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut index = range.start;
        while index < range.end {
            match self.segment_of(index) {
                Of::Closed(closed) => {
                    let end = closed.range().end.min(range.end);
                    closed.scan(index..end, &mut visit)?;
                    index = end;
                }
                Of::Tail(tail) => {
                    visit(index, &tail.read(index)?)?;
                    index = index.saturating_add(1);
                }
                Of::None => {
                    return Err(StoreError::NoFrame { path: self.dir.clone(), index }.into());
                }
            }
        }
        Ok(())
    }

    /// Removes the closed segments whose frames all stand before `border`; how many bytes they had.
    /// Whoever asks has it written down that they are not missing.
    pub(crate) fn forget(&self, border: u64) -> Result<u64, StoreError> {
        let gone: Vec<_> = {
            let mut segments = self.segments.write().unwrap_or_else(PoisonError::into_inner);
            let count = segments.closed.partition_point(|segment| segment.range().end <= border);
            segments.closed.drain(..count).collect()
        };
        remove_before(&self.dir, border)?;
        Ok(gone.iter().fold(0, |sum, segment| sum.saturating_add(segment.bytes())))
    }

    /// Removes the frames from `end` on, with which a write must have begun; the newest first. Whoever
    /// asks has them elsewhere.
    pub(crate) fn cut(self, end: u64) -> Result<Self, StoreError> {
        let mut log = self;
        loop {
            let tail = Arc::clone(&log.segments().tail);
            if let Some(frames) = end.checked_sub(tail.first()) {
                tail.cut_to(frames)?;
                return Ok(log);
            }
            if log.segments().closed.is_empty() {
                return Err(StoreError::NoFrame { path: log.dir, index: end });
            }
            let (dir, limit, first) = (log.dir.clone(), log.limit, tail.first());
            std::fs::remove_file(tail.path()).map_err(StoreError::io("remove", tail.path()))?;
            files::sync_dir(&dir)?;
            drop((log, tail));
            // The segment before it is the last one now.
            log = Self::open(&dir, limit, first)?.0;
        }
    }

    fn segment_of(&self, index: u64) -> Of {
        let segments = self.segments();
        if (segments.tail.first()..segments.tail.end()).contains(&index) {
            return Of::Tail(Arc::clone(&segments.tail));
        }
        let place = segments.closed.partition_point(|segment| segment.range().end <= index);
        match segments.closed.get(place).filter(|segment| segment.range().contains(&index)) {
            Some(closed) => Of::Closed(Arc::clone(closed)),
            None => Of::None,
        }
    }

    fn segments(&self) -> RwLockReadGuard<'_, Segments> {
        self.segments.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The segment that holds a frame.
enum Of {
    Closed(Arc<Closed>),
    Tail(Arc<Segment>),
    None,
}

/// The file of the segment that begins with a frame.
fn segment_path(dir: &Path, first: u64) -> PathBuf {
    dir.join(format!("{first:020}.seg"))
}

/// Removes the files of segments that begin before a frame with which one begins.
pub(crate) fn remove_before(dir: &Path, border: u64) -> Result<(), StoreError> {
    if border == 0 || !dir.is_dir() {
        return Ok(());
    }
    let files = [named(dir, "off")?, named(dir, "seg")?].concat();
    for (_, path) in files.into_iter().filter(|(first, _)| *first < border) {
        std::fs::remove_file(&path).map_err(StoreError::io("remove", &path))?;
    }
    files::sync_dir(dir)
}

/// The first frames of all segments in a directory, ascending.
fn list(dir: &Path) -> Result<Vec<u64>, StoreError> {
    let mut firsts: Vec<u64> = named(dir, "seg")?.into_iter().map(|(first, _)| first).collect();
    firsts.sort_unstable();
    Ok(firsts)
}

/// The files that are named for a first frame and have an extension.
fn named(dir: &Path, wanted: &str) -> Result<Vec<(u64, PathBuf)>, StoreError> {
    let entries = std::fs::read_dir(dir).map_err(StoreError::io("list", dir))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(StoreError::io("list", dir))?.path();
        let is_wanted = path.extension().is_some_and(|extension| extension == wanted);
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        let first = stem.filter(|stem| is_wanted && stem.len() == 20).and_then(parse);
        files.extend(first.map(|first| (first, path.clone())));
    }
    Ok(files)
}

fn parse(digits: &str) -> Option<u64> {
    digits.parse().ok()
}

#[cfg(test)]
mod crash_tests;
#[cfg(test)]
mod tests;
