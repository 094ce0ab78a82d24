//! Proposes what is not due: a next set of its own choice, or a time far ahead.

use cairn_consensus::wire::Message;
use cairn_verifier::UnixMillis;

use super::{Scene, Villain};
use crate::ledger::{join, split};

/// An hour, in milliseconds.
const FAR_AHEAD: u64 = 3_600_000;

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
    let honest = scene.ledger.build(scene.now, scene.rng)?;
    let (mut header, body) = split(&honest)?;
    if header.height != height {
        return None;
    }
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
