//! What validators tell each other beside the engine's own messages: events that wait for a block,
//! final blocks many at a time, for those who are far behind, and what stands behind events that are
//! final ([`crate::behind`]). `SPEC.md`, "Consensus messages".
//!
//! These have the same beginning as [`crate::wire`] (version, type, height), so that one look at
//! it says whose a message is; the host never sees them.

use cairn_verifier::finality::{Certificate, HEADER_LEN};
use cairn_verifier::wire::{DecodeError, Reader, Refused, Writer};

use crate::behind::{self, Asked, Behind};
use crate::wire::{MAX_BLOCK_LEN, MAX_CERTIFICATE_LEN};

const VERSION: u8 = 1;

/// The most events of one message.
pub const MAX_EVENTS: u16 = 1_024;
/// The most bytes that the events of one message have together, unless it is a single one.
pub const EVENTS_LEN: usize = 1 << 20;
/// The longest event.
pub const MAX_EVENT_LEN: u32 = 1 << 20;
/// The most blocks of one message.
pub const MAX_BLOCKS: u16 = 1_024;
/// The most bytes that the blocks of one message have together, unless it is a single one.
pub const BLOCKS_LEN: usize = 4 << 20;

const MAX_EVENTS_MESSAGE: usize = EVENTS_LEN + (1 << 20) + 8_192;
/// One block of the longest, with its certificate: what a link carries.
const MAX_BLOCKS_MESSAGE: usize = 17 << 20;
/// Head and count, and 33 bytes for each of `MAX_BEHIND` events.
const MAX_ASKING: usize = 12 + 33 * 256;
/// One payload of the longest, with its wraps.
const MAX_BEHIND_MESSAGE: usize = 17 << 20;

/// A block and its certificate.
pub type FinalBlock = (Vec<u8>, Vec<u8>);

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the wire format has these")]
pub enum Gossip {
    /// 10: events that are to become final.
    Events {
        /// The height that the sender works on.
        height: u64,
        /// Encoded signed events.
        events: Vec<Vec<u8>>,
    },
    /// 11: a request for final blocks from a height on.
    WantBlocks {
        /// The first height.
        height: u64,
    },
    /// 12: final blocks without gaps.
    Blocks {
        /// The height of the first.
        height: u64,
        /// Each block and its certificate.
        blocks: Vec<FinalBlock>,
    },
    /// 13: a request for what stands behind final events.
    WantBehind {
        /// The height that the sender works on.
        height: u64,
        /// Of which events, and what.
        asked: Vec<Asked>,
    },
    /// 14: the answer, about the first of those that were asked for, in their order.
    Behind {
        /// The height that the sender works on.
        height: u64,
        /// What the sender has.
        behind: Vec<Behind>,
    },
}

/// Whether a message is one of these, by its first two bytes.
#[must_use]
pub const fn is_gossip(bytes: &[u8]) -> bool {
    matches!(bytes, [VERSION, 10..=14, ..])
}

impl Gossip {
    /// Decodes a message.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        cairn_verifier::wire::decode_all(bytes, |reader| Self::read(reader, bytes.len()))
    }

    fn read(reader: &mut Reader<'_>, len: usize) -> Result<Self, Refused> {
        reader.version(VERSION)?;
        let kind = reader.u8()?;
        let limit = match kind {
            10 => MAX_EVENTS_MESSAGE,
            11 => 64,
            12 => MAX_BLOCKS_MESSAGE,
            13 => MAX_ASKING,
            14 => MAX_BEHIND_MESSAGE,
            found => return Err(reader.unknown("message", found)),
        };
        let wide = |len: usize| u64::try_from(len).unwrap_or(u64::MAX);
        reader.within("message length", wide(len), wide(limit))?;
        let height = reader.number("height")?;
        Ok(match kind {
            10 => Self::Events { height, events: read_events(reader)? },
            11 => Self::WantBlocks { height },
            12 => Self::Blocks { height, blocks: read_blocks(reader)? },
            13 => Self::WantBehind { height, asked: behind::read_asked(reader)? },
            _ => Self::Behind { height, behind: behind::read_behind(reader)? },
        })
    }

    /// The height it is about.
    #[must_use]
    pub const fn height(&self) -> u64 {
        match self {
            Self::Events { height, .. }
            | Self::WantBlocks { height }
            | Self::Blocks { height, .. }
            | Self::WantBehind { height, .. }
            | Self::Behind { height, .. } => *height,
        }
    }

    /// The message as it travels.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        match self {
            Self::Events { height, events } => {
                writer.u8(VERSION).u8(10).u64(*height).len16(events.len());
                for event in events {
                    writer.bytes32(event);
                }
            }
            Self::WantBlocks { height } => {
                writer.u8(VERSION).u8(11).u64(*height);
            }
            Self::Blocks { height, blocks } => {
                writer.u8(VERSION).u8(12).u64(*height).len16(blocks.len());
                for (block, certificate) in blocks {
                    writer.bytes32(block).bytes32(certificate);
                }
            }
            Self::WantBehind { height, asked } => {
                writer.u8(VERSION).u8(13).u64(*height);
                behind::write_asked(&mut writer, asked);
            }
            Self::Behind { height, behind } => {
                writer.u8(VERSION).u8(14).u64(*height);
                behind::write_behind(&mut writer, behind);
            }
        }
        writer.into_bytes()
    }
}

