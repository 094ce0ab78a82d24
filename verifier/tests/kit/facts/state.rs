//! Records that are in the state, records that are not, and all events of a writer.

use super::*;
use cairn_verifier::state::Record;

const OTHER: [u8; 32] = [0x52; 32];

fn stream() -> StreamId {
    StreamId::from_bytes(STREAM)
}

fn key_bytes(key: &RecordKey<'_>) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.u8(key.kind());
    match key {
        RecordKey::Member(name) => writer.text8(name),
        RecordKey::Key(id) => writer.raw(id.as_bytes()),
        RecordKey::Stream(id) => writer.raw(id.as_bytes()),
        RecordKey::Membership(stream, name) => writer.raw(stream.as_bytes()).text8(name),
        RecordKey::Parameters => &mut writer,
        RecordKey::Set(epoch) => writer.u64(*epoch),
        RecordKey::Head(stream, key) => writer.raw(stream.as_bytes()).raw(key.as_bytes()),
        RecordKey::Stake(id) => writer.raw(id.as_bytes()),
        RecordKey::Power | RecordKey::System => &mut writer,
    };
    writer.into_bytes()
}

/// What all vectors under one checkpoint have.
fn under(kit: &Kit, checkpoint: &[u8], kind: &str, desc: &str, want: &str) -> Value {
    json!({
        "kind": kind, "desc": desc, "want": want,
        "anchor": kit.anchor().to_string(), "now": kit.now().0,
        "checkpoint": base64(checkpoint),
    })
}

pub fn present(facts: &mut Vec<Fact>) {
    let kit = small_log(9, four(1));
    let writer = kit.writer.key_id();
    let mut add = |name, desc: &str, want: &str, height, (record, proof): (Vec<u8>, Vec<u8>)| {
        let mut json = under(&kit, &checkpoint(&kit, height), "present", desc, want);
        (json["record"], json["proof"]) = (base64(&record), base64(&proof));
        facts.push(Fact { folder: "state", name, json });
    };
    for (name, desc, key) in [
        ("ok-present-member", "a member", RecordKey::Member("ada")),
        ("ok-present-key", "a key", RecordKey::Key(writer)),
        ("ok-present-stream", "a stream", RecordKey::Stream(stream())),
        ("ok-present-membership", "a membership", RecordKey::Membership(stream(), "ada")),
        ("ok-present-parameters", "the parameters", RecordKey::Parameters),
        ("ok-present-set", "the first validator set", RecordKey::Set(0)),
        ("ok-present-head", "the writer's head", RecordKey::Head(stream(), writer)),
    ] {
        add(name, desc, "ok", 2, kit.present(&key));
    }
    let (record, proof) = kit.present(&RecordKey::Key(writer));
    let (other_record, other_proof) = kit.present(&RecordKey::Member("ada"));
    let code = "state-root-mismatch";
    let desc = "a record with another record's proof";
    add("present-other-proof", desc, code, 2, (record.clone(), other_proof));
    let desc = "another record with this record's proof";
    add("present-other-record", desc, code, 2, (other_record, proof.clone()));
    let desc = "a proof of the state after a later block";
    add("present-other-header", desc, code, 1, (record.clone(), proof.clone()));
    let mut swapped = proof.clone();
    let len = swapped.len();
    let (first, second) = (swapped[len - 64..len - 32].to_vec(), swapped[len - 32..].to_vec());
    swapped[len - 64..len - 32].copy_from_slice(&second);
    swapped[len - 32..].copy_from_slice(&first);
    add("present-swapped", "two siblings swapped", code, 2, (record.clone(), swapped));
    let cut = proof[..len - 32].to_vec();
    add("present-truncated", "a sibling missing", "decode-truncated", 2, (record.clone(), cut));
    let long = [proof.as_slice(), &[0; 32]].concat();
    let desc = "a sibling too many";
    add("present-trailing", desc, "decode-trailing-bytes", 2, (record.clone(), long));
    let inner = inner_node(&proof);
    let desc = "a proof that begins one step higher";
    add("present-shorter-path", desc, code, 2, (record, inner));

    records(&kit, facts);

    // The same records in the tree of another log.
    let other = small_log(10, four(1));
    let mut json = under(&other, &checkpoint(&other, 2), "present", "of another log", code);
    let (record, proof) = kit.present(&RecordKey::Stream(stream()));
    (json["record"], json["proof"]) = (base64(&record), base64(&proof));
    facts.push(Fact { folder: "state", name: "present-other-log", json });
}

