//! Why something was refused: one error for the whole crate, with a stable code.

use core::fmt;

use crate::event::EventError;
use crate::evidence::EvidenceError;
use crate::finality::FinalityError;
use crate::state::StateError;
use crate::terms::BudgetError;
use crate::tree::{ConsistencyError, InclusionError};
use crate::trust::TrustError;
use crate::wire::DecodeError;

/// Which group of checks refused, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// More work than the caller allows.
    Budget(BudgetError),
    /// A consistency proof.
    Consistency(ConsistencyError),
    /// The bytes are not the format.
    Decode(DecodeError),
    /// The event, its signatures or its payload.
    Event(EventError),
    /// Evidence that shows no contradiction.
    Evidence(EvidenceError),
    /// The certificate.
    Finality(FinalityError),
    /// An inclusion proof.
    Inclusion(InclusionError),
    /// A proof about the state.
    State(StateError),
    /// The way from the anchor.
    Trust(TrustError),
}

/// What an error says about the thing checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a screen must decide every case")]
pub enum Meaning {
    /// It cannot be decided with what is at hand: a newer format, a wrong clock, or a
    /// small budget.
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
            Self::Budget(error) => error.code(),
            Self::Consistency(error) => error.code(),
            Self::Decode(error) => error.code(),
            Self::Event(error) => error.code(),
            Self::Evidence(error) => error.code(),
            Self::Finality(error) => error.code(),
            Self::Inclusion(error) => error.code(),
            Self::State(error) => error.code(),
            Self::Trust(error) => error.code(),
        }
    }

    /// What it says about the thing checked.
    #[must_use]
    pub const fn meaning(&self) -> Meaning {
        match self {
            Self::Budget(_)
            | Self::Decode(DecodeError::Version { .. })
            | Self::Trust(TrustError::FutureHeader { .. } | TrustError::NoTrustedSet) => {
                Meaning::CouldNotCheck
            }
            Self::Trust(TrustError::PastTrustPeriod { .. }) => Meaning::Stale,
            Self::Consistency(_)
            | Self::Decode(_)
            | Self::Event(_)
            | Self::Evidence(_)
            | Self::Finality(_)
            | Self::Inclusion(_)
            | Self::State(_)
            | Self::Trust(_) => Meaning::Failed,
        }
    }

    fn source_display(&self) -> &dyn fmt::Display {
        match self {
            Self::Budget(error) => error,
            Self::Consistency(error) => error,
            Self::Decode(error) => error,
            Self::Event(error) => error,
            Self::Evidence(error) => error,
            Self::Finality(error) => error,
            Self::Inclusion(error) => error,
            Self::State(error) => error,
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
    Budget(BudgetError),
    Consistency(ConsistencyError),
    Decode(DecodeError),
    Event(EventError),
    Evidence(EvidenceError),
    Finality(FinalityError),
    Inclusion(InclusionError),
    State(StateError),
    Trust(TrustError)
);
