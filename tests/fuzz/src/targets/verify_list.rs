//! Event lists: what is accepted is in the log, at its index, whoever put the file together.

use cairn_verifier::list::{ListDraft, verify};
use cairn_verifier::state::RecordKey;
use cairn_verifier::tree::{BatchProof, Blake3, Kind, batch_inclusion_of};
use cairn_verifier::trust::{Base, FinalityBytes, FinalityDraft, Genesis};

use crate::Choices;
use crate::kit::Kit;
use crate::world::world;

pub(super) const ROUNDS: usize = 5_000;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    crate::seeds::choices()
}

fn honest(kit: &Kit, indexes: &[u64]) -> Vec<u8> {
    let block = kit.blocks.last().unwrap();
    let tree = Blake3::new(Kind::Event, *kit.log.as_bytes());
    let size = usize::try_from(block.header.events.get()).unwrap();
    let hashes = batch_inclusion_of(&tree, &kit.event_leaves()[..size], indexes);
    let hashes = hashes.unwrap_or_default();
    let event = |index: &u64| (*index, kit.events[usize::try_from(*index).unwrap()].clone());
    let writer = RecordKey::Key(kit.writer.key_id());
    let names = kit.state.get(&writer).map(|_| kit.present(&writer));
    ListDraft {
        finality: FinalityDraft {
            base: Base::Genesis(Genesis::decode(&kit.genesis).unwrap()),
            handovers: &kit.handovers,
            header: &block.header.encode(),
            finality: FinalityBytes::Certificate(&block.certificate),
        },
        events: &indexes.iter().map(event).collect::<Vec<_>>(),
        inclusion: BatchProof::new(&hashes),
        names: &names.into_iter().collect::<Vec<_>>(),
    }
    .encode()
}

pub(super) fn run(data: &[u8]) {
    let mut choices = Choices::new(data);
    let kit = &choices.of(&world().logs).kit;
    let size = kit.blocks.last().unwrap().header.events.get();
    let mut some = || -> Vec<u64> { (0..size).filter(|_| choices.below(3) == 0).collect() };
    let (one, two) = (some(), some());
    let mut list = honest(kit, &one);
    let is_honest = match choices.below(3) {
        0 => {
            choices.splice(&mut list, &honest(kit, &two));
            false
        }
        1 => {
            let elsewhere = &choices.of(&world().logs).kit;
            choices.splice(&mut list, &honest(elsewhere, &[0]));
            false
        }
        _ => !one.is_empty(),
    };
    let found = verify(&list, kit.anchor(), kit.now(), &mut ());
    assert!(found.is_ok() || !is_honest, "an honest list: {:?}", found.err());
    let Ok(found) = found else { return };
    for event in found.events() {
        assert_eq!(event.id(), kit.ids[usize::try_from(event.index()).unwrap()], "not in the log");
    }
}
