//! Why a log cannot be joined.

use std::path::PathBuf;

use cairn_store::StoreError;
use cairn_verifier::digest::{HeaderDigest, LogId};
use cairn_verifier::error::{Error, Meaning};
use cairn_verifier::wire::DecodeError;
use thiserror::Error;

use crate::http_client::ClientError;
use crate::init::InitError;
use crate::node::{NodeError, OpenError};

/// Why a log cannot be joined.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum JoinError {
    /// There is a log already.
    #[error("{0} has a log already; join with a directory that has keys only (cairn genesis key)")]
    HasLog(PathBuf),
    /// There are no keys.
    #[error("{0} has no validator's key; make keys first: cairn genesis key")]
    NoKeys(PathBuf),
    /// The node serves another log.
    #[error("the node serves log {found}; this directory or its anchor is of {expected}")]
    OtherLog {
        /// The log wanted.
        expected: LogId,
        /// The log of the node.
        found: LogId,
    },
    /// What the node says of the newest header does not hold.
    #[error("the node's newest header does not hold: {0} ({code})", code = .0.code())]
    Header(Error),
    /// A handover does not hold.
    #[error("handover {number} does not hold: {reason} ({code})", code = .reason.code())]
    Handover {
        /// Which, from 0.
        number: u64,
        /// What is wrong.
        reason: Error,
    },
    /// A block is not in the newest header's tree.
    #[error("block {height} is not the log's: {reason} ({code})", code = .reason.code())]
    OtherBlock {
        /// Its height.
        height: u64,
        /// What is wrong.
        reason: Error,
    },
    /// A block's certificate does not hold.
    #[error("block {height} is not final: {reason} ({code})", code = .reason.code())]
    Block {
        /// Its height.
        height: u64,
        /// What is wrong.
        reason: Error,
    },
    /// Events do not hold.
    #[error("events that the log goes by do not hold: {0} ({code})", code = .0.code())]
    Events(Error),
    /// An event does not hold.
    #[error("event {index} does not hold: {reason} ({code})", code = .reason.code())]
    Event {
        /// Its index.
        index: u64,
        /// What is wrong.
        reason: Error,
    },
    /// An answer is not what was asked for.
    #[error("the node's answer is not what was asked for: {0}")]
    Answer(String),
    /// The header has no state.
    #[error(
        "block {height} carries no state, so nobody can tell whether an event was left out; let the \
         node fetch the log from its beginning: cairn start"
    )]
    NoState {
        /// Its height.
        height: u64,
    },
    /// What was fetched ends with another header.
    #[error("what the node serves ends with another header than {expected}: {found:?}")]
    OtherHeader {
        /// The header wanted.
        expected: HeaderDigest,
        /// The header found.
        found: Option<HeaderDigest>,
    },
    /// Something does not decode.
    #[error("the node's answer does not decode: {0}")]
    Decode(#[from] DecodeError),
    /// The node cannot be asked.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// What was fetched does not fit together, or the directory cannot be opened.
    #[error("what the node serves does not fit its header: {0}")]
    Fit(#[from] OpenError),
    /// A block does not fit.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The directory cannot be made.
    #[error(transparent)]
    Init(#[from] InitError),
    /// A file cannot be read or written.
    #[error(transparent)]
    Storage(#[from] StoreError),
}

impl JoinError {
    /// What a check that failed means; nothing if none did.
    #[must_use]
    pub fn meaning(&self) -> Option<Meaning> {
        match self {
            Self::Header(error) | Self::Events(error) => Some(error.meaning()),
            Self::Handover { reason, .. }
            | Self::OtherBlock { reason, .. }
            | Self::Block { reason, .. }
            | Self::Event { reason, .. } => Some(reason.meaning()),
            Self::HasLog(_)
            | Self::NoKeys(_)
            | Self::OtherLog { .. }
            | Self::Answer(_)
            | Self::NoState { .. }
            | Self::OtherHeader { .. }
            | Self::Decode(_)
            | Self::Client(_)
            | Self::Fit(_)
            | Self::Node(_)
            | Self::Init(_)
            | Self::Storage(_) => None,
        }
    }
}
