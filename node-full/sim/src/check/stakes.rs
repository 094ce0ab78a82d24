//! All stake, counted a second time and in the plainest way: from what was taken in, one act after
//! the other. What the rules make of it must be the same, and the power of validators with it.

use std::collections::BTreeMap;

use cairn_consensus::Set;
use cairn_consensus::epochs::{Accused, Change, Epochs, Move, Penalty, Sentence, Way};
use cairn_verifier::digest::KeyId;
use cairn_verifier::finality::ValidatorSet;
use cairn_verifier::state::PowerMode;

use crate::acts::{Taken, take_one};
use crate::ledger::split;
use crate::trace::Seen;
use crate::world::World;

/// Stake on its way back to its holder.
#[derive(Clone, Debug)]
struct Lot {
    validator: KeyId,
    amount: u64,
    /// The epoch in which it was taken back.
    epoch: u64,
    /// The last height at which it is held.
    until: u64,
}

#[derive(Clone, Debug, Default)]
struct Held {
    allotted: u64,
    bonded: BTreeMap<KeyId, u64>,
    leaving: Vec<Lot>,
    /// The gate of its newest move.
    moved: Option<u64>,
}

impl Held {
    fn of(&self, validator: &KeyId) -> u64 {
        self.bonded.get(validator).copied().unwrap_or(0)
    }

    fn held(&self) -> u64 {
        self.bonded.values().sum::<u64>() + self.leaving.iter().map(|lot| lot.amount).sum::<u64>()
    }

    /// Takes so much from a validator, to be held for a while.
    fn leave(&mut self, lot: Lot) {
        let left = self.of(&lot.validator).saturating_sub(lot.amount);
        self.bonded.insert(lot.validator, left);
        self.leaving.push(lot);
    }
}

/// All holders, and what counts.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    gate: u64,
    stake: bool,
    window: u64,
    holders: BTreeMap<KeyId, Held>,
    /// The set in force and its power, while that follows from stake.
    in_force: Option<BTreeMap<KeyId, u64>>,
    epoch: u64,
    seen: Seen,
}

impl Account {
    pub(super) fn new(gate: u32) -> Self {
        Self {
            gate: u64::from(gate.max(1)),
            stake: false,
            window: 1,
            holders: BTreeMap::new(),
            in_force: None,
            epoch: 0,
            seen: Seen::default(),
        }
    }

    /// Adds what happened to what was seen.
    pub(crate) const fn seen(&self, seen: &mut Seen) {
        seen.add(&self.seen);
    }

    /// Takes in the acts of a block that the rules allow, in their order.
    pub(super) fn take(
        &mut self,
        world: &World,
        epochs: &Epochs,
        block: &[u8],
    ) -> Result<(), String> {
        let Some((header, body)) = split(block) else { return Ok(()) };
        self.end_windows(header.height);
        let mut epochs = epochs.clone();
        for act in &body.acts {
            let roster = epochs.roster().clone();
            match take_one(world, &mut epochs, header.height, act) {
                Taken::Nothing => {}
                Taken::Changed(change) => self.changed(header.height, &change)?,
                Taken::Moved(asked) if asked.way == Way::Bond && !roster.has(&asked.validator) => {
                    return Err(format!("stake is bonded to {}, who is none", asked.validator));
                }
                Taken::Moved(asked) => self.moved(header.height, &asked)?,
                Taken::Accused(accused) => self.accused(&accused)?,
            }
        }
        Ok(())
    }

    /// What was held up to the height before is free.
    fn end_windows(&mut self, height: u64) {
        for holder in self.holders.values_mut() {
            let before = holder.leaving.len();
            holder.leaving.retain(|lot| lot.until >= height);
            self.seen.freed += (before - holder.leaving.len()) as u64;
        }
    }

    /// Stake that a holder takes back in the block of a height.
    fn lot(&self, height: u64, validator: KeyId, amount: u64) -> Lot {
        let until = height.next_multiple_of(self.gate) + self.gate * self.window;
        Lot { validator, amount, epoch: self.epoch, until }
    }

    fn changed(&mut self, height: u64, change: &Change) -> Result<(), String> {
        match change {
            Change::Mode(mode, window) => {
                (self.stake, self.window) = (*mode == PowerMode::Stake, u64::from(*window));
            }
            Change::Allot(id, 0) => drop(self.holders.remove(id)),
            Change::Allot(id, amount) => {
                let holder = self.holders.entry(*id).or_default();
                holder.allotted = *amount;
                if holder.held() > *amount {
                    return Err(format!("{id} is left {amount} and {} are held", holder.held()));
                }
            }
            Change::Remove(validator) => {
                let lot = self.lot(height, *validator, 0);
                for holder in self.holders.values_mut() {
                    let amount = holder.of(validator);
                    if amount > 0 {
                        holder.leave(Lot { amount, ..lot.clone() });
                    }
                }
            }
            Change::Add { .. } | Change::Weight(..) | Change::Penalty(_) => {}
        }
        Ok(())
    }

