//! What the network, the faults and the villain do.

use std::rc::Rc;

use cairn_consensus::wire;

use super::{Event, Run, Scene};
use crate::check::Violation;
use crate::disk::Refusal;
use crate::faults::Fault;
use crate::villains::Kind;

impl Run<'_> {
    /// Sends a message at a time, or what a villain makes of it.
    pub(super) fn send(
        &mut self,
        (from, at): (usize, u64),
        to: usize,
        bytes: &[u8],
    ) -> Result<(), Violation> {
        let now = self.clock(from);
        match &mut self.villain {
            Some((node, villain)) if *node == from => {
                let Some(ledger) = self.nodes.get(from).map(|node| &node.ledger) else {
                    return Ok(());
                };
                let (world, rng) = (self.world, &mut self.rng);
                let mut scene = Scene { world, me: from, ledger, now, rng };
                for bytes in villain.instead(&mut scene, to, bytes) {
                    self.carry((from, at), to, bytes);
                }
            }
            _ => {
                self.watch.sent(from, bytes)?;
                self.carry((from, at), to, bytes.to_vec());
            }
        }
        Ok(())
    }

    /// A link: it delays, loses, repeats and reorders until everything has healed.
    fn carry(&mut self, (from, sent): (usize, u64), to: usize, bytes: Vec<u8>) {
        let links = self.world.links;
        let side = |node: usize| self.sides >> (node % 64) & 1;
        let faulty = self.now < self.heal;
        if side(from) != side(to) || (faulty && self.rng.chance(links.loss)) {
            return;
        }
        if let (Some(finality), Ok((_, height))) = (&mut self.finality, wire::head(&bytes)) {
            finality.message(height);
        }
        let bytes = Rc::new(bytes);
        let copies = if faulty && self.rng.chance(links.twice) { 2 } else { 1 };
        for _ in 0..copies {
            let (low, high) = links.delay;
            let at = sent + self.rng.between(low, high);
            self.put(at, Event::Deliver { from, to, bytes: Rc::clone(&bytes) });
        }
    }

    /// What an equivocator tells an honest node, which the watch hears too: its votes are its own,
    /// while another villain's may be forged.
    pub(super) fn heard(&mut self, from: usize, to: usize, bytes: &[u8]) {
        if self.world.villain != Some((from, Kind::Equivocator)) {
            return;
        }
        let host = self.nodes.get(to).and_then(|node| node.host.as_ref());
        if let Some((height, true)) = host.map(cairn_consensus::Host::height) {
            self.watch.heard(to, height, bytes);
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
            self.carry((from, self.now), to, bytes);
        }
        let again = self.now + self.rng.between(20_000, 80_000);
        self.put(again, Event::Villain);
        Ok(())
    }

    pub(super) fn fault(&mut self, fault: Fault) -> Result<(), Violation> {
        match fault {
            Fault::Part { sides } => self.sides = sides,
            Fault::Join => self.sides = 0,
            Fault::Start { node } => return self.start(node),
            Fault::Kill { node }
            | Fault::PowerOff { node }
            | Fault::Fuse { node, .. }
            | Fault::Restore { node, .. }
            | Fault::Disk { node, .. }
            | Fault::Full { node }
            | Fault::Room { node } => self.fault_at(node, fault),
        }
        Ok(())
    }

    /// What happens to one machine.
    fn fault_at(&mut self, node: usize, fault: Fault) {
        let Some(node) = self.nodes.get_mut(node) else { return };
        match fault {
            Fault::Kill { .. } => node.stop(false, &mut self.rng),
            Fault::PowerOff { .. } => node.stop(true, &mut self.rng),
            Fault::Fuse { bytes, .. } if node.host.is_some() => {
                node.keeper.journal_mut().fuse = Some(bytes);
            }
            Fault::Restore { part, .. } => {
                node.keeper.journal_mut().restore(part);
                node.wiped = true;
            }
            Fault::Disk { refusal, after, .. } => {
                node.keeper.journal_mut().refuses = Some((refusal, after));
            }
            Fault::Full { .. } => {
                self.trace.seen.full_disks += 1;
                node.keeper.journal_mut().full = true;
            }
            Fault::Room { .. } => node.keeper.journal_mut().full = false,
            _ => {}
        }
    }

    fn start(&mut self, place: usize) -> Result<(), Violation> {
        let (world, flaw) = (self.world, self.options.flaw);
        let healed = self.now >= self.heal;
        let Some(node) = self.nodes.get_mut(place) else { return Ok(()) };
        if healed {
            node.keeper.journal_mut().heal();
        }
        if node.host.is_some() || self.refused(place, Refusal::Read)? {
            return Ok(());
        }
        let Some(node) = self.nodes.get_mut(place) else { return Ok(()) };
        let outputs = node.start((world, place), flaw, &mut self.trace.seen);
        self.outputs(place, outputs)
    }
}
