//! The one writer's side: a commit, in the order that the module's page gives.

use std::sync::{MutexGuard, PoisonError};

use cairn_verifier::digest::EventId;

use super::change::{Change, Written};
use super::node::{Place, Slot};
use super::root::RootFile;
use super::secret::Key;
use super::tree::Tree;
use super::{KeyStore, MAX_RECORD_LEN, bound_to};
use crate::StoreError;

#[derive(Debug)]
pub(super) struct Writer {
    pub(super) root: RootFile,
    /// A commit did not end: which root is on disk is unknown.
    pub(super) poisoned: bool,
}

impl KeyStore {
    /// Stores records with one commit, all or none, and gives the number of the first when they
    /// are durable.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`], [`StoreError::KeysDamaged`] or [`StoreError::Io`].
    /// [`StoreError::Poisoned`]: nor can anything be stored, until the store is opened again; then
    /// what failed last is there whole or not at all.
    pub fn put_batch(&self, records: &[(EventId, &[u8])]) -> Result<u64, StoreError> {
        self.check_lengths(records)?;
        let mut writer = self.lock_writer()?;
        let first = self.len();
        if records.is_empty() {
            return Ok(first);
        }
        let (frames, keys) = self.seal(first, records)?;
        let frames: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
        self.records.append_batch(&frames)?;
        let written = self.write_keys(first, &keys).inspect_err(|_| {
            // If this fails too, the segment takes no more frames until it is opened again.
            let _cut = self.records.cut_to(first);
        })?;
        writer.commit(&self.tree, written)?;
        writer.root.overwrite_old()?;
        writer.poisoned = false;
        Ok(first)
    }

    fn check_lengths(&self, records: &[(EventId, &[u8])]) -> Result<(), StoreError> {
        let longest = records.iter().map(|(_, record)| record.len()).max().unwrap_or(0);
        let found = u64::try_from(longest).unwrap_or(u64::MAX);
        if found > MAX_RECORD_LEN {
            let (path, limit) = (self.records.path().to_owned(), MAX_RECORD_LEN);
            return Err(StoreError::TooLarge { path, limit, found });
        }
        Ok(())
    }

    /// Each record's frame and its key.
    fn seal(
        &self,
        first: u64,
        records: &[(EventId, &[u8])],
    ) -> Result<(Vec<Vec<u8>>, Vec<Key>), StoreError> {
        let path = self.records.path();
        let seal = |(number, (event, record)): (u64, &(EventId, &[u8]))| {
            let key = Key::random(path)?;
            let sealed = key.seal(path, record, &bound_to(number, event))?;
            Ok(([event.as_bytes().as_slice(), &sealed].concat(), key))
        };
        (first..).zip(records).map(seal).collect()
    }

    fn write_keys(&self, first: u64, keys: &[Key]) -> Result<Written, StoreError> {
        let added = u64::try_from(keys.len()).unwrap_or(u64::MAX);
        let mut change = Change::begin(&self.tree, first.saturating_add(added))?;
        (first..).zip(keys).try_for_each(|(number, key)| change.put(number, key))?;
        change.write()
    }

    /// Erases records, all with one commit; those that are erased already stay so. When it
    /// returns, nothing in the store's files opens them any more.
    ///
    /// # Errors
    /// [`StoreError::NoFrame`], [`StoreError::KeysDamaged`] or [`StoreError::Io`]: nothing was
    /// erased, or all, and erasing again says which. [`StoreError::NotForgotten`] and
    /// [`StoreError::Poisoned`]: opening the store again finishes what was begun.
    pub fn erase(&self, numbers: &[u64]) -> Result<(), StoreError> {
        let mut writer = self.lock_writer()?;
        let mut change = Change::begin(&self.tree, self.len())?;
        let mut kept = false;
        for number in numbers {
            self.check_number(*number)?;
            kept |= change.erase(*number)?;
        }
        if !kept {
            return Ok(());
        }
        let unused = writer.commit(&self.tree, change.write()?)?;
        writer.root.forget_old()?;
        writer.poisoned = false;
        let state = self.tree.state().clone();
        unused.into_iter().try_for_each(|(place, slot)| {
            let level = state.level(place.level);
            level.map_or(Ok(()), |level| level.overwrite(place.number, slot))
        })
    }

    fn lock_writer(&self) -> Result<MutexGuard<'_, Writer>, StoreError> {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if writer.poisoned {
            return Err(StoreError::Poisoned { path: writer.root.path().to_owned() });
        }
        Ok(writer)
    }
}

impl Writer {
    /// Makes a written change the current state; gives the slots that it does without. The writer
    /// is poisoned until the caller has dealt with the old root.
    fn commit(
        &mut self,
        tree: &Tree,
        mut written: Written,
    ) -> Result<Vec<(Place, Slot)>, StoreError> {
        self.poisoned = true;
        self.root.commit(&written.root)?;
        let unused = std::mem::take(&mut written.unused);
        tree.adopt(written);
        Ok(unused)
    }
}
