//! What one peer may cost: messages, bytes and signatures in a window of time, and what is kept
//! of it for the next height. No peer can take another's share.

use std::collections::{BTreeMap, BTreeSet};

/// A peer, as whoever drives the host numbers it: the same one whenever it connects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a number")]
pub struct Peer(pub u64);

/// A peer's share of one window. A window ends with a round, a height, or a rebroadcast timer.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a caller states all of them")]
pub struct Limits {
    /// Messages read in a window.
    pub messages: u32,
    /// Bytes read in a window.
    pub bytes: u64,
    /// Signatures checked in a window that were not known before.
    pub checks: u32,
    /// Messages of the next height that are kept.
    pub later_messages: usize,
    /// Bytes of the next height that are kept.
    pub later_bytes: usize,
    /// Blocks held without a proposal that names them.
    pub blocks: usize,
    /// Blocks sent on request in a window.
    pub served: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            messages: 512,
            bytes: 64 << 20,
            checks: 512,
            later_messages: 64,
            later_bytes: 20 << 20,
            blocks: 2,
            served: 8,
        }
    }
}

#[derive(Debug, Default)]
struct Used {
    messages: u32,
    bytes: u64,
    checks: u32,
    served: u32,
}

/// Counts what peers cost, and keeps what they sent too early.
#[derive(Debug)]
pub(crate) struct Inbox {
    limits: Limits,
    /// Whether the limits hold; only the simulator says no, to show that they are needed.
    pub(crate) open: bool,
    used: BTreeMap<Peer, Used>,
    later: BTreeMap<Peer, Vec<Vec<u8>>>,
    banned: BTreeSet<Peer>,
}

impl Inbox {
    pub(crate) fn new(limits: Limits, open: bool) -> Self {
        let (used, later) = (BTreeMap::new(), BTreeMap::new());
        Self { limits, open, used, later, banned: BTreeSet::new() }
    }

    /// Whether a message may be read at all; if so, it is counted.
    pub(crate) fn admit(&mut self, peer: Peer, len: usize) -> bool {
        if self.banned.contains(&peer) {
            return false;
        }
        let used = self.used.entry(peer).or_default();
        used.messages = used.messages.saturating_add(1);
        used.bytes = used.bytes.saturating_add(u64::try_from(len).unwrap_or(u64::MAX));
        self.open || (used.messages <= self.limits.messages && used.bytes <= self.limits.bytes)
    }

    /// Whether a peer may still cause signatures to be checked.
    pub(crate) fn may_check(&self, peer: Peer) -> bool {
        self.open || self.used.get(&peer).is_none_or(|used| used.checks < self.limits.checks)
    }

    pub(crate) fn charge(&mut self, peer: Peer, checks: u32) {
        let used = self.used.entry(peer).or_default();
        used.checks = used.checks.saturating_add(checks);
    }

    /// Whether a peer may have another block sent to it.
    pub(crate) fn serve(&mut self, peer: Peer) -> bool {
        let used = self.used.entry(peer).or_default();
        used.served = used.served.saturating_add(1);
        self.open || used.served <= self.limits.served
    }

    /// How many blocks of a peer are held that no proposal names.
    pub(crate) const fn blocks(&self) -> usize {
        if self.open { usize::MAX } else { self.limits.blocks }
    }

    /// Another window begins.
    pub(crate) fn renew(&mut self) {
        self.used.clear();
    }

    /// Keeps a message of the next height, within the peer's own share.
    pub(crate) fn keep(&mut self, peer: Peer, bytes: &[u8]) {
        let kept = self.later.entry(peer).or_default();
        let size = kept.iter().map(Vec::len).fold(bytes.len(), usize::saturating_add);
        let fits = kept.len() < self.limits.later_messages && size <= self.limits.later_bytes;
        if self.open || fits {
            kept.push(bytes.to_vec());
        }
    }

    /// What was kept, peer by peer.
    pub(crate) fn take_kept(&mut self) -> BTreeMap<Peer, Vec<Vec<u8>>> {
        std::mem::take(&mut self.later)
    }

    /// How many bytes are kept of all peers.
    pub(crate) fn kept_bytes(&self) -> usize {
        self.later.values().flatten().map(Vec::len).fold(0, usize::saturating_add)
    }

    /// True the first time.
    pub(crate) fn ban(&mut self, peer: Peer) -> bool {
        self.later.remove(&peer);
        self.banned.insert(peer)
    }

    /// Nothing of it is kept for later, and if it was banned, that was between it and the links.
    pub(crate) fn gone(&mut self, peer: Peer) {
        self.later.remove(&peer);
        self.banned.remove(&peer);
    }

    pub(crate) fn is_banned(&self, peer: Peer) -> bool {
        self.banned.contains(&peer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_peer_cannot_take_anothers_share() {
        let mut inbox = Inbox::new(Limits::default(), false);
        let (flooder, honest) = (Peer(1), Peer(2));
        let admitted = (0..10_000).filter(|_| inbox.admit(flooder, 100)).count();
        assert_eq!(admitted, 512);
        assert!(inbox.admit(honest, 100));
        for _ in 0..10_000 {
            inbox.keep(flooder, &[0; 1_000]);
        }
        inbox.keep(honest, &[1; 1_000]);
        assert_eq!(inbox.kept_bytes(), 65_000);
        let kept = inbox.take_kept();
        assert_eq!(kept[&honest], [vec![1; 1_000]]);
        inbox.charge(flooder, 600);
        assert!(!inbox.may_check(flooder));
        assert!(inbox.may_check(honest));
        inbox.renew();
        assert!(inbox.admit(flooder, 100));
        assert!(inbox.ban(flooder));
        assert!(!inbox.ban(flooder));
        assert!(!inbox.admit(flooder, 100));
    }
}
