//! How the node is, and why it did not answer.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Digest, Millis};

/// How the node is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Status {
    /// The log's id.
    pub log: Digest,
    /// What auditors pin: `genesis:` and the log's id.
    pub anchor: String,
    /// Height of the newest block.
    pub height: u64,
    /// Digest of its header.
    pub head: Digest,
    /// When it was made.
    pub head_time: Millis,
    /// Number of final events.
    pub size: u64,
    /// Number of durable events, final or not.
    pub accepted: u64,
    /// The key that signs drafts.
    pub ingest_key: Digest,
    /// The log's streams.
    pub streams: Vec<StreamName>,
    /// Milliseconds since the node was started.
    pub uptime: u64,
    /// Bytes in the data directory.
    pub storage_bytes: u64,
    /// Whether events can be taken.
    pub healthy: bool,
    /// The node's version.
    pub version: String,
    /// Where it publishes, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published: Option<Published>,
    /// What it follows, if it is a replica.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replica: Option<Replica>,
    /// How it agrees on blocks with others, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validator: Option<ValidatorState>,
}

/// How a validator among others is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ValidatorState {
    /// The height worked on, or the next.
    pub height: u64,
    /// Its round.
    pub round: u32,
    /// Whether that height has begun; otherwise nothing waits for a block.
    pub working: bool,
    /// Whether this node has a vote there.
    pub votes: bool,
    /// The height that the furthest peer says it works on.
    pub peers_height: u64,
    /// Events that wait for a block.
    pub pool_events: u64,
    /// Their bytes.
    pub pool_bytes: u64,
    /// The other validators.
    pub peers: Vec<PeerState>,
    /// Why it signs nothing, although it has a vote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub silent: Option<String>,
    /// Why it takes no events yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting: Option<String>,
    /// Why it has stopped, or tries again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
}

/// Another validator, as this node sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PeerState {
    /// The id of its key.
    pub id: Digest,
    /// Whether there is a link to it.
    pub connected: bool,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

/// Where a node publishes, and how far that is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// The store.
    pub to: String,
    /// Number of events there.
    pub size: u64,
    /// Number of final events that are not there yet.
    pub behind: u64,
    /// Why it does not go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What a replica follows, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Replica {
    /// The store.
    pub from: String,
    /// Number of events there.
    pub size: u64,
    /// Number of them that the replica does not have yet.
    pub behind: u64,
    /// The code of what was wrong with the published log, which is followed no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// Why it does not go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What came of reading the settings again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Reloaded {
    /// Settings that changed and hold from now on.
    pub changed: Vec<String>,
    /// Settings that changed, but hold only when the node is started again.
    pub need_restart: Vec<String>,
}

/// What the node said last that was an error or a warning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecentErrors {
    /// The newest first.
    #[schema(max_items = 64)]
    pub errors: Vec<RecentError>,
}

/// An error or a warning of the node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecentError {
    /// When it was said last.
    pub last: Millis,
    /// When it was said first.
    pub first: Millis,
    /// How often it was said.
    pub times: u64,
    /// How bad it is.
    pub level: ErrorLevel,
    /// The part of the node that said it.
    pub from: String,
    /// What it said.
    pub text: String,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ErrorLevel {
    /// Something did not work.
    Error,
    /// Something is odd.
    Warning,
}

/// A stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StreamName {
    /// Its id.
    pub id: Digest,
    /// Its name.
    pub name: String,
}

/// Why a request was not answered (RFC 9457). Programs read `code`, which never changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    /// A name for this kind of problem: `/errors/` and the code.
    pub r#type: String,
    /// The code, in words.
    pub title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// What is wrong, and with what; for people.
    pub detail: String,
    /// The stable code.
    #[schema(pattern = "^[a-z0-9-]+$")]
    pub code: String,
    /// Which event of a batch, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<u64>,
}
