//! Timers of the engine, by when they fire.

use std::collections::BTreeMap;
use std::time::Duration;

use cairn_consensus::Timer;

/// Timers, by the time since the driver began.
#[derive(Debug, Default)]
pub(super) struct Timers {
    due: BTreeMap<(Duration, u64), Timer>,
    next: u64,
}

impl Timers {
    pub(super) fn set(&mut self, at: Duration, timer: Timer) {
        self.next = self.next.saturating_add(1);
        self.due.insert((at, self.next), timer);
    }

    /// When the next one fires.
    pub(super) fn next(&self) -> Option<Duration> {
        self.due.first_key_value().map(|((at, _), _)| *at)
    }

    /// One that has fired.
    pub(super) fn fired(&mut self, now: Duration) -> Option<Timer> {
        let first = self.due.first_entry().filter(|first| first.key().0 <= now)?;
        Some(first.remove())
    }

    /// None of them is waited for any more.
    pub(super) fn clear(&mut self) {
        self.due.clear();
    }
}
