//! Validator sets.

use super::PublicKey;
#[cfg(feature = "alloc")]
use super::Suite;
use crate::digest::{self, SetDigest};
use crate::wire::{DecodeError, Reader, Refused};

/// The most entries a set can have.
pub const MAX_VALIDATORS: u8 = 100;

/// The total voting power of a set is below this.
pub const MAX_TOTAL_POWER: u64 = 1 << 62;

/// One entry of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the wire format has these two fields")]
pub struct Validator<'a> {
    /// The key it votes with.
    pub key: PublicKey<'a>,
    /// Its voting power, at least 1.
    pub power: u64,
}

impl<'a> Validator<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Refused> {
        Ok(Self { key: PublicKey::read(reader)?, power: reader.u64()? })
    }
}

/// One to a hundred validators, strictly ascending by key id; no key, nor half of one, twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValidatorSet<'a> {
    bytes: &'a [u8],
    entries: &'a [u8],
    count: u8,
    total: u64,
    largest: u64,
    post_quantum: bool,
}

impl<'a> ValidatorSet<'a> {
    /// Decodes a set.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        crate::wire::decode_all(bytes, Self::read)
    }

    /// Reads a set.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn read(reader: &mut Reader<'a>) -> Result<Self, Refused> {
        let from = reader.rest();
        let start = reader.at();
        let count = reader.count8("validator count", MAX_VALIDATORS)?;
        if count == 0 {
            return Err(reader.not_canonical("validator count"));
        }
        let (_, entries) = from.split_at_checked(1).unwrap_or_default();
        let mut set = Self { bytes: &[], entries, count, total: 0, largest: 0, post_quantum: true };
        let mut previous = None;
        for place in 0..count {
            let validator = Validator::read(reader)?;
            let id = validator.key.id();
            reader.ascends("validator set", &mut previous, id)?;
            set.add(reader, place, &validator)?;
        }
        set.bytes = reader.since(start, from);
        set.entries = set.bytes.get(1..).unwrap_or_default();
        Ok(set)
    }

    fn add(
        &mut self,
        reader: &mut Reader<'_>,
        place: u8,
        validator: &Validator<'_>,
    ) -> Result<(), Refused> {
        if validator.power == 0 {
            return Err(reader.not_canonical("voting power"));
        }
        let earlier = self.iter().take(usize::from(place));
        if earlier.into_iter().any(|other| other.key.shares_half_with(&validator.key)) {
            return Err(reader.not_canonical("validator key used twice"));
        }
        let sum = self.total.saturating_add(validator.power);
        let limit = MAX_TOTAL_POWER.saturating_sub(1);
        if sum > limit {
            let what = "total voting power";
            return Err(reader.refuse(DecodeError::OutOfRange { what, limit, found: sum }));
        }
        self.total = sum;
        self.largest = self.largest.max(validator.power);
        self.post_quantum &= validator.key.suite().is_post_quantum();
        Ok(())
    }

    /// The entries in order of their index.
    pub fn iter(&self) -> impl Iterator<Item = Validator<'a>> + use<'a> {
        let mut reader = Reader::new(self.entries);
        (0..self.count).map_while(move |_| Validator::read(&mut reader).ok())
    }

    /// The set's digest, which headers and votes name.
    #[must_use]
    pub fn digest(&self) -> SetDigest {
        digest::derive(digest::VALIDATOR_SET, &[self.bytes]).into()
    }

    /// The set as it travels.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// How many validators it has.
    #[must_use]
    pub const fn count(&self) -> u8 {
        self.count
    }

    /// The sum of all voting power.
    #[must_use]
    pub const fn total_power(&self) -> u64 {
        self.total
    }

    /// The largest voting power of one entry.
    #[must_use]
    pub const fn largest_power(&self) -> u64 {
        self.largest
    }

    /// Whether every key is of a post-quantum suite.
    #[must_use]
    pub const fn is_post_quantum(&self) -> bool {
        self.post_quantum
    }
}

/// Encodes a set from entries in any order.
///
/// # Errors
/// What the decoder says of the result.
#[cfg(feature = "alloc")]
pub fn encode_set(
    validators: &[(Suite, alloc::vec::Vec<u8>, u64)],
) -> Result<alloc::vec::Vec<u8>, DecodeError> {
    let mut entries = validators
        .iter()
        .filter_map(|(suite, key, power)| Some((PublicKey::new(*suite, key)?, *power)))
        .collect::<alloc::vec::Vec<_>>();
    entries.sort_by_key(|(key, _)| key.id());
    let mut writer = crate::wire::Writer::new();
    writer.len8(validators.len());
    for (key, power) in entries {
        key.write(&mut writer);
        writer.u64(power);
    }
    let bytes = writer.into_bytes();
    ValidatorSet::decode(&bytes)?;
    Ok(bytes)
}
