//! Messages between validators, as `SPEC.md`, "Consensus messages", gives their bytes.
//!
//! Decoding is strict and costs no more than the message's length: version, type, every count and
//! length within its limit, nothing left over. What was decoded is a claim; the host checks it.

use cairn_verifier::digest::HeaderDigest;
use cairn_verifier::finality::{Certificate, HEADER_LEN, MAX_SIGNATURE_LEN, MAX_VALIDATORS, Suite};
use cairn_verifier::wire::{DecodeError, Reader, Refused, Writer};

const VERSION: u8 = 1;

/// The longest block in bytes: its header and what follows it.
pub const MAX_BLOCK_LEN: u32 = 16 << 20;

/// The longest certificate in bytes.
pub(crate) const MAX_CERTIFICATE_LEN: u32 = 6 + 100 * (2 + 3_373);

/// The longest message that carries no block: votes of a hundred validators.
const MAX_SMALL_LEN: usize = 512 << 10;

/// Who signed, with which suite: what stands beside every signature.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the wire format has these fields")]
pub struct Signed {
    /// The validator's index in the set of that height.
    pub index: u8,
    /// The suite of its key.
    pub suite: Suite,
    /// The signature.
    pub signature: Vec<u8>,
}

/// One vote of a round certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the wire format has these fields")]
pub struct RoundVote {
    /// 1 prevote, 2 precommit.
    pub kind: u8,
    /// The header voted for; zero for nil.
    pub header: HeaderDigest,
    /// By whom.
    pub signed: Signed,
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the wire format has these")]
pub enum Message {
    /// 1: a header proposed.
    Proposal {
        /// Height.
        height: u64,
        /// Round.
        round: u32,
        /// The header.
        header: HeaderDigest,
        /// The round it rests on, and 1; 0 for none.
        rests_on: u32,
        /// Its vote of type 0.
        signed: Signed,
        /// The signature in the role `cairn v1 proposal`.
        second: Vec<u8>,
    },
    /// 2: a prevote or precommit.
    Vote {
        /// Height.
        height: u64,
        /// Round.
        round: u32,
        /// 1 prevote, 2 precommit.
        kind: u8,
        /// The header; zero for nil.
        header: HeaderDigest,
        /// By whom.
        signed: Signed,
    },
    /// 3: a quorum of prevotes for one header.
    Polka {
        /// Height.
        height: u64,
        /// Round.
        round: u32,
        /// The header.
        header: HeaderDigest,
        /// The prevotes, ascending by index.
        votes: Vec<Signed>,
    },
    /// 4: votes that end a round, or that let one be left out.
    Round {
        /// Height.
        height: u64,
        /// Round.
        round: u32,
        /// Whether it is a third's votes of any type for a later round.
        skip: bool,
        /// The votes, ascending by index.
        votes: Vec<RoundVote>,
    },
    /// 5: a block that is proposed: header, then what the header is about.
    Block {
        /// Height.
        height: u64,
        /// The block.
        block: Vec<u8>,
    },
    /// 6: the height that the sender works on.
    Status {
        /// Height.
        height: u64,
    },
    /// 7: a request for the final block of a height.
    Want {
        /// Height.
        height: u64,
    },
    /// 8: a final block and its certificate.
    Final {
        /// Height.
        height: u64,
        /// The block.
        block: Vec<u8>,
        /// The certificate.
        certificate: Vec<u8>,
    },
    /// 9: a request for a block that is proposed.
    WantBlock {
        /// Height.
        height: u64,
        /// Its header.
        header: HeaderDigest,
    },
}

impl Signed {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        let index = reader.u8()?;
        reader.within(
            "validator index",
            index.into(),
            u64::from(MAX_VALIDATORS.saturating_sub(1)),
        )?;
        let suite = Suite::read(reader)?;
        let signature = reader.take(suite.signature_len())?.to_vec();
        Ok(Self { index, suite, signature })
    }

    fn write(&self, writer: &mut Writer) {
        writer.u8(self.index).u8(self.suite.byte()).raw(&self.signature);
    }
}

impl RoundVote {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        Ok(Self {
            kind: read_kind(reader)?,
            header: reader.digest()?,
            signed: Signed::read(reader)?,
        })
    }
}

fn read_kind(reader: &mut Reader<'_>) -> Result<u8, Refused> {
    match reader.u8()? {
        kind @ 1..=2 => Ok(kind),
        found => Err(reader.unknown("vote type", found)),
    }
}

