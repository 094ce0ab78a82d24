//! Stake: what a quorum allotted to holders, and which validators they bonded it to. SPEC.md,
//! "Stake".
//!
//! ```text
//! allotted by a quorum --> free --bond--> bonded --unbond--> leaving --window of gates--> free
//!                                            |                  |
//!                                            +---- evidence ----+--> cut: neither allotted nor free
//! ```
//!
//! **Invariant:** the parts of a holder's stake that are not free are no more than its allotment.
//! **Invariant:** all allotments together are below 2^62, so whatever is bonded makes a set.
//! **Invariant:** heights are compared with gates only, so that all blocks between two gates see
//! the same.

use std::collections::BTreeMap;
use std::sync::Arc;

use cairn_verifier::digest::KeyId;
use cairn_verifier::finality::MAX_TOTAL_POWER;
use cairn_verifier::state::{Leaving, MAX_STAKE_PARTS, PowerMode, StakePart};
use cairn_verifier::wire::MAX_NUMBER;

use super::change::{encode, own};
use super::{Epochs, Penalty, Refused};
use crate::Set;
use crate::broken::Defence;

/// How many keys can hold stake.
pub const MAX_HOLDERS: usize = 100;

/// What a holder does with its stake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "SPEC.md has these")]
pub enum Way {
    /// Binds what is free to a validator.
    Bond,
    /// Takes it from a validator.
    Unbond,
}

/// A holder moves stake to a validator, or away from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "an event has these fields")]
pub struct Move {
    /// The key that holds the stake, and signs.
    pub holder: KeyId,
    /// The validator.
    pub validator: KeyId,
    /// How much.
    pub amount: u64,
    /// There or back.
    pub way: Way,
}

/// One holder's stake.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holder {
    allotted: u64,
    moved: u64,
    parts: BTreeMap<(KeyId, u64), StakePart>,
}

impl Holder {
    /// How much a quorum gave it, less what was cut.
    #[must_use]
    pub const fn allotted(&self) -> u64 {
        self.allotted
    }

    /// From which height on its newest move counts; 0 if it never moved any.
    #[must_use]
    pub const fn moved(&self) -> u64 {
        self.moved
    }

    /// What is bonded or leaving, also what is free since its newest move; ascending by validator
    /// and end.
    pub fn parts(&self) -> impl Iterator<Item = &StakePart> {
        self.parts.values()
    }

    /// How much it can bond, in the block of a height.
    #[must_use]
    pub fn free(&self, height: u64) -> u64 {
        let held = self.parts.values().filter(|part| is_held(part, height));
        self.allotted.saturating_sub(sum(held))
    }

    fn put(&mut self, part: StakePart) {
        let place = self.parts.entry(part.place());
        let same = place.or_insert(StakePart { amount: 0, ..part });
        same.amount = same.amount.saturating_add(part.amount);
        if let (Some(same), Some(other)) = (same.leaving.as_mut(), part.leaving) {
            same.epoch = same.epoch.max(other.epoch);
        }
    }

    /// Takes some of what is bonded to a validator.
    fn take(&mut self, validator: KeyId, amount: u64) -> Result<(), Refused> {
        let place = (validator, MAX_NUMBER);
        let bonded = self.parts.get(&place).map_or(0, |part| part.amount);
        match bonded.checked_sub(amount) {
            None => return Err(Refused::NotBonded { validator, asked: amount, bonded }),
            Some(0) => drop(self.parts.remove(&place)),
            Some(left) => {
                self.parts.insert(place, StakePart { validator, amount: left, leaving: None });
            }
        }
        Ok(())
    }
}

fn sum<'a>(parts: impl Iterator<Item = &'a StakePart>) -> u64 {
    parts.map(|part| part.amount).fold(0, u64::saturating_add)
}

/// Whether a part is not free in the block of a height.
fn is_held(part: &StakePart, height: u64) -> bool {
    part.leaving.is_none_or(|leaving| height <= leaving.until)
}

