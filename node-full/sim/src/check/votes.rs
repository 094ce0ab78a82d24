//! What the votes of a run say together: that locks are kept, and that contradictions were heard.

use std::collections::{BTreeMap, BTreeSet};

use cairn_consensus::wire::Message;
use cairn_consensus::{Set, Signer as _, VOTE_PREVOTE, VOTE_PROPOSAL};
use cairn_verifier::digest::HeaderDigest;

use super::{Failure, Violation};
use crate::world::World;

/// What honest validators are locked on, as anybody can tell who hears all their votes: whoever
/// precommits a block prevotes no other later, unless a quorum prevoted that one in a round since.
#[derive(Debug, Default)]
pub(super) struct Locks {
    /// Height, round and header of each node's last precommit.
    precommits: BTreeMap<usize, (u64, u32, HeaderDigest)>,
    /// Who prevoted a block, by height and round.
    prevotes: BTreeMap<(u64, u32, HeaderDigest), BTreeSet<usize>>,
}

impl Locks {
    /// An honest node sends something that it signed.
    pub(super) fn signed(
        &mut self,
        (world, set): (&World, &Set),
        node: usize,
        (kind, height, round): (u8, u64, u32),
        header: HeaderDigest,
    ) -> Result<(), Violation> {
        if header == HeaderDigest::ZERO || kind == VOTE_PROPOSAL {
            return Ok(());
        }
        if kind != VOTE_PREVOTE {
            self.precommits.insert(node, (height, round, header));
            return Ok(());
        }
        self.prevotes.entry((height, round, header)).or_default().insert(node);
        let lock = self.precommits.get(&node).copied();
        let Some((_, since, locked)) = lock.filter(|(at, ..)| *at == height) else { return Ok(()) };
        let freed = |round| self.has_polka((world, set), (height, round, header));
        if since >= round || locked == header || (since..round).any(freed) {
            return Ok(());
        }
        let detail = format!(
            "node {node} precommitted {locked} at {height}/{since} and prevotes {header} in round {round}"
        );
        Err(Violation::new(Failure::Amnesia, detail))
    }

    /// Whether prevotes for a block may be a quorum: the villain's is there wherever it helps.
    fn has_polka(&self, (world, set): (&World, &Set), place: (u64, u32, HeaderDigest)) -> bool {
        let honest = self.prevotes.get(&place).into_iter().flatten().copied();
        let villain = world.villain.map(|(node, _)| node);
        let nodes: BTreeSet<usize> = honest.chain(villain).collect();
        let keys: Vec<_> =
            nodes.into_iter().filter_map(|node| Some(world.keys.get(node)?.key())).collect();
        set.is_quorum_of(&keys)
    }
}

/// So many contradictions that none of their hearers reported cannot be chance.
pub(super) const MANY: u64 = 40;

/// Pairs of votes for one place that one honest node heard while it worked on their height.
#[derive(Debug, Default)]
pub(super) struct Contradictions {
    heard: BTreeMap<(usize, u8, u64, u32), HeaderDigest>,
    count: u64,
}

impl Contradictions {
    pub(super) fn heard(&mut self, node: usize, working_on: u64, bytes: &[u8]) {
        let Ok(Message::Vote { height, round, kind, header, .. }) = Message::decode(bytes) else {
            return;
        };
        if height == working_on {
            let before = *self.heard.entry((node, kind, height, round)).or_insert(header);
            self.count += u64::from(before != header);
        }
    }

    pub(super) const fn count(&self) -> u64 {
        self.count
    }
}
