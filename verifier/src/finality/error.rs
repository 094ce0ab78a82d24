//! Why a header is not final.

use core::fmt;

use super::Suite;
use crate::digest::KeyId;

/// Why a certificate was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FinalityError {
    /// A vote's signature does not hold.
    BadVote {
        /// The validator's index.
        index: u8,
        /// The key it should hold under.
        key: KeyId,
    },
    /// Two thirds or less of the voting power signed.
    NoQuorum {
        /// The power that signed.
        signed: u64,
        /// The set's power.
        total: u64,
    },
    /// The votes are a quorum without the lightest of them.
    SurplusVote {
        /// The power that signed.
        signed: u64,
        /// The power of the lightest vote.
        lightest: u64,
        /// The set's power.
        total: u64,
    },
    /// A vote by an index that the set does not have.
    UnknownValidator {
        /// The index.
        index: u8,
        /// How many validators the set has.
        count: u8,
    },
    /// A vote of another suite than the validator's key.
    WrongSuite {
        /// The validator's index.
        index: u8,
        /// The key's suite.
        expected: Suite,
        /// The vote's suite.
        found: Suite,
    },
}

impl FinalityError {
    /// The stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BadVote { .. } => "finality-bad-vote",
            Self::NoQuorum { .. } => "finality-no-quorum",
            Self::SurplusVote { .. } => "finality-surplus-vote",
            Self::UnknownValidator { .. } => "finality-unknown-validator",
            Self::WrongSuite { .. } => "finality-wrong-suite",
        }
    }
}

impl fmt::Display for FinalityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadVote { index, key } => {
                write!(f, "the vote of validator {index} does not hold under its key {key}")
            }
            Self::NoQuorum { signed, total } => {
                write!(f, "voting power {signed} of {total} signed; more than two thirds is needed")
            }
            Self::SurplusVote { signed, lightest, total } => write!(
                f,
                "voting power {signed} of {total} signed, enough without the lightest vote of {lightest}"
            ),
            Self::UnknownValidator { index, count } => {
                write!(f, "a vote by validator {index} of a set of {count}")
            }
            Self::WrongSuite { index, expected, found } => write!(
                f,
                "the vote of validator {index} is {}, its key is {}",
                found.name(),
                expected.name()
            ),
        }
    }
}

impl core::error::Error for FinalityError {}
