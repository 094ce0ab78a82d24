//! Why a submission was refused.

use thiserror::Error;

use cairn_store::StoreError;
use cairn_verifier::digest::{EventId, KeyId, LogId, PayloadDigest, StreamId};
use cairn_verifier::event::EventError;
use cairn_verifier::wire::DecodeError;

use crate::node::NotAllowed;
use crate::seal::SealError;
use crate::system::SystemError;

/// The first refused submission of a batch; nothing of the batch was taken.
#[derive(Debug, Error)]
#[error("submission {at} refused: {reason}")]
#[expect(clippy::exhaustive_structs, reason = "a place and a reason")]
pub struct Refused {
    /// Its place in the batch, from 0.
    pub at: usize,
    /// Why.
    #[source]
    pub reason: Refusal,
}

/// Why one submission was refused.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The bytes are not a signed event, or a draft has text that no event can hold.
    #[error("malformed: {0}")]
    Malformed(#[from] DecodeError),
    /// A draft's public payload is not base64.
    #[error("the public payload is not base64 in the standard alphabet: {0}")]
    NotBase64(base64::DecodeError),
    /// A signature does not hold, or the writer did not sign first.
    #[error(transparent)]
    Signature(EventError),
    /// Written for another log.
    #[error("the event was written for log {found}; this is log {expected}")]
    OtherLog {
        /// This node's log.
        expected: LogId,
        /// The event's log.
        found: LogId,
    },
    /// No such stream in the log.
    #[error("the log has no stream {0}")]
    UnknownStream(StreamId),
    /// No stream of this name in the log.
    #[error("the log has no stream named {0:?}")]
    UnknownStreamName(String),
    /// A kind of event that only the system writes.
    #[error("events of kind {0} are not accepted here; submit record or import")]
    KindNotAccepted(&'static str),
    /// The stream of the system's own events.
    #[error("the stream `system` is for the system's own events; name another stream")]
    SystemStream,
    /// A draft of a type that only the node itself says.
    #[error(
        "a draft has the type {0:?}, and types that begin with `cairn.` are for what the node says \
         itself; name another"
    )]
    ReservedType(String),
    /// This node takes signed events from members only, in streams where they may write.
    #[error(
        "this node takes signed events of members only, and the key {0} is of none who may write in \
         this stream; send a draft for the node to sign, or ask an administrator"
    )]
    NotAWriter(KeyId),
    /// Another event of this writer has this sequence number already.
    #[error(
        "sequence {found} is used already by this writer in this stream; the next is {expected}"
    )]
    SequenceReused {
        /// The next sequence of this writer in this stream.
        expected: u64,
        /// The event's.
        found: u64,
    },
    /// Events of this writer are missing before this one.
    #[error("sequence {found} leaves a gap; the next of this writer in this stream is {expected}")]
    SequenceGap {
        /// The next sequence of this writer in this stream.
        expected: u64,
        /// The event's.
        found: u64,
    },
    /// The event names another event before it than the one that is there.
    #[error("the event names {found} as the one before it; that is {expected}")]
    PreviousMismatch {
        /// The last event of this writer in this stream.
        expected: EventId,
        /// The one that the event names.
        found: EventId,
    },
    /// The payload is not the one that the event commits to.
    #[error(transparent)]
    PayloadMismatch(EventError),
    /// The event commits to a payload that neither came along nor is stored.
    #[error("the payload {0} did not come along and is not stored here")]
    PayloadMissing(PayloadDigest),
    /// A salt without a sealed payload.
    #[error("a salt came along, but the event has no sealed payload")]
    UnexpectedSalt,
    /// A wrap is not one, or not for the key it is listed under.
    #[error("the wrap for key {0} is not a wrap for that key")]
    BadWrap(KeyId),
    /// A recipient by name who is not a member, or has no wrap key.
    #[error("{0:?} is not a member with a wrap key")]
    UnknownRecipient(String),
    /// A recipient by key which no member has.
    #[error("no member has the wrap key {0}")]
    UnknownRecipientKey(KeyId),
    /// An event of a system kind that says nothing that the system knows.
    #[error("no system event: {0}")]
    System(#[from] SystemError),
    /// A system event against the rules.
    #[error("not allowed: {0}")]
    NotAllowed(#[from] NotAllowed),
    /// The event that a grant or a redaction is about is not in the log.
    #[error("the log has no event {0}")]
    NoSuchEvent(EventId),
    /// There is nothing to grant or to redact.
    #[error("event {0} has no payload that this could be about")]
    NothingSealed(EventId),
    /// The payload was redacted before.
    #[error("the payload of event {0} was redacted")]
    AlreadyRedacted(EventId),
    /// Wraps beside an event that grants nothing.
    #[error("wraps came along, but the event grants nothing")]
    UnexpectedWraps,
    /// Wraps for other keys than those that the grant names.
    #[error("the grant names {named} readers, and the {wraps} wraps are not one for each")]
    OtherReaders {
        /// How many it names.
        named: usize,
        /// How many came along.
        wraps: usize,
    },
    /// The node cannot make wraps, because it does not hold the message key.
    #[error(
        "this node did not seal the payload of event {0}, so it cannot make wraps; whoever can open it can"
    )]
    CannotGrant(EventId),
    /// More than the limit.
    #[error("{what}: {found}, the limit is {limit}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// The limit.
        limit: u64,
        /// The value found.
        found: u64,
    },
    /// A payload could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// Nothing could be written; nothing was taken. Later submissions may succeed.
    #[error("the event could not be stored, so it was not taken: {0}")]
    Storage(String),
    /// The disk is full; nothing was taken. Free space and submit again.
    #[error("no space left on the node's disk, so the event was not taken: {0}")]
    DiskFull(String),
    /// A replica takes no events.
    #[error("this is a read-only {}; {}", copy_of(.from.as_deref()), where_to(.write_to.as_deref()))]
    ReadOnly {
        /// What it follows, if it follows something.
        from: Option<String>,
        /// Where events can be logged.
        write_to: Option<String>,
    },
    /// Another node publishes this log now.
    #[error("events are not taken: {0}")]
    HeadLost(String),
    /// Too much waits for a block; nothing was taken.
    #[error(
        "{events} events ({bytes} bytes) wait for a block, which is as many as this node keeps; \
         nothing was taken. Submit again later, and see on /v1/status why no block is made"
    )]
    PoolFull {
        /// Events that wait.
        events: usize,
        /// Their bytes.
        bytes: usize,
    },
    /// A validator that was restored does not know yet what it signed as a writer.
    #[error("this node takes no events yet: {0}")]
    CatchingUp(String),
    /// The node is shutting down; nothing was taken.
    #[error("the node is shutting down")]
    ShuttingDown,
}

