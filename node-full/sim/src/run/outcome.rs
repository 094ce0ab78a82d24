//! What a run is asked for, and how it went.

use super::{Calm, Finality};
use crate::check::Violation;
use crate::flaw::Flaw;
use crate::trace::Seen;
use crate::villains::Kind;

/// What to run.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a caller states all of them")]
pub struct Options {
    /// Decides everything.
    pub seed: u64,
    /// How many heights must become final.
    pub heights: u64,
    /// A defence to leave out.
    pub flaw: Option<Flaw>,
    /// The villain, whatever the seed says.
    pub villain: Option<Kind>,
    /// How many validators, whatever the seed says.
    pub validators: Option<usize>,
    /// No faults and no villain: how long does finality take?
    pub calm: Option<Calm>,
    /// Print each event.
    pub trace: bool,
}

impl Options {
    /// A seed and how many heights; everything else as the seed has it.
    #[must_use]
    pub const fn new(seed: u64, heights: u64) -> Self {
        let (flaw, villain, validators, calm) = (None, None, None, None);
        Self { seed, heights, flaw, villain, validators, calm, trace: false }
    }
}

/// How a run went.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "plain figures")]
pub struct Outcome {
    /// What went wrong, if anything.
    pub violation: Option<Violation>,
    /// Digest of every event in order: two runs of a seed have the same.
    pub hash: String,
    /// How many heights became final.
    pub heights: u64,
    /// What happened.
    pub seen: Seen,
    /// How long it took on the simulated clock, in milliseconds.
    pub millis: u64,
    /// The villain, if there was one.
    pub villain: Option<Kind>,
    /// How long finality took, if the network was a calm one.
    pub finality: Option<Finality>,
}
