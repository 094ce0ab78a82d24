//! Answers who catches up with forgeries, and sends other bytes under a proposed header.

use cairn_consensus::wire::Message;
use cairn_verifier::finality::HEADER_LEN;

use super::{Scene, Villain};
use crate::ledger::{Body, join, split};

pub(super) fn instead(
    villain: &Villain,
    scene: &mut Scene<'_, '_>,
    message: Message,
) -> Vec<Vec<u8>> {
    let honest = message.encode();
    let lie = match message {
        // The header of a block that is proposed, with another body.
        Message::Block { height, block } => {
            let mut block = block;
            if let Some(last) = block.get_mut(HEADER_LEN + 2) {
                *last ^= 1;
            }
            Message::Block { height, block }.encode()
        }
        Message::Final { height, block, certificate } => {
            forged((villain, scene), height, &block, certificate).unwrap_or(honest)
        }
        Message::Status { height } => Message::Status { height: height + 1_000 }.encode(),
        _ => honest,
    };
    vec![lie]
}

/// A final block that is not: another block under a certificate, as good as the final one but for
/// that; a certificate with a vote bent; or the right header over other bytes.
fn forged(
    (villain, scene): (&Villain, &mut Scene<'_, '_>),
    height: u64,
    block: &[u8],
    mut certificate: Vec<u8>,
) -> Option<Vec<u8>> {
    let (header, mut body) = split(block)?;
    let block = match scene.rng.below(3) {
        0 => villain.doubles.get(&height)?.clone(),
        1 => {
            let place = scene.rng.place(certificate.len().saturating_sub(10));
            *certificate.get_mut(place + 10)? ^= 1;
            block.to_vec()
        }
        _ => {
            body.events.push(13);
            join(&header, &body)
        }
    };
    Some(Message::Final { height, block, certificate }.encode())
}

/// Says that it is far ahead, so that it is asked.
pub(super) fn unasked(villain: &mut Villain, scene: &Scene<'_, '_>) -> Vec<Vec<u8>> {
    let height = scene.ledger.next_height();
    let body = Body { acts: Vec::new(), events: vec![height, 99] };
    if let Some((_, block)) = scene.ledger.block(&body, scene.now) {
        villain.doubles.insert(height, block);
    }
    let height = height + 500;
    vec![Message::Status { height }.encode()]
}
