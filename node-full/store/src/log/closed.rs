//! A segment that nothing changes any more.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::SegmentInfo;
use crate::StoreError;
use crate::files::{self, Secrecy};
use crate::segment::{Found, Place, Salt, read_frame, read_salt, scan};

/// Length of one offset in bytes.
const OFFSET_LEN: u64 = 4;

/// A closed segment; its files are opened when they are first read.
#[derive(Debug)]
pub(super) struct Closed {
    path: PathBuf,
    range: Range<u64>,
    bytes: u64,
    files: OnceLock<Files>,
}

#[derive(Debug)]
struct Files {
    segment: File,
    salt: Salt,
    offsets: File,
}

impl Closed {
    /// A closed segment with these frames. If its offsets are not as many, it is read whole and
    /// they are made again.
    pub(super) fn open(path: PathBuf, range: Range<u64>) -> Result<Self, StoreError> {
        let segment = File::open(&path).map_err(StoreError::io("open", &path))?;
        let bytes = segment.metadata().map_err(StoreError::io("read", &path))?.len();
        let closed = Self { path, range, bytes, files: OnceLock::new() };
        let offsets = std::fs::metadata(closed.offsets_path()).map_or(0, |about| about.len());
        if offsets != closed.offsets_len() {
            closed.make_offsets(&segment)?;
        }
        Ok(closed)
    }

    /// Writes the offsets of a segment that is being closed.
    pub(super) fn write(
        path: PathBuf,
        range: Range<u64>,
        bounds: &[u64],
    ) -> Result<Self, StoreError> {
        let bytes = bounds.last().copied().unwrap_or(0);
        let closed = Self { path, range, bytes, files: OnceLock::new() };
        closed.write_offsets(bounds)?;
        Ok(closed)
    }

    pub(super) const fn range(&self) -> &Range<u64> {
        &self.range
    }

    pub(super) const fn frames(&self) -> u64 {
        self.range.end.saturating_sub(self.range.start)
    }

    pub(super) const fn bytes(&self) -> u64 {
        self.bytes.saturating_add(self.offsets_len())
    }

    pub(super) fn info(&self) -> SegmentInfo {
        SegmentInfo {
            path: self.path.clone(),
            first: self.range.start,
            frames: self.frames(),
            bytes: self.bytes,
            is_closed: true,
        }
    }

    const fn offsets_len(&self) -> u64 {
        self.frames().saturating_add(1).saturating_mul(OFFSET_LEN)
    }

    fn offsets_path(&self) -> PathBuf {
        self.path.with_extension("off")
    }

    /// The payload of a frame. Where the offsets lead to no frame, they are made again: they are
    /// derived, and only the segment itself can be damaged.
    pub(super) fn read(&self, index: u64) -> Result<Vec<u8>, StoreError> {
        let files = self.files()?;
        match self.read_by(files, index, self.bounds_of(&files.offsets, index)?) {
            Err(StoreError::Corrupt { .. }) => {
                let bounds = self.make_offsets(&files.segment)?;
                let place = usize::try_from(index.saturating_sub(self.range.start)).unwrap_or(0);
                let bound = |place: usize| bounds.get(place).copied().unwrap_or(0);
                self.read_by(files, index, bound(place)..bound(place.saturating_add(1)))
            }
            read => read,
        }
    }

    /// Shows frames in order, reading the segment as a whole.
    pub(super) fn scan<E: From<StoreError>>(
        &self,
        range: Range<u64>,
        visit: &mut impl FnMut(u64, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        if range.start != self.range.start {
            // The rest of a segment, one by one.
            for index in range {
                visit(index, &self.read(index)?)?;
            }
            return Ok(());
        }
        let files = self.files()?;
        let mut shown = |index: u64, payload: &[u8]| {
            if range.contains(&index) { visit(index, payload) } else { Ok(()) }
        };
        let place = (self.path.as_path(), &files.segment, files.salt);
        self.whole(place, &mut shown)?;
        Ok(())
    }

    fn read_by(
        &self,
        files: &Files,
        index: u64,
        bounds: Range<u64>,
    ) -> Result<Vec<u8>, StoreError> {
        read_frame((&self.path, &files.segment, files.salt), index, bounds)
    }

    fn bounds_of(&self, offsets: &File, index: u64) -> Result<Range<u64>, StoreError> {
        let at = index.saturating_sub(self.range.start).saturating_mul(OFFSET_LEN);
        let mut bytes = [0; 8];
        let read = offsets.read_exact_at(&mut bytes, at);
        read.map_err(StoreError::io("read", &self.offsets_path()))?;
        let [a, b, c, d, e, f, g, h] = bytes;
        let bound = |bytes| u64::from(u32::from_be_bytes(bytes));
        Ok(bound([a, b, c, d])..bound([e, f, g, h]))
    }

    fn files(&self) -> Result<&Files, StoreError> {
        if let Some(files) = self.files.get() {
            return Ok(files);
        }
        let open = |path: &Path| File::open(path).map_err(StoreError::io("open", path));
        let segment = open(&self.path)?;
        let salt = read_salt(&self.path, &segment)?;
        let offsets = open(&self.offsets_path())?;
        Ok(self.files.get_or_init(|| Files { segment, salt, offsets }))
    }

    /// Reads the whole segment, which must hold just these frames.
    fn whole<E: From<StoreError>>(
        &self,
        place: Place<'_>,
        visit: &mut impl FnMut(u64, &[u8]) -> Result<(), E>,
    ) -> Result<Found, E> {
        let found = scan(place, (self.range.start, 0), visit)?;
        let offset = found.bounds.last().copied().unwrap_or(0);
        let frames = u64::try_from(found.bounds.len().saturating_sub(1)).unwrap_or(u64::MAX);
        let (path, index) = (self.path.clone(), self.range.start.saturating_add(frames));
        if found.len != offset {
            return Err(StoreError::Corrupt { path, offset, index }.into());
        }
        if index != self.range.end {
            let (expected, found) = (self.range.end, index);
            return Err(StoreError::Gap { path, expected, found }.into());
        }
        Ok(found)
    }

    fn make_offsets(&self, segment: &File) -> Result<Vec<u64>, StoreError> {
        let salt = read_salt(&self.path, segment)?;
        let nothing = &mut |_, _: &[u8]| Ok::<_, StoreError>(());
        let found = self.whole((self.path.as_path(), segment, salt), nothing)?;
        self.write_offsets(&found.bounds)?;
        Ok(found.bounds)
    }

    fn write_offsets(&self, bounds: &[u64]) -> Result<(), StoreError> {
        let path = self.offsets_path();
        let offset = |bound: &u64| u32::try_from(*bound).unwrap_or(u32::MAX).to_be_bytes();
        let bytes: Vec<u8> = bounds.iter().flat_map(offset).collect();
        files::replace(&path, &bytes, Secrecy::Public, false)
    }
}
