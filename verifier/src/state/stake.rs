//! What the power of validators follows from, and what a holder of stake has bonded: SPEC.md,
//! "Stake".

use crate::digest::KeyId;
use crate::wire::{MAX_NUMBER, Reader, Refused};

/// The most parts of one holder's stake.
pub const MAX_STAKE_PARTS: u8 = 32;

/// The bytes of one part.
pub const STAKE_PART_LEN: usize = 56;

/// What the power of validators follows from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "version 1 has these modes")]
pub enum PowerMode {
    /// 0: from the weights that a quorum gave them.
    Weights,
    /// 1: from what is bonded to them.
    Stake,
}

impl PowerMode {
    /// The mode's byte.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::Weights => 0,
            Self::Stake => 1,
        }
    }

    /// Its name in events and in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Weights => "weights",
            Self::Stake => "stake",
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        match reader.u8()? {
            0 => Ok(Self::Weights),
            1 => Ok(Self::Stake),
            found => Err(reader.unknown("power mode", found)),
        }
    }
}

/// A part of a holder's stake: bonded to a validator, or leaving it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a record has these fields")]
pub struct StakePart {
    /// The validator.
    pub validator: KeyId,
    /// How much.
    pub amount: u64,
    /// Nothing while it is bonded.
    pub leaving: Option<Leaving>,
}

/// Stake that is bonded no more and not free yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a record has these fields")]
pub struct Leaving {
    /// The last epoch in which it may have counted.
    pub epoch: u64,
    /// It is free behind the block of this height.
    pub until: u64,
}

impl StakePart {
    /// What parts are ordered by: no two of a holder have the same validator and end.
    #[must_use]
    pub const fn place(&self) -> (KeyId, u64) {
        match self.leaving {
            Some(leaving) => (self.validator, leaving.until),
            None => (self.validator, MAX_NUMBER),
        }
    }

    /// As it stands in a record.
    #[must_use]
    pub fn encode(&self) -> [u8; STAKE_PART_LEN] {
        let bonded = Leaving { epoch: MAX_NUMBER, until: MAX_NUMBER };
        let leaving = self.leaving.unwrap_or(bonded);
        let mut bytes = [0; STAKE_PART_LEN];
        let (id, numbers) = bytes.split_at_mut(32);
        id.copy_from_slice(self.validator.as_bytes());
        let all = [self.amount, leaving.epoch, leaving.until];
        for (place, number) in numbers.chunks_exact_mut(8).zip(all) {
            place.copy_from_slice(&number.to_be_bytes());
        }
        bytes
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        let (validator, amount) = (reader.digest()?, reader.u64()?);
        let (epoch, until) = (reader.number("last epoch")?, reader.number("end")?);
        if amount == 0 {
            return Err(reader.not_canonical("stake of nothing"));
        }
        if (epoch == MAX_NUMBER) != (until == MAX_NUMBER) {
            return Err(reader.not_canonical("end of bonded stake"));
        }
        let leaving = (until != MAX_NUMBER).then_some(Leaving { epoch, until });
        Ok(Self { validator, amount, leaving })
    }
}

/// The parts of a holder's stake, as they stand in its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StakeParts<'a>(&'a [[u8; STAKE_PART_LEN]]);

impl<'a> StakeParts<'a> {
    /// Parts to be encoded; that they are in order is checked by [`super::StateRecord::encode`].
    #[must_use]
    pub const fn new(parts: &'a [[u8; STAKE_PART_LEN]]) -> Self {
        Self(parts)
    }

    /// Reads them: strictly ascending, and together no more than what was allotted.
    pub(super) fn read(reader: &mut Reader<'a>, allotted: u64) -> Result<Self, Refused> {
        let count = reader.count8("stake parts", MAX_STAKE_PARTS)?;
        let len = usize::from(count).saturating_mul(STAKE_PART_LEN);
        let (start, from) = (reader.at(), reader.rest());
        let (mut before, mut sum) = (None, 0_u64);
        for _ in 0..count {
            let part = StakePart::read(reader)?;
            if before.is_some_and(|before| before >= part.place()) {
                return Err(reader.not_ascending("stake parts"));
            }
            before = Some(part.place());
            sum = sum.saturating_add(part.amount);
        }
        reader.within("stake", sum, allotted)?;
        debug_assert_eq!(reader.at().saturating_sub(start), len, "each has its length");
        Ok(Self(reader.since(start, from).as_chunks().0))
    }

    /// The parts, ascending by validator and end.
    pub fn iter(&self) -> impl Iterator<Item = StakePart> + use<'a> {
        // They were read when the record was.
        self.0.iter().filter_map(|bytes| StakePart::read(&mut Reader::new(bytes)).ok())
    }

    #[cfg(feature = "alloc")]
    pub(super) fn bytes(&self) -> &'a [u8] {
        self.0.as_flattened()
    }

    #[cfg(feature = "alloc")]
    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }
}
