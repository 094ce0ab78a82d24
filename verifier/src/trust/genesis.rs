//! The genesis: what a log is from its first moment.

use crate::digest::{self, KeyId, LogId, StreamId};
use crate::finality::{Parameters, Suite, ValidatorSet};
use crate::time::UnixMillis;
use crate::wire::{DecodeError, Reader, Refused};

const VERSION: u8 = 1;
const FILE_TYPE: u8 = b'G';

/// The longest genesis in bytes.
pub const MAX_GENESIS_LEN: usize = 4 << 20;
/// The most members a genesis can have.
pub const MAX_MEMBERS: u16 = 1_000;
/// The most streams a genesis can have.
pub const MAX_STREAMS: u16 = 1_000;
/// The most keys of one member.
pub const MAX_KEYS: u8 = 16;
/// The longest name of a member or stream in bytes.
pub(crate) const MAX_NAME_LEN: u8 = 64;

/// Suite byte of an X25519 wrap key (PCEK v1).
pub const WRAP_X25519: u8 = 16;
/// Suite byte of an X-Wing wrap key (PCEK v2).
pub const WRAP_X_WING: u8 = 17;

/// A decoded genesis; it is the log's if its id is the one wanted.
#[derive(Clone, Copy, Debug)]
pub struct Genesis<'a> {
    time: UnixMillis,
    parameters: Parameters,
    sha256_tree: bool,
    set: ValidatorSet<'a>,
    members: &'a [u8],
    streams: &'a [u8],
    bytes: &'a [u8],
}

/// One member at genesis.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// A name, unique in the genesis.
    pub name: &'a str,
    keys: &'a [u8],
    count: u8,
}

/// One key of a member.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "the wire format has these fields")]
pub struct KeyRecord<'a> {
    /// A signature suite (1, 2 or 3) or a wrap suite ([`WRAP_X25519`], [`WRAP_X_WING`]).
    pub suite: u8,
    /// The public key.
    pub bytes: &'a [u8],
}

/// One stream at genesis.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "the wire format has these fields")]
pub struct Stream<'a> {
    /// The stream's id.
    pub id: StreamId,
    /// Its name.
    pub name: &'a str,
}

impl<'a> KeyRecord<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Refused> {
        let suite = reader.u8()?;
        let len = match suite {
            WRAP_X25519 => 32,
            WRAP_X_WING => 1_216,
            found => Suite::from_byte(found)
                .ok_or_else(|| reader.unknown("key suite", found))?
                .public_key_len(),
        };
        Ok(Self { suite, bytes: reader.take(len)? })
    }

    /// The key's id.
    #[must_use]
    pub fn id(&self) -> KeyId {
        digest::derive(digest::KEY, &[&[self.suite], self.bytes]).into()
    }
}

impl<'a> Member<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Refused> {
        let name = reader.name("member name", MAX_NAME_LEN)?;
        let count = reader.count8("key count", MAX_KEYS)?;
        let keys = reader.rest();
        let mut previous = None;
        for _ in 0..count {
            let id = KeyRecord::read(reader)?.id();
            reader.ascends("member keys", &mut previous, id)?;
        }
        Ok(Self { name, keys, count })
    }

    /// The member's keys, ascending by id.
    pub fn keys(&self) -> impl Iterator<Item = KeyRecord<'a>> + use<'a> {
        let mut reader = Reader::new(self.keys);
        (0..self.count).map_while(move |_| KeyRecord::read(&mut reader).ok())
    }
}

impl<'a> Stream<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Refused> {
        Ok(Self { id: reader.digest()?, name: reader.name("stream name", MAX_NAME_LEN)? })
    }
}

