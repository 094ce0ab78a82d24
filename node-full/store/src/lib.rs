//! The node's files.
//!
//! - [`segment`]: append-only files of checksummed frames. The only truth: entries, blocks and
//!   key records live in them, and an append is durable when it returns.
//! - [`log`]: a log over many segments, all but the last closed for ever.
//! - [`entries`]: the log of entries, of which old ones can be forgotten.
//! - [`tiles`]: a Merkle tree's nodes, 256 hashes a file. Derived from a segment, so a lost tile
//!   is made again and a wrong one is found when the log is opened.
//! - [`index`]: finding entries, by id and by what is in them. Derived from the log.
//! - [`sparse`]: the state tree, up to the newest block. Derived from the log too.
//! - [`blobs`]: payloads by their digest.
//! - [`keystore`]: what opens payloads, in files that can forget it.
//!
//! **Invariant:** a failed write changes nothing that was durable before, in memory or on disk.
//! **Invariant:** this crate makes no hashes of its own but checks of its files; trees are hashed by
//! the verifier's `TreeHasher`.
#![forbid(unsafe_code)]
#![expect(
    clippy::arithmetic_side_effects,
    reason = "sums and shifts in tiles stay below 2^62, the largest tree; the rest saturates"
)]
#![cfg_attr(test, expect(clippy::as_conversions, reason = "small numbers in tests"))]

pub mod blobs;
mod disk;
pub mod entries;
mod error;
pub mod files;
pub mod index;
pub mod keystore;
pub mod log;
pub mod segment;
pub mod sparse;
pub mod tiles;

pub use error::StoreError;
