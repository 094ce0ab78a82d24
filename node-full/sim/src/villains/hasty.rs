//! Proposes a time that only some clocks take, helps those to lock its block, and is silent then.

use cairn_consensus::rules::MAX_AHEAD;
use cairn_consensus::wire::Message;
use cairn_verifier::UnixMillis;

use super::{Scene, Villain, racer};
use crate::ledger::{join, split};

/// How far clocks of this simulator may differ, in milliseconds.
const APART: u64 = 2_000;

pub(super) fn instead(
    villain: &mut Villain,
    scene: &mut Scene<'_, '_>,
    message: &Message,
) -> Vec<Vec<u8>> {
    let hasty = villain.instead.as_ref().map(|(height, round, _)| (*height, *round));
    let is_over = |height| hasty.is_some_and(|(at, _)| at == height);
    let raced = match message {
        Message::Proposal { height, round, rests_on: 0, .. }
            if !is_over(*height) || hasty == Some((*height, *round)) =>
        {
            racer::race(villain, scene, (*height, *round), brink)
        }
        Message::Vote { height, round, kind: 1, .. } if hasty == Some((*height, *round)) => {
            racer::vote(villain, scene, (1, *height, *round))
        }
        Message::Proposal { height, .. }
        | Message::Vote { height, .. }
        | Message::Polka { height, .. }
        | Message::Round { height, .. }
            if is_over(*height) =>
        {
            Some(Vec::new())
        }
        _ => None,
    };
    raced.unwrap_or_else(|| vec![message.encode()])
}

/// A good block whose time is about as far ahead as the others' clocks allow.
fn brink(scene: &mut Scene<'_, '_>, height: u64) -> Option<Vec<u8>> {
    let honest = scene.ledger.build(scene.now, scene.rng)?;
    let (mut header, body) = split(&honest)?;
    if header.height != height {
        return None;
    }
    let brink = scene.now.0 + MAX_AHEAD - APART + scene.rng.below(2 * APART);
    header.time = UnixMillis(brink.max(header.time.0));
    Some(join(&header, &body))
}
