//! Four validators of one log, of whom one may be bad: their keys, two blocks, and all that the
//! honest ones say in a few ways that a height can go.

use std::sync::LazyLock;

use cairn_consensus::wire::{Message, RoundVote, Signed};
use cairn_consensus::{Set, proposal_message};
use cairn_verifier::digest::{HeaderDigest, KeyId};
use cairn_verifier::finality::{
    HEADER_LEN, Header, PublicKey, Role, VOTE_PRECOMMIT, encode_certificate, vote_message,
};

use crate::kit::{Council, Kit, Signer};

/// Type of a prevote.
pub const VOTE_PREVOTE: u8 = 1;

/// The validators and what they are about to agree on.
pub struct Validators {
    /// Their log, which has no block yet.
    pub kit: Kit,
    /// Their set.
    pub set: Set,
    /// Two blocks that follow every rule: the first is what honest validators vote for.
    pub blocks: [Vec<u8>; 2],
}

static VALIDATORS: LazyLock<Validators> = LazyLock::new(Validators::new);

/// The validators.
#[must_use]
pub fn validators() -> &'static Validators {
    &VALIDATORS
}

/// The header of a block, by its digest.
#[must_use]
pub fn digest(block: &[u8]) -> HeaderDigest {
    Header::decode(&block[..HEADER_LEN]).unwrap().digest()
}

/// A validator's key, as a host holds it.
#[derive(Clone, Copy)]
pub struct Held(&'static Signer);

impl cairn_consensus::Signer for Held {
    fn key(&self) -> KeyId {
        PublicKey::new(self.0.suite(), &self.0.public()).unwrap().id()
    }

    fn sign(&self, role: Role, message: &[u8]) -> Option<Vec<u8>> {
        Some(self.0.sign(role, message))
    }
}

impl Validators {
    fn new() -> Self {
        // The same power for each: one alone has less than a third.
        let signers = (0..4).map(|number| (Signer::classic(60 + number), 1));
        let mut kit = Kit::new(9, Council::new(signers.collect()));
        kit.push_plain(1);
        let set = Set::decode(&kit.council().bytes).unwrap();
        let blocks = [0, 1].map(|number| {
            let mut header = kit.next_header(None);
            header.time.0 += number;
            [&header.encode()[..], b"what the block is about"].concat()
        });
        Self { kit, set, blocks }
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u8 {
        u8::try_from(self.set.len()).unwrap()
    }

    /// The key of the validator with an index.
    #[must_use]
    pub fn key(&'static self, index: u8) -> Held {
        Held(&self.kit.council().signers[usize::from(index)].0)
    }

    /// A signature of the validator with an index.
    #[must_use]
    pub fn signed(&self, index: u8, role: Role, message: &[u8]) -> Signed {
        let (signer, _) = &self.kit.council().signers[usize::from(index)];
        Signed { index, suite: signer.suite(), signature: signer.sign(role, message) }
    }

    /// A vote of the validator with an index: type, height and round.
    #[must_use]
    pub fn vote(&self, index: u8, place: (u8, u64, u32), header: HeaderDigest) -> Signed {
        let domain = (&self.kit.log, &self.set.digest());
        self.signed(index, Role::Vote, &vote_message(domain, place, &header))
    }

    /// The message of a vote.
    #[must_use]
    pub fn vote_of(&self, index: u8, place: (u8, u64, u32), header: HeaderDigest) -> Message {
        let (kind, height, round) = place;
        Message::Vote { height, round, kind, header, signed: self.vote(index, place, header) }
    }

    /// A proposal of the validator with an index: height, round, and what it rests on.
    #[must_use]
    pub fn proposal(
        &self,
        index: u8,
        (height, round, rests_on): (u64, u32, u32),
        header: HeaderDigest,
    ) -> Message {
        let domain = (&self.kit.log, &self.set.digest());
        let signed = self.vote(index, (0, height, round), header);
        let message = proposal_message(domain, (height, round, rests_on), &header);
        let second = self.signed(index, Role::Proposal, &message).signature;
        Message::Proposal { height, round, header, rests_on, signed, second }
    }

    /// What is said at height 0 by all but `me`, who hears it, if those who are honest agree in the
    /// first round; or in the second, after a round without a block; or after one whose block had a
    /// quorum of prevotes.
    #[must_use]
    pub fn history(&self, way: usize, me: u8) -> Vec<Message> {
        let (block, nil) = (digest(&self.blocks[0]), HeaderDigest::ZERO);
        // Round, what it rests on, what is prevoted and precommitted.
        let rounds: &[(u32, u32, HeaderDigest, HeaderDigest)] = match way {
            0 => &[(0, 0, block, block)],
            1 => &[(0, 0, nil, nil), (1, 0, block, block)],
            _ => &[(0, 0, block, nil), (1, 1, block, block)],
        };
        let mut said = Vec::new();
        for (round, rests_on, prevoted, precommitted) in rounds.iter().copied() {
            let proposer = self.set.proposer_index(0, round);
            if proposer != me {
                said.push(self.proposal(proposer, (0, round, rests_on), block));
                said.push(Message::Block { height: 0, block: self.blocks[0].clone() });
            }
            let others: Vec<u8> = (0..self.count()).filter(|index| *index != me).collect();
            for (kind, header) in [(VOTE_PREVOTE, prevoted), (VOTE_PRECOMMIT, precommitted)] {
                let votes =
                    others.iter().map(|index| self.vote_of(*index, (kind, 0, round), header));
                said.extend(votes);
            }
            if prevoted == block {
                let vote = |index: &u8| self.vote(*index, (VOTE_PREVOTE, 0, round), block);
                let votes = others.iter().map(vote).collect();
                said.push(Message::Polka { height: 0, round, header: block, votes });
            }
            let vote = |index: &u8| RoundVote {
                kind: VOTE_PRECOMMIT,
                header: precommitted,
                signed: self.vote(*index, (VOTE_PRECOMMIT, 0, round), precommitted),
            };
            let votes = others.iter().map(vote).collect();
            said.push(Message::Round { height: 0, round, skip: false, votes });
            if precommitted == block {
                let certificate = self.certificate(round, block, &others);
                said.push(Message::Final { height: 0, block: self.blocks[0].clone(), certificate });
            }
        }
        said
    }

    /// A certificate of height 0 by those with these indexes.
    #[must_use]
    pub fn certificate(&self, round: u32, header: HeaderDigest, voters: &[u8]) -> Vec<u8> {
        let vote = |index: &u8| {
            let signed = self.vote(*index, (VOTE_PRECOMMIT, 0, round), header);
            (signed.index, signed.suite, signed.signature)
        };
        encode_certificate(round, &voters.iter().map(vote).collect::<Vec<_>>()).unwrap()
    }
}
