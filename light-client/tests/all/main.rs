//! The light client against a node in memory, honest and otherwise. No clock but a number, no
//! network but a function call.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "small numbers that the tests choose"
)]

#[cfg(test)]
mod answers;
#[cfg(test)]
mod assurance;
#[cfg(test)]
mod client;
#[cfg(test)]
mod events;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod handovers;
#[cfg(test)]
#[path = "../../../verifier/tests/kit/mod.rs"]
mod kit;
#[cfg(test)]
mod node;
#[cfg(test)]
mod several;
#[cfg(test)]
mod sync;
