//! Whole answers about the state: what is accepted is so, whoever put the file together.

use cairn_verifier::state::{AnswerDraft, End, Known, RecordKey, verify_answer};
use cairn_verifier::trust::{Base, FinalityBytes, FinalityDraft, Genesis};

use crate::Choices;
use crate::forge::any_key;
use crate::kit::Kit;
use crate::world::world;

pub(super) const ROUNDS: usize = 20_000;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    crate::seeds::choices()
}

/// What an honest node answers under its newest header.
fn honest(kit: &Kit, key: &RecordKey<'_>) -> Vec<u8> {
    let block = kit.blocks.last().unwrap();
    let finality = FinalityDraft {
        base: Base::Genesis(Genesis::decode(&kit.genesis).unwrap()),
        handovers: &kit.handovers,
        header: &block.header.encode(),
        finality: FinalityBytes::Certificate(&block.certificate),
    };
    let (end, proof) = kit.state.prove(key);
    let end = End::decode(&end).unwrap();
    let found = kit.state.get(key).ok_or((key, &end));
    AnswerDraft { finality, found, proof: &proof }.encode()
}

pub(super) fn run(data: &[u8]) {
    let mut choices = Choices::new(data);
    let kit = &choices.of(&world().logs).kit;
    let (key, other) = (any_key(kit, &mut choices), any_key(kit, &mut choices));
    // A name of no bytes is none that a file can hold.
    if RecordKey::decode(&key.encode()).is_err() {
        return;
    }
    let mut answer = honest(kit, &key);
    let mut asked = key;
    let is_honest = match choices.below(4) {
        0 => {
            asked = other;
            key == other
        }
        1 => {
            let other = honest(kit, &other);
            choices.splice(&mut answer, &other);
            false
        }
        2 => {
            let elsewhere = &choices.of(&world().logs).kit;
            let other = honest(elsewhere, &key);
            choices.splice(&mut answer, &other);
            false
        }
        _ => true,
    };
    let found = verify_answer(&answer, &asked, kit.anchor(), kit.now(), &mut ());
    assert!(found.is_ok() || !is_honest, "an honest answer: {found:?}");
    match found {
        Ok(Known::Present(present)) => {
            assert_eq!(present.record().content().key(), asked);
            assert_eq!(Some(present.record().bytes()), kit.state.get(&asked), "not in the state");
        }
        Ok(Known::Absent(absent)) => {
            assert_eq!(*absent.key(), asked);
            assert_eq!(kit.state.get(&asked), None, "in the state");
        }
        Err(_) => {}
    }
}
