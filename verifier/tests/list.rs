//! An event list verifies, and no bent one does.

#![expect(clippy::as_conversions, reason = "a test crate")]

mod kit;

use cairn_verifier::list::{EventList, verify};
use cairn_verifier::state::RecordKey;
use cairn_verifier::{Budget, Error, Terms, TrustAnchor};
use kit::facts::lists::{Names, list, list_of};
use kit::{Kit, four, small_log};

fn code(bytes: &[u8], kit: &Kit) -> &'static str {
    verify(bytes, kit.anchor(), kit.now(), &mut ()).as_ref().map_or_else(Error::code, |_| "ok")
}

#[test]
fn every_choice_of_events_verifies() {
    let kit = small_log(1, four(1));
    for chosen in 1_u64..1 << 11 {
        let indexes: Vec<u64> = (0..11).filter(|index| chosen >> index & 1 == 1).collect();
        // A prime step: all of them take their time.
        if chosen % 7 != 1 {
            continue;
        }
        let bytes = list(&kit, &indexes);
        let list = verify(&bytes, kit.anchor(), kit.now(), &mut ()).unwrap();
        assert_eq!(list.header().digest(), kit.tip().header.digest());
        for (index, event) in indexes.iter().zip(list.events()) {
            assert_eq!((event.index(), event.id()), (*index, kit.ids[*index as usize]));
            assert_eq!(event.writer_name(), Some("ada"));
        }
        assert_eq!(list.events().len(), indexes.len());
    }
}

#[test]
fn every_flipped_byte_and_every_truncation_is_refused() {
    let kit = small_log(2, four(1));
    let bytes = list(&kit, &[0, 3, 4, 10]);
    assert_eq!(code(&bytes, &kit), "ok");
    for at in 0..bytes.len() {
        for bit in [1, 0x80] {
            let mut bent = bytes.clone();
            bent[at] ^= bit;
            assert_ne!(code(&bent, &kit), "ok", "byte {at}");
        }
        assert_ne!(code(&bytes[..at], &kit), "ok", "length {at}");
    }
    assert_eq!(code(&[bytes.as_slice(), &[0]].concat(), &kit), "decode-trailing-bytes");
}

#[test]
fn events_stand_where_they_stand() {
    let kit = small_log(3, four(1));
    for (places, expected) in [
        (&[(1, 2)][..], "inclusion-root-mismatch"),
        (&[(1, 1), (2, 3)], "inclusion-root-mismatch"),
        (&[(1, 1), (1, 1)], "decode-not-ascending"),
        (&[(2, 2), (1, 1)], "decode-not-ascending"),
        (&[(1, 1), (11, 1)], "inclusion-leaf-out-of-range"),
        (&[], "inclusion-no-leaves"),
    ] {
        assert_eq!(code(&list_of(&kit, places, &Vec::new()), &kit), expected, "{places:?}");
    }
}

#[test]
fn another_logs_events_are_refused() {
    let (kit, other) = (small_log(4, four(1)), small_log(5, four(1)));
    let mut mixed = small_log(4, four(1));
    mixed.events[2].clone_from(&other.events[2]);
    assert_eq!(code(&list(&mixed, &[1, 2]), &kit), "event-other-log");
    assert_eq!(code(&list(&other, &[1]), &kit), "trust-other-anchor");
    let under = TrustAnchor::Checkpoint(kit.tip().header.digest());
    let found = verify(&list(&kit, &[1]), under, kit.now(), &mut ()).unwrap_err();
    assert_eq!(found.code(), "trust-other-anchor");
}

#[test]
fn names_are_what_the_state_says() {
    let mut kit = small_log(6, four(1));
    let writer = RecordKey::Key(kit.writer.key_id());
    let places = [(0, 0), (10, 10)];
    let name_of = |kit: &Kit, names: &Names| -> Vec<Option<String>> {
        let bytes = list_of(kit, &places, names);
        let list = verify(&bytes, kit.anchor(), kit.now(), &mut ()).unwrap();
        list.events().iter().map(|event| event.writer_name().map(str::to_owned)).collect()
    };
    assert_eq!(name_of(&kit, &Vec::new()), [None, None]);
    let other_record = vec![kit.present(&RecordKey::Member("ada"))];
    assert_eq!(code(&list_of(&kit, &places, &other_record), &kit), "state-other-record");
    let mut of_another = kit.present(&writer);
    of_another.1 = kit.present(&RecordKey::Member("ada")).1;
    assert_eq!(code(&list_of(&kit, &places, &vec![of_another]), &kit), "state-root-mismatch");
    let twice = vec![kit.present(&writer), kit.present(&writer)];
    assert_eq!(code(&list_of(&kit, &places, &twice), &kit), "decode-not-ascending");

    // A key that was given up names the events before alone.
    kit.writer_key.2 = 5;
    kit.block(None);
    let ended = vec![kit.present(&writer)];
    assert_eq!(name_of(&kit, &ended), [Some("ada".to_owned()), None]);
}

#[test]
fn the_cost_is_counted_before_anything_is_checked() {
    let kit = small_log(7, four(1));
    let bytes = list(&kit, &[0, 3, 4, 10]);
    let code = |budget: Budget| {
        let terms = Terms::at(kit.now()).within(budget);
        verify(&bytes, kit.anchor(), terms, &mut ()).as_ref().map_or_else(Error::code, |_| "ok")
    };
    let hashes = EventList::decode(&bytes).unwrap().inclusion.len();
    let depth = EventList::decode(&bytes).unwrap().names[0].1.depth();
    let least =
        Budget { bytes: bytes.len() as u64, signatures: 3 + 4, hashes: (hashes + depth) as u64 };
    assert_eq!(code(least), "ok");
    assert_eq!(code(Budget { bytes: least.bytes - 1, ..least }), "budget-bytes");
    assert_eq!(code(Budget { signatures: least.signatures - 1, ..least }), "budget-signatures");
    assert_eq!(code(Budget { hashes: least.hashes - 1, ..least }), "budget-hashes");
}
