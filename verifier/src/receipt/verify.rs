//! The one call that verifies a receipt.

use super::{Bracket, MAX_RECEIPT_LEN, Receipt, Wraps};
use crate::check::{Check, Observer};
use crate::digest;
use crate::error::Error;
use crate::event::{EventError, Payload};
use crate::fact::{FinalHeader, LogTime, VerifiedEvent};
use crate::finality::Header;
use crate::state::{name_at, verify_present};
use crate::terms::{Cost, Terms};
use crate::tree::{Blake3, Kind, Proof, TreeSize, verify_inclusion};
use crate::trust::{Base, FinalityProof, TrustAnchor, TrustError};

/// A receipt that holds: the event as a fact, and what came with it.
#[derive(Clone, Copy, Debug)]
pub struct VerifiedReceipt<'a> {
    event: VerifiedEvent<'a>,
    body: &'a [u8],
    payload: Option<&'a [u8]>,
    wraps: Wraps<'a>,
}

impl<'a> VerifiedReceipt<'a> {
    /// The event.
    #[must_use]
    pub const fn event(&self) -> &VerifiedEvent<'a> {
        &self.event
    }

    /// The bytes of the event's body.
    #[must_use]
    pub const fn body(&self) -> &'a [u8] {
        self.body
    }

    /// The stored payload, if the receipt carries it: the one that the event commits to.
    #[must_use]
    pub const fn payload(&self) -> Option<&'a [u8]> {
        self.payload
    }

    /// Wraps of the message key. Claims: a wrap shows its worth when it is opened.
    #[must_use]
    pub const fn wraps(&self) -> Wraps<'a> {
        self.wraps
    }
}

/// Verifies a receipt against the anchor that the user pinned, on the caller's terms: a time, or a
/// time with a budget.
/// The steps, in order, are those of SPEC.md, "Verifying a receipt".
///
/// # Errors
/// The first check that fails, as an [`Error`] with both sides.
pub fn verify<'a, 't>(
    bytes: &'a [u8],
    anchor: TrustAnchor,
    terms: impl Into<Terms<'t>>,
    observer: &mut dyn Observer,
) -> Result<VerifiedReceipt<'a>, Error> {
    verify_on(bytes, anchor, &terms.into(), observer)
}

fn verify_on<'a>(
    bytes: &'a [u8],
    anchor: TrustAnchor,
    terms: &Terms<'_>,
    observer: &mut dyn Observer,
) -> Result<VerifiedReceipt<'a>, Error> {
    terms.budget.allow_bytes(bytes, MAX_RECEIPT_LEN)?;
    let receipt = Receipt::decode(bytes)?;
    terms.budget.allow(receipt.cost(Cost::of_bytes(bytes)))?;
    observer.passed(Check::Decoded { bytes: bytes.len() });
    let header = verify_finality((&receipt.finality, bytes), anchor, terms, observer)?;
    let event = verify_event(&receipt, header, observer)?;
    let log_time = verify_bracket(&receipt, &header)?;
    if let Some(time) = log_time {
        observer.passed(Check::LogTime(time));
    }
    verify_payload(&receipt, observer)?;
    let name = verify_name(&receipt, &header)?;
    if name.is_some() {
        observer.passed(Check::Name { key: receipt.event.body().writer });
    }
    Ok(VerifiedReceipt {
        event: event.with_log_time(log_time).with_writer_name(name),
        body: receipt.event.bytes(),
        payload: receipt.payload,
        wraps: receipt.wraps,
    })
}

fn verify_finality(
    (proof, _file): (&FinalityProof<'_>, &[u8]),
    anchor: TrustAnchor,
    terms: &Terms<'_>,
    observer: &mut dyn Observer,
) -> Result<FinalHeader, Error> {
    #[cfg(feature = "alloc")]
    if let Some(memo) = terms.memo
        && let Some(header) = memo.recall((proof, _file), (anchor, terms.now), observer)
    {
        return Ok(header);
    }
    proof.verify_on(anchor, terms, observer).map(|(header, _)| header)
}

// Copies less when it is a function of its own: 0.2 kB of WebAssembly.
#[inline(never)]
fn verify_event<'a>(
    receipt: &Receipt<'a>,
    header: FinalHeader,
    observer: &mut dyn Observer,
) -> Result<VerifiedEvent<'a>, Error> {
    let (log, body) = (header.header().log, receipt.event.body());
    if body.log != log {
        return Err(EventError::OtherLog { expected: log, found: body.log }.into());
    }
    let (id, suite) = receipt.event.verify()?;
    observer.passed(Check::Writer { event: id, key: body.writer, suite });

    let hasher = Blake3::new(Kind::Event, *log.as_bytes());
    let (size, root) = (header.header().events, header.header().event_root);
    let leaf = hasher.leaf(receipt.index, id.as_bytes());
    verify_inclusion(&hasher, (receipt.index, size), leaf, receipt.inclusion, &root)?;
    observer.passed(Check::Included {
        index: receipt.index,
        size: size.get(),
        root,
        steps: receipt.inclusion.len(),
    });
    Ok(VerifiedEvent::new(header, receipt.index, (id, *body, suite)))
}