impl<'a> Genesis<'a> {
    /// Decodes a genesis.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let limit = ("genesis length", MAX_GENESIS_LEN);
        let mut genesis = crate::wire::decode_within(limit, bytes, Self::read)?;
        genesis.bytes = bytes;
        Ok(genesis)
    }

    fn read(reader: &mut Reader<'a>) -> Result<Self, Refused> {
        reader.file(VERSION, FILE_TYPE)?;
        let _nonce: &[u8; 32] = reader.array()?;
        let time = UnixMillis(reader.number("time")?);
        let parameters = Parameters::read(reader)?;
        let sha256_tree = reader.flag("SHA-256 tree flag")?;
        let set = ValidatorSet::read(reader)?;
        let members = reader.rest();
        read_ascending(reader, "members", MAX_MEMBERS, |reader| {
            Member::read(reader).map(|member| member.name)
        })?;
        let streams = reader.rest();
        read_ascending(reader, "streams", MAX_STREAMS, |reader| {
            Stream::read(reader).map(|stream| stream.id)
        })?;
        Ok(Self { time, parameters, sha256_tree, set, members, streams, bytes: &[] })
    }

    /// The log's id.
    #[must_use]
    pub fn log(&self) -> LogId {
        digest::derive(digest::GENESIS, &[self.bytes]).into()
    }

    /// The log's first moment; header 0 is later.
    #[must_use]
    pub const fn time(&self) -> UnixMillis {
        self.time
    }

    /// The log's parameters.
    #[must_use]
    pub const fn parameters(&self) -> Parameters {
        self.parameters
    }

    /// Whether headers carry the RFC 6962 root too.
    #[must_use]
    pub const fn sha256_tree(&self) -> bool {
        self.sha256_tree
    }

    /// The validators of epoch 0.
    #[must_use]
    pub const fn set(&self) -> ValidatorSet<'a> {
        self.set
    }

    /// The genesis as it travels.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The first members, ascending by name.
    pub fn members(&self) -> impl Iterator<Item = Member<'a>> + use<'a> {
        let mut reader = Reader::new(self.members);
        let count = reader.u16().unwrap_or(0);
        (0..count).map_while(move |_| Member::read(&mut reader).ok())
    }

    /// The first streams, ascending by id.
    pub fn streams(&self) -> impl Iterator<Item = Stream<'a>> + use<'a> {
        let mut reader = Reader::new(self.streams);
        let count = reader.u16().unwrap_or(0);
        (0..count).map_while(move |_| Stream::read(&mut reader).ok())
    }
}

/// Reads a two-byte count and that many values whose keys strictly ascend.
fn read_ascending<'a, K: PartialOrd + Copy>(
    reader: &mut Reader<'a>,
    what: &'static str,
    limit: u16,
    mut read: impl FnMut(&mut Reader<'a>) -> Result<K, Refused>,
) -> Result<(), Refused> {
    let count = reader.count16(what, limit)?;
    let mut previous = None;
    for _ in 0..count {
        let key = read(reader)?;
        reader.ascends(what, &mut previous, key)?;
    }
    Ok(())
}

/// What a new log begins with, to be encoded.
#[cfg(feature = "alloc")]
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "the wire format has these fields")]
pub struct GenesisDraft {
    /// 32 random bytes, so that two logs never share an id.
    pub nonce: [u8; 32],
    /// The log's first moment.
    pub time: UnixMillis,
    /// The log's parameters.
    pub parameters: Parameters,
    /// Whether headers carry the RFC 6962 root too.
    pub sha256_tree: bool,
    /// The first validator set, encoded.
    pub set: alloc::vec::Vec<u8>,
    /// The first members, in any order.
    pub members: alloc::vec::Vec<MemberDraft>,
    /// The first streams, in any order.
    pub streams: alloc::vec::Vec<(StreamId, alloc::string::String)>,
}

/// One member to be.
#[cfg(feature = "alloc")]
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "the wire format has these fields")]
pub struct MemberDraft {
    /// The member's name.
    pub name: alloc::string::String,
    /// Its keys, in any order.
    pub keys: alloc::vec::Vec<KeyDraft>,
}

/// One key to be: suite byte and public key.
#[cfg(feature = "alloc")]
pub type KeyDraft = (u8, alloc::vec::Vec<u8>);

#[cfg(feature = "alloc")]
impl GenesisDraft {
    /// Encodes the genesis.
    ///
    /// # Errors
    /// What the decoder says of the result.
    pub fn encode(mut self) -> Result<alloc::vec::Vec<u8>, DecodeError> {
        self.members.sort_by(|a, b| a.name.cmp(&b.name));
        self.streams.sort();
        let mut writer = crate::wire::Writer::new();
        writer.u8(VERSION).u8(FILE_TYPE).raw(&self.nonce).u64(self.time.0);
        self.parameters.write(&mut writer);
        writer.u8(u8::from(self.sha256_tree)).raw(&self.set);
        writer.len16(self.members.len());
        for member in &mut self.members {
            member.keys.sort_by_key(|(suite, bytes)| KeyRecord { suite: *suite, bytes }.id());
            writer.text8(&member.name).len8(member.keys.len());
            for (suite, bytes) in &member.keys {
                writer.u8(*suite).raw(bytes);
            }
        }
        writer.len16(self.streams.len());
        for (id, name) in &self.streams {
            writer.raw(id.as_bytes()).text8(name);
        }
        let bytes = writer.into_bytes();
        Genesis::decode(&bytes)?;
        Ok(bytes)
    }
}
