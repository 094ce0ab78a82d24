//! A receipt's layout.

use crate::event::SignedEvent;
use crate::finality::Header;
use crate::state::{Record, StateProof};
use crate::terms::Cost;
use crate::tree::Proof;
use crate::trust::FinalityProof;
use crate::wire::{DecodeError, Reader, Refused};

const VERSION: u8 = 1;
const FILE_TYPE: u8 = b'R';

/// The longest receipt in bytes.
pub const MAX_RECEIPT_LEN: usize = 64 << 20;
/// The longest payload in a receipt: nonce, ciphertext of the longest plaintext, tag.
const MAX_STORED_LEN: u32 = (16 << 20) + 40;
/// The most wraps in a receipt.
pub const MAX_WRAPS: u8 = 32;
/// The longest wrap in bytes.
const MAX_WRAP_LEN: u16 = 2_048;

/// A decoded receipt: a claim, until [`super::verify`].
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "the wire format has these fields")]
pub struct Receipt<'a> {
    /// From the anchor to a final header.
    pub finality: FinalityProof<'a>,
    /// The event's index in the log.
    pub index: u64,
    /// The event in the header's tree.
    pub inclusion: Proof<'a>,
    /// The event with its signatures.
    pub event: SignedEvent<'a>,
    /// The two headers between which the event was logged.
    pub bracket: Bracket<'a>,
    /// The public payload, or nonce and ciphertext of a sealed one.
    pub payload: Option<&'a [u8]>,
    /// Wraps of the message key.
    pub wraps: Wraps<'a>,
    /// The record of the writer's key in the receipt's header's state, which gives its name.
    pub name: Option<(Record<'a>, StateProof<'a>)>,
}

/// The header of the event's block, and the one before it.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "the wire format has these four")]
#[expect(clippy::large_enum_variant, reason = "boxing needs an allocator")]
pub enum Bracket<'a> {
    /// 0: not given.
    None,
    /// 1: the block is the receipt's header, and this is its parent.
    Tip {
        /// The header before.
        before: Header,
    },
    /// 2: the block is an older one.
    Older {
        /// The block's header, proven in the header tree of the receipt's.
        block: Header,
        /// Its place in that tree.
        proof: Proof<'a>,
        /// The header before it.
        before: Header,
    },
    /// 3: the block is header 0, and before it was the genesis.
    First {
        /// Place of header 0 in the header tree of the receipt's; empty if that is header 0.
        block: Header,
        /// Its place in that tree.
        proof: Proof<'a>,
    },
}

impl<'a> Bracket<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Refused> {
        match reader.u8()? {
            0 => Ok(Self::None),
            1 => Ok(Self::Tip { before: Header::read(reader)? }),
            2 => Ok(Self::Older {
                block: Header::read(reader)?,
                proof: Proof::read(reader)?,
                before: Header::read(reader)?,
            }),
            3 => Ok(Self::First { block: Header::read(reader)?, proof: Proof::read(reader)? }),
            found => Err(reader.unknown("bracket", found)),
        }
    }
}

/// Wraps of one message key, for different recipients.
#[derive(Clone, Copy, Debug)]
pub struct Wraps<'a> {
    count: u8,
    bytes: &'a [u8],
}

impl<'a> Wraps<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Refused> {
        let count = reader.count8("wrap count", MAX_WRAPS)?;
        let (start, from) = (reader.at(), reader.rest());
        for _ in 0..count {
            Self::wrap(reader)?;
        }
        Ok(Self { count, bytes: reader.since(start, from) })
    }

    fn wrap(reader: &mut Reader<'a>) -> Result<&'a [u8], Refused> {
        let len = reader.count16("wrap length", MAX_WRAP_LEN)?;
        reader.take(len.into())
    }

    /// How many there are.
    #[must_use]
    pub const fn count(&self) -> u8 {
        self.count
    }

    /// The wraps in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut reader = Reader::new(self.bytes);
        (0..self.count).map_while(move |_| Self::wrap(&mut reader).ok())
    }
}

