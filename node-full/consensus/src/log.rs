//! The write-ahead log of one height: what must be known again after a crash, so that a validator
//! goes on where it was and never says something else.
//!
//! An entry is one message or event that changed the engine's state. The host hands entries to
//! whoever keeps them, in frames; frames of a torn or unsynced tail are not read back.

use cairn_verifier::wire::{DecodeError, Reader, Refused, Writer};

use crate::wire::{MAX_BLOCK_LEN, Message};

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// 1: a message that was accepted, or one of our own.
    Message(Message),
    /// 2: a timer of this round ran out: 0 propose, 1 prevote, 2 precommit.
    Timer { kind: u8, round: u32 },
    /// 3: a block that was proposed in this round.
    Block { round: u32, block: Vec<u8> },
    /// 4: the block with this header was found valid or not.
    Value { round: u32, valid: bool, proposer: u8, header: [u8; 32] },
}

/// The longest entry.
const MAX_ENTRY_LEN: u32 = MAX_BLOCK_LEN + (1 << 20);

impl Entry {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        match self {
            Self::Message(message) => writer.u8(1).raw(&message.encode()),
            Self::Timer { kind, round } => writer.u8(2).u8(*kind).u32(*round),
            Self::Block { round, block } => writer.u8(3).u32(*round).bytes32(block),
            Self::Value { round, valid, proposer, header } => {
                writer.u8(4).u32(*round).u8(u8::from(*valid)).u8(*proposer).raw(header)
            }
        };
        writer.into_bytes()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        if let Some((1, message)) = bytes.split_first().map(|(kind, rest)| (*kind, rest)) {
            return Message::decode(message).map(Self::Message);
        }
        cairn_verifier::wire::decode_all(bytes, Self::read)
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        Ok(match reader.u8()? {
            2 => {
                let kind = reader.u8()?;
                if kind > 2 {
                    return Err(reader.unknown("timer", kind));
                }
                Self::Timer { kind, round: reader.u32()? }
            }
            3 => Self::Block {
                round: reader.u32()?,
                block: reader.bytes32("block length", MAX_BLOCK_LEN)?.to_vec(),
            },
            4 => Self::Value {
                round: reader.u32()?,
                valid: reader.flag("valid")?,
                proposer: reader.u8()?,
                header: *reader.array()?,
            },
            found => return Err(reader.unknown("log entry", found)),
        })
    }
}

const CHECK_LEN: usize = 16;

/// One entry of a height as it is kept: length, height, entry, and the first 16 bytes of the
/// BLAKE3 of all that.
#[must_use]
pub fn frame(height: u64, entry: &[u8]) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.len32(entry.len()).u64(height).raw(entry);
    let mut bytes = writer.into_bytes();
    let check = check(&bytes);
    bytes.extend_from_slice(&check);
    bytes
}

fn check(bytes: &[u8]) -> [u8; CHECK_LEN] {
    let digest = blake3::derive_key("cairn v1 consensus log frame", bytes);
    std::array::from_fn(|at| digest.get(at).copied().unwrap_or(0))
}

/// The entries of one height in the frames kept, and how many bytes of them are whole. What
/// follows is a torn tail, to be cut off before anything is appended; what is left must be synced
/// then, because a killed process may have written it and never synced it.
#[must_use]
pub fn read(height: u64, kept: &[u8]) -> (Vec<Vec<u8>>, usize) {
    let mut entries = Vec::new();
    let mut whole = 0_usize;
    let mut rest = kept;
    while let Some((frame, entry)) = read_frame(rest) {
        if frame == height {
            entries.push(entry.to_vec());
        }
        let len = entry.len().saturating_add(12 + CHECK_LEN);
        whole = whole.saturating_add(len);
        rest = rest.get(len..).unwrap_or_default();
    }
    (entries, whole)
}

fn read_frame(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut reader = Reader::new(bytes);
    let len = reader.u32().ok().filter(|len| *len <= MAX_ENTRY_LEN)?;
    let height = reader.u64().ok()?;
    let entry = reader.take(usize::try_from(len).ok()?).ok()?;
    let covered = bytes.get(..reader.at())?;
    let found: &[u8; CHECK_LEN] = reader.array().ok()?;
    (*found == check(covered)).then_some((height, entry))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_back_and_a_torn_tail_does_not() {
        let entries: [&[u8]; 3] = [b"one", b"", b"three"];
        let mut kept = frame(6, b"older");
        let older = kept.len();
        for entry in entries {
            kept.extend(frame(7, entry));
        }
        let (found, whole) = read(7, &kept);
        assert_eq!(found, entries);
        assert_eq!(whole, kept.len());
        let two = older + frame(7, b"one").len() + frame(7, b"").len();
        for cut in two..kept.len() {
            let (found, whole) = read(7, &kept[..cut]);
            assert_eq!((found.len(), whole), (2, two), "{cut}");
        }
        for bit in 0..8 {
            for at in two..kept.len() {
                let mut bent = kept.clone();
                bent[at] ^= 1 << bit;
                assert_eq!(read(7, &bent).1, two, "{at} {bit}");
            }
        }
    }

    #[test]
    fn entries_round_trip() {
        for entry in [
            Entry::Message(Message::Status { height: 9 }),
            Entry::Timer { kind: 2, round: 7 },
            Entry::Block { round: 1, block: vec![1; 400] },
            Entry::Value { round: 3, valid: false, proposer: 9, header: [8; 32] },
        ] {
            let bytes = entry.encode();
            assert_eq!(Entry::decode(&bytes), Ok(entry));
            for cut in 0..bytes.len() {
                assert!(Entry::decode(&bytes[..cut]).is_err(), "{cut}");
            }
            assert!(Entry::decode(&[&bytes[..], &[0]].concat()).is_err());
        }
    }
}
