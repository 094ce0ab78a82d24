//! Measures pairs of calls in turns, so that what else the machine does falls on both alike.

#![expect(
    clippy::disallowed_types,
    clippy::arithmetic_side_effects,
    reason = "a benchmark reads the clock, and divides what it reads"
)]

use std::fmt;
use std::time::{Duration, Instant};

/// The medians of two calls that were measured in turns.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Pair {
    /// What both do.
    pub what: String,
    /// The other one's name.
    pub peer: &'static str,
    /// Our median.
    pub ours: Duration,
    /// The peer's median.
    pub theirs: Duration,
}

impl Pair {
    /// Our time by the peer's: below 1, we are faster.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        self.ours.as_secs_f64() / self.theirs.as_secs_f64()
    }
}

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = |time: Duration| time.as_secs_f64() * 1e6;
        write!(
            f,
            "| {} | {:.1} | {} | {:.1} | {:.2} |",
            self.what,
            micros(self.ours),
            self.peer,
            micros(self.theirs),
            self.ratio()
        )
    }
}

/// Runs both calls in turns for this long, after a warm-up, and gives the medians. Each turn
/// repeats its call until it takes a millisecond, so that the clock's own steps do not count.
pub fn measure(
    what: &str,
    peer: &'static str,
    time: Duration,
    (ours, theirs): (&mut dyn FnMut(), &mut dyn FnMut()),
) -> Pair {
    let repeats = [repeats(ours), repeats(theirs)];
    let (mut our_times, mut their_times) = (Vec::new(), Vec::new());
    let start = Instant::now();
    while start.elapsed() < time || our_times.len() < 5 {
        our_times.push(turn(ours, repeats[0]));
        their_times.push(turn(theirs, repeats[1]));
    }
    let what = what.to_owned();
    Pair { what, peer, ours: median(our_times), theirs: median(their_times) }
}

fn repeats(call: &mut dyn FnMut()) -> u32 {
    let once = turn(call, 3).max(Duration::from_nanos(50));
    u32::try_from(Duration::from_millis(1).as_nanos() / once.as_nanos()).unwrap_or(1).max(1)
}

/// The mean time of a call in one turn.
fn turn(call: &mut dyn FnMut(), repeats: u32) -> Duration {
    let start = Instant::now();
    for _ in 0..repeats {
        call();
    }
    start.elapsed() / repeats
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
