//! One run: events in the order of their time, each followed by every check.

mod links;
mod outcome;

use std::collections::BTreeMap;
use std::rc::Rc;

use cairn_consensus::wire::Message;
use cairn_consensus::{HostError, Output, Peer, Timer};
use cairn_verifier::UnixMillis;
use cairn_verifier::digest::HeaderDigest;

use crate::check::{Failure, Violation, Watch};
use crate::faults::{Fault, plan};
use crate::flaw::Flaw;
use crate::node::{LIMITS, Node};
use crate::rng::Rng;
use crate::trace::{Seen, Trace};
use crate::villains::{Scene, Villain};
use crate::world::{GENESIS_TIME, World};

pub use outcome::{Options, Outcome};

#[derive(Clone, Debug)]
pub(crate) enum Event {
    Deliver { from: usize, to: usize, bytes: Rc<Vec<u8>> },
    Timer { node: usize, life: u64, timer: Timer },
    Built { node: usize, life: u64, place: (u64, u32) },
    Checked { node: usize, life: u64, header: HeaderDigest, block: Vec<u8>, certified: bool },
    Fault(Fault),
    Villain,
}

pub(crate) struct Run<'w> {
    world: &'w World,
    options: Options,
    rng: Rng,
    now: u64,
    heal: u64,
    queue: BTreeMap<(u64, u64), Event>,
    next: u64,
    nodes: Vec<Node<'w>>,
    sides: u64,
    villain: Option<(usize, Villain)>,
    watch: Watch<'w>,
    trace: Trace,
}

/// After healing, a height may take this long before the validators count as stuck.
const PATIENCE: u64 = 120_000_000;

/// Runs one seed.
#[must_use]
pub fn run(options: Options) -> Outcome {
    let villain = options.villain.or_else(|| options.flaw.and_then(Flaw::villain));
    let Some(mut world) = World::new(options.seed, villain) else {
        let violation = Violation::new(Failure::Stopped, "the world cannot be made");
        return Outcome {
            violation: Some(violation),
            hash: String::new(),
            heights: 0,
            seen: Seen::default(),
            millis: 0,
            villain: None,
        };
    };
    world.wiped = wiped(&world, &options);
    let mut run = Run::new(&world, options);
    let violation = run.all().err();
    let mut seen = run.trace.seen;
    (seen.handovers, seen.evidence) = (run.watch.handovers(), run.watch.evidence);
    Outcome {
        violation,
        hash: run.trace.hash(),
        heights: run.watch.heights(),
        seen,
        millis: run.now / 1_000,
        villain: world.villain.map(|(_, kind)| kind),
    }
}

/// Whose log the run will lose, so that no set will need that node's vote.
fn wiped(world: &World, options: &Options) -> Option<usize> {
    let (faults, _) = plan(world, options.heights, options.flaw.map_or(0, Flaw::wipes));
    faults.into_iter().find_map(|(_, fault)| match fault {
        Fault::Wipe { node } => Some(node),
        _ => None,
    })
}

impl<'w> Run<'w> {
    fn new(world: &'w World, options: Options) -> Self {
        let mut rng = Rng::new(options.seed, 3);
        let (faults, heal) = plan(world, options.heights, options.flaw.map_or(0, Flaw::wipes));
        let nodes = world.keys.iter().map(|_| Node::new(world, options.flaw, &mut rng)).collect();
        let mut run = Self {
            world,
            options,
            rng,
            now: 0,
            heal,
            queue: BTreeMap::new(),
            next: 0,
            nodes,
            sides: 0,
            villain: world.villain.map(|(node, kind)| (node, Villain::new(kind))),
            watch: Watch::new(world),
            trace: Trace::new(options.trace),
        };
        for (at, fault) in faults {
            run.put(at, Event::Fault(fault));
        }
        if run.villain.is_some() {
            run.put(50_000, Event::Villain);
        }
        run
    }

    fn put(&mut self, at: u64, event: Event) {
        self.next += 1;
        self.queue.insert((at, self.next), event);
    }

