//! Why a log is not published.

use cairn_store::StoreError;
use cairn_verifier::digest::HeaderDigest;
use thiserror::Error;

use crate::bucket::BucketError;
use crate::node::NodeError;
use crate::proofs::ProofError;

/// Why a log is not published.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PublishError {
    /// Another log is published there.
    #[error("{url} holds another log; choose an empty place for this one")]
    OtherLog {
        /// Where.
        url: String,
    },
    /// What is published goes further than the data directory.
    #[error(
        "{url} has {published} blocks and {published_size} events of this log, this data directory \
         {ours} and {our_size}: it is an old copy, and a block made from here would fork the log; \
         bring back a newer one, or make it from {url}"
    )]
    Behind {
        /// Where.
        url: String,
        /// Blocks there.
        published: u64,
        /// Events there.
        published_size: u64,
        /// Blocks here.
        ours: u64,
        /// Events here.
        our_size: u64,
    },
    /// Another block of the same height is published.
    #[error(
        "{url} has header {published} at height {height}, this data directory has {ours}: two nodes \
         made blocks with one validator's key; stop both and find out which one readers saw"
    )]
    Forked {
        /// Where.
        url: String,
        /// The height.
        height: u64,
        /// The header there.
        published: HeaderDigest,
        /// The header here.
        ours: HeaderDigest,
    },
    /// Another node has written the head that was ours to write.
    #[error(
        "another node ({winner}) has taken over {url} with head {number}: this one publishes no more \
         and makes no more blocks; stop it, or stop the other and start this one again"
    )]
    HeadLost {
        /// Where.
        url: String,
        /// The number that both wanted.
        number: u64,
        /// The other's name.
        winner: String,
    },
    /// The bucket or the database.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// The data directory cannot be read.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// A file of the data directory cannot be read.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// A file of the data directory cannot be read.
    #[error(transparent)]
    Storage(#[from] StoreError),
}

impl PublishError {
    /// The stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::OtherLog { .. } => "published-other-log",
            Self::Behind { .. } => "behind-published",
            Self::Forked { .. } => "published-fork",
            Self::HeadLost { .. } => "head-lost",
            Self::Bucket(error) => error.code(),
            Self::Node(_) | Self::Proof(_) | Self::Storage(_) => "storage",
        }
    }

    /// Whether trying again may help.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        match self {
            Self::Bucket(error) => error.is_passing(),
            Self::Node(_) | Self::Proof(_) | Self::Storage(_) => true,
            Self::OtherLog { .. }
            | Self::Behind { .. }
            | Self::Forked { .. }
            | Self::HeadLost { .. } => false,
        }
    }
}
