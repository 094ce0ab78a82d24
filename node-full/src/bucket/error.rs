//! What goes wrong between this node and a bucket.

use thiserror::Error;

/// Why an object cannot be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BucketError {
    /// No place for objects.
    #[error("{url}: {why}")]
    BadUrl {
        /// What was given.
        url: String,
        /// What is wrong.
        why: String,
    },
    /// The database is on another machine, and would be spoken to in the clear.
    #[error(
        "the database at {host} would be spoken to without TLS, which this program does not speak to \
         PostgreSQL: reach it through a tunnel that ends on this machine, or say that the network \
         is private, with ?sslmode=disable"
    )]
    NoTls {
        /// The host.
        host: String,
    },
    /// The store did not do it. It is tried again.
    #[error("cannot {what} {path}: {reason}")]
    Failed {
        /// What was tried.
        what: &'static str,
        /// The object.
        path: String,
        /// What the store says.
        reason: object_store::Error,
    },
    /// The object is longer than any good one.
    #[error("{path} has {found} bytes, the limit is {limit}")]
    TooLarge {
        /// The object.
        path: String,
        /// The limit.
        limit: u64,
        /// Its length.
        found: u64,
    },
    /// There is another object where one must be that never changes.
    #[error(
        "{path} is there already with other bytes than this node's; another node may have been about \
         to publish it"
    )]
    Differs {
        /// The object.
        path: String,
    },
    /// It was there, and is no more.
    #[error("{path} was there a moment ago and is no more; is something else writing there?")]
    Vanished {
        /// The object.
        path: String,
    },
    /// The store takes two objects of one name.
    #[error(
        "{url} overwrites objects that must only be created ({what}), so it cannot keep two nodes \
         from publishing at once; keep the head elsewhere: --publish-head postgres://host/database"
    )]
    Overwrites {
        /// The store.
        url: String,
        /// What showed it.
        what: String,
    },
    /// A head that is none.
    #[error("{path} is no head of a log that this program can read: {why}")]
    BadHead {
        /// The object.
        path: String,
        /// What is wrong.
        why: String,
    },
    /// The database that keeps the head did not do it. It is tried again.
    #[error("the head in PostgreSQL at {host}: {reason}")]
    Postgres {
        /// Where.
        host: String,
        /// What it says.
        reason: String,
    },
}

impl BucketError {
    /// The stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BadUrl { .. } => "bad-url",
            Self::NoTls { .. } => "postgres-without-tls",
            Self::Failed { .. } => "store-unreachable",
            Self::TooLarge { .. } => "object-too-large",
            Self::Differs { .. } => "object-differs",
            Self::Vanished { .. } => "object-vanished",
            Self::Overwrites { .. } => "store-overwrites",
            Self::BadHead { .. } => "bad-head",
            Self::Postgres { .. } => "postgres",
        }
    }

    /// Whether trying again may help.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Failed { .. } | Self::Vanished { .. } | Self::Postgres { .. })
    }
}