/// The proof without its last sibling, from where the next one stands.
fn inner_node(proof: &[u8]) -> Vec<u8> {
    let depth = usize::from(proof[1]);
    let (map, siblings) = proof[2..].split_at(depth.div_ceil(8));
    let bits: Vec<bool> =
        (0..depth).map(|step| map[step / 8] & (0x80 >> (step % 8)) != 0).collect();
    let next = (1..depth).find(|step| bits[*step]).unwrap();
    let mut writer = Writer::new();
    writer.u16((depth - next) as u16);
    for steps in bits[next..].chunks(8) {
        let byte = (0..).zip(steps).fold(0, |byte, (at, bit)| byte | (u8::from(*bit) << (7 - at)));
        writer.u8(byte);
    }
    writer.raw(&siblings[32..]).clone().into_bytes()
}

/// Records that no encoder makes.
fn records(kit: &Kit, facts: &mut Vec<Fact>) {
    let canonical = "decode-not-canonical";
    let writer = kit.writer.key_id();
    let bytes = |record: StateRecord<'_>| record.encode().unwrap();
    let parameters = Parameters { gate: GATE, trust_period: TRUST_PERIOD };
    let head = bytes(StateRecord::Head { stream: stream(), writer, next: 1, last: EventId::ZERO });
    let roles = Roles { writer: true, reader: true };
    let membership = bytes(StateRecord::Membership { stream: stream(), member: "ada", roles });
    let set = bytes(StateRecord::Set { epoch: 0, digest: SetDigest::ZERO, first_height: 0 });
    let member = bytes(StateRecord::Member { name: "ada", keys: &[[1; 32], [2; 32]] });
    let parameters = bytes(StateRecord::Parameters { parameters, sha256_tree: true });
    let role = KeyRole::Writer;
    let key = StateRecord::Key { id: writer, member: "ada", role, suite: 1, from: 0, until: 9 };
    let key = bytes(key);
    let named = bytes(StateRecord::Stream { id: stream(), name: "main", group_epoch: 0 });
    let with = |record: &[u8], at: usize, byte: u8| {
        let mut record = record.to_vec();
        record[at] = byte;
        record
    };
    let from_end = |record: &[u8], back: usize, byte: u8| with(record, record.len() - back, byte);
    let mut long_name = vec![1, 1, 65];
    long_name.extend([b'a'; 65]);
    long_name.push(0);
    for (name, desc, want, record) in [
        ("record-head-of-none", "a head of no events", canonical, from_end(&head, 33, 0)),
        ("record-no-roles", "a membership without roles", canonical, from_end(&membership, 1, 0)),
        ("record-roles", "unknown roles", "decode-unknown-tag", from_end(&membership, 1, 4)),
        ("record-set-start", "epoch 0 from height 1", canonical, from_end(&set, 1, 1)),
        ("record-set-epoch", "epoch 1 from height 0", "decode-out-of-range", with(&set, 9, 1)),
        ("record-member-order", "keys descending", "decode-not-ascending", with(&member, 7, 3)),
        ("record-member-twice", "one key twice", "decode-not-ascending", {
            let mut record = member.clone();
            record.copy_within(7..39, 39);
            record
        }),
        ("record-member-keys", "65 keys", "decode-out-of-range", with(&member, 6, 65)),
        ("record-flag", "a flag of 2", "decode-unknown-tag", from_end(&parameters, 1, 2)),
        ("record-gate", "a gate of 0", canonical, with(&parameters, 5, 0)),
        ("record-not-utf8", "a name that is no text", "decode-not-utf8", from_end(&named, 9, 255)),
        ("record-number", "a group epoch of 2^56", "decode-out-of-range", from_end(&named, 8, 1)),
        ("record-long-name", "a name of 65 bytes", "decode-out-of-range", long_name),
        ("record-blank-name", "a stream without a name", canonical, {
            let mut record = named[..35].to_vec();
            record[34] = 0;
            record.extend([0; 8]);
            record
        }),
        ("record-hidden-name", "a line feed in a name", canonical, from_end(&named, 9, b'\n')),
        ("record-turned-name", "a name that turns the line", canonical, {
            let mut record = named[..35].to_vec();
            record[34] = 3;
            record.extend("\u{202e}".as_bytes());
            record.extend([0; 8]);
            record
        }),
        ("record-reader-that-signs", "a reader's key that signs", "decode-unknown-tag", {
            let mut record = key.clone();
            let end = record.len();
            record[end - 18] = 1;
            record
        }),
        ("record-range-backwards", "a key from index 9 up to 8", canonical, {
            let mut record = key;
            let end = record.len();
            (record[end - 9], record[end - 1]) = (9, 8);
            record[end - 8..end - 1].fill(0);
            record
        }),
        ("record-too-long", "2,117 bytes", "decode-out-of-range", vec![0; 2_117]),
    ] {
        assert!(Record::decode(&record).is_err(), "{name}");
        let mut json = under(kit, &checkpoint(kit, 2), "present", desc, want);
        (json["record"], json["proof"]) = (base64(&record), base64(&[0, 0]));
        facts.push(Fact { folder: "state", name, json });
    }
}

