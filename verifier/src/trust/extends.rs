//! An old final header is part of a new one's history.

use super::TrustError;
use crate::error::Error;
use crate::fact::{Extends, FinalHeader};
use crate::tree::{Blake3, Kind, Proof, verify_consistency};
use crate::wire::{DecodeError, Reader};

const VERSION: u8 = 1;
const FILE_TYPE: u8 = b'X';

/// That an old header is in a new one's header tree, and its event tree a prefix of the new
/// one's. Both proofs are empty between equal heights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the wire format has these fields")]
pub struct ExtendsProof<'a> {
    /// The old header in the new header's tree.
    pub header: Proof<'a>,
    /// The old event tree in the new one.
    pub events: Proof<'a>,
}

impl<'a> ExtendsProof<'a> {
    /// Decodes a proof file.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        crate::wire::decode_all(bytes, |reader: &mut Reader<'a>| {
            reader.file(VERSION, FILE_TYPE)?;
            Ok(Self { header: Proof::read(reader)?, events: Proof::read(reader)? })
        })
    }

    /// The proof file.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn encode(&self) -> alloc::vec::Vec<u8> {
        let mut writer = crate::wire::Writer::new();
        writer.u8(VERSION).u8(FILE_TYPE);
        self.header.write(&mut writer);
        self.events.write(&mut writer);
        writer.into_bytes()
    }
}

/// Checks that `new` extends `old`: nothing before `old` was rewritten.
///
/// # Errors
/// [`TrustError::OtherLog`], [`TrustError::HeightNotAbove`], [`TrustError::OtherParent`] for two
/// headers at one height, or what the two proofs fail with.
pub fn verify_extends(
    old: &FinalHeader,
    new: &FinalHeader,
    proof: &ExtendsProof<'_>,
) -> Result<Extends, Error> {
    let (before, after) = (old.header(), new.header());
    if before.log != after.log {
        return Err(TrustError::OtherLog { expected: before.log, found: after.log }.into());
    }
    if before.height > after.height {
        let (trusted, found) = (before.height, after.height);
        return Err(TrustError::HeightNotAbove { trusted, found }.into());
    }
    if before.height == after.height {
        if old.digest() != new.digest() {
            let (expected, found) = (old.digest(), new.digest());
            return Err(TrustError::OtherParent { expected, found }.into());
        }
        if !proof.header.is_empty() {
            let found = proof.header.len();
            return Err(crate::tree::InclusionError::ProofLength { expected: 0, found }.into());
        }
    } else {
        new.older(before, proof.header)?;
    }
    let hasher = Blake3::new(Kind::Event, *before.log.as_bytes());
    let (small, large) = ((before.events, &before.event_root), (after.events, &after.event_root));
    verify_consistency(&hasher, small, large, proof.events)?;
    Ok(Extends::new(*old, *new))
}
