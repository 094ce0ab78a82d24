//! Why a node does not open, and why something cannot be read.

use std::path::PathBuf;

use thiserror::Error;

use cairn_store::StoreError;
use cairn_verifier::digest::PayloadDigest;
use cairn_verifier::wire::DecodeError;

use crate::ingest::Refusal;
use crate::keyring::KeyringError;
use crate::publish::PublishError;
use crate::replica::FollowError;

/// Why a data directory cannot be opened. Nothing in it was changed, except that a torn tail
/// (a write that never finished, so was never acknowledged) may have been cut.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// No log was made here.
    #[error("{0} holds no Cairn log; make one with `cairn init`")]
    NotInitialised(PathBuf),
    /// Made by another version.
    #[error("{path} has the data format {found:?}; this program reads {expected:?}")]
    OtherFormat {
        /// The format file.
        path: PathBuf,
        /// The format wanted.
        expected: &'static str,
        /// The format found.
        found: String,
    },
    /// Another process has it open.
    #[error("{0} is locked: another node is running on this directory")]
    Locked(PathBuf),
    /// The genesis does not decode.
    #[error("{path} is damaged: {reason}; restore it from a backup")]
    BadGenesis {
        /// The genesis file.
        path: PathBuf,
        /// What is wrong.
        reason: DecodeError,
    },
    /// A key file does not hold the key that the genesis names.
    #[error("{path} does not hold {what}; restore it from a backup")]
    BadKey {
        /// The key file.
        path: PathBuf,
        /// Which key.
        what: &'static str,
    },
    /// A key cannot be read.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// An entry's frame is whole, but it is not an event of this log.
    #[error("entry {index} of the log is not an event of this log: {reason}")]
    BadEntry {
        /// Its index.
        index: u64,
        /// What is wrong.
        reason: String,
    },
    /// A block's frame is whole, but it does not fit the log.
    #[error("block {height} does not fit the log: {reason}")]
    BadBlock {
        /// Its height.
        height: u64,
        /// What is wrong.
        reason: String,
    },
    /// The log of blocks ends before what this node signed.
    #[error(
        "the log of blocks ends before height {end}, and this node signed a block at height \
         {signed}: blocks are missing; restore them from a replica or a newer backup, or other \
         blocks would be signed in their place"
    )]
    BlocksMissing {
        /// The height of the block that was signed last.
        signed: u64,
        /// The height that the log would get next.
        end: u64,
    },
    /// A record of the key store does not decode.
    #[error("record {index} of the key store is damaged: {reason}")]
    BadKeyRecord {
        /// Its index.
        index: u64,
        /// What is wrong.
        reason: DecodeError,
    },
    /// Trees or state lack what only forgotten events could make again.
    #[error(
        "{what} cannot be made again, because events before {begin} are not kept here any more; \
         restore the directory from a backup"
    )]
    Pruned {
        /// What is missing.
        what: &'static str,
        /// The first event that is kept.
        begin: u64,
    },
    /// A tree lacks what only blocks could make again that were never here.
    #[error(
        "{what} cannot be made again, because this node joined by a checkpoint and has blocks from \
         {begin} on only; restore the directory from a backup, or join again"
    )]
    BlocksBefore {
        /// What is missing.
        what: &'static str,
        /// The first block that is there.
        begin: u64,
    },
    /// Members and streams cannot be read out of the log.
    #[error("members and streams cannot be read out of the log: {reason}")]
    Directory {
        /// What is wrong.
        reason: String,
    },
    /// The state after the newest block cannot be made.
    #[error("the state after the newest block cannot be made out of the log: {reason}")]
    State {
        /// What is wrong.
        reason: String,
    },
    /// The first block of a new log could not be made.
    #[error("the first block could not be made: {reason}")]
    FirstBlock {
        /// What went wrong.
        reason: String,
    },
    /// The system starts no more threads.
    #[error("cannot start a thread: {source}")]
    Thread {
        /// What the system said.
        source: std::io::Error,
    },
    /// The log cannot be published.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// The published log cannot be followed.
    #[error(transparent)]
    Follow(#[from] FollowError),
    /// What a validator signed last cannot be read.
    #[error(
        "{path} is damaged, so what this validator signed last is not known, and it could sign a \
         second, other vote for the same place. If no other machine has its key, move the file away \
         and say from which height on it signs: sign-from = HEIGHT under [validator] in cairn.toml, of \
         a height that no validator has begun"
    )]
    SignaturesDamaged {
        /// The record.
        path: PathBuf,
    },
    /// It was one of several validators, and something of that is not at its end.
    #[error(
        "this validator agreed on blocks with others before, and {why}. Alone it would sign another \
         block for the same place, or forget what it accepted: start it with [validator] peers and \
         listen in cairn.toml"
    )]
    NotLone {
        /// What is not at its end.
        why: String,
    },
    /// One vote is no quorum of this log.
    #[error(
        "this log has {validators} validators, and this node alone is no quorum of them; name the \
         others: [validator] peers and listen in cairn.toml"
    )]
    NeedsPeers {
        /// How many there are.
        validators: usize,
    },
    /// The other validators cannot be reached at all.
    #[error("the links to the other validators cannot be made: {reason}")]
    Network {
        /// What is wrong.
        reason: String,
    },
    /// A file is damaged, or cannot be read or written.
    #[error(transparent)]
    Storage(#[from] StoreError),
}

