//! Bad validators, each in a file of its own. A villain runs an honest host, so that it knows what
//! is going on and holds a valid key; what it does to what that host sends is its badness.

mod equivocator;
mod flooder;
mod hasty;
mod liar;
mod racer;
mod silent;
mod stale;

use std::collections::BTreeMap;

use cairn_consensus::wire::{Message, Signed};
use cairn_consensus::{Set, Signer as _, proposal_message};
use cairn_verifier::UnixMillis;
use cairn_verifier::digest::HeaderDigest;
use cairn_verifier::finality::{Role, vote_message};

use crate::ledger::Ledger;
use crate::rng::Rng;
use crate::world::World;

/// Which villain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Signs one thing for some and another for others.
    Equivocator,
    /// Says nothing.
    Silent,
    /// Sends wrong blocks to whoever catches up or asks.
    Liar,
    /// Says again what it said long ago.
    Stale,
    /// Sends more than anybody can read, much of it forged.
    Flooder,
    /// Proposes sets and times that are not due.
    Racer,
    /// Proposes times that only some clocks take.
    Hasty,
}

impl Kind {
    /// Every villain.
    pub const ALL: [Self; 7] = [
        Self::Equivocator,
        Self::Silent,
        Self::Liar,
        Self::Stale,
        Self::Flooder,
        Self::Racer,
        Self::Hasty,
    ];

    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Equivocator => "equivocator",
            Self::Silent => "silent",
            Self::Liar => "liar",
            Self::Stale => "stale",
            Self::Flooder => "flooder",
            Self::Racer => "racer",
            Self::Hasty => "hasty",
        }
    }

    /// The villain of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// What a villain knows when it acts.
pub(crate) struct Scene<'s, 'w> {
    pub(crate) world: &'w World,
    /// Its place among the nodes.
    pub(crate) me: usize,
    pub(crate) ledger: &'s Ledger<'w>,
    pub(crate) now: UnixMillis,
    pub(crate) rng: &'s mut Rng,
}

impl Scene<'_, '_> {
    fn set(&self) -> &Set {
        self.ledger.set()
    }

    fn signed(&self, role: Role, message: &[u8]) -> Option<Signed> {
        let index = self.world.index_in(self.set(), self.me)?;
        let key = self.world.keys.get(self.me)?;
        let signature = key.sign(role, message)?;
        Some(Signed { index, suite: key.0.suite(), signature })
    }

    /// A vote of its own, for whatever it likes.
    fn vote(&self, (kind, height, round): (u8, u64, u32), header: HeaderDigest) -> Option<Message> {
        let domain = (&self.world.log, &self.set().digest());
        let message = vote_message(domain, (kind, height, round), &header);
        let signed = self.signed(Role::Vote, &message)?;
        Some(Message::Vote { height, round, kind, header, signed })
    }

    /// A proposal of its own.
    fn proposal(&self, (height, round): (u64, u32), header: HeaderDigest) -> Option<Message> {
        let domain = (&self.world.log, &self.set().digest());
        let vote = vote_message(domain, (0, height, round), &header);
        let signed = self.signed(Role::Vote, &vote)?;
        let message = proposal_message(domain, (height, round, 0), &header);
        let second = self.signed(Role::Proposal, &message)?.signature;
        Some(Message::Proposal { height, round, header, rests_on: 0, signed, second })
    }
}

/// A villain at work.
#[derive(Debug)]
pub(crate) struct Villain {
    kind: Kind,
    memory: Vec<Vec<u8>>,
    /// Blocks that are as good as those that became final, by height.
    doubles: BTreeMap<u64, Vec<u8>>,
    instead: Option<(u64, u32, Vec<u8>)>,
}

impl Villain {
    pub(crate) const fn new(kind: Kind) -> Self {
        Self { kind, memory: Vec::new(), doubles: BTreeMap::new(), instead: None }
    }

    /// What it sends a node instead of what its host would send.
    pub(crate) fn instead(
        &mut self,
        scene: &mut Scene<'_, '_>,
        to: usize,
        bytes: &[u8],
    ) -> Vec<Vec<u8>> {
        let Ok(message) = Message::decode(bytes) else { return Vec::new() };
        match self.kind {
            Kind::Equivocator => equivocator::instead(self, scene, to, &message),
            Kind::Silent => silent::instead(),
            Kind::Liar => liar::instead(self, scene, message),
            Kind::Stale => stale::instead(self, scene, bytes),
            Kind::Flooder => flooder::instead(scene, &message),
            Kind::Racer => racer::instead(self, scene, &message),
            Kind::Hasty => hasty::instead(self, scene, &message),
        }
    }

    /// What it sends every node from time to time.
    pub(crate) fn unasked(&mut self, scene: &mut Scene<'_, '_>) -> Vec<Vec<u8>> {
        match self.kind {
            Kind::Flooder => flooder::unasked(scene),
            Kind::Liar => liar::unasked(self, scene),
            Kind::Stale => stale::unasked(self, scene),
            Kind::Equivocator | Kind::Silent | Kind::Racer | Kind::Hasty => Vec::new(),
        }
    }
}
