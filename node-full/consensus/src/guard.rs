//! The record of what was signed last, which outlives the log.
//!
//! A validator signs at most one header for each height, round and type, and never goes back. The
//! record of the latest of these is kept apart from the log and is durable before a signature
//! leaves: with an empty log, or one from a backup, it still refuses a second, different one.
//!
//! **Invariant:** the log is durable before the record is, so a record that is ahead of the log
//! says that the log was lost. Then locks were lost with it, which no record of a single vote can
//! replace; so the validator stays silent for the rest of that height and goes on with the next.

use cairn_verifier::digest::HeaderDigest;
use cairn_verifier::wire::{DecodeError, Reader, Refused, Writer};

use crate::signing::Place;

const VERSION: u8 = 1;

/// What a validator signed last: height, round, type, header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    pub(crate) height: u64,
    pub(crate) round: u32,
    pub(crate) kind: u8,
    pub(crate) header: HeaderDigest,
}

impl Record {
    pub(crate) const fn new((kind, height, round): Place, header: HeaderDigest) -> Self {
        Self { height, round, kind, header }
    }

    /// Its place in the order in which a validator signs: height, round, type.
    #[must_use]
    pub const fn order(&self) -> (u64, u32, u8) {
        (self.height, self.round, self.kind)
    }

    /// The record as it is kept.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.u8(VERSION).u64(self.height).u32(self.round).u8(self.kind);
        writer.raw(self.header.as_bytes());
        let mut bytes = writer.into_bytes();
        let check = check(&bytes);
        bytes.extend_from_slice(&check);
        bytes
    }

    /// Decodes a record as it was kept; one that is damaged is refused, never taken for none.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        cairn_verifier::wire::decode_all(bytes, |reader| Self::read(reader, bytes))
    }

    fn read(reader: &mut Reader<'_>, bytes: &[u8]) -> Result<Self, Refused> {
        reader.version(VERSION)?;
        let (height, round, kind) = (reader.u64()?, reader.u32()?, reader.u8()?);
        let record = Self { height, round, kind, header: reader.digest()? };
        let covered = bytes.get(..reader.at()).unwrap_or_default();
        let found: &[u8; 32] = reader.array()?;
        if *found != check(covered) {
            return Err(reader.not_canonical("record of signatures, which is damaged"));
        }
        Ok(record)
    }

    /// The height it is of.
    #[must_use]
    pub const fn height(&self) -> u64 {
        self.height
    }
}

fn check(bytes: &[u8]) -> [u8; 32] {
    blake3::derive_key("cairn v1 consensus record", bytes)
}

/// Says what may be signed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guard {
    last: Option<Record>,
    /// The height at which nothing may be signed, because its log was lost.
    silent_at: Option<u64>,
}

impl Guard {
    pub(crate) const fn new(last: Option<Record>) -> Self {
        Self { last, silent_at: None }
    }

    /// The log of `height` is as it was found, and says that this was signed last there.
    pub(crate) fn found(&mut self, height: u64, logged: Option<Record>) {
        let recorded = self.last.filter(|last| last.height == height);
        let lost = match (recorded, logged) {
            (Some(recorded), Some(logged)) => recorded.order() > logged.order(),
            (Some(_), None) => true,
            (None, _) => false,
        };
        if lost {
            self.silent_at = Some(height);
        } else if let Some(logged) = logged {
            let newer = self.last.is_none_or(|last| last.order() < logged.order());
            if newer {
                self.last = Some(logged);
            }
        }
    }

    /// Whether this may be signed; if so, it is what was signed last from here on.
    pub(crate) fn allow(&mut self, wanted: Record) -> bool {
        if self.silent_at == Some(wanted.height) {
            return false;
        }
        let allowed = self.last.is_none_or(|last| {
            wanted.order() > last.order()
                || (wanted.order() == last.order() && wanted.header == last.header)
        });
        if allowed {
            self.last = Some(wanted);
        }
        allowed
    }

    pub(crate) const fn last(&self) -> Option<Record> {
        self.last
    }

    pub(crate) fn is_silent(&self, height: u64) -> bool {
        self.silent_at == Some(height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(height: u64, round: u32, kind: u8, header: u8) -> Record {
        Record { height, round, kind, header: HeaderDigest::from_bytes([header; 32]) }
    }

    #[test]
    fn one_header_for_each_place_and_never_back() {
        let mut guard = Guard::new(None);
        assert!(guard.allow(record(5, 0, 1, 7)));
        assert!(guard.allow(record(5, 0, 1, 7)), "the same again");
        assert!(!guard.allow(record(5, 0, 1, 8)), "another header");
        assert!(!guard.allow(record(5, 0, 0, 7)), "an earlier type");
        assert!(guard.allow(record(5, 0, 2, 8)));
        assert!(!guard.allow(record(4, 9, 2, 8)), "an earlier height");
        assert!(guard.allow(record(5, 1, 0, 9)));
        assert!(guard.allow(record(6, 0, 0, 9)));
    }

    #[test]
    fn a_record_survives_without_its_log_and_silences_the_height() {
        let last = record(5, 2, 2, 7);
        let kept = Record::decode(&last.encode()).unwrap();
        assert_eq!(kept, last);
        let mut guard = Guard::new(Some(kept));
        guard.found(5, None);
        assert!(guard.is_silent(5));
        assert!(!guard.allow(record(5, 3, 1, 1)), "locks are lost with the log");
        assert!(guard.allow(record(6, 0, 1, 1)));
        let mut guard = Guard::new(Some(last));
        guard.found(5, Some(last));
        assert!(!guard.is_silent(5));
        assert!(guard.allow(record(5, 3, 1, 1)));
    }

    #[test]
    fn the_log_is_a_record_too() {
        let mut guard = Guard::new(Some(record(5, 0, 1, 7)));
        guard.found(5, Some(record(5, 0, 2, 7)));
        assert!(!guard.allow(record(5, 0, 1, 8)));
        assert!(!guard.allow(record(5, 0, 2, 8)));
    }

    #[test]
    fn a_damaged_record_is_not_taken_for_none() {
        let bytes = record(5, 0, 1, 7).encode();
        for at in 0..bytes.len() {
            let mut bent = bytes.clone();
            bent[at] ^= 1;
            assert!(Record::decode(&bent).is_err(), "{at}");
            assert!(Record::decode(&bytes[..at]).is_err(), "{at}");
        }
    }
}
