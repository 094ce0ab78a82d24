//! What the events of a block do to the validator set: acts, taken in by the node's own rules.

use cairn_consensus::epochs::{Change, Epochs, approval_message, candidate_message};
use cairn_consensus::{Set, Signer as _};
use cairn_verifier::digest::{EventId, KeyId, derive};
use cairn_verifier::finality::{Role, ValidatorSet};
use cairn_verifier::wire::{Reader, Refused, Writer};

use crate::rng::Rng;
use crate::world::World;

/// The most acts of one block: a change, and the approvals of a hundred validators.
pub(crate) const MAX_ACTS: u16 = 128;

/// One event about validators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// A node becomes a validator, with the signature of its key.
    Add { node: u8, power: u64, proof: Vec<u8> },
    /// It leaves.
    Remove { node: u8 },
    /// It has another power.
    Weight { node: u8, power: u64 },
    /// A node approves a proposal.
    Approve { proposal: EventId, node: u8, signature: Vec<u8> },
    /// Evidence.
    Accuse { file: Vec<u8> },
}

impl Act {
    pub(crate) fn write(&self, writer: &mut Writer) {
        match self {
            Self::Add { node, power, proof } => {
                writer.u8(1).u8(*node).u64(*power).bytes32(proof);
            }
            Self::Remove { node } => {
                writer.u8(2).u8(*node);
            }
            Self::Weight { node, power } => {
                writer.u8(3).u8(*node).u64(*power);
            }
            Self::Approve { proposal, node, signature } => {
                writer.u8(4).raw(proposal.as_bytes()).u8(*node).bytes32(signature);
            }
            Self::Accuse { file } => {
                writer.u8(5).bytes32(file);
            }
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        const LIMIT: u32 = 16_384;
        Ok(match reader.u8()? {
            1 => {
                let (node, power) = (reader.u8()?, reader.u64()?);
                Self::Add { node, power, proof: reader.bytes32("proof", LIMIT)?.to_vec() }
            }
            2 => Self::Remove { node: reader.u8()? },
            3 => Self::Weight { node: reader.u8()?, power: reader.u64()? },
            4 => {
                let (proposal, node) = (reader.digest()?, reader.u8()?);
                let signature = reader.bytes32("signature", LIMIT)?.to_vec();
                Self::Approve { proposal, node, signature }
            }
            5 => Self::Accuse { file: reader.bytes32("evidence", LIMIT)?.to_vec() },
            found => return Err(reader.unknown("act", found)),
        })
    }

    /// The id of its event, in a block at this height.
    pub(crate) fn id(&self, height: u64) -> EventId {
        let mut writer = Writer::new();
        self.write(&mut writer);
        derive("cairn simulator act", &[&height.to_be_bytes(), &writer.into_bytes()]).into()
    }

    /// Its place in the log is an entry like any other.
    pub(crate) fn entry(&self, height: u64) -> [u8; 32] {
        *self.id(height).as_bytes()
    }

    /// What it proposes.
    fn change(&self, world: &World) -> Option<Change> {
        let id = |node: u8| world.keys.get(usize::from(node)).map(|key| key.key());
        match self {
            Self::Add { node, power, proof } => {
                let key = world.keys.get(usize::from(*node))?;
                let (suite, bytes) = (key.0.suite(), key.0.public());
                Some(Change::Add { suite, key: bytes, power: *power, proof: proof.clone() })
            }
            Self::Remove { node } => Some(Change::Remove(id(*node)?)),
            Self::Weight { node, power } => Some(Change::Weight(id(*node)?, *power)),
            Self::Approve { .. } | Self::Accuse { .. } => None,
        }
    }
}

/// Takes in the acts of a block; what is against the rules changes nothing.
pub(crate) fn take(world: &World, epochs: &mut Epochs, height: u64, acts: &[Act]) {
    for act in acts {
        let id = act.id(height);
        let _refused = match act {
            Act::Approve { proposal, node, signature } => {
                let Some(key) = world.keys.get(usize::from(*node)) else { continue };
                epochs.approve(proposal, key.key(), signature).map(drop)
            }
            Act::Accuse { file } => epochs.accuse(id, file).map(drop),
            Act::Add { .. } | Act::Remove { .. } | Act::Weight { .. } => {
                let Some(change) = act.change(world) else { continue };
                epochs.propose(id, &change)
            }
        };
    }
}

/// A change with the approvals that make it count, if one can be drawn under which the run must
/// still end well.
pub(crate) fn draw(
    world: &World,
    (epochs, height): (&Epochs, u64),
    (rng, tries): (&mut Rng, u64),
) -> Vec<Act> {
    for _ in 0..tries {
        let Some(act) = one(world, epochs, rng) else { continue };
        let mut after = epochs.clone();
        let mut acts = vec![act];
        take(world, &mut after, height, &acts);
        let approvals = approve(world, &mut after, acts.first().map(|act| act.id(height)));
        if after.next().digest() != epochs.next().digest() && ends_well(world, after.next()) {
            acts.extend(approvals);
            return acts;
        }
    }
    Vec::new()
}

pub(crate) fn one(world: &World, epochs: &Epochs, rng: &mut Rng) -> Option<Act> {
    let place = rng.place(world.keys.len());
    let node = u8::try_from(place).ok()?;
    let key = world.keys.get(place)?;
    let power = rng.between(1, 12);
    if !epochs.next().has(&key.key()) {
        let message = candidate_message(&world.log, &key.key());
        let proof = key.sign(Role::Candidate, &message)?;
        return Some(Act::Add { node, power, proof });
    }
    Some(if rng.chance(400) { Act::Remove { node } } else { Act::Weight { node, power } })
}

/// Approvals by validators of the set in force, one after the other, until they are enough.
pub(crate) fn approve(world: &World, epochs: &mut Epochs, proposal: Option<EventId>) -> Vec<Act> {
    let mut acts = Vec::new();
    let set = epochs.now().set.clone();
    let Some(proposal) = proposal else { return acts };
    for (node, key) in (0..).zip(&world.keys) {
        let message = approval_message(&world.log, &set.digest(), &proposal);
        if !set.has(&key.key()) {
            continue;
        }
        let Some(signature) = key.sign(Role::Approval, &message) else { continue };
        let counts = epochs.approve(&proposal, key.key(), &signature);
        acts.push(Act::Approve { proposal, node, signature });
        if counts != Ok(false) {
            break;
        }
    }
    acts
}

/// At least four validators, and those who may be bad or silent have less than a third each.
fn ends_well(world: &World, set: &Set) -> bool {
    let Ok(entries) = ValidatorSet::decode(set.bytes()) else { return false };
    let weak: Vec<KeyId> = [world.villain.map(|(node, _)| node), world.wiped]
        .into_iter()
        .flatten()
        .filter_map(|node| Some(world.keys.get(node)?.key()))
        .collect();
    let total = entries.total_power();
    let mut weak_entries = entries.iter().filter(|entry| weak.contains(&entry.key.id()));
    entries.count() >= 4 && weak_entries.all(|entry| entry.power * 3 < total)
}
