//! Wraps of PCEK v2: what the sender made opens, for one recipient, log and event.

use cairn_verifier::digest::{EventId, LogId};
use cairn_verifier::payload::MessageKey;
use cairn_verifier::pcek::v2::{WrapSecret, check_shape, wrap};
use std::sync::LazyLock;

use crate::Choices;
use crate::world::Counter;

pub(super) const ROUNDS: usize = 1_000;

static SECRETS: LazyLock<[WrapSecret; 2]> =
    LazyLock::new(|| [1, 2].map(|seed| WrapSecret::from_seed([seed; 32]).unwrap()));

pub(super) fn seeds() -> Vec<Vec<u8>> {
    crate::seeds::choices()
}

type To<'a> = (&'a WrapSecret, LogId, EventId);

fn to(choices: &mut Choices<'_>) -> To<'static> {
    let id = [choices.byte() % 4; 32];
    (choices.of(&*SECRETS), id.into(), [choices.byte() % 4; 32].into())
}

fn made(key: &MessageKey, (secret, log, event): To<'_>, rng: u8) -> Vec<u8> {
    wrap(key, &secret.public_key(), (&log, &event), &mut Counter(rng)).unwrap()
}

pub(super) fn run(data: &[u8]) {
    let mut choices = Choices::new(data);
    let recipient = to(&mut choices);
    let (key, rng) = (MessageKey::from_bytes([choices.byte(); 32]), choices.byte());
    let honest = made(&key, recipient, rng);
    assert!(check_shape(&honest).is_ok());
    let mut bytes = honest.clone();
    let mut reader = recipient;
    if choices.flag() {
        reader = to(&mut choices);
    }
    if choices.more() {
        let from = to(&mut choices);
        let other = made(&MessageKey::from_bytes([choices.byte(); 32]), from, choices.byte());
        while choices.more() {
            let skip = choices.below(bytes.len());
            let mut tail = bytes.split_off(skip);
            choices.splice(&mut tail, &other[skip.min(other.len())..]);
            bytes.append(&mut tail);
        }
    }
    let (secret, log, event) = reader;
    let meant = (secret.id(), log, event) == (recipient.0.id(), recipient.1, recipient.2);
    let found = secret.open_wrap(&bytes, &log, &event);
    let code = found.as_ref().map(drop).map_err(|error| error.code());
    assert_eq!(code.is_ok(), meant && bytes == honest, "{code:?}");
    assert!(code.is_err() || secret.is_recipient(&bytes));
    if let Ok(found) = found {
        assert_eq!(found.as_bytes(), key.as_bytes());
    }
}
