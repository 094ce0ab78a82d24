//! The way in: what can be submitted, and why a submission is refused.
//!
//! A batch is all or nothing: everything about it is checked before anything is written.

mod draft;
mod payload;
mod prepare;
mod refusal;
mod stage;
mod system;

pub use draft::{
    Draft, DraftKind, DraftOutcome, DraftParty, DraftPayload, DraftResource, SealedDraft,
};
pub(crate) use payload::FitPayload;
pub(crate) use prepare::{Prepared, check_event, check_wrap, may_stand, prepare, refuse_system};
pub use refusal::{Refusal, Refused};
pub(crate) use stage::{Staged, Staging, Written};

use cairn_verifier::digest::{EventId, KeyId};

/// The most submissions in one batch.
pub const MAX_BATCH: usize = 4_096;

/// One event on its way in.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "an event is signed by its writer or by the node")]
pub enum Submission {
    /// Signed by its writer.
    Signed {
        /// The encoded signed event.
        event: Vec<u8>,
        /// The public payload, or nonce and ciphertext of the sealed one. It may be left out if
        /// the node has it already.
        payload: Option<Vec<u8>>,
        /// Wraps of the message key, by the id of the key each is for.
        wraps: Vec<(KeyId, Vec<u8>)>,
        /// The salt of the message key, for readers who hold the chain key.
        salt: Option<[u8; 32]>,
    },
    /// To be signed by the node's ingest key.
    Draft(Draft),
}

/// An event that is durable on this node. Where many validators agree on blocks, it was handed to them
/// too, and has no place in the log yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a plain answer")]
pub struct Accepted {
    /// The event's id.
    pub id: EventId,
    /// Its index in the log; none as long as it waits for a block that many validators agree on.
    pub index: Option<u64>,
    /// Whether it was in the log before: the same event submitted again changes nothing.
    pub duplicate: bool,
}
