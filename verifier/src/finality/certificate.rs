//! Certificates: a quorum of precommits over one header.

use super::{BadSignature, FinalityError, MAX_VALIDATORS, PublicKey, Suite, ValidatorSet};
use crate::check::{Check, Observer};
use crate::digest::{HeaderDigest, LogId, SetDigest};
use crate::wire::{DecodeError, Reader, Refused};

const VERSION: u8 = 1;

/// The vote type that certificates are made of. 0 is a proposal, 1 a prevote.
pub const VOTE_PRECOMMIT: u8 = 2;

const VOTE_LEN: usize = 109;

/// What a vote says, without role: log id, set digest, type, height, round, header digest.
#[must_use]
pub fn vote_message(
    (log, set): (&LogId, &SetDigest),
    (kind, height, round): (u8, u64, u32),
    header: &HeaderDigest,
) -> [u8; VOTE_LEN] {
    let mut message = [0; VOTE_LEN];
    let mut at = 0_usize;
    for part in [
        log.as_bytes().as_slice(),
        set.as_bytes(),
        &[kind],
        &height.to_be_bytes(),
        &round.to_be_bytes(),
        header.as_bytes(),
    ] {
        let end = at.saturating_add(part.len());
        if let Some(place) = message.get_mut(at..end) {
            place.copy_from_slice(part);
        }
        at = end;
    }
    message
}

/// Checks a vote's signature under the key at an index of the set.
pub(crate) type CheckVote<'c> =
    dyn Fn((u8, &PublicKey<'_>), &[u8], &[u8]) -> Result<(), BadSignature> + 'c;

/// One precommit in a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the wire format has these fields")]
pub struct Vote<'a> {
    /// The validator's index in its set.
    pub index: u8,
    /// The suite of its signature.
    pub suite: Suite,
    /// Its signature.
    pub signature: &'a [u8],
}

impl<'a> Vote<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Refused> {
        let index = reader.u8()?;
        let suite = Suite::read(reader)?;
        Ok(Self { index, suite, signature: reader.take(suite.signature_len())? })
    }
}

/// Votes of one round, strictly ascending by validator index, so that one counts once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Certificate<'a> {
    round: u32,
    count: u8,
    votes: &'a [u8],
}

/// What a checked certificate weighed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a plain sum")]
pub struct Signed {
    /// How many validators signed.
    pub votes: u8,
    /// Their voting power.
    pub power: u64,
    /// The set's voting power.
    pub total: u64,
}

impl<'a> Certificate<'a> {
    /// Decodes a certificate.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        crate::wire::decode_all(bytes, Self::read)
    }

    /// Reads a certificate.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn read(reader: &mut Reader<'a>) -> Result<Self, Refused> {
        reader.version(VERSION)?;
        let round = reader.u32()?;
        let count = reader.count8("vote count", MAX_VALIDATORS)?;
        let (start, from) = (reader.at(), reader.rest());
        let mut previous = None;
        for _ in 0..count {
            let index = Vote::read(reader)?.index;
            reader.ascends("votes", &mut previous, index)?;
        }
        Ok(Self { round, count, votes: reader.since(start, from) })
    }

    /// The round all votes are of.
    #[must_use]
    pub const fn round(&self) -> u32 {
        self.round
    }

    /// How many votes it has.
    #[must_use]
    pub const fn count(&self) -> u8 {
        self.count
    }

    /// The votes, ascending by validator index.
    pub fn votes(&self) -> impl Iterator<Item = Vote<'a>> + use<'a> {
        let mut reader = Reader::new(self.votes);
        (0..self.count).map_while(move |_| Vote::read(&mut reader).ok())
    }

    /// Checks the certificate: who voted, that they are a quorum and no more than one, and then
    /// every signature.
    pub(crate) fn verify(
        &self,
        (set, set_digest): (&ValidatorSet<'_>, &SetDigest),
        header: (&LogId, u64, &HeaderDigest),
        check_vote: &CheckVote<'_>,
        observer: &mut dyn Observer,
    ) -> Result<Signed, FinalityError> {
        let signed = self.weigh(set)?;
        let (log, height, digest) = header;
        let place = (VOTE_PRECOMMIT, height, self.round);
        let message = vote_message((log, set_digest), place, digest);
        for (vote, validator) in self.paired(set) {
            let key = (vote.index, &validator.key);
            check_vote(key, &message, vote.signature).map_err(|BadSignature| {
                FinalityError::BadVote { index: vote.index, key: validator.key.id() }
            })?;
            observer.passed(Check::Vote {
                index: vote.index,
                suite: vote.suite,
                power: validator.power,
                total: set.total_power(),
            });
        }
        observer.passed(Check::Quorum(signed));
        Ok(signed)
    }

    /// Each vote beside its validator.
    fn paired<'s>(
        &self,
        set: &ValidatorSet<'s>,
    ) -> impl Iterator<Item = (Vote<'a>, super::Validator<'s>)> {
        let mut validators = (0_u8..).zip(set.iter());
        self.votes().filter_map(move |vote| {
            let (_, validator) = validators.find(|(index, _)| *index == vote.index)?;
            Some((vote, validator))
        })
    }

    /// Quorum and minimality, before any signature is looked at.
    fn weigh(&self, set: &ValidatorSet<'_>) -> Result<Signed, FinalityError> {
        let total = set.total_power();
        let mut signed = Signed { votes: self.count, power: 0, total };
        if let Some(vote) = self.votes().find(|vote| vote.index >= set.count()) {
            return Err(FinalityError::UnknownValidator { index: vote.index, count: set.count() });
        }
        let mut lightest = u64::MAX;
        for (vote, validator) in self.paired(set) {
            if vote.suite != validator.key.suite() {
                return Err(FinalityError::WrongSuite {
                    index: vote.index,
                    expected: validator.key.suite(),
                    found: vote.suite,
                });
            }
            signed.power = signed.power.saturating_add(validator.power);
            lightest = lightest.min(validator.power);
        }
        if !is_quorum(signed.power, total) {
            return Err(FinalityError::NoQuorum { signed: signed.power, total });
        }
        if is_quorum(signed.power.saturating_sub(lightest), total) {
            return Err(FinalityError::SurplusVote { signed: signed.power, lightest, total });
        }
        Ok(signed)
    }
}

/// More than two thirds, in numbers too wide to overflow.
fn is_quorum(signed: u64, total: u64) -> bool {
    u128::from(signed).saturating_mul(3) > u128::from(total).saturating_mul(2)
}

/// Encodes votes, which must be ascending by index, as the certificate of a round.
///
/// # Errors
/// What the decoder says of the result.
#[cfg(feature = "alloc")]
pub fn encode_certificate(
    round: u32,
    votes: &[(u8, Suite, alloc::vec::Vec<u8>)],
) -> Result<alloc::vec::Vec<u8>, DecodeError> {
    let mut writer = crate::wire::Writer::new();
    writer.u8(VERSION).u32(round).len8(votes.len());
    for (index, suite, signature) in votes {
        writer.u8(*index).u8(suite.byte()).raw(signature);
    }
    let bytes = writer.into_bytes();
    Certificate::decode(&bytes)?;
    Ok(bytes)
}
