//! Certificates: the engine's list of precommits, and the minimal one of `SPEC.md`.

use arc_malachitebft_core_types::{
    CertificateError, CommitCertificate, CommitSignature, ExtendedCommitCertificate,
    ExtendedCommitSignature, NilOrVal, PolkaCertificate, Round, RoundCertificate,
    RoundCertificateType, VoteType,
};
use cairn_verifier::finality::{Certificate, encode_certificate};
use cairn_verifier::wire::DecodeError;

use crate::Cairn;
use crate::set::Set;
use crate::signing::{Checker, round_number};
use crate::types::{Address, Height, Signature, Validator, Value, Vote};

/// The certificate of `SPEC.md` from what the engine decided on: votes by power descending, then
/// index, until they are a quorum; then ascending by index.
///
/// # Errors
/// What the verifier's decoder says of the result.
pub(crate) fn minimal(
    set: &Set,
    decided: &CommitCertificate<Cairn>,
    keep_surplus: bool,
) -> Result<Vec<u8>, DecodeError> {
    let mut votes: Vec<(&Validator, &Signature)> = decided
        .commit_signatures
        .iter()
        .filter_map(|vote| Some((set.find(&vote.address)?, &vote.signature)))
        .collect();
    votes.sort_by(|(a, _), (b, _)| b.power.cmp(&a.power).then(a.index.cmp(&b.index)));
    let mut signed = 0_u64;
    votes.retain(|(voter, _)| {
        let needed = keep_surplus || !set.is_quorum(signed);
        signed = signed.saturating_add(voter.power);
        needed
    });
    votes.sort_by_key(|(voter, _)| voter.index);
    let votes: Vec<_> = votes
        .into_iter()
        .map(|(voter, signature)| (voter.index, voter.suite, signature.0.clone()))
        .collect();
    encode_certificate(round_number(decided.round), &votes)
}

/// A certificate of `SPEC.md` over a header, for the engine. Indexes that the set does not have
/// are left out: without them it is no quorum, and with them it was none either.
pub(crate) fn for_engine(
    set: &Set,
    (height, value): (Height, Value),
    certificate: &Certificate<'_>,
) -> ExtendedCommitCertificate<Cairn> {
    let commit_signatures = certificate
        .votes()
        .filter_map(|vote| {
            let voter = set.at(vote.index).filter(|voter| voter.suite == vote.suite)?;
            let signature = Signature(vote.signature.to_vec());
            Some(ExtendedCommitSignature::new(voter.address, signature, None))
        })
        .collect();
    let round = Round::new(certificate.round());
    ExtendedCommitCertificate { height, round, value_id: value, commit_signatures }
}

/// Sums power and looks at signatures; one bad vote spoils a certificate, as it does in `SPEC.md`.
struct Count<'c> {
    set: &'c Set,
    checker: &'c mut Checker,
    power: u64,
    seen: Vec<Address>,
}

type Fault = CertificateError<Cairn>;

impl<'c> Count<'c> {
    const fn new(set: &'c Set, checker: &'c mut Checker) -> Self {
        Self { set, checker, power: 0, seen: Vec::new() }
    }

    fn add(
        &mut self,
        vote: &Vote,
        signature: &Signature,
        bad: impl FnOnce() -> Fault,
    ) -> Result<(), Fault> {
        let voter = self.set.find(&vote.voter);
        let voter = voter.ok_or(CertificateError::UnknownValidator(vote.voter))?;
        if self.seen.contains(&vote.voter) {
            return Err(CertificateError::DuplicateVote(vote.voter));
        }
        self.seen.push(vote.voter);
        if !self.checker.vote(voter, vote, &signature.0) {
            return Err(bad());
        }
        self.power = self.power.saturating_add(voter.power);
        Ok(())
    }

    fn reached(&self, enough: bool) -> Result<(), Fault> {
        let (signed, total) = (self.power, self.set.total());
        let expected = total.checked_div(3).unwrap_or(0).saturating_mul(2).saturating_add(1);
        if enough {
            Ok(())
        } else {
            Err(CertificateError::NotEnoughVotingPower { signed, total, expected })
        }
    }
}

pub(crate) fn check_commit<'v>(
    (set, checker): (&Set, &mut Checker),
    (height, round, value): (Height, Round, Value),
    votes: impl Iterator<Item = (&'v Address, &'v Signature)>,
) -> Result<(), Fault> {
    let mut count = Count::new(set, checker);
    for (address, signature) in votes {
        let value = NilOrVal::Val(value);
        let vote = Vote { kind: VoteType::Precommit, height, round, value, voter: *address };
        count.add(&vote, signature, || {
            CertificateError::InvalidCommitSignature(CommitSignature::new(
                *address,
                signature.clone(),
            ))
        })?;
    }
    count.reached(set.is_quorum(count.power))
}

pub(crate) fn check_polka(
    (set, checker): (&Set, &mut Checker),
    certificate: &PolkaCertificate<Cairn>,
) -> Result<(), Fault> {
    let mut count = Count::new(set, checker);
    for part in &certificate.polka_signatures {
        let vote = Vote {
            kind: VoteType::Prevote,
            height: certificate.height,
            round: certificate.round,
            value: NilOrVal::Val(certificate.value_id),
            voter: part.address,
        };
        let bad = || CertificateError::InvalidPolkaSignature(part.clone());
        count.add(&vote, &part.signature, bad)?;
    }
    count.reached(set.is_quorum(count.power))
}

pub(crate) fn check_round(
    (set, checker): (&Set, &mut Checker),
    certificate: &RoundCertificate<Cairn>,
) -> Result<(), Fault> {
    let mut count = Count::new(set, checker);
    let precommits = certificate.cert_type == RoundCertificateType::Precommit;
    for part in &certificate.round_signatures {
        if precommits && part.vote_type == VoteType::Prevote {
            return Err(CertificateError::InvalidVoteType(part.address));
        }
        let vote = Vote {
            kind: part.vote_type,
            height: certificate.height,
            round: certificate.round,
            value: part.value_id,
            voter: part.address,
        };
        let bad = || CertificateError::InvalidRoundSignature(part.clone());
        count.add(&vote, &part.signature, bad)?;
    }
    let enough = if precommits { set.is_quorum(count.power) } else { set.is_third(count.power) };
    count.reached(enough)
}
