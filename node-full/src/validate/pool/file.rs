//! Events that were accepted and wait for their block, on disk: one segment, written anew when most
//! of it is of no use any more.
//!
//! A frame is the time at which it was written (8 bytes, milliseconds), which is for people, and the
//! event.

use std::path::{Path, PathBuf};
use std::time::Duration;

use cairn_store::StoreError;
use cairn_store::files;
use cairn_store::segment::Segment;

use super::Pending;
use crate::clock;
use crate::validate::VALIDATOR_DIR;

const FILE: &str = "pool.seg";
const NEW: &str = "pool.new";
/// How much a file may hold that is of no use.
const SLACK: u64 = 4 << 20;

#[derive(Debug)]
pub(super) struct PoolFile {
    dir: PathBuf,
    segment: Segment,
}

impl PoolFile {
    pub(super) fn is_in(data: &Path) -> bool {
        data.join(VALIDATOR_DIR).join(FILE).exists()
    }

    pub(super) fn open(data: &Path) -> Result<(Self, Vec<Pending>), StoreError> {
        let dir = data.join(VALIDATOR_DIR);
        files::create_dir(&dir)?;
        let mut found = Vec::new();
        let (segment, opened) = Segment::open(&dir.join(FILE), (0, 0), |_, frame: &[u8]| {
            // Each was checked when it was accepted, and the segment says that it is unchanged.
            found.extend(read(frame));
            Ok::<_, StoreError>(())
        })?;
        if opened.frames > 0 {
            segment.sync()?;
        }
        files::sync_dir(&dir)?;
        Ok((Self { dir, segment }, found))
    }

    pub(super) fn append(&self, events: &[Pending]) -> Result<(), StoreError> {
        append(&self.segment, events)
    }

    /// Writes the file anew with these events only, if that is worth it.
    pub(super) fn compact(&mut self, live: &[Pending]) -> Result<(), StoreError> {
        let needed = live.iter().fold(0_u64, |sum, pending| {
            sum.saturating_add(u64::try_from(pending.bytes.len()).unwrap_or(u64::MAX))
        });
        if self.segment.bytes() <= needed.saturating_mul(2).saturating_add(SLACK) {
            return Ok(());
        }
        let (path, new) = (self.dir.join(FILE), self.dir.join(NEW));
        match std::fs::remove_file(&new) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(StoreError::io("remove", &new)(error));
            }
            _ => {}
        }
        let (segment, _) = Segment::open(&new, (0, 0), |_, _: &[u8]| Ok::<_, StoreError>(()))?;
        append(&segment, live)?;
        std::fs::rename(&new, &path).map_err(StoreError::io("rename", &new))?;
        files::sync_dir(&self.dir)?;
        self.segment = segment;
        Ok(())
    }
}

fn append(segment: &Segment, events: &[Pending]) -> Result<(), StoreError> {
    if events.is_empty() {
        return Ok(());
    }
    let now = clock::now().0.to_be_bytes();
    let frame = |pending: &Pending| [now.as_slice(), pending.bytes.as_slice()].concat();
    let frames: Vec<Vec<u8>> = events.iter().map(frame).collect();
    segment.append_batch(&frames.iter().map(Vec::as_slice).collect::<Vec<_>>()).map(drop)
}

fn read(frame: &[u8]) -> Option<Pending> {
    let (_, bytes) = frame.split_first_chunk::<8>()?;
    Pending::new(bytes.to_vec(), true, Duration::ZERO).ok()
}
