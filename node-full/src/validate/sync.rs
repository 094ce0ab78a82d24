//! Catching up by blocks, many at a time, and what peers say of events.
//!
//! Whoever is one block behind gets it through the engine. Whoever is further behind asks one peer
//! for all it has; every block is checked as a replica checks it (certificate, events, trees,
//! state) before any of it is kept, and a peer that sends what does not hold is disconnected.

use std::collections::BTreeMap;
use std::time::Duration;

use cairn_consensus::gossip::{BLOCKS_LEN, FinalBlock, Gossip, MAX_BLOCKS};
use cairn_net::PeerId;
use cairn_verifier::error::Meaning;
use cairn_verifier::trust::{Genesis, TrustAnchor};

use super::driver::Driver;
use super::pool::Pending;
use super::{ValidateError, block};
use crate::ingest;
use crate::node::Shared;
use crate::replica::{Batch, FollowError, Trust};

/// How long a peer has to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long this node may be one block behind before it asks for that.
const LAG: Duration = Duration::from_secs(1);

/// Who was asked for blocks, and who did not answer.
#[derive(Debug)]
pub(super) struct Sync {
    trust: Trust,
    asked: Option<Asked>,
    misses: BTreeMap<PeerId, u32>,
    /// Since when a peer says that it is further.
    behind: Option<(u64, Duration)>,
}

#[derive(Clone, Copy, Debug)]
struct Asked {
    peer: PeerId,
    from: u64,
    until: Duration,
}

impl Sync {
    pub(super) fn open(shared: &Shared, genesis: &Genesis<'_>) -> Result<Self, ValidateError> {
        let trust = Trust::begin(shared, genesis, TrustAnchor::Genesis(shared.log))?;
        Ok(Self { trust, asked: None, misses: BTreeMap::new(), behind: None })
    }

    /// A peer is gone. If it was asked, that was in vain: a new connection does not make it first
    /// again.
    pub(super) fn forget(&mut self, peer: &PeerId) {
        if self.asked.take_if(|asked| asked.peer == *peer).is_some() {
            let misses = self.misses.entry(*peer).or_default();
            *misses = misses.saturating_add(1);
        }
    }
}

/// Why a peer's event is not taken that has a place and finds room.
enum NotTaken {
    /// The peer had enough checked in this second.
    Later,
    Refused(ingest::Refusal),
}

