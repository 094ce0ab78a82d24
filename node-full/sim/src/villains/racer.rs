//! Proposes what is not due: a set of its own choice, a time far ahead, a change that too few
//! approve, a power that no sum can hold, evidence that nobody signed, stake that nobody was given.

use cairn_consensus::epochs::{Epochs, Way, approval_message};
use cairn_consensus::wire::Message;
use cairn_consensus::{Broken, Defence, Signer as _};
use cairn_verifier::UnixMillis;
use cairn_verifier::digest::HeaderDigest;
use cairn_verifier::evidence::{CulpritProof, CulpritVote, encode_culprit};
use cairn_verifier::finality::{PublicKey, Role};

use super::{Scene, Villain};
use crate::acts::stake::holder;
use crate::acts::{self, Act};
use crate::ledger::{Body, join, split};

/// An hour, in milliseconds.
const FAR_AHEAD: u64 = 3_600_000;

/// The sum of all power must be below this.
const TOO_MUCH: u64 = 1 << 62;

pub(super) fn instead(
    villain: &mut Villain,
    scene: &mut Scene<'_, '_>,
    message: &Message,
) -> Vec<Vec<u8>> {
    let raced = match message {
        Message::Proposal { height, round, rests_on: 0, .. } => {
            race(villain, scene, (*height, *round), undue)
        }
        // Its own votes go to its own block, and its honest block is never seen.
        Message::Vote { height, round, kind, .. } => vote(villain, scene, (*kind, *height, *round)),
        _ => None,
    };
    raced.unwrap_or_else(|| vec![message.encode()])
}

/// A vote for its own block of this height and round, if it has one.
pub(super) fn vote(
    villain: &Villain,
    scene: &Scene<'_, '_>,
    (kind, height, round): (u8, u64, u32),
) -> Option<Vec<Vec<u8>>> {
    let own = villain.instead.as_ref().filter(|(h, r, _)| (*h, *r) == (height, round));
    own.and_then(|(_, _, block)| {
        let header = split(block)?.0.digest();
        Some(vec![scene.vote((kind, height, round), header)?.encode()])
    })
}

/// A proposal of a block that `make` makes, the same one for everybody.
pub(super) fn race(
    villain: &mut Villain,
    scene: &mut Scene<'_, '_>,
    (height, round): (u64, u32),
    make: fn(&mut Scene<'_, '_>, u64) -> Option<Vec<u8>>,
) -> Option<Vec<Vec<u8>>> {
    let known = villain.instead.take().filter(|(h, r, _)| (*h, *r) == (height, round));
    let block = match known {
        Some((_, _, block)) => block,
        None => make(scene, height)?,
    };
    let header = split(&block)?.0;
    villain.instead = Some((height, round, block.clone()));
    let proposal = scene.proposal((height, round), header.digest())?;
    Some(vec![proposal.encode(), Message::Block { height, block }.encode()])
}

fn undue(scene: &mut Scene<'_, '_>, height: u64) -> Option<Vec<u8>> {
    if scene.ledger.next_height() != height {
        return None;
    }
    match scene.rng.below(7) {
        0 => against(scene, Defence::Approvals, few),
        1 => against(scene, Defence::PowerCap, heavy),
        2 => against(scene, Defence::Accusation, framed),
        3 => against(scene, Defence::Allotment, overdrawn),
        _ => other_header(scene),
    }
}

/// An honest block with a header that is not due: another set at a gate, or a time far ahead.
fn other_header(scene: &mut Scene<'_, '_>) -> Option<Vec<u8>> {
    let honest = scene.ledger.build(scene.now, scene.rng)?;
    let (mut header, body) = split(&honest)?;
    if header.is_at_gate() && scene.rng.chance(700) {
        let number = scene.rng.place(scene.world.sets.len());
        let set = scene.world.sets.get(number)?.digest();
        if set == header.next_set {
            return None;
        }
        header.next_set = set;
    } else {
        header.time = UnixMillis(header.time.0 + FAR_AHEAD);
    }
    Some(join(&header, &body))
}

