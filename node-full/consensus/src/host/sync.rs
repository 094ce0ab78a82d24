//! Catching up: who is ahead, who is asked for the next final block, and who did not answer.

use std::collections::{BTreeMap, BTreeSet};

use arc_malachitebft_core_consensus::Input;
use arc_malachitebft_core_types::{Timeout, TimeoutKind};
use cairn_verifier::digest::HeaderDigest;

use super::{Host, HostError, Io, Output};
use crate::inbox::Peer;
use crate::wire::Message;

#[derive(Debug, Default)]
pub(super) struct Sync {
    /// The height that each peer says it works on: a claim, good for choosing whom to ask.
    heights: BTreeMap<Peer, u64>,
    asked: Option<Peer>,
    /// How often a peer was asked in vain.
    misses: BTreeMap<Peer, u32>,
    /// Peers that were told our height in this window.
    told: BTreeSet<Peer>,
}

impl Sync {
    pub(super) fn heard(&mut self, peer: Peer, height: u64) {
        self.heights.insert(peer, height);
    }

    /// How often it was asked in vain is kept: a new connection does not make it first again.
    pub(super) fn forget(&mut self, peer: Peer) {
        self.heights.remove(&peer);
        if self.asked == Some(peer) {
            self.asked = None;
        }
    }

    /// A height begins: whoever was asked for the last one has answered, or was not needed.
    pub(super) fn started(&mut self) {
        if let Some(peer) = self.asked.take() {
            self.misses.remove(&peer);
        }
    }

    fn choose(&self, height: u64) -> Option<Peer> {
        let ahead = self.heights.iter().filter(|(_, theirs)| **theirs > height);
        let misses = |peer: &Peer| self.misses.get(peer).copied().unwrap_or(0);
        ahead.map(|(peer, _)| *peer).min_by_key(|peer| (misses(peer), *peer))
    }
}

impl Io {
    /// Asks a peer that is ahead for the block of this height, unless one was asked.
    pub(super) fn ask_if_behind(&mut self) {
        if self.running && !self.replaying && self.sync.asked.is_none() {
            self.ask_for_final();
        }
    }

    /// Asks another peer, or the same if there is no other.
    pub(super) fn ask_for_final(&mut self) {
        self.sync.asked = self.sync.choose(self.height);
        if let Some(peer) = self.sync.asked {
            let misses = self.sync.misses.entry(peer).or_default();
            *misses = misses.saturating_add(1);
            let bytes = Message::Want { height: self.height }.encode();
            self.outputs.push(Output::Send { peer, bytes });
        }
    }

    /// A peer is behind: it learns so once in a window.
    pub(super) fn tell_where(&mut self, peer: Peer) {
        if self.sync.told.insert(peer) {
            let bytes = Message::Status { height: self.height }.encode();
            self.outputs.push(Output::Send { peer, bytes });
        }
    }

    pub(super) fn serve(&mut self, peer: Peer, height: u64) {
        let held = height < self.height || (height == self.height && !self.running);
        if held && self.inbox.serve(peer) {
            self.outputs.push(Output::Serve { peer, height });
        }
    }

    pub(super) fn send_block(&mut self, peer: Peer, header: &HeaderDigest) {
        let Some(block) = self.blocks.to_share(header) else { return };
        let block = block.to_vec();
        if self.inbox.serve(peer) {
            let bytes = Message::Block { height: self.height, block }.encode();
            self.outputs.push(Output::Send { peer, bytes });
        }
    }

    /// What is said again while a round does not end, because it may have been lost.
    fn repeat(&mut self) {
        self.tell(&Message::Status { height: self.height });
        let missing: Vec<_> = self.blocks.missing().collect();
        for header in missing {
            self.tell(&Message::WantBlock { height: self.height, header });
        }
        let own = self.own_proposal.clone().filter(|(round, ..)| *round == self.round);
        if let Some((_, message, header)) = own {
            self.tell(&message);
            self.share_block(&header);
        }
        self.ask_for_final();
    }

    pub(super) fn renew(&mut self) {
        self.inbox.renew();
        self.sync.told.clear();
    }
}

impl Host {
    pub(super) fn elapsed(&mut self, timeout: Timeout) -> Result<(), HostError> {
        if timeout.kind == TimeoutKind::Rebroadcast {
            self.io.renew();
            self.io.repeat();
        }
        self.run(Input::TimeoutElapsed(timeout))
    }
}
