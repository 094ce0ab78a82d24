//! What entries are found by.

use cairn_verifier::digest::{self, KeyId, PayloadDigest, StreamId};
use cairn_verifier::event::{EventBody, Kind, Outcome};

/// A field of the event's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "each has its byte")]
pub enum Field {
    /// The actor: id, then kind.
    Actor,
    /// The resource: id, then kind.
    Resource,
    /// The id of what the resource belongs to.
    Parent,
    /// The event type.
    Type,
    /// The stream.
    Stream,
    /// The writer's key.
    Writer,
    /// What kind of event it is, unless it is a record.
    Kind,
    /// How it ended, unless nobody said.
    Outcome,
    /// The digest of the payload.
    Payload,
}

impl Field {
    const fn tag(self) -> u8 {
        match self {
            Self::Actor => b'a',
            Self::Resource => b'r',
            Self::Parent => b'p',
            Self::Type => b't',
            Self::Stream => b's',
            Self::Writer => b'w',
            Self::Kind => b'k',
            Self::Outcome => b'o',
            Self::Payload => b'd',
        }
    }

    /// Whether people look for it by its beginning.
    pub(super) const fn has_name(self) -> bool {
        matches!(self, Self::Actor | Self::Resource | Self::Parent | Self::Type)
    }
}

/// A field with what it holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Term {
    field: Field,
    text: Vec<u8>,
}

impl Term {
    /// An actor or a resource.
    #[must_use]
    pub fn party(field: Field, kind: &str, id: &str) -> Self {
        // No kind holds a zero byte that matters: candidates are compared with the event itself.
        Self { field, text: [id.as_bytes(), &[0], kind.as_bytes()].concat() }
    }

    /// A text.
    #[must_use]
    pub fn text(field: Field, text: &str) -> Self {
        Self { field, text: text.as_bytes().to_vec() }
    }

    /// A stream.
    #[must_use]
    pub fn stream(id: &StreamId) -> Self {
        Self { field: Field::Stream, text: id.as_bytes().to_vec() }
    }

    /// A writer's key.
    #[must_use]
    pub fn writer(id: &KeyId) -> Self {
        Self { field: Field::Writer, text: id.as_bytes().to_vec() }
    }

    /// A payload's digest.
    #[must_use]
    pub fn payload(digest: &PayloadDigest) -> Self {
        Self { field: Field::Payload, text: digest.as_bytes().to_vec() }
    }

    /// Whether entries are found by it: what most of them have is not indexed.
    #[must_use]
    pub fn is_indexed(&self) -> bool {
        match self.field {
            Field::Parent => !self.text.is_empty(),
            Field::Kind => self.text != Kind::Record.name().as_bytes(),
            Field::Outcome => self.text != Outcome::Unknown.name().as_bytes(),
            Field::Actor
            | Field::Resource
            | Field::Type
            | Field::Stream
            | Field::Writer
            | Field::Payload => true,
        }
    }

    pub(super) const fn field(&self) -> Field {
        self.field
    }

    /// The term of a name.
    pub(super) fn of_name(field: Field, name: &[u8]) -> Option<Self> {
        let (tag, text) = name.split_first()?;
        (*tag == field.tag()).then(|| Self { field, text: text.to_vec() })
    }

    /// Its key in `names`.
    pub(super) fn name(&self) -> Vec<u8> {
        [&[self.field.tag()], self.text.as_slice()].concat()
    }

    /// What stands for it in keys of `terms`.
    pub(super) fn hash(&self) -> [u8; 9] {
        let hash: [u8; 32] = digest::derive("cairn v1 index term", &[&self.name()]);
        let [a, b, c, d, e, f, g, h, ..] = hash;
        [self.field.tag(), a, b, c, d, e, f, g, h]
    }

    /// Those of an event.
    pub(super) fn of(body: &EventBody<'_>) -> Vec<Self> {
        let resource = &body.resource;
        let mut terms = vec![
            Self::party(Field::Actor, body.actor.kind, body.actor.id),
            Self::party(Field::Resource, resource.party.kind, resource.party.id),
            Self::text(Field::Type, body.event_type),
            Self::stream(&body.stream),
            Self::writer(&body.writer),
            Self::text(Field::Parent, resource.parent),
            Self::text(Field::Kind, body.kind.name()),
            Self::text(Field::Outcome, body.outcome.name()),
        ];
        terms.extend(body.payload.stored().as_ref().map(Self::payload));
        terms.retain(Self::is_indexed);
        terms
    }
}
