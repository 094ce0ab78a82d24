//! The light client: follows a log from a pinned anchor, and turns what a node says into facts.
//!
//! ```text
//! assurance   what a screen may show of a receipt: seven cases, one of them green
//! sync        from the anchor to the newest header; bytes and times in, requests out
//! client      the two together over a [`World`]: network, store and clock
//! fetch, store, clock   the world of a JavaScript runtime, and the only files that touch it
//! js          what the npm package calls; there, `pkg/host.js` fetches and stores
//! ```
//!
//! **Invariant:** only `cairn-verifier` makes facts; this crate holds and reads them.
//! **Invariant:** what is stored is evidence, as bytes; loading it verifies it again.
//! **Invariant:** nothing that a node says is shown as more than a claim before it is verified.
#![forbid(unsafe_code)]

pub mod assurance;
pub mod client;
mod clock;
pub mod error;
mod fetch;
#[cfg(feature = "js")]
pub mod js;
pub mod json;
mod store;
pub mod sync;
pub mod world;

pub use assurance::{Assurance, CheckedReceipt, Examination, Reason, examine};
pub use client::{Client, LightClient};
pub use error::ClientError;
pub use sync::Sync;
pub use world::{Browser, World};
