//! Append-only files of checksummed frames.
//!
//! ```text
//! file  = "cairn-segment 1\n" (16) || salt (16) || check of these (16) || frames
//! frame = magic u32 | length u32 | index u64 | back u32 | ahead u32 | check (16) | payload
//! check = first 16 bytes of derive_key("cairn v1 segment frame",
//!                                      salt || length || index || back || ahead || payload)
//! ```
//!
//! Integers are big-endian. `index` counts frames from the segment's first, which its file's name
//! says where one log has many segments. One append is one write and one sync;
//! `back` and `ahead` say how many frames of the same write stand before and after this one.
//! They tell a write that never finished (and so was never acknowledged: it is cut, whole) from
//! damage to durable bytes (a later write exists, so an earlier one had returned: an error, and
//! nothing is changed). The salt is random and never leaves the file, so that no payload can be
//! made to look like a frame.
//!
//! **Invariant:** an append that returned is on disk; one that failed left no trace.

mod frame;
mod scan;

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use crate::StoreError;
use crate::disk::DiskFile;
use crate::files;
use frame::{FILE_HEADER_LEN, FIRST_FRAME, FRAME_HEADER_LEN, FrameHeader, MAX_FRAME_LEN};

pub(crate) use frame::Salt;
pub(crate) use scan::{Found, scan};

pub use frame::MAX_PAYLOAD_LEN;

/// A segment, open for appending and reading from many threads.
#[derive(Debug)]
pub struct Segment {
    path: PathBuf,
    file: DiskFile,
    salt: Salt,
    /// Index of the first frame.
    first: u64,
    /// Where each frame begins, and last where the next one will.
    bounds: RwLock<Vec<u64>>,
    tail: Mutex<Tail>,
}

#[derive(Debug)]
struct Tail {
    /// A failed write could not be undone: what is behind the end is unknown.
    poisoned: bool,
}

/// What opening a segment found and did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a plain answer")]
pub struct Opened {
    /// How many frames there are.
    pub frames: u64,
    /// How many bytes of an unfinished write were cut off the end.
    pub cut: u64,
}

impl Segment {
    /// Opens a segment, or makes an empty one, and shows every frame to `visit` in order, the first
    /// with index `first`. An unfinished write at the end is cut. `at_least` frames are known to be
    /// durable: with fewer, the end is damaged and not unfinished.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Io`], or what `visit` says; nothing is changed then.
    pub fn open<E: From<StoreError>>(
        path: &Path,
        (first, at_least): (u64, u64),
        mut visit: impl FnMut(u64, &[u8]) -> Result<(), E>,
    ) -> Result<(Self, Opened), E> {
        if !path.exists() {
            create(path)?;
        }
        let file = DiskFile::open(path)?;
        let salt = read_salt(path, file.file())?;
        let found = scan((path, file.file(), salt), (first, at_least), &mut visit)?;
        let end = found.bounds.last().copied().unwrap_or(FIRST_FRAME);
        if found.len > end {
            let cut = file.set_len(end).and_then(|()| file.sync());
            cut.map_err(StoreError::io("cut the unfinished write off", path))?;
        }
        let frames = count(&found.bounds);
        let segment = Self {
            path: path.to_owned(),
            file,
            salt,
            first,
            bounds: RwLock::new(found.bounds),
            tail: Mutex::new(Tail { poisoned: false }),
        };
        let cut = found.len.saturating_sub(end);
        Ok((segment, Opened { frames, cut }))
    }

