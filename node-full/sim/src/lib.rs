//! Many validators in one process, with every fault that one seed can think of.
//!
//! A seed draws keys, weights, sets, links, clocks, faults and a villain; then events run in the
//! order of a simulated time, and after each of them what must always hold is checked by the real
//! verifier and a ledger apart. Nothing but the seed decides anything, so a seed that fails is a
//! test case: `cargo xtask sim --seeds 17..18 --trace`.
//!
//! - `world`: what is so before time begins. `faults`: what goes wrong, and when.
//! - `node`, `disk`, `ledger`: one machine; its log forgets what was not synced.
//! - `villains`: a bad validator each.
//! - `check`: agreement, certificates and handovers by the verifier, no honest double sign, chain
//!   rules, evidence against the guilty alone, all stake counted a second time, bounded memory, and
//!   that it goes on at last.
//! - `flaw`: single defences to leave out, and the failure that must follow.
//!
//! **Invariant:** a run reads no clock and no map whose order differs between two runs.
#![forbid(unsafe_code)]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "simulated times and small counts; a run that overflows fails, which is no harm"
)]
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a villain bends the messages it cares for and leaves the others"
)]

mod acts;
mod check;
mod disk;
mod faults;
mod flaw;
mod ledger;
mod node;
mod rng;
mod run;
#[cfg(test)]
mod tests;
mod trace;
mod villains;
mod world;

pub use check::{Failure, Violation};
pub use flaw::Flaw;
pub use run::{Calm, Finality, Options, Outcome, run};
pub use trace::Seen;
pub use villains::Kind;
