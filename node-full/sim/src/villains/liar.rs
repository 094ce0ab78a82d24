//! Answers who catches up with forgeries, and sends other bytes under a proposed header.

use cairn_consensus::wire::Message;
use cairn_verifier::digest::Hash;
use cairn_verifier::finality::HEADER_LEN;

use super::Scene;
use crate::ledger::{join, split};

pub(super) fn instead(scene: &mut Scene<'_, '_>, message: Message) -> Vec<Vec<u8>> {
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
            forged(scene, height, &block, certificate).unwrap_or(honest)
        }
        Message::Status { height } => Message::Status { height: height + 1_000 }.encode(),
        _ => honest,
    };
    vec![lie]
}

/// A final block that is not: another header under a certificate, a certificate with a vote
/// bent, or the right header over other bytes.
fn forged(
    scene: &mut Scene<'_, '_>,
    height: u64,
    block: &[u8],
    mut certificate: Vec<u8>,
) -> Option<Vec<u8>> {
    let (mut header, mut body) = split(block)?;
    let block = match scene.rng.below(3) {
        0 => {
            header.event_root = Hash::from_bytes([3; 32]);
            join(&header, &body)
        }
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
pub(super) fn unasked(scene: &Scene<'_, '_>) -> Vec<Vec<u8>> {
    let height = scene.ledger.next_height() + 500;
    vec![Message::Status { height }.encode()]
}
