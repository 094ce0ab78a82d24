//! Why the light client refused, or could not tell.

mod say;

use cairn_verifier::Error;
use cairn_verifier::digest::{EventId, HeaderDigest, KeyId};
use cairn_verifier::error::Meaning;
use cairn_verifier::event::EventError;
use cairn_verifier::payload::PayloadError;
use cairn_verifier::tree::InclusionError;
use cairn_verifier::wire::DecodeError;

use crate::world::Problem;

/// Everything that can keep the light client from a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientError {
    /// The anchor is older than the user allows.
    AnchorTooOld {
        /// Its age in milliseconds.
        age: u64,
        /// What is allowed.
        limit: u64,
    },
    /// The anchor's text is none.
    BadAnchor,
    /// The node's answer is not what was asked for.
    BadAnswer {
        /// What is wrong with it.
        what: &'static str,
    },
    /// The event id's text is none.
    BadEventId,
    /// The key file's text is none.
    BadKey,
    /// The node's address is none.
    BadNode {
        /// What was given.
        found: String,
    },
    /// The policy file is none.
    BadPolicy {
        /// The line, from 1; 0 for the whole.
        line: usize,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A query has a part that is none.
    BadQuery {
        /// Its name.
        found: String,
    },
    /// Two headers are final at one height: the log was forked by its validators.
    Equivocation {
        /// The height.
        height: u64,
        /// The header known before.
        ours: HeaderDigest,
        /// The header that the node serves.
        theirs: HeaderDigest,
    },
    /// The node answered with an error.
    HttpStatus {
        /// The status.
        status: u16,
        /// What the node says about it: a claim.
        problem: Problem,
    },
    /// The head was replaced by other calls each time that this one was ready.
    HeadMoved,
    /// No answer.
    Network {
        /// What the runtime says.
        why: String,
    },
    /// The node's newest header is older than one that is known to be final.
    NodeBehind {
        /// Height of the known head.
        ours: u64,
        /// Height of the node's.
        theirs: u64,
    },
    /// The receipt brings no payload.
    NoPayload,
    /// A final header, but not shown to continue the one known before.
    NotAnExtension {
        /// The header known before.
        old: HeaderDigest,
        /// The header that the node serves.
        new: HeaderDigest,
        /// What its proof fails with.
        why: Box<Error>,
    },
    /// Another event than the query finds.
    NotAsked {
        /// The event that the node answered with.
        event: EventId,
        /// The part of the query that it does not pass.
        filter: String,
    },
    /// Fewer nodes agree than the policy asks for.
    NotEnoughNodes {
        /// How many showed one history.
        agreed: usize,
        /// How many were asked.
        nodes: usize,
    },
    /// The event is nowhere in the log.
    NotFound {
        /// The event.
        event: EventId,
        /// The size of the log that was read.
        size: u64,
    },
    /// The node has the event, but no final header has it yet.
    NotFinal {
        /// The event.
        event: EventId,
    },
    /// No wrap for this key.
    NoWrap {
        /// The id of the key that wraps are made for.
        key: KeyId,
    },
    /// The receipt is of another event.
    OtherEvent {
        /// The event asked for.
        expected: EventId,
        /// The event in the receipt.
        found: EventId,
    },
    /// The payload does not open.
    Payload(PayloadError),
    /// The stored evidence is not this anchor's, or from a time that has not come.
    StoredEvidence {
        /// What is wrong with it.
        what: &'static str,
    },
    /// The answer is longer than any that is needed.
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The verifier refused.
    Verify(Error),
}

