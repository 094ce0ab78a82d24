//! What is in the state of a log, what is not, and all events of a writer.

use cairn_verifier::event::EventBody;
use cairn_verifier::state::{
    End, Record, RecordKey, StateProof, verify_absent, verify_history, verify_present,
};
use cairn_verifier::{FinalHeader, VerifiedEvent};

use crate::Choices;
use crate::final_headers::{any_final, events, final_headers};
use crate::forge::{any_key, any_record};
use crate::model;
use crate::world::world;
use crate::verdicts::agree;

pub(super) const ROUNDS: usize = 20_000;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    crate::seeds::choices()
}

pub(super) fn run(data: &[u8]) {
    let mut choices = Choices::new(data);
    let at = choices.below(world().logs.len());
    let mut header = *final_headers()[at].last().unwrap();
    if choices.below(8) == 7 {
        header = any_final(&mut choices).unwrap_or(header);
    }
    match choices.below(3) {
        0 => present(at, &header, &mut choices),
        1 => absent(at, &header, &mut choices),
        _ => history(at, &header, &mut choices),
    }
}

fn present(at: usize, header: &FinalHeader, choices: &mut Choices<'_>) {
    let kit = &world().logs[at].kit;
    let (mut record, mut proof) = any_record(kit, choices);
    let (_, other) = any_record(kit, choices);
    match choices.below(6) {
        3 => choices.splice(&mut record, &other),
        4 => choices.splice(&mut proof, &other),
        5 => proof = other,
        _ => (),
    }
    let (Ok(record), Ok(read)) = (Record::decode(&record), StateProof::decode(&proof)) else {
        return;
    };
    let found = verify_present(header, &record, &read);
    let want = model::state::present(header.header(), &record, &proof);
    agree(found.as_ref().map(drop).map_err(|error| error.code()), want);
    if let Ok(fact) = found {
        assert_eq!((fact.header(), fact.record()), (header, &record));
        let key = record.content().key();
        let mut truth = kept(header).map(|log| {
            let state = &world().logs[log].kit.state;
            (state.get(&key).unwrap_or_default(), state.prove(&key).1)
        });
        assert!(truth.any(|truth| truth == (record.bytes(), proof.clone())), "not in the state");
    }
}

/// The logs that have the state that a header has.
fn kept(header: &FinalHeader) -> impl Iterator<Item = usize> + use<> {
    let header = *header.header();
    (0..world().logs.len()).filter(move |log| {
        let kit = &world().logs[*log].kit;
        kit.log == header.log && kit.state.root(&kit.log) == header.state_root
    })
}

fn absent(at: usize, header: &FinalHeader, choices: &mut Choices<'_>) {
    let kit = &world().logs[at].kit;
    let (key, other) = (any_key(kit, choices), any_key(kit, choices));
    let (mut end, mut proof) = kit.state.prove(&key);
    let (other_end, other_proof) = kit.state.prove(&other);
    match choices.below(8) {
        3 => end = other_end,
        4 => proof = other_proof,
        5 => (end, proof) = (other_end, other_proof),
        6 => choices.splice(&mut end, &other_end),
        7 => choices.splice(&mut proof, &other_proof),
        _ => (),
    }
    let (Ok(read_end), Ok(read)) = (End::decode(&end), StateProof::decode(&proof)) else { return };
    let found = verify_absent(header, &key, &read_end, &read);
    let want = model::state::absent(header.header(), &key, &read_end, &proof);
    agree(found.as_ref().map(drop).map_err(|error| error.code()), want);
    if let Ok(fact) = found {
        assert_eq!((fact.header(), fact.key()), (header, &key));
        let mut truth = kept(header).map(|log| {
            let state = &world().logs[log].kit.state;
            (state.get(&key), state.prove(&key))
        });
        assert!(truth.any(|truth| truth == (None, (end.clone(), proof.clone()))), "in the state");
    }
}

fn history(at: usize, header: &FinalHeader, choices: &mut Choices<'_>) {
    let kit = &world().logs[at].kit;
    let mut key = RecordKey::Head(crate::kit::STREAM.into(), kit.writer.key_id());
    if choices.below(8) == 7 {
        key = any_key(kit, choices);
    }
    let Some(record) = kit.state.get(&key) else { return };
    let proof = kit.state.prove(&key).1;
    let (record, proof) = (Record::decode(record).unwrap(), StateProof::decode(&proof).unwrap());
    let Ok(head) = verify_present(header, &record, &proof) else { return };
    let mut chosen: Vec<VerifiedEvent<'_>> = events()[at].clone();
    for _ in 0..choices.below(4) {
        let (one, two) = (choices.below(chosen.len()), choices.below(chosen.len()));
        match choices.below(5) {
            _ if chosen.is_empty() => (),
            0 => drop(chosen.remove(one)),
            1 => chosen.insert(one, chosen[two]),
            2 => chosen.swap(one, two),
            3 => chosen.truncate(one),
            _ => {
                let log = choices.of(events());
                chosen[one] = *choices.of(log);
            }
        }
    }
    let found = verify_history(&head, &chosen);
    let known: Vec<(_, EventBody<'_>)> =
        chosen.iter().map(|event| (event.id(), *event.event())).collect();
    let want = model::state::history(header.header(), &record, &known);
    agree(found.as_ref().map(drop).map_err(|error| error.code()), want);
    if let Ok(fact) = found {
        assert_eq!((fact.events(), fact.header()), (chosen.len() as u64, header));
        assert_eq!((fact.stream(), fact.writer()), (crate::kit::STREAM.into(), kit.writer.key_id()));
        let ids: Vec<_> = chosen.iter().map(VerifiedEvent::id).collect();
        assert_eq!(ids, kit.ids, "all events of the writer");
    }
}
