//! Members: who they are, with which keys, and what they may do.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Digest;

/// All members, those removed too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Members {
    /// The members, without the bytes of their keys.
    pub members: Vec<Member>,
}

/// One member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Whether it is one still.
    pub active: bool,
    /// Its keys, those that it gave up too.
    pub keys: Vec<MemberKey>,
    /// What it may do, for each stream.
    pub roles: Vec<MemberRoles>,
}

/// A key of a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberKey {
    /// Its id.
    pub id: Digest,
    /// What it is for.
    pub role: KeyRole,
    /// Its suite.
    pub suite: u8,
    /// The index in the log from which on it holds.
    pub from: u64,
    /// The index at which it ended; null if it holds.
    #[schema(required)]
    pub end: Option<u64>,
    /// The public key, hex; only where one member is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[0-9a-f]+$")]
    pub public: Option<String>,
}

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum KeyRole {
    /// It signs events.
    Writer,
    /// Message keys are sealed to it.
    Reader,
}

/// What a member may do in a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberRoles {
    /// The stream's name.
    pub stream: String,
    /// The stream's id.
    pub id: Digest,
    /// Whether it may log events.
    pub writer: bool,
    /// Whether payloads are sealed to it.
    pub reader: bool,
}
