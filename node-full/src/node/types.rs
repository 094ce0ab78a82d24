//! What the node is told, and what it answers with.

use std::time::Duration;

use cairn_verifier::digest::{EventId, HeaderDigest, KeyId, LogId, StreamId};
use cairn_verifier::finality::{HEADER_LEN, Header};
use cairn_verifier::trust::TrustAnchor;

use crate::publish::Published;
use crate::replica::Followed;
use crate::validate::ValidatorStatus;

/// How a node runs.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a plain choice")]
pub struct Options {
    /// How long events wait for a block at most.
    pub block_time: Duration,
    /// From how many bytes on a segment of a log is closed.
    pub segment_bytes: u64,
    /// How long payloads are kept; for ever if not said.
    pub keep_payloads: Option<Duration>,
    /// How long events are kept; for ever if not said.
    pub keep_events: Option<Duration>,
    /// Memory for what the index has not sorted into a file yet.
    pub index_memory: u64,
    /// Whose signed events are taken.
    pub writers: Writers,
}

/// Whose signed events a node takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "a writer is a member or not")]
pub enum Writers {
    /// Anyone's: a writer is a key.
    #[default]
    Any,
    /// Those of members who may write in the event's stream.
    Members,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            block_time: Duration::from_millis(250),
            segment_bytes: cairn_store::log::SEGMENT_LEN,
            keep_payloads: None,
            keep_events: None,
            writers: Writers::Any,
            index_memory: cairn_store::index::MEMORY,
        }
    }
}

/// One final block.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a plain answer")]
pub struct Block {
    /// The header.
    pub header: Header,
    /// Its digest.
    pub digest: HeaderDigest,
    /// The header's bytes.
    pub header_bytes: [u8; HEADER_LEN],
    /// The encoded certificate.
    pub certificate: Vec<u8>,
}

/// One event in the log.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a plain answer")]
pub struct Entry {
    /// Its index in the log.
    pub index: u64,
    /// Its id.
    pub id: EventId,
    /// The encoded signed event.
    pub signed: Vec<u8>,
    /// Whether a block holds it. Until then it is accepted only.
    pub is_final: bool,
    /// The height of the block that holds it.
    pub height: Option<u64>,
}

/// How the node is.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a plain answer")]
pub struct Status {
    /// The log's id.
    pub log: LogId,
    /// What auditors pin: the genesis.
    pub anchor: TrustAnchor,
    /// Height of the newest block.
    pub height: u64,
    /// Digest of the newest block's header.
    pub head: HeaderDigest,
    /// Time of the newest block, in milliseconds since 1970.
    pub head_time: u64,
    /// Number of final events.
    pub size: u64,
    /// Number of durable events, final or not.
    pub accepted: u64,
    /// How long the node has been running.
    pub uptime: Duration,
    /// Bytes in the data directory.
    pub storage_bytes: u64,
    /// The writer key id of events that the node signs.
    pub ingest_key: KeyId,
    /// Bytes of unfinished writes that were cut when the node opened; none was acknowledged.
    pub cut_bytes: u64,
    /// A write that failed, as long as none of its kind succeeded since.
    pub disk_error: Option<String>,
    /// How far publishing is, if this node publishes.
    pub published: Option<Published>,
    /// How far this node is, if it is a replica.
    pub followed: Option<Followed>,
    /// How this validator is, if it agrees on blocks with others.
    pub validator: Option<ValidatorStatus>,
}

impl Status {
    /// Whether the node does what it is there for.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.fault().is_none()
    }

    /// What keeps the node from taking events, or a replica from following: a code, and why.
    #[must_use]
    pub fn fault(&self) -> Option<(&'static str, String)> {
        if let Some(error) = &self.disk_error {
            let why = format!("the last write failed, events are not taken: {error}");
            return Some(("storage", why));
        }
        let lost = self.published.as_ref().and_then(|published| published.lost.clone());
        if let Some(why) = lost {
            return Some(("head-lost", why));
        }
        if let Some(validator) = &self.validator {
            if let Some(why) = &validator.stopped {
                return Some(("validator-stopped", why.clone()));
            }
            if let Some(why) = &validator.waiting {
                return Some(("catching-up", format!("this node takes no events yet: {why}")));
            }
        }
        let followed = self.followed.as_ref()?;
        Some((followed.refused?, followed.error.clone().unwrap_or_default()))
    }

    /// How many final events are not published yet, or published and not here yet.
    #[must_use]
    pub fn behind(&self) -> u64 {
        let published = self.published.as_ref().map(|there| self.size.saturating_sub(there.size));
        let followed = || Some(self.followed.as_ref()?.published.saturating_sub(self.size));
        published.or_else(followed).unwrap_or(0)
    }
}

/// A member, as the log has it now.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a plain answer")]
pub struct Member {
    /// Its name.
    pub name: String,
    /// All keys that it ever had, in the order in which they came.
    pub keys: Vec<MemberKey>,
    /// Whether it was not removed.
    pub active: bool,
}

/// A key of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a plain answer")]
pub struct MemberKey {
    /// Its id.
    pub id: KeyId,
    /// Its suite, of signatures or of wraps.
    pub suite: u8,
    /// The public key.
    pub bytes: Vec<u8>,
    /// Whether it signs; otherwise wraps are made for it.
    pub signs: bool,
    /// The first entry it holds for.
    pub first: u64,
    /// The first one it holds for no more, if it was given up.
    pub end: Option<u64>,
}

/// One stream.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a plain answer")]
pub struct StreamName {
    /// Its id.
    pub id: StreamId,
    /// Its name.
    pub name: String,
}
