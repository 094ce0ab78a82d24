//! Leaves in memory: for a tree that is made once, to be compared.

use std::collections::BTreeMap;

use cairn_verifier::digest::Hash;
use cairn_verifier::state::Path;

use super::{Changes, Leaf, Leaves, StoreError, range_of};

/// Leaves in memory.
#[derive(Clone, Debug, Default)]
pub struct Memory(BTreeMap<Path, Leaf>);

impl Leaves for Memory {
    fn under(&self, path: &Path, bits: u32) -> Result<Vec<(Path, Hash)>, StoreError> {
        let (first, last) = range_of(path, bits);
        Ok(self.0.range(first..=last).map(|(path, (hash, _))| (*path, *hash)).collect())
    }

    fn each(&self, show: &mut dyn FnMut(Path, Hash)) -> Result<(), StoreError> {
        self.0.iter().for_each(|(path, (hash, _))| show(*path, *hash));
        Ok(())
    }

    fn record(&self, path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.0.get(path).map(|(_, record)| record.clone()))
    }

    fn put(&mut self, changes: &Changes, _blocks: u64) -> Result<(), StoreError> {
        for (path, leaf) in changes {
            match leaf {
                Some(leaf) => self.0.insert(*path, leaf.clone()),
                None => self.0.remove(path),
            };
        }
        Ok(())
    }
}