impl Driver<'_> {
    /// Asks for blocks if peers are further and nobody was asked, or did not answer.
    pub(super) fn ask_for_blocks(&mut self) {
        let (now, height) = (self.now(), self.next_height());
        if let Some(asked) = self.sync.asked {
            if asked.from >= height && now < asked.until {
                return;
            }
            if now >= asked.until {
                let misses = self.sync.misses.entry(asked.peer).or_default();
                *misses = misses.saturating_add(1);
            }
            self.sync.asked = None;
        }
        let furthest = self.peers.furthest();
        if furthest <= height {
            self.sync.behind = None;
            return;
        }
        let since = match self.sync.behind {
            Some((at, since)) if at == height => since,
            _ => {
                self.sync.behind = Some((height, now));
                now
            }
        };
        if furthest > height.saturating_add(1) || now.saturating_sub(since) >= LAG {
            self.ask(height);
        }
    }

    fn ask(&mut self, height: u64) {
        let misses = |peer: &PeerId| self.sync.misses.get(peer).copied().unwrap_or(0);
        let Some(peer) = self.peers.above(height).min_by_key(|peer| (misses(peer), *peer)) else {
            return;
        };
        self.network().send(peer, &Gossip::WantBlocks { height }.encode());
        let until = self.now().saturating_add(PATIENCE);
        self.sync.asked = Some(Asked { peer, from: height, until });
    }

    pub(super) fn gossip(&mut self, from: PeerId, gossip: Gossip) -> Result<(), ValidateError> {
        match gossip {
            Gossip::Events { height, events } => {
                self.peers.heard(&from, height);
                self.take_events(from, events)
            }
            Gossip::WantBlocks { height } => self.serve_blocks(from, height),
            Gossip::Blocks { height, blocks } => self.take_blocks(from, height, blocks),
            Gossip::WantBehind { height, asked } => {
                self.peers.heard(&from, height);
                self.fetching().asks(from, asked);
                Ok(())
            }
            Gossip::Behind { height, behind } => {
                self.peers.heard(&from, height);
                self.fetching().answers(from, behind);
                Ok(())
            }
        }
    }

    /// Keeps events of a peer whose signatures hold. One that no honest node sends ends the link;
    /// one that is late or too early, or for which there is no room, is left out.
    fn take_events(&mut self, from: PeerId, events: Vec<Vec<u8>>) -> Result<(), ValidateError> {
        let shared = self.shared;
        let Some(pool) = &shared.pool else { return Ok(()) };
        let now = self.now();
        for bytes in events {
            if !self.peers.may_send_event(&from, now) {
                return Ok(());
            }
            let pending = match Pending::new(bytes, false, pool.now()) {
                Ok(pending) => pending,
                Err(error) => {
                    self.ban(from, &format!("an event does not decode: {error}"));
                    return Ok(());
                }
            };
            if pool.is_heard_again(&pending.id) {
                continue;
            }
            let last = shared.next_of(&pending.place)?;
            let kept = pool.keep(pending, last, |pending| {
                if !self.peers.may_have_checked(&from, pending.signatures, now) {
                    return Err(NotTaken::Later);
                }
                ingest::check_event(shared, &pending.bytes).map_err(NotTaken::Refused)
            });
            match kept {
                Ok(kept) => self.stirred |= kept.is_ok(),
                Err(NotTaken::Later) => return Ok(()),
                Err(NotTaken::Refused(
                    refusal @ (ingest::Refusal::Signature(_) | ingest::Refusal::OtherLog { .. }),
                )) => {
                    self.ban(from, &format!("an event does not hold: {refusal}"));
                    return Ok(());
                }
                Err(NotTaken::Refused(refusal)) => {
                    tracing::debug!(%refusal, "an event of a peer is not kept");
                }
            }
        }
        Ok(())
    }

    /// A final block as it travels, and its certificate.
    pub(super) fn final_block(&self, height: u64) -> Result<Option<FinalBlock>, ValidateError> {
        // Whoever needs what was never here asks another node, or joins by a checkpoint too.
        let is_here = |height: u64| self.shared.blocks.has(height);
        if !is_here(height) || height.checked_sub(1).is_some_and(|before| !is_here(before)) {
            return Ok(None);
        }
        let Some(block) = self.shared.block(height)? else { return Ok(None) };
        let before = match height.checked_sub(1) {
            Some(before) => self.shared.block(before)?.map_or(0, |it| it.header.events.get()),
            None => 0,
        };
        // Whoever needs what was pruned here asks another node, or begins with an archive.
        if before < self.shared.entries.begin() {
            return Ok(None);
        }
        let mut entries = Vec::new();
        for index in before..block.header.events.get() {
            entries.push(self.shared.entries.read(index)?);
        }
        Ok(Some((block::encode(&block.header_bytes, &entries), block.certificate)))
    }

    fn serve_blocks(&mut self, to: PeerId, height: u64) -> Result<(), ValidateError> {
        self.peers.heard(&to, height);
        if !self.peers.may_be_served(&to, self.now()) {
            return Ok(());
        }
        let (mut blocks, mut bytes) = (Vec::new(), 0_usize);
        let last = height.saturating_add(u64::from(MAX_BLOCKS));
        for at in height..last.min(self.next_height()) {
            let Some((block, certificate)) = self.final_block(at)? else { break };
            bytes = bytes.saturating_add(block.len()).saturating_add(certificate.len());
            if bytes > BLOCKS_LEN && !blocks.is_empty() {
                break;
            }
            blocks.push((block, certificate));
        }
        if !blocks.is_empty() {
            self.peers.served(&to, (blocks.len(), bytes));
            self.network().send(to, &Gossip::Blocks { height, blocks }.encode());
        }
        Ok(())
    }

    fn take_blocks(
        &mut self,
        from: PeerId,
        height: u64,
        blocks: Vec<FinalBlock>,
    ) -> Result<(), ValidateError> {
        let is_asked = self.sync.asked.is_some_and(|it| it.peer == from && it.from == height);
        if !is_asked || height != self.next_height() {
            return Ok(());
        }
        self.sync.asked = None;
        let next = height.saturating_add(u64::try_from(blocks.len()).unwrap_or(0));
        // The peer reads the next ones while these are checked.
        if self.peers.above(next).any(|peer| peer == from) {
            self.network().send(from, &Gossip::WantBlocks { height: next }.encode());
            let until = self.now().saturating_add(PATIENCE.saturating_mul(2));
            self.sync.asked = Some(Asked { peer: from, from: next, until });
        }
        match self.append_blocks(blocks) {
            Ok(()) => {
                self.sync.misses.remove(&from);
                self.stirred = true;
                Ok(())
            }
            Err(ValidateError::Follow(error)) if !error.is_passing() => {
                self.refuse_blocks(from, &error);
                Ok(())
            }
            Err(ValidateError::Format(error)) => {
                self.ban(from, &format!("a final block does not decode: {error}"));
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// What is wrong is the peer's, unless it is that this node was away for too long.
    fn refuse_blocks(&mut self, from: PeerId, error: &FollowError) {
        let is_stale = matches!(
            error,
            FollowError::NotFinal { reason, .. } if reason.meaning() == Meaning::Stale
        );
        if is_stale {
            tracing::error!(%error, "this node cannot catch up");
            self.shared.note_validator(|status| status.stopped = Some(error.to_string()));
            self.sync.forget(&from);
            return;
        }
        self.ban(from, &format!("final blocks do not hold: {error}"));
    }

    fn append_blocks(&mut self, blocks: Vec<FinalBlock>) -> Result<(), ValidateError> {
        let count = u64::try_from(blocks.len()).unwrap_or(0);
        let genesis = Genesis::decode(&self.shared.genesis)?;
        let (mut made, mut entries) = (Vec::new(), Vec::new());
        for (bytes, certificate) in blocks {
            let (mut block, of_block) = block::decode(&bytes)?;
            block.certificate = certificate;
            made.push(block);
            entries.extend(of_block);
        }
        self.shared.catch_up()?;
        let height = self.next_height();
        let new = block::after_left_over(self.shared, entries)?
            .map_err(|what| FollowError::DoesNotFollow { height, what })?;
        let batch = Batch::verify(&mut self.sync.trust, (self.shared, &genesis), made, new)?;
        self.append(batch)?;
        self.forget_height();
        self.renew_sets()?;
        metrics::counter!("cairn_blocks_synced_total").increment(count);
        Ok(())
    }
}
