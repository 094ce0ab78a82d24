//! The event body: what is hashed and signed.

use super::parts::{MAX_KIND_LEN, MAX_TEXT_LEN};
use super::{Metadata, Outcome, Party, Payload, Resource};
use crate::digest::{self, ContextDigest, EventId, KeyId, LogId, StreamId};
use crate::time::UnixMillis;
use crate::wire::{DecodeError, Reader, Refused};

const VERSION: u8 = 1;

/// The suite byte of BLAKE3 and XChaCha20-Poly1305, the only one so far.
pub const HASH_AND_AEAD: u8 = 1;

/// The longest event body in bytes, in every log.
pub const MAX_BODY_LEN: usize = 65_535;

/// What kind of event this is. All but records are the system's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Kind {
    /// 0: what a writer wants remembered.
    Record,
    /// 1: a member joins, leaves, or changes keys.
    Member,
    /// 2: someone may read.
    Grant,
    /// 3: a payload was erased.
    Redaction,
    /// 4: the validator set is to change.
    ValidatorChange,
    /// 5: evidence against a validator.
    Evidence,
    /// 6: a parameter is to change.
    ParameterChange,
    /// 7: an event brought over from another system.
    Import,
}

impl Kind {
    const ALL: [(Self, &'static str); 8] = [
        (Self::Record, "record"),
        (Self::Member, "member"),
        (Self::Grant, "grant"),
        (Self::Redaction, "redaction"),
        (Self::ValidatorChange, "validator-change"),
        (Self::Evidence, "evidence"),
        (Self::ParameterChange, "parameter-change"),
        (Self::Import, "import"),
    ];

    fn read(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        let found = reader.u8()?;
        let known = Self::ALL.get(usize::from(found));
        known.map(|(kind, _)| *kind).ok_or_else(|| reader.unknown("event kind", found))
    }

    /// Its byte.
    #[must_use]
    pub fn byte(self) -> u8 {
        (0_u8..)
            .zip(Self::ALL)
            .find(|(_, (kind, _))| *kind == self)
            .map_or(u8::MAX, |(byte, _)| byte)
    }

    /// Its name in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }
}

/// A decoded event body: a claim of its writer, until its signature was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the wire format has these fields")]
pub struct EventBody<'a> {
    /// The log it is written for.
    pub log: LogId,
    /// The stream it belongs to.
    pub stream: StreamId,
    /// The key that signs it.
    pub writer: KeyId,
    /// Its number among this writer's events in this stream, from 0.
    pub sequence: u64,
    /// This writer's event before, in this stream; zero at sequence 0.
    pub previous: EventId,
    /// When it happened, as the writer claims.
    pub time: UnixMillis,
    /// What kind of event it is.
    pub kind: Kind,
    /// The event type, for example `dev.git.commit.created`.
    pub event_type: &'a str,
    /// Who acted.
    pub actor: Party<'a>,
    /// On what.
    pub resource: Resource<'a>,
    /// How it ended.
    pub outcome: Outcome,
    /// Why, or empty.
    pub reason: &'a str,
    /// More, as keys and values.
    pub metadata: Metadata<'a>,
    /// Epoch of the stream's group keys.
    pub group_epoch: u64,
    /// Generation of the sender's key in that epoch.
    pub generation: u32,
    /// What stands behind it.
    pub payload: Payload,
}

impl<'a> EventBody<'a> {
    /// Decodes a body.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        crate::wire::decode_within(("event body length", MAX_BODY_LEN), bytes, Self::read)
    }

    fn read(reader: &mut Reader<'a>) -> Result<Self, Refused> {
        reader.version(VERSION)?;
        let suite = reader.u8()?;
        if suite != HASH_AND_AEAD {
            return Err(reader.unknown("event suite", suite));
        }
        let body = Self {
            log: reader.digest()?,
            stream: reader.digest()?,
            writer: reader.digest()?,
            sequence: reader.number("sequence")?,
            previous: reader.digest()?,
            time: UnixMillis(reader.number("time")?),
            kind: Kind::read(reader)?,
            event_type: reader.text8("event type", MAX_KIND_LEN)?,
            actor: Party::read(reader)?,
            resource: Resource {
                party: Party::read(reader)?,
                parent: reader.text16("parent", MAX_TEXT_LEN)?,
            },
            outcome: Outcome::read(reader)?,
            reason: reader.text16("reason", MAX_TEXT_LEN)?,
            metadata: Metadata::read(reader)?,
            group_epoch: reader.number("group epoch")?,
            generation: reader.u32()?,
            payload: Payload::read(reader)?,
        };
        if body.event_type.is_empty() {
            return Err(reader.not_canonical("event type"));
        }
        if (body.sequence == 0) != (body.previous == EventId::ZERO) {
            return Err(reader.not_canonical("previous event"));
        }
        Ok(body)
    }

    /// The id of the event with these body bytes.
    #[must_use]
    pub fn id_of(bytes: &[u8]) -> EventId {
        digest::derive(digest::EVENT, &[bytes]).into()
    }
}

/// What a sealed payload is bound to: the digest of the body up to and including its payload
/// tag, so that no ciphertext can be moved to another event.
///
/// `bytes` are a whole body with a sealed payload; for any other the result is `None`.
#[must_use]
pub fn context_of(bytes: &[u8]) -> Option<ContextDigest> {
    let mut reader = Reader::new(bytes);
    let body = EventBody::read(&mut reader).ok()?;
    let Payload::Sealed(_) = body.payload else {
        return None;
    };
    let commitments = 32 * 3 + 4;
    let prefix = bytes.get(..reader.at().checked_sub(commitments)?)?;
    Some(digest::derive(digest::CONTEXT, &[prefix]).into())
}

#[cfg(feature = "alloc")]
mod encode {
    use alloc::vec::Vec;

    use super::*;
    use crate::wire::Writer;

    impl EventBody<'_> {
        /// Encodes the body.
        ///
        /// # Errors
        /// Any limit that the body exceeds, as the decoder names it.
        pub fn encode(&self) -> Result<Vec<u8>, DecodeError> {
            let mut writer = self.write_prefix();
            self.payload.write(&mut writer);
            let bytes = writer.into_bytes();
            EventBody::decode(&bytes)?;
            Ok(bytes)
        }

        /// What a sealed payload of this event will be bound to; the payload itself is not read.
        #[must_use]
        pub fn context(&self) -> ContextDigest {
            let mut writer = self.write_prefix();
            writer.u8(Payload::SEALED);
            digest::derive(digest::CONTEXT, &[&writer.into_bytes()]).into()
        }

        fn write_prefix(&self) -> Writer {
            let mut writer = Writer::new();
            writer.u8(VERSION).u8(HASH_AND_AEAD);
            writer.raw(self.log.as_bytes()).raw(self.stream.as_bytes());
            writer.raw(self.writer.as_bytes()).u64(self.sequence).raw(self.previous.as_bytes());
            writer.u64(self.time.0).u8(self.kind.byte()).text8(self.event_type);
            writer.text8(self.actor.kind).text16(self.actor.id);
            writer.text8(self.resource.party.kind).text16(self.resource.party.id);
            writer.text16(self.resource.parent);
            writer.u8(self.outcome.byte()).text16(self.reason);
            self.metadata.write(&mut writer);
            writer.u64(self.group_epoch).u32(self.generation);
            writer
        }
    }
}
