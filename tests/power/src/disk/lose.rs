//! Lost power: what was not synced is gone, or torn.

use std::collections::BTreeSet;

use super::bytes::apply;
use super::{Body, Change, Disk, Loss, Names, Naming, NodeNo, ROOT, name_as};
use crate::dice::Dice;
use crate::image::Image;

/// What a disk writes whole or not at all.
const SECTOR: usize = 512;

impl Disk {
    /// Takes the power away and gives it back: what is left is all durable.
    pub fn lose_power(&mut self, loss: Loss) {
        let mut dice = match loss {
            Loss::All => None,
            Loss::Torn(seed) => Some(Dice::new(seed)),
        };
        for node in self.nodes.values_mut() {
            match &mut node.body {
                Body::File { now, durable, changes } => {
                    let changes = std::mem::take(changes);
                    if let Some(dice) = &mut dice {
                        survive(&changes, dice, |change, dice| tear(durable, change, dice));
                    }
                    *now = durable.clone();
                }
                Body::Dir { now, durable, changes } => {
                    let changes = std::mem::take(changes);
                    if let Some(dice) = &mut dice {
                        survive(&changes, dice, |naming, _| keep_name(durable, naming));
                    }
                    now.clone_from(durable);
                }
            }
        }
        self.forget_unnamed();
    }

    /// Forgets what no name leads to any more, and learns where the rest stands.
    fn forget_unnamed(&mut self) {
        let mut named = BTreeSet::from([ROOT]);
        let mut dirs: Vec<NodeNo> = vec![ROOT];
        while let Some(dir) = dirs.pop() {
            let names = self.names(dir).cloned().unwrap_or_default();
            for (name, number) in names {
                if let Some(node) = self.nodes.get_mut(&number).filter(|_| named.insert(number)) {
                    node.place = (dir, name);
                    dirs.push(number);
                }
            }
        }
        self.nodes.retain(|number, _| named.contains(number));
    }
}

/// Lets no change of a file or directory survive, all of them, the first ones, or any.
fn survive<T>(changes: &[T], dice: &mut Dice, mut keep: impl FnMut(&T, &mut Dice)) {
    if changes.is_empty() {
        return;
    }
    let count = u64::try_from(changes.len()).unwrap_or(u64::MAX);
    let (limit, is_any) = match dice.below(4) {
        0 => (0, false),
        1 => (count, false),
        2 => (dice.below(count + 1), false),
        _ => (count, true),
    };
    for (_, change) in (0..limit).zip(changes) {
        if !is_any || dice.below(2) == 0 {
            keep(change, dice);
        }
    }
}

fn keep_name(names: &mut Names, naming: &Naming) {
    name_as(names, naming);
}

/// Makes a change whole, its beginning, its end, or any of its sectors.
fn tear(image: &mut Image, change: &Change, dice: &mut Dice) {
    let Change::Write { at, bytes } = change else { return apply(image, change) };
    let fate = dice.below(8);
    let cut = dice.below(u64::try_from(bytes.len()).unwrap_or(u64::MAX) + 1);
    let mut place = *at;
    let mut before = 0;
    // The first sector may be one that the write begins within.
    let first = SECTOR - usize::try_from(at % 512).unwrap_or(0);
    let (head, rest) = bytes.split_at(first.min(bytes.len()));
    for sector in std::iter::once(head).chain(rest.chunks(SECTOR)) {
        let survives = match fate {
            0 => before < cut,
            1 => before >= cut,
            2 => dice.below(2) == 0,
            _ => true,
        };
        if survives && !sector.is_empty() {
            image.write(place, sector);
        }
        let len = u64::try_from(sector.len()).unwrap_or(u64::MAX);
        (place, before) = (place + len, before + len);
    }
}
