//! Blocks and what makes them final.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Decimal, Digest, Millis, StreamName};

/// Where a log begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Genesis {
    /// The log's id: the digest of the genesis.
    pub log: Digest,
    /// What auditors pin: `genesis:` and the log's id.
    #[schema(pattern = "^genesis:[0-9a-f]{64}$")]
    pub anchor: String,
    /// When it was made.
    pub time: Millis,
    /// The validator set may change at heights that this divides.
    pub gate: u64,
    /// How long a header may be trusted, in milliseconds; 0 for ever.
    pub trust_period: u64,
    /// Whether the log keeps an RFC 6962 tree beside its own.
    pub sha256_tree: bool,
    /// Who makes blocks final.
    pub validators: Vec<GenesisValidator>,
    /// Who may write and read.
    pub members: Vec<GenesisMember>,
    /// The streams.
    pub streams: Vec<StreamName>,
}

/// A validator of the first set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GenesisValidator {
    /// Its key.
    pub id: Digest,
    /// Its signature suite.
    pub suite: u8,
    /// Its voting power.
    pub power: Decimal,
}

/// A member of the beginning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GenesisMember {
    /// Its name.
    pub name: String,
    /// Its keys.
    pub keys: Vec<GenesisKey>,
}

/// A key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GenesisKey {
    /// Its id.
    pub id: Digest,
    /// Its suite.
    pub suite: u8,
}

/// A block: its header and who signed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// The header.
    pub header: Header,
    /// The votes.
    pub certificate: Certificate,
}

/// What validators sign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Header {
    /// The header's own digest.
    pub digest: Digest,
    /// The log.
    pub log: Digest,
    /// Its number, from 0.
    pub height: u64,
    /// The term of the validator set.
    pub epoch: u64,
    /// When it was made.
    pub time: Millis,
    /// The header before.
    pub parent: Digest,
    /// Number of events up to this block.
    pub size: u64,
    /// Root of the tree of events.
    pub root: Digest,
    /// Root of the RFC 6962 tree of events; zeros if the log keeps none.
    pub sha256_root: Digest,
    /// Root of the tree of all earlier headers.
    pub header_root: Digest,
    /// First height of the epoch.
    pub epoch_start: u64,
    /// The validator set.
    pub set: Digest,
    /// The validator set after this block.
    pub next_set: Digest,
    /// Root of the state tree.
    pub state_root: Digest,
    /// The validator set may change at heights that this divides.
    pub gate: u64,
    /// How long a header may be trusted, in milliseconds; 0 for ever.
    pub trust_period: u64,
}

/// A quorum of votes, without the signatures' bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// The round in which it was decided.
    pub round: u64,
    /// Who voted.
    pub votes: Vec<Vote>,
}

/// One vote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Vote {
    /// The validator's place in its set.
    pub index: u64,
    /// The signature suite.
    pub suite: String,
}

/// A header and why it is final.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// What it starts from.
    pub base: Base,
    /// Changes of the validator set on the way.
    pub handovers: Vec<Header>,
    /// The header.
    pub header: Header,
    /// What makes it final.
    pub finality: Finality,
}

/// What a proof starts from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Base {
    /// The genesis.
    Genesis {
        /// The log's id.
        log: Digest,
    },
    /// A header with its validators.
    Checkpoint {
        /// The header.
        header: Box<Header>,
    },
    /// A header alone.
    Header {
        /// The header.
        header: Box<Header>,
    },
}

/// What makes a header final.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Finality {
    /// A quorum signed it.
    Certificate {
        /// The quorum.
        certificate: Certificate,
    },
    /// It is in the header tree of the base.
    HeaderTree {
        /// The inclusion proof.
        proof: Vec<Digest>,
    },
    /// It is the base.
    Trusted {},
}

/// Changes of the validator set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Handovers {
    /// The headers that name another set, oldest first.
    pub handovers: Vec<Header>,
}
