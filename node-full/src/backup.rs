//! Copies of a data directory that can be made while the node runs, and the way back.
//!
//! A backup holds the genesis, the log and the payloads; keys only if they are asked for. What was
//! copied before is not copied again: closed segments and payloads never change. Blocks are copied
//! before entries, so that a backup never holds a block without its events.
//!
//! The key store is left out unless it is asked for, and then the node must not run: what is erased
//! later stays in a copy of it.

use std::path::{Path, PathBuf};

use cairn_store::StoreError;
use cairn_store::blobs::{Blobs, MAX_BLOB_LEN};
use cairn_store::entries::Of;
use cairn_store::files::{self, Secrecy};
use cairn_store::log;
use cairn_verifier::digest::{self, LogId, PayloadDigest};
use cairn_verifier::json::Object;
use cairn_verifier::trust::{Genesis, MAX_GENESIS_LEN};
use thiserror::Error;

use crate::clock;
use crate::init::{FORMAT, FORMAT_FILE, GENESIS_FILE};
use crate::node::{OpenError, lock};
use crate::validate::mark_restored;

/// What a backup says of itself. It is written last.
const MANIFEST: &str = "backup.json";
const KEYS: &str = "keys";
const KEY_STORE: &str = "keystore";

/// What goes along.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "a plain choice")]
pub struct BackupWith {
    /// The node's secret keys.
    pub keys: bool,
    /// Salts and wraps; the node must not run.
    pub key_store: bool,
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a plain answer")]
pub struct BackupReport {
    /// Blocks that the copy holds.
    pub blocks: u64,
    /// Events that the copy holds.
    pub events: u64,
    /// Payloads that were copied now.
    pub payloads: u64,
    /// Bytes that were written now.
    pub bytes: u64,
}

/// Why there is no copy.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BackupError {
    /// The directory holds something else.
    #[error("{0} holds something that is no backup of this log; choose an empty directory")]
    NotThisLog(PathBuf),
    /// The directory is no backup.
    #[error("{0} holds no whole backup: `backup.json` is written last, and is missing")]
    NoBackup(PathBuf),
    /// The directory is taken.
    #[error("{0} is not empty; a log is restored into an empty directory")]
    NotEmpty(PathBuf),
    /// The backup has none.
    #[error("{0} holds no keys; name a directory that does with --keys")]
    NoKeys(PathBuf),
    /// A payload is not what its name says.
    #[error("{0} is damaged: its digest is another; restore it from an older backup")]
    BadPayload(PathBuf),
    /// The data directory cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A file cannot be read or written.
    #[error(transparent)]
    Storage(#[from] StoreError),
}

/// Copies what is new in a data directory into a backup. `observe` is told of every payload.
///
/// # Errors
/// [`BackupError`]; what the backup held before is still whole.
pub fn backup(
    data: &Path,
    to: &Path,
    with: BackupWith,
    observe: &mut dyn FnMut(u64),
) -> Result<BackupReport, BackupError> {
    let genesis = read_genesis(data)?;
    // The key store is no log: half a change of it would be copied from under a running node.
    let _lock = if with.key_store { Some(lock(data)?) } else { None };
    expect_backup_of(to, &genesis)?;
    files::create_dir(to)?;
    files::write(&to.join(GENESIS_FILE), &genesis, Secrecy::Public)?;
    let mut report = copy_log(data, to)?;
    let payloads = copy_payloads(data, to, observe)?;
    report.payloads = payloads.0;
    report.bytes = report.bytes.saturating_add(payloads.1);
    for (part, is_wanted) in [(KEYS, with.keys), (KEY_STORE, with.key_store)] {
        if is_wanted {
            report.bytes =
                report.bytes.saturating_add(copy_secrets(&data.join(part), &to.join(part))?);
        }
    }
    let manifest = Object::new()
        .text("format", FORMAT.trim())
        .text("log", log_of(data, &genesis)?)
        .plain("blocks", report.blocks)
        .plain("events", report.events)
        .plain("time", clock::now().0)
        .finish();
    files::write(&to.join(MANIFEST), manifest.as_bytes(), Secrecy::Public)?;
    Ok(report)
}

/// Makes a data directory out of a backup. Keys come from `keys`, or from the backup if it has any.
/// The directory is a log's only when all of it was written.
///
/// # Errors
/// [`BackupError`].
pub fn restore(
    from: &Path,
    data: &Path,
    keys: Option<&Path>,
    observe: &mut dyn FnMut(u64),
) -> Result<BackupReport, BackupError> {
    if !from.join(MANIFEST).is_file() {
        return Err(BackupError::NoBackup(from.to_owned()));
    }
    let is_taken = data.is_dir() && !is_empty(data)?;
    if is_taken {
        return Err(BackupError::NotEmpty(data.to_owned()));
    }
    let genesis = read_genesis(from)?;
    let keys = keys.map_or_else(|| from.join(KEYS), Path::to_owned);
    if !keys.is_dir() {
        return Err(BackupError::NoKeys(keys));
    }
    files::create_dir(data)?;
    files::write(&data.join(GENESIS_FILE), &genesis, Secrecy::Public)?;
    let mut report = copy_log(from, data)?;
    let payloads = copy_payloads(from, data, observe)?;
    report.payloads = payloads.0;
    report.bytes = report.bytes.saturating_add(payloads.1);
    copy_secrets(&keys, &data.join(KEYS))?;
    // What its key signed after the backup is not known here.
    mark_restored(data)?;
    if from.join(KEY_STORE).is_dir() {
        copy_secrets(&from.join(KEY_STORE), &data.join(KEY_STORE))?;
    }
    files::write(&data.join(FORMAT_FILE), FORMAT.as_bytes(), Secrecy::Public)?;
    Ok(report)
}

fn read_genesis(dir: &Path) -> Result<Vec<u8>, BackupError> {
    let limit = u64::try_from(MAX_GENESIS_LEN).unwrap_or(u64::MAX);
    let bytes = files::read(&dir.join(GENESIS_FILE), limit)?;
    Ok(bytes.ok_or_else(|| OpenError::NotInitialised(dir.to_owned()))?)
}

fn log_of(dir: &Path, genesis: &[u8]) -> Result<LogId, BackupError> {
    let path = dir.join(GENESIS_FILE);
    let bad = |reason| OpenError::BadGenesis { path, reason };
    Ok(Genesis::decode(genesis).map_err(bad)?.log())
}

/// A directory that is empty, absent, or a backup of the same log.
fn expect_backup_of(to: &Path, genesis: &[u8]) -> Result<(), BackupError> {
    if !to.is_dir() || is_empty(to)? {
        return Ok(());
    }
    let limit = u64::try_from(MAX_GENESIS_LEN).unwrap_or(u64::MAX);
    let is_data = to.join(FORMAT_FILE).exists();
    match files::read(&to.join(GENESIS_FILE), limit)? {
        Some(found) if found == genesis && !is_data => Ok(()),
        _ => Err(BackupError::NotThisLog(to.to_owned())),
    }
}

fn is_empty(dir: &Path) -> Result<bool, StoreError> {
    let mut entries = std::fs::read_dir(dir).map_err(StoreError::io("list", dir))?;
    Ok(entries.next().is_none())
}

fn copy_log(from: &Path, to: &Path) -> Result<BackupReport, StoreError> {
    let copy =
        |folder: &str| log::copy(&from.join("log").join(folder), &to.join("log").join(folder));
    let (blocks, entries) = (copy(Of::Blocks.folder())?, copy(Of::Entries.folder())?);
    let mut bytes = blocks.bytes.saturating_add(entries.bytes);
    let is_there = |of: &Of| from.join("log").join(of.kept_folder()).is_dir();
    let kept: Vec<Of> = [Of::Entries, Of::Blocks].into_iter().filter(is_there).collect();
    if !kept.is_empty() {
        // In this order: what is pruned meanwhile is in the copy of the entries, or is said here to
        // be forgotten; and trees cannot be made again from what is left.
        for of in kept {
            bytes = bytes.saturating_add(copy(of.kept_folder())?.bytes);
        }
        bytes = bytes.saturating_add(copy_tiles(&from.join("tiles"), &to.join("tiles"))?);
    }
    Ok(BackupReport { blocks: blocks.frames, events: entries.frames, payloads: 0, bytes })
}

/// Copies tiles that the copy lacks: a full one never changes. How many bytes.
fn copy_tiles(from: &Path, to: &Path) -> Result<u64, StoreError> {
    let mut length = 0_u64;
    for path in walk(from)? {
        let target = to.join(path.strip_prefix(from).unwrap_or(&path));
        if target.exists() {
            continue;
        }
        let Some(bytes) = files::read(&path, u64::MAX)? else { continue };
        if let Some(folder) = target.parent() {
            files::create_dir(folder)?;
        }
        files::write(&target, &bytes, Secrecy::Public)?;
        length = length.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    }
    Ok(length)
}

/// Copies payloads that the copy lacks, each checked by its name; how many, and how many bytes.
fn copy_payloads(
    from: &Path,
    to: &Path,
    observe: &mut dyn FnMut(u64),
) -> Result<(u64, u64), BackupError> {
    let (source, target) = (from.join("payloads"), Blobs::open(&to.join("payloads"))?);
    let (mut count, mut length) = (0_u64, 0_u64);
    for path in walk(&source)? {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        // What a crash left of an unfinished file has another name.
        let Ok(digest) = name.parse::<PayloadDigest>() else { continue };
        if target.contains(&digest) {
            continue;
        }
        let Some(bytes) = files::read(&path, MAX_BLOB_LEN)? else { continue };
        let contexts = [digest::PUBLIC_PAYLOAD, digest::CIPHERTEXT];
        if !contexts.iter().any(|context| digest::derive(context, &[&bytes]) == *digest.as_bytes())
        {
            return Err(BackupError::BadPayload(path));
        }
        target.put_batch([(digest, bytes.as_slice())])?;
        count = count.saturating_add(1);
        length = length.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        observe(count);
    }
    Ok((count, length))
}

/// Copies files that only their owner may read; how many bytes.
fn copy_secrets(from: &Path, to: &Path) -> Result<u64, StoreError> {
    let mut length = 0_u64;
    for path in walk(from)? {
        let below = path.strip_prefix(from).unwrap_or(&path);
        let target = to.join(below);
        if let Some(folder) = target.parent() {
            files::create_dir(folder)?;
        }
        let bytes = zeroize::Zeroizing::new(files::read(&path, u64::MAX)?.unwrap_or_default());
        files::write(&target, &bytes, Secrecy::Secret)?;
        length = length.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    }
    Ok(length)
}

/// All files below a directory, none if there is no such directory.
fn walk(dir: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let (mut files, mut folders) = (Vec::new(), vec![dir.to_owned()]);
    while let Some(folder) = folders.pop().filter(|folder| folder.is_dir()) {
        for entry in std::fs::read_dir(&folder).map_err(StoreError::io("list", &folder))? {
            let path = entry.map_err(StoreError::io("list", &folder))?.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    Ok(files)
}
