//! Sends more than anybody can read: votes of a height that is not there yet, blocks that nobody
//! proposed, and votes in others' names with made-up signatures.

use cairn_consensus::wire::{Message, Signed};
use cairn_verifier::digest::HeaderDigest;
use cairn_verifier::finality::Suite;

use super::Scene;

const EACH_TIME: u64 = 30;

/// Beside its own votes, now and then, those of all others; a forgery costs it the connection.
pub(super) fn instead(scene: &mut Scene<'_, '_>, message: &Message) -> Vec<Vec<u8>> {
    let mut sent = vec![message.encode()];
    if let Message::Vote { height, round, kind, header, .. } = message {
        let (height, round, kind, header) = (*height, *round, *kind, *header);
        let count = scene.set().len() as u8;
        if scene.rng.chance(10) {
            sent.extend(
                (0..count).map(|index| forged(scene, index, (kind, height, round), header)),
            );
        }
    }
    sent
}

pub(super) fn unasked(scene: &mut Scene<'_, '_>) -> Vec<Vec<u8>> {
    let height = scene.ledger.next_height();
    let mut junk = Vec::new();
    for number in 0..EACH_TIME {
        junk.push(match number % 6 {
            0..=3 => {
                let ahead = 1 + scene.rng.below(2);
                early_vote(scene, height + ahead)
            }
            4 => nobodys_block(scene, height),
            _ => Message::Want { height: height.saturating_sub(1) }.encode(),
        });
    }
    junk
}

fn forged(
    scene: &mut Scene<'_, '_>,
    index: u8,
    (kind, height, round): (u8, u64, u32),
    header: HeaderDigest,
) -> Vec<u8> {
    let suite = scene.world.keys.first().map_or(Suite::Ed25519, |key| key.0.suite());
    let signed = Signed { index, suite, signature: scene.rng.bytes(suite.signature_len()) };
    Message::Vote { height, round, kind, header, signed }.encode()
}

fn early_vote(scene: &mut Scene<'_, '_>, height: u64) -> Vec<u8> {
    let signed = Signed {
        index: scene.rng.below(4) as u8,
        suite: Suite::MlDsa65Ed25519,
        signature: scene.rng.bytes(Suite::MlDsa65Ed25519.signature_len()),
    };
    let round = scene.rng.below(100) as u32;
    Message::Vote { height, round, kind: 1, header: HeaderDigest::ZERO, signed }.encode()
}

fn nobodys_block(scene: &mut Scene<'_, '_>, height: u64) -> Vec<u8> {
    let body = crate::ledger::Body { acts: Vec::new(), events: vec![scene.rng.next(); 90] };
    let block = scene.ledger.block(&body, scene.now).map(|(_, block)| block);
    Message::Block { height, block: block.unwrap_or_default() }.encode()
}
