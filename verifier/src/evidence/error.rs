//! Why evidence was refused.

use core::fmt;

use crate::digest::{HeaderDigest, KeyId};

/// Why evidence shows no contradiction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EvidenceError {
    /// A vote's signature does not hold.
    BadVote {
        /// The key it should hold under.
        key: KeyId,
    },
    /// The two headers agree.
    NoContradiction {
        /// The header that both have at the lower one's height.
        header: HeaderDigest,
    },
    /// A header of another height than the lower one's is compared with it.
    OtherHeight {
        /// The lower header's height.
        expected: u64,
        /// The height of the header compared with it.
        found: u64,
    },
    /// Two events that differ in log, stream, writer or sequence need not agree.
    OtherPlace,
    /// The second header is the lower one.
    WrongOrder {
        /// Height of the first.
        first: u64,
        /// Height of the second.
        second: u64,
    },
}

impl EvidenceError {
    /// The stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BadVote { .. } => "evidence-bad-vote",
            Self::NoContradiction { .. } => "evidence-no-contradiction",
            Self::OtherHeight { .. } => "evidence-other-height",
            Self::OtherPlace => "evidence-other-place",
            Self::WrongOrder { .. } => "evidence-wrong-order",
        }
    }
}

impl fmt::Display for EvidenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadVote { key } => write!(f, "a vote's signature does not hold under key {key}"),
            Self::NoContradiction { header } => {
                write!(f, "both histories have header {header}; they agree")
            }
            Self::OtherHeight { expected, found } => {
                write!(f, "a header of height {found} says nothing about height {expected}")
            }
            Self::OtherPlace => {
                f.write_str("the events differ in log, stream, writer or sequence; they may")
            }
            Self::WrongOrder { first, second } => {
                write!(f, "the first header's height {first} is above the second's {second}")
            }
        }
    }
}

impl core::error::Error for EvidenceError {}
