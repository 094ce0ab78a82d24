//! An archive's parts, read one after the other.

use std::io::Read;

use super::verify::ArchiveError;
use super::{MAGIC, MAX_PART, PART_HEADER};

/// A file, read part by part.
pub(super) struct Parts<R> {
    file: R,
    /// Where the next part begins.
    at: u64,
    /// A part that was looked at and not taken.
    next: Option<(u8, Vec<u8>)>,
}

impl<R: Read> Parts<R> {
    pub(super) fn open(mut file: R) -> Result<Self, ArchiveError> {
        let mut magic = [0; MAGIC.len()];
        file.read_exact(&mut magic).map_err(|_| ArchiveError::NotAnArchive)?;
        if magic != *MAGIC {
            return Err(ArchiveError::NotAnArchive);
        }
        Ok(Self { file, at: 16, next: None })
    }

    /// The next part, which must be of this type.
    pub(super) fn expect(&mut self, kind: u8) -> Result<Vec<u8>, ArchiveError> {
        let at = self.at;
        match self.take()? {
            (found, bytes) if found == kind => Ok(bytes),
            (found, _) => {
                Err(ArchiveError::Part { at, expected: kind.into(), found: found.into() })
            }
        }
    }

    /// The next part, if it is of this type.
    pub(super) fn take_if(&mut self, kind: u8) -> Result<Option<Vec<u8>>, ArchiveError> {
        match self.take()? {
            (found, bytes) if found == kind => Ok(Some(bytes)),
            other => {
                self.next = Some(other);
                Ok(None)
            }
        }
    }

    fn take(&mut self) -> Result<(u8, Vec<u8>), ArchiveError> {
        if let Some(next) = self.next.take() {
            return Ok(next);
        }
        let at = self.at;
        let broken = |source| ArchiveError::Broken { at, source };
        let mut header = [0; PART_HEADER];
        self.file.read_exact(&mut header).map_err(broken)?;
        let [kind, length @ ..] = header;
        let length = u32::from_be_bytes(length);
        if length > MAX_PART {
            return Err(ArchiveError::TooLong { at, limit: MAX_PART, found: length });
        }
        // Grown as it is read, so that a length alone buys no memory.
        let mut bytes = Vec::new();
        let read = (&mut self.file).take(length.into()).read_to_end(&mut bytes).map_err(broken)?;
        if u32::try_from(read) != Ok(length) {
            return Err(broken(std::io::ErrorKind::UnexpectedEof.into()));
        }
        self.at = self.at.saturating_add(5).saturating_add(length.into());
        Ok((kind, bytes))
    }

    /// Nothing follows.
    pub(super) fn end(mut self) -> Result<(), ArchiveError> {
        let at = self.at;
        match self.file.read(&mut [0]) {
            Ok(0) => Ok(()),
            Ok(_) => Err(ArchiveError::Trailing { at }),
            Err(source) => Err(ArchiveError::Broken { at, source }),
        }
    }
}
