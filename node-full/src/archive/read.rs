//! An archive's parts, read one after the other.

use std::io::{self, Read, Seek};

use super::verify::ArchiveError;
use super::{MAGIC, MAX_PART, PART_HEADER};

/// A file, read part by part.
pub(super) struct Parts<R> {
    file: R,
    /// How far it was read.
    at: u64,
    /// Type and length of a part that was looked at and not taken.
    next: Option<(u8, u32)>,
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
        let at = self.next.map_or(self.at, |_| self.at.saturating_sub(5));
        match self.peek()? {
            (found, length) if found == kind => self.take(length),
            (found, _) => {
                Err(ArchiveError::Part { at, expected: kind.into(), found: found.into() })
            }
        }
    }

    /// The next part, if it is of this type.
    pub(super) fn take_if(&mut self, kind: u8) -> Result<Option<Vec<u8>>, ArchiveError> {
        match self.peek()? {
            (found, length) if found == kind => self.take(length).map(Some),
            _ => Ok(None),
        }
    }

    /// Type and length of the next part.
    fn peek(&mut self) -> Result<(u8, u32), ArchiveError> {
        if let Some(next) = self.next {
            return Ok(next);
        }
        let at = self.at;
        let mut header = [0; PART_HEADER];
        self.file.read_exact(&mut header).map_err(|source| ArchiveError::Broken { at, source })?;
        let [kind, length @ ..] = header;
        let length = u32::from_be_bytes(length);
        if length > MAX_PART {
            return Err(ArchiveError::TooLong { at, limit: MAX_PART, found: length });
        }
        self.at = at.saturating_add(5);
        self.next = Some((kind, length));
        Ok((kind, length))
    }

    fn take(&mut self, length: u32) -> Result<Vec<u8>, ArchiveError> {
        let broken = |source| ArchiveError::Broken { at: self.at, source };
        // Grown as it is read, so that a length alone buys no memory.
        let mut bytes = Vec::new();
        let read = (&mut self.file).take(length.into()).read_to_end(&mut bytes).map_err(broken)?;
        if u32::try_from(read) != Ok(length) {
            return Err(broken(io::ErrorKind::UnexpectedEof.into()));
        }
        self.passed(length);
        Ok(bytes)
    }

    fn passed(&mut self, length: u32) {
        self.at = self.at.saturating_add(length.into());
        self.next = None;
    }

    /// Nothing follows.
    pub(super) fn end(&mut self) -> Result<(), ArchiveError> {
        let at = self.at;
        match self.file.read(&mut [0]) {
            Ok(0) => Ok(()),
            Ok(_) => Err(ArchiveError::Trailing { at }),
            Err(source) => Err(ArchiveError::Broken { at, source }),
        }
    }
}

impl<R: Read + Seek> Parts<io::BufReader<R>> {
    /// Goes past the next part, if it is of this type; where its bytes are, and how many.
    pub(super) fn skip_if(&mut self, kind: u8) -> Result<Option<(u64, u32)>, ArchiveError> {
        let (found, length) = self.peek()?;
        if found != kind {
            return Ok(None);
        }
        let at = self.at;
        let gone = self.file.seek_relative(length.into());
        gone.map_err(|source| ArchiveError::Broken { at, source })?;
        self.passed(length);
        Ok(Some((at, length)))
    }
}
