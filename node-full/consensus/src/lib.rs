//! How many validators agree on one block.
//!
//! The protocol is Tendermint's, as the engine Malachite has it: a proposer of each round, two
//! rounds of votes, locks, and a quorum of more than two thirds of the voting power. This crate
//! makes it Cairn's: what is signed, sent and certified has the bytes of `SPEC.md`, and what comes
//! out of a decision is a certificate that `cairn_verifier` accepts. It has no clock, no socket, no
//! file and no thread.
//!
//! - [`Host`] is the whole state machine: calls go in, [`Output`]s come out.
//! - [`Keeper`] performs the outputs that must be durable before others leave.
//! - [`wire`] has the engine's messages between validators, [`gossip`] the others, [`log`] the
//!   frames of the write-ahead log.
//! - [`epochs`] has which set is in force when, and how validators change it.
//! - [`rules`] has what every header obeys, for the application that builds and checks blocks.
//!
//! One validator without peers runs through the same host: it builds, votes and decides within
//! the call that hands it the block.
//!
//! **Invariant:** nothing leaves before what it rests on is durable: log, then record, then message.
//! **Invariant:** a validator signs one header for each height, round and type, across restarts.
//! **Invariant:** whatever a peer sends is bounded, decoded strictly and counted before it costs more.
//! **Invariant:** a block is validated before a vote for it, and a certificate before its block.
#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    expect(
        clippy::arithmetic_side_effects,
        clippy::wildcard_enum_match_arm,
        reason = "small numbers and the one case that matters, in tests"
    )
)]

pub mod behind;
mod broken;
mod certificate;
mod context;
pub mod epochs;
mod evidence;
pub mod gossip;
mod guard;
mod host;
mod inbox;
mod keeper;
pub mod log;
pub mod rules;
mod set;
mod signing;
mod turns;
mod types;
pub mod wire;

pub use arc_malachitebft_core_types::LinearTimeouts as Timeouts;
pub use broken::{Broken, Defence};
pub(crate) use context::Cairn;
pub use guard::Record;
pub use host::{Config, Decided, Fault, Host, HostError, Output, Timer, Verdict};
pub use inbox::{Limits, Peer};
pub use keeper::{Journal, Keeper};
pub use set::Set;
pub use signing::{Signer, VOTE_PREVOTE, VOTE_PROPOSAL, proposal_message};
