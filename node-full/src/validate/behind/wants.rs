//! Which events lack something behind them here, and who was asked for it. Without IO.
//!
//! One peer is asked at a time, for some events at once. What it does not have, the next one is asked
//! for; when all that are connected were asked, the event rests, longer each time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cairn_consensus::behind::{Asked, MAX_BEHIND};
use cairn_net::PeerId;
use cairn_verifier::digest::EventId;

/// The most events that are waited for at once.
const MAX_WANTS: usize = 4_096;
/// How long a peer has to answer: the longest payload passes a slow link in that time.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long an event rests first when nobody had it, and at most.
const REST: Duration = Duration::from_millis(250);
const LONGEST_REST: Duration = Duration::from_secs(600);
/// After so many rests one makes room for others, if there is need.
const PATIENT: u32 = 8;

/// What an event lacks here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lack {
    pub(super) index: u64,
    pub(super) payload: bool,
    pub(super) wraps: bool,
}

/// What a peer had of what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Heard {
    /// The payload, and it is kept.
    pub(super) payload: bool,
    /// Wraps, kept, or that it has none. Nothing of an event that is not final there yet.
    pub(super) wraps: Option<bool>,
}

#[derive(Debug)]
struct Want {
    lack: Lack,
    /// Who was asked since the last rest.
    tried: BTreeSet<PeerId>,
    /// Who said that it has no wraps of it.
    without: BTreeSet<PeerId>,
    due: Duration,
    rests: u32,
}

#[derive(Debug)]
struct Asking {
    peer: PeerId,
    asked: Vec<Asked>,
    until: Duration,
}

/// What is waited for.
#[derive(Debug, Default)]
pub(super) struct Wants {
    wants: BTreeMap<EventId, Want>,
    asking: Option<Asking>,
    misses: BTreeMap<PeerId, u32>,
}

impl Wants {
    pub(super) fn len(&self) -> usize {
        self.wants.len()
    }

    /// Whether there is room, after those that nobody had for long were left out if need be.
    /// Says too whether some were left out.
    pub(super) fn make_room(&mut self, events: usize) -> (bool, bool) {
        let fits = |len: usize| len.saturating_add(events) <= MAX_WANTS;
        if fits(self.wants.len()) {
            return (true, false);
        }
        let before = self.wants.len();
        self.wants.retain(|_, want| want.rests < PATIENT);
        (fits(self.wants.len()), self.wants.len() < before)
    }

    pub(super) fn add(&mut self, event: EventId, lack: Lack) {
        self.wants.entry(event).or_insert_with(|| Want {
            lack,
            tried: BTreeSet::new(),
            without: BTreeSet::new(),
            due: Duration::ZERO,
            rests: 0,
        });
    }

    pub(super) fn lack(&self, event: &EventId) -> Option<Lack> {
        self.wants.get(event).map(|want| want.lack)
    }

    /// Whom to ask for what, if nobody is being asked. `keep` says what is wanted still.
    pub(super) fn ask<E>(
        &mut self,
        now: Duration,
        up: &BTreeSet<PeerId>,
        mut keep: impl FnMut(&EventId) -> Result<bool, E>,
    ) -> Result<Option<(PeerId, Vec<Asked>)>, E> {
        self.expire(now, up);
        if self.asking.is_some() {
            return Ok(None);
        }
        let mut peers: Vec<_> = up.iter().copied().collect();
        peers.sort_by_key(|peer| self.misses.get(peer).copied().unwrap_or(0));
        for peer in peers {
            let mut asked = self.due_of(&peer, now);
            let mut failed = None;
            asked.retain(|one| match keep(&one.event) {
                Ok(is_wanted) => is_wanted || self.wants.remove(&one.event).is_none(),
                Err(error) => {
                    failed = Some(error);
                    false
                }
            });
            if let Some(error) = failed {
                return Err(error);
            }
            if !asked.is_empty() {
                let until = now.saturating_add(PATIENCE);
                self.asking = Some(Asking { peer, asked: asked.clone(), until });
                return Ok(Some((peer, asked)));
            }
        }
        self.rest(now, up);
        Ok(None)
    }

    fn due_of(&self, peer: &PeerId, now: Duration) -> Vec<Asked> {
        let due = self.wants.iter();
        let due = due.filter(|(_, want)| want.due <= now && !want.tried.contains(peer));
        let asked = due.map(|(event, want)| {
            let wraps = want.lack.wraps && !want.without.contains(peer);
            Asked { event: *event, payload: want.lack.payload, wraps }
        });
        let asked = asked.filter(|one| one.payload || one.wraps);
        asked.take(usize::from(MAX_BEHIND)).collect()
    }

    /// Events for which all were asked rest.
    fn rest(&mut self, now: Duration, up: &BTreeSet<PeerId>) {
        for want in self.wants.values_mut().filter(|want| want.due <= now) {
            want.tried.clear();
            want.due = now.saturating_add(pause(want.rests));
            want.rests = want.rests.saturating_add(u32::from(!up.is_empty()));
        }
    }

    /// Who is asked and does not answer, or is gone, is asked last.
    fn expire(&mut self, now: Duration, up: &BTreeSet<PeerId>) {
        let is_over = |asking: &mut Asking| now >= asking.until || !up.contains(&asking.peer);
        if let Some(asking) = self.asking.take_if(is_over) {
            self.missed(&asking);
        }
    }

    fn missed(&mut self, asking: &Asking) {
        self.blame(asking.peer);
        for one in &asking.asked {
            if let Some(want) = self.wants.get_mut(&one.event) {
                want.tried.insert(asking.peer);
            }
        }
    }

    /// A peer cannot be asked: what it was asked for, others are.
    pub(super) fn gone(&mut self, peer: &PeerId) {
        if let Some(asking) = self.asking.take_if(|asking| asking.peer == *peer) {
            self.missed(&asking);
        }
    }

    /// A peer lied: it is asked last.
    pub(super) fn blame(&mut self, peer: PeerId) {
        let misses = self.misses.entry(peer).or_default();
        *misses = misses.saturating_add(1);
    }

    /// What the peer was asked that answers now; none if it was not asked, or too long ago.
    pub(super) fn answered(&mut self, peer: &PeerId) -> Option<Vec<Asked>> {
        let asking = self.asking.take_if(|asking| asking.peer == *peer)?;
        self.misses.remove(peer);
        Some(asking.asked)
    }

    /// A peer came: it may have what nobody had.
    pub(super) fn came(&mut self, now: Duration) {
        for want in self.wants.values_mut() {
            want.due = want.due.min(now);
        }
    }

    /// The peer answered for an event. `others` are all who may have something behind it.
    pub(super) fn heard(
        &mut self,
        (peer, event): (PeerId, &EventId),
        heard: Heard,
        others: &BTreeSet<PeerId>,
    ) {
        let Some(want) = self.wants.get_mut(event) else { return };
        want.tried.insert(peer);
        want.lack.payload &= !heard.payload;
        match heard.wraps {
            None => {}
            Some(true) => want.lack.wraps = false,
            Some(false) => {
                want.without.insert(peer);
                // Some events have no wraps at all.
                want.lack.wraps &= !others.is_subset(&want.without);
            }
        }
        if !want.lack.payload && !want.lack.wraps {
            self.wants.remove(event);
        }
    }
}

/// 250 ms, 500 ms and so on.
fn pause(rests: u32) -> Duration {
    let factor = 2_u32.saturating_pow(rests.min(20));
    REST.saturating_mul(factor).min(LONGEST_REST)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
