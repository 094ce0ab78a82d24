//! A finality proof that was checked, for receipts that begin with the same one: thousands of an
//! export do, and the validators' signatures are most of what each costs.

use alloc::vec::Vec;

use super::Receipt;
use crate::check::{Check, Observer};
use crate::error::Error;
use crate::fact::FinalHeader;
use crate::terms::{Cost, Terms};
use crate::time::UnixMillis;
use crate::trust::{FinalityProof, TrustAnchor};

/// What a finality proof came to under an anchor at a time. Made by checking it.
#[derive(Clone, Debug)]
pub struct FinalityMemo {
    bytes: Vec<u8>,
    anchor: TrustAnchor,
    now: UnixMillis,
    header: FinalHeader,
    checks: Vec<Check>,
}

impl FinalityMemo {
    /// Checks the finality proof of a receipt.
    ///
    /// # Errors
    /// What the proof fails with. The receipt itself is not checked.
    pub fn of(receipt: &[u8], anchor: TrustAnchor, now: UnixMillis) -> Result<Self, Error> {
        let terms = Terms::at(now);
        let proof = Receipt::decode(receipt)?.finality;
        terms.budget.allow(proof.cost(Cost::of_bytes(receipt)))?;
        let mut checks = Vec::new();
        let (header, _) = proof.verify_on(anchor, &terms, &mut checks)?;
        let bytes = proof.bytes_in(receipt).unwrap_or_default().to_vec();
        Ok(Self { bytes, anchor, now, header, checks })
    }

    /// Whether a receipt begins with the same proof, to be checked alike.
    #[must_use]
    pub fn is_of(&self, receipt: &[u8], anchor: TrustAnchor, now: UnixMillis) -> bool {
        let begins = receipt.get(2..).is_some_and(|rest| rest.starts_with(&self.bytes));
        begins && (anchor, now) == (self.anchor, self.now)
    }

    /// What it came to, if this is the same proof, anchor and time, to the last bit.
    #[must_use]
    pub(super) fn recall(
        &self,
        (proof, file): (&FinalityProof<'_>, &[u8]),
        (anchor, now): (TrustAnchor, Option<UnixMillis>),
        observer: &mut dyn Observer,
    ) -> Option<FinalHeader> {
        let is_it = proof.bytes_in(file) == Some(&self.bytes)
            && (anchor, now) == (self.anchor, Some(self.now));
        is_it.then(|| {
            self.checks.iter().for_each(|check| observer.passed(*check));
            self.header
        })
    }
}
