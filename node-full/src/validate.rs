//! A validator among others: events wait in a mempool, blocks are agreed on, and what was decided
//! goes into the log by the path that a replica's blocks take.
//!
//! ```text
//! submit -> checks, in the caller's thread -> committer: pool, sync -> accepted
//!                                                  |  events to peers
//! driver: pool -> block -> proposal, votes -> decided -> events, block and certificate, sync -> final
//! ```
//!
//! What *accepted* means here: the event is on this node's disk and was handed to its peers. It is
//! final when a block has it; then every node has it. It never will be if another event of its
//! writer takes its place first, or if it waited for a day.
//!
//! - [`journal`] has the files of the engine: what was signed must outlive every crash.
//! - [`pool`] is the mempool, [`block`] what is proposed and checked.
//! - [`behind`] fetches payloads and wraps of events that other nodes took.
//! - [`driver`] is the thread that owns the engine, [`sync`] how it catches up.

pub(crate) mod behind;
pub(crate) mod block;
mod driver;
mod journal;
mod lone;
mod peers;
pub(crate) mod pool;
mod restored;
mod sync;
mod timers;

use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use cairn_consensus::{HostError, Signer, Timeouts};
use cairn_net::{Incoming, Network, PeerStatus};
use cairn_store::StoreError;
use cairn_verifier::digest::{KeyId, LogId};
use cairn_verifier::finality::Role;
use cairn_verifier::wire::DecodeError;
use thiserror::Error;

use crate::node::{NodeError, OpenError, Shared};
use crate::replica::FollowError;

pub(crate) use driver::{Input, Setup, run};
pub(crate) use journal::{VALIDATOR_DIR, expect_readable};
pub(crate) use lone::expect_lone;
pub(crate) use restored::{mark_restored, why_waiting};

/// How this node takes part.
#[expect(clippy::exhaustive_structs, reason = "a plain choice")]
pub struct Validating {
    /// Makes the links to the others, once the log is open.
    pub connect: Connect,
    /// How long each step of a round may take.
    pub timeouts: Timeouts,
    /// The operator's word that nothing was signed from this height on: for a validator whose
    /// record of signatures was lost, or that was restored from a backup.
    pub sign_from: Option<u64>,
}

/// Makes the links to other validators.
pub type Connect = Box<dyn FnOnce(&Local) -> Result<Links, String> + Send>;

/// Links to other validators: how to talk to them, and what they say.
pub type Links = (Arc<dyn Network>, Receiver<Incoming>);

impl std::fmt::Debug for Validating {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Validating").field("sign_from", &self.sign_from).finish_non_exhaustive()
    }
}

impl Validating {
    /// With these links, and times for machines that are near each other.
    #[must_use]
    pub fn new(connect: Connect) -> Self {
        Self { connect, timeouts: timeouts(), sign_from: None }
    }
}

/// Times for machines that are near each other. Each round that fails makes them longer.
#[must_use]
pub const fn timeouts() -> Timeouts {
    Timeouts {
        propose: Duration::from_millis(1_000),
        propose_delta: Duration::from_millis(500),
        prevote: Duration::from_millis(500),
        prevote_delta: Duration::from_millis(250),
        precommit: Duration::from_millis(500),
        precommit_delta: Duration::from_millis(250),
        rebroadcast: Duration::from_millis(2_000),
        max_timeout: Duration::from_secs(30),
    }
}

/// What those who make the links need to know of this node.
#[derive(Clone, Debug)]
pub struct Local(Arc<Shared>);

impl Local {
    pub(crate) const fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    /// The log.
    #[must_use]
    pub fn log(&self) -> LogId {
        self.0.log
    }

    /// The genesis as it travels.
    #[must_use]
    pub fn genesis(&self) -> &[u8] {
        &self.0.genesis
    }

    /// How many final blocks there are: the height that this node works on.
    #[must_use]
    pub fn height(&self) -> u64 {
        self.0.blocks.end()
    }

    /// This node's key.
    #[must_use]
    pub fn signer(&self) -> impl Signer + use<> {
        OwnKey(Arc::clone(&self.0))
    }
}

/// The validator's key, wherever the node keeps it.
struct OwnKey(Arc<Shared>);

impl Signer for OwnKey {
    fn key(&self) -> KeyId {
        self.0.own_keys().map_or(KeyId::ZERO, |keys| keys.validator.key_id())
    }

    fn sign(&self, role: Role, message: &[u8]) -> Option<Vec<u8>> {
        self.0.own_keys()?.validator.sign(role, message)
    }
}

/// Why a validator cannot go on.
#[derive(Debug, Error)]
pub(crate) enum ValidateError {
    #[error(transparent)]
    Storage(#[from] StoreError),
    #[error(transparent)]
    Node(#[from] NodeError),
    #[error(transparent)]
    Follow(#[from] FollowError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("a header or set does not decode: {0}")]
    Format(#[from] DecodeError),
    #[error(transparent)]
    Engine(#[from] HostError),
    #[error(
        "block {height} was decided, and this node cannot append it: {why}. It and the other \
         validators follow different rules, or this log was changed: compare versions, and run \
         cairn check"
    )]
    DecidedUnfit { height: u64, why: String },
    #[error(
        "the thread that agrees on blocks panicked: {0}. This is a fault of the program: start the \
         node again, which goes on from what is on disk, and report it with the node's log"
    )]
    Panicked(String),
}

impl ValidateError {
    /// Whether trying again may help: a disk that is full can be freed.
    const fn is_passing(&self) -> bool {
        match self {
            Self::Storage(_) | Self::Node(_) => true,
            Self::Follow(error) => error.is_passing(),
            Self::Open(OpenError::Storage(_)) => true,
            Self::Open(_)
            | Self::Format(_)
            | Self::Engine(_)
            | Self::DecidedUnfit { .. }
            | Self::Panicked(_) => false,
        }
    }
}

/// How this validator is.
#[derive(Clone, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "a plain answer")]
pub struct ValidatorStatus {
    /// The height worked on.
    pub height: u64,
    /// Its round.
    pub round: u32,
    /// Whether that height is open; otherwise nothing waits for a block.
    pub working: bool,
    /// Whether this node has a vote at that height.
    pub votes: bool,
    /// Why it signs nothing, if it has a vote.
    pub silent: Option<String>,
    /// Why it takes no events yet.
    pub waiting: Option<String>,
    /// Why it has stopped, or tries again.
    pub stopped: Option<String>,
    /// The other validators, connected or not.
    pub peers: Vec<PeerStatus>,
    /// The height that the furthest peer works on.
    pub peers_height: u64,
    /// Events that wait for a block, and their bytes.
    pub pool_events: u64,
    /// Bytes of those events.
    pub pool_bytes: u64,
}
