//! How many requests a second: a bucket for each caller, filled as time goes on.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};

use super::{AccessError, bad};

/// How many callers are remembered before those who have not asked for a while are forgotten.
const MANY: usize = 16_384;

/// What callers are told apart by.
pub(super) trait RateKey: Hash + Eq + Clone {}
impl<T: Hash + Eq + Clone> RateKey for T {}

/// A rate that each caller is held to. What was not used in a second is lost.
#[derive(Debug)]
pub(super) struct Rate<K: RateKey> {
    limit: NonZeroU32,
    buckets: DefaultKeyedRateLimiter<K>,
}

impl<K: RateKey> Rate<K> {
    pub(super) fn new(limit: u32) -> Result<Self, AccessError> {
        let none = || bad("rate", "a rate is at least 1 request a second");
        let limit = NonZeroU32::new(limit).ok_or_else(none)?;
        Ok(Self { limit, buckets: DefaultKeyedRateLimiter::keyed(Quota::per_second(limit)) })
    }

    pub(super) const fn limit(&self) -> u32 {
        self.limit.get()
    }

    /// Takes one request out of a caller's bucket, or says when there will be one: whole seconds.
    pub(super) fn take(&self, key: &K) -> Result<(), Duration> {
        if self.buckets.len() > MANY {
            self.buckets.retain_recent();
        }
        self.buckets.check_key(key).map_err(|until| {
            let wait = until.wait_time_from(DefaultClock::default().now());
            Duration::from_secs(wait.as_secs().saturating_add(1))
        })
    }
}
