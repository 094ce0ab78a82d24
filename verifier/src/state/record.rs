//! Records: the leaves' content, each with its kind and key first.

use super::{Path, PowerMode, StakeParts};
use crate::digest::{EventId, Hash, KeyId, SetDigest, StreamId};
use crate::finality::{MAX_TOTAL_POWER, Parameters, Suite};
use crate::trust::{MAX_NAME_LEN, WRAP_X_WING, WRAP_X25519};
use crate::wire::{DecodeError, MAX_NUMBER, Reader, Refused, within};

const VERSION: u8 = 1;

/// The most keys a member can have had.
pub const MAX_MEMBER_KEYS: u8 = 64;

/// The longest record in bytes: a member of 64 keys.
pub const MAX_RECORD_LEN: u16 = 2_116;

/// What a key is for. One key has one role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "version 1 has these roles")]
pub enum KeyRole {
    /// 0: signs events and requests.
    Writer,
    /// 1: wraps are made for it.
    Reader,
    /// 2: votes.
    Validator,
    /// 3: identifies a node.
    Node,
    /// 4: wraps are made for it, to be opened in need.
    Escrow,
}

impl KeyRole {
    const ALL: [Self; 5] = [Self::Writer, Self::Reader, Self::Validator, Self::Node, Self::Escrow];

    /// The role's byte.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::Writer => 0,
            Self::Reader => 1,
            Self::Validator => 2,
            Self::Node => 3,
            Self::Escrow => 4,
        }
    }

    /// The role's name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Writer => "writer",
            Self::Reader => "reader",
            Self::Validator => "validator",
            Self::Node => "node",
            Self::Escrow => "escrow",
        }
    }

    /// Whether keys of this role sign; the others have wraps made for them.
    #[must_use]
    pub const fn signs(self) -> bool {
        matches!(self, Self::Writer | Self::Validator | Self::Node)
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        let found = reader.u8()?;
        let role = Self::ALL.into_iter().find(|role| role.byte() == found);
        role.ok_or_else(|| reader.unknown("key role", found))
    }
}

/// What a member may do in a stream; at least one of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "version 1 has these roles")]
pub struct Roles {
    /// Bit 1: write events.
    pub writer: bool,
    /// Bit 2: get wraps of payloads.
    pub reader: bool,
}

impl Roles {
    /// The two bits.
    #[must_use]
    pub fn byte(self) -> u8 {
        u8::from(self.writer) | (u8::from(self.reader) << 1)
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        match reader.u8()? {
            0 => Err(reader.not_canonical("roles")),
            found @ 1..=3 => Ok(Self { writer: found & 1 != 0, reader: found & 2 != 0 }),
            found => Err(reader.unknown("roles", found)),
        }
    }
}