fn read_list<T>(
    reader: &mut Reader<'_>,
    read: impl Fn(&mut Reader<'_>) -> Result<T, Refused>,
    index: impl Fn(&T) -> u8,
) -> Result<Vec<T>, Refused> {
    let count = reader.count8("vote count", MAX_VALIDATORS)?;
    if count == 0 {
        return Err(reader.not_canonical("vote count"));
    }
    let mut previous = None;
    let mut list = Vec::with_capacity(usize::from(count));
    for _ in 0..count {
        let item = read(reader)?;
        reader.ascends("votes", &mut previous, index(&item))?;
        list.push(item);
    }
    Ok(list)
}

fn read_block(reader: &mut Reader<'_>) -> Result<Vec<u8>, Refused> {
    let block = reader.bytes32("block length", MAX_BLOCK_LEN)?;
    if block.len() < HEADER_LEN {
        return Err(reader.not_canonical("block without a header"));
    }
    Ok(block.to_vec())
}

fn read_header(reader: &mut Reader<'_>) -> Result<HeaderDigest, Refused> {
    let header = reader.digest()?;
    if header == HeaderDigest::ZERO {
        return Err(reader.not_canonical("header"));
    }
    Ok(header)
}

/// Type and height of a message, from its first ten bytes.
///
/// # Errors
/// [`DecodeError`], also for a message longer than any of its type.
pub fn head(bytes: &[u8]) -> Result<(u8, u64), DecodeError> {
    let mut reader = Reader::new(bytes);
    read_head(&mut reader, bytes.len()).map_err(|refused| reader.reason(refused))
}

fn read_head(reader: &mut Reader<'_>, len: usize) -> Result<(u8, u64), Refused> {
    reader.version(VERSION)?;
    let kind = reader.u8()?;
    let limit = match kind {
        5 | 8 => usize::try_from(MAX_BLOCK_LEN).unwrap_or(usize::MAX).saturating_add(MAX_SMALL_LEN),
        1..=4 => MAX_SMALL_LEN,
        6 | 7 | 9 => 64,
        found => return Err(reader.unknown("message", found)),
    };
    let wide = |len: usize| u64::try_from(len).unwrap_or(u64::MAX);
    reader.within("message length", wide(len), wide(limit))?;
    Ok((kind, reader.number("height")?))
}

impl Message {
    /// Decodes a message.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        cairn_verifier::wire::decode_all(bytes, |reader| Self::read(reader, bytes.len()))
    }

    fn read(reader: &mut Reader<'_>, len: usize) -> Result<Self, Refused> {
        let (kind, height) = read_head(reader, len)?;
        Ok(match kind {
            1 => Self::read_proposal(reader, height)?,
            2 => Self::Vote {
                height,
                round: read_round(reader)?,
                kind: read_kind(reader)?,
                header: reader.digest()?,
                signed: Signed::read(reader)?,
            },
            3 => Self::Polka {
                height,
                round: read_round(reader)?,
                header: read_header(reader)?,
                votes: read_list(reader, Signed::read, |vote| vote.index)?,
            },
            4 => Self::Round {
                height,
                round: read_round(reader)?,
                skip: reader.flag("skip")?,
                votes: read_list(reader, RoundVote::read, |vote| vote.signed.index)?,
            },
            5 => Self::Block { height, block: read_block(reader)? },
            6 => Self::Status { height },
            7 => Self::Want { height },
            8 => {
                let block = read_block(reader)?;
                let certificate = reader.bytes32("certificate length", MAX_CERTIFICATE_LEN)?;
                Certificate::decode(certificate).map_err(|error| reader.refuse(error))?;
                Self::Final { height, block, certificate: certificate.to_vec() }
            }
            _ => Self::WantBlock { height, header: read_header(reader)? },
        })
    }

    fn read_proposal(reader: &mut Reader<'_>, height: u64) -> Result<Self, Refused> {
        let round = read_round(reader)?;
        let header = read_header(reader)?;
        let rests_on = reader.u32()?;
        if rests_on > round {
            return Err(reader.not_canonical("round that a proposal rests on"));
        }
        let signed = Signed::read(reader)?;
        let second = reader.take(signed.suite.signature_len())?.to_vec();
        Ok(Self::Proposal { height, round, header, rests_on, signed, second })
    }

    /// The height it is about.
    #[must_use]
    pub const fn height(&self) -> u64 {
        match self {
            Self::Proposal { height, .. }
            | Self::Vote { height, .. }
            | Self::Polka { height, .. }
            | Self::Round { height, .. }
            | Self::Block { height, .. }
            | Self::Status { height }
            | Self::Want { height }
            | Self::Final { height, .. }
            | Self::WantBlock { height, .. } => *height,
        }
    }

    const fn kind(&self) -> u8 {
        match self {
            Self::Proposal { .. } => 1,
            Self::Vote { .. } => 2,
            Self::Polka { .. } => 3,
            Self::Round { .. } => 4,
            Self::Block { .. } => 5,
            Self::Status { .. } => 6,
            Self::Want { .. } => 7,
            Self::Final { .. } => 8,
            Self::WantBlock { .. } => 9,
        }
    }

    /// The message as it travels.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.u8(VERSION).u8(self.kind()).u64(self.height());
        match self {
            Self::Proposal { round, header, rests_on, signed, second, .. } => {
                writer.u32(*round).raw(header.as_bytes()).u32(*rests_on);
                signed.write(&mut writer);
                writer.raw(second);
            }
            Self::Vote { round, kind, header, signed, .. } => {
                writer.u32(*round).u8(*kind).raw(header.as_bytes());
                signed.write(&mut writer);
            }
            Self::Polka { round, header, votes, .. } => {
                writer.u32(*round).raw(header.as_bytes()).len8(votes.len());
                votes.iter().for_each(|vote| vote.write(&mut writer));
            }
            Self::Round { round, skip, votes, .. } => {
                writer.u32(*round).u8(u8::from(*skip)).len8(votes.len());
                for vote in votes {
                    writer.u8(vote.kind).raw(vote.header.as_bytes());
                    vote.signed.write(&mut writer);
                }
            }
            Self::Block { block, .. } => {
                writer.bytes32(block);
            }
            Self::Final { block, certificate, .. } => {
                writer.bytes32(block).bytes32(certificate);
            }
            Self::WantBlock { header, .. } => {
                writer.raw(header.as_bytes());
            }
            Self::Status { .. } | Self::Want { .. } => {}
        }
        writer.into_bytes()
    }
}

/// The largest round: one less than the largest number, so that a round that is rested on has
/// one more.
const MAX_ROUND: u32 = u32::MAX - 1;

fn read_round(reader: &mut Reader<'_>) -> Result<u32, Refused> {
    let round = reader.u32()?;
    reader.within("round", round.into(), MAX_ROUND.into())?;
    Ok(round)
}

const _: () = assert!(MAX_SMALL_LEN > 100 * (MAX_SIGNATURE_LEN + 36) + 64);

#[cfg(test)]
mod tests;
