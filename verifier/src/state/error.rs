//! Why a proof about the state was refused.

use core::fmt;

use super::{KeyRole, Path};
use crate::digest::{EventId, Hash, KeyId, StreamId};

/// Why a proof about the state was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StateError {
    /// The events at hand are not all: the writer's head says another last one.
    HistoryIncomplete {
        /// How many events the head counts.
        expected: u64,
        /// How many are at hand.
        found: u64,
    },
    /// An event does not follow the one before it.
    HistoryPrevious {
        /// The id of the event before.
        expected: EventId,
        /// The event named as the one before.
        found: EventId,
    },
    /// An event has another sequence than its place.
    HistorySequence {
        /// Its place, from 0.
        expected: u64,
        /// Its sequence.
        found: u64,
    },
    /// An event of another stream.
    HistoryStream {
        /// The head's stream.
        expected: StreamId,
        /// The event's.
        found: StreamId,
    },
    /// An event of another writer.
    HistoryWriter {
        /// The head's writer.
        expected: KeyId,
        /// The event's.
        found: KeyId,
    },
    /// What is said to be absent is present.
    IsPresent {
        /// Its path.
        path: Path,
    },
    /// The key's record does not cover this index of the log.
    KeyOutOfRange {
        /// The index.
        index: u64,
        /// The first index it covers.
        from: u64,
        /// The first index it no longer covers.
        until: u64,
    },
    /// The key is in use, but not to write events with.
    NotAWriter {
        /// What it is for.
        role: KeyRole,
    },
    /// An answer about another kind and key than was asked for.
    OtherAnswer {
        /// The path asked for.
        expected: Path,
        /// The answer's.
        found: Path,
    },
    /// A record of another key than the event's writer.
    OtherKey {
        /// The writer.
        expected: KeyId,
        /// The record's key.
        found: KeyId,
    },
    /// The leaf at the end does not lie on the path.
    OtherPath {
        /// The path asked for.
        expected: Path,
        /// The leaf's path.
        found: Path,
    },
    /// A record of another kind than this place needs.
    OtherRecord {
        /// The kind needed.
        expected: u8,
        /// The kind found.
        found: u8,
    },
    /// Record and proof lead to another root.
    RootMismatch {
        /// The header's state root.
        expected: Hash,
        /// Where record and proof lead.
        found: Hash,
    },
}

impl StateError {
    /// The stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::HistoryIncomplete { .. } => "state-history-incomplete",
            Self::HistoryPrevious { .. } => "state-history-previous",
            Self::HistorySequence { .. } => "state-history-sequence",
            Self::HistoryStream { .. } => "state-history-stream",
            Self::HistoryWriter { .. } => "state-history-writer",
            Self::IsPresent { .. } => "state-is-present",
            Self::KeyOutOfRange { .. } => "state-key-out-of-range",
            Self::NotAWriter { .. } => "state-not-a-writer",
            Self::OtherAnswer { .. } => "state-other-answer",
            Self::OtherKey { .. } => "state-other-key",
            Self::OtherPath { .. } => "state-other-path",
            Self::OtherRecord { .. } => "state-other-record",
            Self::RootMismatch { .. } => "state-root-mismatch",
        }
    }
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HistoryIncomplete { expected, found } => {
                write!(
                    f,
                    "the writer's head is {expected} events on, or at another than these {found}"
                )
            }
            Self::HistoryPrevious { expected, found } => {
                write!(f, "an event follows {found}, the one before it is {expected}")
            }
            Self::HistorySequence { expected, found } => {
                write!(f, "an event has sequence {found}, its place is {expected}")
            }
            Self::HistoryStream { expected, found } => {
                write!(f, "an event of stream {found} among those of {expected}")
            }
            Self::HistoryWriter { expected, found } => {
                write!(f, "an event by key {found} among those of {expected}")
            }
            Self::IsPresent { path } => write!(f, "the record at {path} is not absent"),
            Self::KeyOutOfRange { index, from, until } => {
                write!(f, "the key is recorded for indexes {from} up to {until}, not {index}")
            }
            Self::NotAWriter { role } => {
                write!(f, "the key is recorded as a {} key, not a writer's", role.name())
            }
            Self::OtherAnswer { expected, found } => {
                write!(f, "the answer is about {found}, asked was {expected}")
            }
            Self::OtherKey { expected, found } => {
                write!(f, "the record is of key {found}, the writer is {expected}")
            }
            Self::OtherPath { expected, found } => {
                write!(f, "the leaf at {found} does not lie on the path {expected}")
            }
            Self::OtherRecord { expected, found } => {
                write!(f, "a record of kind {found}, where kind {expected} belongs")
            }
            Self::RootMismatch { expected, found } => {
                write!(f, "the state proof leads to root {found}, the header has {expected}")
            }
        }
    }
}

impl core::error::Error for StateError {}
