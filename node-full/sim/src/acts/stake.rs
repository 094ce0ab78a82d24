//! What holders do with stake, and what a quorum allots them.

use cairn_consensus::epochs::{Epochs, Way};
use cairn_verifier::digest::{KeyId, derive};
use cairn_verifier::state::PowerMode;

use super::{Act, approve, take};
use crate::rng::Rng;
use crate::world::World;

/// How many keys are allotted stake.
const HOLDERS: u8 = 4;

/// The key that holds stake. That it signs its moves is a rule of all events, and no rule of sets.
pub(crate) fn holder(number: u8) -> KeyId {
    derive("cairn simulator holder", &[&[number]]).into()
}

/// Something about stake that follows from how things are, with the approvals that it needs.
pub(super) fn draw(
    world: &World,
    (epochs, height): (&mut Epochs, u64),
    rng: &mut Rng,
) -> Option<Vec<Act>> {
    let stakes = epochs.stakes();
    if stakes.holders().is_empty() || (stakes.mode() == PowerMode::Weights && rng.chance(300)) {
        return begin(world, (epochs, height), rng);
    }
    let act = match rng.below(10) {
        0 => Act::Mode { stake: rng.chance(500), window: window(rng) },
        1 => allotment(rng)?,
        _ => one_move(world, epochs, rng)?,
    };
    let mut acts = Vec::new();
    decide(world, (epochs, height), act, &mut acts);
    // A holder can do more than one thing before a gate.
    while rng.chance(400) {
        let act = one_move(world, epochs, rng)?;
        decide(world, (epochs, height), act, &mut acts);
    }
    Some(acts)
}

/// An act with its approvals, taken in.
fn decide(world: &World, (epochs, height): (&mut Epochs, u64), act: Act, acts: &mut Vec<Act>) {
    let id = act.id(height);
    take(world, epochs, height, std::slice::from_ref(&act));
    acts.push(act);
    if epochs.open().contains_key(&id) {
        acts.extend(approve(world, epochs, Some(id)));
    }
}

/// Holders get stake and bond some of it to everybody; then it counts.
fn begin(world: &World, (epochs, height): (&mut Epochs, u64), rng: &mut Rng) -> Option<Vec<Act>> {
    let mut acts = Vec::new();
    let holders = u8::try_from(rng.between(2, HOLDERS.into())).ok()?;
    for number in 0..holders {
        let amount = rng.between(60, 200);
        decide(world, (epochs, height), Act::Allot { holder: number, amount }, &mut acts);
    }
    for node in 0..u8::try_from(world.keys.len()).ok()? {
        let (holder, amount) = (u8::try_from(rng.below(holders.into())).ok()?, rng.between(4, 16));
        let bond = Act::Move { holder, node, amount, way: Way::Bond };
        decide(world, (epochs, height), bond, &mut acts);
    }
    let mode = Act::Mode { stake: true, window: window(rng) };
    decide(world, (epochs, height), mode, &mut acts);
    Some(acts)
}

/// Short ones end within a run.
fn window(rng: &mut Rng) -> u16 {
    if rng.chance(600) { 1 } else { 1 + u16::from(rng.chance(500)) + u16::from(rng.chance(300)) }
}

fn allotment(rng: &mut Rng) -> Option<Act> {
    let holder = u8::try_from(rng.below(HOLDERS.into())).ok()?;
    let amount = if rng.chance(200) { 0 } else { rng.between(30, 200) };
    Some(Act::Allot { holder, amount })
}

fn one_move(world: &World, epochs: &Epochs, rng: &mut Rng) -> Option<Act> {
    let number = u8::try_from(rng.below(HOLDERS.into())).ok()?;
    let held = epochs.stakes().holders().get(&holder(number))?;
    let node = u8::try_from(rng.place(world.keys.len())).ok()?;
    let way = if rng.chance(500) { Way::Bond } else { Way::Unbond };
    let most = match way {
        Way::Bond => held.free(epochs.height()),
        Way::Unbond => {
            let key = super::key_of(world, node)?;
            let bonded = held.parts().filter(|part| part.leaving.is_none());
            bonded.filter(|part| part.validator == key).map(|part| part.amount).sum()
        }
    };
    // Sometimes all of it, and sometimes more than there is, which is refused.
    let amount = if rng.chance(200) { most } else { rng.between(1, most.min(24) + 1) };
    Some(Act::Move { holder: number, node, amount, way })
}
