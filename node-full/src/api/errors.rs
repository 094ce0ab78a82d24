//! What the core refuses, as problems: the same codes, with the HTTP status that fits.

use axum::http::StatusCode;
use cairn_store::StoreError;

use super::problem::Problem;
use crate::ingest::{Refusal, Refused};
use crate::node::NodeError;
use crate::proofs::ProofError;

impl From<Refused> for Problem {
    fn from(Refused { at, reason }: Refused) -> Self {
        let status = match &reason {
            Refusal::Malformed(_) | Refusal::NotBase64(_) => StatusCode::BAD_REQUEST,
            Refusal::SequenceReused { .. }
            | Refusal::SequenceGap { .. }
            | Refusal::AlreadyRedacted(_)
            | Refusal::PreviousMismatch { .. } => StatusCode::CONFLICT,
            Refusal::NotAllowed(_) | Refusal::NotAWriter(_) | Refusal::SystemStream => {
                StatusCode::FORBIDDEN
            }
            Refusal::DiskFull(_) => StatusCode::INSUFFICIENT_STORAGE,
            Refusal::Storage(_)
            | Refusal::PoolFull { .. }
            | Refusal::CatchingUp(_)
            | Refusal::ShuttingDown => StatusCode::SERVICE_UNAVAILABLE,
            Refusal::HeadLost(_) => StatusCode::SERVICE_UNAVAILABLE,
            Refusal::ReadOnly { .. } => StatusCode::FORBIDDEN,
            Refusal::Seal(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Refusal::BadWrap(_)
            | Refusal::CannotGrant(_)
            | Refusal::NoSuchEvent(_)
            | Refusal::NothingSealed(_)
            | Refusal::OtherReaders { .. }
            | Refusal::System(_)
            | Refusal::UnexpectedWraps
            | Refusal::KindNotAccepted(_)
            | Refusal::OtherLog { .. }
            | Refusal::PayloadMismatch(_)
            | Refusal::PayloadMissing(_)
            | Refusal::ReservedType(_)
            | Refusal::Signature(_)
            | Refusal::TooLarge { .. }
            | Refusal::UnexpectedSalt
            | Refusal::UnknownRecipient(_)
            | Refusal::UnknownRecipientKey(_)
            | Refusal::UnknownStream(_)
            | Refusal::UnknownStreamName(_) => StatusCode::UNPROCESSABLE_ENTITY,
        };
        // The decoder's own codes say more than that something is malformed.
        let code =
            if let Refusal::Malformed(error) = &reason { error.code() } else { reason.code() };
        Self::new(status, code, reason.to_string()).at(at)
    }
}

impl From<NodeError> for Problem {
    fn from(error: NodeError) -> Self {
        match error {
            NodeError::BadCursor(_) | NodeError::TooBroad { .. } => {
                Self::new(StatusCode::BAD_REQUEST, error.code(), error.to_string())
            }
            NodeError::Pruned { .. } | NodeError::BlockBefore { .. } => {
                Self::new(StatusCode::GONE, error.code(), error.to_string())
            }
            NodeError::Storage(StoreError::NoTile(_)) => {
                Self::new(StatusCode::GONE, "before-checkpoint", error.to_string())
            }
            NodeError::CatchingUp => Self::unavailable(error.code(), error.to_string()),
            NodeError::NotAudited(refusal) => (*refusal).at(0).into(),
            NodeError::Damaged { .. }
            | NodeError::OtherEpoch { .. }
            | NodeError::PayloadDamaged(_)
            | NodeError::Storage(_) => Self::unreadable(error.code(), &error.to_string()),
        }
    }
}

impl From<ProofError> for Problem {
    fn from(error: ProofError) -> Self {
        let status = match error {
            ProofError::Node(error) => return error.into(),
            ProofError::NotFinal(_)
            | ProofError::NoState { .. }
            | ProofError::PastState { .. }
            | ProofError::NotInBase { .. } => StatusCode::CONFLICT,
            ProofError::NotAscending | ProofError::OutOfRange { .. } => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            ProofError::Redacted(_) => StatusCode::GONE,
            ProofError::NoPayload(_)
            | ProofError::NoWrap { .. }
            | ProofError::UnknownBase(_)
            | ProofError::UnknownEvent(_)
            | ProofError::UnknownHeight { .. } => StatusCode::NOT_FOUND,
        };
        Self::new(status, error.code(), error.to_string())
    }
}

impl From<crate::query::QueryError> for Problem {
    fn from(error: crate::query::QueryError) -> Self {
        let status = match error.code() {
            "unknown-stream" => StatusCode::UNPROCESSABLE_ENTITY,
            _ => StatusCode::BAD_REQUEST,
        };
        Self::new(status, error.code(), format!("{}: {}", error.name, error.why))
    }
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse as _;

    use super::*;

    #[test]
    fn a_disk_that_takes_nothing_is_not_the_submitters_fault() {
        let full = || "no space left".to_owned();
        for (reason, status) in [
            (Refusal::DiskFull(full()), 507),
            (Refusal::Storage(full()), 503),
            (Refusal::ShuttingDown, 503),
        ] {
            let response = Problem::from(Refused { at: 0, reason }).into_response();
            assert_eq!(response.status().as_u16(), status);
        }
    }
}
