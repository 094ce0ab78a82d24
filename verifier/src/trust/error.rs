//! Why trust does not reach a header.

use core::fmt;

use super::TrustAnchor;
use crate::digest::{HeaderDigest, LogId, SetDigest};
use crate::time::UnixMillis;

/// Why a header, or what leads to it, was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrustError {
    /// The header is ahead of the checking clock.
    FutureHeader {
        /// The header's time.
        time: UnixMillis,
        /// The checking clock.
        now: UnixMillis,
    },
    /// The header is not above the newest trusted one, so no certificate is needed or taken.
    HeightNotAbove {
        /// Height of the newest trusted header.
        trusted: u64,
        /// Height of the header.
        found: u64,
    },
    /// No trusted header is there to prove an older one under.
    NoTrustedHeader,
    /// The base carries no validator set, so no certificate can be checked.
    NoTrustedSet,
    /// A handover whose header names no other next set.
    NotAHandover {
        /// Height of the header.
        height: u64,
    },
    /// The header said to be the trusted one is another.
    NotTheTrustedHeader {
        /// Digest of the trusted header.
        expected: HeaderDigest,
        /// Digest of the header.
        found: HeaderDigest,
    },
    /// The base does not have the anchor's digest.
    OtherAnchor {
        /// The anchor pinned by the user.
        expected: TrustAnchor,
        /// What the base is.
        found: TrustAnchor,
    },
    /// Another epoch than the trusted one.
    OtherEpoch {
        /// The trusted epoch.
        expected: u64,
        /// The header's epoch.
        found: u64,
    },
    /// Another first height of the epoch than the trusted one.
    OtherEpochStart {
        /// The trusted first height.
        expected: u64,
        /// The header's first height.
        found: u64,
    },
    /// A header of another log.
    OtherLog {
        /// The log trusted.
        expected: LogId,
        /// The header's log.
        found: LogId,
    },
    /// Other parameters than the log's.
    OtherParameters,
    /// A header at a known height, a parent, or an equal height, with another digest.
    OtherParent {
        /// Digest demanded.
        expected: HeaderDigest,
        /// Digest found.
        found: HeaderDigest,
    },
    /// Another validator set than the trusted one.
    OtherSet {
        /// Digest of the trusted set.
        expected: SetDigest,
        /// Digest found.
        found: SetDigest,
    },
    /// The base is older than the trust period: the keys of its time may have leaked.
    PastTrustPeriod {
        /// Age of the base in milliseconds.
        age: u64,
        /// The trust period in milliseconds.
        period: u64,
    },
    /// The time does not follow the earlier header's.
    TimeNotAfter {
        /// Time of the earlier header.
        earlier: UnixMillis,
        /// Time found.
        found: UnixMillis,
    },
    /// The event tree is smaller than an earlier one.
    TreeShrank {
        /// Size of the earlier tree.
        earlier: u64,
        /// Size found.
        found: u64,
    },
}

impl TrustError {
    /// The stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::FutureHeader { .. } => "trust-future-header",
            Self::HeightNotAbove { .. } => "trust-height-not-above",
            Self::NoTrustedHeader => "trust-no-trusted-header",
            Self::NoTrustedSet => "trust-no-trusted-set",
            Self::NotAHandover { .. } => "trust-not-a-handover",
            Self::NotTheTrustedHeader { .. } => "trust-not-the-trusted-header",
            Self::OtherAnchor { .. } => "trust-other-anchor",
            Self::OtherEpoch { .. } => "trust-other-epoch",
            Self::OtherEpochStart { .. } => "trust-other-epoch-start",
            Self::OtherLog { .. } => "trust-other-log",
            Self::OtherParameters => "trust-other-parameters",
            Self::OtherParent { .. } => "trust-other-parent",
            Self::OtherSet { .. } => "trust-other-set",
            Self::PastTrustPeriod { .. } => "trust-past-trust-period",
            Self::TimeNotAfter { .. } => "trust-time-not-after",
            Self::TreeShrank { .. } => "trust-tree-shrank",
        }
    }
}

impl fmt::Display for TrustError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FutureHeader { time, now } => {
                write!(f, "the header's time {time} is ahead of this clock, {now}")
            }
            Self::HeightNotAbove { trusted, found } => {
                write!(f, "height {found} is not above the trusted height {trusted}")
            }
            Self::NoTrustedHeader => f.write_str("a genesis alone proves no older header"),
            Self::NoTrustedSet => f.write_str("no validator set came with the base"),
            Self::NotAHandover { height } => write!(f, "header {height} names no other next set"),
            Self::NotTheTrustedHeader { expected, found } => {
                write!(f, "header {found} is not the trusted header {expected}")
            }
            Self::OtherAnchor { expected, found } => {
                write!(f, "this starts from {found}; the pinned anchor is {expected}")
            }
            Self::OtherEpoch { expected, found } => {
                write!(f, "epoch {found}, the trusted validators are of epoch {expected}")
            }
            Self::OtherEpochStart { expected, found } => {
                write!(f, "an epoch from height {found}, the trusted one is from {expected}")
            }
            Self::OtherLog { expected, found } => write!(f, "log {found}, not {expected}"),
            Self::OtherParameters => f.write_str("gate or trust period are not the log's"),
            Self::OtherParent { expected, found } => {
                write!(f, "header {found} stands where {expected} must")
            }
            Self::OtherSet { expected, found } => {
                write!(f, "validator set {found}, not the trusted {expected}")
            }
            Self::PastTrustPeriod { age, period } => write!(
                f,
                "the anchor is {age} ms old, past the trust period of {period} ms; pin a newer one"
            ),
            Self::TimeNotAfter { earlier, found } => {
                write!(f, "time {found} is not after {earlier}")
            }
            Self::TreeShrank { earlier, found } => {
                write!(f, "{found} events, fewer than the {earlier} before")
            }
        }
    }
}

impl core::error::Error for TrustError {}
