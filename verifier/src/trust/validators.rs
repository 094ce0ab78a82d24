//! The validators whose votes count, one epoch at a time.

use super::{Base, Finality, FinalityProof, Handover, TrustAnchor, TrustError};
use crate::check::{Check, Observer};
use crate::digest::{HeaderDigest, LogId, SetDigest};
use crate::error::Error;
use crate::fact::{FinalHeader, Standing};
use crate::finality::{
    BadSignature, Certificate, Header, Parameters, PublicKey, Role, ValidatorSet,
};
use crate::terms::{Cost, Terms};
use crate::time::{MAX_CLOCK_AHEAD, UnixMillis};
use crate::tree::{Blake3, Kind, Proof, TreeSize, verify_inclusion};

/// One epoch's trusted set, and the newest trusted header under it. A fact: it comes from an
/// anchor, and goes on only by handovers that were checked.
#[derive(Clone, Copy, Debug)]
pub struct TrustedValidators<'a> {
    log: LogId,
    parameters: Parameters,
    epoch: u64,
    epoch_start: u64,
    set_digest: SetDigest,
    set: Option<ValidatorSet<'a>>,
    newest: Option<FinalHeader>,
    newest_time: UnixMillis,
    /// The time the trust period counts from: the base's, however many handovers follow.
    base_time: UnixMillis,
    standing: Standing,
}

impl<'a> TrustedValidators<'a> {
    /// Starts from a base, if it is what the anchor pins.
    ///
    /// # Errors
    /// [`TrustError::OtherAnchor`], [`TrustError::OtherSet`].
    pub fn from_base(anchor: TrustAnchor, base: &Base<'a>) -> Result<Self, Error> {
        let found = match base {
            Base::Genesis(genesis) => TrustAnchor::Genesis(genesis.log()),
            Base::Checkpoint(header, _) | Base::Header(header) => {
                TrustAnchor::Checkpoint(header.digest())
            }
        };
        if found != anchor {
            return Err(TrustError::OtherAnchor { expected: anchor, found }.into());
        }
        match (base, found) {
            (Base::Checkpoint(header, set), TrustAnchor::Checkpoint(digest)) => {
                Self::from_header(anchor, header, digest, Some(*set))
            }
            (Base::Header(header), TrustAnchor::Checkpoint(digest)) => {
                Self::from_header(anchor, header, digest, None)
            }
            (Base::Genesis(genesis), TrustAnchor::Genesis(log)) => Ok(Self {
                log,
                parameters: genesis.parameters(),
                epoch: 0,
                epoch_start: 0,
                set_digest: genesis.set().digest(),
                set: Some(genesis.set()),
                newest: None,
                newest_time: genesis.time(),
                base_time: genesis.time(),
                standing: Standing::new(anchor, genesis.parameters().trust_period)
                    .with_set(&genesis.set()),
            }),
            _ => Err(TrustError::OtherAnchor { expected: anchor, found }.into()),
        }
    }

    fn from_header(
        anchor: TrustAnchor,
        header: &Header,
        digest: HeaderDigest,
        set: Option<ValidatorSet<'a>>,
    ) -> Result<Self, Error> {
        header.check()?;
        let mut standing = Standing::new(anchor, header.parameters.trust_period);
        if let Some(set) = &set {
            expect_set(header.next_set, set.digest())?;
            standing = standing.with_set(set);
        }
        let (epoch, epoch_start) = after(header);
        Ok(Self {
            log: header.log,
            parameters: header.parameters,
            epoch,
            epoch_start,
            set_digest: header.next_set,
            set,
            newest: Some(FinalHeader::new(*header, digest, standing)),
            newest_time: header.time,
            base_time: header.time,
            standing,
        })
    }

    /// The newest header trusted so far; none yet from a genesis.
    #[must_use]
    pub const fn newest(&self) -> Option<&FinalHeader> {
        self.newest.as_ref()
    }

    /// The log trusted.
    #[must_use]
    pub const fn log(&self) -> LogId {
        self.log
    }

