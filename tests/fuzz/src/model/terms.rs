//! SPEC.md, "Budget": what a file costs, counted from what it holds.

use cairn_verifier::Budget;
use cairn_verifier::evidence::Evidence;
use cairn_verifier::receipt::{Bracket, Receipt};
use cairn_verifier::trust::{Finality, FinalityProof};

use super::{Code, expect};

/// Signatures and hashes.
type Work = [u64; 2];

const fn plus([signatures, hashes]: Work, other: Work) -> Work {
    [signatures + other[0], hashes + other[1]]
}

/// Of a finality proof.
#[must_use]
pub fn of_finality(proof: &FinalityProof<'_>) -> Work {
    let votes = proof.handovers.iter().map(|handover| handover.certificate.votes().count());
    let votes = votes.sum::<usize>() as u64;
    match &proof.finality {
        Finality::Certificate(certificate) => [votes + certificate.votes().count() as u64, 0],
        Finality::HeaderTree(path) => [votes, path.len() as u64],
        Finality::Trusted => [votes, 0],
    }
}

/// Of a receipt.
#[must_use]
pub fn of_receipt(receipt: &Receipt<'_>) -> Work {
    let signatures = receipt.event.signatures().iter().count() as u64;
    let bracket = match &receipt.bracket {
        Bracket::None | Bracket::Tip { .. } => 0,
        Bracket::Older { proof, .. } | Bracket::First { proof, .. } => proof.len(),
    };
    let name = receipt.name.map_or(0, |(_, proof)| proof.depth());
    let hashes = (receipt.inclusion.len() + bracket + name) as u64;
    plus(of_finality(&receipt.finality), [signatures, hashes])
}

/// Of evidence.
#[must_use]
pub fn of_evidence(evidence: &Evidence<'_>) -> Work {
    match evidence {
        Evidence::Fork(fork) => {
            let both = plus(of_finality(&fork.first), of_finality(&fork.second));
            plus(both, [0, fork.instead.map_or(0, |(_, proof)| proof.len() as u64)])
        }
        Evidence::Culprit(_) => [2, 0],
        Evidence::WriterConflict(conflict) => {
            let count = |one: usize| conflict.events[one].signatures().iter().count() as u64;
            [count(0) + count(1), 0]
        }
    }
}

/// Whether a budget allows it.
///
/// # Errors
/// The codes.
pub fn allows(budget: Budget, bytes: &[u8], [signatures, hashes]: Work) -> Result<(), Code> {
    expect(bytes.len() as u64 <= budget.bytes, "budget-bytes")?;
    expect(signatures <= budget.signatures, "budget-signatures")?;
    expect(hashes <= budget.hashes, "budget-hashes")
}
