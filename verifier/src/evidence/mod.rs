//! Evidence: files that anyone can check, each showing that somebody signed a contradiction.
//!
//! - A *fork*: two final headers under one anchor that cannot both be in one log.
//! - A *culprit*: one key's votes for two blocks at one height, round and type.
//! - A *writer conflict*: two events of one writer at one sequence. It is shown, never punished:
//!   an honest retry can make one.
//!
//! No clock is needed: a contradiction stays one, however old.

mod culprit;
mod error;
mod fork;
mod format;
mod writer;

pub use culprit::{Culprit, CulpritProof, CulpritVote};
pub use error::EvidenceError;
pub use fork::{Fork, ForkProof};
pub use format::{Evidence, MAX_EVIDENCE_LEN, VerifiedEvidence, verify};
#[cfg(feature = "alloc")]
pub use format::{encode_culprit, encode_fork, encode_fork_of_checkpoints, encode_writer_conflict};
pub use writer::{WriterConflict, WriterConflictProof};
