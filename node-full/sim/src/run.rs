//! One run: events in the order of their time, each followed by every check.

mod finality;
mod links;
mod outcome;
mod outputs;

use std::collections::BTreeMap;
use std::rc::Rc;

use cairn_consensus::{HostError, Output, Peer, Timer};
use cairn_verifier::UnixMillis;
use cairn_verifier::digest::HeaderDigest;

use crate::check::{Failure, Violation, Watch};
use crate::faults::{Fault, plan};
use crate::flaw::Flaw;
use crate::node::Node;
use crate::rng::Rng;
use crate::trace::{Seen, Trace};
use crate::villains::{Scene, Villain};
use crate::world::{GENESIS_TIME, World};

pub use finality::{Calm, Finality};
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
    /// The height that the last of the honest works on, and since when.
    last: (u64, u64),
    /// What is measured in a calm network.
    finality: Option<Finality>,
}

/// After healing, the last of the validators may take this long for a height before they count as
/// stuck. All heights together may take longer: where delays are near the timers' times, rounds fail
/// one after the other without anybody's fault.
const PATIENCE: u64 = 120_000_000;

/// Runs one seed.
#[must_use]
pub fn run(options: Options) -> Outcome {
    let Some(mut world) = World::new(&options) else {
        let violation = Violation::new(Failure::Stopped, "the world cannot be made");
        return Outcome {
            violation: Some(violation),
            hash: String::new(),
            heights: 0,
            seen: Seen::default(),
            millis: 0,
            villain: None,
            finality: None,
        };
    };
    world.wiped = wiped(&world, &options);
    let mut run = Run::new(&world, options);
    let violation = run.all().err();
    let mut seen = run.trace.seen;
    (seen.handovers, seen.evidence) = (run.watch.handovers(), run.watch.evidence);
    run.watch.account.seen(&mut seen);
    Outcome {
        violation,
        hash: run.trace.hash(),
        heights: run.watch.heights(),
        seen,
        millis: run.now / 1_000,
        villain: world.villain.map(|(_, kind)| kind),
        finality: run.finality,
    }
}

/// Whose log the run will lose, so that no set will need that node's vote.
fn wiped(world: &World, options: &Options) -> Option<usize> {
    let (faults, _) = plan(world, options);
    faults.into_iter().find_map(|(_, fault)| fault.loses_the_log_of())
}

impl<'w> Run<'w> {
    fn new(world: &'w World, options: Options) -> Self {
        let mut rng = Rng::new(options.seed, 3);
        let (faults, heal) = plan(world, &options);
        let finality = options.calm.map(|calm| Finality::new(calm, world.keys.len()));
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
            last: (0, 0),
            finality,
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
                self.watch.whole_way()?;
                return self.finality.as_ref().map_or(Ok(()), Finality::check);
            }
            if self.now > self.deadline() {
                break;
            }
        }
        let heights: Vec<_> = self.nodes.iter().map(|node| node.ledger.next_height()).collect();
        let wanted = self.options.heights;
        let detail = format!("of {wanted} heights the nodes have {heights:?}");
        Err(Violation::new(Failure::Stuck, detail))
    }

    /// When the validators count as stuck, unless the last of them goes on before.
    fn deadline(&mut self) -> u64 {
        let honest = (0..).zip(&self.nodes).filter(|(node, _)| !self.world.is_villain(*node));
        let lowest = honest.map(|(_, node)| node.ledger.next_height()).min().unwrap_or(0);
        if lowest > self.last.0 {
            self.last = (lowest, self.now);
        }
        let calm = self.options.calm.map_or(0, |calm| calm.bound(self.nodes.len()));
        self.heal.max(self.last.1) + PATIENCE + calm
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
                self.heard(from, to, &bytes);
                self.at(to, None, |node, _| node.message(peer, &bytes))
            }
            Event::Timer { node, life, timer } => {
                if self.options.flaw == Some(Flaw::Timers) {
                    return Ok(());
                }
                self.at(node, Some(life), |host, _| host.timer(timer))
            }
            Event::Built { node, life, place } => {
                let now = self.clock(node);
                let Some(block) =
                    self.nodes.get(node).and_then(|it| it.ledger.build(now, &mut self.rng))
                else {
                    return Ok(());
                };
                if let Some(finality) = &mut self.finality {
                    finality.proposed(place.0, self.now);
                }
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
}