    /// How many frames there are.
    #[must_use]
    pub fn frames(&self) -> u64 {
        count(&self.bounds.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Index of the first frame, now or later.
    #[must_use]
    pub const fn first(&self) -> u64 {
        self.first
    }

    /// Index of the next frame.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.first.saturating_add(self.frames())
    }

    /// Where each frame begins, and last where they end.
    pub(crate) fn bounds(&self) -> Vec<u64> {
        self.bounds.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The length of the file in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let bounds = self.bounds.read().unwrap_or_else(PoisonError::into_inner);
        bounds.last().copied().unwrap_or(FIRST_FRAME)
    }

    /// Appends frames with one write, and returns the index of the first when they are durable.
    ///
    /// # Errors
    /// [`StoreError::Io`] or [`StoreError::TooLarge`]: nothing was appended.
    /// [`StoreError::Poisoned`]: nor can anything be, until the segment is opened again.
    pub fn append_batch(&self, payloads: &[&[u8]]) -> Result<u64, StoreError> {
        let mut tail = self.lock_tail();
        if tail.poisoned {
            return Err(StoreError::Poisoned { path: self.path.clone() });
        }
        let (first, end) = (self.end(), self.bytes());
        let (bytes, bounds) = self.encode(payloads, first, end)?;
        let written = self.file.write_all_at(&bytes, end).and_then(|()| self.file.sync());
        if let Err(error) = written {
            let undone = self.file.set_len(end).and_then(|()| self.file.sync());
            tail.poisoned = undone.is_err();
            return Err(StoreError::io("append to", &self.path)(error));
        }
        let mut known = self.bounds.write().unwrap_or_else(PoisonError::into_inner);
        known.extend(bounds);
        Ok(first)
    }

    /// The frames as one write, and where each of them ends.
    fn encode(
        &self,
        payloads: &[&[u8]],
        first: u64,
        start: u64,
    ) -> Result<(Vec<u8>, Vec<u64>), StoreError> {
        let total = payloads.iter().map(|payload| payload.len().saturating_add(FRAME_HEADER_LEN));
        let mut bytes = Vec::with_capacity(total.sum());
        let mut bounds = Vec::with_capacity(payloads.len());
        let count = u32::try_from(payloads.len()).unwrap_or(u32::MAX);
        for (back, payload) in (0_u32..count).zip(payloads) {
            let found = u64::try_from(payload.len()).unwrap_or(u64::MAX);
            let too_large = |_| StoreError::TooLarge {
                path: self.path.clone(),
                limit: u64::from(MAX_PAYLOAD_LEN),
                found,
            };
            let length = u32::try_from(found).map_err(too_large)?;
            if length > MAX_PAYLOAD_LEN {
                let (path, limit) = (self.path.clone(), u64::from(MAX_PAYLOAD_LEN));
                return Err(StoreError::TooLarge { path, limit, found });
            }
            let header = FrameHeader {
                length,
                index: first.saturating_add(u64::from(back)),
                back,
                ahead: count.saturating_sub(back).saturating_sub(1),
            };
            bytes.extend_from_slice(&header.encode(&self.salt, payload));
            bytes.extend_from_slice(payload);
            bounds.push(start.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX)));
        }
        Ok((bytes, bounds))
    }

    /// The payload of a frame, checked again.
    ///
    /// # Errors
    /// [`StoreError::NoFrame`], [`StoreError::Corrupt`] if the disk changed it, or
    /// [`StoreError::Io`].
    pub fn read(&self, index: u64) -> Result<Vec<u8>, StoreError> {
        let (start, end) = self
            .place(index)
            .ok_or_else(|| StoreError::NoFrame { path: self.path.clone(), index })?;
        read_frame((&self.path, self.file.file(), self.salt), index, start..end)
    }

    /// Cuts the last frames off, so that `frames` are left: those of a write that was durable
    /// here, but never counted elsewhere.
    pub(crate) fn cut_to(&self, frames: u64) -> Result<(), StoreError> {
        let mut tail = self.lock_tail();
        let Some((start, _)) = self.place(self.first.saturating_add(frames)) else { return Ok(()) };
        let cut = self.file.set_len(start).and_then(|()| self.file.sync());
        tail.poisoned = cut.is_err();
        cut.map_err(StoreError::io("cut the uncounted frames off", &self.path))?;
        let mut known = self.bounds.write().unwrap_or_else(PoisonError::into_inner);
        let bounds = usize::try_from(frames).unwrap_or(usize::MAX).saturating_add(1);
        known.truncate(bounds);
        Ok(())
    }

    /// Makes all of it durable, also what an earlier process wrote.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn sync(&self) -> Result<(), StoreError> {
        self.file.sync().map_err(StoreError::io("sync", &self.path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where a frame begins and ends.
    pub(crate) fn place(&self, index: u64) -> Option<(u64, u64)> {
        let bounds = self.bounds.read().unwrap_or_else(PoisonError::into_inner);
        let index = usize::try_from(index.checked_sub(self.first)?).ok()?;
        match bounds.get(index..index.checked_add(2)?) {
            Some([start, end]) => Some((*start, *end)),
            _ => None,
        }
    }

    fn lock_tail(&self) -> MutexGuard<'_, Tail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A segment's file, to be read.
pub(crate) type Place<'a> = (&'a Path, &'a File, Salt);

/// The payload of the frame with this index that is said to stand at these bytes.
pub(crate) fn read_frame(
    (path, file, salt): Place<'_>,
    index: u64,
    range: Range<u64>,
) -> Result<Vec<u8>, StoreError> {
    let corrupt = || StoreError::Corrupt { path: path.to_owned(), offset: range.start, index };
    let length = range.end.checked_sub(range.start).ok_or_else(corrupt)?;
    if length > MAX_FRAME_LEN {
        return Err(corrupt());
    }
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
    match file.read_exact_at(&mut bytes, range.start) {
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Err(corrupt()),
        read => read.map_err(StoreError::io("read", path))?,
    }
    let checked = FrameHeader::check(&salt, &bytes);
    if checked.is_none_or(|header| header.index != index) {
        return Err(corrupt());
    }
    bytes.drain(..FRAME_HEADER_LEN.min(bytes.len()));
    Ok(bytes)
}

/// One less than the bounds: the last bound is where the next frame will begin.
fn count(bounds: &[u64]) -> u64 {
    u64::try_from(bounds.len().saturating_sub(1)).unwrap_or(u64::MAX)
}

pub(crate) fn create(path: &Path) -> Result<(), StoreError> {
    if let Some(parent) = path.parent() {
        files::create_dir(parent)?;
    }
    let mut salt = [0; 16];
    let filled = getrandom::fill(&mut salt).map_err(std::io::Error::other);
    filled.map_err(StoreError::io("get random bytes for", path))?;
    DiskFile::create(path, &Salt(salt).file_header()).map(drop)
}

pub(crate) fn read_salt(path: &Path, file: &File) -> Result<Salt, StoreError> {
    let mut header = [0; FILE_HEADER_LEN];
    match file.read_exact_at(&mut header, 0) {
        Err(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => {
            Err(StoreError::io("read", path)(error))
        }
        read => read
            .ok()
            .and_then(|()| Salt::of_file(&header))
            .ok_or_else(|| StoreError::Corrupt { path: path.to_owned(), offset: 0, index: 0 }),
    }
}

#[cfg(test)]
mod tests;
