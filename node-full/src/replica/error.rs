//! Why a replica does not go on.

use std::path::PathBuf;

use cairn_store::StoreError;
use cairn_verifier::digest::{EventId, HeaderDigest, LogId, PayloadDigest};
use cairn_verifier::error::{Error, Meaning};
use cairn_verifier::event::EventError;
use cairn_verifier::trust::TrustAnchor;
use cairn_verifier::wire::DecodeError;
use thiserror::Error;

use crate::bucket::BucketError;
use crate::node::NodeError;

/// Why a replica does not go on. What it had before is as it was.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FollowError {
    /// The bucket has no log yet.
    #[error("no log is published at {url} yet; start its node with --publish {url}")]
    Nothing {
        /// Where.
        url: String,
    },
    /// The directory is a node's that makes blocks.
    #[error("{0} holds a validator's key, so it is no replica's; choose another directory")]
    HoldsKeys(PathBuf),
    /// The directory is taken.
    #[error("{0} is not empty and no replica; choose a directory that is empty or does not exist")]
    NotEmpty(PathBuf),
    /// The genesis does not decode.
    #[error("{path} is no genesis: {reason}")]
    BadGenesis {
        /// Where.
        path: String,
        /// What is wrong.
        reason: DecodeError,
    },
    /// Another log than the anchor's.
    #[error("this is log {found}, the anchor pins {expected}")]
    OtherLog {
        /// The log that the anchor pins.
        expected: LogId,
        /// The log there.
        found: LogId,
    },
    /// All that is published was loaded, and the anchor was not in it.
    #[error(
        "{anchor} is no header of what is published at {url}: either the anchor is newer than that, \
         or this is not the log; nothing of it is served. Remove the directory to begin again"
    )]
    NoAnchor {
        /// The anchor.
        anchor: TrustAnchor,
        /// Where.
        url: String,
    },
    /// The directory was begun with an anchor that was never reached.
    #[error(
        "{dir} was loaded towards {found}, which was not reached, so nothing in it is proven; \
         {expected} cannot prove it. Remove the directory to begin again"
    )]
    OtherAnchor {
        /// The directory.
        dir: PathBuf,
        /// The anchor given now.
        expected: TrustAnchor,
        /// The one it was begun with.
        found: String,
    },
    /// The directory was begun with an anchor that is still to be reached.
    #[error(
        "{dir} was filled towards {anchor}, which is not in it yet, so nothing in it is proven and \
         nothing is served; import the archives up to that block, or remove the directory"
    )]
    NotReached {
        /// The directory.
        dir: PathBuf,
        /// The anchor.
        anchor: String,
    },
    /// There is no block in the directory.
    #[error("{0} holds no block yet; import an archive of the log, or follow it with --from")]
    Empty(PathBuf),
    /// A head with less than there was before.
    #[error(
        "head {number} of {url} went back: it has {found} blocks, this replica checked {had} before; \
         what final blocks hold cannot go away"
    )]
    WentBack {
        /// Where.
        url: String,
        /// The number of the head.
        number: u64,
        /// Blocks here.
        had: u64,
        /// Blocks there.
        found: u64,
    },
    /// Something that the head says is there is not.
    #[error("{path} is missing, and the newest head says that it is there")]
    Missing {
        /// Where.
        path: String,
    },
    /// A file that is none.
    #[error("{path} is bent: {reason}")]
    Bent {
        /// Where.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// A block does not follow the one before.
    #[error("block {height} does not follow: it has {what}")]
    DoesNotFollow {
        /// Its height.
        height: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// A certificate does not hold, or the anchor is too old to tell.
    #[error("block {height} is not final under the anchor: {reason}{}", advice(.reason))]
    NotFinal {
        /// Its height.
        height: u64,
        /// What is wrong.
        reason: Error,
    },
    /// A vote of a block below the anchor does not hold.
    #[error("block {height} is damaged: {reason}")]
    BadVotes {
        /// Its height.
        height: u64,
        /// What is wrong.
        reason: String,
    },
    /// An event's signature does not hold.
    #[error("event {index} ({id}) is bent: {reason}")]
    BadSignature {
        /// Its index.
        index: u64,
        /// Its id.
        id: EventId,
        /// What is wrong.
        reason: EventError,
    },
    /// An event does not follow the one before of its writer, or is of another log.
    #[error("event {index} ({id}) has {what}")]
    BadOrder {
        /// Its index.
        index: u64,
        /// Its id.
        id: EventId,
        /// What is wrong.
        what: &'static str,
    },
    /// The events are not those that the block makes final.
    #[error("the events up to {size} are not those of block {height}: {what}")]
    OtherRoot {
        /// The height.
        height: u64,
        /// The size of its tree.
        size: u64,
        /// Which root differs.
        what: &'static str,
    },
    /// A payload is not the one that its event commits to.
    #[error("{path} is bent: it is not the payload {digest}")]
    BadPayload {
        /// Where.
        path: String,
        /// The digest.
        digest: PayloadDigest,
    },
    /// Two histories are final.
    #[error(
        "the log is forked: header {ours} was final here at height {height}, {theirs} is published; \
         {evidence} proves it to anyone. Keep it, and ask who runs the validators"
    )]
    Fork {
        /// The height.
        height: u64,
        /// The header here.
        ours: HeaderDigest,
        /// The header there.
        theirs: HeaderDigest,
        /// The file with both.
        evidence: String,
    },
    /// The bucket.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// The data directory.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The data directory.
    #[error(transparent)]
    Storage(#[from] StoreError),
}

