//! What a host is given, what it wants done, and why it stops.

use std::time::Duration;

use arc_malachitebft_core_types::LinearTimeouts;
use cairn_verifier::digest::{HeaderDigest, LogId};
use cairn_verifier::wire::DecodeError;
use thiserror::Error;

use crate::broken::Broken;
use crate::inbox::{Limits, Peer};

/// How a host is set up.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a caller states all of them")]
pub struct Config {
    /// The log.
    pub log: LogId,
    /// How long each step may take.
    pub timeouts: LinearTimeouts,
    /// What a peer may cost.
    pub limits: Limits,
    /// Defences that are off: [`Broken::default`] is none.
    pub broken: Broken,
}

/// A timer that was asked for. One that the host no longer waits for does nothing when it fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timer(pub(super) u64);

/// What the application says of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "an application must say one of these")]
pub enum Verdict {
    /// It is what its header says, and follows the rules.
    Valid,
    /// It is what its header says, and breaks a rule.
    Invalid,
    /// Its header's time is too far ahead of this clock, which says nothing of the block: other
    /// clocks may differ. It is not voted for, and looked at again when a quorum votes for it.
    Early,
    /// It is not what its header says: other bytes under the same header may be valid, so this
    /// says something of who sent it and nothing of the header.
    NotTheBlock,
}

/// Why a peer is to be disconnected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Fault {
    /// A message did not decode.
    #[error("a message does not decode: {0}")]
    Malformed(#[from] DecodeError),
    /// A signature did not hold, or was not of the validator's suite.
    #[error("a signature does not hold")]
    BadSignature,
    /// A final block came under a certificate that does not hold.
    #[error("a certificate does not hold")]
    BadCertificate,
    /// A block was not what its header says.
    #[error("a block is not what its header says")]
    OtherBlock,
}

/// A block that is final.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "what a decision is made of")]
pub struct Decided {
    /// Its height.
    pub height: u64,
    /// Its header's digest.
    pub header: HeaderDigest,
    /// The block: header, then what it is about.
    pub block: Vec<u8>,
    /// The minimal certificate, as `SPEC.md` encodes it.
    pub certificate: Vec<u8>,
    /// Contradictions met at this height: evidence files.
    pub evidence: Vec<Vec<u8>>,
}

/// What is to be done, in this order. [`crate::Keeper`] performs the first three.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a driver must do each of these")]
pub enum Output {
    /// A log begins for this height.
    Begin {
        /// The height.
        height: u64,
    },
    /// An entry for the log. It must be durable before any later message or decision leaves.
    Append {
        /// The height.
        height: u64,
        /// The entry.
        entry: Vec<u8>,
    },
    /// The record of what was signed last; durable after the log, before what follows leaves.
    Record(Vec<u8>),
    /// A message for every peer.
    Broadcast(Vec<u8>),
    /// A message for one peer.
    Send {
        /// The peer.
        peer: Peer,
        /// The message.
        bytes: Vec<u8>,
    },
    /// Call [`crate::Host::timer`] after this time.
    SetTimer {
        /// Which.
        timer: Timer,
        /// After how long.
        after: Duration,
    },
    /// Build a block and call [`crate::Host::built`].
    Build {
        /// Its height.
        height: u64,
        /// Its round.
        round: u32,
        /// Within this time, or the round goes on without it.
        within: Duration,
    },
    /// Check a block and call [`crate::Host::checked`].
    Check {
        /// Its height.
        height: u64,
        /// Its header's digest.
        header: HeaderDigest,
        /// The block.
        block: Vec<u8>,
        /// Whether a quorum voted for it, to decide it or in some round before: then its time is
        /// not this clock's to judge.
        certified: bool,
    },
    /// Send a peer the final block of a height ([`crate::wire::Message::Final`]), if it is held.
    Serve {
        /// The peer.
        peer: Peer,
        /// The height.
        height: u64,
    },
    /// A block is final. Make it durable, then call [`crate::Host::start`] for the next height.
    Decided(Box<Decided>),
    /// Disconnect a peer.
    Ban {
        /// The peer.
        peer: Peer,
        /// Why.
        fault: Fault,
    },
}

/// Why the host cannot go on. Each of these is for a person to look at.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum HostError {
    /// The engine met what it never should, such as a log that contradicts itself.
    #[error(
        "the consensus engine stopped: {0}. Keep the data directory; the node may be started again, and goes on by sync if it cannot vote"
    )]
    Engine(String),
    /// An entry of the log or a set does not decode, though its frame is whole.
    #[error("an entry of the consensus log does not decode: {0}")]
    Decode(#[from] DecodeError),
    /// More than two thirds of the power signed a block that breaks a rule.
    #[error(
        "block {header} at height {height} is certified and breaks a rule: this node and its validators follow different rules; compare their versions"
    )]
    CertifiedInvalid {
        /// The height.
        height: u64,
        /// Its header.
        header: HeaderDigest,
    },
}
