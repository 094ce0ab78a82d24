//! Signed events, with signatures of several keys in any order.

use cairn_verifier::event::SignedEvent;

use crate::Choices;
use crate::forge::forged_event;
use crate::model::receipt;
use crate::world::world;
use crate::verdicts::agree;

pub(super) const ROUNDS: usize = 4_000;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    crate::seeds::choices()
}

pub(super) fn run(data: &[u8]) {
    let mut choices = Choices::new(data);
    let log = choices.of(&world().logs);
    let bytes = choices.of(&log.kit.events).clone();
    let honest = !choices.more();
    let event = SignedEvent::decode(&bytes).unwrap();
    let mut forged = if honest { bytes.clone() } else { forged_event(&event, &mut choices) };
    if choices.below(8) == 7 {
        choices.splice(&mut forged, &bytes);
    }
    let Ok(event) = SignedEvent::decode(&forged) else { return };
    let found = event.verify().map(|(id, suite)| {
        let first = event.signatures().iter().next().unwrap();
        assert_eq!(suite, first.key.suite());
        id
    });
    let want = receipt::verify_event(&event);
    agree(found.map(drop).map_err(|error| error.code()), want.map(drop));
    assert!(found.is_err() || found.ok() == want.ok());
    assert!(!honest || want.is_ok(), "an honest event: {want:?}");
}
