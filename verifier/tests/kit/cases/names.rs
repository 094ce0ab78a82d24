//! The writer's name, by the record of its key.

use super::*;
use cairn_verifier::state::{KeyRole, RecordKey, StateRecord};

/// Record and proof.
type Name = (Vec<u8>, Vec<u8>);

/// A log of 11 events whose writer's key is recorded like this.
fn recorded(nonce: u8, writer_key: (KeyRole, u64, u64)) -> Kit {
    let mut kit = Kit::new(nonce, four(1));
    kit.writer_key = writer_key;
    for count in [3, 4, 4] {
        kit.push_plain(count);
        kit.block(None);
    }
    kit
}

fn named(kit: &Kit, index: u64) -> Parts {
    let mut parts = kit.parts(index);
    parts.name = Some(kit.present(&RecordKey::Key(kit.writer.key_id())));
    parts
}

pub fn names(kit: &Kit, cases: &mut Vec<Case>) {
    let parts = named(kit, 4);
    let desc = "the state names the owner of the writer's key";
    cases.push(case(kit, "ok-name", desc, "ok", parts.encode()));
    let mut bent = |name, desc, want, bend: &dyn Fn(&mut Name)| {
        let mut parts = parts.clone();
        bend(parts.name.as_mut().unwrap());
        cases.push(case(kit, name, desc, want, parts.encode()));
    };
    let other = "state-root-mismatch";
    bent("name-without-proof", "a name, and a state proof of no steps", other, &|name| {
        name.1 = vec![0, 0];
    });
    bent("name-forged", "another name in the record", other, &|(record, _)| {
        let at = record.windows(3).position(|part| part == b"ada").unwrap();
        record[at..at + 3].copy_from_slice(b"eve");
    });
    bent("name-forged-sibling", "one bit of a sibling flipped", other, &|(_, proof)| {
        *proof.last_mut().unwrap() ^= 1;
    });
    bent("name-other-record", "the record of the writer's head", "state-other-record", &|name| {
        let stream = digest::StreamId::from_bytes(crate::kit::STREAM);
        *name = kit.present(&RecordKey::Head(stream, kit.writer.key_id()));
    });
    let not_canonical = "decode-not-canonical";
    bent("state-map-padding", "a bit of the map past the depth", not_canonical, &|(_, proof)| {
        let depth = usize::from(proof[1]);
        proof[2 + (depth - 1) / 8] |= 1;
    });
    bent("state-empty-sibling", "a sibling of zeros", not_canonical, &|(_, proof)| {
        let len = proof.len();
        proof[len - 32..].fill(0);
    });
    bent("state-empty-last-step", "a leaf one step deeper than it is", not_canonical, &|name| {
        let depth = name.1[1] + 1;
        let map = name.1[2] >> 1;
        name.1[1] = depth;
        name.1[2] = map;
    });
    bent("state-too-deep", "257 steps", "decode-out-of-range", &|(_, proof)| {
        proof[0] = 1;
        proof[1] = 1;
    });
    bent("record-trailing", "a byte after the record", "decode-trailing-bytes", &|(record, _)| {
        record.push(0);
    });
    bent("record-version", "a record of version 2", "decode-version", &|(record, _)| {
        record[0] = 2;
    });
    bent("record-kind", "a record of kind 8", "decode-unknown-tag", &|(record, _)| record[1] = 8);
    let key = |role, suite, from, until| StateRecord::Key {
        id: kit.writer.key_id(),
        member: "ada",
        role,
        suite,
        from,
        until,
    };
    // The encoder refuses these; they are bent from one that it makes.
    let good = key(KeyRole::Writer, 1, 0, 9).encode().unwrap();
    let end = good.len();
    bent("key-suite-of-another-role", "a writer's key that wraps", "decode-unknown-tag", &|name| {
        name.0.clone_from(&good);
        name.0[end - 17] = 17;
    });
    bent("key-role-unknown", "role 5", "decode-unknown-tag", &|name| {
        name.0.clone_from(&good);
        name.0[end - 18] = 5;
    });
    bent("key-empty-range", "a key that holds for no index", not_canonical, &|name| {
        name.0.clone_from(&good);
        name.0[end - 1] = 0;
    });

    let mut flag = kit.parts(4).encode();
    *flag.last_mut().unwrap() = 2;
    cases.push(case(kit, "name-flag-unknown", "a name flag of 2", "decode-unknown-tag", flag));

    // Here the other record is really in the state.
    let desc = "the record of another key";
    let mut other = kit.parts(4);
    let stranger = MemberSecret::from_seed([0x66; 32]).unwrap();
    let mut state = kit.state.clone();
    let record = StateRecord::Key {
        id: stranger.key_id(),
        member: "eve",
        role: KeyRole::Writer,
        suite: 1,
        from: 0,
        until: 9,
    };
    state.put(record.encode().unwrap()).unwrap();
    let key = RecordKey::Key(stranger.key_id());
    other.name = Some((state.get(&key).unwrap().to_vec(), state.prove(&key).1));
    other.header.state_root = state.root(&kit.log);
    let council = kit.council();
    let certificate = council.certify(&other.header, 0, &council.quorum());
    other.finality = [&[1], certificate.as_slice()].concat();
    other.bracket = vec![0];
    cases.push(case(kit, "name-other-key", desc, "state-other-key", other.encode()));

    let validator = recorded(20, (KeyRole::Validator, 0, 100));
    let desc = "the writer's key is recorded as a validator's";
    let receipt = named(&validator, 4).encode();
    cases.push(case(&validator, "name-not-a-writer", desc, "state-not-a-writer", receipt));
    let ranged = recorded(21, (KeyRole::Writer, 4, 7));
    for (name, desc, want, index) in [
        ("name-before-key", "the key was not yet recorded", "state-key-out-of-range", 3),
        ("ok-name-first-index", "the first index of the key", "ok", 4),
        ("ok-name-last-index", "the last index of the key", "ok", 6),
        ("name-after-key", "the key was given up", "state-key-out-of-range", 7),
    ] {
        cases.push(case(&ranged, name, desc, want, named(&ranged, index).encode()));
    }
}
