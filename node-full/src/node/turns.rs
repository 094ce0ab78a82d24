//! How the validators of the set in force did lately: whose turns brought a block, whose went by,
//! and whose votes stand in certificates. It follows from final blocks; each is looked at once.

use std::collections::VecDeque;

use cairn_consensus::epochs::Term;
use cairn_verifier::finality::Certificate;
use cairn_verifier::wire::DecodeError;

/// Of how many blocks, the newest ones of an epoch, it is counted who proposed them.
pub const COUNTED_BLOCKS: u64 = 1_000;

/// What one validator did in the counted blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a plain answer")]
pub struct Record {
    /// How many it proposed.
    pub proposed: u64,
    /// How many of its turns went by without a block.
    pub missed: u64,
    /// How many have its vote in the certificate that this node keeps. A certificate is made of the
    /// first votes that are enough, so a slow validator is in few.
    pub signed: u64,
}

/// What was counted of one block: indices in the set.
#[derive(Debug)]
struct Counted {
    proposer: u8,
    missed: Vec<u8>,
    signed: Vec<u8>,
}

/// The counted blocks.
#[derive(Debug, Default)]
pub(super) struct Turns {
    epoch: u64,
    from: u64,
    blocks: VecDeque<Counted>,
}

impl Turns {
    /// Counts the blocks up to a height that were not counted, and forgets those of other epochs and
    /// of long ago. Says which are counted.
    pub(super) fn follow<E>(
        &mut self,
        (term, end): (&Term, u64),
        certificate: impl Fn(u64) -> Result<Option<Vec<u8>>, E>,
        damaged: impl Fn(u64, DecodeError) -> E,
    ) -> Result<std::ops::Range<u64>, E> {
        let from = term.first_height.max(end.saturating_sub(COUNTED_BLOCKS));
        let next = self.from.saturating_add(count(self.blocks.len()));
        // Another epoch, or nothing in common with what was counted, or a later state was asked.
        if self.epoch != term.epoch || next < from || next > end {
            (self.epoch, self.from) = (term.epoch, from);
            self.blocks.clear();
        }
        while self.from < from {
            self.blocks.pop_front();
            self.from = self.from.saturating_add(1);
        }
        for height in self.from.saturating_add(count(self.blocks.len()))..end {
            let Some(certificate) = certificate(height)? else { break };
            let certificate =
                Certificate::decode(&certificate).map_err(|reason| damaged(height, reason))?;
            let turn = |round| term.set.proposer_index(height, round);
            let decided = certificate.round();
            self.blocks.push_back(Counted {
                proposer: turn(decided),
                missed: (0..decided).map(turn).collect(),
                signed: certificate.votes().map(|vote| vote.index).collect(),
            });
        }
        Ok(self.from..self.from.saturating_add(count(self.blocks.len())))
    }

    /// What each validator of so many did.
    pub(super) fn records(&self, validators: usize) -> Vec<Record> {
        let mut records = vec![Record::default(); validators];
        let mut add = |index: &u8, what: fn(&mut Record) -> &mut u64| {
            if let Some(record) = records.get_mut(usize::from(*index)) {
                let count = what(record);
                *count = count.saturating_add(1);
            }
        };
        for block in &self.blocks {
            add(&block.proposer, |record| &mut record.proposed);
            block.missed.iter().for_each(|index| add(index, |record| &mut record.missed));
            block.signed.iter().for_each(|index| add(index, |record| &mut record.signed));
        }
        records
    }
}

fn count(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use cairn_consensus::Set;
    use cairn_verifier::finality::{Suite, encode_certificate, encode_set};

    use super::*;

    fn term(epoch: u64, first_height: u64) -> Term {
        let keys = [[7; 32], [9; 32], [11; 32]].map(|seed| {
            cairn_verifier::secret::MemberSecret::from_seed(seed).unwrap().public_key()
        });
        let entries = keys.map(|key| (Suite::Ed25519, key.to_vec(), 1));
        let set = Set::decode(&encode_set(&entries).unwrap()).unwrap();
        Term { epoch, first_height, set }
    }

    /// Decided in round 1 at every tenth height, by all but the last.
    fn certificate(height: u64) -> Result<Option<Vec<u8>>, DecodeError> {
        let votes = [0, 1].map(|index| (index, Suite::Ed25519, vec![0; 64]));
        encode_certificate(u32::from(height.is_multiple_of(10)), &votes).map(Some)
    }

    #[test]
    fn counted_at_once_and_one_by_one_is_the_same() {
        let term = term(3, 50);
        let (mut steps, mut sum) = (Turns::default(), 0);
        for end in 50..2_000 {
            let range = steps.follow((&term, end), certificate, |_, reason| reason).unwrap();
            assert_eq!(range, 50.max(end.saturating_sub(COUNTED_BLOCKS))..end);
            sum += 1;
            if sum % 400 == 0 {
                let mut whole = Turns::default();
                whole.follow((&term, end), certificate, |_, reason| reason).unwrap();
                assert_eq!(whole.records(3), steps.records(3));
            }
        }
        let records = steps.records(3);
        assert_eq!(records.iter().map(|one| one.proposed).sum::<u64>(), COUNTED_BLOCKS);
        assert_eq!(records.iter().map(|one| one.missed).sum::<u64>(), COUNTED_BLOCKS / 10);
        assert_eq!(records.iter().map(|one| one.signed).collect::<Vec<_>>(), [1_000, 1_000, 0]);
    }

    #[test]
    fn another_epoch_begins_at_nothing() {
        let mut turns = Turns::default();
        turns.follow((&term(0, 0), 30), certificate, |_, reason| reason).unwrap();
        assert_eq!(
            turns.follow((&term(1, 30), 30), certificate, |_, reason| reason).unwrap(),
            30..30
        );
        assert_eq!(turns.records(3), [Record::default(); 3]);
        // Blocks that are not to be read end what is counted.
        let none = |height| if height < 33 { certificate(height) } else { Ok(None) };
        assert_eq!(turns.follow((&term(1, 30), 40), none, |_, reason| reason).unwrap(), 30..33);
    }
}