/// Kind and key of a record: what can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "version 1 has these kinds")]
pub enum RecordKey<'a> {
    /// 1: a member, by name.
    Member(&'a str),
    /// 2: a key, by id.
    Key(KeyId),
    /// 3: a stream, by id.
    Stream(StreamId),
    /// 4: a member in a stream.
    Membership(StreamId, &'a str),
    /// 5: the log's parameters.
    Parameters,
    /// 6: the validator set of an epoch.
    Set(u64),
    /// 7: a writer's head in a stream.
    Head(StreamId, KeyId),
    /// 9: a holder's stake.
    Stake(KeyId),
    /// 10: what the power of validators follows from.
    Power,
    /// 11: all system events so far.
    System,
}

impl<'a> RecordKey<'a> {
    /// The kind's byte.
    #[must_use]
    pub const fn kind(&self) -> u8 {
        match self {
            Self::Member(_) => 1,
            Self::Key(_) => 2,
            Self::Stream(_) => 3,
            Self::Membership(..) => 4,
            Self::Parameters => 5,
            Self::Set(_) => 6,
            Self::Head(..) => 7,
            Self::Stake(_) => 9,
            Self::Power => 10,
            Self::System => 11,
        }
    }

    /// Decodes kind and key as they stand in a record.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        crate::wire::decode_all(bytes, Self::read)
    }

    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, Refused> {
        match reader.u8()? {
            1 => reader.name("member name", MAX_NAME_LEN).map(Self::Member),
            2 => reader.digest().map(Self::Key),
            3 => reader.digest().map(Self::Stream),
            4 => Ok(Self::Membership(reader.digest()?, reader.name("member name", MAX_NAME_LEN)?)),
            5 => Ok(Self::Parameters),
            6 => reader.number("epoch").map(Self::Set),
            7 => Ok(Self::Head(reader.digest()?, reader.digest()?)),
            9 => reader.digest().map(Self::Stake),
            10 => Ok(Self::Power),
            11 => Ok(Self::System),
            found => Err(reader.unknown("record kind", found)),
        }
    }

    /// Whether a record can have this key, if it was not decoded.
    pub(super) fn check(&self) -> Result<(), DecodeError> {
        match self {
            Self::Member(name) | Self::Membership(_, name) => {
                let len = u64::try_from(name.len()).unwrap_or(u64::MAX);
                within("member name", len, MAX_NAME_LEN.into())
            }
            Self::Set(epoch) => within("epoch", *epoch, MAX_NUMBER),
            Self::Key(_)
            | Self::Stream(_)
            | Self::Parameters
            | Self::Head(..)
            | Self::Stake(_)
            | Self::Power
            | Self::System => Ok(()),
        }
    }

    /// Where such a record stands in the tree.
    #[must_use]
    pub fn path(&self) -> Path {
        self.with_bytes(Path::of)
    }

    /// Kind and key as they stand in a record.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn encode(&self) -> alloc::vec::Vec<u8> {
        self.with_bytes(<[u8]>::to_vec)
    }

    fn with_bytes<T>(&self, take: impl FnOnce(&[u8]) -> T) -> T {
        // Kind, and the longest key: a stream and a name.
        let mut bytes = [0; 1 + 32 + 1 + 255];
        let mut len = 0_usize;
        let mut put = |part: &[u8]| {
            let end = len.saturating_add(part.len());
            if let Some(place) = bytes.get_mut(len..end) {
                place.copy_from_slice(part);
                len = end;
            }
        };
        put(&[self.kind()]);
        match self {
            Self::Member(name) => {
                put(&[u8::try_from(name.len()).unwrap_or(u8::MAX)]);
                put(name.as_bytes());
            }
            Self::Key(id) | Self::Stake(id) => put(id.as_bytes()),
            Self::Stream(id) => put(id.as_bytes()),
            Self::Membership(stream, name) => {
                put(stream.as_bytes());
                put(&[u8::try_from(name.len()).unwrap_or(u8::MAX)]);
                put(name.as_bytes());
            }
            Self::Parameters | Self::Power | Self::System => {}
            Self::Set(epoch) => put(&epoch.to_be_bytes()),
            Self::Head(stream, writer) => {
                put(stream.as_bytes());
                put(writer.as_bytes());
            }
        }
        take(bytes.get(..len).unwrap_or_default())
    }
}

/// What a record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "version 1 has these kinds")]
pub enum StateRecord<'a> {
    /// 1: every key that a member has or had.
    Member {
        /// The member's name.
        name: &'a str,
        /// Ids of the keys, strictly ascending.
        keys: &'a [[u8; 32]],
    },
    /// 2: whose a key is, and for what.
    Key {
        /// The key's id.
        id: KeyId,
        /// The member's name.
        member: &'a str,
        /// What it is for.
        role: KeyRole,
        /// Its suite: a signature suite or a wrap suite, as the role needs.
        suite: u8,
        /// The first index of the log it holds for.
        from: u64,
        /// The first index it no longer holds for; the largest number while it is in use.
        until: u64,
    },
    /// 3: a stream.
    Stream {
        /// The stream's id.
        id: StreamId,
        /// Its name.
        name: &'a str,
        /// The group epoch of its readers' keys.
        group_epoch: u64,
    },
    /// 4: what a member may do in a stream.
    Membership {
        /// The stream.
        stream: StreamId,
        /// The member's name.
        member: &'a str,
        /// What it may do.
        roles: Roles,
    },
    /// 5: the log's parameters.
    Parameters {
        /// Gate and trust period.
        parameters: Parameters,
        /// Whether headers carry the SHA-256 tree's root.
        sha256_tree: bool,
    },
    /// 6: the validator set of an epoch.
    Set {
        /// The epoch.
        epoch: u64,
        /// The set's digest.
        digest: SetDigest,
        /// The first height of the epoch.
        first_height: u64,
    },
    /// 7: how far a writer got in a stream.
    Head {
        /// The stream.
        stream: StreamId,
        /// The writer's key.
        writer: KeyId,
        /// The sequence of the writer's next event: how many there are.
        next: u64,
        /// The writer's last event.
        last: EventId,
    },
    /// 9: a holder's stake.
    Stake {
        /// The key that bonds it.
        holder: KeyId,
        /// How much a quorum gave it.
        allotted: u64,
        /// From which height on its newest move counts; 0 if it never moved any.
        moved: u64,
        /// What of it is not free.
        parts: StakeParts<'a>,
    },
    /// 10: what the power of validators follows from; none as long as that was never changed.
    Power {
        /// Weights or stake.
        mode: PowerMode,
        /// How many gates stake is held after it stops to count; at least 1.
        window: u16,
    },
    /// 11: all system events so far; none as long as there is no such event.
    System {
        /// How many there are.
        count: u64,
        /// The digest over them, one after the other ([`super::system_digest`]).
        digest: Hash,
    },
}

