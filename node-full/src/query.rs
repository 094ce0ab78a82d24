//! Finding events by what their writers claim of them.

use std::ops::Range;

use cairn_verifier::digest::{KeyId, StreamId};

use crate::node::{Entry, Index, Node, NodeError, Term};

/// How many entries a page has if the query does not say.
pub const DEFAULT_LIMIT: usize = 50;
/// The most entries of one page.
pub const MAX_LIMIT: usize = 1_000;

/// Which way a query goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "an order has two directions")]
pub enum Order {
    /// From the newest entry backwards.
    #[default]
    Newest,
    /// From the oldest entry onwards.
    Oldest,
}

/// What to look for. All filters must hold; an empty query finds everything.
#[derive(Clone, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "the filters are these")]
pub struct Query {
    /// The actor: `kind/id`, or the id alone.
    pub actor: Option<String>,
    /// The resource: `kind/id`, or the id alone.
    pub resource: Option<String>,
    /// The event type.
    pub event_type: Option<String>,
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
    /// The entries, in the query's order.
    pub entries: Vec<Entry>,
    /// The tree size up to which the log was searched.
    pub complete_to: u64,
    /// Where the next page begins; `None` at the end.
    pub next: Option<String>,
}

impl Node {
    /// One page of what was found. The index is in memory, so a page costs its entries and,
    /// where filters leave many candidates, one comparison each.
    ///
    /// # Errors
    /// [`NodeError::BadCursor`], or an entry could not be read.
    pub fn query(&self, query: &Query) -> Result<Page, NodeError> {
        let limit = query.limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT);
        let cursor = query.cursor.as_deref().map(|text| read_cursor(text, query.order));
        let cursor = cursor.transpose()?;
        let (mut found, complete_to) = {
            let state = self.shared().state();
            let size = state.blocks.final_size();
            let range = match (query.order, cursor) {
                (_, None) => 0..size,
                (Order::Newest, Some(before)) => 0..before.min(size),
                (Order::Oldest, Some(from)) => from.min(size)..size,
            };
            // One more than asked for shows whether there is a next page.
            let found =
                Search::new(&state.index, query).run(range, query.order, limit.saturating_add(1));
            (found, size)
        };
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(|last| write_cursor(*last, query.order));
        let mut entries = Vec::with_capacity(found.len());
        for index in found {
            entries.extend(self.entry_at(index)?);
        }
        Ok(Page { entries, complete_to, next })
    }
}

/// A cursor says where to go on: below an index, or from one.
fn write_cursor(last: u64, order: Order) -> String {
    match order {
        Order::Newest => format!("before-{last}"),
        Order::Oldest => format!("from-{}", last.saturating_add(1)),
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

/// A query against the index.
struct Search<'a> {
    index: &'a Index,
    /// Entries by term; the shortest list is walked, the others are looked up in.
    postings: Vec<&'a [u64]>,
    from: u64,
    to: u64,
}

impl<'a> Search<'a> {
    fn new(index: &'a Index, query: &Query) -> Self {
        let terms = [
            query.actor.clone().map(Term::Actor),
            query.resource.clone().map(Term::Resource),
            query.event_type.clone().map(Term::Type),
            query.stream.map(Term::Stream),
            query.writer.map(Term::Writer),
        ];
        let terms = terms.iter().flatten();
        let mut postings: Vec<&[u64]> = terms.map(|term| index.posting(term)).collect();
        postings.sort_by_key(|posting| posting.len());
        let (from, to) = (query.from.unwrap_or(0), query.to.unwrap_or(u64::MAX));
        Self { index, postings, from, to }
    }

    fn run(&self, range: Range<u64>, order: Order, limit: usize) -> Vec<u64> {
        match self.postings.split_first() {
            None => take(range, order, limit, |index| self.matches(*index, &[])),
            Some((shortest, others)) => {
                let start = shortest.partition_point(|index| *index < range.start);
                let end = shortest.partition_point(|index| *index < range.end);
                let candidates = shortest.get(start..end).unwrap_or_default().iter().copied();
                take(candidates, order, limit, |index| self.matches(*index, others))
            }
        }
    }

    fn matches(&self, index: u64, others: &[&[u64]]) -> bool {
        let in_time =
            self.index.time(index).is_some_and(|time| time >= self.from && time < self.to);
        in_time && others.iter().all(|posting| posting.binary_search(&index).is_ok())
    }
}

fn take(
    candidates: impl DoubleEndedIterator<Item = u64>,
    order: Order,
    limit: usize,
    matches: impl Fn(&u64) -> bool,
) -> Vec<u64> {
    match order {
        Order::Newest => candidates.rev().filter(matches).take(limit).collect(),
        Order::Oldest => candidates.filter(matches).take(limit).collect(),
    }
}
