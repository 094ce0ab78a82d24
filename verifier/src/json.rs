//! JSON views for people and APIs. Nothing is hashed or signed from JSON, and nothing here is
//! read back: the bytes are the evidence.
//!
//! Digests are lower-case hex, times are milliseconds since 1970, voting power is a decimal
//! string because it may exceed 2^53; all other numbers are JSON numbers.

mod records;
mod views;
mod writer;

pub use records::{stake_part, state_record};
pub use views::{check, error, event, header, sides, standing, verified_event, verified_receipt};
pub use writer::Object;
