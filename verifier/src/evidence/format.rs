//! The file, and the one call that checks it.

use super::{Culprit, CulpritProof, Fork, ForkProof, WriterConflict, WriterConflictProof};
use crate::digest::LogId;
use crate::error::Error;
use crate::terms::{Budget, Cost, Terms};
use crate::trust::{TrustAnchor, TrustError};
use crate::wire::DecodeError;

const VERSION: u8 = 1;
const FILE_TYPE: u8 = b'E';

/// The longest evidence file in bytes.
pub const MAX_EVIDENCE_LEN: usize = 64 << 20;

/// A decoded evidence file: a claim until [`verify`].
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "the wire format has these three")]
#[expect(clippy::large_enum_variant, reason = "boxing needs an allocator")]
pub enum Evidence<'a> {
    /// 1: a fork.
    Fork(ForkProof<'a>),
    /// 2: a culprit.
    Culprit(CulpritProof<'a>),
    /// 3: a writer conflict.
    WriterConflict(WriterConflictProof<'a>),
}

/// What an evidence file shows.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a screen must decide every case")]
#[expect(clippy::large_enum_variant, reason = "boxing needs an allocator")]
pub enum VerifiedEvidence {
    /// A fork.
    Fork(Fork),
    /// A culprit.
    Culprit(Culprit),
    /// A writer conflict.
    WriterConflict(WriterConflict),
}

impl<'a> Evidence<'a> {
    /// Decodes an evidence file.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let limit = ("evidence length", MAX_EVIDENCE_LEN);
        crate::wire::decode_within(limit, bytes, |reader| {
            reader.file(VERSION, FILE_TYPE)?;
            match reader.u8()? {
                1 => ForkProof::read(reader).map(Self::Fork),
                2 => CulpritProof::read(reader).map(Self::Culprit),
                3 => WriterConflictProof::read(reader).map(Self::WriterConflict),
                found => Err(reader.unknown("evidence", found)),
            }
        })
    }

    fn cost(&self, known: Cost) -> Cost {
        match self {
            Self::Fork(fork) => fork.cost(known),
            Self::Culprit(_) => known.and(2, 0),
            Self::WriterConflict(conflict) => conflict
                .events
                .iter()
                .fold(known, |cost, event| cost.and(usize::from(event.signatures().count()), 0)),
        }
    }
}

/// Checks an evidence file. A fork is checked from the anchor; culprits and conflicts speak for
/// themselves, but must be of the anchor's log where the anchor names one.
///
/// # Errors
/// The first check that fails, as an [`Error`] with both sides.
pub fn verify(
    bytes: &[u8],
    anchor: TrustAnchor,
    budget: Budget,
) -> Result<VerifiedEvidence, Error> {
    budget.allow_bytes(bytes, MAX_EVIDENCE_LEN)?;
    let evidence = Evidence::decode(bytes)?;
    budget.allow(evidence.cost(Cost::of_bytes(bytes)))?;
    match evidence {
        Evidence::Fork(fork) => {
            let terms = Terms::without_clock().within(budget);
            fork.verify_on(anchor, &terms).map(VerifiedEvidence::Fork)
        }
        Evidence::Culprit(culprit) => {
            expect_log(anchor, culprit.log)?;
            Ok(VerifiedEvidence::Culprit(culprit.verify()?))
        }
        Evidence::WriterConflict(conflict) => {
            let [first, _] = &conflict.events;
            expect_log(anchor, first.body().log)?;
            conflict.verify().map(VerifiedEvidence::WriterConflict)
        }
    }
}

fn expect_log(anchor: TrustAnchor, found: LogId) -> Result<(), TrustError> {
    match anchor {
        TrustAnchor::Genesis(expected) if expected != found => {
            Err(TrustError::OtherLog { expected, found })
        }
        TrustAnchor::Genesis(_) | TrustAnchor::Checkpoint(_) => Ok(()),
    }
}

#[cfg(feature = "alloc")]
fn file(kind: u8) -> crate::wire::Writer {
    let mut writer = crate::wire::Writer::new();
    writer.u8(VERSION).u8(FILE_TYPE).u8(kind);
    writer
}

/// Encodes a fork from two finality proofs and, between two heights, header and proof.
#[cfg(feature = "alloc")]
#[must_use]
pub fn encode_fork(
    first: &crate::trust::FinalityDraft<'_>,
    second: &crate::trust::FinalityDraft<'_>,
    instead: Option<(&crate::finality::Header, crate::tree::Proof<'_>)>,
) -> alloc::vec::Vec<u8> {
    let mut writer = file(1);
    first.write(&mut writer);
    second.write(&mut writer);
    match instead {
        None => {
            writer.u8(0);
        }
        Some((header, proof)) => proof.write(writer.u8(1).raw(&header.encode())),
    }
    writer.into_bytes()
}

/// The same from two checkpoint files, the lower header's first; `None` if one is no checkpoint file.
#[cfg(feature = "alloc")]
#[must_use]
pub fn encode_fork_of_checkpoints(
    (first, second): (&[u8], &[u8]),
    instead: Option<(&crate::finality::Header, crate::tree::Proof<'_>)>,
) -> Option<alloc::vec::Vec<u8>> {
    // A checkpoint file is version, type, and a finality proof.
    let proof = |file: &[u8]| {
        crate::trust::FinalityProof::decode(file).ok()?;
        file.get(2..).map(<[u8]>::to_vec)
    };
    let mut writer = file(1);
    writer.raw(&proof(first)?).raw(&proof(second)?);
    match instead {
        None => {
            writer.u8(0);
        }
        Some((header, path)) => path.write(writer.u8(1).raw(&header.encode())),
    }
    Some(writer.into_bytes())
}

/// Encodes a culprit; the votes in either order.
#[cfg(feature = "alloc")]
#[must_use]
pub fn encode_culprit(culprit: &CulpritProof<'_>) -> alloc::vec::Vec<u8> {
    let mut writer = file(2);
    writer.raw(culprit.log.as_bytes()).u8(culprit.kind).u64(culprit.height).u32(culprit.round);
    culprit.key.write(&mut writer);
    let mut votes = culprit.votes;
    let [first, second] = &mut votes;
    if second.header < first.header {
        core::mem::swap(first, second);
    }
    for vote in votes {
        writer.raw(vote.set.as_bytes()).raw(vote.header.as_bytes()).raw(vote.signature);
    }
    writer.into_bytes()
}

/// Encodes a writer conflict from two encoded signed events, in the order of their ids.
#[cfg(feature = "alloc")]
#[must_use]
pub fn encode_writer_conflict(first: &[u8], second: &[u8]) -> alloc::vec::Vec<u8> {
    let mut writer = file(3);
    writer.raw(first).raw(second);
    writer.into_bytes()
}
