//! Payloads and wraps of events that other nodes took: fetched from peers when the event is final,
//! checked, and kept, so that every validator can serve them, and so that none is lost with a host.
//!
//! ```text
//! log -> what is lacking here -> ask a peer -> check against the event -> committer keeps it
//! a peer asks -> what is here and not redacted
//! ```
//!
//! All of it has a thread of its own: reading payloads must not keep a vote waiting. The driver hands
//! on what peers ask, and the one answer that is waited for.
//!
//! **Invariant:** salts, chain keys and what they open never travel; wraps and ciphertexts do.

pub(crate) mod serve;
mod wants;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cairn_consensus::behind::{Asked, Behind};
use cairn_consensus::gossip::Gossip;
use cairn_net::{Network, PeerId};
use cairn_store::index::Mark;
use cairn_verifier::digest::EventId;
use cairn_verifier::event::{Kind, Payload, SignedEvent};

use crate::clock::Stopwatch;
use crate::node::{Keep, Kept, NodeError, Request, Shared};
use wants::{Heard, Lack, Wants};

/// What peers ask may wait here; more is left unanswered, and they ask another one.
const INPUTS: usize = 64;
/// How often the log is looked at.
const TICK: Duration = Duration::from_millis(100);
/// How many events are looked at before peers are.
const STEP: u64 = 256;
/// Bytes that a peer is sent in a second.
const SERVED: usize = 32 << 20;
/// When the whole log is looked at again, if something had to be left out.
const AGAIN: Duration = Duration::from_secs(3_600);
/// How long to wait after the disk failed.
const RETRY: Duration = Duration::from_secs(1);

#[derive(Debug)]
enum Input {
    Asks(PeerId, Vec<Asked>),
    Answers(PeerId, Vec<Behind>),
    Came,
}

/// The driver's end.
#[derive(Debug)]
pub(crate) struct Fetching {
    to: SyncSender<Input>,
    links: Mutex<Links>,
}

#[derive(Debug, Default)]
struct Links {
    up: BTreeSet<PeerId>,
    /// Whose answer is waited for: no other one is kept in memory.
    asked: Option<PeerId>,
}

/// What the thread begins with.
#[derive(Debug)]
pub(crate) struct Inputs(Receiver<Input>);

impl Fetching {
    pub(crate) fn new() -> (Arc<Self>, Inputs) {
        let (to, inputs) = sync_channel(INPUTS);
        (Arc::new(Self { to, links: Mutex::default() }), Inputs(inputs))
    }

    fn links(&self) -> MutexGuard<'_, Links> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn up(&self, peer: PeerId) {
        self.links().up.insert(peer);
        // One that has much to do looks at who is there anyway.
        let _is_full = self.to.try_send(Input::Came);
    }

    pub(super) fn down(&self, peer: &PeerId) {
        self.links().up.remove(peer);
    }

    pub(super) fn asks(&self, peer: PeerId, asked: Vec<Asked>) {
        let _is_full = self.to.try_send(Input::Asks(peer, asked));
    }

    pub(super) fn answers(&self, peer: PeerId, behind: Vec<Behind>) {
        if self.links().asked.take_if(|asked| *asked == peer).is_some() {
            let _is_full = self.to.try_send(Input::Answers(peer, behind));
        }
    }
}

/// The thread's end.
struct Fetcher<'a> {
    shared: &'a Shared,
    network: &'a dyn Network,
    fetching: &'a Fetching,
    queue: &'a SyncSender<Request>,
    wants: Wants,
    watch: Stopwatch,
    /// The next event to be looked at.
    next: u64,
    /// When to begin with the first one again.
    again: Option<Duration>,
    /// What each peer was sent in this second.
    served: BTreeMap<PeerId, (u64, usize)>,
}

/// Fetches and serves until the node closes.
pub(crate) fn run(
    shared: &Shared,
    network: &dyn Network,
    (fetching, inputs): (&Fetching, &Inputs),
    queue: &SyncSender<Request>,
) {
    let mut fetcher = Fetcher {
        shared,
        network,
        fetching,
        queue,
        wants: Wants::default(),
        watch: Stopwatch::start(),
        next: 0,
        again: None,
        served: BTreeMap::new(),
    };
    let mut wait = Duration::ZERO;
    while !shared.progress.rest_or_close(Duration::ZERO) {
        let done = match inputs.0.recv_timeout(wait) {
            Ok(input) => fetcher.input(input),
            Err(RecvTimeoutError::Timeout) => Ok(()),
            Err(RecvTimeoutError::Disconnected) => return,
        };
        wait = match done.and_then(|()| fetcher.tick()) {
            Ok(true) => Duration::ZERO,
            Ok(false) => TICK,
            Err(error) => {
                tracing::error!(%error, "what stands behind events cannot be read or kept; trying again");
                RETRY
            }
        };
    }
}