    fn all(&mut self) -> Result<(), Violation> {
        while let Some(((at, _), event)) = self.queue.pop_first() {
            self.now = at;
            self.trace.event(at, &event);
            self.step(event)?;
            if self.is_done() {
                return self.watch.whole_way();
            }
            if self.now > self.heal + PATIENCE {
                break;
            }
        }
        let heights: Vec<_> = self.nodes.iter().map(|node| node.ledger.next_height()).collect();
        let wanted = self.options.heights;
        let detail = format!("of {wanted} heights the nodes have {heights:?}");
        Err(Violation::new(Failure::Stuck, detail))
    }

    fn is_done(&self) -> bool {
        let reached = |node: &Node<'_>| node.ledger.next_height() >= self.options.heights;
        let honest = (0..).zip(&self.nodes).filter(|(node, _)| !self.world.is_villain(*node));
        self.now >= self.heal && honest.into_iter().all(|(_, node)| reached(node))
    }

    fn clock(&self, node: usize) -> UnixMillis {
        let skew = self.nodes.get(node).map_or(0, |node| node.skew);
        let now = GENESIS_TIME + 5_000 + self.now / 1_000;
        UnixMillis(now.saturating_add_signed(skew))
    }

    fn step(&mut self, event: Event) -> Result<(), Violation> {
        match event {
            Event::Fault(fault) => self.fault(fault),
            Event::Villain => self.villain_acts(),
            Event::Deliver { from, to, bytes } => {
                let peer = Peer(from as u64);
                self.at(to, None, |node, _| node.message(peer, &bytes))
            }
            Event::Timer { node, life, timer } => {
                self.at(node, Some(life), |host, _| host.timer(timer))
            }
            Event::Built { node, life, place } => {
                let now = self.clock(node);
                let Some(block) =
                    self.nodes.get(node).and_then(|it| it.ledger.build(now, &mut self.rng))
                else {
                    return Ok(());
                };
                self.at(node, Some(life), |host, _| host.built(place, block))
            }
            Event::Checked { node, life, header, block, certified } => {
                self.trace.seen.synced += u64::from(certified);
                let now = (!certified).then(|| self.clock(node));
                let flaw = self.options.flaw;
                self.at(node, Some(life), |host, ledger| {
                    let verdict = ledger.check(&block, now, flaw);
                    host.checked(ledger.next_height(), header, verdict)
                })
            }
        }
    }

    /// Calls a node that is up, in the life that the call was meant for.
    fn at(
        &mut self,
        place: usize,
        life: Option<u64>,
        call: impl FnOnce(
            &mut cairn_consensus::Host,
            &crate::ledger::Ledger<'_>,
        ) -> Result<Vec<Output>, HostError>,
    ) -> Result<(), Violation> {
        let Some(node) = self.nodes.get_mut(place) else { return Ok(()) };
        if life.is_some_and(|life| life != node.life) {
            return Ok(());
        }
        let Node { host: Some(host), ledger, .. } = node else { return Ok(()) };
        let outputs = call(host, ledger);
        self.outputs(place, outputs)
    }

    /// Performs what a node wants done, until it wants nothing more.
    fn outputs(
        &mut self,
        place: usize,
        outputs: Result<Vec<Output>, HostError>,
    ) -> Result<(), Violation> {
        let mut outputs = match outputs {
            Ok(outputs) => outputs,
            Err(error) => return self.stopped(place, &error),
        };
        loop {
            let Some(node) = self.nodes.get_mut(place) else { return Ok(()) };
            let Ok(left) = node.keeper.perform(outputs) else {
                node.stop(true, &mut self.rng);
                let back = self.now + self.rng.between(10_000, 800_000);
                self.put(back, Event::Fault(Fault::Start { node: place }));
                return Ok(());
            };
            let mut next = Vec::new();
            for output in left {
                if let Output::Decided(decided) = output {
                    next.extend(self.decided(place, &decided)?);
                } else {
                    self.output(place, output)?;
                }
            }
            self.look_at(place)?;
            if next.is_empty() {
                return Ok(());
            }
            outputs = next;
        }
    }

    fn stopped(&mut self, place: usize, error: &HostError) -> Result<(), Violation> {
        if self.world.is_villain(place) {
            if let Some(node) = self.nodes.get_mut(place) {
                node.host = None;
            }
            return Ok(());
        }
        Err(Violation::new(Failure::Stopped, format!("node {place}: {error}")))
    }

