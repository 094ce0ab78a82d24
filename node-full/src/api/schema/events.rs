//! Events: sent, accepted, found.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{AnyOfBuilder, ArrayBuilder, ObjectBuilder, Schema};
use utoipa::openapi::{Ref, RefOr, Type};
use utoipa::{PartialSchema, ToSchema};

use super::{Base64, Digest, Millis, named};
use crate::ingest::Draft;

/// One event, or at most a thousand, all or nothing.
#[derive(Clone, Copy, Debug)]
pub struct Submissions;

impl PartialSchema for Submissions {
    fn schema() -> RefOr<Schema> {
        let one = || Ref::from_schema_name("Submission");
        let many = ArrayBuilder::new().items(one()).min_items(Some(1)).max_items(Some(1_000));
        AnyOfBuilder::new().item(one()).item(many).into()
    }
}

impl ToSchema for Submissions {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push(("Submission".to_owned(), Submission::schema()));
        Submission::schemas(schemas);
    }
}

/// One event on its way in.
#[derive(Debug, ToSchema)]
#[serde(untagged)]
pub enum Submission {
    /// To be signed by the node.
    Draft(Box<Draft>),
    /// Signed by its writer.
    Signed(SignedSubmission),
}

/// A signed event, and what the binary form has no room for.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignedSubmission {
    /// The encoded signed event, base64.
    pub signed: Base64,
    /// The public payload, or nonce and ciphertext of the sealed one; may be left out if the node
    /// has it.
    pub payload: Option<Base64>,
    /// Wraps of the message key.
    #[serde(default)]
    pub wraps: Vec<EventWraps>,
    /// The salt of the message key.
    pub salt: Option<Digest>,
}

/// The message key for one recipient.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EventWraps {
    /// The recipient's key.
    pub key: Digest,
    /// The message key sealed to it.
    pub wrap: Base64,
}

/// The answer to a submission: every event of it is durable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Submitted {
    /// The events, in the order in which they came.
    pub accepted: Vec<AcceptedEvent>,
}

/// One event that was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptedEvent {
    /// Its id.
    pub id: Digest,
    /// Its place in the log; none as long as it waits for a block that many validators agree on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<u64>,
    /// How far it is.
    pub status: EntryStatus,
    /// Whether it was in the log before.
    pub duplicate: bool,
}

/// How far an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum EntryStatus {
    /// Durable on this node.
    Accepted,
    /// In a block with a certificate.
    Final,
}

/// What a query found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Page {
    /// The events, in the query's order; fewer than asked for do not mean the end.
    pub events: Vec<Entry>,
    /// The index from which on it was searched: 0, unless old events are not kept.
    pub complete_from: u64,
    /// The tree size up to which the log was searched.
    pub complete_to: u64,
    /// Where the next page begins; null at the end.
    #[schema(required)]
    pub next: Option<String>,
}

/// An event and its place in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The event's id.
    pub id: Digest,
    /// Its place in the log.
    pub index: u64,
    /// How far it is.
    pub status: EntryStatus,
    /// The block that holds it; null until it is final.
    #[schema(required)]
    pub height: Option<u64>,
    /// What its writer claims.
    pub event: Event,
    /// Who signed it.
    pub signatures: Vec<Signature>,
}

/// What a writer claims.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Event {
    /// The log it is written for.
    pub log: Digest,
    /// The stream it belongs to.
    pub stream: Digest,
    /// The key that signs it.
    pub writer: Digest,
    /// Its number among this writer's events in this stream.
    pub sequence: u64,
    /// This writer's event before; zeros at sequence 0.
    pub previous: Digest,
    /// When it happened, as the writer claims.
    pub time: Millis,
    /// What kind of event it is.
    pub kind: EventKind,
    /// The event type.
    pub r#type: String,
    /// Who acted.
    pub actor: Party,
    /// On what.
    pub resource: Resource,
    /// How it ended.
    pub outcome: EventOutcome,
    /// Why, or empty.
    pub reason: String,
    /// More, as keys and values.
    pub metadata: BTreeMap<String, String>,
    /// Epoch of the stream's group keys.
    pub group_epoch: u64,
    /// Generation of the sender's key in that epoch.
    pub generation: u64,
    /// What stands behind it.
    pub payload: EventPayload,
}

/// What kind of event; all but records and imports are the system's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// What a writer wants remembered.
    Record,
    /// A member joins, leaves, or changes keys.
    Member,
    /// Someone may read.
    Grant,
    /// A payload was erased.
    Redaction,
    /// The validator set is to change.
    ValidatorChange,
    /// Evidence against a validator.
    Evidence,
    /// A parameter is to change.
    ParameterChange,
    /// An event brought over from another system.
    Import,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum EventOutcome {
    /// Not said.
    Unknown,
    /// It was done.
    Success,
    /// It was tried and failed.
    Failure,
    /// It was not allowed.
    Denied,
}

/// Who acted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Party {
    /// The kind, for example `user`.
    pub kind: String,
    /// The id within its kind.
    pub id: String,
}

/// On what, and what that belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Resource {
    /// The kind, for example `document`.
    pub kind: String,
    /// The id within its kind.
    pub id: String,
    /// The id of what it belongs to, or empty.
    pub parent: String,
}

/// What stands behind an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum EventPayload {
    /// Nothing.
    None {},
    /// Bytes that anyone may read.
    Public {
        /// Where they are: `/v1/payloads/{digest}`.
        digest: Digest,
        /// How many.
        length: u64,
    },
    /// Fields that only the recipients may read.
    #[serde(rename_all = "camelCase")]
    Sealed {
        /// Where the ciphertext is: `/v1/payloads/{digest}`.
        digest: Digest,
        /// How long the plaintext is.
        length: u64,
        /// What the message key is bound by.
        key_commitment: Digest,
        /// What the fields are bound by.
        field_root: Digest,
    },
}

/// Who signed, and how. The bytes of the event hold the signature itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// The key.
    pub key: Digest,
    /// The signature suite.
    pub suite: String,
}

/// What a key's next event must say of the one before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Writer {
    /// The stream.
    pub stream: Digest,
    /// The next sequence number.
    pub next: u64,
    /// The last event; zeros if there is none.
    pub previous: Digest,
}

/// What one who joins at a checkpoint needs of the events before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Joining {
    /// The index before which they stand.
    pub before: u64,
    /// Their indices, ascending.
    pub indices: Vec<u64>,
    /// Heights of the blocks that hold those about validators, ascending.
    pub blocks: Vec<u64>,
}

/// One draft a line.
#[derive(Clone, Copy, Debug)]
pub struct Lines;

impl PartialSchema for Lines {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("One draft or signed event a line"))
            .examples([concat!(
                r#"{"type":"user.login","actor":{"kind":"user","id":"ann"},"#,
                r#""resource":{"kind":"app","id":"shop"}}"#,
                "\n"
            )])
            .into()
    }
}

named!(Lines);

/// A CloudEvent 1.0; what becomes of its attributes is told in the integrator's guide.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CloudEvent {
    /// `1.0`.
    #[schema(pattern = "^1\\.0$")]
    pub specversion: String,
    /// Its id within its source.
    #[schema(min_length = 1)]
    pub id: String,
    /// Where it comes from.
    #[schema(min_length = 1)]
    pub source: String,
    /// The event type.
    #[schema(min_length = 1)]
    pub r#type: String,
    /// `subject`, `time`, `data` and extensions.
    #[serde(flatten)]
    pub more: BTreeMap<String, serde_json::Value>,
}
