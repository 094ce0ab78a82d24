//! A disk that forgets what was not synced, and tears what was being written.

use cairn_consensus::Journal;
use cairn_consensus::log::frame;

use crate::rng::Rng;

/// The machine lost its power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PowerLost;

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
    /// Syncs do nothing.
    lying: bool,
}

impl Disk {
    pub(crate) fn new(lying: bool) -> Self {
        Self { lying, ..Self::default() }
    }

    pub(crate) fn log(&self) -> Vec<u8> {
        [self.synced.as_slice(), &self.written].concat()
    }

    pub(crate) fn record(&self) -> Option<&[u8]> {
        self.record.as_deref()
    }

    /// Cuts a torn tail off, as whoever opens a log does.
    pub(crate) fn cut(&mut self, whole: usize) {
        let mut log = self.log();
        log.truncate(whole);
        (self.synced, self.written) = (log, Vec::new());
    }

    /// What is left when the power comes back: of what was not synced any part from the front,
    /// the last of its bytes perhaps wrong.
    pub(crate) fn lose_power(&mut self, rng: &mut Rng) {
        self.fuse = None;
        let kept = rng.place(self.written.len() + 1);
        self.written.truncate(kept);
        let bent = rng.chance(300);
        if let Some(last) = self.written.last_mut().filter(|_| bent) {
            *last ^= 0x55;
        }
        if let Some(before) = self.before.take().filter(|_| rng.chance(500)) {
            (self.synced, self.written) = (before, Vec::new());
        }
        self.synced.append(&mut self.written);
    }

    /// Somebody deletes the log, or restores a backup without it.
    pub(crate) fn wipe_log(&mut self) {
        (self.synced, self.written, self.before) = (Vec::new(), Vec::new(), None);
    }
}

impl Journal for Disk {
    type Error = PowerLost;

    fn begin(&mut self, _: u64) -> Result<(), PowerLost> {
        let log = self.log();
        self.before.get_or_insert(log);
        (self.synced, self.written) = (Vec::new(), Vec::new());
        Ok(())
    }

    fn append(&mut self, height: u64, entry: &[u8]) -> Result<(), PowerLost> {
        let mut bytes = frame(height, entry);
        if let Some(left) = self.fuse {
            let len = bytes.len() as u64;
            if len > left {
                bytes.truncate(usize::try_from(left).unwrap_or(0));
                self.written.extend(bytes);
                return Err(PowerLost);
            }
            self.fuse = Some(left - len);
        }
        self.written.extend(bytes);
        Ok(())
    }

    fn sync(&mut self) -> Result<(), PowerLost> {
        if !self.lying {
            self.before = None;
            self.synced.append(&mut self.written);
        }
        Ok(())
    }

    fn record(&mut self, record: &[u8]) -> Result<(), PowerLost> {
        self.record = Some(record.to_vec());
        Ok(())
    }
}
