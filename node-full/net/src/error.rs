//! Why there is no link.

use std::io;
use std::ops::RangeInclusive;
use std::time::Duration;

use cairn_verifier::digest::{KeyId, LogId};
use cairn_verifier::wire::DecodeError;
use thiserror::Error;

/// Why a link was not made, or ended.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LinkError {
    /// The network failed.
    #[error("the connection failed: {0}")]
    Io(#[from] io::Error),
    /// The two ends did not agree on TLS.
    #[error("TLS failed: {0}")]
    Tls(io::Error),
    /// The other end closed the connection.
    #[error("the other end closed the connection")]
    Closed,
    /// The other end said or took nothing for too long.
    #[error("{what} took longer than {limit:?}")]
    Slow {
        /// What was waited for.
        what: &'static str,
        /// How long at most.
        limit: Duration,
    },
    /// A frame is not one that may come now.
    #[error("a frame of kind {found} came where {expected} was due")]
    Unexpected {
        /// What may come.
        expected: &'static str,
        /// What came.
        found: u8,
    },
    /// A frame has a length that its kind does not.
    #[error("a frame of kind {kind} says it has {found} bytes; {limit} is the limit")]
    TooLong {
        /// The kind.
        kind: u8,
        /// What it says.
        found: u32,
        /// The most of its kind.
        limit: u32,
    },
    /// What this node was about to send is longer than a frame may be: no fault of the peer's.
    #[error("a frame of kind {kind} that was to be sent has {found} bytes; {limit} is the limit")]
    TooLongToSend {
        /// The kind.
        kind: u8,
        /// How long it is.
        found: u32,
        /// The most of its kind.
        limit: u32,
    },
    /// A frame does not decode.
    #[error("a frame does not decode: {0}")]
    Decode(#[from] DecodeError),
    /// The two ends speak no version in common.
    #[error("this node speaks link versions {ours:?}, the other one {theirs:?}: update the older")]
    Versions {
        /// What this node speaks.
        ours: RangeInclusive<u16>,
        /// What the other one says it speaks.
        theirs: RangeInclusive<u16>,
    },
    /// One end needs what the other cannot do.
    #[error(
        "one end has features {has:#x} and the other one needs {needs:#x}: update the end that lacks them"
    )]
    Features {
        /// What one has.
        has: u64,
        /// What the other needs.
        needs: u64,
    },
    /// The other end has another log.
    #[error("this node has the log {ours}, the other one {theirs}")]
    OtherLog {
        /// This node's.
        ours: LogId,
        /// The other one's.
        theirs: LogId,
    },
    /// Somebody else is there.
    #[error("key {wanted} was asked for, {found} is there: compare `peers` with the node's key")]
    OtherKey {
        /// Who was asked for.
        wanted: KeyId,
        /// Who is there.
        found: KeyId,
    },
    /// This key is none that the log's state names.
    #[error("key {0} is no validator or node of this log")]
    NotAllowed(KeyId),
    /// The key does not sign for this connection: the wrong key, an old proof, or a connection with
    /// somebody in the middle.
    #[error("the proof of key {0} is not of this connection")]
    BadProof(KeyId),
    /// Refused for a while.
    #[error("key {key} is refused for {left:?} more: {why}")]
    Banned {
        /// Whose key.
        key: KeyId,
        /// For how long.
        left: Duration,
        /// Why.
        why: String,
    },
    /// There is a link with this peer.
    #[error("there is a link with {0} already")]
    Twice(KeyId),
    /// The key of this node signs no proof.
    #[error("this node's key gave no signature: look at the signer")]
    NoSignature,
    /// What the other end says.
    #[error("the other end refused: {0}")]
    Refused(String),
    /// What this end says.
    #[error("{0}")]
    Ended(String),
}

impl LinkError {
    /// Whether a peer that was known did what no working node does.
    pub(crate) const fn is_an_offence(&self) -> bool {
        matches!(self, Self::Unexpected { .. } | Self::TooLong { .. } | Self::Decode(_))
    }
}
