//! Proofs that a record is in the state after a block, or that none is.

use super::{KeyRole, Path, Record, RecordKey, StateError, StateRecord, hasher};
use crate::digest::{Hash, KeyId};
use crate::error::Error;
use crate::fact::FinalHeader;
use crate::wire::{DecodeError, Reader, Refused};

/// The deepest leaf: one step for each bit of a path.
pub const MAX_DEPTH: u16 = 256;

/// The siblings on a path, from its end upwards. Empty ones are one bit of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateProof<'a> {
    depth: u16,
    map: &'a [u8],
    siblings: &'a [[u8; 32]],
}

impl<'a> StateProof<'a> {
    /// Decodes a proof.
    ///
    /// # Errors
    /// As [`StateProof::read`].
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        crate::wire::decode_all(bytes, Self::read)
    }

    /// Reads a proof: `u16` depth, one bit a step in as few bytes as hold them, highest bit first
    /// (1: the sibling is not empty), and the siblings that are not empty.
    ///
    /// # Errors
    /// [`DecodeError`]; `NotCanonical` for set bits past the depth, a sibling of 32 zero bytes,
    /// or an empty sibling at the very end, where one tree has one shape.
    pub fn read(reader: &mut Reader<'a>) -> Result<Self, Refused> {
        let depth = reader.count16("state proof depth", MAX_DEPTH)?;
        let steps = usize::from(depth);
        let map = reader.take(steps.div_ceil(8))?;
        if (steps..map.len().saturating_mul(8)).any(|step| is_set(map, step)) {
            return Err(reader.not_canonical("state proof map"));
        }
        if steps > 0 && !is_set(map, 0) {
            return Err(reader.not_canonical("last step of a state proof"));
        }
        let count = (0..steps).filter(|step| is_set(map, *step)).count();
        let siblings = reader.digests(count)?;
        if siblings.contains(&[0; 32]) {
            return Err(reader.not_canonical("empty sibling"));
        }
        Ok(Self { depth, map, siblings })
    }

    /// How many steps it has.
    #[must_use]
    pub fn depth(&self) -> usize {
        usize::from(self.depth)
    }

    /// How many bytes it has.
    #[must_use]
    pub const fn encoded_len(&self) -> usize {
        let siblings = self.siblings.len().saturating_mul(32);
        self.map.len().saturating_add(siblings).saturating_add(2)
    }

    /// The top of the tree, if `end` is what stands at the end of the path.
    fn top(&self, path: &Path, end: Hash) -> Hash {
        let mut siblings = self.siblings.iter();
        (0..self.depth()).fold(end, |hash, step| {
            let sibling = match is_set(self.map, step) {
                true => siblings.next().map_or(Hash::ZERO, |bytes| Hash::from_bytes(*bytes)),
                false => Hash::ZERO,
            };
            let depth = self.depth().saturating_sub(step).saturating_sub(1);
            if path.bit(depth) {
                hasher::node(&sibling, &hash)
            } else {
                hasher::node(&hash, &sibling)
            }
        })
    }

    fn check(&self, header: &FinalHeader, path: &Path, end: Hash) -> Result<(), StateError> {
        let header = header.header();
        let found = hasher::root(&header.log, &self.top(path, end));
        let expected = header.state_root;
        if found == expected { Ok(()) } else { Err(StateError::RootMismatch { expected, found }) }
    }
}

fn is_set(map: &[u8], step: usize) -> bool {
    let byte = step.checked_div(8).and_then(|at| map.get(at)).copied().unwrap_or(0);
    let mask = 0x80_u8.checked_shr(u32::try_from(step % 8).unwrap_or(0)).unwrap_or(0);
    byte & mask != 0
}

/// The member that a record gives a writer's key to, at an event's index. A claim, until the record
/// is shown to be present.
pub(crate) fn name_at<'a>(
    record: &Record<'a>,
    expected: KeyId,
    index: u64,
) -> Result<&'a str, StateError> {
    let StateRecord::Key { id, member, role, from, until, .. } = *record.content() else {
        let found = record.content().key().kind();
        return Err(StateError::OtherRecord { expected: 2, found });
    };
    if id != expected {
        return Err(StateError::OtherKey { expected, found: id });
    }
    if role != KeyRole::Writer {
        return Err(StateError::NotAWriter { role });
    }
    if !(from..until).contains(&index) {
        return Err(StateError::KeyOutOfRange { index, from, until });
    }
    Ok(member)
}

/// A record that is in the state after a final header's block. A fact.
#[derive(Clone, Copy, Debug)]
pub struct Present<'a> {
    header: FinalHeader,
    record: Record<'a>,
}

impl<'a> Present<'a> {
    /// The header.
    #[must_use]
    pub const fn header(&self) -> &FinalHeader {
        &self.header
    }

    /// The record.
    #[must_use]
    pub const fn record(&self) -> &Record<'a> {
        &self.record
    }
}

/// That no record of some kind and key is in the state after a final header's block. A fact.
#[derive(Clone, Copy, Debug)]
pub struct Absent<'a> {
    header: FinalHeader,
    key: RecordKey<'a>,
}

impl<'a> Absent<'a> {
    /// The header.
    #[must_use]
    pub const fn header(&self) -> &FinalHeader {
        &self.header
    }

    /// What is absent.
    #[must_use]
    pub const fn key(&self) -> &RecordKey<'a> {
        &self.key
    }
}

/// What stands at the end of a path where a record is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a subtree is empty, one leaf, or a node")]
pub enum End {
    /// 0: nothing.
    Empty,
    /// 1: another record's leaf.
    Leaf {
        /// The other record's path.
        path: Path,
        /// Its digest.
        record: Hash,
    },
}

impl End {
    /// Decodes an end.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        crate::wire::decode_all(bytes, Self::read)
    }

    /// Reads a tag, and path and record digest of a leaf.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        match reader.u8()? {
            0 => Ok(Self::Empty),
            1 => Ok(Self::Leaf {
                path: Path::from_bytes(*reader.array()?),
                record: reader.digest()?,
            }),
            found => Err(reader.unknown("end of a path", found)),
        }
    }
}

/// Checks that a record is in the state after a final header's block.
///
/// # Errors
/// [`StateError::RootMismatch`].
pub fn verify_present<'a>(
    header: &FinalHeader,
    record: &Record<'a>,
    proof: &StateProof<'_>,
) -> Result<Present<'a>, Error> {
    proof.check(header, &record.path(), hasher::leaf(&record.path(), record.bytes()))?;
    Ok(Present { header: *header, record: *record })
}

/// Checks that no record of this kind and key is in the state after a final header's block.
///
/// # Errors
/// [`DecodeError`] for a key that no record can have; [`StateError::IsPresent`], [`StateError::OtherPath`], [`StateError::RootMismatch`].
pub fn verify_absent<'a>(
    header: &FinalHeader,
    key: &RecordKey<'a>,
    end: &End,
    proof: &StateProof<'_>,
) -> Result<Absent<'a>, Error> {
    key.check()?;
    let path = key.path();
    let hash = match end {
        End::Empty => Hash::ZERO,
        End::Leaf { path: found, record } => {
            if *found == path {
                return Err(StateError::IsPresent { path }.into());
            }
            if !path.shares(found, proof.depth()) {
                return Err(StateError::OtherPath { expected: path, found: *found }.into());
            }
            hasher::leaf_of_digest(found, record.as_bytes())
        }
    };
    proof.check(header, &path, hash)?;
    Ok(Absent { header: *header, key: *key })
}
