//! What a node wants done, done: on its disk, on its links, and in its log.

use cairn_consensus::wire::{self, Message};
use cairn_consensus::{Decided, HostError, Output};
use cairn_verifier::UnixMillis;

use super::{Event, Run};
use crate::check::{Failure, Violation};
use crate::disk::{DiskError, Refusal};
use crate::faults::Fault;
use crate::flaw::{Flaw, counted};
use crate::node::LIMITS;
use crate::world::GENESIS_TIME;

impl Run<'_> {
    /// Performs what a node wants done, until it wants nothing more.
    pub(super) fn outputs(
        &mut self,
        place: usize,
        outputs: Result<Vec<Output>, HostError>,
    ) -> Result<(), Violation> {
        let mut outputs = match outputs {
            Ok(outputs) => outputs,
            Err(error) => return self.stopped(place, &error),
        };
        loop {
            self.work(place, &outputs);
            let Some(node) = self.nodes.get_mut(place) else { return Ok(()) };
            let left = match node.keeper.perform(outputs) {
                Ok(left) => left,
                Err(error) => return self.fails(place, error),
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

    /// A calm network's signatures take their time, one after the other.
    fn work(&mut self, place: usize, outputs: &[Output]) {
        let (Some(calm), Some(node)) = (self.options.calm, self.nodes.get_mut(place)) else {
            return;
        };
        let made = outputs.iter().map(|output| match output {
            Output::Broadcast(bytes) => match wire::head(bytes) {
                // A proposal has two.
                Ok((1, _)) => 2,
                Ok((2, _)) => 1,
                _ => 0,
            },
            _ => 0,
        });
        let checked = node.host.as_ref().map_or(0, cairn_consensus::Host::signatures_checked);
        let signatures = made.sum::<u64>() + (checked - node.checked);
        (node.checked, node.checks) = (checked, node.checks + checked - node.checked);
        node.busy = node.busy.max(self.now) + signatures * calm.signature;
    }

    /// When what a node does now has been done.
    fn done(&self, place: usize) -> u64 {
        self.nodes.get(place).map_or(self.now, |node| node.busy.max(self.now))
    }

    /// A node whose disk failed stops, as it must, and somebody starts it again.
    fn fails(&mut self, place: usize, error: DiskError) -> Result<(), Violation> {
        let Some(node) = self.nodes.get_mut(place) else { return Ok(()) };
        node.stop(error == DiskError::PowerLost, &mut self.rng);
        let seen = &mut self.trace.seen;
        match error {
            DiskError::PowerLost => {}
            DiskError::Refused(Refusal::Sync | Refusal::SyncAndForget) => seen.failed_syncs += 1,
            DiskError::Refused(Refusal::Read) => seen.failed_reads += 1,
            DiskError::Refused(_) => seen.failed_writes += 1,
        }
        let back = self.now + self.rng.between(10_000, 800_000);
        self.put(back, Event::Fault(Fault::Start { node: place }));
        Ok(())
    }

    pub(super) fn refused(&mut self, place: usize, kind: Refusal) -> Result<bool, Violation> {
        let Some(node) = self.nodes.get_mut(place) else { return Ok(false) };
        match node.keeper.journal_mut().ask(kind) {
            Ok(()) => Ok(false),
            Err(error) => self.fails(place, error).map(|()| true),
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
        let done = self.done(place);
        let Some(node) = self.nodes.get(place) else { return Ok(()) };
        let (life, pace) = (node.life, node.pace);
        match output {
            Output::Broadcast(bytes) => {
                for to in (0..self.nodes.len()).filter(|to| *to != place) {
                    self.send((place, done), to, &bytes)?;
                }
            }
            Output::Send { peer, bytes } => {
                let to = usize::try_from(peer.0).unwrap_or(usize::MAX);
                self.send((place, done), to, &bytes)?;
            }
            Output::SetTimer { timer, after } => {
                let after = u64::try_from(after.as_micros()).unwrap_or(u64::MAX);
                self.put(done + after / 100 * pace, Event::Timer { node: place, life, timer });
            }
            Output::Build { height, round, .. } => {
                let (low, high) = self.world.links.build;
                let at = done + self.rng.between(low, high);
                self.put(at, Event::Built { node: place, life, place: (height, round) });
            }
            Output::Check { header, block, certified, .. } => {
                let (low, high) = self.world.links.check;
                let at = done + self.rng.between(low, high);
                let node = place;
                self.put(at, Event::Checked { node, life, header, block, certified });
            }
            Output::Serve { peer, height } => {
                let at = usize::try_from(height).unwrap_or(usize::MAX);
                if let Some(decided) = node.ledger.finals.get(at) {
                    let (block, certificate) = (decided.block.clone(), decided.certificate.clone());
                    let bytes = Message::Final { height, block, certificate }.encode();
                    let to = usize::try_from(peer.0).unwrap_or(usize::MAX);
                    self.send((place, done), to, &bytes)?;
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

    fn decided(&mut self, place: usize, decided: &Decided) -> Result<Vec<Output>, Violation> {
        let unreported = Decided { evidence: Vec::new(), ..decided.clone() };
        let without_evidence = self.options.flaw == Some(Flaw::Evidence);
        let decided = if without_evidence { &unreported } else { decided };
        if !self.world.is_villain(place) {
            let now = UnixMillis(GENESIS_TIME + 5_000 + self.now / 1_000);
            self.watch.decided((place, now), decided)?;
        }
        self.trace.decided(place, decided);
        // A block that its disk refuses is decided again from the log.
        if self.refused(place, Refusal::Block)? {
            return Ok(Vec::new());
        }
        self.measure(place, decided.height);
        let flaw = self.options.flaw;
        let Some(node) = self.nodes.get_mut(place) else { return Ok(Vec::new()) };
        let applied = node.ledger.apply(decided);
        let set = counted(flaw, &node.ledger.epochs);
        let (Some(()), Some(host)) = (applied, &mut node.host) else {
            let detail = format!("node {place} cannot apply its own block");
            return Err(Violation::new(Failure::Rules, detail));
        };
        match host.start(node.ledger.next_height(), &set) {
            Ok(outputs) => Ok(outputs),
            Err(error) => self.stopped(place, &error).map(|()| Vec::new()),
        }
    }

    fn measure(&mut self, place: usize, height: u64) {
        let done = self.done(place);
        if let (Some(finality), Some(node)) = (&mut self.finality, self.nodes.get_mut(place)) {
            finality.decided(height, done, std::mem::take(&mut node.checks));
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
