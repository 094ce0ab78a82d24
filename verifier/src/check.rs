//! Each check as it passes, with what it was given: for people who want to see why.

use crate::digest::{EventId, Hash, HeaderDigest, KeyId, PayloadDigest};
use crate::fact::LogTime;
use crate::finality::{Signed, Suite};
use crate::trust::TrustAnchor;

/// A check that passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Check {
    /// The base has the digest that the anchor pins.
    Anchor {
        /// The anchor.
        anchor: TrustAnchor,
    },
    /// The bytes are a receipt, to the last one.
    Decoded {
        /// How many bytes.
        bytes: usize,
    },
    /// A header is final.
    Final {
        /// Its height.
        height: u64,
        /// Its digest.
        digest: HeaderDigest,
    },
    /// A handover was followed.
    Handover {
        /// The new epoch.
        epoch: u64,
        /// The height of the header that began it.
        height: u64,
    },
    /// The event is a leaf of the header's tree.
    Included {
        /// The event's index.
        index: u64,
        /// The tree's size.
        size: u64,
        /// The tree's root.
        root: Hash,
        /// How many hashes the proof has.
        steps: usize,
    },
    /// Two final headers bound the time at which the event was logged.
    LogTime(LogTime),
    /// The log's state gives the writer's key to a member.
    Name {
        /// The writer's key.
        key: KeyId,
    },
    /// The payload in the receipt is the one that the event commits to.
    Payload {
        /// Its digest.
        digest: PayloadDigest,
    },
    /// The votes are a quorum, and no more than one.
    Quorum(Signed),
    /// The base, from which trust goes on, is young enough.
    TrustPeriod {
        /// Its age in milliseconds.
        age: u64,
        /// The trust period in milliseconds, 0 for none.
        period: u64,
    },
    /// A validator's vote holds.
    Vote {
        /// The validator's index.
        index: u8,
        /// The suite of its key.
        suite: Suite,
        /// Its voting power.
        power: u64,
        /// The set's voting power.
        total: u64,
    },
    /// The writer's signature holds.
    Writer {
        /// The event.
        event: EventId,
        /// The writer's key.
        key: KeyId,
        /// The suite of that key.
        suite: Suite,
    },
}

/// Told of every check that passes. `()` listens to none and costs nothing.
pub trait Observer {
    /// A check passed.
    fn passed(&mut self, check: Check);
}

impl Observer for () {
    fn passed(&mut self, _check: Check) {}
}

#[cfg(feature = "alloc")]
impl Observer for alloc::vec::Vec<Check> {
    fn passed(&mut self, check: Check) {
        self.push(check);
    }
}
