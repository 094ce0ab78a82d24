//! The version of the data directory, and the way from older ones.
//!
//! | format | what changed |
//! |---|---|
//! | 1 | one file each for entries and blocks; the index in memory |
//! | 2 | `log/entries/` and `log/blocks/` of many segments; `index/` on disk; a `keystore/` that can forget |

use std::path::Path;

use cairn_store::StoreError;
use cairn_store::files::{self, Secrecy};
use cairn_store::keystore::KeyStore;
use cairn_store::segment::Segment;

use super::open::KEY_STORE;
use super::{KeyRecord, OpenError};
use crate::init::{FORMAT, FORMAT_FILE};

const FORMAT_1: &str = "cairn-data 1\n";

/// Whether this program can open the directory.
pub(super) fn check(dir: &Path) -> Result<(), OpenError> {
    let found = read(dir)?;
    if [FORMAT_1, FORMAT].contains(&found.as_str()) {
        return Ok(());
    }
    let (path, found) = (dir.join(FORMAT_FILE), found.trim().to_owned());
    Err(OpenError::OtherFormat { path, expected: FORMAT.trim_ascii(), found })
}

/// Brings an older directory to this format, step by step. A step that a crash ended is done
/// again: the format's name changes last.
pub(super) fn migrate(dir: &Path) -> Result<(), OpenError> {
    if read(dir)? != FORMAT_1 {
        return Ok(());
    }
    for log in ["entries", "blocks"] {
        let (old, folder) = (dir.join(format!("log/{log}.seg")), dir.join("log").join(log));
        files::create_dir(&folder)?;
        if old.is_file() {
            let new = folder.join(format!("{:020}.seg", 0));
            std::fs::rename(&old, &new).map_err(StoreError::io("rename", &old))?;
            files::sync_dir(&folder)?;
        }
    }
    files::sync_dir(&dir.join("log"))?;
    move_records(dir)?;
    files::write(&dir.join(FORMAT_FILE), FORMAT.as_bytes(), Secrecy::Public)?;
    tracing::info!(from = FORMAT_1.trim_ascii(), to = FORMAT.trim_ascii(), "data migrated");
    Ok(())
}

/// Brings key records from the file of format 1, which could not forget, to the key store.
fn move_records(dir: &Path) -> Result<(), OpenError> {
    let old = dir.join("keystore/wraps.seg");
    if !old.is_file() {
        return Ok(());
    }
    let nothing = |_, _| Ok::<_, OpenError>(());
    let (store, _) = KeyStore::open(&dir.join(KEY_STORE), nothing)?;
    let put = |number: u64, bytes: &[u8]| {
        let record = KeyRecord::decode(bytes)
            .map_err(|reason| OpenError::BadKeyRecord { index: number, reason })?;
        // A step that a crash ended goes on behind what it put.
        if number >= store.len() {
            store.put_batch(&[(record.event, bytes)])?;
        }
        Ok::<_, OpenError>(())
    };
    let (segment, _) = Segment::open(&old, (0, 0), put)?;
    let length = usize::try_from(segment.bytes()).unwrap_or(0);
    drop(segment);
    files::overwrite_and_remove(&old, length)?;
    Ok(())
}

fn read(dir: &Path) -> Result<String, OpenError> {
    let found = files::read(&dir.join(FORMAT_FILE), 4_096)?;
    let found = found.ok_or_else(|| OpenError::NotInitialised(dir.to_owned()))?;
    Ok(String::from_utf8_lossy(&found).into_owned())
}
