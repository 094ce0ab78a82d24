//! SPEC.md, "Evidence".

use cairn_verifier::TrustAnchor;
use cairn_verifier::digest::LogId;
use cairn_verifier::evidence::{CulpritProof, Evidence, ForkProof};
use cairn_verifier::finality::Role;

use super::receipt::verify_event;
use super::trust::{self, is_older, nodes};
use super::{Code, expect, header_digest, signature};

/// All three kinds, after the budget.
///
/// # Errors
/// Their codes.
pub fn verify(evidence: &Evidence<'_>, anchor: TrustAnchor) -> Result<(), Code> {
    let of_the_anchor = |log: LogId| {
        let named = matches!(anchor, TrustAnchor::Genesis(_));
        expect(!named || anchor == TrustAnchor::Genesis(log), "trust-other-log")
    };
    match evidence {
        Evidence::Fork(fork) => verify_fork(fork, anchor),
        Evidence::Culprit(culprit) => {
            of_the_anchor(culprit.log)?;
            expect(both_voted(culprit), "evidence-bad-vote")
        }
        Evidence::WriterConflict(conflict) => {
            let [one, two] = conflict.events.each_ref().map(|event| *event.body());
            of_the_anchor(one.log)?;
            let same = (one.log, one.stream) == (two.log, two.stream)
                && (one.writer, one.sequence) == (two.writer, two.sequence);
            expect(same, "evidence-other-place")?;
            conflict.events.iter().try_for_each(|event| verify_event(event).map(drop))
        }
    }
}

fn verify_fork(fork: &ForkProof<'_>, anchor: TrustAnchor) -> Result<(), Code> {
    trust::verify(&fork.first, anchor, None)?;
    trust::verify(&fork.second, anchor, None)?;
    let (first, second) = (&fork.first.header, &fork.second.header);
    expect(first.height <= second.height, "evidence-wrong-order")?;
    let instead = if first.height == second.height {
        expect(fork.instead.is_none(), "inclusion-proof-length")?;
        second
    } else {
        let (header, proof) = fork.instead.as_ref().ok_or("evidence-other-height")?;
        expect(header.height == first.height, "evidence-other-height")?;
        is_older(second, header, &nodes(*proof))?;
        header
    };
    expect(header_digest(instead) != header_digest(first), "evidence-no-contradiction")
}

fn both_voted(culprit: &CulpritProof<'_>) -> bool {
    culprit.votes.iter().all(|vote| {
        let message = [
            culprit.log.as_bytes(),
            vote.set.as_bytes(),
            &[culprit.kind][..],
            &culprit.height.to_be_bytes(),
            &culprit.round.to_be_bytes(),
            vote.header.as_bytes(),
        ];
        signature::holds(&culprit.key, Role::Vote, &message.concat(), vote.signature)
    })
}
