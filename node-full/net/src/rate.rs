//! How fast a peer is read: a bucket of messages and one of bytes. Who sends more is read later,
//! so it waits for itself, and for nobody else.

use std::num::NonZeroU32;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota};

use crate::frame::MAX_MESSAGE_LEN;
use crate::limits::Limits;

#[derive(Debug)]
pub(crate) struct Rate {
    messages: DefaultDirectRateLimiter,
    kib: DefaultDirectRateLimiter,
    burst: NonZeroU32,
}

/// KiB of a frame, at least one.
pub(crate) fn kib(len: u32) -> NonZeroU32 {
    NonZeroU32::new(len.div_ceil(1_024)).unwrap_or(NonZeroU32::MIN)
}

impl Rate {
    pub(crate) fn new(limits: &Limits) -> Self {
        let at_least_one = |rate: u32| NonZeroU32::new(rate).unwrap_or(NonZeroU32::MIN);
        // The longest message fits, or it could never be read.
        let burst = at_least_one(limits.kib).max(kib(MAX_MESSAGE_LEN));
        let messages = Quota::per_second(at_least_one(limits.messages));
        let bytes = Quota::per_second(at_least_one(limits.kib)).allow_burst(burst);
        let limiter = DefaultDirectRateLimiter::direct;
        Self { messages: limiter(messages), kib: limiter(bytes), burst }
    }

    /// Waits until a frame of this length may be read.
    pub(crate) async fn take(&self, len: u32) {
        wait(&self.messages, NonZeroU32::MIN).await;
        wait(&self.kib, kib(len).min(self.burst)).await;
    }
}

async fn wait(bucket: &DefaultDirectRateLimiter, cells: NonZeroU32) {
    // More cells than the bucket ever holds cannot be asked for, so the outer result is `Ok`.
    while let Ok(Err(until)) = bucket.check_n(cells) {
        tokio::time::sleep(until.wait_time_from(DefaultClock::default().now())).await;
    }
}
