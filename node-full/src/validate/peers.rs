//! Who is connected, and how much of what each may ask for.

use std::collections::BTreeMap;
use std::time::Duration;

use cairn_consensus::Peer;
use cairn_net::PeerId;

/// Bytes of final blocks that a peer is sent in a second.
const SERVED: u64 = 64 << 20;
/// Events that a peer may have checked in a second.
const EVENTS: u64 = 20_000;

/// Connected peers. Each connection has a number of its own for the engine.
#[derive(Debug, Default)]
pub(super) struct Peers {
    next: u64,
    by_id: BTreeMap<PeerId, Known>,
    by_number: BTreeMap<u64, PeerId>,
}

#[derive(Debug)]
struct Known {
    number: u64,
    /// The height that it says it works on.
    height: u64,
    /// What it said first.
    first: Option<u64>,
    second: Duration,
    served: u64,
    events: u64,
}

impl Peers {
    pub(super) fn up(&mut self, id: PeerId) {
        self.down(&id);
        self.next = self.next.saturating_add(1);
        let (number, second) = (self.next, Duration::ZERO);
        self.by_number.insert(number, id);
        self.by_id
            .insert(id, Known { number, height: 0, first: None, second, served: 0, events: 0 });
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

    /// A peer says where it is, as each does when it is met.
    pub(super) fn met(&mut self, id: &PeerId, height: u64) {
        if let Some(known) = self.by_id.get_mut(id) {
            known.first.get_or_insert(height);
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

    /// Those whose work when they were met was on this height at most.
    pub(super) fn met_at_most(&self, height: u64) -> impl Iterator<Item = PeerId> + use<'_> {
        let met = move |known: &Known| known.first.is_some_and(|first| first <= height);
        self.by_id.iter().filter(move |(_, known)| met(known)).map(|(id, _)| *id)
    }

    /// Whether a peer is sent more blocks now.
    pub(super) fn may_be_served(&mut self, id: &PeerId, now: Duration) -> bool {
        self.this_second(id, now).is_some_and(|known| known.served < SERVED)
    }

    pub(super) fn served(&mut self, id: &PeerId, bytes: usize) {
        if let Some(known) = self.by_id.get_mut(id) {
            known.served = known.served.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        }
    }

    /// Whether another event of a peer is looked at now; if so, it is counted.
    pub(super) fn may_send_event(&mut self, id: &PeerId, now: Duration) -> bool {
        let Some(known) = self.this_second(id, now) else { return false };
        known.events = known.events.saturating_add(1);
        known.events <= EVENTS
    }

    fn this_second(&mut self, id: &PeerId, now: Duration) -> Option<&mut Known> {
        let known = self.by_id.get_mut(id)?;
        if now.as_secs() != known.second.as_secs() {
            (known.second, known.served, known.events) = (now, 0, 0);
        }
        Some(known)
    }
}
