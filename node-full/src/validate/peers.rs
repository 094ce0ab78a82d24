//! Who is connected, and how much of what each may ask for.

use std::collections::BTreeMap;
use std::time::Duration;

use cairn_consensus::Peer;
use cairn_net::PeerId;

/// Bytes of final blocks that a peer is sent in a second.
const SERVED: u64 = 64 << 20;
/// As how many bytes a final block counts at least: reading it costs time, however short it is.
const LEAST_SERVED: u64 = 8 << 10;
/// Events of a peer that are looked at in a second.
const EVENTS: u64 = 20_000;
/// Signatures of them that are checked: a tenth of a core, about. What is over the limit comes again,
/// or with a block.
const SIGNATURES: u64 = 2_000;

/// Peers that are or were connected. Each has one number for the engine and one share of what it
/// may ask for, however often it connects; there are no more of them than keys that were allowed.
#[derive(Debug, Default)]
pub(super) struct Peers {
    by_id: BTreeMap<PeerId, Known>,
    by_number: BTreeMap<u64, PeerId>,
}

#[derive(Debug, Default)]
struct Known {
    number: u64,
    is_up: bool,
    /// The height that it says it works on.
    height: u64,
    second: Duration,
    served: u64,
    events: u64,
    signatures: u64,
}

impl Peers {
    pub(super) fn up(&mut self, id: PeerId) {
        let next = u64::try_from(self.by_id.len()).unwrap_or(u64::MAX).saturating_add(1);
        let known = self.by_id.entry(id);
        let known = known.or_insert_with(|| Known { number: next, ..Known::default() });
        known.is_up = true;
        self.by_number.insert(known.number, id);
    }

    pub(super) fn down(&mut self, id: &PeerId) {
        if let Some(known) = self.by_id.get_mut(id) {
            (known.is_up, known.height) = (false, 0);
        }
    }

    /// The number of a peer that is connected.
    pub(super) fn number(&self, id: &PeerId) -> Option<Peer> {
        self.by_id.get(id).filter(|known| known.is_up).map(|known| Peer(known.number))
    }

    /// The number of a peer that is or was connected.
    pub(super) fn known(&self, id: &PeerId) -> Option<Peer> {
        self.by_id.get(id).map(|known| Peer(known.number))
    }

    pub(super) fn id(&self, peer: Peer) -> Option<PeerId> {
        self.by_number.get(&peer.0).copied()
    }

    pub(super) fn heard(&mut self, id: &PeerId, height: u64) {
        if let Some(known) = self.by_id.get_mut(id).filter(|known| known.is_up) {
            known.height = height;
        }
    }

    /// The height that the furthest says it works on: a claim.
    pub(super) fn furthest(&self) -> u64 {
        self.by_id.values().map(|known| known.height).max().unwrap_or(0)
    }

    /// Those who say that they are above a height.
    pub(super) fn above(&self, height: u64) -> impl Iterator<Item = PeerId> + use<'_> {
        self.by_id.iter().filter(move |(_, known)| known.height > height).map(|(id, _)| *id)
    }

    /// Whether a peer is sent more blocks now.
    pub(super) fn may_be_served(&mut self, id: &PeerId, now: Duration) -> bool {
        self.this_second(id, now).is_some_and(|known| known.served < SERVED)
    }

    /// Counts final blocks that a peer is sent, of so many bytes together.
    pub(super) fn served(&mut self, id: &PeerId, (blocks, bytes): (usize, usize)) {
        let wide = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        let cost = wide(bytes).max(wide(blocks).saturating_mul(LEAST_SERVED));
        if let Some(known) = self.by_id.get_mut(id) {
            known.served = known.served.saturating_add(cost);
        }
    }

    /// Whether another event of a peer is looked at now; if so, it is counted.
    pub(super) fn may_send_event(&mut self, id: &PeerId, now: Duration) -> bool {
        let Some(known) = self.this_second(id, now) else { return false };
        known.events = known.events.saturating_add(1);
        known.events <= EVENTS
    }

    /// Whether so many more signatures of a peer's events are checked now; if so, they are counted.
    pub(super) fn may_have_checked(&mut self, id: &PeerId, signatures: u8, now: Duration) -> bool {
        let Some(known) = self.this_second(id, now) else { return false };
        known.signatures = known.signatures.saturating_add(signatures.into());
        known.signatures <= SIGNATURES
    }

    fn this_second(&mut self, id: &PeerId, now: Duration) -> Option<&mut Known> {
        let known = self.by_id.get_mut(id).filter(|known| known.is_up)?;
        if now.as_secs() != known.second.as_secs() {
            (known.second, known.served, known.events, known.signatures) = (now, 0, 0, 0);
        }
        Some(known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_peer_may_cost_in_a_second_is_bounded_and_comes_back() {
        let (mut peers, id) = (Peers::default(), PeerId::from_bytes([1; 32]));
        let second = Duration::from_secs;
        assert!(!peers.may_have_checked(&id, 1, second(1)), "it is not connected");
        peers.up(id);
        let checked = (0..SIGNATURES).filter(|_| peers.may_have_checked(&id, 4, second(1)));
        assert_eq!(u64::try_from(checked.count()).unwrap(), SIGNATURES / 4);
        assert!(peers.may_have_checked(&id, 4, second(2)));
        // Short blocks cost too.
        let blocks = usize::try_from(SERVED / LEAST_SERVED).unwrap();
        assert!(peers.may_be_served(&id, second(2)));
        peers.served(&id, (blocks, 1));
        assert!(!peers.may_be_served(&id, second(2)) && peers.may_be_served(&id, second(3)));
    }

    #[test]
    fn a_peer_that_connects_again_is_the_same_one() {
        let mut peers = Peers::default();
        let (one, other) = (PeerId::from_bytes([1; 32]), PeerId::from_bytes([2; 32]));
        peers.up(one);
        peers.up(other);
        let number = peers.number(&one).unwrap();
        let now = Duration::from_secs(7);
        for _ in 0..EVENTS {
            assert!(peers.may_send_event(&one, now));
        }
        peers.served(&one, (1, 64 << 20));
        peers.heard(&one, 9);
        peers.down(&one);
        assert_eq!((peers.number(&one), peers.known(&one)), (None, Some(number)));
        assert_eq!((peers.furthest(), peers.above(0).count()), (0, 0));
        assert!(!peers.may_send_event(&one, Duration::from_secs(9)), "it is not there");
        peers.up(one);
        assert_eq!(peers.number(&one), Some(number));
        assert_eq!(peers.id(number), Some(one));
        assert_ne!(peers.number(&other), Some(number));
        assert!(!peers.may_send_event(&one, now) && !peers.may_be_served(&one, now));
        assert!(peers.may_send_event(&one, Duration::from_secs(8)));
    }
}
