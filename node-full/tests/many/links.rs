//! Links in memory: every message takes some milliseconds, and links can be cut.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use cairn_net::{AllowedPeer, Incoming, Network, PeerId, PeerStatus, Room};

const DELAY: Duration = Duration::from_millis(3);

/// All links of one log.
#[derive(Clone, Default)]
pub(crate) struct Links(Arc<Hub>);

#[derive(Default)]
struct Hub {
    state: Mutex<State>,
    moved: Condvar,
}

#[derive(Default)]
struct State {
    up: BTreeMap<PeerId, (u64, SyncSender<Incoming>)>,
    lives: u64,
    cut: BTreeSet<PeerId>,
    flying: VecDeque<(Instant, PeerId, u64, Incoming)>,
    bans: Vec<(PeerId, PeerId, String)>,
    /// Rewrites what a peer sends.
    bent: BTreeMap<PeerId, Bend>,
}

pub(crate) type Bend = fn(&[u8]) -> Vec<u8>;

/// One node's end.
pub(crate) struct End {
    links: Links,
    own: PeerId,
    life: u64,
}

impl Links {
    pub(crate) fn new() -> Self {
        let links = Self::default();
        let hub = Arc::downgrade(&links.0);
        std::thread::spawn(move || {
            while let Some(hub) = hub.upgrade() {
                hub.deliver();
            }
        });
        links
    }

    /// A node comes up; whoever is up hears of it, and it of them.
    pub(crate) fn join(&self, own: PeerId) -> (Arc<dyn Network>, Receiver<Incoming>) {
        let (sender, receiver) = sync_channel(10_000);
        let mut state = self.0.state.lock().unwrap();
        state.lives += 1;
        let life = state.lives;
        state.up.insert(own, (life, sender));
        let others: Vec<_> = state.up.keys().copied().filter(|id| *id != own).collect();
        for other in others {
            if !state.cut.contains(&own) && !state.cut.contains(&other) {
                state.fly(own, Incoming::Up(other));
                state.fly(other, Incoming::Up(own));
            }
        }
        (Arc::new(End { links: self.clone(), own, life }), receiver)
    }

    /// Nothing comes or goes any more.
    pub(crate) fn cut(&self, id: PeerId) {
        let mut state = self.0.state.lock().unwrap();
        state.cut.insert(id);
        state.say_down(id);
    }

    pub(crate) fn mend(&self, id: PeerId) {
        let mut state = self.0.state.lock().unwrap();
        state.cut.remove(&id);
        let others: Vec<_> = state.up.keys().copied().filter(|it| *it != id).collect();
        for other in others {
            state.fly(id, Incoming::Up(other));
            state.fly(other, Incoming::Up(id));
        }
    }

    pub(crate) fn bend(&self, id: PeerId, bend: Bend) {
        self.0.state.lock().unwrap().bent.insert(id, bend);
    }

    /// Who banned whom, and why.
    pub(crate) fn bans(&self) -> Vec<(PeerId, PeerId, String)> {
        self.0.state.lock().unwrap().bans.clone()
    }
}

impl Hub {
    fn deliver(&self) {
        let mut state = self.state.lock().unwrap();
        let now = Instant::now();
        while state.flying.front().is_some_and(|(at, ..)| *at <= now) {
            let Some((_, to, life, incoming)) = state.flying.pop_front() else { break };
            if let Some((alive, sender)) = state.up.get(&to)
                && *alive == life
            {
                let _full = sender.try_send(incoming);
            }
        }
        let wait = state.flying.front().map_or(Duration::from_millis(20), |(at, ..)| {
            at.saturating_duration_since(now).max(Duration::from_micros(100))
        });
        drop(self.moved.wait_timeout(state, wait).unwrap());
    }
}

impl State {
    fn fly(&mut self, to: PeerId, incoming: Incoming) {
        if let Some((life, _)) = self.up.get(&to) {
            self.flying.push_back((Instant::now() + DELAY, to, *life, incoming));
        }
    }

    fn say_down(&mut self, id: PeerId) {
        let others: Vec<_> = self.up.keys().copied().filter(|it| *it != id).collect();
        for other in others {
            self.fly(other, Incoming::Down(id));
            self.fly(id, Incoming::Down(other));
        }
    }
}

impl End {
    fn post(&self, to: PeerId, message: &[u8]) -> bool {
        let mut state = self.links.0.state.lock().unwrap();
        let is_cut = state.cut.contains(&self.own) || state.cut.contains(&to);
        if is_cut || !state.up.contains_key(&to) {
            return false;
        }
        let bytes = match state.bent.get(&self.own) {
            Some(bend) => bend(message),
            None => message.to_vec(),
        };
        state.fly(to, Incoming::Message { from: self.own, bytes, room: Room::default() });
        true
    }
}

impl Network for End {
    fn send(&self, to: PeerId, message: &[u8]) -> bool {
        self.post(to, message)
    }

    fn broadcast(&self, message: &[u8]) {
        let up: Vec<_> = self.links.0.state.lock().unwrap().up.keys().copied().collect();
        for to in up.into_iter().filter(|to| *to != self.own) {
            self.post(to, message);
        }
    }

    fn ban(&self, peer: PeerId, why: &str) {
        let mut state = self.links.0.state.lock().unwrap();
        state.bans.push((self.own, peer, why.to_owned()));
        state.fly(self.own, Incoming::Down(peer));
    }

    fn peers(&self) -> Vec<PeerStatus> {
        Vec::new()
    }

    fn allow(&self, _: Vec<AllowedPeer>) {}
}

impl Drop for End {
    fn drop(&mut self) {
        let mut state = self.links.0.state.lock().unwrap();
        if state.up.get(&self.own).is_some_and(|(life, _)| *life == self.life) {
            state.up.remove(&self.own);
            state.say_down(self.own);
        }
    }
}
