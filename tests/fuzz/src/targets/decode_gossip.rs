//! What validators tell each other beside the engine's messages.

use cairn_consensus::behind::{Asked, Behind};
use cairn_consensus::gossip::{Gossip, is_gossip};
use cairn_consensus::wire::Message;

use crate::seeds::parts;
use crate::validators::{digest, validators};

pub(super) const ROUNDS: usize = 100_000;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let validators = validators();
    let block = validators.blocks[0].clone();
    let certificate = validators.certificate(0, digest(&block), &[0, 1, 3]);
    let (event, key) = ([3; 32].into(), [4; 32].into());
    let behind = Behind {
        event,
        known: true,
        payload: Some(vec![5; 60]),
        wraps: [(key, vec![6; 40]), ([7; 32].into(), Vec::new())].into(),
    };
    let nothing = |known| Behind { event, known, payload: None, wraps: [].into() };
    let asked = |payload, wraps| Asked { event, payload, wraps };
    let gossip = [
        Gossip::Events { height: 3, events: parts().events.iter().take(3).cloned().collect() },
        Gossip::WantBlocks { height: 9 },
        Gossip::Blocks { height: 0, blocks: vec![(block, certificate); 2] },
        Gossip::WantBehind { height: 3, asked: vec![asked(true, false), asked(true, true)] },
        Gossip::Behind { height: 3, behind: vec![behind, nothing(true), nothing(false)] },
    ];
    gossip.iter().map(Gossip::encode).collect()
}

pub(super) fn run(data: &[u8]) {
    let Ok(gossip) = Gossip::decode(data) else { return };
    assert_eq!(gossip.encode(), data);
    assert_eq!(data[2..10], gossip.height().to_be_bytes());
    assert!(is_gossip(data) && Message::decode(data).is_err(), "one look says whose a message is");
}
