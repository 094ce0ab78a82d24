//! One key that voted for two blocks at once.

use super::EvidenceError;
use crate::digest::{HeaderDigest, KeyId, LogId, SetDigest};
use crate::finality::{BadSignature, PublicKey, Role, VOTE_PRECOMMIT, vote_message};
use crate::wire::{Reader, Refused};

/// One of the two votes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the wire format has these fields")]
pub struct CulpritVote<'a> {
    /// The set that the vote names.
    pub set: SetDigest,
    /// The header voted for; zero for nil.
    pub header: HeaderDigest,
    /// The signature.
    pub signature: &'a [u8],
}

/// Two votes by one key in one log, of one type, height and round, for two headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the wire format has these fields")]
pub struct CulpritProof<'a> {
    /// The log.
    pub log: LogId,
    /// 0 proposal, 1 prevote, 2 precommit.
    pub kind: u8,
    /// The height.
    pub height: u64,
    /// The round.
    pub round: u32,
    /// The key.
    pub key: PublicKey<'a>,
    /// The votes, ascending by header.
    pub votes: [CulpritVote<'a>; 2],
}

/// A key that signed a contradiction. A fact; whether the key is a validator's, and what follows,
/// is for others to say.
#[derive(Clone, Copy, Debug)]
pub struct Culprit {
    log: LogId,
    key: KeyId,
    place: (u8, u64, u32),
    headers: [HeaderDigest; 2],
}

impl Culprit {
    /// The log.
    #[must_use]
    pub const fn log(&self) -> LogId {
        self.log
    }

    /// The key.
    #[must_use]
    pub const fn key(&self) -> KeyId {
        self.key
    }

    /// Type, height and round of both votes.
    #[must_use]
    pub const fn place(&self) -> (u8, u64, u32) {
        self.place
    }

    /// The two headers, ascending; zero for nil.
    #[must_use]
    pub const fn headers(&self) -> [HeaderDigest; 2] {
        self.headers
    }
}

impl<'a> CulpritProof<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, Refused> {
        let log = reader.digest()?;
        let kind = reader.u8()?;
        if kind > VOTE_PRECOMMIT {
            return Err(reader.unknown("vote type", kind));
        }
        let (height, round) = (reader.number("height")?, reader.u32()?);
        let key = PublicKey::read(reader)?;
        let mut vote = || {
            Ok(CulpritVote {
                set: reader.digest()?,
                header: reader.digest()?,
                signature: reader.take(key.suite().signature_len())?,
            })
        };
        let votes = [vote()?, vote()?];
        let [first, second] = &votes;
        if first.header >= second.header {
            return Err(reader.not_ascending("votes of a culprit"));
        }
        Ok(Self { log, kind, height, round, key, votes })
    }

    /// Checks both signatures.
    ///
    /// # Errors
    /// [`EvidenceError::BadVote`].
    pub fn verify(&self) -> Result<Culprit, EvidenceError> {
        let place = (self.kind, self.height, self.round);
        for vote in &self.votes {
            let message = vote_message((&self.log, &vote.set), place, &vote.header);
            self.key
                .verify(Role::Vote, &message, vote.signature)
                .map_err(|BadSignature| EvidenceError::BadVote { key: self.key.id() })?;
        }
        let headers = self.votes.map(|vote| vote.header);
        Ok(Culprit { log: self.log, key: self.key.id(), place, headers })
    }
}
