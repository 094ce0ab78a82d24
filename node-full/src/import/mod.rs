//! Histories of other systems, brought over as events of kind `import`.

pub mod cloudevents;
pub mod git;

use crate::ingest::Draft;

/// One item of a history: where it stands there, and the event it makes or why it makes none.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a place and what is there")]
pub struct Item {
    /// For people, for example `line 17`.
    pub place: String,
    /// The event, or what is wrong.
    pub draft: Result<Draft, String>,
}
