//! An event that the node is asked to sign, as JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use cairn_verifier::event::{Kind, Outcome};

/// What a client without a key of its own says of an event. The node signs it with its ingest
/// key, and the event shows that by its writer.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "the JSON has these fields")]
pub struct Draft {
    /// The stream's name; the log's first stream (or `main`, if it has one) when left out.
    #[serde(default)]
    pub stream: Option<String>,
    /// The event type, for example `dev.git.commit.created`.
    #[serde(rename = "type")]
    #[schema(min_length = 1, max_length = 128)]
    pub event_type: String,
    /// Who acted.
    pub actor: DraftParty,
    /// On what.
    pub resource: DraftResource,
    /// How it ended.
    #[serde(default)]
    pub outcome: DraftOutcome,
    /// Why.
    #[serde(default)]
    #[schema(max_length = 4_096)]
    pub reason: String,
    /// More, as keys and values; at most 64, of 128 and 4,096 bytes.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
    /// When it happened, in milliseconds since 1970; now when left out.
    #[serde(default)]
    pub time: Option<u64>,
    /// Whether it comes from here or from another system.
    #[serde(default)]
    pub kind: DraftKind,
    /// What stands behind it.
    #[serde(default)]
    pub payload: Option<DraftPayload>,
}

/// Who acted.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "the JSON has these fields")]
pub struct DraftParty {
    /// The kind, for example `user`.
    #[schema(max_length = 128)]
    pub kind: String,
    /// The id within its kind.
    #[schema(max_length = 4_096)]
    pub id: String,
}

/// On what, and what that belongs to.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "the JSON has these fields")]
pub struct DraftResource {
    /// The kind, for example `document`.
    #[schema(max_length = 128)]
    pub kind: String,
    /// The id within its kind.
    #[schema(max_length = 4_096)]
    pub id: String,
    /// The id of what it belongs to.
    #[serde(default)]
    #[schema(max_length = 4_096)]
    pub parent: String,
}

/// How it ended, by its name in JSON.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, ToSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "the format has these four")]
pub enum DraftOutcome {
    /// Not said.
    #[default]
    Unknown,
    /// It was done.
    Success,
    /// It was tried and failed.
    Failure,
    /// It was not allowed.
    Denied,
}

impl DraftOutcome {
    pub(crate) const fn outcome(self) -> Outcome {
        match self {
            Self::Unknown => Outcome::Unknown,
            Self::Success => Outcome::Success,
            Self::Failure => Outcome::Failure,
            Self::Denied => Outcome::Denied,
        }
    }
}

/// The kinds of events. A node signs records and imports for its clients; the others are the
/// system's own, and those who may write them sign them.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, ToSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "validators write the other kinds")]
pub enum DraftKind {
    /// What a writer wants remembered.
    #[default]
    Record,
    /// An event brought over from another system.
    Import,
    /// A change of members or streams. No draft in JSON has this kind, nor the next ones.
    #[serde(skip)]
    Member,
    /// More readers of a payload.
    #[serde(skip)]
    Grant,
    /// A payload to be forgotten, or one that was.
    #[serde(skip)]
    Redaction,
    /// A change of the validator set, or an approval of one.
    #[serde(skip)]
    ValidatorChange,
    /// A validator's contradiction.
    #[serde(skip)]
    Evidence,
}

impl DraftKind {
    pub(crate) const fn kind(self) -> Kind {
        match self {
            Self::Record => Kind::Record,
            Self::Import => Kind::Import,
            Self::Member => Kind::Member,
            Self::Grant => Kind::Grant,
            Self::Redaction => Kind::Redaction,
            Self::ValidatorChange => Kind::ValidatorChange,
            Self::Evidence => Kind::Evidence,
        }
    }
}

/// What stands behind an event: `{"public": "<base64>"}` or `{"sealed": {...}}`.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "the format has these two")]
pub enum DraftPayload {
    /// Bytes that anyone may read, in base64 (standard alphabet, padded).
    Public(String),
    /// Fields that only the recipients may read.
    Sealed(SealedDraft),
}

/// Fields to be sealed.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "the JSON has these fields")]
pub struct SealedDraft {
    /// Names and values.
    pub fields: BTreeMap<String, String>,
    /// Names of the members who may open them.
    pub recipients: Vec<String>,
}

impl std::fmt::Debug for SealedDraft {
    /// Without the fields, which must not reach a log file.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SealedDraft").field("recipients", &self.recipients).finish_non_exhaustive()
    }
}
