//! What is counted of one peer, for as long as the process runs.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that grows.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    pub(crate) fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// All that is counted.
#[derive(Debug, Default)]
pub(crate) struct Stats {
    pub(crate) received: Count,
    pub(crate) received_bytes: Count,
    pub(crate) sent: Count,
    pub(crate) sent_bytes: Count,
    pub(crate) dropped: Count,
    pub(crate) links: Count,
    /// Microseconds, 0 if it was not measured.
    pub(crate) round_trip: Count,
}
