//! The records of the log's state, by path, as they are after so many blocks.

use std::sync::Arc;

use cairn_verifier::digest::Hash;
use cairn_verifier::state::{Path, hasher};

use super::{Index, Mark};
use crate::StoreError;
use crate::sparse::{Changes, Leaves, range_of};

/// How many records are forgotten at a time.
const FORGET: usize = 1 << 14;
const PREFIX: &[u8] = b"r";

impl Index {
    /// Forgets all records, which are then after no block.
    ///
    /// # Errors
    /// [`StoreError::Index`]; asking again goes on.
    pub fn forget_state(&self) -> Result<(), StoreError> {
        loop {
            let mut batch = self.db.batch();
            let mut left = FORGET;
            for guard in self.all.prefix(PREFIX).take(FORGET) {
                batch.remove(&self.all, guard.key().map_err(|error| self.failed(&error))?);
                left = left.saturating_sub(1);
            }
            // The number goes with the first records: what is half gone is after no block.
            self.commit(batch, Mark::State, 0)?;
            if left != 0 {
                return Ok(());
            }
        }
    }

    fn each_record(
        &self,
        (first, last): (Path, Path),
        show: &mut dyn FnMut(Path, Hash),
    ) -> Result<(), StoreError> {
        for guard in self.all.range(state_key(&first)..=state_key(&last)) {
            let (key, value) = guard.into_inner().map_err(|error| self.failed(&error))?;
            if let (Some(path), Some((leaf, _))) = (path_of(&key), value.split_first_chunk()) {
                show(path, Hash::from_bytes(*leaf));
            }
        }
        Ok(())
    }
}

fn state_key(path: &Path) -> Vec<u8> {
    [PREFIX, path.as_bytes()].concat()
}

fn path_of(key: &[u8]) -> Option<Path> {
    Some(Path::from_bytes(key.strip_prefix(PREFIX)?.try_into().ok()?))
}

impl Leaves for Arc<Index> {
    fn under(&self, path: &Path, bits: u32) -> Result<Vec<(Path, Hash)>, StoreError> {
        let mut found = Vec::new();
        self.each_record(range_of(path, bits), &mut |path, leaf| found.push((path, leaf)))?;
        Ok(found)
    }

    fn each(&self, show: &mut dyn FnMut(Path, Hash)) -> Result<(), StoreError> {
        self.each_record(range_of(&Path::from_bytes([0; 32]), 0), show)
    }

    fn record(&self, path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(value) = self.get(&state_key(path))? else { return Ok(None) };
        let (leaf, record) = value.split_first_chunk::<32>().unwrap_or((&[0; 32], &[]));
        if hasher::leaf(path, record).as_bytes() != leaf {
            let reason = format!("the record of the state at {path} is not what was put there");
            return Err(StoreError::IndexDamaged { path: self.dir.clone(), reason });
        }
        Ok(Some(record.to_vec()))
    }

    fn put(&mut self, changes: &Changes, blocks: u64) -> Result<(), StoreError> {
        let mut batch = self.db.batch();
        for (path, leaf) in changes {
            match leaf {
                Some((leaf, record)) => {
                    let value = [leaf.as_bytes().as_slice(), record].concat();
                    batch.insert(&self.all, state_key(path), value);
                }
                None => batch.remove(&self.all, state_key(path)),
            }
        }
        self.commit(batch, Mark::State, blocks)
    }
}
