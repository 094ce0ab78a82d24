//! A validator set, decoded once for the heights it is in force.

use std::sync::Arc;

use arc_malachitebft_core_types::{self as core, VotingPower};
use cairn_verifier::digest::{KeyId, SetDigest};
use cairn_verifier::finality::{Suite, ValidatorSet};
use cairn_verifier::wire::DecodeError;

use crate::Cairn;
use crate::turns::turn;
use crate::types::{Address, Validator};

/// A set as `SPEC.md` encodes it: that it decoded says that its keys are distinct and its power
/// is below 2^62, so the engine's sums of three times as much cannot overflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Set(Arc<Inner>);

#[derive(Debug, PartialEq, Eq)]
struct Inner {
    bytes: Vec<u8>,
    digest: SetDigest,
    first: Validator,
    validators: Vec<Validator>,
    powers: Vec<u64>,
    total: u64,
}

impl Set {
    /// Decodes a set.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let set = ValidatorSet::decode(bytes)?;
        let validators: Vec<_> = (0..)
            .zip(set.iter())
            .map(|(index, validator)| Validator {
                address: Address(validator.key.id()),
                power: validator.power,
                index,
                suite: validator.key.suite(),
            })
            .collect();
        let first = validators.first().cloned();
        let first = first.ok_or(DecodeError::NotCanonical { what: "validator count" })?;
        Ok(Self(Arc::new(Inner {
            bytes: bytes.to_vec(),
            digest: set.digest(),
            first,
            powers: validators.iter().map(|validator| validator.power).collect(),
            validators,
            total: set.total_power(),
        })))
    }

    /// The same set with one vote for each validator, whatever its power: what a quorum counted by
    /// number would be.
    #[cfg(feature = "broken")]
    #[must_use]
    pub fn by_number(&self) -> Self {
        let one = |validator: &Validator| Validator { power: 1, ..validator.clone() };
        let validators: Vec<_> = self.0.validators.iter().map(one).collect();
        Self(Arc::new(Inner {
            bytes: self.0.bytes.clone(),
            digest: self.0.digest,
            first: one(&self.0.first),
            powers: validators.iter().map(|validator| validator.power).collect(),
            total: u64::try_from(validators.len()).unwrap_or(u64::MAX),
            validators,
        }))
    }

    /// Something in place of a set that no decoder takes: this one under a digest of those entries.
    #[cfg(feature = "broken")]
    pub(crate) fn over_cap(&self, entries: &[crate::epochs::Entry]) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("cairn simulator set over its cap");
        for (_, key, power) in entries {
            hasher.update(key).update(&power.to_be_bytes());
        }
        let one = &self.0;
        Self(Arc::new(Inner {
            bytes: one.bytes.clone(),
            digest: (*hasher.finalize().as_bytes()).into(),
            first: one.first.clone(),
            powers: one.powers.clone(),
            total: one.total,
            validators: one.validators.clone(),
        }))
    }

    /// The set as it travels.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0.bytes
    }

    /// Its digest, which headers and votes name.
    #[must_use]
    pub fn digest(&self) -> SetDigest {
        self.0.digest
    }

    /// How many entries it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.validators.len()
    }

    /// Never: a set has at least one entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.validators.is_empty()
    }

    /// Whether a key is in it.
    #[must_use]
    pub fn has(&self, key: &KeyId) -> bool {
        self.find(&Address(*key)).is_some()
    }

    /// Suites and powers, in the order of their index.
    pub fn entries(&self) -> impl Iterator<Item = (Suite, u64)> + use<'_> {
        self.0.validators.iter().map(|validator| (validator.suite, validator.power))
    }

    /// The ids of the validators' keys, in the order of their index.
    pub fn ids(&self) -> impl Iterator<Item = KeyId> + use<'_> {
        self.0.validators.iter().map(|validator| validator.address.0)
    }

    /// Whether these keys together have more than two thirds of the power.
    #[must_use]
    pub fn is_quorum_of(&self, keys: &[KeyId]) -> bool {
        let own = self.0.validators.iter().filter(|entry| keys.contains(&entry.address.0));
        self.is_quorum(own.fold(0, |sum, entry| entry.power.saturating_add(sum)))
    }

    /// The index whose turn it is to propose.
    #[must_use]
    pub fn proposer_index(&self, height: u64, round: u32) -> u8 {
        self.proposer(height, round).index
    }

    pub(crate) fn proposer(&self, height: u64, round: u32) -> &Validator {
        let index = turn(&self.0.powers, height.wrapping_add(u64::from(round)));
        index.and_then(|index| self.0.validators.get(index)).unwrap_or(&self.0.first)
    }

    pub(crate) fn at(&self, index: u8) -> Option<&Validator> {
        self.0.validators.get(usize::from(index))
    }

    pub(crate) fn find(&self, address: &Address) -> Option<&Validator> {
        let place = self.0.validators.binary_search_by(|entry| entry.address.cmp(address));
        place.ok().and_then(|place| self.0.validators.get(place))
    }

    pub(crate) fn total(&self) -> u64 {
        self.0.total
    }

    /// Whether this much power is more than two thirds of the set's.
    pub(crate) fn is_quorum(&self, power: u64) -> bool {
        u128::from(power).saturating_mul(3) > u128::from(self.0.total).saturating_mul(2)
    }

    /// Whether this much power is a third of the set's or more.
    pub(crate) fn is_third_or_more(&self, power: u64) -> bool {
        u128::from(power).saturating_mul(3) >= u128::from(self.0.total)
    }

    /// Whether this much power is more than a third of the set's.
    pub(crate) fn is_third(&self, power: u64) -> bool {
        u128::from(power).saturating_mul(3) > u128::from(self.0.total)
    }
}

impl core::ValidatorSet<Cairn> for Set {
    fn count(&self) -> usize {
        self.len()
    }

    fn total_voting_power(&self) -> VotingPower {
        self.0.total
    }

    fn get_by_address(&self, address: &Address) -> Option<&Validator> {
        self.find(address)
    }

    fn get_by_index(&self, index: usize) -> Option<&Validator> {
        self.0.validators.get(index)
    }
}
