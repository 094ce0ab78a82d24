//! One open file. Every change of it passes here, so that tests can take the power away between
//! any two of them.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use crate::StoreError;
use crate::files::{self, Secrecy};

#[cfg(test)]
pub(crate) mod power;

/// A file, open for reading and writing at any place.
#[derive(Debug)]
pub(crate) struct DiskFile {
    path: PathBuf,
    file: File,
}

impl DiskFile {
    /// Makes a file that only its owner may read, whole and durable, and opens it.
    pub(crate) fn create(path: &Path, bytes: &[u8]) -> Result<Self, StoreError> {
        #[cfg(test)]
        power::create(path).map_err(StoreError::io("create", path))?;
        files::write(path, bytes, Secrecy::Secret)?;
        Self::open(path)
    }

    /// Opens a file that exists.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let file = OpenOptions::new().read(true).write(true).open(path);
        let file = file.map_err(StoreError::io("open", path))?;
        Ok(Self { path: path.to_owned(), file })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The file itself, for reading.
    pub(crate) const fn file(&self) -> &File {
        &self.file
    }

    /// Up to `limit` bytes from a place on; fewer only where the file ends.
    pub(crate) fn read_up_to(&self, limit: usize, at: u64) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; limit];
        let mut filled = 0;
        while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            let offset = at.saturating_add(u64::try_from(filled).unwrap_or(u64::MAX));
            match self.file.read_at(rest, offset) {
                Ok(0) => break,
                Ok(count) => filled = filled.saturating_add(count),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        bytes.truncate(filled);
        Ok(bytes)
    }

    pub(crate) fn write_all_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        #[cfg(test)]
        power::change(&self.path, power::Change::Write { at, bytes: bytes.to_vec() })?;
        self.file.write_all_at(bytes, at)
    }

    pub(crate) fn set_len(&self, len: u64) -> io::Result<()> {
        #[cfg(test)]
        power::change(&self.path, power::Change::SetLen(len))?;
        self.file.set_len(len)
    }

    /// Makes every change so far durable.
    pub(crate) fn sync(&self) -> io::Result<()> {
        #[cfg(test)]
        if power::sync(&self.path)? == power::Syncing::Modelled {
            return Ok(());
        }
        self.file.sync_data()
    }
}
