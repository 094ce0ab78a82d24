//! When what goes wrong: drawn from the seed before the run begins.

use crate::disk::Refusal;
use crate::flaw::Flaw;
use crate::rng::Rng;
use crate::run::Options;
use crate::world::World;

/// One thing that goes wrong, or right again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A node stops; its machine keeps power.
    Kill { node: usize },
    /// A node's machine loses power at once.
    PowerOff { node: usize },
    /// A node's machine loses power after so many more bytes of log.
    Fuse { node: usize, bytes: u64 },
    /// A stopped node's log is replaced by a backup that has so many thousandths of it.
    Restore { node: usize, part: u64 },
    /// A node's disk refuses something once, after so many calls that it does not.
    Disk { node: usize, refusal: Refusal, after: u64 },
    /// A node's disk is full.
    Full { node: usize },
    /// It has room again.
    Room { node: usize },
    /// A node that is stopped starts.
    Start { node: usize },
    /// Nodes hear only those on their side: one bit each.
    Part { sides: u64 },
    /// Everybody hears everybody.
    Join,
}

impl Fault {
    /// The node that may lose its log and fall silent, if the fault does that.
    pub(crate) const fn loses_the_log_of(self) -> Option<usize> {
        match self {
            Self::Restore { node, .. }
            | Self::Disk { node, refusal: Refusal::SyncAndForget, .. } => Some(node),
            _ => None,
        }
    }
}

/// Faults with their times in microseconds.
type Plan = Vec<(u64, Fault)>;

/// Faults with their times, and the time from which nothing goes wrong any more.
pub(crate) fn plan(world: &World, options: &Options) -> (Plan, u64) {
    let nodes = world.keys.len();
    if options.calm.is_some() {
        return ((0..nodes).map(|node| (0, Fault::Start { node })).collect(), 0);
    }
    let mut rng = Rng::new(world.seed, 2);
    let heal = options.heights * rng.between(40_000, 90_000) + 500_000;
    let mut faults = Vec::new();
    for _ in 0..rng.between(1, 8) {
        machines(&mut faults, (nodes, heal), &mut rng);
    }
    losses(&mut faults, (world, heal), options.flaw, &mut rng);
    // Late joiners.
    let settled = if nodes < 8 { 4 } else { nodes - nodes / 10 };
    for node in 0..nodes {
        let late = node >= settled && rng.chance(600);
        let at = if late { rng.below(heal) } else { 0 };
        faults.push((at, Fault::Start { node }));
    }
    disks(&mut faults, (world, heal), options.flaw);
    for node in 0..nodes {
        faults.push((heal, Fault::Start { node }));
    }
    faults.push((heal, Fault::Join));
    faults.sort_by_key(|(at, _)| *at);
    (faults, heal)
}

/// A machine stops, or the network parts.
fn machines(faults: &mut Plan, (nodes, heal): (usize, u64), rng: &mut Rng) {
    let at = rng.below(heal * 4 / 5);
    let node = rng.place(nodes);
    let down = rng.between(20_000, 1_500_000);
    let bytes = rng.below(6_000);
    match rng.below(6) {
        0 => faults.push((at, Fault::Kill { node })),
        1 => faults.push((at, Fault::PowerOff { node })),
        2 | 3 => faults.push((at, Fault::Fuse { node, bytes })),
        4 => {
            // The whole place goes dark.
            for node in 0..nodes {
                let bytes = rng.below(4_000);
                faults.push((at, Fault::Fuse { node, bytes }));
                faults.push((at + down, Fault::Start { node }));
            }
        }
        _ => {
            let sides = rng.next();
            faults.push((at, Fault::Part { sides }));
            faults.push(((at + down).min(heal), Fault::Join));
        }
    }
    faults.push(((at + down).min(heal), Fault::Start { node }));
}

/// One validator's log is lost for good, where enough others can go on without its vote: somebody
/// deletes it, restores an old one, or the disk forgets what it had said it would not keep.
fn losses(faults: &mut Plan, (world, heal): (&World, u64), flaw: Option<Flaw>, rng: &mut Rng) {
    let node = rng.place(world.keys.len());
    if world.villain.is_some() || !world.can_miss(node) {
        return;
    }
    let restores = flaw.map_or(0, Flaw::restores) + u64::from(rng.chance(400));
    for _ in 0..restores {
        let at = rng.below(heal * 4 / 5);
        let part = if rng.chance(500) { 0 } else { rng.below(1_000) };
        faults.push((at, Fault::PowerOff { node }));
        faults.push((at, Fault::Restore { node, part }));
        faults.push((at + 1_000, Fault::Start { node }));
    }
    let forgets = flaw.map_or(0, Flaw::forgets) + u64::from(rng.chance(200));
    for _ in 0..forgets {
        let at = rng.below(heal * 4 / 5);
        let (refusal, after) = (Refusal::SyncAndForget, rng.below(4));
        faults.push((at, Fault::Disk { node, refusal, after }));
        let dark = at + rng.between(10_000, 1_000_000);
        faults.push((dark.min(heal), Fault::PowerOff { node }));
        faults.push(((dark + 1_000).min(heal), Fault::Start { node }));
    }
}

/// Disks that refuse something, or are full for a while.
fn disks(faults: &mut Plan, (world, heal): (&World, u64), flaw: Option<Flaw>) {
    let mut rng = Rng::new(world.seed, 4);
    let more = if flaw == Some(Flaw::DiskErrors) { 20 } else { 0 };
    for _ in 0..rng.below(5) + more {
        let at = rng.below(heal * 4 / 5);
        let node = rng.place(world.keys.len());
        if rng.chance(250) {
            let room = (at + rng.between(50_000, 2_000_000)).min(heal);
            faults.push((at, Fault::Full { node }));
            faults.push((room, Fault::Room { node }));
            continue;
        }
        let place = rng.place(Refusal::HARMLESS.len());
        let after = if rng.chance(500) { 0 } else { rng.below(12) };
        if let Some(refusal) = Refusal::HARMLESS.get(place).copied() {
            faults.push((at, Fault::Disk { node, refusal, after }));
        }
    }
}
