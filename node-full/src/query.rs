//! Finding events by what their writers claim of them.
//!
//! A query has the same parts, under the same names, in a URL, in JSON and on the command line:
//! [`NAMES`] lists them, and [`Query::read`] is the one place that says what they mean.

mod read;
mod terms;

use cairn_store::index::{Found, Mark};
use cairn_verifier::digest::{KeyId, StreamId};
use cairn_verifier::event::{Kind, Outcome, SignedEvent};

use crate::metrics::timed;
use crate::node::{Entry, Node, NodeError};

pub use cairn_store::index::Order;
pub(crate) use read::stream;
pub use read::{NAMES, QueryError};

/// How many entries a page has if the query does not say.
pub const DEFAULT_LIMIT: usize = 50;
/// The most entries of one page.
pub const MAX_LIMIT: usize = 1_000;

/// What to look for. All filters must hold; an empty query finds everything.
#[derive(Clone, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "the filters are these")]
pub struct Query {
    /// The actor: `kind/id`, or the id alone.
    pub actor: Option<String>,
    /// What the actor's id begins with.
    pub actor_prefix: Option<String>,
    /// The resource: `kind/id`, or the id alone.
    pub resource: Option<String>,
    /// What the resource's id begins with.
    pub resource_prefix: Option<String>,
    /// The id of what the resource belongs to.
    pub parent: Option<String>,
    /// What that begins with.
    pub parent_prefix: Option<String>,
    /// The event type.
    pub event_type: Option<String>,
    /// What the event type begins with.
    pub type_prefix: Option<String>,
    /// What kind of event.
    pub kind: Option<Kind>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// The stream.
    pub stream: Option<StreamId>,
    /// The writer's key.
    pub writer: Option<KeyId>,
    /// Claimed time at or after this, in milliseconds since 1970.
    pub from: Option<u64>,
    /// Claimed time before this; no limit if not said.
    pub to: Option<u64>,
    /// How many entries; [`DEFAULT_LIMIT`] if not said, never more than [`MAX_LIMIT`].
    pub limit: Option<usize>,
    /// Where the page before ended, as it said.
    pub cursor: Option<String>,
    /// Which way.
    pub order: Order,
}

/// What was found. Only final entries are.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a plain answer")]
pub struct Page {
    /// The entries, in the query's order. A page with a next one may hold fewer than asked for:
    /// a search that finds little rests after a while.
    pub entries: Vec<Entry>,
    /// The index from which on it was searched: 0, unless old events are not kept.
    pub complete_from: u64,
    /// The tree size up to which the log was searched.
    pub complete_to: u64,
    /// Where the next page begins; `None` at the end.
    pub next: Option<String>,
}

impl Node {
    /// One page of what was found.
    ///
    /// # Errors
    /// [`NodeError::BadCursor`], [`NodeError::TooBroad`], or an entry could not be read.
    pub fn query(&self, query: &Query) -> Result<Page, NodeError> {
        timed("cairn_query_seconds", "page", || self.page(query))
    }

    fn page(&self, query: &Query) -> Result<Page, NodeError> {
        let limit = query.limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT);
        let cursor = query.cursor.as_deref().map(|text| read_cursor(text, query.order));
        let cursor = cursor.transpose()?;
        let index = &self.shared().index;
        // What the index does not know yet, though it is final, is not claimed to be searched.
        let indexed = index.mark(Mark::Entries)?;
        let complete_to = self.shared().state().final_size().min(indexed);
        let complete_from = self.shared().entries.begin().min(complete_to);
        let range = match (query.order, cursor) {
            (_, None) => complete_from..complete_to,
            (Order::Newest, Some(before)) => {
                complete_from..before.clamp(complete_from, complete_to)
            }
            (Order::Oldest, Some(from)) => from.clamp(complete_from, complete_to)..complete_to,
        };
        let mut scan = index.scan(&query.filter(index)?, range, query.order);
        let mut entries: Vec<Entry> = Vec::new();
        let next = loop {
            match scan.next_found()? {
                Found::End => break None,
                Found::Tired(at) => break Some(at),
                Found::Index(at) if entries.len() == limit => break Some(at),
                Found::Index(at) => entries.extend(self.matching(at, query)?),
            }
        };
        let next = next.map(|at| write_cursor(at, query.order));
        Ok(Page { entries, complete_from, complete_to, next })
    }

    /// The entry at an index, if it is what is looked for: the index only says that it may be.
    fn matching(&self, at: u64, query: &Query) -> Result<Option<Entry>, NodeError> {
        let Some(entry) = self.entry_at(at)? else { return Ok(None) };
        let damaged = |reason| NodeError::Damaged { what: "entry", index: at, reason };
        let is_it = query.finds(SignedEvent::decode(&entry.signed).map_err(damaged)?.body());
        Ok(is_it.then_some(entry))
    }
}

/// A cursor says where to go on: below an index, or from one.
fn write_cursor(at: u64, order: Order) -> String {
    match order {
        Order::Newest => format!("before-{}", at.saturating_add(1)),
        Order::Oldest => format!("from-{at}"),
    }
}

fn read_cursor(text: &str, order: Order) -> Result<u64, NodeError> {
    let prefix = match order {
        Order::Newest => "before-",
        Order::Oldest => "from-",
    };
    let number = text.strip_prefix(prefix).and_then(|number| number.parse().ok());
    number.ok_or_else(|| NodeError::BadCursor(text.to_owned()))
}
