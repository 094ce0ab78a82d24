//! The node's core over real files: what goes in, what comes out, and what survives.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test crate"
)]

mod check;
mod disk;
mod forged;
mod import;
mod open;
mod proofs;
mod prune;
mod query;
mod refusals;
mod sealed;
mod signed;
mod stake;
mod state;
mod state_kept;
mod submit;
mod support;
mod system;
mod validators;
