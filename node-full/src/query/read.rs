//! A query out of names and texts.

use std::collections::BTreeMap;
use std::str::FromStr;

use cairn_verifier::digest::StreamId;
use cairn_verifier::event::{Kind, Outcome};
use thiserror::Error;

use super::{MAX_LIMIT, Order, Query};
use crate::clock;
use crate::node::Node;

/// The parts of a query, by the names they have everywhere.
pub const NAMES: [&str; 17] = [
    "actor",
    "actor-prefix",
    "cursor",
    "from",
    "kind",
    "limit",
    "order",
    "outcome",
    "parent",
    "parent-prefix",
    "resource",
    "resource-prefix",
    "stream",
    "to",
    "type",
    "type-prefix",
    "writer",
];

const KINDS: [Kind; 8] = [
    Kind::Record,
    Kind::Member,
    Kind::Grant,
    Kind::Redaction,
    Kind::ValidatorChange,
    Kind::Evidence,
    Kind::ParameterChange,
    Kind::Import,
];

const OUTCOMES: [Outcome; 4] =
    [Outcome::Unknown, Outcome::Success, Outcome::Failure, Outcome::Denied];

/// A part of a query that is none.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{name} {why}")]
#[expect(clippy::exhaustive_structs, reason = "a plain answer")]
pub struct QueryError {
    /// The part's name.
    pub name: String,
    /// What is wrong with it.
    pub why: String,
}

impl QueryError {
    /// The stable code: a stream is the one part that can be well said and not be there.
    #[must_use]
    pub fn code(&self) -> &'static str {
        if self.name == "stream" { "unknown-stream" } else { "bad-parameter" }
    }
}

impl Query {
    /// Reads a query. Names that are not among [`super::NAMES`] are the caller's to refuse.
    ///
    /// # Errors
    /// [`QueryError`], for the first part that cannot be read.
    pub fn read(node: &Node, parts: &BTreeMap<String, String>) -> Result<Self, QueryError> {
        let text = |name| parts.get(name).cloned();
        let limit: Option<usize> = parsed(parts, "limit", "must be a number")?;
        if limit.is_some_and(|limit| limit == 0 || limit > MAX_LIMIT) {
            return Err(bad("limit", &format!("must be 1 to {MAX_LIMIT}")));
        }
        let order =
            one_of(parts, "order", &[("newest", Order::Newest), ("oldest", Order::Oldest)])?;
        Ok(Self {
            actor: text("actor"),
            actor_prefix: text("actor-prefix"),
            resource: text("resource"),
            resource_prefix: text("resource-prefix"),
            parent: text("parent"),
            parent_prefix: text("parent-prefix"),
            event_type: text("type"),
            type_prefix: text("type-prefix"),
            kind: one_of(parts, "kind", &KINDS.map(|kind| (kind.name(), kind)))?,
            outcome: one_of(parts, "outcome", &OUTCOMES.map(|outcome| (outcome.name(), outcome)))?,
            stream: parts.get("stream").map(|name| stream(node, name)).transpose()?,
            writer: parsed(parts, "writer", "must be 64 lower-case hex digits")?,
            from: time(parts, "from")?,
            to: time(parts, "to")?,
            limit,
            cursor: text("cursor"),
            order: order.unwrap_or_default(),
        })
    }
}

fn bad(name: &str, why: &str) -> QueryError {
    QueryError { name: name.to_owned(), why: why.to_owned() }
}

fn parsed<T: FromStr>(
    parts: &BTreeMap<String, String>,
    name: &str,
    why: &str,
) -> Result<Option<T>, QueryError> {
    parts.get(name).map(|text| text.parse().map_err(|_| bad(name, why))).transpose()
}

fn one_of<T: Copy>(
    parts: &BTreeMap<String, String>,
    name: &str,
    known: &[(&str, T)],
) -> Result<Option<T>, QueryError> {
    let Some(text) = parts.get(name) else { return Ok(None) };
    let found = known.iter().find(|(known, _)| known == text).map(|(_, value)| *value);
    let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
    found.map(Some).ok_or_else(|| bad(name, &format!("must be one of {}", names.join(", "))))
}

/// A time: milliseconds since 1970, or RFC 3339.
fn time(parts: &BTreeMap<String, String>, name: &str) -> Result<Option<u64>, QueryError> {
    let Some(text) = parts.get(name) else { return Ok(None) };
    let why = "must be milliseconds since 1970 or an RFC 3339 time";
    clock::read(text).map(|time| Some(time.0)).ok_or_else(|| bad(name, why))
}

/// A stream by its name or by its id.
pub(crate) fn stream(node: &Node, text: &str) -> Result<StreamId, QueryError> {
    let named = node.streams().into_iter().find(|stream| stream.name == text);
    let known = named.map(|stream| stream.id).or_else(|| text.parse().ok());
    known.ok_or_else(|| bad("stream", "is neither a stream's name nor an id"))
}
