//! Two final headers that cannot both be in one log.

use super::EvidenceError;
use crate::error::Error;
use crate::fact::FinalHeader;
use crate::finality::Header;
use crate::terms::{Cost, Terms};
use crate::tree::{InclusionError, Proof};
use crate::trust::{FinalityProof, TrustAnchor};
use crate::wire::{Reader, Refused};

/// Two finality proofs from one anchor, the lower header first, and, if it is lower, the header
/// that the second one's history has at that height.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "the wire format has these fields")]
pub struct ForkProof<'a> {
    /// The lower header.
    pub first: FinalityProof<'a>,
    /// The higher one, or another of the same height.
    pub second: FinalityProof<'a>,
    /// The header at the first one's height in the second one's header tree; `None` between
    /// headers of one height.
    pub instead: Option<(Header, Proof<'a>)>,
}

/// Two histories that a quorum made final each: more than a third of the voting power signed
/// both, or the keys of an old set have leaked. A fact.
///
/// Its headers are given as headers, not as final ones: no clock was asked, so nothing may be
/// trusted for being under one of them.
#[derive(Clone, Copy, Debug)]
pub struct Fork {
    first: FinalHeader,
    second: FinalHeader,
    instead: FinalHeader,
}

impl Fork {
    /// The lower header.
    #[must_use]
    pub const fn first(&self) -> &Header {
        self.first.header()
    }

    /// The higher header.
    #[must_use]
    pub const fn second(&self) -> &Header {
        self.second.header()
    }

    /// What the second's history has instead of the first.
    #[must_use]
    pub const fn instead(&self) -> &Header {
        self.instead.header()
    }
}

impl<'a> ForkProof<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, Refused> {
        Ok(Self {
            first: FinalityProof::read(reader)?,
            second: FinalityProof::read(reader)?,
            instead: match reader.flag("header instead")? {
                false => None,
                true => Some((Header::read(reader)?, Proof::read(reader)?)),
            },
        })
    }

    pub(super) fn cost(&self, known: Cost) -> Cost {
        let proof = self.instead.map_or(0, |(_, proof)| proof.len());
        self.second.cost(self.first.cost(known)).and(0, proof)
    }

    /// Checks both ways from the anchor, without a clock, and that they contradict each other.
    pub(super) fn verify_on(&self, anchor: TrustAnchor, terms: &Terms<'_>) -> Result<Fork, Error> {
        // Nobody is told of these checks: what passes here is not final for a user.
        let (first, _) = self.first.verify_on(anchor, terms, &mut ())?;
        let (second, _) = self.second.verify_on(anchor, terms, &mut ())?;
        let (low, high) = (first.header().height, second.header().height);
        if low > high {
            return Err(EvidenceError::WrongOrder { first: low, second: high }.into());
        }
        let instead = match &self.instead {
            None if low == high => second,
            None => return Err(EvidenceError::OtherHeight { expected: low, found: high }.into()),
            // One height needs no other header.
            Some((_, proof)) if low == high => {
                let found = proof.len().saturating_add(1);
                return Err(InclusionError::ProofLength { expected: 0, found }.into());
            }
            Some((header, proof)) => {
                if header.height != low {
                    let found = header.height;
                    return Err(EvidenceError::OtherHeight { expected: low, found }.into());
                }
                second.older(header, *proof)?
            }
        };
        if instead.digest() == first.digest() {
            return Err(EvidenceError::NoContradiction { header: first.digest() }.into());
        }
        Ok(Fork { first, second, instead })
    }
}
