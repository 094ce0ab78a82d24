//! Messages of the consensus engine between validators.

use cairn_consensus::gossip::is_gossip;
use cairn_consensus::wire::{Message, head};

use crate::validators::{digest, validators};

pub(super) const ROUNDS: usize = 200_000;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let validators = validators();
    let mut messages = validators.history(0, 0);
    messages.extend(validators.history(2, 1));
    let header = digest(&validators.blocks[1]);
    messages.extend([
        Message::Status { height: 7 },
        Message::Want { height: 7 },
        Message::WantBlock { height: 0, header },
    ]);
    messages.iter().map(Message::encode).collect()
}

pub(super) fn run(data: &[u8]) {
    let beginning = head(data);
    let Ok(message) = Message::decode(data) else { return };
    assert_eq!(message.encode(), data);
    assert_eq!(beginning, Ok((data[1], message.height())));
    assert!(!is_gossip(data), "one look says whose a message is");
}
