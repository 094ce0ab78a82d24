//! Why an archive is not taken into a log.

use std::path::PathBuf;

use cairn_store::StoreError;
use cairn_verifier::digest::{EventId, HeaderDigest, LogId};
use cairn_verifier::error::Meaning;
use cairn_verifier::trust::TrustAnchor;
use thiserror::Error;

use crate::archive::ArchiveError;
use crate::node::{NodeError, OpenError};
use crate::replica::FollowError;

/// Why an archive was not taken, or not all of it. What was taken before it holds.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ImportError {
    /// A new directory, and nothing to trust.
    #[error("{0} holds no block yet, so say what to trust: --anchor genesis:... or checkpoint:...")]
    NoAnchor(PathBuf),
    /// The first archive does not hold the genesis.
    #[error(
        "{0} starts from a header, so it does not hold the genesis that a new directory begins with; \
         begin with an archive made with --base genesis, which is the default"
    )]
    NoGenesis(PathBuf),
    /// Archives under a header alone hold no votes.
    #[error(
        "{0} was made with --base header:..., so its blocks have no certificates and cannot become a \
         log's; make it with --base genesis, which is the default"
    )]
    NoVotes(PathBuf),
    /// Another log.
    #[error("{file} is of log {found}, the data directory of {expected}")]
    OtherLog {
        /// The archive.
        file: PathBuf,
        /// The directory's log.
        expected: LogId,
        /// The archive's.
        found: LogId,
    },
    /// Blocks between the directory and the archive are missing.
    #[error(
        "{file} begins with block {found}, and the data directory ends before block {expected}: an \
         archive with blocks {expected} to {} goes between", found.saturating_sub(1)
    )]
    Gap {
        /// The archive.
        file: PathBuf,
        /// The height that must follow.
        expected: u64,
        /// The archive's first.
        found: u64,
    },
    /// The archive has another block than the directory, and not both are shown to be final.
    #[error("{file} has the block {found} at height {height}, the data directory {expected}")]
    OtherBlock {
        /// The archive.
        file: PathBuf,
        /// The height.
        height: u64,
        /// The header here.
        expected: HeaderDigest,
        /// The header there.
        found: HeaderDigest,
    },
    /// An event of a block that is here is another one.
    #[error("{file} has the event {found} at index {index}, the data directory {expected}")]
    OtherEvent {
        /// The archive.
        file: PathBuf,
        /// The index.
        index: u64,
        /// The event here.
        expected: EventId,
        /// The event there.
        found: EventId,
    },
    /// The archives end before the anchor.
    #[error(
        "{anchor} is not among the blocks up to {height}, so nothing of them is proven and nothing is \
         served: import the archives up to that block too, with the same anchor"
    )]
    NotReached {
        /// The anchor.
        anchor: TrustAnchor,
        /// The newest block.
        height: u64,
    },
    /// The archive is none, or is broken.
    #[error("{file}: {reason}")]
    Archive {
        /// The archive.
        file: PathBuf,
        /// What is wrong.
        reason: ArchiveError,
    },
    /// A block or an event does not hold.
    #[error("{file}: {reason}")]
    Refused {
        /// The archive.
        file: PathBuf,
        /// What is wrong.
        reason: Box<FollowError>,
    },
    /// The directory is no place for it.
    #[error(transparent)]
    Directory(Box<FollowError>),
    /// The data directory.
    #[error(transparent)]
    Open(Box<OpenError>),
    /// The data directory.
    #[error(transparent)]
    Node(#[from] NodeError),
}

impl From<FollowError> for ImportError {
    fn from(error: FollowError) -> Self {
        Self::Directory(Box::new(error))
    }
}

impl From<OpenError> for ImportError {
    fn from(error: OpenError) -> Self {
        Self::Open(Box::new(error))
    }
}

impl From<StoreError> for ImportError {
    fn from(error: StoreError) -> Self {
        Self::Node(error.into())
    }
}

impl ImportError {
    /// The stable code of this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoAnchor(_) => "import-no-anchor",
            Self::NoGenesis(_) => "import-no-genesis",
            Self::NoVotes(_) => "import-no-votes",
            Self::OtherLog { .. } => "import-other-log",
            Self::Gap { .. } => "import-gap",
            Self::OtherBlock { .. } => "import-other-block",
            Self::OtherEvent { .. } => "import-other-event",
            Self::NotReached { .. } => "anchor-not-reached",
            Self::Archive { reason, .. } => reason.code(),
            Self::Refused { reason, .. } => reason.code(),
            Self::Directory(reason) => reason.code(),
            Self::Open(_) => "data-directory",
            Self::Node(error) => error.code(),
        }
    }

    /// Whether it does not hold, or could not be decided.
    #[must_use]
    pub fn meaning(&self) -> Meaning {
        if matches!(self, Self::NotReached { .. }) {
            return Meaning::CouldNotCheck;
        }
        if let Self::Archive { reason, .. } = self {
            return reason.meaning();
        }
        if let Self::Refused { reason, .. } = self
            && let FollowError::NotFinal { reason, .. } = reason.as_ref()
        {
            return reason.meaning();
        }
        Meaning::Failed
    }
}
