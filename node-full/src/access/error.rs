//! Why a request is not let in, and why settings let nobody in.

use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

use super::{Caller, Scope};

/// Why a request is not answered.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum Denied {
    #[error(
        "this needs a key with the scope `{}`, and the request shows none: send `Authorization: \
         Bearer <key>`; the node's operator makes one with `cairn api-key new`", .needs.name()
    )]
    Missing { needs: Scope },
    #[error("the request shows more than one `Authorization`, or one that is no text")]
    Malformed,
    #[error("no key of this node is the one that the request shows")]
    UnknownKey,
    #[error("the token does not hold: {0}")]
    BadToken(String),
    #[error("{caller} has not the scope `{}`", .needs.name())]
    OutOfScope { caller: Caller, needs: Scope },
    #[error(
        "a page of {origin} may not log through a browser on the node's machine; name its origin with \
         allow-origin"
    )]
    ForeignPage { origin: String },
    #[error("{caller} may send {limit} requests a second; try again in {} s", .again.as_secs())]
    TooFast { caller: Caller, limit: u32, again: Duration },
}

/// Why settings make no access.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AccessError {
    /// A file that a setting names cannot be read.
    #[error("{setting}: {path}: {reason}")]
    File {
        /// The setting.
        setting: String,
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// A value is none that it may be.
    #[error("{setting}: {reason}")]
    Bad {
        /// The setting.
        setting: String,
        /// What is wrong.
        reason: String,
    },
}
