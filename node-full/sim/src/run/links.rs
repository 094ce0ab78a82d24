//! What the network, the faults and the villain do.

use std::rc::Rc;

use super::{Event, Run, Scene};
use crate::check::Violation;
use crate::faults::Fault;

impl Run<'_> {
    /// Sends a message, or what a villain makes of it.
    pub(super) fn send(&mut self, from: usize, to: usize, bytes: &[u8]) -> Result<(), Violation> {
        let now = self.clock(from);
        match &mut self.villain {
            Some((node, villain)) if *node == from => {
                let Some(ledger) = self.nodes.get(from).map(|node| &node.ledger) else {
                    return Ok(());
                };
                let (world, rng) = (self.world, &mut self.rng);
                let mut scene = Scene { world, me: from, ledger, now, rng };
                for bytes in villain.instead(&mut scene, to, bytes) {
                    self.carry(from, to, bytes);
                }
            }
            _ => {
                self.watch.sent(from, bytes)?;
                self.carry(from, to, bytes.to_vec());
            }
        }
        Ok(())
    }

    /// A link: it delays, loses, repeats and reorders until everything has healed.
    fn carry(&mut self, from: usize, to: usize, bytes: Vec<u8>) {
        let links = self.world.links;
        let side = |node: usize| self.sides >> (node % 64) & 1;
        let faulty = self.now < self.heal;
        if side(from) != side(to) || (faulty && self.rng.chance(links.loss)) {
            return;
        }
        let bytes = Rc::new(bytes);
        let copies = if faulty && self.rng.chance(links.twice) { 2 } else { 1 };
        for _ in 0..copies {
            let (low, high) = links.delay;
            let at = self.now + self.rng.between(low, high);
            self.put(at, Event::Deliver { from, to, bytes: Rc::clone(&bytes) });
        }
    }

    pub(super) fn villain_acts(&mut self) -> Result<(), Violation> {
        let Some(from) = self.villain.as_ref().map(|(node, _)| *node) else { return Ok(()) };
        let now = self.clock(from);
        let Some((_, villain)) = &mut self.villain else { return Ok(()) };
        let Some(ledger) = self.nodes.get(from).map(|node| &node.ledger) else { return Ok(()) };
        let mut sent = Vec::new();
        for to in (0..self.nodes.len()).filter(|to| *to != from) {
            let (world, rng) = (self.world, &mut self.rng);
            let mut scene = Scene { world, me: from, ledger, now, rng };
            sent.extend(villain.unasked(&mut scene).into_iter().map(|bytes| (to, bytes)));
        }
        for (to, bytes) in sent {
            self.carry(from, to, bytes);
        }
        let again = self.now + self.rng.between(20_000, 80_000);
        self.put(again, Event::Villain);
        Ok(())
    }

    pub(super) fn fault(&mut self, fault: Fault) -> Result<(), Violation> {
        match fault {
            Fault::Part { sides } => self.sides = sides,
            Fault::Join => self.sides = 0,
            Fault::Kill { node } | Fault::PowerOff { node } => {
                let power = matches!(fault, Fault::PowerOff { .. });
                if let Some(node) = self.nodes.get_mut(node) {
                    node.stop(power, &mut self.rng);
                }
            }
            Fault::Fuse { node, bytes } => {
                if let Some(node) = self.nodes.get_mut(node).filter(|node| node.host.is_some()) {
                    node.keeper.journal_mut().fuse = Some(bytes);
                }
            }
            Fault::Wipe { node } => {
                if let Some(node) = self.nodes.get_mut(node) {
                    node.keeper.journal_mut().wipe_log();
                    node.wiped = true;
                }
            }
            Fault::Start { node: place } => {
                let (world, flaw) = (self.world, self.options.flaw);
                let healed = self.now >= self.heal;
                let Some(node) = self.nodes.get_mut(place) else { return Ok(()) };
                if healed {
                    node.keeper.journal_mut().fuse = None;
                }
                if node.host.is_none() {
                    let outputs = node.start((world, place), flaw, &mut self.trace.seen);
                    return self.outputs(place, outputs);
                }
            }
        }
        Ok(())
    }
}
