//! How long to wait before a node is asked again.

use cairn_verifier::UnixMillis;

/// The first wait and the longest, in milliseconds.
const FIRST: u32 = 500;
const LONGEST: u32 = 30_000;

/// Waits that double, each shortened by up to a half, so that a thousand clients of a node that was
/// away do not come back in one moment.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// Milliseconds until the next attempt. The clock's last digits are the dice.
    pub(crate) fn next(&mut self, now: UnixMillis) -> u32 {
        let wait = FIRST.saturating_mul(1 << self.failures.min(6)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        let thousandth = u32::try_from(now.0.wrapping_mul(7_919) % 1_000).unwrap_or(0);
        let half = wait / 2;
        wait.saturating_sub(half.saturating_mul(thousandth) / 1_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_limit() {
        let mut backoff = Backoff::default();
        let waits: Vec<u32> = (0..12).map(|_| backoff.next(UnixMillis(0))).collect();
        assert_eq!(waits[..7], [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000]);
        assert_eq!(waits[11], 30_000);
        for now in 0..5_000 {
            let wait = Backoff { failures: 3 }.next(UnixMillis(now));
            assert!((2_000..=4_000).contains(&wait), "{wait}");
        }
    }
}
