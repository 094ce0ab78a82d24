//! The node's core over real files: what goes in, what comes out, and what survives.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test crate"
)]

mod check;
mod disk;
mod import;
mod open;
mod proofs;
mod query;
mod refusals;
mod sealed;
mod submit;
mod support;
mod system;