fn read_events(reader: &mut Reader<'_>) -> Result<Vec<Vec<u8>>, Refused> {
    let count = reader.count16("event count", MAX_EVENTS)?;
    if count == 0 {
        return Err(reader.not_canonical("event count"));
    }
    (0..count).map(|_| Ok(reader.bytes32("event length", MAX_EVENT_LEN)?.to_vec())).collect()
}

fn read_blocks(reader: &mut Reader<'_>) -> Result<Vec<FinalBlock>, Refused> {
    let count = reader.count16("block count", MAX_BLOCKS)?;
    if count == 0 {
        return Err(reader.not_canonical("block count"));
    }
    let mut blocks = Vec::new();
    for _ in 0..count {
        let block = reader.bytes32("block length", MAX_BLOCK_LEN)?;
        if block.len() < HEADER_LEN {
            return Err(reader.not_canonical("block without a header"));
        }
        let certificate = reader.bytes32("certificate length", MAX_CERTIFICATE_LEN)?;
        Certificate::decode(certificate).map_err(|error| reader.refuse(error))?;
        blocks.push((block.to_vec(), certificate.to_vec()));
    }
    Ok(blocks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::behind::MAX_BEHIND;

    fn behind(event: u8) -> Behind {
        let wraps = [([1; 32].into(), vec![5; 9]), ([2; 32].into(), Vec::new())].into();
        Behind { event: [event; 32].into(), known: true, payload: Some(vec![6; 7]), wraps }
    }

    #[test]
    fn what_stands_behind_events_has_one_encoding() {
        let answer = |behind| Gossip::Behind { height: 7, behind }.encode();
        let good = answer(vec![behind(1)]);
        assert!(Gossip::decode(&good).is_ok());
        // Version, type, height, count and event id are before the flags.
        let flags = 2 + 8 + 2 + 32;
        for flag in [5, 6, 7, 8, 255] {
            let mut bent = good.clone();
            bent[flags] = flag;
            assert!(Gossip::decode(&bent).is_err(), "{flag}");
        }
        let count = flags + 1 + 4 + 7;
        for (at, byte) in [(count, 0), (count, 33), (count + 1, 3)] {
            let mut bent = good.clone();
            bent[at] = byte;
            assert!(Gossip::decode(&bent).is_err(), "{at}");
        }
        assert!(Gossip::decode(&answer(Vec::new())).is_err());
        let asked = |count: u16, what| {
            let one = [[3; 32].as_slice(), &[what]].concat();
            let many: Vec<u8> = (0..count).flat_map(|_| one.clone()).collect();
            Gossip::decode(&[[1, 13].as_slice(), &[0; 8], &count.to_be_bytes(), &many].concat())
        };
        assert!(asked(1, 1).is_ok() && asked(MAX_BEHIND, 3).is_ok());
        for (count, what) in [(0, 1), (1, 0), (1, 4), (MAX_BEHIND + 1, 1)] {
            assert!(asked(count, what).is_err(), "{count} {what}");
        }
    }

    #[test]
    fn messages_round_trip_and_nothing_else_decodes() {
        for message in [
            Gossip::Events { height: 7, events: vec![vec![1; 40], vec![2; 3]] },
            Gossip::WantBlocks { height: 9 },
            Gossip::WantBehind {
                height: 7,
                asked: vec![Asked { event: [9; 32].into(), payload: true, wraps: false }],
            },
            Gossip::Behind {
                height: 7,
                behind: vec![
                    behind(1),
                    Behind { payload: None, ..behind(3) },
                    Behind { wraps: Default::default(), ..behind(2) },
                    Behind { payload: None, known: false, wraps: Default::default(), ..behind(4) },
                ],
            },
        ] {
            let bytes = message.encode();
            assert!(is_gossip(&bytes));
            assert_eq!(Gossip::decode(&bytes), Ok(message));
            for cut in 0..bytes.len() {
                assert!(Gossip::decode(&bytes[..cut]).is_err(), "{cut}");
            }
            assert!(Gossip::decode(&[&bytes[..], &[0]].concat()).is_err());
        }
        let none = Gossip::Events { height: 7, events: Vec::new() };
        assert!(Gossip::decode(&none.encode()).is_err());
        let none = Gossip::Blocks { height: 7, blocks: Vec::new() };
        assert!(Gossip::decode(&none.encode()).is_err());
        let short = Gossip::Blocks { height: 7, blocks: vec![(vec![0; 10], Vec::new())] };
        assert!(Gossip::decode(&short.encode()).is_err());
        assert!(!is_gossip(&crate::wire::Message::Status { height: 1 }.encode()));
    }
}
