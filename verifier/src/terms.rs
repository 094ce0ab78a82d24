//! On what terms a check runs: at what time, for how much work, with which expanded keys.

use core::fmt;

#[cfg(feature = "alloc")]
use crate::finality::ExpandedKeys;
#[cfg(feature = "alloc")]
use crate::receipt::FinalityMemo;
use crate::time::UnixMillis;

/// The most that one call may cost. What a file would cost is counted from its layout, before any
/// signature or proof in it is checked, so that no file buys more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a caller states all three")]
pub struct Budget {
    /// Bytes of the file.
    pub bytes: u64,
    /// Signatures to check: votes, and the event's own. About 0.3 ms each of suite 1, 1 ms of
    /// suite 2, in a browser.
    pub signatures: u64,
    /// Hashes joined in proofs, of 64 bytes each.
    pub hashes: u64,
}

impl Budget {
    /// What a call gets that states none: the longest file, 16,384 signatures (some 160
    /// handovers between sets of 100 validators), and every hash that such a file can hold.
    pub const DEFAULT: Self = Self { bytes: 64 << 20, signatures: 16_384, hashes: 4 << 20 };

    /// Whether a file may be read at all. One that is longer than its format allows is left to
    /// the decoder: it is no such file on any budget.
    pub(crate) fn allow_bytes(&self, file: &[u8], longest: usize) -> Result<(), BudgetError> {
        if file.len() > longest { Ok(()) } else { self.allow(Cost::of_bytes(file)) }
    }

    /// Whether a cost is within it.
    ///
    /// # Errors
    /// [`BudgetError`], for the first of the three that is not.
    pub fn allow(&self, cost: Cost) -> Result<(), BudgetError> {
        let Cost { bytes, signatures, hashes } = cost;
        for (what, limit, found) in [
            (Work::Bytes, self.bytes, bytes),
            (Work::Signatures, self.signatures, signatures),
            (Work::Hashes, self.hashes, hashes),
        ] {
            if found > limit {
                return Err(BudgetError { what, limit, found });
            }
        }
        Ok(())
    }
}

/// What checking a file costs at most, counted from its layout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "plain counts")]
pub struct Cost {
    /// Bytes of the file.
    pub bytes: u64,
    /// Signatures.
    pub signatures: u64,
    /// Hashes in proofs.
    pub hashes: u64,
}

impl Cost {
    /// Of these many bytes, and nothing else yet.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self { bytes: count(bytes.len()), ..Self::default() }
    }

    /// With these signatures and hashes as well.
    #[must_use]
    pub fn and(self, signatures: usize, hashes: usize) -> Self {
        Self {
            bytes: self.bytes,
            signatures: self.signatures.saturating_add(count(signatures)),
            hashes: self.hashes.saturating_add(count(hashes)),
        }
    }
}

fn count(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

/// A kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a budget has these three")]
pub enum Work {
    /// Bytes to read.
    Bytes,
    /// Signatures to check.
    Signatures,
    /// Hashes to join.
    Hashes,
}

/// A file would cost more than the caller allows. It says nothing about the file's truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BudgetError {
    /// Of what.
    pub what: Work,
    /// What the budget allows.
    pub limit: u64,
    /// What the file would cost.
    pub found: u64,
}

impl BudgetError {
    /// The stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self.what {
            Work::Bytes => "budget-bytes",
            Work::Signatures => "budget-signatures",
            Work::Hashes => "budget-hashes",
        }
    }
}

impl fmt::Display for BudgetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (limit, found) = (self.limit, self.found);
        let what = match self.what {
            Work::Bytes => "bytes",
            Work::Signatures => "signatures",
            Work::Hashes => "hashes",
        };
        write!(f, "checking this takes {found} {what}, the budget is {limit}")
    }
}

impl core::error::Error for BudgetError {}

/// Time, budget and keys of a check. A time alone is enough: `verify(…, now, …)` checks at that
/// time within [`Budget::DEFAULT`].
#[derive(Clone, Copy, Debug)]
pub struct Terms<'k> {
    pub(crate) now: Option<UnixMillis>,
    pub(crate) budget: Budget,
    #[cfg(feature = "alloc")]
    pub(crate) keys: Option<&'k ExpandedKeys>,
    #[cfg(feature = "alloc")]
    pub(crate) memo: Option<&'k FinalityMemo>,
    #[cfg(not(feature = "alloc"))]
    pub(crate) keys: core::marker::PhantomData<&'k ()>,
}

impl From<UnixMillis> for Terms<'_> {
    fn from(now: UnixMillis) -> Self {
        Self::at(now)
    }
}

impl<'k> Terms<'k> {
    /// At this time, within [`Budget::DEFAULT`].
    #[must_use]
    pub fn at(now: UnixMillis) -> Self {
        Self { now: Some(now), ..Self::without_clock() }
    }

    /// Without a clock: for what stays true when keys of old sets have leaked, which is
    /// contradictions alone. Nothing is ever accepted as final for a user on these terms.
    pub(crate) fn without_clock() -> Self {
        Self {
            now: None,
            budget: Budget::DEFAULT,
            keys: Default::default(),
            #[cfg(feature = "alloc")]
            memo: None,
        }
    }

    /// Within this budget.
    #[must_use]
    pub const fn within(mut self, budget: Budget) -> Self {
        self.budget = budget;
        self
    }

    /// With keys that were expanded before: votes of the set they are of cost half.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub const fn with_keys(mut self, keys: &'k ExpandedKeys) -> Self {
        self.keys = Some(keys);
        self
    }

    /// With what a receipt before came to: one that begins with the same bytes costs no signatures of
    /// validators again. No verdict changes.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub const fn with_memo(mut self, memo: &'k FinalityMemo) -> Self {
        self.memo = Some(memo);
        self
    }
}
