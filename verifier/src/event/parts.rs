//! The parts of an event body.

use crate::digest::{Hash, KeyCommitment, PayloadDigest};
use crate::wire::{DecodeError, Reader, Refused};

/// The longest kind or type in bytes.
pub(super) const MAX_KIND_LEN: u8 = 128;
/// The longest id, reason or metadata value in bytes.
pub(super) const MAX_TEXT_LEN: u16 = 4_096;
/// The most metadata entries.
pub const MAX_METADATA: u8 = 64;
/// The longest sealed plaintext or public payload in bytes.
pub const MAX_PAYLOAD_LEN: u32 = 16 << 20;

/// Who acted, or on what: a kind and an id within it. The writer's claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the wire format has these fields")]
pub struct Party<'a> {
    /// The kind, for example `user`.
    pub kind: &'a str,
    /// The id within its kind.
    pub id: &'a str,
}

impl<'a> Party<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, Refused> {
        let kind = reader.text8("kind", MAX_KIND_LEN)?;
        Ok(Self { kind, id: reader.text16("id", MAX_TEXT_LEN)? })
    }
}

/// A resource and what it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the wire format has these fields")]
pub struct Resource<'a> {
    /// Kind and id.
    pub party: Party<'a>,
    /// The id of what it belongs to, or empty.
    pub parent: &'a str,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// 0: not said.
    Unknown,
    /// 1: it was done.
    Success,
    /// 2: it was tried and failed.
    Failure,
    /// 3: it was not allowed.
    Denied,
}

impl Outcome {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        match reader.u8()? {
            0 => Ok(Self::Unknown),
            1 => Ok(Self::Success),
            2 => Ok(Self::Failure),
            3 => Ok(Self::Denied),
            found => Err(reader.unknown("outcome", found)),
        }
    }

    /// Its byte.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::Unknown => 0,
            Self::Success => 1,
            Self::Failure => 2,
            Self::Denied => 3,
        }
    }

    /// Its name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Denied => "denied",
        }
    }
}

/// Metadata: keys and values, strictly ascending by key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metadata<'a> {
    count: u8,
    bytes: &'a [u8],
}

impl<'a> Metadata<'a> {
    /// No metadata.
    pub const EMPTY: Self = Self { count: 0, bytes: &[] };

    /// Decodes a count and that many entries.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        crate::wire::decode_all(bytes, Self::read)
    }

    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, Refused> {
        let count = reader.count8("metadata count", MAX_METADATA)?;
        let (start, from) = (reader.at(), reader.rest());
        let mut previous = None;
        for _ in 0..count {
            let (key, _) = Self::entry(reader)?;
            if key.is_empty() {
                return Err(reader.not_canonical("metadata key"));
            }
            reader.ascends("metadata", &mut previous, key)?;
        }
        Ok(Self { count, bytes: reader.since(start, from) })
    }

    fn entry(reader: &mut Reader<'a>) -> Result<(&'a str, &'a str), Refused> {
        let key = reader.text8("metadata key", MAX_KIND_LEN)?;
        Ok((key, reader.text16("metadata value", MAX_TEXT_LEN)?))
    }

    /// Keys and values, ascending by key.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let mut reader = Reader::new(self.bytes);
        (0..self.count).map_while(move |_| Self::entry(&mut reader).ok())
    }

    #[cfg(feature = "alloc")]
    pub(super) fn write(&self, writer: &mut crate::wire::Writer) {
        writer.u8(self.count).raw(self.bytes);
    }
}

/// Encodes metadata from entries in any order.
///
/// # Errors
/// What the decoder says of the result: a key twice or empty, or a limit.
#[cfg(feature = "alloc")]
pub fn encode_metadata(
    entries: &alloc::collections::BTreeMap<alloc::string::String, alloc::string::String>,
) -> Result<alloc::vec::Vec<u8>, DecodeError> {
    let mut writer = crate::wire::Writer::new();
    writer.len8(entries.len());
    for (key, value) in entries {
        writer.text8(key).text16(value);
    }
    let bytes = writer.into_bytes();
    Metadata::decode(&bytes)?;
    Ok(bytes)
}

/// What a sealed payload's event commits to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the wire format has these fields")]
pub struct Commitment {
    /// Digest of the message key, so that one ciphertext opens in one way.
    pub key: KeyCommitment,
    /// Root of the field tree.
    pub fields: Hash,
    /// Digest of nonce and ciphertext.
    pub ciphertext: PayloadDigest,
    /// Length of the plaintext in bytes.
    pub plaintext_len: u32,
}

/// What stands behind an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the wire format has these three")]
pub enum Payload {
    /// 0: nothing.
    None,
    /// 1: bytes that anyone may read.
    Public {
        /// Their digest.
        digest: PayloadDigest,
        /// Their length.
        len: u32,
    },
    /// 2: a ciphertext.
    Sealed(Commitment),
}

impl Payload {
    /// The byte that stands for a sealed payload.
    pub(crate) const SEALED: u8 = 2;

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        match reader.u8()? {
            0 => Ok(Self::None),
            1 => Ok(Self::Public { digest: reader.digest()?, len: payload_len(reader)? }),
            Self::SEALED => Ok(Self::Sealed(Commitment {
                key: reader.digest()?,
                fields: reader.digest()?,
                ciphertext: reader.digest()?,
                plaintext_len: payload_len(reader)?,
            })),
            found => Err(reader.unknown("payload", found)),
        }
    }

    #[cfg(feature = "alloc")]
    pub(super) fn write(&self, writer: &mut crate::wire::Writer) {
        match self {
            Self::None => writer.u8(0),
            Self::Public { digest, len } => writer.u8(1).raw(digest.as_bytes()).u32(*len),
            Self::Sealed(commitment) => writer
                .u8(Self::SEALED)
                .raw(commitment.key.as_bytes())
                .raw(commitment.fields.as_bytes())
                .raw(commitment.ciphertext.as_bytes())
                .u32(commitment.plaintext_len),
        };
    }

    /// The digest under which the payload is stored, if there is one.
    #[must_use]
    pub const fn stored(&self) -> Option<PayloadDigest> {
        match self {
            Self::None => None,
            Self::Public { digest, .. } => Some(*digest),
            Self::Sealed(commitment) => Some(commitment.ciphertext),
        }
    }
}

fn payload_len(reader: &mut Reader<'_>) -> Result<u32, Refused> {
    let len = reader.u32()?;
    reader.within("payload length", len.into(), MAX_PAYLOAD_LEN.into())?;
    Ok(len)
}
