//! The chain rules that every header obeys whatever its block holds: what a validator checks of a
//! header before it votes for it, beside the contents that the application recomputes.

use cairn_verifier::UnixMillis;
use cairn_verifier::digest::{Hash, HeaderDigest, LogId, SetDigest};
use cairn_verifier::finality::{Header, Parameters};
use thiserror::Error;

/// How far ahead of a validator's clock a header's time may be, in milliseconds.
pub const MAX_AHEAD: u64 = 10_000;

/// What a header must follow on: the log so far.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a caller states all of them")]
pub struct Tip {
    /// The log.
    pub log: LogId,
    /// Its parameters.
    pub parameters: Parameters,
    /// The header before and its digest; none before header 0.
    pub parent: Option<(Header, HeaderDigest)>,
    /// The genesis' time.
    pub genesis_time: UnixMillis,
    /// The set of the genesis.
    pub first_set: SetDigest,
    /// Root of the tree of all headers so far.
    pub header_root: Hash,
}

/// Why a header does not follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RuleError {
    /// A field has another value than the log so far demands.
    #[error("the header's {0} is not the one that follows")]
    Field(&'static str),
    /// Its time is not after its parent's.
    #[error("the header's time {found} is not after {earlier}", found = .found.0, earlier = .earlier.0)]
    TimeNotAfter {
        /// Its parent's, or the genesis'.
        earlier: UnixMillis,
        /// Its own.
        found: UnixMillis,
    },
    /// Its time is too far ahead.
    #[error("the header's time {found} is more than 10 s ahead of this clock, {now}", found = .found.0, now = .now.0)]
    TooFarAhead {
        /// This clock.
        now: UnixMillis,
        /// Its time.
        found: UnixMillis,
    },
    /// It has fewer events than its parent.
    #[error("the header has {found} events, its parent has {earlier}")]
    Shrank {
        /// Its parent's.
        earlier: u64,
        /// Its own.
        found: u64,
    },
    /// It names another next set than the one that is due.
    #[error("the header's next set is {found}, due is {due}")]
    NextSet {
        /// The set due after this header.
        due: SetDigest,
        /// The one it names.
        found: SetDigest,
    },
}

impl Tip {
    /// The height of the next header.
    #[must_use]
    pub fn next_height(&self) -> u64 {
        self.parent.map_or(0, |(header, _)| header.height.saturating_add(1))
    }

    /// Epoch, its first height, and the set of the next header.
    #[must_use]
    pub fn next_epoch(&self) -> (u64, u64, SetDigest) {
        match self.parent {
            None => (0, 0, self.first_set),
            Some((parent, _)) if parent.is_handover() => {
                (parent.epoch.saturating_add(1), self.next_height(), parent.next_set)
            }
            Some((parent, _)) => (parent.epoch, parent.epoch_start, parent.set),
        }
    }

    /// The set that the next header must name as the one after it: `wanted` at a gate, and its
    /// own set everywhere else.
    #[must_use]
    pub fn next_set(&self, wanted: SetDigest) -> SetDigest {
        let gate = u64::from(self.parameters.gate);
        let at_gate = self.next_height().checked_rem(gate) == Some(0);
        if at_gate { wanted } else { self.next_epoch().2 }
    }

    fn earlier(&self) -> UnixMillis {
        self.parent.map_or(self.genesis_time, |(parent, _)| parent.time)
    }

    /// The earliest time that the next header may have, or `now` if that is later.
    #[must_use]
    pub fn next_time(&self, now: UnixMillis) -> UnixMillis {
        now.max(UnixMillis(self.earlier().0.saturating_add(1)))
    }

    /// Checks a header against the log so far. `wanted` is the set that the log's state asks for.
    /// `now` is none for a header that is under a certificate: then its time was others' to judge.
    ///
    /// # Errors
    /// [`RuleError`].
    pub fn check(
        &self,
        header: &Header,
        wanted: SetDigest,
        now: Option<UnixMillis>,
    ) -> Result<(), RuleError> {
        let (epoch, epoch_start, set) = self.next_epoch();
        let parent = self.parent.map_or(HeaderDigest::ZERO, |(_, digest)| digest);
        for (what, holds) in [
            ("log", header.log == self.log),
            ("parameters", header.parameters == self.parameters),
            ("height", header.height == self.next_height()),
            ("parent", header.parent == parent),
            ("header root", header.header_root == self.header_root),
            ("epoch", header.epoch == epoch),
            ("epoch start", header.epoch_start == epoch_start),
            ("set", header.set == set),
        ] {
            if !holds {
                return Err(RuleError::Field(what));
            }
        }
        let (due, found) = (self.next_set(wanted), header.next_set);
        if found != due {
            return Err(RuleError::NextSet { due, found });
        }
        let earlier = self.parent.map_or(0, |(parent, _)| parent.events.get());
        if header.events.get() < earlier {
            return Err(RuleError::Shrank { earlier, found: header.events.get() });
        }
        self.check_time(header, now)
    }

    fn check_time(&self, header: &Header, now: Option<UnixMillis>) -> Result<(), RuleError> {
        let (earlier, found) = (self.earlier(), header.time);
        if found <= earlier {
            return Err(RuleError::TimeNotAfter { earlier, found });
        }
        match now {
            Some(now) if found.since(now) > MAX_AHEAD => Err(RuleError::TooFarAhead { now, found }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