impl<'a> Receipt<'a> {
    /// Decodes a receipt.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        crate::wire::decode_within(("receipt length", MAX_RECEIPT_LEN), bytes, Self::read)
    }

    /// What checking it costs, added to what is known.
    pub(super) fn cost(&self, known: Cost) -> Cost {
        let bracket = match &self.bracket {
            Bracket::None | Bracket::Tip { .. } => 0,
            Bracket::Older { proof, .. } | Bracket::First { proof, .. } => proof.len(),
        };
        self.finality
            .cost(known)
            .and(usize::from(self.event.signatures().count()), self.inclusion.len())
            .and(0, bracket)
            .and(0, self.name.map_or(0, |(_, proof)| proof.depth()))
    }

    fn read(reader: &mut Reader<'a>) -> Result<Self, Refused> {
        reader.file(VERSION, FILE_TYPE)?;
        Ok(Self {
            finality: FinalityProof::read(reader)?,
            index: reader.u64()?,
            inclusion: Proof::read(reader)?,
            event: SignedEvent::read(reader)?,
            bracket: Bracket::read(reader)?,
            payload: match reader.flag("payload flag")? {
                false => None,
                true => Some(reader.bytes32("payload length", MAX_STORED_LEN)?),
            },
            wraps: Wraps::read(reader)?,
            name: match reader.flag("name flag")? {
                false => None,
                true => Some((Record::read(reader)?, StateProof::read(reader)?)),
            },
        })
    }
}

/// What a node puts together for one event.
#[cfg(feature = "alloc")]
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "the wire format has these fields")]
pub struct ReceiptDraft<'a> {
    /// From the anchor to a final header.
    pub finality: crate::trust::FinalityDraft<'a>,
    /// The event's index.
    pub index: u64,
    /// The event in the header's tree.
    pub inclusion: Proof<'a>,
    /// The encoded signed event.
    pub event: &'a [u8],
    /// When it was logged.
    pub bracket: BracketDraft<'a>,
    /// The stored payload, if it goes along.
    pub payload: Option<&'a [u8]>,
    /// The wraps that go along.
    pub wraps: &'a [alloc::vec::Vec<u8>],
    /// The encoded record of the writer's key and its encoded proof, if they go along.
    pub name: Option<(&'a [u8], &'a [u8])>,
}

/// A [`Bracket`] to be encoded.
#[cfg(feature = "alloc")]
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "the wire format has these fields")]
pub struct BracketDraft<'a> {
    /// The block's header and its proof, if it is not the receipt's header.
    pub block: Option<(&'a Header, Proof<'a>)>,
    /// The header before; `None` at height 0.
    pub before: Option<&'a Header>,
}

#[cfg(feature = "alloc")]
impl ReceiptDraft<'_> {
    /// Encodes the receipt. `first` is header 0, needed where the block is the receipt's own
    /// header at height 0.
    #[must_use]
    pub fn encode(&self) -> alloc::vec::Vec<u8> {
        let mut writer = crate::wire::Writer::new();
        self.finality.write(writer.u8(VERSION).u8(FILE_TYPE));
        writer.u64(self.index);
        self.inclusion.write(&mut writer);
        writer.raw(self.event);
        match (self.bracket.block, self.bracket.before) {
            (None, None) => {
                writer.u8(3).raw(self.finality.header);
                Proof::new(&[]).write(&mut writer);
            }
            (None, Some(before)) => {
                writer.u8(1).raw(&before.encode());
            }
            (Some((block, proof)), Some(before)) => {
                proof.write(writer.u8(2).raw(&block.encode()));
                writer.raw(&before.encode());
            }
            (Some((block, proof)), None) => proof.write(writer.u8(3).raw(&block.encode())),
        }
        match self.payload {
            None => writer.u8(0),
            Some(payload) => writer.u8(1).bytes32(payload),
        };
        writer.len8(self.wraps.len());
        for wrap in self.wraps {
            writer.len16(wrap.len()).raw(wrap);
        }
        match self.name {
            None => writer.u8(0),
            Some((record, proof)) => writer.u8(1).len16(record.len()).raw(record).raw(proof),
        };
        writer.into_bytes()
    }
}
