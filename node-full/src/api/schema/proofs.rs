//! Proofs, receipts, payloads and wraps.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Base, Base64, Digest, Event, Finality, Header, Signature};

/// A leaf is in the tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Inclusion {
    /// The leaf's index.
    pub index: u64,
    /// The tree's size.
    pub size: u64,
    /// The proof, from the leaf upwards.
    pub hashes: Vec<Digest>,
}

/// Many leaves are in the tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// The tree's size.
    pub size: u64,
    /// How many leaves are proven.
    pub leaves: u64,
    /// The proof.
    pub hashes: Vec<Digest>,
}

/// The old tree is a prefix of the new one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Consistency {
    /// The old tree's size.
    pub old: u64,
    /// The new tree's size.
    pub new: u64,
    /// The proof.
    pub hashes: Vec<Digest>,
}

/// The new header stands on the old one: nothing before it was rewritten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Extends {
    /// The old height.
    pub from: u64,
    /// The new height.
    pub to: u64,
    /// The old header in the new header's tree of headers.
    pub header: Vec<Digest>,
    /// The old tree of events as a prefix of the new one.
    pub events: Vec<Digest>,
}

/// A receipt without the bytes of payload and wraps: a view, not evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Receipt {
    /// What it starts from.
    pub base: Base,
    /// Changes of the validator set on the way.
    pub handovers: Vec<Header>,
    /// The header under which the event is.
    pub header: Header,
    /// What makes that final.
    pub finality: Finality,
    /// The event's place in the log.
    pub index: u64,
    /// The inclusion proof.
    pub inclusion: Vec<Digest>,
    /// The event's id.
    pub id: Digest,
    /// What its writer claims.
    pub event: Event,
    /// Who signed it.
    pub signatures: Vec<Signature>,
    /// The header of the block that holds it, if it is another.
    #[schema(required)]
    pub block: Option<Header>,
    /// The header before that.
    #[schema(required)]
    pub before: Option<Header>,
    /// The member that the state gives the writer's key to, if the bytes prove that.
    #[schema(required)]
    pub writer_name: Option<String>,
    /// Whether the bytes hold the payload.
    pub payload_included: bool,
    /// How many wraps the bytes hold.
    pub wraps: u64,
}

/// A payload as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StoredPayload {
    /// Its digest.
    pub id: Digest,
    /// Its bytes.
    pub payload: Base64,
}

/// The message key of an event, sealed to one key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Wrap {
    /// The event's id.
    pub id: Digest,
    /// The wrap's bytes.
    pub wrap: Base64,
}

/// The salt of an event's message key, sealed to one key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Salt {
    /// The event's id.
    pub id: Digest,
    /// The sealed salt's bytes.
    pub salt: Base64,
}
