//! Waiting for blocks.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

/// How far the log is final, for those who wait for it, and whether the block thread may rest.
#[derive(Debug)]
pub(crate) struct Progress {
    inner: Mutex<Where>,
    changed: Condvar,
    /// The same for those who must not block: how many blocks this process made.
    blocks: watch::Sender<u64>,
}

#[derive(Debug)]
struct Where {
    final_size: u64,
    /// The node takes nothing more.
    closing: bool,
    /// And has taken all there was.
    stopping: bool,
}

impl Progress {
    pub(super) fn new(final_size: u64) -> Self {
        let inner = Mutex::new(Where { final_size, closing: false, stopping: false });
        Self { inner, changed: Condvar::new(), blocks: watch::Sender::new(0) }
    }

    /// Changes with every block.
    pub(super) fn blocks(&self) -> watch::Receiver<u64> {
        self.blocks.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, Where> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that `size` events are final.
    pub(crate) fn reached(&self, size: u64) {
        self.lock().final_size = size;
        self.changed.notify_all();
        self.blocks.send_modify(|blocks| *blocks = blocks.saturating_add(1));
    }

    /// Says that the node takes nothing more.
    pub(super) fn close(&self) {
        self.lock().closing = true;
        self.changed.notify_all();
    }

    /// Waits until more than `size` events are final, for `time` at most, or the node is closing;
    /// says whether it is.
    pub(super) fn wait_beyond(&self, size: u64, time: Duration) -> bool {
        let waiting = |now: &mut Where| now.final_size <= size && !now.closing;
        let waited = self.changed.wait_timeout_while(self.lock(), time, waiting);
        waited.unwrap_or_else(PoisonError::into_inner).0.closing
    }

    /// Rests for `time`, or until the node is closing; says whether it is.
    pub(crate) fn rest_or_close(&self, time: Duration) -> bool {
        let waited = self.changed.wait_timeout_while(self.lock(), time, |now| !now.closing);
        waited.unwrap_or_else(PoisonError::into_inner).0.closing
    }

    /// Says that the block thread may end.
    pub(super) fn stop(&self) {
        self.lock().stopping = true;
        self.changed.notify_all();
    }

    /// Waits until `size` events are final.
    pub(super) fn wait(&self, size: u64, timeout: Duration) -> bool {
        let waiting = |now: &mut Where| now.final_size < size;
        let waited = self.changed.wait_timeout_while(self.lock(), timeout, waiting);
        waited.unwrap_or_else(PoisonError::into_inner).0.final_size >= size
    }

    /// Rests for `time`, or until the block thread may end; says whether it may.
    pub(crate) fn rest(&self, time: Duration) -> bool {
        let waited = self.changed.wait_timeout_while(self.lock(), time, |now| !now.stopping);
        waited.unwrap_or_else(PoisonError::into_inner).0.stopping
    }
}
