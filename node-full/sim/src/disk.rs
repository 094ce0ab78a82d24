//! A disk that forgets what was not synced, tears what was being written, and refuses what it is
//! asked for when a fault says so.

use std::ops::Range;

use cairn_consensus::Journal;
use cairn_consensus::log::frame;

use crate::rng::Rng;

/// Why a call did not do what it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DiskError {
    /// The machine lost its power.
    PowerLost,
    /// The disk, or what is in front of it, said no.
    Refused(Refusal),
}

/// What a disk refuses once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// A write to the log, of which half arrives.
    Write,
    /// A sync of the log; what was written is still written.
    Sync,
    /// A sync of the log, after which what was written is read back and never gets to the disk:
    /// what Linux does with pages whose write-back failed.
    SyncAndForget,
    /// The record, of which nothing arrives.
    Record,
    /// The record, which arrives all the same.
    RecordArrives,
    /// A final block.
    Block,
    /// Reading log and record at the start.
    Read,
}

impl Refusal {
    /// Those after which nothing is lost that a node was told it has.
    pub(crate) const HARMLESS: [Self; 6] =
        [Self::Write, Self::Sync, Self::Record, Self::RecordArrives, Self::Block, Self::Read];
}

/// One node's log and record.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    /// What a loss of power leaves.
    synced: Vec<u8>,
    /// What comes after that, as long as the power lasts.
    written: Vec<u8>,
    /// The log before this one, until the first sync makes sure that it is gone.
    before: Option<Vec<u8>>,
    record: Option<Vec<u8>>,
    /// The power goes when so many more bytes have been written.
    pub(crate) fuse: Option<u64>,
    /// What is refused, after so many calls that are not.
    pub(crate) refuses: Option<(Refusal, u64)>,
    /// Nothing more can be written.
    pub(crate) full: bool,
    /// Of `synced`, what reads well until the power goes and is not on the disk.
    unwritten: Option<Range<usize>>,
    /// Syncs do nothing.
    lying: bool,
    /// Nobody asks whether a call succeeded.
    unheeded: bool,
}

impl Disk {
    pub(crate) fn new(lying: bool, unheeded: bool) -> Self {
        Self { lying, unheeded, ..Self::default() }
    }

    pub(crate) fn log(&self) -> Vec<u8> {
        [self.synced.as_slice(), &self.written].concat()
    }

    pub(crate) fn record(&self) -> Option<&[u8]> {
        self.record.as_deref()
    }

    /// Cuts a torn tail off and syncs what is left, as whoever opens a log does.
    pub(crate) fn cut(&mut self, whole: usize) {
        let mut log = self.log();
        log.truncate(whole);
        (self.synced, self.written) = (log, Vec::new());
        if !self.lying {
            self.before = None;
        }
        self.unwritten = self.unwritten.take().filter(|range| range.start < whole);
    }

    /// What is left when the power comes back: of what was not synced any part from the front,
    /// the last of its bytes perhaps wrong. True if more is gone than that,
    /// and who uses the disk was told that it might be.
    pub(crate) fn lose_power(&mut self, rng: &mut Rng) -> bool {
        self.fuse = None;
        let kept = rng.place(self.written.len() + 1);
        self.written.truncate(kept);
        let bent = rng.chance(300);
        if let Some(last) = self.written.last_mut().filter(|_| bent) {
            *last ^= 0x55;
        }
        if let Some(before) = self.before.take().filter(|_| rng.chance(500)) {
            (self.synced, self.written) = (before, Vec::new());
            self.unwritten = None;
        }
        let gone = self.unwritten.take().and_then(|range| self.synced.get_mut(range));
        let forgot = gone.is_some_and(|bytes| {
            bytes.fill(0);
            !bytes.is_empty()
        });
        self.synced.append(&mut self.written);
        forgot && !self.unheeded
    }

    /// Somebody deletes the log, or restores a backup that has only so many thousandths of it.
    pub(crate) fn restore(&mut self, part: u64) {
        let mut log = self.log();
        log.truncate(log.len() * usize::try_from(part).unwrap_or(0) / 1_000);
        (self.synced, self.written, self.before) = (log, Vec::new(), None);
        self.unwritten = None;
    }

    /// What a fault did to the disk ends.
    pub(crate) fn heal(&mut self) {
        (self.fuse, self.refuses, self.full) = (None, None, false);
    }

    /// Whether a call of one of these kinds is refused.
    fn refused(&mut self, kinds: &[Refusal]) -> Option<Refusal> {
        let (refusal, left) = self.refuses.filter(|(refusal, _)| kinds.contains(refusal))?;
        self.refuses = left.checked_sub(1).map(|left| (refusal, left));
        (left == 0).then_some(refusal)
    }

    /// Asks for a kind of call that changes nothing here.
    pub(crate) fn ask(&mut self, kind: Refusal) -> Result<(), DiskError> {
        let full = (self.full && kind == Refusal::Block).then_some(kind);
        full.or_else(|| self.refused(&[kind])).map_or(Ok(()), |refusal| self.refuse(refusal))
    }

    const fn refuse(&self, refusal: Refusal) -> Result<(), DiskError> {
        if self.unheeded { Ok(()) } else { Err(DiskError::Refused(refusal)) }
    }
}

impl Journal for Disk {
    type Error = DiskError;

    /// A log is emptied, which a full disk does not refuse.
    fn begin(&mut self, _: u64) -> Result<(), DiskError> {
        if let Some(refusal) = self.refused(&[Refusal::Write]) {
            return self.refuse(refusal);
        }
        let log = self.log();
        self.before.get_or_insert(log);
        (self.synced, self.written) = (Vec::new(), Vec::new());
        self.unwritten = None;
        Ok(())
    }

    fn append(&mut self, height: u64, entry: &[u8]) -> Result<(), DiskError> {
        let mut bytes = frame(height, entry);
        let full = self.full.then_some(Refusal::Write);
        if let Some(refusal) = full.or_else(|| self.refused(&[Refusal::Write])) {
            bytes.truncate(bytes.len() / 2);
            self.written.extend(bytes);
            return self.refuse(refusal);
        }
        if let Some(left) = self.fuse {
            let len = bytes.len() as u64;
            if len > left {
                bytes.truncate(usize::try_from(left).unwrap_or(0));
                self.written.extend(bytes);
                return Err(DiskError::PowerLost);
            }
            self.fuse = Some(left - len);
        }
        self.written.extend(bytes);
        Ok(())
    }

    fn sync(&mut self) -> Result<(), DiskError> {
        let refused = self.refused(&[Refusal::Sync, Refusal::SyncAndForget]);
        if refused == Some(Refusal::SyncAndForget) {
            let start = self.synced.len();
            self.synced.append(&mut self.written);
            self.unwritten = Some(start..self.synced.len());
            self.before = None;
        }
        if let Some(refusal) = refused {
            return self.refuse(refusal);
        }
        if !self.lying {
            self.before = None;
            self.synced.append(&mut self.written);
        }
        Ok(())
    }

    fn record(&mut self, record: &[u8]) -> Result<(), DiskError> {
        let full = self.full.then_some(Refusal::Record);
        let refused = full.or_else(|| self.refused(&[Refusal::Record, Refusal::RecordArrives]));
        if refused != Some(Refusal::Record) {
            self.record = Some(record.to_vec());
        }
        refused.map_or(Ok(()), |refusal| self.refuse(refusal))
    }
}
