//! What is in the state of a log.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Base, Base64, Decimal, Digest, Finality, Header, PowerMode, StakePart};

/// A kind of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RecordKind {
    /// All keys that a member has or had.
    Member,
    /// Whose a key is, and for which entries.
    Key,
    /// A stream's name.
    Stream,
    /// What a member may do in a stream.
    Membership,
    /// The log's parameters.
    Parameters,
    /// The validator set of an epoch.
    Set,
    /// How many events a key wrote in a stream, and the last of them.
    Head,
    /// A holder's stake.
    Stake,
    /// What the power of validators follows from; none as long as that was never changed.
    Power,
}

/// What is in the state under a header: a view; the bytes prove it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StateAnswer {
    /// What it starts from.
    pub base: Base,
    /// Changes of the validator set on the way.
    pub handovers: Vec<Header>,
    /// The header after whose block this is so.
    pub header: Header,
    /// What makes that final.
    pub finality: Finality,
    /// Whether there is such a record.
    pub present: bool,
    /// The record.
    #[schema(required)]
    pub record: Option<StateRecord>,
    /// The path of another record that stands where this one would, if there is none.
    #[schema(required)]
    pub ends_at: Option<Digest>,
    /// How many steps the proof has.
    pub depth: u16,
    /// The whole answer as the verifier takes it: a file of type `A`.
    pub bytes: Base64,
}

/// A record of the state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[serde(deny_unknown_fields)]
pub enum StateRecord {
    /// A member.
    Member {
        /// Its name.
        name: String,
        /// Ids of all keys that it has or had.
        keys: Vec<Digest>,
    },
    /// A key.
    Key {
        /// Its id.
        id: Digest,
        /// Its member's name.
        member: String,
        /// What it is for: writer, reader, validator, node or escrow.
        role: String,
        /// Its suite.
        suite: u8,
        /// The first entry that it holds for.
        from: u64,
        /// The first one that it holds for no more; 2^53 - 1 while it is in use.
        until: u64,
    },
    /// A stream.
    Stream {
        /// Its id.
        id: Digest,
        /// Its name.
        name: String,
        /// The group epoch of its readers' keys.
        #[serde(rename = "groupEpoch")]
        group_epoch: u64,
    },
    /// A member in a stream.
    Membership {
        /// The stream's id.
        stream: Digest,
        /// The member's name.
        member: String,
        /// Whether it writes.
        writer: bool,
        /// Whether it reads.
        reader: bool,
    },
    /// The log's parameters.
    Parameters {
        /// A header at a multiple of this height may name another validator set.
        gate: u32,
        /// For how many milliseconds an anchor can be relied on; 0 for ever.
        #[serde(rename = "trustPeriod")]
        trust_period: u64,
        /// Whether headers carry the RFC 6962 tree's root.
        #[serde(rename = "sha256Tree")]
        sha256_tree: bool,
    },
    /// The validator set of an epoch.
    Set {
        /// The epoch.
        epoch: u64,
        /// The set's digest.
        digest: Digest,
        /// The first height of the epoch.
        #[serde(rename = "firstHeight")]
        first_height: u64,
    },
    /// How far a writer is in a stream.
    Head {
        /// The stream's id.
        stream: Digest,
        /// The id of the writer's key.
        writer: Digest,
        /// How many events there are.
        next: u64,
        /// The id of the last.
        last: Digest,
    },
    /// A holder's stake.
    Stake {
        /// The key that bonds it.
        holder: Digest,
        /// How much a quorum gave it, less what was cut.
        allotted: Decimal,
        /// From which height on its newest move counts; 0 if it never moved any.
        moved: u64,
        /// What is bonded or leaving, also what is free since its newest move.
        parts: Vec<StakePart>,
    },
    /// What the power of validators follows from.
    Power {
        /// Weights or stake.
        mode: PowerMode,
        /// How many gates stake is held after it stops to count.
        window: u16,
    },
    /// All system events so far.
    System {
        /// How many there are.
        count: u64,
        /// The digest over them, one after the other.
        digest: Digest,
    },
}