    fn output(&mut self, place: usize, output: Output) -> Result<(), Violation> {
        let Some(node) = self.nodes.get(place) else { return Ok(()) };
        let (life, pace) = (node.life, node.pace);
        match output {
            Output::Broadcast(bytes) => {
                for to in (0..self.nodes.len()).filter(|to| *to != place) {
                    self.send(place, to, &bytes)?;
                }
            }
            Output::Send { peer, bytes } => {
                self.send(place, usize::try_from(peer.0).unwrap_or(usize::MAX), &bytes)?;
            }
            Output::SetTimer { timer, after } => {
                let after = u64::try_from(after.as_micros()).unwrap_or(u64::MAX);
                let at = self.now + after / 100 * pace;
                self.put(at, Event::Timer { node: place, life, timer });
            }
            Output::Build { height, round, .. } => {
                let at = self.now + self.rng.between(1_000, 20_000);
                self.put(at, Event::Built { node: place, life, place: (height, round) });
            }
            Output::Check { header, block, certified, .. } => {
                let at = self.now + self.rng.between(100, 5_000);
                let node = place;
                self.put(at, Event::Checked { node, life, header, block, certified });
            }
            Output::Serve { peer, height } => {
                let at = usize::try_from(height).unwrap_or(usize::MAX);
                if let Some(decided) = node.ledger.finals.get(at) {
                    let (block, certificate) = (decided.block.clone(), decided.certificate.clone());
                    let bytes = Message::Final { height, block, certificate }.encode();
                    self.send(place, usize::try_from(peer.0).unwrap_or(usize::MAX), &bytes)?;
                }
            }
            Output::Ban { peer, fault } => {
                self.trace.seen.bans += 1;
                let banned = usize::try_from(peer.0).unwrap_or(usize::MAX);
                if !self.world.is_villain(place) && !self.world.is_villain(banned) {
                    let detail = format!("node {place} disconnected {banned}: {fault}");
                    return Err(Violation::new(Failure::HonestBanned, detail));
                }
            }
            // The keeper has these.
            Output::Begin { .. }
            | Output::Append { .. }
            | Output::Record(_)
            | Output::Decided(_) => {}
        }
        Ok(())
    }

    fn decided(
        &mut self,
        place: usize,
        decided: &cairn_consensus::Decided,
    ) -> Result<Vec<Output>, Violation> {
        if !self.world.is_villain(place) {
            let now = UnixMillis(GENESIS_TIME + 5_000 + self.now / 1_000);
            self.watch.decided((place, now), decided)?;
        }
        self.trace.decided(place, decided);
        let Some(node) = self.nodes.get_mut(place) else { return Ok(Vec::new()) };
        let applied = node.ledger.apply(decided);
        let (Some(()), set, Some(host)) = (applied, node.ledger.set(), &mut node.host) else {
            let detail = format!("node {place} cannot apply its own block");
            return Err(Violation::new(Failure::Rules, detail));
        };
        match host.start(node.ledger.next_height(), set) {
            Ok(outputs) => Ok(outputs),
            Err(error) => self.stopped(place, &error).map(|()| Vec::new()),
        }
    }

    /// What can be seen of a node from outside, after each of its steps.
    fn look_at(&self, place: usize) -> Result<(), Violation> {
        let Some(node) = self.nodes.get(place) else { return Ok(()) };
        let Some(host) = node.host.as_ref().filter(|_| !self.world.is_villain(place)) else {
            return Ok(());
        };
        if host.is_silent() && !node.wiped {
            let detail = format!("node {place} is silent at {}", host.height().0);
            return Err(Violation::new(Failure::LogNotDurable, detail));
        }
        // A share for each peer, and the blocks of some rounds.
        let limit = self.nodes.len() * (LIMITS.later_bytes + 4_000) + 64_000;
        if host.kept_bytes() > limit {
            let detail = format!("node {place} keeps {} bytes", host.kept_bytes());
            return Err(Violation::new(Failure::Memory, detail));
        }
        Ok(())
    }
}