/// Why something cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum NodeError {
    /// A query's cursor is none of this query's.
    #[error("{0:?} is not a cursor that this query gave")]
    BadCursor(String),
    /// Too many texts begin so.
    #[error("more than {limit} texts begin with {prefix:?}; say more of it")]
    TooBroad {
        /// The beginning.
        prefix: String,
        /// How many a query may follow.
        limit: usize,
    },
    /// What was to be done is not done, because it could not be logged first.
    #[error("not done, because it could not be logged: {0}")]
    NotAudited(Box<Refusal>),
    /// The event is older than what this node keeps.
    #[error(
        "event {index} is not kept here any more: this node keeps events from {begin} on; an \
         archive or a receipt of the time has it, and proofs of its place still hold"
    )]
    Pruned {
        /// The event's index.
        index: u64,
        /// The first one that is kept.
        begin: u64,
    },
    /// The block is older than the checkpoint by which this node joined.
    #[error(
        "block {height} is not here: this node joined by a checkpoint and has blocks from {begin} on, \
         and handovers; ask another node"
    )]
    BlockBefore {
        /// The block's height.
        height: u64,
        /// The first one from which on all are here.
        begin: u64,
    },
    /// This node was away, and may not know yet what was redacted meanwhile.
    #[error(
        "this node was away and gives out no payloads or keys before a quorum of validators says \
         that it has caught up: something may have been redacted meanwhile; ask another node, or \
         come back"
    )]
    CatchingUp,
    /// A stored value does not decode: the disk changed it after it was checked.
    #[error("{what} {index} is damaged on disk: {reason}")]
    Damaged {
        /// What.
        what: &'static str,
        /// Its index or height.
        index: u64,
        /// What is wrong.
        reason: DecodeError,
    },
    /// A block names another epoch or validator set than follows from the log.
    #[error("block {height} names another epoch or validator set than follows from the events")]
    OtherEpoch {
        /// Its height.
        height: u64,
    },
    /// A payload is not the one that was stored: the disk changed it.
    #[error("payload {0} has other bytes than were stored; restore it from a backup")]
    PayloadDamaged(PayloadDigest),
    /// A file cannot be read.
    #[error(transparent)]
    Storage(#[from] StoreError),
}

impl NodeError {
    /// The stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BadCursor(_) => "bad-cursor",
            Self::TooBroad { .. } => "query-too-broad",
            Self::Pruned { .. } => "pruned",
            Self::BlockBefore { .. } => "before-checkpoint",
            Self::CatchingUp => "catching-up",
            Self::NotAudited(refusal) => refusal.code(),
            Self::Damaged { .. } | Self::OtherEpoch { .. } | Self::PayloadDamaged(_) => "damaged",
            Self::Storage(StoreError::Io { .. } | StoreError::Index { .. }) => "storage",
            Self::Storage(_) => "damaged",
        }
    }
}