/// A record as bytes and decoded: a claim until [`super::verify_present`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    bytes: &'a [u8],
    path: Path,
    content: StateRecord<'a>,
}

impl<'a> Record<'a> {
    /// Decodes a record.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let limit = ("record length", usize::from(MAX_RECORD_LEN));
        crate::wire::decode_within(limit, bytes, |reader| {
            reader.version(VERSION)?;
            let (start, from) = (reader.at(), reader.rest());
            let key = RecordKey::read(reader)?;
            let path = Path::of(reader.since(start, from));
            Ok(Self { bytes, path, content: StateRecord::read(key, reader)? })
        })
    }

    /// Reads a two-byte length and the record.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn read(reader: &mut Reader<'a>) -> Result<Self, Refused> {
        let len = usize::from(reader.u16()?);
        Self::decode(reader.take(len)?).map_err(|error| reader.refuse(error))
    }

    /// The record's bytes.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Its place in the tree.
    #[must_use]
    pub const fn path(&self) -> Path {
        self.path
    }

    /// What it says.
    #[must_use]
    pub const fn content(&self) -> &StateRecord<'a> {
        &self.content
    }
}

impl<'a> StateRecord<'a> {
    /// Kind and key.
    #[must_use]
    pub const fn key(&self) -> RecordKey<'a> {
        match *self {
            Self::Member { name, .. } => RecordKey::Member(name),
            Self::Key { id, .. } => RecordKey::Key(id),
            Self::Stream { id, .. } => RecordKey::Stream(id),
            Self::Membership { stream, member, .. } => RecordKey::Membership(stream, member),
            Self::Parameters { .. } => RecordKey::Parameters,
            Self::Set { epoch, .. } => RecordKey::Set(epoch),
            Self::Head { stream, writer, .. } => RecordKey::Head(stream, writer),
            Self::Stake { holder, .. } => RecordKey::Stake(holder),
            Self::Power { .. } => RecordKey::Power,
            Self::System { .. } => RecordKey::System,
        }
    }

    // Copies less when it is a function of its own: 0.2 kB of WebAssembly.
    #[inline(never)]
    fn read(key: RecordKey<'a>, reader: &mut Reader<'a>) -> Result<Self, Refused> {
        match key {
            RecordKey::Member(name) => Ok(Self::Member { name, keys: read_ids(reader)? }),
            RecordKey::Key(id) => Self::read_key(id, reader),
            RecordKey::Stream(id) => Ok(Self::Stream {
                id,
                name: reader.name("stream name", MAX_NAME_LEN)?,
                group_epoch: reader.number("group epoch")?,
            }),
            RecordKey::Membership(stream, member) => {
                Ok(Self::Membership { stream, member, roles: Roles::read(reader)? })
            }
            RecordKey::Parameters => Ok(Self::Parameters {
                parameters: Parameters::read(reader)?,
                sha256_tree: reader.flag("SHA-256 tree")?,
            }),
            RecordKey::Set(epoch) => {
                let (digest, first_height) = (reader.digest()?, reader.number("first height")?);
                reader.within("epoch", epoch, first_height)?;
                if (epoch == 0) != (first_height == 0) {
                    return Err(reader.not_canonical("first height"));
                }
                Ok(Self::Set { epoch, digest, first_height })
            }
            RecordKey::Head(stream, writer) => {
                let (next, last) = (reader.number("sequence")?, reader.digest()?);
                if next == 0 {
                    return Err(reader.not_canonical("writer without events"));
                }
                Ok(Self::Head { stream, writer, next, last })
            }
            RecordKey::Stake(holder) => {
                let (allotted, moved) = (reader.u64()?, reader.number("height of a move")?);
                // As a set's total: what is bonded can be one.
                if allotted == 0 || allotted >= MAX_TOTAL_POWER {
                    return Err(reader.not_canonical("allotted stake"));
                }
                let parts = StakeParts::read(reader, allotted)?;
                Ok(Self::Stake { holder, allotted, moved, parts })
            }
            RecordKey::Power => {
                let (mode, window) = (PowerMode::read(reader)?, reader.u16()?);
                if window == 0 {
                    return Err(reader.not_canonical("window of no gate"));
                }
                Ok(Self::Power { mode, window })
            }
            RecordKey::System => {
                let (count, digest) = (reader.number("system events")?, reader.digest()?);
                if count == 0 {
                    return Err(reader.not_canonical("no system event"));
                }
                Ok(Self::System { count, digest })
            }
        }
    }

    fn read_key(id: KeyId, reader: &mut Reader<'a>) -> Result<Self, Refused> {
        let member = reader.name("member name", MAX_NAME_LEN)?;
        let (role, suite) = (KeyRole::read(reader)?, reader.u8()?);
        let fits = if role.signs() {
            Suite::from_byte(suite).is_some()
        } else {
            [WRAP_X25519, WRAP_X_WING].contains(&suite)
        };
        if !fits {
            return Err(reader.unknown("key suite for its role", suite));
        }
        let (from, until) = (reader.number("first index")?, reader.number("last index")?);
        if from >= until {
            return Err(reader.not_canonical("index range"));
        }
        Ok(Self::Key { id, member, role, suite, from, until })
    }

    /// The record's bytes.
    ///
    /// # Errors
    /// What the decoder says of the result.
    #[cfg(feature = "alloc")]
    pub fn encode(&self) -> Result<alloc::vec::Vec<u8>, DecodeError> {
        let mut writer = crate::wire::Writer::new();
        writer.u8(VERSION).u8(self.key().kind());
        match *self {
            Self::Member { name, keys } => {
                writer.text8(name).len8(keys.len()).raw(keys.as_flattened());
            }
            Self::Key { id, member, role, suite, from, until } => {
                writer.raw(id.as_bytes()).text8(member).u8(role.byte()).u8(suite);
                writer.u64(from).u64(until);
            }
            Self::Stream { id, name, group_epoch } => {
                writer.raw(id.as_bytes()).text8(name).u64(group_epoch);
            }
            Self::Membership { stream, member, roles } => {
                writer.raw(stream.as_bytes()).text8(member).u8(roles.byte());
            }
            Self::Parameters { parameters, sha256_tree } => {
                parameters.write(&mut writer);
                writer.u8(u8::from(sha256_tree));
            }
            Self::Set { epoch, digest, first_height } => {
                writer.u64(epoch).raw(digest.as_bytes()).u64(first_height);
            }
            Self::Head { stream, writer: key, next, last } => {
                writer.raw(stream.as_bytes()).raw(key.as_bytes());
                writer.u64(next).raw(last.as_bytes());
            }
            Self::Stake { holder, allotted, moved, parts } => {
                writer.raw(holder.as_bytes()).u64(allotted).u64(moved);
                writer.len8(parts.len()).raw(parts.bytes());
            }
            Self::Power { mode, window } => {
                writer.u8(mode.byte()).u16(window);
            }
            Self::System { count, digest } => {
                writer.u64(count).raw(digest.as_bytes());
            }
        }
        let bytes = writer.into_bytes();
        Record::decode(&bytes)?;
        Ok(bytes)
    }

    /// Whether a key record holds for an index that may still come: it is in use.
    #[must_use]
    pub const fn is_in_use(&self) -> bool {
        matches!(self, Self::Key { until: MAX_NUMBER, .. })
    }
}

fn read_ids<'a>(reader: &mut Reader<'a>) -> Result<&'a [[u8; 32]], Refused> {
    let count = reader.count8("key count", MAX_MEMBER_KEYS)?;
    let ids = reader.digests(count.into())?;
    if ids.is_sorted_by(|a, b| a < b) { Ok(ids) } else { Err(reader.not_ascending("member keys")) }
}
