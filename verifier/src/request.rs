//! Signed requests: how a member shows a node who asks.
//!
//! The request carries `Authorization: Cairn key=<hex>, time=<ms>, signature=<hex>`, where the
//! key is an Ed25519 public key (suite 1) and the signature is over the role `request` and
//! [`message`]. `origin=<origin>` in it says that the request is for that node.

use crate::UnixMillis;
use crate::digest::{self, LogId};

/// How far a request's time may be from the node's clock, in milliseconds.
pub const MAX_SKEW: u64 = 60_000;

/// What is signed: the log, the time, and the target. That is the request's path with its query,
/// and the node's origin before it if the request is for one node only.
#[must_use]
pub fn message(log: &LogId, time: UnixMillis, target: &str) -> [u8; 32] {
    digest::derive(digest::REQUEST, &[log.as_bytes(), &time.0.to_be_bytes(), target.as_bytes()])
}
