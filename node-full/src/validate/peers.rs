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

/// Connected peers. Each connection has a number of its own for the engine.
#[derive(Debug, Default)]
pub(super) struct Peers {
    next: u64,
    by_id: BTreeMap<PeerId, Known>,
    by_number: BTreeMap<u64, PeerId>,
}

#[derive(Debug, Default)]
struct Known {
    number: u64,
    /// The height that it says it works on.
    height: u64,
    second: Duration,
    served: u64,
    events: u64,
    signatures: u64,
}

impl Peers {
    pub(super) fn up(&mut self, id: PeerId) {
        self.down(&id);
        self.next = self.next.saturating_add(1);
        let number = self.next;
        self.by_number.insert(number, id);
        self.by_id.insert(id, Known { number, ..Known::default() });
    }

    pub(super) fn down(&mut self, id: &PeerId) {
        if let Some(known) = self.by_id.remove(id) {
            self.by_number.remove(&known.number);
        }
    }

    pub(super) fn number(&self, id: &PeerId) -> Option<Peer> {
        self.by_id.get(id).map(|known| Peer(known.number))
    }

    pub(super) fn id(&self, peer: Peer) -> Option<PeerId> {
        self.by_number.get(&peer.0).copied()
    }

    pub(super) fn heard(&mut self, id: &PeerId, height: u64) {
        if let Some(known) = self.by_id.get_mut(id) {
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
        let known = self.by_id.get_mut(id)?;
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
}
