//! Why a proof cannot be given.

use thiserror::Error;

use cairn_store::StoreError;
use cairn_verifier::digest::{EventId, HeaderDigest, KeyId};

use crate::node::NodeError;

/// Why a proof cannot be given.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProofError {
    /// No such event.
    #[error("no event {0} in the log")]
    UnknownEvent(EventId),
    /// The event is accepted, but no block holds it yet.
    #[error("event {0} is not final yet; ask again in a second")]
    NotFinal(EventId),
    /// Indices of a batch that are none.
    #[error("the indices must be some, each larger than the one before")]
    NotAscending,
    /// No block of this height.
    #[error("no block at height {height}; the newest is {newest}")]
    UnknownHeight {
        /// The height asked for.
        height: u64,
        /// The newest block's.
        newest: u64,
    },
    /// The base is no header of this log.
    #[error("header {0} is not in this log")]
    UnknownBase(HeaderDigest),
    /// The base is older than what is to be proven, and cannot carry a certificate.
    #[error("not in the base: it reaches to {base}, asked for {found}")]
    NotInBase {
        /// The base's tree size, or height for a checkpoint.
        base: u64,
        /// The index or height asked for.
        found: u64,
    },
    /// An index or size outside the final log.
    #[error("{what} {found} is out of range; the limit is {limit}")]
    OutOfRange {
        /// What is out of range.
        what: &'static str,
        /// The largest that can be proven.
        limit: u64,
        /// The value found.
        found: u64,
    },
    /// The event has no stored payload.
    #[error("event {0} has no payload stored here")]
    NoPayload(EventId),
    /// The event's payload was redacted, and forgotten.
    #[error("the payload of event {0} was redacted; the event is proven without it")]
    Redacted(EventId),
    /// No wrap of the event's message key for this key.
    #[error("event {event} has no wrap for key {recipient}")]
    NoWrap {
        /// The event.
        event: EventId,
        /// The recipient's key.
        recipient: KeyId,
    },
    /// The log's headers carry no state.
    #[error(
        "block {height} is the newest, and its header carries no state: it was made by an older \
         program. The next block's header will"
    )]
    NoState {
        /// The newest block's height.
        height: u64,
    },
    /// The state of so long ago is not kept.
    #[error("the state after block {height} is not kept any more; ask under a newer header")]
    PastState {
        /// The block's height.
        height: u64,
    },
    /// Something could not be read.
    #[error(transparent)]
    Node(#[from] NodeError),
}

impl From<StoreError> for ProofError {
    fn from(error: StoreError) -> Self {
        Self::Node(error.into())
    }
}

impl ProofError {
    /// The stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownEvent(_) => "unknown-event",
            Self::NotFinal(_) => "not-final",
            Self::UnknownHeight { .. } => "unknown-height",
            Self::UnknownBase(_) => "unknown-base",
            Self::NotInBase { .. } => "not-in-base",
            Self::NotAscending => "not-ascending",
            Self::OutOfRange { .. } => "out-of-range",
            Self::NoPayload(_) => "no-payload",
            Self::Redacted(_) => "redacted",
            Self::NoWrap { .. } => "no-wrap",
            Self::NoState { .. } => "no-state",
            Self::PastState { .. } => "past-state",
            Self::Node(error) => error.code(),
        }
    }
}