impl ClientError {
    /// The stable code. What the verifier refused keeps the verifier's code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AnchorTooOld { .. } => "client-anchor-too-old",
            Self::BadAnchor => "client-bad-anchor",
            Self::BadAnswer { .. } => "client-bad-answer",
            Self::BadEventId => "client-bad-event-id",
            Self::BadKey => "client-bad-key",
            Self::BadNode { .. } => "client-bad-node",
            Self::BadPolicy { .. } => "client-bad-policy",
            Self::BadQuery { .. } => "client-bad-query",
            Self::Equivocation { .. } => "client-equivocation",
            Self::HeadMoved => "client-head-moved",
            Self::HttpStatus { .. } => "client-http-status",
            Self::Network { .. } => "client-network",
            Self::NodeBehind { .. } => "client-node-behind",
            Self::NoPayload => "client-no-payload",
            Self::NotAnExtension { .. } => "client-not-an-extension",
            Self::NotAsked { .. } => "client-not-asked",
            Self::NotEnoughNodes { .. } => "client-not-enough-nodes",
            Self::NotFinal { .. } => "client-not-final",
            Self::NotFound { .. } => "client-not-found",
            Self::NoWrap { .. } => "client-no-wrap",
            Self::OtherEvent { .. } => "client-other-event",
            Self::Payload(error) => error.code(),
            Self::StoredEvidence { .. } => "client-stored-evidence",
            Self::TooLarge { .. } => "client-too-large",
            Self::Verify(error) => error.code(),
        }
    }

    /// What it says about the thing checked: that it does not hold, or that it is not known.
    #[must_use]
    pub fn meaning(&self) -> Meaning {
        match self {
            Self::Verify(error) => error.meaning(),
            Self::Payload(PayloadError::NotTheRecipient { .. } | PayloadError::NotSealed) => {
                Meaning::CouldNotCheck
            }
            Self::Payload(error) => {
                say::as_verifier_error(error).map_or(Meaning::Failed, |error| error.meaning())
            }
            Self::Equivocation { .. }
            | Self::NotAnExtension { .. }
            | Self::NotAsked { .. }
            | Self::OtherEvent { .. } => Meaning::Failed,
            Self::AnchorTooOld { .. } => Meaning::Stale,
            Self::BadAnchor
            | Self::BadAnswer { .. }
            | Self::BadEventId
            | Self::BadKey
            | Self::BadNode { .. }
            | Self::BadPolicy { .. }
            | Self::BadQuery { .. }
            | Self::HeadMoved
            | Self::HttpStatus { .. }
            | Self::Network { .. }
            | Self::NodeBehind { .. }
            | Self::NoPayload
            | Self::NotEnoughNodes { .. }
            | Self::NotFinal { .. }
            | Self::NotFound { .. }
            | Self::NoWrap { .. }
            | Self::StoredEvidence { .. }
            | Self::TooLarge { .. } => Meaning::CouldNotCheck,
        }
    }

    /// Whether it may pass by itself, so that it is worth to try again.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        match self {
            Self::HttpStatus { status, .. } => matches!(status, 408 | 425 | 429 | 500..=599),
            Self::HeadMoved
            | Self::Network { .. }
            | Self::NodeBehind { .. }
            | Self::NotEnoughNodes { .. } => true,
            Self::AnchorTooOld { .. }
            | Self::BadAnchor
            | Self::BadAnswer { .. }
            | Self::BadEventId
            | Self::BadKey
            | Self::BadNode { .. }
            | Self::BadPolicy { .. }
            | Self::BadQuery { .. }
            | Self::Equivocation { .. }
            | Self::NoPayload
            | Self::NotAnExtension { .. }
            | Self::NotAsked { .. }
            | Self::NotFinal { .. }
            | Self::NotFound { .. }
            | Self::NoWrap { .. }
            | Self::OtherEvent { .. }
            | Self::Payload(_)
            | Self::StoredEvidence { .. }
            | Self::TooLarge { .. }
            | Self::Verify(_) => false,
        }
    }

    /// Whether the node answered with this problem code.
    #[must_use]
    pub fn is_problem(&self, code: &str) -> bool {
        matches!(self, Self::HttpStatus { problem, .. } if problem.code == code)
    }
}

impl std::error::Error for ClientError {}

macro_rules! from_verifier {
    ($($error:ty),*) => {$(
        impl From<$error> for ClientError {
            fn from(error: $error) -> Self {
                Self::Verify(error.into())
            }
        }
    )*};
}

from_verifier!(Error, DecodeError, EventError, InclusionError);

impl From<PayloadError> for ClientError {
    fn from(error: PayloadError) -> Self {
        Self::Payload(error)
    }
}
