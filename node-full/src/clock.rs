//! The one place that reads clocks. Everything else takes a time as an argument.
#![expect(
    clippy::disallowed_types,
    reason = "this module is the door to the clock; nothing else opens it"
)]

use std::time::{Duration, Instant, SystemTime};

use cairn_verifier::UnixMillis;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The wall clock. A clock before 1970 reads as 0, so every block then waits for a later time.
#[must_use]
pub fn now() -> UnixMillis {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    UnixMillis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// A time as people and programs write it: RFC 3339, or milliseconds since 1970.
#[must_use]
pub fn read(text: &str) -> Option<UnixMillis> {
    if let Ok(millis) = text.parse() {
        return Some(UnixMillis(millis));
    }
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    let millis = time.unix_timestamp_nanos().div_euclid(1_000_000);
    u64::try_from(millis).ok().map(UnixMillis)
}

/// Measures time that passes; unlike the wall clock it never goes back.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts measuring.
    #[must_use]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// How long it has been running.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    /// What is left of `limit`; zero when it is over.
    #[must_use]
    pub fn left_of(&self, limit: Duration) -> Duration {
        limit.saturating_sub(self.elapsed())
    }
}
