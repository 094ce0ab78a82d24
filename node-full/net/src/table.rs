//! Who may connect, who is connected, and who is refused for a while.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::error::LinkError;
use crate::limits::Limits;
use crate::peer::{AllowedPeer, PeerId, PeerStatus};
use crate::queue::{Queue, Room};
use crate::stats::Stats;

/// The longest ban, and how long a peer must do nothing wrong until the next is as short as the first.
const MAX_BAN: Duration = Duration::from_secs(24 * 60 * 60);

/// A link that is about to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offer {
    pub(crate) peer: PeerId,
    /// Whether this node dialled.
    pub(crate) outbound: bool,
    /// The peer's random number of its process.
    pub(crate) process: u64,
    pub(crate) height: u64,
    pub(crate) address: SocketAddr,
}

/// A link that is in the table.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) peer: PeerId,
    /// No two links of a process have the same.
    number: u64,
    /// Whether it took the place of another one.
    pub(crate) replaces: bool,
    pub(crate) queue: Arc<Queue>,
    pub(crate) stats: Arc<Stats>,
}

/// A place that is given back when this is dropped, however its link ends.
#[derive(Debug)]
pub(crate) struct Seat {
    table: Arc<Table>,
    pub(crate) place: Place,
    left: bool,
}

impl Seat {
    /// Gives the place back. Whether its peer is gone now.
    pub(crate) fn leave(mut self, why: &LinkError) -> bool {
        self.left = true;
        self.table.gone(&self.place, why)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if !self.left {
            self.table.gone(&self.place, &LinkError::Closed);
        }
    }
}

#[derive(Debug)]
struct Link {
    offer: Offer,
    place: Place,
}

#[derive(Debug)]
struct Entry {
    allowed: Arc<AllowedPeer>,
    link: Option<Link>,
    since: Instant,
    trouble: Option<String>,
    stats: Arc<Stats>,
}

#[derive(Debug)]
struct Ban {
    until: Instant,
    length: Duration,
    why: String,
}

#[derive(Debug, Default)]
struct Inner {
    peers: BTreeMap<PeerId, Entry>,
    bans: BTreeMap<PeerId, Ban>,
    links: u64,
}

/// All peers.
#[derive(Debug)]
pub(crate) struct Table {
    me: PeerId,
    limits: Limits,
    inner: Mutex<Inner>,
    /// Somebody came, went, or may come.
    pub(crate) changed: Notify,
}

