//! What leads from an anchor to a final header, as it travels.

#[cfg(feature = "alloc")]
use crate::finality::HEADER_LEN;
use crate::finality::{Certificate, Header, ValidatorSet};
use crate::terms::Cost;
use crate::tree::Proof;
use crate::wire::{DecodeError, Reader, Refused};

use super::{Genesis, MAX_GENESIS_LEN};

/// The most handovers in one proof.
pub const MAX_HANDOVERS: u16 = 1_024;

/// The longest checkpoint file in bytes.
pub const MAX_CHECKPOINT_LEN: usize = 64 << 20;

const VERSION: u8 = 1;
const FILE_TYPE: u8 = b'C';

/// What the anchor pins, with what is needed to go on from it.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "the wire format has these three")]
pub enum Base<'a> {
    /// 1: a genesis.
    Genesis(Genesis<'a>),
    /// 2: a header and the set in force after it, so that certificates can be checked.
    Checkpoint(Header, ValidatorSet<'a>),
    /// 3: a header alone: enough for itself and everything older.
    Header(Header),
}

impl<'a> Base<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Refused> {
        match reader.u8()? {
            1 => {
                let limit = u32::try_from(MAX_GENESIS_LEN).unwrap_or(u32::MAX);
                let genesis = Genesis::decode(reader.bytes32("genesis length", limit)?);
                genesis.map(Self::Genesis).map_err(|error| reader.refuse(error))
            }
            2 => Ok(Base::Checkpoint(Header::read(reader)?, ValidatorSet::read(reader)?)),
            3 => Header::read(reader).map(Base::Header),
            found => Err(reader.unknown("base", found)),
        }
    }

    /// Appends the base.
    #[cfg(feature = "alloc")]
    pub fn write(&self, writer: &mut crate::wire::Writer) {
        match self {
            Self::Genesis(genesis) => writer.u8(1).bytes32(genesis.bytes()),
            Self::Checkpoint(header, set) => writer.u8(2).raw(&header.encode()).raw(set.bytes()),
            Self::Header(header) => writer.u8(3).raw(&header.encode()),
        };
    }
}

/// A header that names another next set, its certificate, and that set.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "the wire format has these fields")]
pub struct Handover<'a> {
    /// The last header of its epoch.
    pub header: Header,
    /// The old set's certificate over it.
    pub certificate: Certificate<'a>,
    /// The set of the next epoch.
    pub next_set: ValidatorSet<'a>,
}

impl<'a> Handover<'a> {
    /// Reads a handover.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn read(reader: &mut Reader<'a>) -> Result<Self, Refused> {
        Ok(Self {
            header: Header::read(reader)?,
            certificate: Certificate::read(reader)?,
            next_set: ValidatorSet::read(reader)?,
        })
    }
}

/// Handovers, first to last.
#[derive(Clone, Copy, Debug)]
pub struct Handovers<'a> {
    count: u16,
    votes: usize,
    bytes: &'a [u8],
}

impl<'a> Handovers<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Refused> {
        let count = reader.count16("handover count", MAX_HANDOVERS)?;
        let (start, from) = (reader.at(), reader.rest());
        let mut votes = 0_usize;
        for _ in 0..count {
            let handover = Handover::read(reader)?;
            votes = votes.saturating_add(usize::from(handover.certificate.count()));
        }
        Ok(Self { count, votes, bytes: reader.since(start, from) })
    }

    /// How many there are.
    #[must_use]
    pub const fn count(&self) -> u16 {
        self.count
    }

    /// How many votes their certificates have together.
    #[must_use]
    pub const fn votes(&self) -> usize {
        self.votes
    }

    /// The handovers, first to last.
    pub fn iter(&self) -> impl Iterator<Item = Handover<'a>> + use<'a> {
        let mut reader = Reader::new(self.bytes);
        (0..self.count).map_while(move |_| Handover::read(&mut reader).ok())
    }
}

/// Why the header is final: exactly one of three.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "the wire format has these three")]
pub enum Finality<'a> {
    /// 1: a certificate of the trusted set.
    Certificate(Certificate<'a>),
    /// 2: it is in the header tree of the newest trusted header.
    HeaderTree(Proof<'a>),
    /// 3: it is the newest trusted header.
    Trusted,
}

/// Base, handovers, header, and why it is final. Alone it is a checkpoint file; it also begins
/// every receipt.
#[derive(Clone, Copy, Debug)]
pub struct FinalityProof<'a> {
    /// What the anchor pins.
    pub base: Base<'a>,
    /// The way to the header's epoch.
    pub handovers: Handovers<'a>,
    /// The header in question.
    pub header: Header,
    /// Why it is final.
    pub finality: Finality<'a>,
    len: u64,
}

