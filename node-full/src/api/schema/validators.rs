//! Validators, their changes, and evidence.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Decimal, Digest};

/// The validators after the newest block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Validators {
    /// The epoch.
    pub epoch: u64,
    /// Its first height.
    pub first_height: u64,
    /// The set's digest.
    pub set: Digest,
    /// The next height at which the set can change.
    pub next_gate: u64,
    /// What happens to a validator that signs a contradiction.
    pub penalty: Penalty,
    /// The set in force, in its order.
    pub validators: Vec<Validator>,
    /// Whether another set follows at the next gate.
    pub pending: bool,
    /// That set; empty if none is pending.
    pub next: Vec<NextValidator>,
    /// Who was admitted, with the changes that wait for the next gate. Where stake counts, only those
    /// are in a set to whom some is bonded.
    pub registered: Vec<Registered>,
    /// What power follows from.
    pub mode: PowerMode,
    /// How many gates stake is held after it stops to count.
    pub window: u16,
    /// Who holds stake.
    pub stakes: Vec<Stake>,
    /// Changes that wait for approvals.
    pub proposals: Vec<Proposal>,
    /// Of the blocks from this height on it was counted who proposed them,
    pub counted_from: u64,
    /// up to, but not including, this one.
    pub counted_to: u64,
}

/// What the power of validators follows from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PowerMode {
    /// The weights that a quorum gave them.
    Weights,
    /// What is bonded to them.
    Stake,
}

/// Who was admitted as a validator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Registered {
    /// Its key.
    pub id: Digest,
    /// Its signature suite.
    pub suite: u8,
    /// The weight that a quorum gave it.
    pub weight: Decimal,
    /// How much stake is bonded to it.
    pub bonded: Decimal,
}

/// One holder's stake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Stake {
    /// The key that bonds it.
    pub holder: Digest,
    /// How much a quorum gave it, less what was cut.
    pub allotted: Decimal,
    /// How much it can bond.
    pub free: Decimal,
    /// From which height on its newest move counts; 0 if it never moved any.
    pub moved: u64,
    /// What is bonded or leaving, also what is free since its newest move.
    pub parts: Vec<StakePart>,
}

/// A part of a holder's stake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StakePart {
    /// The validator that it is bonded to, or leaves.
    pub validator: Digest,
    /// How much.
    pub amount: Decimal,
    /// If it leaves: the last epoch in which it may have counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_epoch: Option<u64>,
    /// If it leaves: it is free behind the block of this height.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
}

/// What happens to a validator that signs a contradiction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Penalty {
    /// It is shown.
    None,
    /// Its power is halved.
    Halve,
    /// It leaves the set.
    Remove,
}

/// A validator of the set in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Validator {
    /// Its key.
    pub id: Digest,
    /// Its signature suite.
    pub suite: u8,
    /// Its voting power.
    pub power: Decimal,
    /// How many of the counted blocks it proposed.
    pub proposed: u64,
    /// How many of its turns in them went by without a block.
    pub missed: u64,
    /// How many of them have its vote in the certificate that this node keeps, which is made of the
    /// first votes that are enough.
    pub signed: u64,
}

/// A validator of the next set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NextValidator {
    /// Its key.
    pub id: Digest,
    /// Its signature suite.
    pub suite: u8,
    /// Its voting power.
    pub power: Decimal,
}

/// A change that waits for approvals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Proposal {
    /// The event that proposes it.
    pub event: Digest,
    /// What changes.
    pub change: Change,
    /// The validator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validator: Option<Digest>,
    /// Its power.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power: Option<Decimal>,
    /// The penalty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub penalty: Option<Penalty>,
    /// What power is to follow from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<PowerMode>,
    /// How many gates stake is to be held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<u16>,
    /// Who is to hold stake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<Digest>,
    /// How much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Decimal>,
    /// Validators that approved.
    pub approved: Vec<Digest>,
}

/// What changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// A validator comes.
    Add,
    /// A validator leaves.
    Remove,
    /// A validator's power.
    Weight,
    /// The penalty for a contradiction.
    Penalty,
    /// What power follows from.
    Mode,
    /// Who holds how much stake.
    Allot,
}

/// A validator's approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// The event that proposes the change.
    pub proposal: Digest,
    /// Who approves.
    pub validator: Digest,
    /// Its signature, in lower-case hex.
    #[schema(pattern = "^([0-9a-f]{2})+$")]
    pub signature: String,
}

/// An event that was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Taken {
    /// Its id.
    pub id: Digest,
    /// Its index; not there while it waits for a block of several validators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<u64>,
}

/// Evidence that was logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EvidenceList {
    /// One for each key and epoch.
    pub evidence: Vec<LoggedEvidence>,
}

/// A validator's contradiction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoggedEvidence {
    /// The event with the evidence.
    pub event: Digest,
    /// Whose key signed twice.
    pub validator: Digest,
    /// `proposal`, `prevote` or `precommit`.
    pub vote: String,
    /// The height.
    pub height: u64,
    /// The round.
    pub round: u64,
    /// The epoch of that height.
    pub epoch: u64,
    /// `removed`, `halved`, `shown`, `too-much-power` or `gone`.
    pub outcome: String,
    /// How much stake was cut.
    pub cut: Decimal,
}
