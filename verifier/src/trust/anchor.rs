//! The trust anchor: the only thing a user gives.

use core::fmt;
use core::str::FromStr;

use crate::digest::{HeaderDigest, LogId};

/// Where trust starts. This is the one door through which trust is *given*; everything else is
/// checked. The time of a checkpoint is not beside it: the digest binds the header, which
/// holds it.
///
/// As text: `genesis:` or `checkpoint:` and 64 lower-case hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "version 1 knows these two")]
pub enum TrustAnchor {
    /// A header that the user knows to be final.
    Checkpoint(HeaderDigest),
    /// A log from its beginning.
    Genesis(LogId),
}

impl fmt::Display for TrustAnchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Checkpoint(digest) => write!(f, "checkpoint:{digest}"),
            Self::Genesis(log) => write!(f, "genesis:{log}"),
        }
    }
}

/// The text is not a trust anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BadAnchor;

impl fmt::Display for BadAnchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an anchor is `genesis:` or `checkpoint:` and 64 lower-case hex digits")
    }
}

impl core::error::Error for BadAnchor {}

impl FromStr for TrustAnchor {
    type Err = BadAnchor;

    fn from_str(text: &str) -> Result<Self, BadAnchor> {
        match text.split_once(':') {
            Some(("checkpoint", hex)) => hex.parse().map(Self::Checkpoint).map_err(|_| BadAnchor),
            Some(("genesis", hex)) => hex.parse().map(Self::Genesis).map_err(|_| BadAnchor),
            _ => Err(BadAnchor),
        }
    }
}
