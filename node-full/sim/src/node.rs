//! One simulated machine: a host, its disk, its log, and a clock that is not quite right.

use std::sync::Arc;
use std::time::Duration;

use cairn_consensus::{Config, Host, HostError, Keeper, Limits, Output, Record, Timeouts};

use crate::disk::Disk;
use crate::flaw::{Flaw, broken};
use crate::ledger::Ledger;
use crate::rng::Rng;
use crate::trace::Seen;
use crate::world::World;

/// What a peer may cost here: little, so that too much is soon noticed.
pub(crate) const LIMITS: Limits = Limits {
    messages: 256,
    bytes: 4 << 20,
    checks: 128,
    later_messages: 32,
    later_bytes: 48 << 10,
    blocks: 2,
    served: 8,
};

pub(crate) const fn timeouts() -> Timeouts {
    Timeouts {
        propose: Duration::from_millis(300),
        propose_delta: Duration::from_millis(100),
        prevote: Duration::from_millis(150),
        prevote_delta: Duration::from_millis(80),
        precommit: Duration::from_millis(150),
        precommit_delta: Duration::from_millis(80),
        rebroadcast: Duration::from_millis(500),
        max_timeout: Duration::from_secs(4),
    }
}

pub(crate) struct Node<'w> {
    pub(crate) host: Option<Host>,
    pub(crate) keeper: Keeper<Disk>,
    pub(crate) ledger: Ledger<'w>,
    /// Counts restarts, so that what an earlier life asked for is not given to a later one.
    pub(crate) life: u64,
    /// How far its clock is off, in milliseconds.
    pub(crate) skew: i64,
    /// How fast its timers run, in percent.
    pub(crate) pace: u64,
    /// Its log was deleted, so it may fall silent.
    pub(crate) wiped: bool,
    pub(crate) started: bool,
}

impl<'w> Node<'w> {
    pub(crate) fn new(world: &'w World, flaw: Option<Flaw>, rng: &mut Rng) -> Self {
        let disk = Disk::new(flaw == Some(Flaw::LogSync));
        Self {
            host: None,
            keeper: Keeper::new(disk),
            ledger: Ledger::new(world),
            life: 0,
            skew: i64::try_from(rng.below(4_000)).unwrap_or(0) - 2_000,
            pace: rng.between(90, 110),
            wiped: false,
            started: false,
        }
    }

    /// Starts the machine, from whatever its disk has.
    pub(crate) fn start(
        &mut self,
        (world, me): (&'w World, usize),
        flaw: Option<Flaw>,
        seen: &mut Seen,
    ) -> Result<Vec<Output>, HostError> {
        let Some(key) = world.keys.get(me) else { return Ok(Vec::new()) };
        let set = self.ledger.set();
        self.life += 1;
        self.started = true;
        let record = match self.keeper.journal().record() {
            Some(bytes) => Some(Record::decode(bytes)?),
            None => None,
        };
        let height = self.ledger.next_height();
        let (entries, whole) = cairn_consensus::log::read(height, &self.keeper.journal().log());
        let mut disk = self.keeper.journal().clone();
        seen.torn += u64::from(disk.log().len() > whole);
        seen.replays += u64::from(!entries.is_empty());
        disk.cut(whole);
        self.keeper = Keeper::new(disk);
        let config =
            Config { log: world.log, timeouts: timeouts(), limits: LIMITS, broken: broken(flaw) };
        let key = Box::new(crate::world::SharedKey(Arc::clone(&key.0)));
        let mut host = Host::new(config, Some(key), record, set)?;
        let outputs = host.resume(height, set, &entries)?;
        seen.silent += u64::from(host.is_silent());
        self.host = Some(host);
        Ok(outputs)
    }

    /// Stops the machine; without power, what was not synced is gone or torn.
    pub(crate) fn stop(&mut self, power: bool, rng: &mut Rng) {
        self.host = None;
        self.life += 1;
        let disk = self.keeper.journal_mut();
        disk.fuse = None;
        if power {
            disk.lose_power(rng);
        }
    }
}
