//! What validators tell each other beside the engine's own messages: events that wait for a block,
//! and final blocks many at a time, for those who are far behind. `SPEC.md`, "Consensus messages".
//!
//! These have the same beginning as [`crate::wire`] (version, type, height), so that one look at
//! it says whose a message is; the host never sees them.

use cairn_verifier::finality::{Certificate, HEADER_LEN};
use cairn_verifier::wire::{DecodeError, Reader, Refused, Writer};

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
}

/// Whether a message is one of these, by its first two bytes.
#[must_use]
pub const fn is_gossip(bytes: &[u8]) -> bool {
    matches!(bytes, [VERSION, 10..=12, ..])
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
            found => return Err(reader.unknown("message", found)),
        };
        let wide = |len: usize| u64::try_from(len).unwrap_or(u64::MAX);
        reader.within("message length", wide(len), wide(limit))?;
        let height = reader.number("height")?;
        Ok(match kind {
            10 => Self::Events { height, events: read_events(reader)? },
            11 => Self::WantBlocks { height },
            _ => Self::Blocks { height, blocks: read_blocks(reader)? },
        })
    }

    /// The height it is about.
    #[must_use]
    pub const fn height(&self) -> u64 {
        match self {
            Self::Events { height, .. }
            | Self::WantBlocks { height }
            | Self::Blocks { height, .. } => *height,
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

    #[test]
    fn messages_round_trip_and_nothing_else_decodes() {
        for message in [
            Gossip::Events { height: 7, events: vec![vec![1; 40], vec![2; 3]] },
            Gossip::WantBlocks { height: 9 },
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