    /// The epoch of the trusted set.
    #[must_use]
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The trusted set, if the base carried one.
    #[must_use]
    pub const fn set(&self) -> Option<&ValidatorSet<'a>> {
        self.set.as_ref()
    }

    /// Accepts a header that the trusted set certified.
    ///
    /// # Errors
    /// [`TrustError`] before any signature is looked at; then [`crate::finality::FinalityError`].
    pub fn accept<'t>(
        &self,
        header: &Header,
        certificate: &Certificate<'_>,
        terms: impl Into<Terms<'t>>,
        observer: &mut dyn Observer,
    ) -> Result<FinalHeader, Error> {
        let terms = terms.into();
        terms.budget.allow(Cost::default().and(usize::from(certificate.count()), 0))?;
        self.accept_on(header, certificate, &terms, observer)
    }

    fn accept_on(
        &self,
        header: &Header,
        certificate: &Certificate<'_>,
        terms: &Terms<'_>,
        observer: &mut dyn Observer,
    ) -> Result<FinalHeader, Error> {
        let set = self.set.as_ref().ok_or(TrustError::NoTrustedSet)?;
        header.check()?;
        self.check_follows(header)?;
        self.check_clock(header, terms, observer)?;
        let digest = header.digest();
        let signed = certificate.verify(
            (set, &self.set_digest),
            (&header.log, header.height, &digest),
            &|key, message, signature| self.check_vote(terms, key, message, signature),
            observer,
        )?;
        let fact = FinalHeader::new(*header, digest, self.standing.with_signed(signed));
        observer.passed(Check::Final { height: header.height, digest });
        Ok(fact)
    }

    /// Follows a handover into the next epoch.
    ///
    /// # Errors
    /// As [`TrustedValidators::accept`], and if the header names no other set or not this one.
    pub fn follow<'t>(
        &self,
        handover: &Handover<'a>,
        terms: impl Into<Terms<'t>>,
        observer: &mut dyn Observer,
    ) -> Result<Self, Error> {
        let terms = terms.into();
        terms.budget.allow(Cost::default().and(usize::from(handover.certificate.count()), 0))?;
        self.follow_on(handover, &terms, observer)
    }

    fn follow_on(
        &self,
        handover: &Handover<'a>,
        terms: &Terms<'_>,
        observer: &mut dyn Observer,
    ) -> Result<Self, Error> {
        let header = &handover.header;
        if !header.is_handover() {
            return Err(TrustError::NotAHandover { height: header.height }.into());
        }
        expect_set(header.next_set, handover.next_set.digest())?;
        let fact = self.accept_on(header, &handover.certificate, terms, observer)?;
        let standing = self.standing.with_set(&handover.next_set);
        let (epoch, epoch_start) = after(header);
        observer.passed(Check::Handover { epoch, height: header.height });
        Ok(Self {
            epoch,
            epoch_start,
            set_digest: header.next_set,
            set: Some(handover.next_set),
            newest: Some(fact),
            newest_time: header.time,
            standing,
            ..*self
        })
    }

    /// Accepts a header below the newest trusted one, by its place in that one's header tree.
    /// Needs no clock and no signature.
    ///
    /// # Errors
    /// [`TrustError`] or [`crate::tree::InclusionError`].
    pub fn accept_older(
        &self,
        header: &Header,
        proof: Proof<'_>,
        observer: &mut dyn Observer,
    ) -> Result<FinalHeader, Error> {
        let newest = self.newest.as_ref().ok_or(TrustError::NoTrustedHeader)?;
        let fact = newest.older(header, proof)?;
        observer.passed(Check::Final { height: header.height, digest: fact.digest() });
        Ok(fact)
    }

    fn check_vote(
        &self,
        terms: &Terms<'_>,
        (index, key): (u8, &PublicKey<'_>),
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), BadSignature> {
        #[cfg(feature = "alloc")]
        if let Some(keys) = terms.keys.filter(|keys| keys.set() == self.set_digest) {
            return keys.verify((index, key), (Role::Vote, message), signature);
        }
        #[cfg(not(feature = "alloc"))]
        let _ = (index, terms);
        key.verify(Role::Vote, message, signature)
    }

    /// What every header above the newest trusted one must agree with.
    fn check_follows(&self, header: &Header) -> Result<(), TrustError> {
        if header.log != self.log {
            return Err(TrustError::OtherLog { expected: self.log, found: header.log });
        }
        if header.parameters != self.parameters {
            return Err(TrustError::OtherParameters);
        }
        if let Some(newest) = self.newest() {
            let (trusted, found) = (newest.header().height, header.height);
            if found <= trusted {
                return Err(TrustError::HeightNotAbove { trusted, found });
            }
            let (earlier, found) = (newest.header().events.get(), header.events.get());
            if found < earlier {
                return Err(TrustError::TreeShrank { earlier, found });
            }
        }
        if header.epoch != self.epoch {
            return Err(TrustError::OtherEpoch { expected: self.epoch, found: header.epoch });
        }
        if header.epoch_start != self.epoch_start {
            let (expected, found) = (self.epoch_start, header.epoch_start);
            return Err(TrustError::OtherEpochStart { expected, found });
        }
        expect_set(self.set_digest, header.set)?;
        if header.time <= self.newest_time {
            let (earlier, found) = (self.newest_time, header.time);
            return Err(TrustError::TimeNotAfter { earlier, found });
        }
        Ok(())
    }

    fn check_clock(
        &self,
        header: &Header,
        terms: &Terms<'_>,
        observer: &mut dyn Observer,
    ) -> Result<(), TrustError> {
        let Some(now) = terms.now else {
            return Ok(());
        };
        if header.time.since(now) > MAX_CLOCK_AHEAD {
            return Err(TrustError::FutureHeader { time: header.time, now });
        }
        let (age, period) = (now.since(self.base_time), self.parameters.trust_period);
        if period != 0 && age > period {
            return Err(TrustError::PastTrustPeriod { age, period });
        }
        observer.passed(Check::TrustPeriod { age, period });
        Ok(())
    }
}

