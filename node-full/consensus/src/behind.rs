//! What stands behind events, as validators ask each other for it: payloads as they are stored, and
//! wraps. Neither can be read by who passes it on; salts and keys do not travel.

use std::collections::BTreeMap;

use cairn_verifier::digest::{EventId, KeyId};
use cairn_verifier::event::MAX_PAYLOAD_LEN;
use cairn_verifier::receipt::MAX_WRAPS;
use cairn_verifier::wire::{Reader, Refused, Writer};

/// The most events of one request, and of one answer.
pub const MAX_BEHIND: u16 = 256;
/// The most bytes of payloads and wraps of one answer, unless it is about a single event.
pub const BEHIND_LEN: usize = 1 << 20;
/// The longest stored payload: nonce, ciphertext and tag of the longest plaintext.
const MAX_STORED: u32 = MAX_PAYLOAD_LEN + 40;

const PAYLOAD: u8 = 1;
const WRAPS: u8 = 2;
const UNKNOWN: u8 = 4;

/// What of an event is asked for; at least one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the wire format has these fields")]
pub struct Asked {
    /// The event.
    pub event: EventId,
    /// Its payload.
    pub payload: bool,
    /// The wraps that came with it.
    pub wraps: bool,
}

/// What a peer has behind an event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the wire format has these fields")]
pub struct Behind {
    /// The event.
    pub event: EventId,
    /// Whether it is final at that peer. Of one that is not, it has nothing to say yet.
    pub known: bool,
    /// The payload as it is stored.
    pub payload: Option<Vec<u8>>,
    /// Wraps by the id of the key each is for; none if there are none.
    pub wraps: BTreeMap<KeyId, Vec<u8>>,
}

impl Behind {
    /// About how many bytes it has in a message.
    #[must_use]
    pub fn about(&self) -> usize {
        let wraps = self.wraps.values().map(|wrap| wrap.len().saturating_add(34));
        let payload = self.payload.as_ref().map_or(0, Vec::len);
        wraps.fold(payload.saturating_add(40), usize::saturating_add)
    }

    fn write(&self, writer: &mut Writer) {
        let payload = if self.payload.is_some() { PAYLOAD } else { 0 };
        let wraps = if self.wraps.is_empty() { 0 } else { WRAPS };
        let flags = if self.known { payload | wraps } else { UNKNOWN };
        writer.raw(self.event.as_bytes()).u8(flags);
        if flags & PAYLOAD != 0 {
            writer.bytes32(self.payload.as_deref().unwrap_or_default());
        }
        if flags & WRAPS != 0 {
            writer.len8(self.wraps.len());
            for (key, wrap) in &self.wraps {
                writer.raw(key.as_bytes()).len16(wrap.len()).raw(wrap);
            }
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        let event = reader.digest()?;
        let flags = reader.u8()?;
        if flags > UNKNOWN {
            return Err(reader.unknown("what stands behind an event", flags));
        }
        let payload = match flags & PAYLOAD {
            0 => None,
            _ => Some(reader.bytes32("payload length", MAX_STORED)?.to_vec()),
        };
        let wraps = if flags & WRAPS == 0 { BTreeMap::new() } else { read_wraps(reader)? };
        Ok(Self { event, known: flags != UNKNOWN, payload, wraps })
    }
}

fn read_wraps(reader: &mut Reader<'_>) -> Result<BTreeMap<KeyId, Vec<u8>>, Refused> {
    let count = reader.count8("wrap count", MAX_WRAPS)?;
    if count == 0 {
        return Err(reader.not_canonical("wrap count"));
    }
    let (mut previous, mut wraps) = (None, BTreeMap::new());
    for _ in 0..count {
        let key: KeyId = reader.digest()?;
        reader.ascends("wraps", &mut previous, key)?;
        let len = usize::from(reader.u16()?);
        wraps.insert(key, reader.take(len)?.to_vec());
    }
    Ok(wraps)
}

pub(crate) fn write_asked(writer: &mut Writer, asked: &[Asked]) {
    writer.len16(asked.len());
    for one in asked {
        let payload = if one.payload { PAYLOAD } else { 0 };
        let wraps = if one.wraps { WRAPS } else { 0 };
        writer.raw(one.event.as_bytes()).u8(payload | wraps);
    }
}

pub(crate) fn read_asked(reader: &mut Reader<'_>) -> Result<Vec<Asked>, Refused> {
    let read = |reader: &mut Reader<'_>| {
        let event = reader.digest()?;
        let (payload, wraps) = match reader.u8()? {
            PAYLOAD => (true, false),
            WRAPS => (false, true),
            3 => (true, true),
            found => return Err(reader.unknown("what is asked for", found)),
        };
        Ok(Asked { event, payload, wraps })
    };
    (0..count(reader)?).map(|_| read(reader)).collect()
}

pub(crate) fn write_behind(writer: &mut Writer, behind: &[Behind]) {
    writer.len16(behind.len());
    behind.iter().for_each(|one| one.write(writer));
}

pub(crate) fn read_behind(reader: &mut Reader<'_>) -> Result<Vec<Behind>, Refused> {
    (0..count(reader)?).map(|_| Behind::read(reader)).collect()
}

fn count(reader: &mut Reader<'_>) -> Result<u16, Refused> {
    let count = reader.count16("event count", MAX_BEHIND)?;
    if count == 0 {
        return Err(reader.not_canonical("event count"));
    }
    Ok(count)
}
