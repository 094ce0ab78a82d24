//! What the events of a block do to the validator set and to stake: acts, taken in by the node's own
//! rules.

pub(crate) mod stake;

use cairn_consensus::epochs::{
    Accused, Change, Epochs, Move, Way, approval_message, candidate_message,
};
use cairn_consensus::{Set, Signer as _};
use cairn_verifier::digest::{EventId, KeyId, derive};
use cairn_verifier::finality::{Role, ValidatorSet};
use cairn_verifier::state::PowerMode;
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
    /// What the power of validators follows from: stake, or weights.
    Mode { stake: bool, window: u16 },
    /// A holder has so much stake.
    Allot { holder: u8, amount: u64 },
    /// A holder bonds stake to a node, or takes it back.
    Move { holder: u8, node: u8, amount: u64, way: Way },
}

/// What came of an act.
#[derive(Clone, Debug)]
pub(crate) enum Taken {
    /// It is against the rules, or nothing yet.
    Nothing,
    /// A change that enough approved.
    Changed(Change),
    /// Stake was moved.
    Moved(Move),
    /// Somebody is accused.
    Accused(Accused),
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
            Self::Mode { stake, window } => {
                writer.u8(6).u8(u8::from(*stake)).u16(*window);
            }
            Self::Allot { holder, amount } => {
                writer.u8(7).u8(*holder).u64(*amount);
            }
            Self::Move { holder, node, amount, way } => {
                let back = u8::from(*way == Way::Unbond);
                writer.u8(8).u8(*holder).u8(*node).u64(*amount).u8(back);
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
            6 => Self::Mode { stake: reader.flag("mode")?, window: reader.u16()? },
            7 => Self::Allot { holder: reader.u8()?, amount: reader.u64()? },
            8 => {
                let (holder, node, amount) = (reader.u8()?, reader.u8()?, reader.u64()?);
                let way = if reader.flag("way")? { Way::Unbond } else { Way::Bond };
                Self::Move { holder, node, amount, way }
            }
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
        let id = |node: u8| key_of(world, node);
        match self {
            Self::Add { node, power, proof } => {
                let key = world.keys.get(usize::from(*node))?;
                let (suite, bytes) = (key.0.suite(), key.0.public());
                Some(Change::Add { suite, key: bytes, power: *power, proof: proof.clone() })
            }
            Self::Remove { node } => Some(Change::Remove(id(*node)?)),
            Self::Weight { node, power } => Some(Change::Weight(id(*node)?, *power)),
            Self::Mode { stake, window } => {
                let mode = if *stake { PowerMode::Stake } else { PowerMode::Weights };
                Some(Change::Mode(mode, *window))
            }
            Self::Allot { holder, amount } => Some(Change::Allot(stake::holder(*holder), *amount)),
            Self::Approve { .. } | Self::Accuse { .. } | Self::Move { .. } => None,
        }
    }
}

fn key_of(world: &World, node: u8) -> Option<KeyId> {
    world.keys.get(usize::from(node)).map(|key| key.key())
}

/// Takes in the acts of a block; what is against the rules changes nothing.
pub(crate) fn take(world: &World, epochs: &mut Epochs, height: u64, acts: &[Act]) {
    for act in acts {
        take_one(world, epochs, height, act);
    }
}

/// Takes in one act.
pub(crate) fn take_one(world: &World, epochs: &mut Epochs, height: u64, act: &Act) -> Taken {
    try_take(world, epochs, height, act).unwrap_or(Taken::Nothing)
}

/// `None` if it was refused.
fn try_take(world: &World, epochs: &mut Epochs, height: u64, act: &Act) -> Option<Taken> {
    let id = act.id(height);
    Some(match act {
        Act::Approve { proposal, node, signature } => {
            let change = epochs.open().get(proposal).map(|open| open.change.clone())?;
            let counts = epochs.approve(proposal, key_of(world, *node)?, signature).ok()?;
            if counts { Taken::Changed(change) } else { Taken::Nothing }
        }
        Act::Accuse { file } => Taken::Accused(epochs.accuse(id, file).ok()?),
        Act::Move { holder, node, amount, way } => {
            let (holder, validator) = (stake::holder(*holder), key_of(world, *node)?);
            let asked = Move { holder, validator, amount: *amount, way: *way };
            epochs.move_stake(&asked).ok()?;
            Taken::Moved(asked)
        }
        Act::Add { .. }
        | Act::Remove { .. }
        | Act::Weight { .. }
        | Act::Mode { .. }
        | Act::Allot { .. } => {
            epochs.propose(id, &act.change(world)?).ok()?;
            Taken::Nothing
        }
    })
}

/// A change with the approvals that make it count, or what holders do with their stake, if something
/// can be drawn under which the run must still end well.
pub(crate) fn draw(
    world: &World,
    (epochs, height): (&Epochs, u64),
    (rng, tries): (&mut Rng, u64),
) -> Vec<Act> {
    for _ in 0..tries {
        let mut after = epochs.clone();
        let acts = if rng.chance(350) {
            stake::draw(world, (&mut after, height), rng)
        } else {
            change(world, (&mut after, height), rng)
        };
        let Some(acts) = acts.filter(|acts| acts.len() < usize::from(MAX_ACTS)) else {
            continue;
        };
        let next = after.next().digest();
        let changes = next != epochs.next().digest() || !after.has_stakes_of(epochs);
        if changes && ends_well(world, after.next()) {
            return acts;
        }
    }
    Vec::new()
}

/// A change of the set with its approvals, taken in.
fn change(world: &World, (epochs, height): (&mut Epochs, u64), rng: &mut Rng) -> Option<Vec<Act>> {
    let mut acts = vec![one(world, epochs, rng)?];
    take(world, epochs, height, &acts);
    let id = acts.first().map(|act| act.id(height));
    acts.extend(approve(world, epochs, id));
    Some(acts)
}

pub(crate) fn one(world: &World, epochs: &Epochs, rng: &mut Rng) -> Option<Act> {
    let place = rng.place(world.keys.len());
    let node = u8::try_from(place).ok()?;
    let key = world.keys.get(place)?;
    let power = rng.between(1, 12);
    if !epochs.roster().has(&key.key()) {
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
