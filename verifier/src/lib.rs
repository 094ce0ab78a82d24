//! Cairn's verification core: decides whether bytes from anywhere prove that an event is in a
//! log, that the log is final, and what the event's payload says.
//!
//! Start at [`receipt::verify`]. The bytes of every format, and the order of the checks, are
//! in `SPEC.md`, which is normative.
//!
//! Everything from outside is a *claim*; only a check in this crate turns it into a *fact*:
//!
//! ```text
//! bytes --decode--> claim
//! the user's choice --> TrustAnchor
//! anchor + handovers --> TrustedValidators
//! header + certificate + TrustedValidators --> FinalHeader
//! FinalHeader + older header + header-tree inclusion --> FinalHeader
//! FinalHeader + index + event + inclusion proof --> VerifiedEvent
//! event + wrap + ciphertext + key --> OpenedPayload      authentic to the key holder, not yet in the log
//! OpenedPayload + VerifiedEvent --> VerifiedPayload
//! anchor + list of events --> VerifiedList: FinalHeader + VerifiedEvents
//! FinalHeader + record + state proof --> Present, Absent
//! anchor + state answer + what was asked --> Known: Present or Absent
//! Present(head) + VerifiedEvents --> WriterHistory
//! evidence --> Fork, Culprit, WriterConflict
//! ```
//!
//! **Invariant:** this crate knows no clock, randomness, network, storage or JavaScript.
//! **Invariant:** verifying a receipt needs no allocator.
#![no_std]
#![forbid(unsafe_code)]
#![deny(clippy::std_instead_of_core, clippy::std_instead_of_alloc, clippy::alloc_instead_of_core)]
#![cfg_attr(
    test,
    expect(clippy::arithmetic_side_effects, clippy::as_conversions, reason = "tests may panic")
)]

#[cfg(feature = "alloc")]
extern crate alloc;

pub mod check;
pub mod digest;
pub mod error;
pub mod event;
pub mod evidence;
pub mod fact;
pub mod finality;
#[cfg(feature = "json")]
pub mod json;
#[cfg(feature = "alloc")]
pub mod list;
#[cfg(test)]
mod outside;
#[cfg(feature = "open")]
pub mod payload;
#[cfg(feature = "open")]
pub mod pcek;
pub mod receipt;
pub mod request;
#[cfg(feature = "secret")]
pub mod secret;
pub mod state;
pub mod terms;
pub mod time;
pub mod tree;
pub mod trust;
pub mod wire;

pub use error::Error;
pub use fact::{Extends, FinalHeader, VerifiedEvent};
pub use terms::{Budget, Terms};
pub use time::UnixMillis;
pub use trust::TrustAnchor;
