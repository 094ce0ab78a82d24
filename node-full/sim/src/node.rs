//! One simulated machine: a host, its disk, its log, and a clock that is not quite right.

use std::sync::Arc;
use std::time::Duration;

use cairn_consensus::{Config, Host, HostError, Keeper, Limits, Output, Record, Timeouts};

use crate::disk::Disk;
use crate::flaw::{Flaw, broken, counted};
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

/// In a calm network no step waits for its time to run out.
pub(crate) const fn timeouts(calm: bool) -> Timeouts {
    if calm {
        let (long, none) = (Duration::from_secs(3_600), Duration::ZERO);
        return Timeouts {
            propose: long,
            propose_delta: none,
            prevote: long,
            prevote_delta: none,
            precommit: long,
            precommit_delta: none,
            rebroadcast: long,
            max_timeout: long,
        };
    }
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
    /// Until when it makes and checks signatures, in a calm network.
    pub(crate) busy: u64,
    /// How many signatures its host had checked when it was looked at last, and how many this
    /// height cost.
    pub(crate) checked: u64,
    pub(crate) checks: u64,
}

impl<'w> Node<'w> {
    pub(crate) fn new(world: &'w World, flaw: Option<Flaw>, rng: &mut Rng) -> Self {
        let disk = Disk::new(flaw == Some(Flaw::LogSync), flaw == Some(Flaw::DiskErrors));
        let skew = i64::try_from(rng.below(4_000)).unwrap_or(0) - 2_000;
        let pace = rng.between(90, 110);
        let calm = world.calm.is_some();
        Self {
            host: None,
            keeper: Keeper::new(disk),
            ledger: Ledger::new(world, broken(flaw)),
            life: 0,
            skew: if calm { 0 } else { skew },
            pace: if calm { 100 } else { pace },
            wiped: false,
            started: false,
            busy: 0,
            checked: 0,
            checks: 0,
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
        let set = &counted(flaw, &self.ledger.epochs);
        self.life += 1;
        self.started = true;
        self.checked = 0;
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
        let config = Config {
            log: world.log,
            timeouts: timeouts(world.calm.is_some()),
            limits: LIMITS,
            broken: broken(flaw),
        };
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
            self.wiped |= disk.lose_power(rng);
        }
    }
}
