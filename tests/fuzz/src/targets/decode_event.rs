//! Signed events.

use cairn_verifier::event::SignedEvent;

use crate::again;
use crate::model::receipt::event_id;

pub(super) const ROUNDS: usize = 200_000;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    crate::seeds::parts().events.clone()
}

pub(super) fn run(data: &[u8]) {
    let Ok(event) = SignedEvent::decode(data) else { return };
    assert_eq!(again::event(&event), data);
    assert_eq!(event.id(), event_id(event.bytes()));
}
