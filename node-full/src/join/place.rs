//! Where a log is made that is joined, and how it becomes the directory's.
//!
//! ```text
//! data/keys, genesis.cairn, FORMAT       there before
//! data/joining/                          everything is made and opened here
//! data/tiles   <- joining/tiles          by renames; the log is there with the second
//! data/log     <- joining/log
//! ```

use std::path::{Path, PathBuf};

use cairn_store::StoreError;
use cairn_store::entries::{Entries, Of};
use cairn_store::files::{self, Secrecy};
use cairn_store::log::SEGMENT_LEN;
use cairn_verifier::trust::{Genesis, MAX_GENESIS_LEN, TrustAnchor};

use super::JoinError;
use crate::http_client::Client;
use crate::init::{FORMAT, FORMAT_FILE, GENESIS_FILE, take_genesis};
use crate::node::VALIDATOR_KEY;
use crate::validate::mark_restored;

/// The genesis of the directory, or, if it has keys only, that of the node.
pub(super) fn genesis(
    dir: &Path,
    client: &Client,
    anchor: &TrustAnchor,
) -> Result<Vec<u8>, JoinError> {
    let limit = u64::try_from(MAX_GENESIS_LEN).unwrap_or(u64::MAX);
    let theirs = client.bytes("/v1/genesis")?;
    let found = Genesis::decode(&theirs)?.log();
    let own = files::read(&dir.join(GENESIS_FILE), limit)?;
    let expected = match (&own, anchor) {
        (Some(own), _) => Genesis::decode(own)?.log(),
        (None, TrustAnchor::Genesis(log)) => *log,
        // The header that the anchor leads to says which log it is of.
        (None, TrustAnchor::Checkpoint(_)) => found,
    };
    if found != expected {
        return Err(JoinError::OtherLog { expected, found });
    }
    if let TrustAnchor::Genesis(log) = anchor
        && *log != found
    {
        return Err(JoinError::OtherLog { expected: *log, found });
    }
    Ok(theirs)
}

/// The directory in which the log is made; what an attempt before left is gone.
pub(super) fn begin(dir: &Path, genesis: &Genesis<'_>) -> Result<PathBuf, JoinError> {
    let beside = dir.join("joining");
    remove(&beside)?;
    expect_no_log(dir)?;
    if !dir.join(VALIDATOR_KEY).exists() {
        return Err(JoinError::NoKeys(dir.to_owned()));
    }
    files::create_dir(&beside)?;
    files::write(&beside.join(GENESIS_FILE), genesis.bytes(), Secrecy::Public)?;
    files::write(&beside.join(FORMAT_FILE), FORMAT.as_bytes(), Secrecy::Public)?;
    Ok(beside)
}

/// A log that has a block or an event, or that was pruned or joined before, stays.
fn expect_no_log(dir: &Path) -> Result<(), JoinError> {
    let log = dir.join("log");
    if !log.exists() {
        return Ok(());
    }
    let is_empty = |of: Of| -> Result<bool, StoreError> {
        let (entries, _) = Entries::open((&log, of), SEGMENT_LEN, 0)?;
        Ok(entries.begin() == 0 && entries.end() == 0)
    };
    if log.join("signed").exists() || !is_empty(Of::Entries)? || !is_empty(Of::Blocks)? {
        return Err(JoinError::HasLog(dir.to_owned()));
    }
    Ok(())
}

/// Makes what was made the directory's log.
pub(super) fn take(dir: &Path, beside: &Path) -> Result<(), JoinError> {
    for part in ["tiles", "index", "log"] {
        remove(&dir.join(part))?;
    }
    if !dir.join(GENESIS_FILE).exists() || !dir.join(FORMAT_FILE).exists() {
        let limit = u64::try_from(MAX_GENESIS_LEN).unwrap_or(u64::MAX);
        let genesis = files::read(&beside.join(GENESIS_FILE), limit)?.unwrap_or_default();
        take_genesis(dir, &genesis)?;
    }
    // Keys that were in use before may have signed what stands behind the newest block.
    mark_restored(dir)?;
    for part in ["tiles", "log"] {
        let (from, to) = (beside.join(part), dir.join(part));
        std::fs::rename(&from, &to).map_err(StoreError::io("rename", &from))?;
        files::sync_dir(dir)?;
    }
    remove(beside)
}

fn remove(path: &Path) -> Result<(), JoinError> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(StoreError::io("remove", path)(error).into())
        }
        _ => Ok(()),
    }
}