/// The block's header is final, its parent is the header before, and the event is in the one
/// but not in the other.
fn verify_bracket(receipt: &Receipt<'_>, header: &FinalHeader) -> Result<Option<LogTime>, Error> {
    let (block, before) = match &receipt.bracket {
        Bracket::None => return Ok(None),
        Bracket::Tip { before } => (*header, Some(before)),
        Bracket::Older { block, proof, before } => (header.older(block, *proof)?, Some(before)),
        Bracket::First { block, proof } => (first_block(header, block, *proof)?, None),
    };
    let Some(before) = before else {
        let after = match &receipt.finality.base {
            Base::Genesis(genesis) => Some(genesis.time()),
            Base::Checkpoint(..) | Base::Header(_) => None,
        };
        check_within(receipt.index, TreeSize::EMPTY, block.header().events)?;
        return Ok(Some(LogTime { after, until: block.header().time }));
    };
    let (expected, found) = (block.header().parent, before.digest());
    if expected != found {
        return Err(TrustError::OtherParent { expected, found }.into());
    }
    check_within(receipt.index, before.events, block.header().events)?;
    Ok(Some(LogTime { after: Some(before.time), until: block.header().time }))
}

fn first_block(
    header: &FinalHeader,
    block: &Header,
    proof: Proof<'_>,
) -> Result<FinalHeader, Error> {
    if header.header().height != 0 {
        let found = header.older(block, proof)?;
        if found.header().height != 0 {
            let (expected, found) = (digest::HeaderDigest::ZERO, found.header().parent);
            return Err(TrustError::OtherParent { expected, found }.into());
        }
        return Ok(found);
    }
    let (expected, found) = (header.digest(), block.digest());
    if expected != found {
        return Err(TrustError::NotTheTrustedHeader { expected, found }.into());
    }
    if !proof.is_empty() {
        let found = proof.len();
        return Err(crate::tree::InclusionError::ProofLength { expected: 0, found }.into());
    }
    Ok(*header)
}

/// `before <= index < size`.
fn check_within(index: u64, before: TreeSize, size: TreeSize) -> Result<(), Error> {
    if index < before.get() || size.leaf(index).is_none() {
        let size = size.get();
        return Err(crate::tree::InclusionError::LeafOutOfRange { index, size }.into());
    }
    Ok(())
}

/// The member that the state names as the owner of the writer's key, at the event's index.
fn verify_name<'a>(receipt: &Receipt<'a>, header: &FinalHeader) -> Result<Option<&'a str>, Error> {
    let Some((record, proof)) = &receipt.name else {
        return Ok(None);
    };
    let member = name_at(record, receipt.event.body().writer, receipt.index)?;
    verify_present(header, record, proof)?;
    Ok(Some(member))
}

fn verify_payload(receipt: &Receipt<'_>, observer: &mut dyn Observer) -> Result<(), EventError> {
    let committed = receipt.event.body().payload;
    if receipt.wraps.count() != 0 && !matches!(committed, Payload::Sealed(_)) {
        return Err(EventError::UnexpectedPayload);
    }
    let Some(bytes) = receipt.payload else {
        return Ok(());
    };
    let (expected, found) = match committed {
        Payload::None => return Err(EventError::UnexpectedPayload),
        Payload::Public { digest, len } => {
            if u32::try_from(bytes.len()) != Ok(len) {
                let (expected, found) = (len, bytes.len());
                return Err(EventError::PayloadLength { expected, found });
            }
            (digest, digest::derive(digest::PUBLIC_PAYLOAD, &[bytes]).into())
        }
        Payload::Sealed(commitment) => {
            (commitment.ciphertext, digest::derive(digest::CIPHERTEXT, &[bytes]).into())
        }
    };
    if expected != found {
        return Err(EventError::OtherPayload { expected, found });
    }
    observer.passed(Check::Payload { digest: found });
    Ok(())
}
