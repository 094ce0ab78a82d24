//! The light client: follows a log from a pinned anchor, and turns what a node says into facts.
//!
//! ```text
//! assurance   what a screen may show of a receipt: seven cases, one of them green
//! events, state   events verified many at a time; what the log's state says
//! sync        from the anchor to the newest header; bytes and times in, requests out
//! policy, nodes   which nodes must agree, and whether what they show is one history
//! client      all of it over a [`World`]: network, store and clock
//! fetch, store, clock   the world of a JavaScript runtime, and the only files that touch it
//! js          what the npm package calls; there, `pkg/host.js` fetches and stores
//! ```
//!
//! **Invariant:** only `cairn-verifier` makes facts; this crate holds and reads them.
//! **Invariant:** what is stored is evidence, as bytes; loading it verifies it again.
//! **Invariant:** nothing that a node says is shown as more than a claim before it is verified.
#![forbid(unsafe_code)]

pub mod assurance;
mod backoff;
pub mod client;
mod clock;
pub mod error;
pub mod events;
mod fetch;
pub mod filter;
#[cfg(feature = "js")]
pub mod js;
pub mod json;
pub mod nodes;
pub mod policy;
pub mod state;
mod store;
pub mod sync;
pub mod world;

pub use assurance::{Assurance, CheckedReceipt, Examination, Reason, examine};
pub use client::{Client, LightClient, NodeReport, Setup};
pub use error::ClientError;
pub use events::{CheckedEvent, CheckedList, EventPage, History};
pub use nodes::ForkEvidence;
pub use policy::Policy;
pub use state::CheckedState;
pub use sync::Sync;
pub use world::{Browser, World};
