//! How long finality takes when nobody fails: three delays of the links, and the signatures that
//! the slowest of the validators makes and checks on the way.

use std::collections::BTreeMap;
use std::fmt;

use crate::check::{Failure, Violation};

/// A network without faults, in microseconds of simulated time: every message takes one delay,
/// every signature costs its maker and each of its checkers the same, and nothing else takes any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a caller states all of them")]
pub struct Calm {
    /// From one validator to any other, however long the message.
    pub delay: u64,
    /// For making or checking one signature; a validator does one after the other.
    pub signature: u64,
}

impl Calm {
    /// The longest that finality may take: proposal, prevote and precommit travel once each. The
    /// proposer makes three signatures before its proposal leaves, whoever hears it one for a
    /// prevote, whoever has a quorum of those one for a precommit; and whoever decides has checked
    /// the proposal's two and the two votes of everybody else.
    #[must_use]
    pub const fn bound(self, validators: usize) -> u64 {
        let signatures = 3 + 1 + 1 + Self::checks(validators);
        3 * self.delay + signatures * self.signature
    }

    /// The most signatures that one validator checks for one height.
    #[must_use]
    pub const fn checks(validators: usize) -> u64 {
        2 * validators as u64
    }
}

/// One height: when it was proposed, and when each validator held it to be final.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Height {
    proposed: Option<u64>,
    decided: Vec<u64>,
    checks: u64,
    messages: u64,
}

/// What was measured, by height.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finality {
    calm: Calm,
    validators: usize,
    heights: BTreeMap<u64, Height>,
}

impl Finality {
    pub(crate) const fn new(calm: Calm, validators: usize) -> Self {
        Self { calm, validators, heights: BTreeMap::new() }
    }

    pub(crate) fn proposed(&mut self, height: u64, at: u64) {
        self.heights.entry(height).or_default().proposed.get_or_insert(at);
    }

    pub(crate) fn message(&mut self, height: u64) {
        self.heights.entry(height).or_default().messages += 1;
    }

    pub(crate) fn decided(&mut self, height: u64, at: u64, checks: u64) {
        let entry = self.heights.entry(height).or_default();
        entry.decided.push(at);
        entry.checks = entry.checks.max(checks);
    }

    /// How many heights everybody decided.
    #[must_use]
    pub fn heights(&self) -> usize {
        self.times().count()
    }

    /// The longest that any validator waited for any height, from its proposal.
    #[must_use]
    pub fn slowest(&self) -> Option<u64> {
        self.times().map(|(_, _, last, _)| last).max()
    }

    /// Heights that everybody decided: median and last time from the proposal.
    fn times(&self) -> impl Iterator<Item = (u64, u64, u64, &Height)> {
        self.heights.iter().filter(|(_, it)| it.decided.len() == self.validators).filter_map(
            |(height, it)| {
                let proposed = it.proposed?;
                let mut times: Vec<_> = it.decided.iter().map(|at| at - proposed).collect();
                times.sort_unstable();
                Some((*height, *times.get(times.len() / 2)?, *times.last()?, it))
            },
        )
    }

    /// No height took longer than its signatures and three delays, and no validator checked more
    /// signatures than there are.
    pub(crate) fn check(&self) -> Result<(), Violation> {
        let (bound, checks) = (self.calm.bound(self.validators), Calm::checks(self.validators));
        for (height, _, last, it) in self.times() {
            if last > bound {
                let detail = format!("height {height} was final after {last} us, allowed {bound}");
                return Err(Violation::new(Failure::Slow, detail));
            }
            if it.checks > checks {
                let found = it.checks;
                let detail = format!(
                    "a validator checked {found} signatures at height {height}, there are {checks}"
                );
                return Err(Violation::new(Failure::Slow, detail));
            }
        }
        Ok(())
    }
}

/// Microseconds as milliseconds.
struct Millis(u64);

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02} ms", self.0 / 1_000, self.0 % 1_000 / 10)
    }
}

impl fmt::Display for Finality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (height, median, last, it) in self.times() {
            let (median, last) = (Millis(median), Millis(last));
            let Height { checks, messages, .. } = it;
            writeln!(
                f,
                "  height {height}: final after {median} for the median, {last} for the last; \
                 {checks} signatures checked by the busiest, {messages} messages"
            )?;
        }
        let slowest = self.slowest().unwrap_or(0);
        write!(
            f,
            "{} validators, {} from one to another, {} a signature: final after {} at most; \
             allowed {}, three delays and {} signatures",
            self.validators,
            Millis(self.calm.delay),
            Millis(self.calm.signature),
            Millis(slowest),
            Millis(self.calm.bound(self.validators)),
            5 + Calm::checks(self.validators),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_height_that_takes_longer_is_a_failure() {
        let calm = Calm { delay: 1_000, signature: 10 };
        assert_eq!(calm.bound(4), 3_000 + 13 * 10);
        let measured = |last, checks| {
            let mut finality = Finality::new(calm, 2);
            finality.proposed(7, 500);
            finality.decided(7, 600, 1);
            finality.decided(7, 500 + last, checks);
            finality.check().map_err(|violation| violation.failure)
        };
        assert_eq!(measured(calm.bound(2), 4), Ok(()));
        assert_eq!(measured(calm.bound(2) + 1, 4), Err(Failure::Slow));
        assert_eq!(measured(calm.bound(2), 5), Err(Failure::Slow));
    }
}
