//! Histories of other systems, brought over as events of kind `import`.
//!
//! [`git`] reads a repository; the others read lines: [`cloudevents`], [`syslog`], [`cloudtrail`]
//! and [`ocsf`], each with a table of what goes where. [`source`] reads a file of them to its end,
//! [`follow`] goes on as it grows, and [`state`] remembers what was sent.
//!
//! **Invariant:** a line becomes an event, a duplicate that is counted, or a failure with its
//! number; nothing is dropped in silence, and nothing is cut.

pub mod cloudevents;
pub mod cloudtrail;
pub mod follow;
pub mod git;
mod json;
pub mod lines;
mod mapped;
pub mod ocsf;
pub mod source;
pub mod state;
pub mod syslog;

pub use mapped::Raw;

use cairn_verifier::digest;

use crate::ingest::Draft;

/// What a source id is hashed under.
const SOURCE_ID: &str = "cairn v1 import source id";

/// One item of a history: where it stands there, and the event it makes or why it makes none.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a place and what is there")]
pub struct Item {
    /// For people, for example `line 17`.
    pub place: String,
    /// What it is known by; `None` if it is nothing that can be known again.
    pub id: Option<SourceId>,
    /// The event, or what is wrong.
    pub draft: Result<Draft, String>,
}

/// What an item is known by where it comes from, as a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "an item has a name of its own or has none")]
pub enum SourceId {
    /// The id that its system gave it, or all that it says.
    Own([u8; 32]),
    /// What it says and the number of its line: it can come again only if the file is read again.
    Place([u8; 32]),
}

impl SourceId {
    /// The id of what its system names by these parts.
    #[must_use]
    pub fn own(source: &str, parts: &[&[u8]]) -> Self {
        Self::Own(hash(source, parts))
    }

    /// The id of a line that has no name.
    #[must_use]
    pub fn place(source: &str, line: &[u8], number: u64) -> Self {
        Self::Place(hash(source, &[line, &number.to_be_bytes()]))
    }

    /// The digest.
    #[must_use]
    pub const fn digest(&self) -> &[u8; 32] {
        match self {
            Self::Own(digest) | Self::Place(digest) => digest,
        }
    }
}

/// Each part stands behind its length, so that no two lists of parts are the same bytes.
fn hash(source: &str, parts: &[&[u8]]) -> [u8; 32] {
    let all = std::iter::once(source.as_bytes()).chain(parts.iter().copied());
    let mut bytes = Vec::new();
    for part in all {
        let len = u64::try_from(part.len()).unwrap_or(u64::MAX);
        bytes.extend_from_slice(&len.to_be_bytes());
        bytes.extend_from_slice(part);
    }
    digest::derive(SOURCE_ID, &[&bytes])
}
