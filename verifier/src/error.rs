//! Why something was refused: one error for the whole crate, with a stable code.

use core::fmt;

use crate::event::EventError;
use crate::finality::FinalityError;
use crate::tree::{ConsistencyError, InclusionError};
use crate::trust::TrustError;
use crate::wire::DecodeError;

/// Which group of checks refused, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A consistency proof.
    Consistency(ConsistencyError),
    /// The bytes are not the format.
    Decode(DecodeError),
    /// The event, its signatures or its payload.
    Event(EventError),
    /// The certificate.
    Finality(FinalityError),
    /// An inclusion proof.
    Inclusion(InclusionError),
    /// The way from the anchor.
    Trust(TrustError),
}

/// What an error says about the thing checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a screen must decide every case")]
pub enum Meaning {
    /// It cannot be decided with what is at hand: a newer format, or a wrong clock.
    CouldNotCheck,
    /// It does not hold.
    Failed,
    /// It may hold, but the anchor is too old to tell.
    Stale,
}

impl Error {
    /// The stable code, the same in every runtime.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Consistency(error) => error.code(),
            Self::Decode(error) => error.code(),
            Self::Event(error) => error.code(),
            Self::Finality(error) => error.code(),
            Self::Inclusion(error) => error.code(),
            Self::Trust(error) => error.code(),
        }
    }

    /// What it says about the thing checked.
    #[must_use]
    pub const fn meaning(&self) -> Meaning {
        match self {
            Self::Decode(DecodeError::Version { .. })
            | Self::Trust(TrustError::FutureHeader { .. } | TrustError::NoTrustedSet) => {
                Meaning::CouldNotCheck
            }
            Self::Trust(TrustError::PastTrustPeriod { .. }) => Meaning::Stale,
            Self::Consistency(_)
            | Self::Decode(_)
            | Self::Event(_)
            | Self::Finality(_)
            | Self::Inclusion(_)
            | Self::Trust(_) => Meaning::Failed,
        }
    }

    fn source_display(&self) -> &dyn fmt::Display {
        match self {
            Self::Consistency(error) => error,
            Self::Decode(error) => error,
            Self::Event(error) => error,
            Self::Finality(error) => error,
            Self::Inclusion(error) => error,
            Self::Trust(error) => error,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source_display().fmt(f)
    }
}

impl core::error::Error for Error {}

macro_rules! from {
    ($($variant:ident($error:ty)),*) => {$(
        impl From<$error> for Error {
            fn from(error: $error) -> Self {
                Self::$variant(error)
            }
        }
    )*};
}

from!(
    Consistency(ConsistencyError),
    Decode(DecodeError),
    Event(EventError),
    Finality(FinalityError),
    Inclusion(InclusionError),
    Trust(TrustError)
);