fn copy_of(from: Option<&str>) -> String {
    from.map_or_else(|| "copy of the log".to_owned(), |from| format!("replica of {from}"))
}

fn where_to(write_to: Option<&str>) -> String {
    match write_to {
        Some(url) => format!("log events at {url}"),
        None => "log events at the node that makes its blocks".to_owned(),
    }
}

impl Refusal {
    /// The stable code of this refusal.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) | Self::NotBase64(_) => "malformed",
            Self::Signature(EventError::NotTheWriter { .. }) => "not-the-writer",
            Self::Signature(_) => "bad-signature",
            Self::OtherLog { .. } => "other-log",
            Self::UnknownStream(_) | Self::UnknownStreamName(_) => "unknown-stream",
            Self::KindNotAccepted(_) => "kind-not-accepted",
            Self::SystemStream => "system-stream",
            Self::ReservedType(_) => "reserved-type",
            Self::NotAWriter(_) => "not-a-writer",
            Self::SequenceReused { .. } => "sequence-reused",
            Self::SequenceGap { .. } => "sequence-gap",
            Self::PreviousMismatch { .. } => "previous-mismatch",
            Self::PayloadMismatch(_) | Self::UnexpectedSalt => "payload-mismatch",
            Self::PayloadMissing(_) => "payload-missing",
            Self::BadWrap(_) => "bad-wrap",
            Self::UnknownRecipient(_) | Self::UnknownRecipientKey(_) => "unknown-recipient",
            Self::System(_) => "bad-system-event",
            Self::NotAllowed(_) => "not-allowed",
            Self::NoSuchEvent(_) => "no-such-event",
            Self::NothingSealed(_) => "nothing-sealed",
            Self::AlreadyRedacted(_) => "already-redacted",
            Self::UnexpectedWraps | Self::OtherReaders { .. } => "wraps-mismatch",
            Self::CannotGrant(_) => "cannot-grant",
            Self::TooLarge { .. } => "too-large",
            Self::Seal(_) => "seal-failed",
            Self::Storage(_) => "storage",
            Self::DiskFull(_) => "disk-full",
            Self::ReadOnly { .. } => "read-only",
            Self::HeadLost(_) => "head-lost",
            Self::PoolFull { .. } => "pool-full",
            Self::CatchingUp(_) => "catching-up",
            Self::ShuttingDown => "shutting-down",
        }
    }

    /// Whether the submission itself is at fault, so that sending it again is of no use.
    #[must_use]
    pub const fn is_permanent(&self) -> bool {
        !matches!(
            self,
            Self::Storage(_)
                | Self::DiskFull(_)
                | Self::HeadLost(_)
                | Self::PoolFull { .. }
                | Self::CatchingUp(_)
                | Self::ShuttingDown
                | Self::Seal(_)
        )
    }

    /// A failed write, which one answer says to every submitter it hit.
    pub(crate) fn storage(error: &StoreError) -> Self {
        if error.is_disk_full() {
            Self::DiskFull(error.to_string())
        } else {
            Self::Storage(error.to_string())
        }
    }

    pub(crate) const fn at(self, at: usize) -> Refused {
        Refused { at, reason: self }
    }
}

impl From<crate::node::NodeError> for Refusal {
    fn from(error: crate::node::NodeError) -> Self {
        Self::Storage(error.to_string())
    }
}
