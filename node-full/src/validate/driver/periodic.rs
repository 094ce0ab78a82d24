//! What the driver does when time has passed.

use std::sync::Arc;
use std::time::Duration;

use cairn_consensus::gossip::{EVENTS_LEN, Gossip, MAX_EVENTS};
use cairn_consensus::wire::Message;
use cairn_net::PeerId;

use super::Driver;
use crate::clock;
use crate::producer::EMPTY_BLOCK_AFTER;
use crate::validate::{ValidateError, block};

/// How often an idle node says where it is.
const STATUS: Duration = Duration::from_secs(2);
/// How often events that wait are told again, if they have waited so long.
const RETELL: Duration = Duration::from_secs(2);
/// How often events are looked for that waited too long.
const EXPIRE: Duration = Duration::from_secs(60);
/// How often the state of the links is asked for.
const PEERS: Duration = Duration::from_millis(500);

/// When each is due.
#[derive(Debug, Default)]
pub(super) struct Due {
    status: Duration,
    retell: Duration,
    expire: Duration,
    peers: Duration,
}

fn is_due(due: &mut Duration, now: Duration, every: Duration) -> bool {
    let is_due = now >= *due;
    if is_due {
        *due = now.saturating_add(every);
    }
    is_due
}

fn owned(events: &[Arc<Vec<u8>>]) -> Vec<Vec<u8>> {
    events.iter().map(|event| event.as_ref().clone()).collect()
}

impl Driver<'_> {
    /// Does all that is due.
    pub(super) fn tick(&mut self) -> Result<(), ValidateError> {
        self.tell_new();
        while let Some(timer) = self.timers.fired(self.now()) {
            let outputs = self.host.timer(timer)?;
            self.perform(outputs)?;
        }
        self.build()?;
        if !self.is_working() && self.now() >= self.next_start && self.is_wanted()? {
            self.start()?;
            self.build()?;
        }
        self.ask_for_blocks();
        let now = self.now();
        if is_due(&mut self.rounds.status, now, STATUS) && !self.is_working() {
            self.host.renew();
            let height = self.next_height();
            self.network().broadcast(&Message::Status { height }.encode());
        }
        if is_due(&mut self.rounds.retell, now, RETELL) {
            self.tell_promised();
        }
        if is_due(&mut self.rounds.expire, now, EXPIRE) {
            self.expire()?;
        }
        self.note();
        Ok(())
    }

    /// The next time at which something is due.
    pub(super) fn next_due(&self) -> Duration {
        let timers = self.timers.next();
        let building = self.building.map(|building| building.until);
        let stirred = self.stirred || self.shared.is_change_pending();
        let start = (stirred && !self.is_working()).then_some(self.next_start);
        let due = [timers, building, start, Some(self.rounds.status)];
        due.into_iter().flatten().min().unwrap_or_default()
    }

    /// Whether a height is to begin.
    fn is_wanted(&mut self) -> Result<bool, ValidateError> {
        if self.is_urgent() {
            return Ok(true);
        }
        let wanted = self.stirred && block::has_events(self.shared)?;
        self.stirred = wanted;
        Ok(wanted)
    }

    /// Whether a block is due whatever it holds.
    pub(super) fn is_urgent(&self) -> bool {
        if self.shared.is_change_pending() {
            return true;
        }
        let head = self.shared.head();
        head.is_none_or(|head| clock::now().since(head.header.time) >= EMPTY_BLOCK_AFTER)
    }

    /// Tells all peers what was accepted here since.
    fn tell_new(&mut self) {
        let Some(pool) = &self.shared.pool else { return };
        self.tell(None, owned(&pool.take_untold()));
    }

    /// Tells what was promised here and waits for so long.
    fn tell_promised(&self) {
        let Some(pool) = &self.shared.pool else { return };
        self.tell(None, owned(&pool.promised(RETELL, usize::from(MAX_EVENTS))));
    }

    /// Tells a peer that has just come what waits.
    pub(super) fn tell_waiting(&self, peer: PeerId) {
        let Some(pool) = &self.shared.pool else { return };
        self.tell(Some(peer), owned(&pool.waiting(usize::from(MAX_EVENTS))));
    }

    fn tell(&self, peer: Option<PeerId>, events: Vec<Vec<u8>>) {
        let (mut part, mut bytes) = (Vec::new(), 0_usize);
        let send = |events: Vec<Vec<u8>>| {
            if events.is_empty() {
                return;
            }
            let message = Gossip::Events { height: self.next_height(), events }.encode();
            match peer {
                Some(peer) => _ = self.network().send(peer, &message),
                None => self.network().broadcast(&message),
            }
        };
        for event in events {
            let with = bytes.saturating_add(event.len()).saturating_add(4);
            if with > EVENTS_LEN || part.len() >= usize::from(MAX_EVENTS) {
                send(std::mem::take(&mut part));
                bytes = 0;
            }
            bytes = bytes.saturating_add(event.len()).saturating_add(4);
            part.push(event);
        }
        send(part);
    }

    fn expire(&self) -> Result<(), ValidateError> {
        let Some(pool) = &self.shared.pool else { return Ok(()) };
        let lost = pool.expire(pool.now())?;
        if lost > 0 {
            tracing::error!(lost, "events that were accepted here waited too long for a block");
            metrics::counter!("cairn_events_expired_total").increment(lost);
        }
        Ok(())
    }

    /// Says how this validator is.
    pub(super) fn note(&mut self) {
        let now = self.now();
        let peers = is_due(&mut self.rounds.peers, now, PEERS).then(|| self.network().peers());
        let fill = self.shared.pool.as_ref().map(|pool| pool.fill()).unwrap_or_default();
        let (height, working) = (self.next_height(), self.is_working());
        let own = self.shared.own_keys().map(|keys| keys.validator.key_id());
        let votes = own.is_some_and(|own| self.set.ids().any(|id| id == own));
        let silent = self.silent().filter(|_| votes);
        let waiting = if self.votes { None } else { self.sign.why() };
        let round = if working { self.host.round() } else { 0 };
        let furthest = self.peers.furthest();
        self.shared.note_validator(|status| {
            (status.height, status.round, status.working) = (height, round, working);
            (status.votes, status.silent, status.peers_height) = (votes, silent, furthest);
            status.waiting = waiting;
            status.pool_events = u64::try_from(fill.events).unwrap_or(u64::MAX);
            status.pool_bytes = u64::try_from(fill.bytes).unwrap_or(u64::MAX);
            if let Some(peers) = peers {
                status.peers = peers;
            }
        });
    }

    /// Why nothing is signed at this height.
    fn silent(&self) -> Option<String> {
        if !self.votes {
            return self.sign.why();
        }
        let height = self.next_height();
        (self.is_working() && self.host.is_silent()).then(|| {
            let next = height.saturating_add(1);
            let alone = self.set.len() == 1;
            let hope = if alone {
                format!(
                    "; no other validator can end that height, so if nothing else has this key, \
                     start it with sign-from = {height} under [validator]"
                )
            } else {
                format!("; it signs again from height {next} on")
            };
            format!("its consensus log of height {height} was lost, and with it what it must keep to{hope}")
        })
    }
}
