//! Tells one half of the validators one thing, and the other half another.

use cairn_consensus::wire::Message;
use cairn_verifier::digest::HeaderDigest;

use super::{Scene, Villain};
use crate::ledger::Body;

pub(super) fn instead(
    villain: &mut Villain,
    scene: &mut Scene<'_, '_>,
    to: usize,
    message: &Message,
) -> Vec<Vec<u8>> {
    if to.is_multiple_of(2) {
        return vec![message.encode()];
    }
    let other = match message {
        Message::Vote { height, round, kind, header, .. } => {
            let other = if *header == HeaderDigest::ZERO {
                HeaderDigest::from_bytes([7; 32])
            } else {
                HeaderDigest::ZERO
            };
            // Some get both, so that each of them holds the evidence.
            scene.vote((*kind, *height, *round), other).map(|vote| vec![vote.encode()])
        }
        Message::Proposal { height, round, .. } => {
            second_proposal(villain, scene, (*height, *round))
        }
        _ => None,
    };
    match other {
        Some(mut others) if scene.rng.chance(300) => {
            others.push(message.encode());
            others
        }
        Some(others) => others,
        None => vec![message.encode()],
    }
}

/// Another block for the same height and round, which is as valid as the first.
fn second_proposal(
    villain: &mut Villain,
    scene: &Scene<'_, '_>,
    (height, round): (u64, u32),
) -> Option<Vec<Vec<u8>>> {
    let known = villain.instead.as_ref().filter(|(h, r, _)| (*h, *r) == (height, round));
    let block = match known {
        Some((_, _, block)) => block.clone(),
        None => {
            let body = Body { acts: Vec::new(), events: vec![height, u64::from(round), 666] };
            scene.ledger.block(&body, scene.now)?.1
        }
    };
    let header = crate::ledger::split(&block)?.0;
    if header.height != height {
        return None;
    }
    villain.instead = Some((height, round, block.clone()));
    let proposal = scene.proposal((height, round), header.digest())?;
    Some(vec![proposal.encode(), Message::Block { height, block }.encode()])
}
