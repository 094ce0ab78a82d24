//! What is signed, by whom, and whether a signature holds.

use std::collections::BTreeSet;

use arc_malachitebft_core_types::{NilOrVal, Round, VoteType};
use cairn_verifier::digest::{HeaderDigest, KeyId, LogId, SetDigest};
use cairn_verifier::finality::{Role, VOTE_PRECOMMIT, ValidatorSet, VoteKeys, vote_message};
use cairn_verifier::secret::ValidatorSecret;
use cairn_verifier::wire::{DecodeError, Writer};

use crate::set::Set;
use crate::types::{Proposal, Signature, Validator, Vote};

/// Vote type of a proposal.
pub const VOTE_PROPOSAL: u8 = 0;
/// Vote type of a prevote.
pub const VOTE_PREVOTE: u8 = 1;

/// Who holds a validator's key: this process, or a signer elsewhere.
///
/// The host asks only for what its own record of signatures allows. A signer that keeps a record
/// too may refuse (`None`): the host then goes on without that vote.
pub trait Signer: Send {
    /// The id of the key.
    fn key(&self) -> KeyId;

    /// Signs a message in a role.
    fn sign(&self, role: Role, message: &[u8]) -> Option<Vec<u8>>;
}

impl Signer for ValidatorSecret {
    fn key(&self) -> KeyId {
        self.key_id()
    }

    fn sign(&self, role: Role, message: &[u8]) -> Option<Vec<u8>> {
        Self::sign(self, role, message)
    }
}

/// Log and set that every signed byte names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Domain {
    pub(crate) log: LogId,
    pub(crate) set: SetDigest,
}

/// Type, height and round of something signed.
pub(crate) type Place = (u8, u64, u32);

pub(crate) const fn kind_byte(kind: VoteType) -> u8 {
    match kind {
        VoteType::Prevote => VOTE_PREVOTE,
        VoteType::Precommit => VOTE_PRECOMMIT,
    }
}

/// The digest that a vote names: zero for nil.
pub(crate) fn digest_of(value: &NilOrVal<crate::types::Value>) -> HeaderDigest {
    match value {
        NilOrVal::Nil => HeaderDigest::ZERO,
        NilOrVal::Val(value) => value.0,
    }
}

pub(crate) fn round_number(round: Round) -> u32 {
    round.as_u32().unwrap_or(0)
}

/// The round that a proposal rests on as it is signed and sent: one more than it, 0 for none.
pub(crate) fn rests_on_number(round: Round) -> u32 {
    round.as_u32().map_or(0, |round| round.saturating_add(1))
}

impl Vote {
    pub(crate) fn place(&self) -> Place {
        (kind_byte(self.kind), self.height.0, round_number(self.round))
    }

    pub(crate) fn digest(&self) -> HeaderDigest {
        digest_of(&self.value)
    }
}

impl Proposal {
    pub(crate) fn place(&self) -> Place {
        (VOTE_PROPOSAL, self.height.0, round_number(self.round))
    }

    /// What the second signature is over, without its role.
    pub(crate) fn message(&self, domain: &Domain) -> Vec<u8> {
        let place = (self.height.0, round_number(self.round), rests_on_number(self.rests_on));
        proposal_message((&domain.log, &domain.set), place, &self.value.0)
    }
}

/// What a proposer signs beside its vote, without role: log id, set digest, height, round, the
/// round it rests on and 1 (0 for none), header digest.
#[must_use]
pub fn proposal_message(
    (log, set): (&LogId, &SetDigest),
    (height, round, rests_on): (u64, u32, u32),
    header: &HeaderDigest,
) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.raw(log.as_bytes()).raw(set.as_bytes()).u64(height).u32(round).u32(rests_on);
    writer.raw(header.as_bytes());
    writer.into_bytes()
}

impl Domain {
    pub(crate) fn vote(&self, place: Place, digest: &HeaderDigest) -> Vec<u8> {
        vote_message((&self.log, &self.set), place, digest).to_vec()
    }
}

/// Checks signatures under the keys of one set, each signature once: those seen before are known
/// by their digest, so certificates made of votes that came one by one cost nothing more.
#[derive(Debug)]
pub(crate) struct Checker {
    domain: Domain,
    keys: VoteKeys,
    known: BTreeSet<[u8; 32]>,
    /// Signatures checked since it was asked last.
    checked: u32,
    /// Whether signatures are taken as they come; only the simulator says so, to show what for
    /// they are checked.
    trusting: bool,
}

/// The most signatures known at once: every vote of a hundred validators in twenty rounds.
const MAX_KNOWN: usize = 4_096;

impl Checker {
    pub(crate) fn new(log: LogId, set: &Set, trusting: bool) -> Result<Self, DecodeError> {
        let keys = VoteKeys::of(&ValidatorSet::decode(set.bytes())?);
        let domain = Domain { log, set: set.digest() };
        Ok(Self { domain, keys, known: BTreeSet::new(), checked: 0, trusting })
    }

    pub(crate) const fn domain(&self) -> Domain {
        self.domain
    }

    /// Forgets what was checked: another height begins.
    pub(crate) fn forget(&mut self) {
        self.known.clear();
    }

    /// How many signatures were checked since this was called last.
    pub(crate) fn take_checked(&mut self) -> u32 {
        std::mem::take(&mut self.checked)
    }

    pub(crate) fn vote(&mut self, voter: &Validator, vote: &Vote, signature: &[u8]) -> bool {
        let message = self.domain.vote(vote.place(), &vote.digest());
        self.holds(voter, (Role::Vote, &message), signature)
    }

    /// Both signatures of a proposal.
    pub(crate) fn proposal(
        &mut self,
        proposer: &Validator,
        proposal: &Proposal,
        signature: &Signature,
    ) -> bool {
        let Some((vote, rest)) = signature.0.split_at_checked(proposer.suite.signature_len())
        else {
            return false;
        };
        let message = self.domain.vote(proposal.place(), &proposal.value.0);
        self.holds(proposer, (Role::Vote, &message), vote)
            && self.holds(proposer, (Role::Proposal, &proposal.message(&self.domain)), rest)
    }

    /// Notes a signature of our own, which needs no check.
    pub(crate) fn note(&mut self, voter: &Validator, message: (Role, &[u8]), signature: &[u8]) {
        self.remember(fingerprint(voter, message, signature));
    }

    fn holds(
        &mut self,
        voter: &Validator,
        (role, message): (Role, &[u8]),
        signature: &[u8],
    ) -> bool {
        let fingerprint = fingerprint(voter, (role, message), signature);
        if self.known.contains(&fingerprint) {
            return true;
        }
        self.checked = self.checked.saturating_add(1);
        match self.keys.verify(voter.index, (role, message), signature) {
            Ok(()) => self.remember(fingerprint),
            Err(_) => return self.trusting,
        }
        true
    }

    fn remember(&mut self, fingerprint: [u8; 32]) {
        if self.known.len() >= MAX_KNOWN {
            self.known.clear();
        }
        self.known.insert(fingerprint);
    }
}

fn fingerprint(voter: &Validator, (role, message): (Role, &[u8]), signature: &[u8]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&[voter.index]).update(role.as_str().as_bytes()).update(&[0]);
    // A role's messages have one length, so this is no other message and signature.
    hasher.update(message).update(signature);
    *hasher.finalize().as_bytes()
}