impl Table {
    pub(crate) fn new(me: PeerId, limits: Limits) -> Self {
        Self { me, limits, inner: Mutex::default(), changed: Notify::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn allow(&self, peers: Vec<AllowedPeer>) {
        let mut inner = self.lock();
        let mut before = std::mem::take(&mut inner.peers);
        for peer in peers.into_iter().filter(|peer| peer.id() != self.me) {
            let (id, allowed) = (peer.id(), Arc::new(peer));
            let entry = match before.remove(&id) {
                Some(entry) => Entry { allowed, ..entry },
                None => Entry {
                    allowed,
                    link: None,
                    since: Instant::now(),
                    trouble: None,
                    stats: Arc::default(),
                },
            };
            inner.peers.insert(id, entry);
        }
        for link in before.into_values().filter_map(|entry| entry.link) {
            link.place.queue.end("this key is no validator or node of the log any more");
        }
        drop(inner);
        self.changed.notify_waiters();
    }

    /// The key of a peer that may connect now.
    pub(crate) fn allowed(&self, peer: PeerId) -> Result<Arc<AllowedPeer>, LinkError> {
        let inner = self.lock();
        let entry = inner.peers.get(&peer).ok_or(LinkError::NotAllowed(peer))?;
        if let Some(ban) = inner.bans.get(&peer) {
            let left = ban.until.saturating_duration_since(Instant::now());
            if !left.is_zero() {
                return Err(LinkError::Banned { key: peer, left, why: ban.why.clone() });
            }
        }
        Ok(Arc::clone(&entry.allowed))
    }

    /// Whether this peer is to be dialled.
    pub(crate) fn is_missing(&self, peer: PeerId) -> bool {
        self.allowed(peer).is_ok()
            && self.lock().peers.get(&peer).is_some_and(|entry| entry.link.is_none())
    }

    /// Takes a link in, if it is the one to keep. Both ends decide alike: of two links that were
    /// made at once, the one that the smaller key id dialled stays; and whoever was started again has
    /// no older link, whatever this end thinks.
    pub(crate) fn take_in(self: &Arc<Self>, offer: Offer) -> Result<Seat, LinkError> {
        let mut inner = self.lock();
        inner.links = inner.links.saturating_add(1);
        let number = inner.links;
        let entry = inner.peers.get_mut(&offer.peer).ok_or(LinkError::NotAllowed(offer.peer))?;
        let smaller_dialled = offer.outbound == (self.me < offer.peer);
        let replaces = match &entry.link {
            None => false,
            Some(old) => {
                let same = old.offer.process == offer.process;
                if same && old.offer.outbound != offer.outbound && !smaller_dialled {
                    return Err(LinkError::Twice(offer.peer));
                }
                old.place.queue.end("another link took the place of this one");
                true
            }
        };
        let room = Room { messages: self.limits.queue_messages, bytes: self.limits.queue_bytes };
        let stats = Arc::clone(&entry.stats);
        stats.links.add(1);
        let queue = Arc::new(Queue::new(room, Arc::clone(&stats)));
        let place = Place { peer: offer.peer, number, replaces, queue, stats };
        entry.link = Some(Link { offer, place: place.clone() });
        (entry.since, entry.trouble) = (Instant::now(), None);
        Ok(Seat { table: Arc::clone(self), place, left: false })
    }

    /// A link ended. Whether its peer is gone now.
    fn gone(&self, place: &Place, why: &LinkError) -> bool {
        let mut inner = self.lock();
        let entry = inner.peers.get_mut(&place.peer);
        let gone = match entry {
            // Not allowed any more.
            None => true,
            Some(entry) => {
                let is_its = |link: &Link| link.place.number == place.number;
                let gone = entry.link.as_ref().is_some_and(is_its);
                if gone {
                    entry.link = None;
                    (entry.since, entry.trouble) = (Instant::now(), Some(why.to_string()));
                }
                gone
            }
        };
        drop(inner);
        self.changed.notify_waiters();
        gone
    }

    /// Notes why a peer is not connected; true if it is news.
    pub(crate) fn trouble(&self, peer: PeerId, why: &LinkError) -> bool {
        let mut inner = self.lock();
        let Some(entry) = inner.peers.get_mut(&peer).filter(|entry| entry.link.is_none()) else {
            return false;
        };
        let why = Some(why.to_string());
        let news = entry.trouble != why;
        entry.trouble = why;
        news
    }

    pub(crate) fn ban(&self, peer: PeerId, why: &str) {
        let mut inner = self.lock();
        let now = Instant::now();
        let length = next_length(inner.bans.get(&peer), now, self.limits.ban);
        let until = now.checked_add(length).unwrap_or(now);
        tracing::warn!(%peer, ?length, why, "refusing a peer for a while");
        inner.bans.insert(peer, Ban { until, length, why: why.to_owned() });
        if let Some(link) = inner.peers.get(&peer).and_then(|entry| entry.link.as_ref()) {
            link.place.queue.end(why);
        }
    }

    pub(crate) fn queue(&self, peer: PeerId) -> Option<Arc<Queue>> {
        let inner = self.lock();
        let link = inner.peers.get(&peer)?.link.as_ref()?;
        Some(Arc::clone(&link.place.queue))
    }

    pub(crate) fn queues(&self) -> Vec<Arc<Queue>> {
        let inner = self.lock();
        let links = inner.peers.values().filter_map(|entry| entry.link.as_ref());
        links.map(|link| Arc::clone(&link.place.queue)).collect()
    }

    pub(crate) fn status(&self) -> Vec<PeerStatus> {
        self.lock().peers.values().map(Entry::status).collect()
    }
}

/// How long a peer is refused: twice as long as the last time, unless that is long ago.
fn next_length(before: Option<&Ban>, now: Instant, first: Duration) -> Duration {
    let is_recent = |ban: &&Ban| now.saturating_duration_since(ban.until) < MAX_BAN;
    let before = before.filter(is_recent);
    before.map_or(first, |ban| ban.length.saturating_mul(2)).min(MAX_BAN)
}

impl Entry {
    fn status(&self) -> PeerStatus {
        let link = self.link.as_ref();
        let stats = &self.stats;
        let round_trip = Some(stats.round_trip.get()).filter(|micros| *micros != 0);
        PeerStatus {
            id: self.allowed.id(),
            address: link.map(|link| link.offer.address),
            since: self.since.elapsed(),
            outbound: link.is_some_and(|link| link.offer.outbound),
            height: link.map_or(0, |link| link.offer.height),
            round_trip: round_trip.map(Duration::from_micros),
            queued: link.map_or(0, |link| link.place.queue.bytes()),
            received: stats.received.get(),
            received_bytes: stats.received_bytes.get(),
            sent: stats.sent.get(),
            sent_bytes: stats.sent_bytes.get(),
            dropped: stats.dropped.get(),
            links: stats.links.get(),
            trouble: self.trouble.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bans_become_longer_and_are_forgotten_after_a_good_day() {
        let (first, now) = (Duration::from_secs(60), Instant::now());
        assert_eq!(next_length(None, now, first), first);
        let ban = |length| Ban { until: now, length, why: String::new() };
        assert_eq!(next_length(Some(&ban(first)), now, first), first * 2);
        assert_eq!(next_length(Some(&ban(MAX_BAN)), now, first), MAX_BAN);
        let long = ban(MAX_BAN);
        assert_eq!(next_length(Some(&long), now + MAX_BAN / 2, first), MAX_BAN);
        assert_eq!(next_length(Some(&long), now + MAX_BAN, first), first);
    }
}