/// What the power of validators follows from, and all stake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stakes {
    mode: PowerMode,
    window: u16,
    holders: BTreeMap<KeyId, Holder>,
}

impl Default for Stakes {
    /// As a log begins: weights count, and nobody holds stake.
    fn default() -> Self {
        Self { mode: PowerMode::Weights, window: 1, holders: BTreeMap::new() }
    }
}

impl Stakes {
    /// What the power of validators follows from.
    #[must_use]
    pub const fn mode(&self) -> PowerMode {
        self.mode
    }

    /// How many gates stake is held after it stops to count.
    #[must_use]
    pub const fn window(&self) -> u16 {
        self.window
    }

    /// Who holds stake.
    #[must_use]
    pub const fn holders(&self) -> &BTreeMap<KeyId, Holder> {
        &self.holders
    }

    /// How much is bonded to a validator, by all holders.
    #[must_use]
    pub fn bonded(&self, validator: &KeyId) -> u64 {
        let place = (*validator, MAX_NUMBER);
        sum(self.holders.values().filter_map(|holder| holder.parts.get(&place)))
    }

    /// The set of those who were admitted, each with the power that counts.
    pub(super) fn set(&self, roster: &Set) -> Result<Set, Refused> {
        if self.mode == PowerMode::Weights {
            return Ok(roster.clone());
        }
        let mut entries: Vec<_> = super::change::entries(roster)?.iter().map(own).collect();
        for (entry, id) in entries.iter_mut().zip(roster.ids()) {
            entry.2 = self.bonded(&id);
        }
        entries.retain(|entry| entry.2 > 0);
        if entries.is_empty() { Err(Refused::NothingBonded) } else { encode(&entries) }
    }

    pub(super) fn set_mode(&mut self, mode: PowerMode, window: u16) -> Result<(), Refused> {
        if window == 0 {
            return Err(Refused::NoWindow);
        }
        if (self.mode, self.window) == (mode, window) {
            return Err(Refused::Nothing);
        }
        (self.mode, self.window) = (mode, window);
        Ok(())
    }

    /// A holder has so much from now on. What it bonded stays, or all of it ends with an allotment
    /// of nothing.
    pub(super) fn allot(&mut self, id: KeyId, to: u64, height: u64) -> Result<(), Refused> {
        let others = self.holders.iter().filter(|(other, _)| **other != id);
        let others = others.map(|(_, holder)| holder.allotted).fold(0, u64::saturating_add);
        let total = others.saturating_add(to);
        if total >= MAX_TOTAL_POWER {
            return Err(Refused::TooMuchStake { total });
        }
        let mut holder = self.holders.get(&id).cloned().unwrap_or_default();
        if holder.allotted == to {
            return Err(Refused::Nothing);
        }
        if to == 0 {
            self.holders.remove(&id);
            return Ok(());
        }
        let held = holder.allotted.saturating_sub(holder.free(height));
        if to < held {
            return Err(Refused::StakeHeld { asked: to, held });
        }
        holder.allotted = to;
        holder.parts.retain(|_, part| is_held(part, height));
        self.holders.insert(id, holder);
        let found = self.holders.len();
        if found > MAX_HOLDERS { Err(Refused::TooManyHolders { found }) } else { Ok(()) }
    }

    /// What was bonded to a validator that leaves begins to leave.
    pub(super) fn release(&mut self, validator: &KeyId, leaving: Leaving) {
        for holder in self.holders.values_mut() {
            if let Some(part) = holder.parts.remove(&(*validator, MAX_NUMBER)) {
                holder.put(StakePart { leaving: Some(leaving), ..part });
            }
        }
    }

    /// Whether a validator's evidence of an epoch can cut something, in the block of a height.
    pub(super) fn answers(&self, validator: &KeyId, (epoch, height): (u64, u64)) -> bool {
        let parts = self.holders.values().flat_map(Holder::parts);
        parts.into_iter().any(|part| is_liable(part, validator, (epoch, height)))
    }

