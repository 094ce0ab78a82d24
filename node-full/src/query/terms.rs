//! From a query to what the index knows, and from an event back to the query.

use cairn_store::index::{Field, Filter, Index, MAX_TERMS, Term};
use cairn_verifier::event::{EventBody, Party};

use super::Query;
use crate::node::NodeError;

impl Query {
    /// What the index is asked.
    pub(super) fn filter(&self, index: &Index) -> Result<Filter, NodeError> {
        let mut terms = Vec::new();
        for (field, text) in [(Field::Actor, &self.actor), (Field::Resource, &self.resource)] {
            if let Some(text) = text {
                terms.push(party(index, field, text)?);
            }
        }
        for (field, prefix) in [
            (Field::Actor, &self.actor_prefix),
            (Field::Resource, &self.resource_prefix),
            (Field::Parent, &self.parent_prefix),
            (Field::Type, &self.type_prefix),
        ] {
            if let Some(prefix) = prefix {
                terms.push(beginning(index, field, prefix)?);
            }
        }
        let one = [
            self.parent.as_deref().map(|text| Term::text(Field::Parent, text)),
            self.event_type.as_deref().map(|text| Term::text(Field::Type, text)),
            self.kind.map(|kind| Term::text(Field::Kind, kind.name())),
            self.outcome.map(|outcome| Term::text(Field::Outcome, outcome.name())),
            self.stream.as_ref().map(Term::stream),
            self.writer.as_ref().map(Term::writer),
        ];
        terms.extend(one.into_iter().flatten().filter(Term::is_indexed).map(|term| vec![term]));
        let has_times = self.from.is_some() || self.to.is_some();
        let times = self.from.unwrap_or(0)..self.to.unwrap_or(u64::MAX);
        Ok(Filter { terms, times: has_times.then_some(times) })
    }

    /// Whether an event is what is looked for.
    #[must_use]
    pub fn finds(&self, body: &EventBody<'_>) -> bool {
        let resource = &body.resource;
        let texts = [
            is(&self.parent, resource.parent),
            is(&self.event_type, body.event_type),
            begins(&self.actor_prefix, body.actor.id),
            begins(&self.resource_prefix, resource.party.id),
            begins(&self.parent_prefix, resource.parent),
            begins(&self.type_prefix, body.event_type),
        ];
        texts.into_iter().all(|holds| holds)
            && is_party(&self.actor, &body.actor)
            && is_party(&self.resource, &resource.party)
            && self.kind.is_none_or(|kind| kind == body.kind)
            && self.outcome.is_none_or(|outcome| outcome == body.outcome)
            && self.stream.is_none_or(|stream| stream == body.stream)
            && self.writer.is_none_or(|writer| writer == body.writer)
            && self.from.is_none_or(|from| body.time.0 >= from)
            && self.to.is_none_or(|to| body.time.0 < to)
    }
}

/// `kind/id`, or an id of whatever kind.
fn party(index: &Index, field: Field, text: &str) -> Result<Vec<Term>, NodeError> {
    let mut terms = beginning(index, field, &format!("{text}\0"))?;
    let split = text.split_once('/');
    terms.extend(split.map(|(kind, id)| Term::party(field, kind, id)));
    Ok(terms)
}

fn beginning(index: &Index, field: Field, prefix: &str) -> Result<Vec<Term>, NodeError> {
    let terms = index.terms_with_prefix(field, prefix)?;
    terms.ok_or_else(|| NodeError::TooBroad { prefix: prefix.to_owned(), limit: MAX_TERMS })
}

fn is(wanted: &Option<String>, found: &str) -> bool {
    wanted.as_deref().is_none_or(|wanted| wanted == found)
}

fn begins(wanted: &Option<String>, found: &str) -> bool {
    wanted.as_deref().is_none_or(|wanted| found.starts_with(wanted))
}

fn is_party(wanted: &Option<String>, found: &Party<'_>) -> bool {
    wanted.as_deref().is_none_or(|wanted| {
        wanted == found.id || wanted.split_once('/') == Some((found.kind, found.id))
    })
}
