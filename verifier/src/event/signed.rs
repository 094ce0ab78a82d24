//! An event body with its signatures.

use core::fmt;

use super::EventBody;
use crate::digest::{EventId, KeyId, LogId, PayloadDigest};
use crate::finality::{BadSignature, PublicKey, Role, Suite};
use crate::wire::{DecodeError, Reader, Refused};

const VERSION: u8 = 1;

/// The most signatures of one event.
pub const MAX_SIGNATURES: u8 = 4;

/// Why an event was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventError {
    /// A signature does not hold.
    BadSignature {
        /// The key it should hold under.
        key: KeyId,
    },
    /// The first signature is by another key than the body names.
    NotTheWriter {
        /// The writer that the body names.
        expected: KeyId,
        /// The key that signed first.
        found: KeyId,
    },
    /// The event was written for another log.
    OtherLog {
        /// The log of the header.
        expected: LogId,
        /// The log of the event.
        found: LogId,
    },
    /// The payload at hand is not the one that the event commits to.
    OtherPayload {
        /// The digest in the event.
        expected: PayloadDigest,
        /// The digest of the payload.
        found: PayloadDigest,
    },
    /// The payload at hand has another length than the event says.
    PayloadLength {
        /// The length in the event.
        expected: u32,
        /// The payload's length.
        found: usize,
    },
    /// A payload or wrap stands beside an event that has none.
    UnexpectedPayload,
}

impl EventError {
    /// The stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BadSignature { .. } => "event-bad-signature",
            Self::NotTheWriter { .. } => "event-not-the-writer",
            Self::OtherLog { .. } => "event-other-log",
            Self::OtherPayload { .. } => "event-other-payload",
            Self::PayloadLength { .. } => "event-payload-length",
            Self::UnexpectedPayload => "event-unexpected-payload",
        }
    }
}

impl fmt::Display for EventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadSignature { key } => {
                write!(f, "the event's signature does not hold under key {key}")
            }
            Self::NotTheWriter { expected, found } => {
                write!(f, "signed first by key {found}; the event's writer is {expected}")
            }
            Self::OtherLog { expected, found } => {
                write!(f, "the event was written for log {found}, not {expected}")
            }
            Self::OtherPayload { expected, found } => {
                write!(f, "the payload's digest is {found}, the event commits to {expected}")
            }
            Self::PayloadLength { expected, found } => {
                write!(f, "the payload has {found} bytes, the event says {expected}")
            }
            Self::UnexpectedPayload => f.write_str("the event has no such payload"),
        }
    }
}

impl core::error::Error for EventError {}

/// One signature beside a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the wire format has these fields")]
pub struct EventSignature<'a> {
    /// The key.
    pub key: PublicKey<'a>,
    /// The signature.
    pub signature: &'a [u8],
}

impl<'a> EventSignature<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Refused> {
        let key = PublicKey::read(reader)?;
        Ok(Self { key, signature: reader.take(key.suite().signature_len())? })
    }
}

/// The writer's signature first, then any later ones strictly ascending by key id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signatures<'a> {
    count: u8,
    bytes: &'a [u8],
}

impl<'a> Signatures<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Refused> {
        let count = reader.count8("signature count", MAX_SIGNATURES)?;
        if count == 0 {
            return Err(reader.not_canonical("signature count"));
        }
        let (start, from) = (reader.at(), reader.rest());
        let writer = EventSignature::read(reader)?.key.id();
        let mut previous = None;
        for _ in 1..count {
            let id = EventSignature::read(reader)?.key.id();
            if id == writer {
                return Err(reader.not_ascending("later signatures"));
            }
            reader.ascends("later signatures", &mut previous, id)?;
        }
        Ok(Self { count, bytes: reader.since(start, from) })
    }

    /// How many there are.
    #[must_use]
    pub const fn count(&self) -> u8 {
        self.count
    }

    /// The signatures, the writer's first.
    pub fn iter(&self) -> impl Iterator<Item = EventSignature<'a>> + use<'a> {
        let mut reader = Reader::new(self.bytes);
        (0..self.count).map_while(move |_| EventSignature::read(&mut reader).ok())
    }
}

/// A body, as bytes and decoded, with its signatures: a claim until [`SignedEvent::verify`].
#[derive(Clone, Copy, Debug)]
pub struct SignedEvent<'a> {
    bytes: &'a [u8],
    body: EventBody<'a>,
    signatures: Signatures<'a>,
}

impl<'a> SignedEvent<'a> {
    /// Decodes a signed event.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        crate::wire::decode_all(bytes, Self::read)
    }

    /// Reads a signed event.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn read(reader: &mut Reader<'a>) -> Result<Self, Refused> {
        reader.version(VERSION)?;
        let len = usize::from(reader.u16()?);
        let bytes = reader.take(len)?;
        let body = EventBody::decode(bytes).map_err(|error| reader.refuse(error))?;
        Ok(Self { bytes, body, signatures: Signatures::read(reader)? })
    }

    /// The body's bytes.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The body.
    #[must_use]
    pub const fn body(&self) -> &EventBody<'a> {
        &self.body
    }

    /// The signatures, the writer's first.
    #[must_use]
    pub const fn signatures(&self) -> Signatures<'a> {
        self.signatures
    }

    /// The event's id.
    #[must_use]
    pub fn id(&self) -> EventId {
        EventBody::id_of(self.bytes)
    }

    /// Checks that the writer signed first, and every signature. Gives the event's id and the
    /// suite of the writer's key.
    ///
    /// # Errors
    /// [`EventError::NotTheWriter`] or [`EventError::BadSignature`].
    pub fn verify(&self) -> Result<(EventId, Suite), EventError> {
        let id = self.id();
        let expected = self.body.writer;
        let first = self.signatures.iter().next().map(|first| first.key);
        let found = first.map_or(KeyId::ZERO, |key| key.id());
        let Some(writer) = first.filter(|_| found == expected) else {
            return Err(EventError::NotTheWriter { expected, found });
        };
        for EventSignature { key, signature } in self.signatures.iter() {
            key.verify(Role::Event, id.as_bytes(), signature)
                .map_err(|BadSignature| EventError::BadSignature { key: key.id() })?;
        }
        Ok((id, writer.suite()))
    }
}

/// Encodes a body with signatures, the writer's first: key and signature each.
///
/// # Errors
/// What the decoder says of the result.
#[cfg(feature = "alloc")]
pub fn encode_signed(
    body: &[u8],
    signatures: &[(PublicKey<'_>, &[u8])],
) -> Result<alloc::vec::Vec<u8>, DecodeError> {
    let mut writer = crate::wire::Writer::new();
    writer.u8(VERSION).len16(body.len()).raw(body).len8(signatures.len());
    for (key, signature) in signatures {
        key.write(&mut writer);
        writer.raw(signature);
    }
    let bytes = writer.into_bytes();
    SignedEvent::decode(&bytes)?;
    Ok(bytes)
}