impl Fetcher<'_> {
    fn input(&mut self, input: Input) -> Result<(), NodeError> {
        match input {
            Input::Came => {
                self.wants.came(self.watch.elapsed());
                Ok(())
            }
            Input::Asks(peer, asked) => self.serve(peer, &asked),
            Input::Answers(peer, behind) => self.take(peer, behind),
        }
    }

    /// Looks at some events and asks a peer; whether there is more to be looked at now.
    fn tick(&mut self) -> Result<bool, NodeError> {
        let more = self.look()?;
        let up = self.fetching.links().up.clone();
        let shared = self.shared;
        let kept_from = shared.payloads_from()?;
        let is_wanted = |event: &EventId| shared.is_kept_behind(event, kept_from);
        if let Some((peer, asked)) = self.wants.ask(self.watch.elapsed(), &up, is_wanted)? {
            self.fetching.links().asked = Some(peer);
            let message = Gossip::WantBehind { height: self.height(), asked };
            if !self.network.send(peer, &message.encode()) {
                self.wants.gone(&peer);
            }
        }
        let lacking = u32::try_from(self.wants.len()).unwrap_or(u32::MAX);
        metrics::gauge!("cairn_payloads_lacking").set(f64::from(lacking));
        Ok(more)
    }

    fn height(&self) -> u64 {
        self.shared.blocks.end()
    }

    /// Looks for what is lacking behind the next events that are final; whether there are more.
    fn look(&mut self) -> Result<bool, NodeError> {
        let now = self.watch.elapsed();
        if self.again.take_if(|again| now >= *again).is_some() {
            self.next = 0;
        }
        let step = usize::try_from(STEP).unwrap_or(usize::MAX);
        let (has_room, left_out) = self.wants.make_room(step);
        if left_out {
            self.again.get_or_insert_with(|| now.saturating_add(AGAIN));
        }
        let indexed = self.shared.index.mark(Mark::Entries)?;
        let size = self.shared.state().final_size().min(indexed);
        if !has_room || self.next >= size {
            return Ok(false);
        }
        let from = self.next.max(self.shared.payloads_from()?).min(size);
        let end = from.saturating_add(STEP).min(size);
        let mut found = Vec::new();
        self.shared.entries.scan(from..end, |index, bytes| {
            let damaged = |reason| NodeError::Damaged { what: "entry", index, reason };
            let event = SignedEvent::decode(bytes).map_err(damaged)?;
            let payload = event.body().payload;
            let has_wraps =
                matches!(payload, Payload::Sealed(_)) || event.body().kind == Kind::Grant;
            let payload = payload.stored();
            if payload.is_some() || has_wraps {
                found.push((event.id(), index, payload, has_wraps));
            }
            Ok::<_, NodeError>(())
        })?;
        for (event, index, payload, has_wraps) in found {
            let payload = payload.is_some_and(|digest| !self.shared.blobs.contains(&digest));
            let wraps = has_wraps && self.shared.index.records_of(index)?.is_empty();
            if payload || wraps {
                self.wants.add(event, Lack { index, payload, wraps });
            }
        }
        self.next = end;
        Ok(end < size)
    }

    fn serve(&mut self, peer: PeerId, asked: &[Asked]) -> Result<(), NodeError> {
        let second = self.watch.elapsed().as_secs();
        let served = self.served.get(&peer).filter(|(at, _)| *at == second);
        let before = served.map_or(0, |(_, bytes)| *bytes);
        if before >= SERVED {
            return Ok(());
        }
        let behind = serve::answer(self.shared, asked)?;
        let message = Gossip::Behind { height: self.height(), behind }.encode();
        // Those who did not ask in this second are not counted any more.
        self.served.retain(|_, (at, _)| *at == second);
        self.served.insert(peer, (second, before.saturating_add(message.len())));
        self.network.send(peer, &message);
        Ok(())
    }

    /// Keeps what a peer sent, if it is what it was asked for.
    fn take(&mut self, peer: PeerId, behind: Vec<Behind>) -> Result<(), NodeError> {
        let Some(asked) = self.wants.answered(&peer) else { return Ok(()) };
        let (mut heard, mut all) = (Vec::new(), Vec::new());
        for (at, behind) in behind.into_iter().enumerate() {
            let asked = asked.get(at).filter(|asked| asked.event == behind.event);
            let Some(asked) = asked else {
                self.ban(peer, "it answered for events that it was not asked for");
                return Ok(());
            };
            let Some(lack) = self.wants.lack(&asked.event) else { continue };
            let had = Heard {
                payload: behind.payload.is_some(),
                wraps: (behind.known && asked.wraps).then_some(!behind.wraps.is_empty()),
            };
            match serve::check(self.shared, (lack.index, asked), behind)? {
                Ok(kept) => all.push(kept),
                Err(why) => {
                    self.ban(peer, &why);
                    return Ok(());
                }
            }
            heard.push((asked.event, had));
        }
        if !self.keep(all)? {
            return Ok(());
        }
        let others = self.others();
        for (event, had) in heard {
            self.wants.heard((peer, &event), had, &others);
        }
        Ok(())
    }

    /// Has the committer keep it; `false` if the node closes.
    fn keep(&self, all: Vec<Kept>) -> Result<bool, NodeError> {
        let has_something = |kept: &Kept| kept.payload.is_some() || !kept.wraps.is_empty();
        let all: Vec<_> = all.into_iter().filter(has_something).collect();
        if all.is_empty() {
            return Ok(true);
        }
        let count = u64::try_from(all.len()).unwrap_or(u64::MAX);
        let (request, answer) = Keep::request(all);
        if self.queue.send(request).is_err() {
            return Ok(false);
        }
        match answer.recv() {
            Ok(kept) => kept?,
            Err(_) => return Ok(false),
        }
        metrics::counter!("cairn_payloads_fetched_total").increment(count);
        Ok(true)
    }

    /// All other validators of the set in force.
    fn others(&self) -> BTreeSet<PeerId> {
        let own = self.shared.own_keys().map(|keys| keys.validator.key_id());
        self.shared.signing_set().ids().filter(|id| Some(*id) != own).collect()
    }

    fn ban(&mut self, peer: PeerId, why: &str) {
        tracing::warn!(%peer, why, "disconnecting a peer");
        metrics::counter!("cairn_peers_banned_total").increment(1);
        self.fetching.down(&peer);
        self.network.ban(peer, why);
        self.wants.blame(peer);
    }
}