fn advice(reason: &Error) -> &'static str {
    match reason.meaning() {
        Meaning::Stale => {
            ". Start again with --anchor checkpoint:DIGEST, a newer header that you know is final"
        }
        Meaning::CouldNotCheck => ". Look at this machine's clock, or for a newer program",
        Meaning::Failed => "",
    }
}

impl FollowError {
    /// The stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Nothing { .. } => "nothing-published",
            Self::HoldsKeys(_) => "holds-keys",
            Self::NotEmpty(_) => "not-empty",
            Self::BadGenesis { .. } => "bad-genesis",
            Self::OtherLog { .. } => "other-log",
            Self::NoAnchor { .. } => "no-anchor",
            Self::OtherAnchor { .. } => "other-anchor",
            Self::NotReached { .. } => "anchor-not-reached",
            Self::Empty(_) => "no-block",
            Self::WentBack { .. } => "head-went-back",
            Self::Missing { .. } => "object-missing",
            Self::Bent { .. } => "bent-object",
            Self::DoesNotFollow { .. } => "does-not-follow",
            Self::NotFinal { reason, .. } => reason.code(),
            Self::BadVotes { .. } => "bad-votes",
            Self::BadSignature { .. } => "bent-event",
            Self::BadOrder { .. } => "event-order",
            Self::OtherRoot { .. } => "other-root",
            Self::BadPayload { .. } => "bent-payload",
            Self::Fork { .. } => "fork",
            Self::Bucket(error) => error.code(),
            Self::Node(error) => error.code(),
            Self::Storage(_) => "storage",
        }
    }

    /// Whether trying again may help. What was refused is not tried again by itself: somebody has
    /// to look.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        match self {
            Self::Nothing { .. } | Self::Missing { .. } | Self::Node(_) | Self::Storage(_) => true,
            Self::Bucket(error) => error.is_passing(),
            Self::NotFinal { reason, .. } => matches!(reason.meaning(), Meaning::CouldNotCheck),
            Self::HoldsKeys(_)
            | Self::NotEmpty(_)
            | Self::BadGenesis { .. }
            | Self::OtherLog { .. }
            | Self::NoAnchor { .. }
            | Self::OtherAnchor { .. }
            | Self::NotReached { .. }
            | Self::Empty(_)
            | Self::WentBack { .. }
            | Self::Bent { .. }
            | Self::DoesNotFollow { .. }
            | Self::BadVotes { .. }
            | Self::BadSignature { .. }
            | Self::BadOrder { .. }
            | Self::OtherRoot { .. }
            | Self::BadPayload { .. }
            | Self::Fork { .. } => false,
        }
    }
}