impl<'a> FinalityProof<'a> {
    /// Decodes a checkpoint file.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let limit = ("checkpoint length", MAX_CHECKPOINT_LEN);
        crate::wire::decode_within(limit, bytes, |reader| {
            reader.file(VERSION, FILE_TYPE)?;
            Self::read(reader)
        })
    }

    /// Reads base, handovers, header and finality.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn read(reader: &mut Reader<'a>) -> Result<Self, Refused> {
        let start = reader.at();
        let base = Base::read(reader)?;
        let handovers = Handovers::read(reader)?;
        let header = Header::read(reader)?;
        let finality = match reader.u8()? {
            1 => Finality::Certificate(Certificate::read(reader)?),
            2 => Finality::HeaderTree(Proof::read(reader)?),
            3 => Finality::Trusted,
            found => return Err(reader.unknown("finality", found)),
        };
        let len = reader.at().saturating_sub(start);
        let len = u64::try_from(len).unwrap_or(u64::MAX);
        Ok(Self { base, handovers, header, finality, len })
    }

    /// What checking it costs, added to what is known.
    pub(crate) fn cost(&self, known: Cost) -> Cost {
        let cost = known.and(self.handovers.votes(), 0);
        match &self.finality {
            Finality::Certificate(certificate) => cost.and(usize::from(certificate.count()), 0),
            Finality::HeaderTree(proof) => cost.and(0, proof.len()),
            Finality::Trusted => cost,
        }
    }

    /// Its bytes, in a file that has them after version and type.
    #[cfg(feature = "alloc")]
    pub(crate) fn bytes_in<'f>(&self, file: &'f [u8]) -> Option<&'f [u8]> {
        file.get(2..)?.get(..usize::try_from(self.len).ok()?)
    }

    /// What checking it alone costs, with its own bytes.
    pub(crate) fn whole_cost(&self) -> Cost {
        self.cost(Cost { bytes: self.len, ..Cost::default() })
    }

    /// The set that signs above the last handover, or above the base: a claim, named so that its
    /// keys can be expanded beforehand.
    #[must_use]
    pub fn last_set(&self) -> Option<ValidatorSet<'a>> {
        if let Some(last) = self.handovers.iter().last() {
            return Some(last.next_set);
        }
        match &self.base {
            Base::Genesis(genesis) => Some(genesis.set()),
            Base::Checkpoint(_, set) => Some(*set),
            Base::Header(_) => None,
        }
    }
}

/// What a node puts together to prove that a header is final.
#[cfg(feature = "alloc")]
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "the wire format has these fields")]
pub struct FinalityDraft<'a> {
    /// What the anchor pins.
    pub base: Base<'a>,
    /// Encoded handovers, first to last.
    pub handovers: &'a [alloc::vec::Vec<u8>],
    /// The encoded header.
    pub header: &'a [u8; HEADER_LEN],
    /// Why it is final.
    pub finality: FinalityBytes<'a>,
}

/// Why a header is final, encoded.
#[cfg(feature = "alloc")]
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "the wire format has these three")]
pub enum FinalityBytes<'a> {
    /// An encoded certificate.
    Certificate(&'a [u8]),
    /// A proof in the header tree.
    HeaderTree(Proof<'a>),
    /// It is the trusted header.
    Trusted,
}

#[cfg(feature = "alloc")]
impl FinalityDraft<'_> {
    /// Appends base, handovers, header and finality.
    pub fn write(&self, writer: &mut crate::wire::Writer) {
        self.base.write(writer);
        writer.len16(self.handovers.len());
        for handover in self.handovers {
            writer.raw(handover);
        }
        writer.raw(self.header);
        match self.finality {
            FinalityBytes::Certificate(bytes) => {
                writer.u8(1).raw(bytes);
            }
            FinalityBytes::HeaderTree(proof) => proof.write(writer.u8(2)),
            FinalityBytes::Trusted => {
                writer.u8(3);
            }
        }
    }

    /// The checkpoint file.
    #[must_use]
    pub fn encode(&self) -> alloc::vec::Vec<u8> {
        let mut writer = crate::wire::Writer::new();
        self.write(writer.u8(VERSION).u8(FILE_TYPE));
        writer.into_bytes()
    }
}