    /// Cuts what is bonded to a validator, and what left it in the epoch or later and is not free.
    /// Says how much.
    pub(super) fn cut(&mut self, of: &KeyId, at: (u64, u64), penalty: Penalty) -> u64 {
        let mut all = 0_u64;
        for holder in self.holders.values_mut() {
            let mut cut = 0_u64;
            holder.parts.retain(|_, part| {
                if !is_liable(part, of, at) {
                    return true;
                }
                let left = penalty.leaves(part.amount);
                cut = cut.saturating_add(part.amount.saturating_sub(left));
                part.amount = left;
                left > 0
            });
            holder.allotted = holder.allotted.saturating_sub(cut);
            all = all.saturating_add(cut);
        }
        self.holders.retain(|_, holder| holder.allotted > 0);
        all
    }
}

/// Whether stake answers for what a validator signed in an epoch.
fn is_liable(part: &StakePart, of: &KeyId, (epoch, height): (u64, u64)) -> bool {
    let then = part.leaving.is_none_or(|leaving| leaving.epoch >= epoch);
    part.validator == *of && then && is_held(part, height)
}

impl Epochs {
    /// What the power of validators follows from, and all stake.
    #[must_use]
    pub fn stakes(&self) -> &Stakes {
        &self.stakes
    }

    /// Whether no stake was allotted, moved or cut between two states of one log.
    #[must_use]
    pub fn has_stakes_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.stakes, &other.stakes)
    }

    /// Takes in that a holder bonds stake to a validator, or takes it back.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn move_stake(&mut self, asked: &Move) -> Result<(), Refused> {
        let mut stakes = Stakes::clone(&self.stakes);
        let holder = stakes.holders.get_mut(&asked.holder);
        let holder = holder.ok_or(Refused::NoStake(asked.holder))?;
        if asked.amount == 0 {
            return Err(Refused::Nothing);
        }
        holder.moved = self.turn_to_move(holder)?;
        holder.parts.retain(|_, part| is_held(part, self.height));
        let (validator, amount) = (asked.validator, asked.amount);
        match asked.way {
            Way::Bond => {
                if !self.roster.has(&validator) {
                    return Err(Refused::NotAValidator(validator));
                }
                let free = holder.free(self.height);
                if free < amount && !self.broken.lacks(Defence::Allotment) {
                    return Err(Refused::NotFree { asked: amount, free });
                }
                holder.put(StakePart { validator, amount, leaving: None });
            }
            Way::Unbond => {
                holder.take(validator, amount)?;
                let leaving = Some(self.leaving());
                holder.put(StakePart { validator, amount, leaving });
            }
        }
        if holder.parts.len() > usize::from(MAX_STAKE_PARTS) {
            return Err(Refused::TooManyParts);
        }
        self.next = stakes.set(&self.roster)?;
        self.stakes = Arc::new(stakes);
        Ok(())
    }

    /// When stake that leaves now is free.
    pub(super) fn leaving(&self) -> Leaving {
        let until = self.next_gate().saturating_add(self.window());
        Leaving { epoch: self.now.epoch, until: until.min(MAX_NUMBER.saturating_sub(1)) }
    }

    /// The window in blocks.
    fn window(&self) -> u64 {
        self.gate.saturating_mul(self.stakes.window.into())
    }

    /// From which height on a move counts, if the holder can move stake now: as often as it likes
    /// before one gate, and then not for a window. So holders cannot change the set at every gate,
    /// which light clients would have to follow.
    fn turn_to_move(&self, holder: &Holder) -> Result<u64, Refused> {
        let from = self.next_gate().saturating_add(1);
        let again = holder.moved.saturating_add(self.window());
        if holder.moved == 0 || holder.moved == from || from >= again {
            return Ok(from);
        }
        let behind = again.saturating_sub(1).saturating_sub(self.gate);
        Err(Refused::MovedBefore { gate: holder.moved.saturating_sub(1), behind })
    }
}
