//! Why a payload does not open.

use core::fmt;

use crate::digest::{EventId, Hash, KeyCommitment, KeyId};
use crate::event::EventError;
use crate::tree::InclusionError;
use crate::wire::DecodeError;

/// Why a payload, a wrap or a field was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PayloadError {
    /// The ciphertext does not open under this key.
    BadCiphertext,
    /// The wrap does not open under this key: it was altered, or moved from another event.
    BadWrap,
    /// The bytes are not the format.
    Decode(DecodeError),
    /// The ciphertext is not the event's.
    Event(EventError),
    /// A field is not under the event's field root.
    Field(InclusionError),
    /// The plaintext's fields are not the ones that the event commits to.
    FieldRoot {
        /// The root in the event.
        expected: Hash,
        /// The root of the plaintext's fields.
        found: Hash,
    },
    /// The message key is not the one that the event commits to.
    KeyCommitment {
        /// The commitment in the event.
        expected: KeyCommitment,
        /// The commitment of this key.
        found: KeyCommitment,
    },
    /// An ephemeral key that is not in its only form (its top bit set, or not below 2^255 - 19).
    NonCanonicalKey,
    /// The event has no sealed payload.
    NotSealed,
    /// The wrap is for another key.
    NotTheRecipient {
        /// The key at hand.
        key: KeyId,
    },
    /// The opened payload is another event's.
    OtherEvent {
        /// The verified event.
        expected: EventId,
        /// The event that was opened.
        found: EventId,
    },
    /// The plaintext has another length than the event says.
    PlaintextLength {
        /// The length in the event.
        expected: u32,
        /// The plaintext's length.
        found: usize,
    },
    /// A key exchange that gives everyone the same secret.
    SharedSecretZero,
}

impl PayloadError {
    /// The stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BadCiphertext => "payload-bad-ciphertext",
            Self::BadWrap => "payload-bad-wrap",
            Self::Decode(error) => error.code(),
            Self::Event(error) => error.code(),
            Self::Field(error) => error.code(),
            Self::FieldRoot { .. } => "payload-field-root",
            Self::KeyCommitment { .. } => "payload-key-commitment",
            Self::NonCanonicalKey => "payload-non-canonical-key",
            Self::NotSealed => "payload-not-sealed",
            Self::NotTheRecipient { .. } => "payload-not-the-recipient",
            Self::OtherEvent { .. } => "payload-other-event",
            Self::PlaintextLength { .. } => "payload-plaintext-length",
            Self::SharedSecretZero => "payload-shared-secret-zero",
        }
    }
}

impl fmt::Display for PayloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadCiphertext => f.write_str("the ciphertext does not open under this key"),
            Self::BadWrap => f.write_str("the wrap was altered, or belongs to another event"),
            Self::Decode(error) => error.fmt(f),
            Self::Event(error) => error.fmt(f),
            Self::Field(error) => error.fmt(f),
            Self::FieldRoot { expected, found } => {
                write!(f, "the fields have root {found}; the event commits to {expected}")
            }
            Self::KeyCommitment { expected, found } => {
                write!(f, "the message key commits to {found}, the event to {expected}")
            }
            Self::NonCanonicalKey => f.write_str("the ephemeral key is not in its only form"),
            Self::NotSealed => f.write_str("the event has no sealed payload"),
            Self::NotTheRecipient { key } => {
                write!(f, "the payload was not wrapped for this key ({key})")
            }
            Self::OtherEvent { expected, found } => {
                write!(f, "this payload is of event {found}, not of {expected}")
            }
            Self::PlaintextLength { expected, found } => {
                write!(f, "the plaintext has {found} bytes; the event says {expected}")
            }
            Self::SharedSecretZero => f.write_str("the ephemeral key gives no secret"),
        }
    }
}

impl core::error::Error for PayloadError {}

impl From<DecodeError> for PayloadError {
    fn from(error: DecodeError) -> Self {
        Self::Decode(error)
    }
}

impl From<EventError> for PayloadError {
    fn from(error: EventError) -> Self {
        Self::Event(error)
    }
}

impl From<InclusionError> for PayloadError {
    fn from(error: InclusionError) -> Self {
        Self::Field(error)
    }
}