/// A block whose next set is right for whoever leaves a rule out, and for nobody else.
fn against(
    scene: &mut Scene<'_, '_>,
    rule: Defence,
    acts: impl FnOnce(&mut Scene<'_, '_>, &mut Epochs) -> Option<Vec<Act>>,
) -> Option<Vec<u8>> {
    let mut epochs = scene.ledger.epochs.clone().with(Broken::without(rule));
    let acts = acts(scene, &mut epochs)?;
    let body = Body { acts, events: Vec::new() };
    scene.ledger.block_for(&body, scene.now, &epochs).map(|(_, block)| block)
}

/// A change with an approval of its own, and of nobody else.
fn few(scene: &mut Scene<'_, '_>, epochs: &mut Epochs) -> Option<Vec<Act>> {
    let height = epochs.height();
    let change = acts::one(scene.world, epochs, scene.rng)?;
    let (proposal, key) = (change.id(height), scene.world.keys.get(scene.me)?);
    let message = approval_message(&scene.world.log, &epochs.now().set.digest(), &proposal);
    let signature = key.sign(Role::Approval, &message)?;
    let acts =
        vec![change, Act::Approve { proposal, node: u8::try_from(scene.me).ok()?, signature }];
    acts::take(scene.world, epochs, height, &acts);
    Some(acts)
}

/// A power that is too much for a sum, which everybody approves.
fn heavy(scene: &mut Scene<'_, '_>, epochs: &mut Epochs) -> Option<Vec<Act>> {
    let height = epochs.height();
    let change = Act::Weight { node: u8::try_from(scene.me).ok()?, power: TOO_MUCH };
    let id = change.id(height);
    let mut acts = vec![change];
    acts::take(scene.world, epochs, height, &acts);
    acts.extend(acts::approve(scene.world, epochs, Some(id)));
    Some(acts)
}

/// More stake for itself than was allotted to who bonds it.
fn overdrawn(scene: &mut Scene<'_, '_>, epochs: &mut Epochs) -> Option<Vec<Act>> {
    let height = epochs.height();
    let mut acts = vec![Act::Allot { holder: 0, amount: 1 + scene.rng.below(9) }];
    let id = acts.first()?.id(height);
    acts::take(scene.world, epochs, height, &acts);
    acts.extend(acts::approve(scene.world, epochs, Some(id)));
    let free = epochs.stakes().holders().get(&holder(0))?.free(height);
    let (node, amount) = (u8::try_from(scene.me).ok()?, free + 1 + scene.rng.below(100));
    let bond = Act::Move { holder: 0, node, amount, way: Way::Bond };
    acts::take(scene.world, epochs, height, std::slice::from_ref(&bond));
    acts.push(bond);
    Some(acts)
}

/// Evidence against somebody honest, with signatures that nobody made.
fn framed(scene: &mut Scene<'_, '_>, epochs: &mut Epochs) -> Option<Vec<Act>> {
    let height = epochs.height();
    let set = epochs.now().set.clone();
    let honest = scene.world.keys.iter().enumerate();
    let mut honest = honest.filter(|(node, key)| *node != scene.me && set.has(&key.key()));
    let (_, victim) = honest.nth(scene.rng.place(3))?;
    let (suite, public) = (victim.0.suite(), victim.0.public());
    let signatures = [0; 2].map(|_| scene.rng.bytes(suite.signature_len()));
    let [first, second] = &signatures;
    let vote = |number, signature| CulpritVote {
        set: set.digest(),
        header: HeaderDigest::from_bytes([number; 32]),
        signature,
    };
    let key = PublicKey::new(suite, &public)?;
    let votes = [vote(1, first.as_slice()), vote(2, second.as_slice())];
    let log = scene.world.log;
    let file = encode_culprit(&CulpritProof { log, kind: 1, height, round: 0, key, votes });
    let acts = vec![Act::Accuse { file }];
    acts::take(scene.world, epochs, height, &acts);
    Some(acts)
}
