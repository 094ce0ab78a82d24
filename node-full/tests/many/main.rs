//! Validators that agree on blocks: real nodes with real directories in one process, over links in
//! memory that delay, and that tests cut.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::disallowed_types,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test crate"
)]

mod agree;
mod crash;
mod derived;
mod forged;
mod hand;
mod kit;
mod links;
mod payloads;
mod peers;
mod signed;
mod sync;
mod turn;