pub fn absent(facts: &mut Vec<Fact>) {
    let kit = small_log(9, four(1));
    let file = checkpoint(&kit, 2);
    let mut add = |name, desc: &str, want: &str, key: &RecordKey<'_>, end: &[u8], proof: &[u8]| {
        let mut json = under(&kit, &file, "absent", desc, want);
        json["key"] = base64(&key_bytes(key));
        (json["end"], json["proof"]) = (base64(end), base64(proof));
        facts.push(Fact { folder: "state", name, json });
    };
    let names: Vec<String> = (0..64).map(|n| format!("nobody {n}")).collect();
    let at = |empty: bool| {
        let name = names.iter().find(|name| {
            let (end, proof) = kit.state.prove(&RecordKey::Member(name));
            (end == [0]) == empty && proof[1] > 1
        });
        RecordKey::Member(name.unwrap())
    };
    let (at_nothing, at_leaf) = (at(true), at(false));
    let (nothing, nothing_proof) = kit.state.prove(&at_nothing);
    let (leaf, leaf_proof) = kit.state.prove(&at_leaf);
    let desc = "a member that is not there: its path ends at nothing";
    add("ok-absent-nothing", desc, "ok", &at_nothing, &nothing, &nothing_proof);
    let desc = "a member that is not there: its path ends at another's leaf";
    add("ok-absent", desc, "ok", &at_leaf, &leaf, &leaf_proof);

    let ada = RecordKey::Member("ada");
    let (record, proof) = kit.present(&ada);
    let digest = cairn_verifier::digest::derive("cairn v1 state record", &[&record]);
    let own = [&[1], ada.path().as_bytes().as_slice(), &digest].concat();
    add("absent-is-present", "the record's own leaf", "state-is-present", &ada, &own, &proof);
    let code = "state-root-mismatch";
    add("absent-hidden", "nothing, where a record is", code, &ada, &[0], &proof);
    let desc = "another's leaf, where a record is";
    let mut near = own.clone();
    near[32] ^= 1;
    add("absent-replaced", desc, code, &ada, &near, &proof);
    let mut far = own;
    far[1] ^= 0x80;
    add("absent-off-path", "a leaf off the path", "state-other-path", &ada, &far, &proof);
    let mut bent = leaf.clone();
    *bent.last_mut().unwrap() ^= 1;
    add("absent-other-digest", "another record's digest", code, &at_leaf, &bent, &leaf_proof);
    add(
        "absent-leaf-at-nothing",
        "a leaf, where nothing is",
        code,
        &at_nothing,
        &{
            let mut invented = leaf.clone();
            invented[1..33].copy_from_slice(at_nothing.path().as_bytes());
            invented[32] ^= 1;
            invented
        },
        &nothing_proof,
    );
    // The last bit that both must share.
    let depth = usize::from(leaf_proof[1]) - 1;
    let mut near = leaf.clone();
    near[1 + depth / 8] ^= 0x80 >> (depth % 8);
    let desc = "a leaf that leaves the path at its last step";
    add("absent-off-path-last", desc, "state-other-path", &at_leaf, &near, &leaf_proof);
    let trailing = [leaf.as_slice(), &[0]].concat();
    let code = "decode-trailing-bytes";
    add("absent-end-trailing", "a byte after the end", code, &at_leaf, &trailing, &leaf_proof);
    let desc = "an end of kind 2";
    add("absent-end-unknown", desc, "decode-unknown-tag", &at_leaf, &[2], &leaf_proof);
    let code = "state-root-mismatch";
    add("absent-root-only", "nothing, in no steps", code, &ada, &[0], &[0, 0]);

    for (name, desc, want, key) in [
        ("absent-kind-unknown", "a key of kind 8", "decode-unknown-tag", vec![8]),
        ("absent-key-trailing", "a byte after the key", "decode-trailing-bytes", vec![5, 0]),
        ("absent-key-name", "a name of 65 bytes", "decode-out-of-range", {
            [&[1, 65][..], &[b'a'; 65]].concat()
        }),
        ("absent-key-blank", "a name of no bytes", "decode-not-canonical", vec![1, 0]),
    ] {
        let mut json = under(&kit, &checkpoint(&kit, 2), "absent", desc, want);
        json["key"] = base64(&key);
        (json["end"], json["proof"]) = (base64(&leaf), base64(&leaf_proof));
        facts.push(Fact { folder: "state", name, json });
    }

    // A log whose state is empty.
    let empty = StateTree::new();
    let mut header = kit.tip().header;
    header.state_root = empty.root(&kit.log);
    let council = kit.council();
    let certificate = council.certify(&header, 0, &council.quorum());
    let file = [&[1, b'C'], certified(&kit, &header, &certificate).as_slice()].concat();
    let (end, proof) = empty.prove(&ada);
    for (name, want, end) in [("ok-absent-in-empty", "ok", end), ("absent-in-empty", code, near)] {
        let mut json = under(&kit, &file, "absent", "in a state without records", want);
        json["key"] = base64(&key_bytes(&ada));
        (json["end"], json["proof"]) = (base64(&end), base64(&proof));
        facts.push(Fact { folder: "state", name, json });
    }
    // A header that carries no state.
    header.state_root = Hash::ZERO;
    let certificate = council.certify(&header, 0, &council.quorum());
    let file = [&[1, b'C'], certified(&kit, &header, &certificate).as_slice()].concat();
    let mut json = under(&kit, &file, "absent", "under a header without a state", code);
    json["key"] = base64(&key_bytes(&ada));
    (json["end"], json["proof"]) = (base64(&[0]), base64(&[0, 0]));
    facts.push(Fact { folder: "state", name: "absent-no-state", json });
}

