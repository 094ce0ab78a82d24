//! When what goes wrong: drawn from the seed before the run begins.

use crate::rng::Rng;
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
    /// A stopped node loses its log, as if a backup without it had been restored.
    Wipe { node: usize },
    /// A node that is stopped starts.
    Start { node: usize },
    /// Nodes hear only those on their side: one bit each.
    Part { sides: u64 },
    /// Everybody hears everybody.
    Join,
}

/// Faults with their times in microseconds, and the time from which nothing goes wrong any more.
/// `wipes` are logs lost beside those that the seed draws.
pub(crate) fn plan(world: &World, heights: u64, wipes: u64) -> (Vec<(u64, Fault)>, u64) {
    let mut rng = Rng::new(world.seed, 2);
    let nodes = world.keys.len();
    let heal = heights * rng.between(40_000, 90_000) + 500_000;
    let mut faults = Vec::new();
    for _ in 0..rng.between(1, 8) {
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
    // One validator's log is lost for good, where enough others can go on without its vote.
    let node = rng.place(nodes);
    let alone = world.villain.is_none() && world.can_miss(node);
    let wipes = if alone { wipes + u64::from(rng.chance(400)) } else { 0 };
    for _ in 0..wipes {
        let at = rng.below(heal * 4 / 5);
        faults.push((at, Fault::PowerOff { node }));
        faults.push((at, Fault::Wipe { node }));
        faults.push((at + 1_000, Fault::Start { node }));
    }
    // Late joiners.
    for node in 0..nodes {
        let late = node >= 4 && rng.chance(600);
        let at = if late { rng.below(heal) } else { 0 };
        faults.push((at, Fault::Start { node }));
        faults.push((heal, Fault::Start { node }));
    }
    faults.push((heal, Fault::Join));
    faults.sort_by_key(|(at, _)| *at);
    (faults, heal)
}
