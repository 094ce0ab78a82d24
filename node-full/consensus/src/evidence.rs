//! Contradictions that the engine met, as files that anyone can check.

use arc_malachitebft_core_consensus::MisbehaviorEvidence;
use cairn_verifier::digest::HeaderDigest;
use cairn_verifier::evidence::{CulpritProof, CulpritVote, encode_culprit};
use cairn_verifier::finality::ValidatorSet;

use crate::Cairn;
use crate::set::Set;
use crate::signing::{Domain, Place};
use crate::types::{Address, Signature};

/// Every contradiction of one height, as an evidence file each. Two proposals of one header that
/// rest on different rounds contradict nothing that a verifier would punish.
pub(crate) fn files(
    (domain, set): (&Domain, &Set),
    found: &MisbehaviorEvidence<Cairn>,
) -> Vec<Vec<u8>> {
    let votes = found.votes.iter().flat_map(|(voter, pairs)| {
        pairs.iter().filter_map(move |(a, b)| {
            let digests = [(a.digest(), &a.signature), (b.digest(), &b.signature)];
            file((domain, set), (*voter, a.place()), digests)
        })
    });
    let proposals = found.proposals.iter().flat_map(|(proposer, pairs)| {
        pairs.iter().filter_map(move |(a, b)| {
            let digests = [(a.value.0, &a.signature), (b.value.0, &b.signature)];
            file((domain, set), (*proposer, a.place()), digests)
        })
    });
    votes.chain(proposals).collect()
}

fn file(
    (domain, set): (&Domain, &Set),
    (culprit, (kind, height, round)): (Address, Place),
    [first, second]: [(HeaderDigest, &Signature); 2],
) -> Option<Vec<u8>> {
    if first.0 == second.0 {
        return None;
    }
    let validators = ValidatorSet::decode(set.bytes()).ok()?;
    let key = validators.iter().map(|entry| entry.key).find(|key| key.id() == culprit.0)?;
    // A proposal's second signature is no vote.
    let len = key.suite().signature_len();
    let vote = |(header, signature): (HeaderDigest, &'_ Signature)| {
        let (signature, _) = signature.0.split_at_checked(len)?;
        Some((header, signature.to_vec()))
    };
    let mut signed = [vote(first)?, vote(second)?];
    signed.sort();
    let votes = signed.each_ref().map(|(header, signature)| CulpritVote {
        set: domain.set,
        header: *header,
        signature,
    });
    let proof = CulpritProof { log: domain.log, kind, height, round, key, votes };
    proof.verify().ok()?;
    Some(encode_culprit(&proof))
}