/// A log of four events, the last of which is bent before it is signed.
fn bent(bend: impl FnOnce(&Kit, &mut EventBody<'static>)) -> Kit {
    let mut kit = Kit::new(22, four(1));
    kit.push_plain(3);
    let mut body = kit.body();
    bend(&kit, &mut body);
    kit.push(&body);
    kit.block(None);
    kit
}

pub fn histories(facts: &mut Vec<Fact>) {
    let mut add = |name, desc: &str, want: &str, kit: &Kit, receipts: &[Vec<u8>]| {
        let head = RecordKey::Head(stream(), kit.writer.key_id());
        let (record, proof) = kit.present(&head);
        let mut json = under(kit, &checkpoint(kit, 0), "history", desc, want);
        (json["record"], json["proof"]) = (base64(&record), base64(&proof));
        json["receipts"] = receipts.iter().map(|receipt| base64(receipt)).collect();
        facts.push(Fact { folder: "state", name, json });
    };
    let receipts = |kit: &Kit, indexes: &[u64]| -> Vec<Vec<u8>> {
        indexes.iter().map(|index| kit.parts(*index).encode()).collect()
    };
    let kit = bent(|_, _| {});
    let all = [0, 1, 2, 3];
    add("ok-history", "all four events of a writer", "ok", &kit, &receipts(&kit, &all));
    let desc = "without the last one";
    let code = "state-history-incomplete";
    add("history-without-last", desc, code, &kit, &receipts(&kit, &[0, 1, 2]));
    add("history-of-none", "without any", code, &kit, &[]);
    let desc = "without one in the middle";
    let code = "state-history-sequence";
    add("history-without-middle", desc, code, &kit, &receipts(&kit, &[0, 1, 3]));
    add("history-swapped", "two swapped", code, &kit, &receipts(&kit, &[0, 2, 1, 3]));
    add("history-twice", "one of them twice", code, &kit, &receipts(&kit, &[0, 1, 1, 2, 3]));

    let other = bent(|_, body| body.stream = StreamId::from_bytes(OTHER));
    let desc = "an event of another stream that goes on with the sequence";
    let code = "state-history-stream";
    add("history-other-stream", desc, code, &other, &receipts(&other, &all));
    let skips = bent(|kit, body| body.previous = kit.ids[1]);
    let desc = "an event that names an earlier one as the one before it";
    let code = "state-history-previous";
    add("history-other-previous", desc, code, &skips, &receipts(&skips, &all));

    // The same head, and an event of another writer in its place.
    let mut stranger = Kit::new(22, four(1));
    stranger.push_plain(3);
    let writer =
        std::mem::replace(&mut stranger.writer, MemberSecret::from_seed([0x66; 32]).unwrap());
    stranger.push_plain(1);
    stranger.writer = writer;
    stranger.block(None);
    let desc = "an event of another writer that goes on with the sequence";
    let code = "state-history-writer";
    add("history-other-writer", desc, code, &stranger, &receipts(&stranger, &all));

    // A last event in the place of the last.
    let fork = bent(|_, body| body.reason = "another");
    let mut mixed = receipts(&fork, &all);
    let desc = "another last event than the head names";
    let head = RecordKey::Head(stream(), kit.writer.key_id());
    let mut header = fork.tip().header;
    header.state_root = kit.tip().header.state_root;
    let council = fork.council();
    let certificate = council.certify(&header, 0, &council.quorum());
    let file = [&[1, b'C'], certified(&fork, &header, &certificate).as_slice()].concat();
    let mut json = under(&fork, &file, "history", desc, "state-history-incomplete");
    let (record, proof) = kit.present(&head);
    (json["record"], json["proof"]) = (base64(&record), base64(&proof));
    json["receipts"] = mixed.iter().map(|receipt| base64(receipt)).collect();
    facts.push(Fact { folder: "state", name: "history-other-last", json });

    // A head that counts one more than there are, or one less, and names the right last one.
    for (name, desc, next) in [
        ("history-counts-more", "a head that counts one event more", 5),
        ("history-counts-less", "a head that counts one event less", 3),
    ] {
        let last = *kit.ids.last().unwrap();
        let writer = kit.writer.key_id();
        let mut state = kit.state.clone();
        let head = StateRecord::Head { stream: stream(), writer, next, last };
        state.put(head.encode().unwrap()).unwrap();
        let mut header = kit.tip().header;
        header.state_root = state.root(&kit.log);
        let council = kit.council();
        let certificate = council.certify(&header, 0, &council.quorum());
        let file = [&[1, b'C'], certified(&kit, &header, &certificate).as_slice()].concat();
        let mut json = under(&kit, &file, "history", desc, "state-history-incomplete");
        json["record"] = base64(&head.encode().unwrap());
        json["proof"] = base64(&state.prove(&head.key()).1);
        json["receipts"] = receipts(&kit, &all).iter().map(|receipt| base64(receipt)).collect();
        facts.push(Fact { folder: "state", name, json });
    }

    let elsewhere = small_log(23, four(1));
    mixed = receipts(&kit, &[0, 1, 2]);
    mixed.push(elsewhere.parts(3).encode());
    let mut json =
        under(&kit, &checkpoint(&kit, 0), "history", "an event of another log", "event-other-log");
    let (record, proof) = kit.present(&head);
    (json["record"], json["proof"]) = (base64(&record), base64(&proof));
    json["receipts"] = mixed.iter().map(|receipt| base64(receipt)).collect();
    facts.push(Fact { folder: "state", name: "history-other-log", json });

    let (record, proof) = kit.present(&RecordKey::Stream(stream()));
    let desc = "a record that is no head";
    let mut json = under(&kit, &checkpoint(&kit, 0), "history", desc, "state-other-record");
    (json["record"], json["proof"]) = (base64(&record), base64(&proof));
    json["receipts"] = Value::Array(Vec::new());
    facts.push(Fact { folder: "state", name: "history-other-record", json });
}
