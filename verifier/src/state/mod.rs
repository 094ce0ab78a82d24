//! The state tree: what is so after a block, provable one record at a time.
//!
//! # Terms
//!
//! - **record**: one fact about the log's state: a member, a key, a stream, who is in it, the
//!   parameters, a validator set, a writer's head.
//! - **path**: 32 bytes, the digest of the record's kind and key. Its bits lead from the root to
//!   the record, the highest bit of the first byte first, 0 to the left.
//!
//! A subtree without records is 32 zero bytes; one with a single record is that record's leaf, at
//! whatever depth; any other is a node of its two halves. So every set of records has one tree:
//!
//! ```text
//!            root
//!             │
//!           node
//!         ┌───┴────┐
//!      leaf A     node            paths:  A 0…   B 100…   C 101…
//!               ┌──┴──┐
//!             node   empty
//!           ┌──┴──┐
//!        leaf B  leaf C
//! ```
//!
//! A record is shown *present* by the siblings on its path. It is shown *absent* by what its path
//! ends at instead: nothing, or the leaf of another record.

mod answer;
#[cfg(feature = "alloc")]
mod build;
mod error;
pub mod hasher;
mod history;
mod proof;
mod record;
mod stake;

#[cfg(feature = "alloc")]
pub use answer::AnswerDraft;
pub use answer::{Found, Known, MAX_ANSWER_LEN, StateAnswer, verify_answer};
#[cfg(feature = "alloc")]
pub use build::{StateTree, encode_state_proof};
pub use error::StateError;
pub use history::{WriterHistory, verify_history};
pub(crate) use proof::name_at;
pub use proof::{Absent, End, MAX_DEPTH, Present, StateProof, verify_absent, verify_present};
pub use record::{KeyRole, MAX_MEMBER_KEYS, MAX_RECORD_LEN, Record, RecordKey, Roles, StateRecord};
pub use stake::{Leaving, MAX_STAKE_PARTS, PowerMode, STAKE_PART_LEN, StakePart, StakeParts};

use crate::digest::{self, EventId, Hash};

/// The place of a record in the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path([u8; 32]);

impl Path {
    /// The bit at a depth, from 0; false past the end.
    #[must_use]
    pub fn bit(&self, depth: usize) -> bool {
        let byte = depth.checked_div(8).and_then(|at| self.0.get(at)).copied().unwrap_or(0);
        let mask = 0x80_u8.checked_shr(u32::try_from(depth % 8).unwrap_or(0)).unwrap_or(0);
        byte & mask != 0
    }

    /// Whether both begin with the same bits.
    #[must_use]
    pub fn shares(&self, other: &Self, bits: usize) -> bool {
        (0..bits).all(|depth| self.bit(depth) == other.bit(depth))
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// A place, as its bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Of a record's kind and key, as they stand in it.
    fn of(kind_and_key: &[u8]) -> Self {
        Self(digest::derive(digest::STATE_PATH, &[kind_and_key]))
    }
}

impl core::fmt::Display for Path {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        Hash::from_bytes(self.0).fmt(f)
    }
}

/// The digest over all system events up to one, from that over those before it: zero before the
/// first. SPEC.md, "Which records there are".
#[must_use]
pub fn system_digest(before: &Hash, index: u64, event: &EventId) -> Hash {
    let parts = [before.as_bytes(), &index.to_be_bytes()[..], event.as_bytes()];
    Hash::from_bytes(digest::derive(digest::STATE_SYSTEM, &parts))
}
