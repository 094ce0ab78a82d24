//! Says again what it said long ago, and answers with blocks of other heights.

use cairn_consensus::wire::Message;

use super::{Scene, Villain};

const MEMORY: usize = 200;

pub(super) fn instead(
    villain: &mut Villain,
    scene: &mut Scene<'_, '_>,
    bytes: &[u8],
) -> Vec<Vec<u8>> {
    if villain.memory.len() < MEMORY {
        villain.memory.push(bytes.to_vec());
    } else {
        let place = scene.rng.place(MEMORY);
        if let Some(old) = villain.memory.get_mut(place) {
            *old = bytes.to_vec();
        }
    }
    let old = villain.memory.get(scene.rng.place(villain.memory.len())).cloned();
    // Half of what it has to say is never said.
    let new = scene.rng.chance(500).then(|| bytes.to_vec());
    old.into_iter().chain(new).collect()
}

pub(super) fn unasked(villain: &Villain, scene: &mut Scene<'_, '_>) -> Vec<Vec<u8>> {
    let old = villain.memory.get(scene.rng.place(villain.memory.len())).cloned();
    let place = scene.rng.place(scene.ledger.finals.len());
    let earlier = scene.ledger.finals.get(place).map(|earlier| {
        let (block, certificate) = (earlier.block.clone(), earlier.certificate.clone());
        Message::Final { height: earlier.height, block, certificate }.encode()
    });
    let status = Message::Status { height: scene.rng.below(5) }.encode();
    old.into_iter().chain(earlier).chain([status]).collect()
}
