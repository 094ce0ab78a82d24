//! Many events under one header.

use super::*;
use cairn_verifier::list::ListDraft;
use cairn_verifier::tree::{BatchProof, batch_inclusion_of};
use cairn_verifier::trust::{Base, FinalityBytes, FinalityDraft, Genesis};

/// Records of writers' keys, with their proofs.
pub type Names = Vec<(Vec<u8>, Vec<u8>)>;

/// The events at some indexes, said to be at others.
pub fn list_of(kit: &Kit, places: &[(u64, usize)], names: &Names) -> Vec<u8> {
    let block = kit.tip();
    let tree = Blake3::new(Tree::Event, *kit.log.as_bytes());
    let indexes: Vec<u64> = places.iter().map(|(index, _)| *index).collect();
    let hashes = batch_inclusion_of(&tree, &kit.event_leaves(), &indexes).unwrap_or_default();
    let events: Vec<_> =
        places.iter().map(|(index, event)| (*index, kit.events[*event].clone())).collect();
    ListDraft {
        finality: FinalityDraft {
            base: Base::Genesis(Genesis::decode(&kit.genesis).unwrap()),
            handovers: &kit.handovers,
            header: &block.header.encode(),
            finality: FinalityBytes::Certificate(&block.certificate),
        },
        events: &events,
        inclusion: BatchProof::new(&hashes),
        names,
    }
    .encode()
}

/// The events at some indexes, with their writer's name.
pub fn list(kit: &Kit, indexes: &[u64]) -> Vec<u8> {
    let places: Vec<_> = indexes.iter().map(|index| (*index, *index as usize)).collect();
    list_of(kit, &places, &vec![writers_name(kit)])
}

fn writers_name(kit: &Kit) -> (Vec<u8>, Vec<u8>) {
    kit.present(&RecordKey::Key(kit.writer.key_id()))
}

pub fn lists(facts: &mut Vec<Fact>) {
    let (kit, other) = (small_log(9, four(1)), small_log(5, four(1)));
    let names = vec![writers_name(&kit)];
    let mut add = |name, desc: &str, want: &str, list: Vec<u8>| {
        let json = json!({
            "kind": "list", "desc": desc, "want": want,
            "anchor": kit.anchor().to_string(), "now": kit.now().0, "list": base64(&list),
        });
        facts.push(Fact { folder: "lists", name, json });
    };
    let good = list(&kit, &[0, 3, 4, 10]);
    add("ok-list", "four events, and their writer's name", "ok", good.clone());
    let nameless = list_of(&kit, &[(0, 0), (3, 3)], &Names::new());
    add("ok-list-without-names", "two events, of a writer without a name", "ok", nameless);
    add("ok-list-of-one", "one event", "ok", list(&kit, &[7]));

    let code = "inclusion-root-mismatch";
    let moved = list_of(&kit, &[(1, 2)], &names);
    add("list-event-moved", "an event at another's place", code, moved);
    let swapped = list_of(&kit, &[(1, 2), (2, 1)], &names);
    add("list-events-swapped", "two events in each other's places", code, swapped);
    let code = "decode-not-ascending";
    let back = list_of(&kit, &[(2, 2), (1, 1)], &names);
    add("list-not-ascending", "the later event first", code, back);
    let twice = list_of(&kit, &[(1, 1), (1, 1)], &names);
    add("list-event-twice", "an event twice", code, twice);
    let two = vec![writers_name(&kit), writers_name(&kit)];
    add("list-name-twice", "a name twice", code, list_of(&kit, &[(1, 1)], &two));
    let code = "inclusion-leaf-out-of-range";
    add("list-past-the-tree", "an index behind the end", code, list_of(&kit, &[(11, 1)], &names));
    add("list-empty", "no event", "inclusion-no-leaves", list_of(&kit, &[], &names));

    let mut mixed = small_log(9, four(1));
    mixed.events[2].clone_from(&other.events[2]);
    let desc = "an event of another log among the others";
    add("list-other-log", desc, "event-other-log", list(&mixed, &[1, 2]));
    let desc = "another log's list";
    add("list-other-anchor", desc, "trust-other-anchor", list(&other, &[1]));
    let record = vec![kit.present(&RecordKey::Member("ada"))];
    let desc = "a record that is no key's";
    add("list-other-record", desc, "state-other-record", list_of(&kit, &[(1, 1)], &record));
    let mut of_another = writers_name(&kit);
    of_another.1 = kit.present(&RecordKey::Member("ada")).1;
    let desc = "a name with the proof of another record";
    let bent = list_of(&kit, &[(1, 1)], &vec![of_another]);
    add("list-name-not-proven", desc, "state-root-mismatch", bent);

    let mut forged = small_log(9, four(1));
    let last = forged.events[4].len() - 1;
    forged.events[4][last] ^= 1;
    let desc = "an event that its writer did not sign";
    add("list-bad-signature", desc, "event-bad-signature", list(&forged, &[3, 4]));
    add("list-truncated", "cut short", "decode-truncated", good[..good.len() - 1].to_vec());
    add("list-trailing", "a byte more", "decode-trailing-bytes", [good.as_slice(), &[0]].concat());
    let of_type = |version, kind| [&[version, kind], &good[2..]].concat();
    add("list-version", "a newer format", "decode-version", of_type(2, b'L'));
    add("list-file-type", "a receipt's first bytes", "decode-file-type", of_type(1, b'Q'));
}
