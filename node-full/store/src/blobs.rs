//! Payloads by their digest: one file each, `payloads/<2 hex>/<64 hex>`.
//!
//! What is read is what was stored; whoever reads it holds the digest and checks it. A payload
//! can be erased by deleting its file, which no log file would let us do.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use cairn_verifier::digest::PayloadDigest;

use crate::StoreError;
use crate::files::{self, Secrecy};

/// The longest stored payload in bytes: nonce, ciphertext and tag of the longest plaintext.
pub const MAX_BLOB_LEN: u64 = (16 << 20) + 40;

/// How many files are written and synced at a time: they wait for the disk, not for a core.
const THREADS: usize = 16;

/// A directory of payloads.
#[derive(Debug)]
pub struct Blobs {
    dir: PathBuf,
    bytes: AtomicU64,
}

impl Blobs {
    /// Opens the directory, makes it if there is none, and counts what it holds.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        files::create_dir(dir)?;
        let bytes = AtomicU64::new(files::tidy(dir)?);
        Ok(Self { dir: dir.to_owned(), bytes })
    }

    /// Bytes of all payloads.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Whether a payload is stored.
    #[must_use]
    pub fn contains(&self, digest: &PayloadDigest) -> bool {
        self.path(digest).is_file()
    }

    /// Stores payloads that are not stored yet; they are durable when it returns. Many files are
    /// synced at once, because the file system then makes them durable together.
    ///
    /// # Errors
    /// [`StoreError::Io`] or [`StoreError::TooLarge`]. Some may be stored then; that is harmless,
    /// because nothing refers to them.
    pub fn put_batch<'a>(
        &self,
        payloads: impl IntoIterator<Item = (PayloadDigest, &'a [u8])>,
    ) -> Result<(), StoreError> {
        let mut new = BTreeMap::new();
        let mut folders = BTreeSet::new();
        for (digest, bytes) in payloads {
            let path = self.path(&digest);
            let found = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            if found > MAX_BLOB_LEN {
                return Err(StoreError::TooLarge { path, limit: MAX_BLOB_LEN, found });
            }
            let folder = self.folder(&digest);
            if !path.is_file() {
                std::fs::create_dir_all(&folder).map_err(StoreError::io("create", &folder))?;
                new.insert(path, bytes);
            }
            folders.insert(folder);
        }
        if folders.is_empty() {
            return Ok(());
        }
        at_once(&new.iter().collect::<Vec<_>>(), |(path, bytes)| {
            files::replace(path, bytes, Secrecy::Public, true)?;
            let stored = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            self.bytes.fetch_add(stored, Ordering::Relaxed);
            Ok(())
        })?;
        // The names too, also of files that are there already: an earlier sync may have failed.
        folders.insert(self.dir.clone());
        at_once(&folders.iter().collect::<Vec<_>>(), |folder| files::sync_dir(folder))
    }

    /// A stored payload.
    ///
    /// # Errors
    /// [`StoreError::Io`] or [`StoreError::TooLarge`].
    pub fn get(&self, digest: &PayloadDigest) -> Result<Option<Vec<u8>>, StoreError> {
        files::read(&self.path(digest), MAX_BLOB_LEN)
    }

    /// Removes a payload; gone, and its name too, when it returns. Its bytes are overwritten first,
    /// which is of use where a file system writes in place; where it does not, or the disk does
    /// not, they stay until they are used for something else.
    ///
    /// # Errors
    /// [`StoreError::Io`]; it can be asked again.
    pub fn remove(&self, digest: &PayloadDigest) -> Result<(), StoreError> {
        let path = self.path(digest);
        if !path.is_file() {
            return Ok(());
        }
        let length = path.metadata().map_err(StoreError::io("read", &path))?.len();
        files::overwrite_and_remove(&path, usize::try_from(length).unwrap_or(0))?;
        self.bytes.fetch_sub(length, Ordering::Relaxed);
        Ok(())
    }

    fn folder(&self, digest: &PayloadDigest) -> PathBuf {
        let [first, ..] = digest.as_bytes();
        self.dir.join(format!("{first:02x}"))
    }

    fn path(&self, digest: &PayloadDigest) -> PathBuf {
        self.folder(digest).join(digest.to_string())
    }
}

/// Does the same with many things, a few at a time, and tells of the first failure.
fn at_once<T: Sync>(
    things: &[T],
    run: impl Fn(&T) -> Result<(), StoreError> + Sync,
) -> Result<(), StoreError> {
    let share = things.len().div_ceil(THREADS).max(1);
    if things.len() <= 1 {
        return things.iter().try_for_each(&run);
    }
    let run = &run;
    std::thread::scope(|scope| {
        let workers =
            things.chunks(share).map(|part| scope.spawn(move || part.iter().try_for_each(run)));
        let workers: Vec<_> = workers.collect();
        workers.into_iter().try_for_each(|worker| match worker.join() {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_come_back_and_are_stored_once() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(&dir.path().join("payloads")).unwrap();
        let (one, two) = (PayloadDigest::from([1; 32]), PayloadDigest::from([2; 32]));
        assert_eq!(blobs.get(&one).unwrap(), None);
        blobs.put_batch([(one, b"first".as_slice()), (two, b"")]).unwrap();
        blobs.put_batch([(one, b"first".as_slice())]).unwrap();
        assert_eq!(blobs.get(&one).unwrap().as_deref(), Some(b"first".as_slice()));
        assert_eq!(blobs.get(&two).unwrap().as_deref(), Some(b"".as_slice()));
        assert_eq!(blobs.bytes(), 5);
        assert!(blobs.contains(&two));
    }

    #[test]
    fn leftovers_of_a_crash_are_removed_and_the_rest_is_counted() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("payloads");
        let one = PayloadDigest::from([1; 32]);
        Blobs::open(&path).unwrap().put_batch([(one, b"first".as_slice())]).unwrap();
        let leftover = path.join("01/abc.77-1.tmp");
        std::fs::write(&leftover, b"half a pay").unwrap();
        assert_eq!(Blobs::open(&path).unwrap().bytes(), 5);
        assert!(!leftover.exists());
    }

    #[test]
    fn the_limit_holds_both_ways() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(dir.path()).unwrap();
        let one = PayloadDigest::from([1; 32]);
        let large = vec![0; usize::try_from(MAX_BLOB_LEN).unwrap() + 1];
        let refused = blobs.put_batch([(one, large.as_slice())]);
        assert!(matches!(refused, Err(StoreError::TooLarge { .. })));
        std::fs::create_dir_all(blobs.folder(&one)).unwrap();
        std::fs::write(blobs.path(&one), &large).unwrap();
        assert!(matches!(blobs.get(&one), Err(StoreError::TooLarge { .. })));
    }
}