    fn moved(&mut self, height: u64, asked: &Move) -> Result<(), String> {
        self.seen.moves += 1;
        let Move { holder: id, validator, amount, way } = *asked;
        let (gate, wait) = (height.next_multiple_of(self.gate), self.gate * self.window);
        let lot = self.lot(height, validator, amount);
        let Some(holder) = self.holders.get_mut(&id) else {
            return Err(format!("{id} moves stake and was given none"));
        };
        match holder.moved {
            Some(before) if before != gate && gate < before + wait => {
                return Err(format!("{id} moved stake for gate {before}, and again for {gate}"));
            }
            _ => holder.moved = Some(gate),
        }
        match way {
            Way::Bond => {
                *holder.bonded.entry(validator).or_default() += amount;
                let (held, allotted) = (holder.held(), holder.allotted);
                if held > allotted {
                    return Err(format!("{id} was given {allotted} and {held} are bonded or held"));
                }
            }
            Way::Unbond if holder.of(&validator) < amount => {
                let bonded = holder.of(&validator);
                return Err(format!(
                    "{id} takes {amount} from {validator}, who has {bonded} of it"
                ));
            }
            Way::Unbond => holder.leave(lot),
        }
        Ok(())
    }

    /// A contradiction costs what is bonded to who signed it, and what left it since.
    fn accused(&mut self, accused: &Accused) -> Result<(), String> {
        let mut cut = 0;
        if accused.sentence == Sentence::Punished(Penalty::Remove) {
            for holder in self.holders.values_mut() {
                let mut own = holder.bonded.remove(&accused.key).unwrap_or(0);
                holder.leaving.retain(|lot| {
                    let is_liable = lot.validator == accused.key && lot.epoch >= accused.epoch;
                    own += if is_liable { lot.amount } else { 0 };
                    !is_liable
                });
                holder.allotted = holder.allotted.saturating_sub(own);
                cut += own;
            }
            self.holders.retain(|_, holder| holder.allotted > 0);
        }
        self.seen.cuts += u64::from(cut > 0);
        if cut == accused.cut {
            return Ok(());
        }
        Err(format!("evidence against {} cuts {} and not {cut}", accused.key, accused.cut))
    }

    /// The power of everybody by what is bonded.
    fn powers(&self, epochs: &Epochs) -> BTreeMap<KeyId, u64> {
        let bonded = |id: &KeyId| self.holders.values().map(|holder| holder.of(id)).sum::<u64>();
        let powers = epochs.roster().ids().map(|id| (id, bonded(&id)));
        powers.filter(|(_, power)| *power > 0).collect()
    }

    /// Looks whether the rules came to the same after the newest block.
    pub(super) fn compare(&mut self, epochs: &Epochs) -> Result<(), String> {
        let stakes = epochs.stakes();
        let height = epochs.height();
        let same = |what: &str, rules: u64, counted: u64| {
            if rules == counted {
                return Ok(());
            }
            Err(format!("behind height {height}: {what} is {rules} and not {counted}"))
        };
        same("how many hold stake", stakes.holders().len() as u64, self.holders.len() as u64)?;
        for (id, counted) in &self.holders {
            let Some(rules) = stakes.holders().get(id) else {
                return Err(format!("{id} holds no stake any more"));
            };
            same("an allotment", rules.allotted(), counted.allotted)?;
            let until = |lot: &&Lot| lot.until >= height;
            let leaving: u64 = counted.leaving.iter().filter(until).map(|lot| lot.amount).sum();
            let bonded: u64 = counted.bonded.values().sum();
            same("free stake", rules.free(height), counted.allotted - bonded - leaving)?;
        }
        let next = self.powers(epochs);
        if self.stake && power_of(epochs.next())? != next {
            return Err(format!("behind height {height}: the next set is not what is bonded"));
        }
        if epochs.now().epoch != self.epoch {
            self.epoch = epochs.now().epoch;
            self.in_force = self.stake.then_some(next);
        }
        match &self.in_force {
            Some(powers) if *powers != power_of(&epochs.now().set)? => {
                Err(format!("behind height {height}: the set in force is not what was bonded"))
            }
            in_force => {
                self.seen.staked += u64::from(in_force.is_some());
                Ok(())
            }
        }
    }
}

fn power_of(set: &Set) -> Result<BTreeMap<KeyId, u64>, String> {
    let set = ValidatorSet::decode(set.bytes()).map_err(|error| error.to_string())?;
    Ok(set.iter().map(|entry| (entry.key.id(), entry.power)).collect())
}