impl<'a> FinalityProof<'a> {
    /// Checks the whole way from the anchor to the header.
    ///
    /// # Errors
    /// Every [`TrustError`], [`crate::finality::FinalityError`] and
    /// [`crate::tree::InclusionError`].
    pub fn verify<'t>(
        &self,
        anchor: TrustAnchor,
        terms: impl Into<Terms<'t>>,
        observer: &mut dyn Observer,
    ) -> Result<(FinalHeader, TrustedValidators<'a>), Error> {
        let terms = terms.into();
        terms.budget.allow(self.whole_cost())?;
        self.verify_on(anchor, &terms, observer)
    }

    /// Checks it; its cost has been allowed.
    pub(crate) fn verify_on(
        &self,
        anchor: TrustAnchor,
        terms: &Terms<'_>,
        observer: &mut dyn Observer,
    ) -> Result<(FinalHeader, TrustedValidators<'a>), Error> {
        let mut trusted = TrustedValidators::from_base(anchor, &self.base)?;
        observer.passed(Check::Anchor { anchor });
        for handover in self.handovers.iter() {
            trusted = trusted.follow_on(&handover, terms, observer)?;
        }
        let header = &self.header;
        let fact = match &self.finality {
            Finality::Certificate(certificate) => {
                trusted.accept_on(header, certificate, terms, observer)?
            }
            Finality::HeaderTree(proof) => trusted.accept_older(header, *proof, observer)?,
            Finality::Trusted => {
                let newest = trusted.newest.ok_or(TrustError::NoTrustedHeader)?;
                let (expected, found) = (newest.digest(), header.digest());
                if expected != found {
                    return Err(TrustError::NotTheTrustedHeader { expected, found }.into());
                }
                observer.passed(Check::Final { height: header.height, digest: found });
                newest
            }
        };
        Ok((fact, trusted))
    }
}

impl FinalHeader {
    /// An older header of the same log, by its place in this header's tree of all earlier ones.
    ///
    /// # Errors
    /// [`TrustError::OtherLog`], or [`crate::tree::InclusionError`].
    pub fn older(&self, header: &Header, proof: Proof<'_>) -> Result<Self, Error> {
        let (expected, found) = (self.header().log, header.log);
        if expected != found {
            return Err(TrustError::OtherLog { expected, found }.into());
        }
        header.check()?;
        let hasher = Blake3::new(Kind::Header, *expected.as_bytes());
        let digest = header.digest();
        let leaf = hasher.leaf(header.height, digest.as_bytes());
        let size = TreeSize::new(self.header().height).unwrap_or(TreeSize::EMPTY);
        verify_inclusion(&hasher, (header.height, size), leaf, proof, &self.header().header_root)?;
        Ok(Self::new(*header, digest, self.standing()))
    }
}

/// Epoch and first height of the set in force after a header.
fn after(header: &Header) -> (u64, u64) {
    if header.is_handover() {
        (header.epoch.saturating_add(1), header.height.saturating_add(1))
    } else {
        (header.epoch, header.epoch_start)
    }
}

fn expect_set(expected: SetDigest, found: SetDigest) -> Result<(), TrustError> {
    if expected == found { Ok(()) } else { Err(TrustError::OtherSet { expected, found }) }
}
