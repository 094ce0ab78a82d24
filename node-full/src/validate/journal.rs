//! The consensus log and the record of signatures as files.
//!
//! ```text
//! validator/consensus.log   frames of `cairn_consensus::log`, of one height or two
//! validator/signed          the record of what was signed last, in two slots of 4,096 bytes
//! ```
//!
//! The slots take turns, so that a write that was torn leaves the one before it, and so that no
//! signature costs more than one small write in place. The log is durable before the record is;
//! so whichever of the two is newer says what was signed.
//!
//! **Invariant:** a torn tail of the log is cut, and what is left is synced, before it is used.
//! **Invariant:** a record that is there and cannot be read is an error, never taken for none.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use cairn_consensus::{Journal, Record, log};
use cairn_store::StoreError;
use cairn_store::files;

use crate::node::OpenError;

/// Where a data directory keeps what a validator needs to go on. No backup holds it.
pub(crate) const VALIDATOR_DIR: &str = "validator";
pub(super) const LOG: &str = "consensus.log";
pub(super) const RECORD: &str = "signed";

const SLOT: u64 = 4_096;
/// Blocks of many rounds: far more than any height needs.
const MAX_LOG_LEN: u64 = 4 << 30;

/// Log and record of one validator.
#[derive(Debug)]
pub(crate) struct JournalFiles {
    log: File,
    log_path: PathBuf,
    record: File,
    record_path: PathBuf,
    /// The slot that is written next.
    turn: u64,
}

/// Whether a validator can begin: what it signed last must be readable.
pub(crate) fn expect_readable(data: &Path) -> Result<(), OpenError> {
    JournalFiles::open(data).map(drop)
}

/// What the files held.
#[derive(Debug)]
pub(crate) struct Found {
    /// What was signed last.
    pub(crate) record: Option<Record>,
    /// The log, without a torn tail.
    pub(crate) log: Vec<u8>,
}

impl JournalFiles {
    /// Opens the files in a data directory, or makes them.
    pub(crate) fn open(data: &Path) -> Result<(Self, Found), OpenError> {
        let dir = data.join(VALIDATOR_DIR);
        files::create_dir(&dir)?;
        let (log_path, record_path) = (dir.join(LOG), dir.join(RECORD));
        let (mut log, record) = (open(&log_path)?, open(&record_path)?);
        files::sync_dir(&dir)?;
        let kept = read_whole(&mut log, &log_path)?;
        let (_, whole) = log::read(0, &kept);
        let kept = cut((&mut log, &log_path), kept, whole)?;
        let (newest, turn) = read_record(&record, &record_path)?;
        let found = Found { record: newest, log: kept };
        Ok((Self { log, log_path, record, record_path, turn }, found))
    }
}

fn open(path: &Path) -> Result<File, StoreError> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).read(true).write(true);
    options.open(path).map_err(StoreError::io("open", path))
}

fn read_whole(file: &mut File, path: &Path) -> Result<Vec<u8>, StoreError> {
    let found = file.metadata().map_err(StoreError::io("read", path))?.len();
    if found > MAX_LOG_LEN {
        return Err(StoreError::TooLarge { path: path.to_owned(), limit: MAX_LOG_LEN, found });
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(StoreError::io("read", path))?;
    Ok(bytes)
}

/// What a killed process wrote may never have been synced.
fn cut(
    (log, path): (&mut File, &Path),
    mut kept: Vec<u8>,
    whole: usize,
) -> Result<Vec<u8>, StoreError> {
    kept.truncate(whole);
    let end = u64::try_from(whole).unwrap_or(u64::MAX);
    let cut = log.set_len(end).and_then(|()| log.seek(SeekFrom::Start(end)));
    cut.and_then(|_| log.sync_all()).map_err(StoreError::io("cut the end of", path))?;
    Ok(kept)
}

/// The newer record of both slots, and the slot that is written next.
fn read_record(file: &File, path: &Path) -> Result<(Option<Record>, u64), OpenError> {
    let slots = [read_slot(file, path, 0)?, read_slot(file, path, 1)?];
    let mut newest: Option<(Record, u64)> = None;
    for (slot, bytes) in (0_u64..).zip(&slots) {
        let len = usize::from(bytes.first().copied().unwrap_or(0));
        let record = bytes.get(1..).and_then(|rest| rest.get(..len));
        let Some(record) = record.and_then(|record| Record::decode(record).ok()) else { continue };
        if newest.is_none_or(|(other, _)| other.order() < record.order()) {
            newest = Some((record, slot));
        }
    }
    match newest {
        Some((record, slot)) => Ok((Some(record), 1_u64.saturating_sub(slot))),
        None if slots.iter().flatten().all(|byte| *byte == 0) => {
            make_slots(file, path)?;
            Ok((None, 0))
        }
        None => Err(OpenError::SignaturesDamaged { path: path.to_owned() }),
    }
}

/// Room for both slots, so that no later write makes the file longer.
fn make_slots(file: &File, path: &Path) -> Result<(), StoreError> {
    let zeros = vec![0; usize::try_from(SLOT.saturating_mul(2)).unwrap_or(0)];
    let written = file.write_all_at(&zeros, 0).and_then(|()| file.sync_all());
    written.map_err(StoreError::io("write", path))
}

fn read_slot(file: &File, path: &Path, slot: u64) -> Result<Vec<u8>, StoreError> {
    let mut bytes = vec![0; usize::try_from(SLOT).unwrap_or(0)];
    let mut filled = 0_usize;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        let at = slot.saturating_mul(SLOT).saturating_add(u64::try_from(filled).unwrap_or(0));
        match file.read_at(rest, at).map_err(StoreError::io("read", path))? {
            0 => break,
            read => filled = filled.saturating_add(read),
        }
    }
    Ok(bytes)
}

impl Journal for JournalFiles {
    type Error = StoreError;

    fn begin(&mut self, _: u64) -> Result<(), StoreError> {
        let emptied = self.log.set_len(0).and_then(|()| self.log.rewind());
        emptied.map_err(StoreError::io("empty", &self.log_path))
    }

    fn append(&mut self, height: u64, entry: &[u8]) -> Result<(), StoreError> {
        let appended = self.log.write_all(&log::frame(height, entry));
        appended.map_err(StoreError::io("append to", &self.log_path))
    }

    fn sync(&mut self) -> Result<(), StoreError> {
        self.log.sync_data().map_err(StoreError::io("sync", &self.log_path))
    }

    fn record(&mut self, record: &[u8]) -> Result<(), StoreError> {
        let path = &self.record_path;
        let len = u8::try_from(record.len()).unwrap_or(0);
        let mut slot = vec![len];
        slot.extend_from_slice(record);
        slot.resize(usize::try_from(SLOT).unwrap_or(0), 0);
        let at = self.turn.saturating_mul(SLOT);
        let written = self.record.write_all_at(&slot, at).and_then(|()| self.record.sync_data());
        written.map_err(StoreError::io("write", path))?;
        self.turn = 1_u64.saturating_sub(self.turn);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
