//! One encoding of every wire type, frozen: SPEC.md states each one's digest, and the bytes are in
//! `tests/vectors/wire`. A change here is a change of the format, with a decision record.
//!
//! `CAIRN_WRITE_VECTORS=1 cargo test -p cairn-verifier --test wire` writes both anew.

#![expect(
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test crate"
)]

mod kit;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use cairn_verifier::digest::{EventId, Hash, HeaderDigest, StreamId};
use cairn_verifier::event::{EventBody, Payload, SignedEvent, encode_metadata, encode_signed};
use cairn_verifier::event::{Kind, Metadata, Outcome, Party, Resource};
use cairn_verifier::evidence::Evidence;
use cairn_verifier::finality::{
    Certificate, Header, PublicKey, Role, Suite, VOTE_PRECOMMIT, ValidatorSet, signing_bytes,
    vote_message,
};
use cairn_verifier::list::EventList;
use cairn_verifier::payload::{FieldOpening, Fields, message_key, open, seal};
use cairn_verifier::pcek::v2;
use cairn_verifier::receipt::Receipt;
use cairn_verifier::state::{
    End, Leaving, PowerMode, Record, RecordKey, StakePart, StakeParts, StateAnswer, StateProof,
    StateRecord, system_digest,
};
use cairn_verifier::tree::{
    BatchProof, Blake3, Kind as Tree, Peaks, PeaksClaim, Proof, batch_inclusion_of,
};
use cairn_verifier::trust::{ExtendsProof, FinalityProof, Genesis};
use cairn_verifier::wire::{Writer, decode_all};
use cairn_verifier::{UnixMillis, request};
use kit::cases::payloads::Counter;
use kit::{Council, Kit, Signer, four};
use serde_json::{Value, json};

const BEGIN: &str = "<!-- frozen: written by verifier/tests/wire.rs -->";
const END: &str = "<!-- end of frozen -->";

type Encodings = BTreeMap<&'static str, Vec<u8>>;

/// A validator of each suite, so that every length of key and signature is in the bytes.
fn all_suites() -> Council {
    Council::new(vec![(Signer::classic(40), 7), (Signer::hybrid(41), 8), (Signer::hybrid_3(42), 9)])
}

/// A body in which no field is empty or zero.
fn body<'a>(kit: &Kit, metadata: &'a [u8]) -> EventBody<'a> {
    EventBody {
        log: kit.log,
        stream: StreamId::from_bytes(kit::STREAM),
        writer: kit.writer.key_id(),
        sequence: kit.ids.len() as u64,
        previous: *kit.ids.last().unwrap(),
        time: UnixMillis(1_700_000_123_456),
        kind: Kind::Record,
        event_type: "salary.changed",
        actor: Party { kind: "user", id: "ada" },
        resource: Resource { party: Party { kind: "employee", id: "7" }, parent: "staff" },
        outcome: Outcome::Denied,
        reason: "over the limit",
        metadata: Metadata::decode(metadata).unwrap(),
        group_epoch: 3,
        generation: 4,
        payload: Payload::None,
    }
}

fn encodings() -> Encodings {
    let mut kit = Kit::new(50, all_suites());
    let mut made = Encodings::new();
    kit.push_plain(3);
    kit.block(Some(four(10)));
    let metadata = [("site".to_string(), "west".to_string()), ("unit".into(), "7".into())];
    let metadata = encode_metadata(&metadata.into()).unwrap();
    let mut event = body(&kit, &metadata);
    let fields = [("amount".to_string(), vec![1, 2]), ("reason".to_string(), b"merit".to_vec())];
    let plaintext = Fields::encode(&fields.into()).unwrap();
    let context = event.context();
    let key = message_key(&[3; 32], &[4; 32], &context);
    let sealed = seal(&plaintext, &context, &key, &[5; 24]).unwrap();
    event.payload = Payload::Sealed(sealed.commitment);
    let bytes = event.encode().unwrap();
    let index = kit.push(&event);
    kit.push_plain(7);
    for _ in 0..2 {
        kit.block(None);
    }

    let id = kit.ids[index as usize];
    let opened = open(&bytes, &sealed.stored, &key).unwrap();
    let field = opened.open_field(&bytes, &key, "reason").unwrap();
    let wrap = kit.auditor.wrap().public_key();
    let wrap = v2::wrap(&key, &wrap, (&kit.log, &id), &mut Counter(0)).unwrap();
    made.insert("genesis", kit.genesis.clone());
    made.insert("validator set", kit.councils[0].bytes.clone());
    made.insert("header", kit.blocks[0].header.encode().to_vec());
    made.insert("certificate", kit.blocks[0].certificate.clone());
    made.insert("handover", kit.handovers[0].clone());
    let place = (VOTE_PRECOMMIT, 5, 6);
    let set = kit.councils[0].set().digest();
    let vote = vote_message((&kit.log, &set), place, &HeaderDigest::from_bytes([8; 32]));
    made.insert("signed bytes of a vote", signed(Role::Vote, &vote));
    let asked = request::message(&kit.log, UnixMillis(1_700_000_123_456), "/v1/events?limit=5");
    made.insert("signed bytes of a request", signed(Role::Request, &asked));
    made.insert("signed bytes of an event", signed(Role::Event, id.as_bytes()));
    made.insert("event body", bytes.clone());
    made.insert("signed event", twice_signed(&kit, &bytes));
    made.insert("plaintext", plaintext);
    made.insert("stored payload", sealed.stored.clone());
    made.insert("single field", field);
    made.insert("wrap", wrap.clone());

    let mut parts = kit.parts(index);
    parts.handovers.clone_from(&kit.handovers);
    parts.payload = Some(sealed.stored);
    parts.wraps = vec![wrap];
    parts.name = Some(kit.present(&RecordKey::Key(kit.writer.key_id())));
    made.insert("receipt", parts.encode());
    let mut checkpoint = Writer::new();
    checkpoint.u8(1).u8(b'C').raw(&parts.base).u16(1).raw(&kit.handovers[0]);
    checkpoint.raw(&parts.header.encode()).raw(&parts.finality);
    made.insert("checkpoint", checkpoint.into_bytes());
    made.insert("event list", kit::facts::lists::list(&kit, &[1, 2, 9]));
    state_and_trees(&kit, &mut made);
    for fact in kit::facts::all() {
        let (name, part) = match fact.name {
            "ok-fork-below" => ("evidence of a fork", "evidence"),
            "ok-answer-present" => ("state answer, present", "answer"),
            "ok-answer-absent" => ("state answer, absent", "answer"),
            "ok-culprit" => ("evidence of a culprit", "evidence"),
            "ok-writer-conflict" => ("evidence of a writer conflict", "evidence"),
            "ok-extends" => ("extends proof", "proof"),
            _ => continue,
        };
        made.insert(name, BASE64.decode(fact.json[part].as_str().unwrap()).unwrap());
    }
    made
}

fn signed(role: Role, message: &[u8]) -> Vec<u8> {
    signing_bytes(role, message).unwrap().as_slice().to_vec()
}

/// By the writer, and later by keys of suites 2 and 3.
fn twice_signed(kit: &Kit, body: &[u8]) -> Vec<u8> {
    let id = EventBody::id_of(body);
    let writer = (Suite::Ed25519, kit.writer.public_key().to_vec());
    let signature = kit.writer.sign(Role::Event, id.as_bytes()).unwrap().to_vec();
    let mut later: Vec<_> = [Signer::hybrid(70), Signer::hybrid_3(71)]
        .iter()
        .map(|key| ((key.suite(), key.public()), key.sign(Role::Event, id.as_bytes())))
        .collect();
    later.sort_by_key(|((suite, key), _)| PublicKey::new(*suite, key).unwrap().id());
    later.insert(0, (writer, signature));
    let signatures: Vec<_> = later
        .iter()
        .map(|((suite, key), signature)| {
            (PublicKey::new(*suite, key).unwrap(), signature.as_slice())
        })
        .collect();
    encode_signed(body, &signatures).unwrap()
}

fn state_and_trees(kit: &Kit, made: &mut Encodings) {
    let (stream, writer) = (StreamId::from_bytes(kit::STREAM), kit.writer.key_id());
    for (name, key) in [
        ("record of a member", RecordKey::Member("ada")),
        ("record of a key", RecordKey::Key(writer)),
        ("record of a stream", RecordKey::Stream(stream)),
        ("record of a membership", RecordKey::Membership(stream, "ada")),
        ("record of parameters", RecordKey::Parameters),
        ("record of a validator set", RecordKey::Set(1)),
        ("record of a head", RecordKey::Head(stream, writer)),
    ] {
        made.insert(name, kit.present(&key).0);
    }
    // Kind 8 stays unknown: vectors have it so.
    let leaving = Leaving { epoch: 3, until: 77 };
    let part = |leaving| StakePart { validator: writer, amount: 9, leaving }.encode();
    let parts = [part(Some(leaving)), part(None)];
    let parts = StakeParts::new(&parts);
    let stake = StateRecord::Stake { holder: writer, allotted: 20, moved: 70, parts };
    made.insert("record of stake", stake.encode().unwrap());
    let power = StateRecord::Power { mode: PowerMode::Stake, window: 7 };
    made.insert("record of power", power.encode().unwrap());
    let system = StateRecord::System { count: 3, digest: Hash::from_bytes([9; 32]) };
    made.insert("record of system events", system.encode().unwrap());
    let (end, proof) = (0..)
        .map(|n| kit.state.prove(&RecordKey::Member(&format!("nobody {n}"))))
        .find(|(end, _)| end[0] == 1)
        .unwrap();
    made.insert("end of a path", end);
    made.insert("state proof", proof);

    let tree = Blake3::new(Tree::Event, *kit.log.as_bytes());
    let leaves = kit.event_leaves();
    let mut peaks = Peaks::empty();
    for leaf in &leaves {
        peaks.append(&tree, *leaf).unwrap();
    }
    let mut writer = Writer::new();
    peaks.write(&mut writer);
    made.insert("peaks", writer.into_bytes());
    let mut writer = Writer::new();
    Proof::new(&kit.inclusion(4, leaves.len() as u64)).write(&mut writer);
    made.insert("proof", writer.into_bytes());
    let batch = batch_inclusion_of(&tree, &leaves, &[1, 2, 9]).unwrap();
    let mut writer = Writer::new();
    BatchProof::new(&batch).write(&mut writer);
    made.insert("batch proof", writer.into_bytes());
}

/// Whether bytes decode as what they are; true for what is only written.
fn decodes(name: &str, bytes: &[u8]) -> bool {
    match name {
        "genesis" => Genesis::decode(bytes).is_ok(),
        "validator set" => ValidatorSet::decode(bytes).is_ok(),
        "header" => Header::decode(bytes).is_ok(),
        "certificate" => Certificate::decode(bytes).is_ok(),
        "handover" => decode_all(bytes, cairn_verifier::trust::Handover::read).is_ok(),
        "event body" => EventBody::decode(bytes).is_ok(),
        "signed event" => SignedEvent::decode(bytes).is_ok(),
        "plaintext" => Fields::decode(bytes).is_ok(),
        "single field" => FieldOpening::decode(bytes).is_ok(),
        "wrap" => v2::check_shape(bytes).is_ok(),
        "receipt" => Receipt::decode(bytes).is_ok(),
        "event list" => EventList::decode(bytes).is_ok(),
        "checkpoint" => FinalityProof::decode(bytes).is_ok(),
        "extends proof" => ExtendsProof::decode(bytes).is_ok(),
        name if name.starts_with("state answer") => StateAnswer::decode(bytes).is_ok(),
        "end of a path" => End::decode(bytes).is_ok(),
        "state proof" => StateProof::decode(bytes).is_ok(),
        "peaks" => decode_all(bytes, PeaksClaim::read).is_ok(),
        "proof" => decode_all(bytes, Proof::read).is_ok(),
        "batch proof" => decode_all(bytes, |reader| BatchProof::read(reader, 100)).is_ok(),
        name if name.starts_with("record of") => Record::decode(bytes).is_ok(),
        name if name.starts_with("evidence of") => Evidence::decode(bytes).is_ok(),
        _ => true,
    }
}

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn table(made: &Encodings) -> String {
    let mut text = format!("{BEGIN}\n\n| type | bytes | BLAKE3 of the encoding |\n|---|---|---|\n");
    for (name, bytes) in made {
        writeln!(text, "| {name} | {} | `{}` |", bytes.len(), blake3::hash(bytes)).unwrap();
    }
    text + "\n" + END
}

#[test]
fn every_wire_type_is_as_it_was() {
    let made = encodings();
    let spec = std::fs::read_to_string(path("SPEC.md")).unwrap();
    let (before, rest) = spec.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let wanted = [before, &table(&made), after].concat();
    let folder = path("../tests/vectors/wire");
    let files = made.iter().map(|(name, bytes)| {
        let json: Value = json!({ "type": name, "bytes": BASE64.encode(bytes) });
        (
            folder.join(format!("{}.json", name.replace(", ", "-").replace(' ', "-"))),
            format!("{json:#}\n"),
        )
    });
    let files: BTreeMap<PathBuf, String> = files.collect();
    if std::env::var_os("CAIRN_WRITE_VECTORS").is_some() {
        std::fs::write(path("SPEC.md"), wanted).unwrap();
        std::fs::create_dir_all(&folder).unwrap();
        for (path, text) in &files {
            std::fs::write(path, text).unwrap();
        }
        return;
    }
    let found: BTreeMap<PathBuf, String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), std::fs::read_to_string(path).unwrap()))
        .collect();
    assert!(files == found, "a wire type has changed: that is a change of the format");
    assert!(spec == wanted, "SPEC.md states other digests of the wire types");
}

/// Every encoding decodes; cut short, with a byte more or another version, none does.
#[test]
fn every_wire_type_decodes_strictly() {
    let only_written = ["signed bytes", "stored payload"];
    for (name, bytes) in encodings() {
        assert!(decodes(name, &bytes), "{name}");
        if only_written.iter().any(|start| name.starts_with(start)) {
            continue;
        }
        assert!(!decodes(name, &bytes[..bytes.len() - 1]), "{name} cut short");
        assert!(!decodes(name, &[&bytes[..], &[0]].concat()), "{name} with a byte more");
        assert!(!decodes(name, &[]), "{name} of no bytes");
    }
}

/// Stake records say what can be, and each in one way.
#[test]
fn stake_that_cannot_be_does_not_decode() {
    let id = |byte| cairn_verifier::digest::KeyId::from_bytes([byte; 32]);
    let part = |of, amount, end: Option<(u64, u64)>| {
        let leaving = end.map(|(epoch, until)| Leaving { epoch, until });
        StakePart { validator: id(of), amount, leaving }.encode()
    };
    let stake = |allotted, parts: &[_]| {
        let parts = StakeParts::new(parts);
        StateRecord::Stake { holder: id(9), allotted, moved: 5, parts }.encode().is_ok()
    };
    let last = cairn_verifier::wire::MAX_NUMBER;
    assert!(stake(5, &[]));
    assert!(stake(6, &[part(1, 1, Some((0, 8))), part(1, 2, None), part(2, 3, None)]));
    assert!(!stake(5, &[part(1, 1, Some((0, 8))), part(1, 2, None), part(2, 3, None)]), "too much");
    assert!(!stake(9, &[part(2, 1, None), part(1, 1, None)]), "descending");
    assert!(!stake(9, &[part(1, 1, None), part(1, 1, None)]), "twice");
    assert!(!stake(9, &[part(1, 1, None), part(1, 1, Some((0, 8)))]), "bonded before leaving");
    assert!(!stake(9, &[part(1, 0, None)]), "nothing");
    assert!(!stake(9, &[part(1, 1, Some((last, 8)))]), "bonded with an end");
    assert!(!stake(9, &[part(1, 1, Some((3, last)))]), "leaving without an end");
    assert!(!stake(9, &[part(1, 1, Some((last + 1, 8)))]), "an epoch above the largest number");
    assert!(!stake(u64::MAX, &[part(1, u64::MAX, None)]) && !stake(1 << 62, &[]) && !stake(0, &[]));
    assert!(stake((1 << 62) - 1, &[]));
    let many: Vec<_> = (0..33).map(|of| part(of, 1, None)).collect();
    assert!(stake(99, &many[..32]));
    assert!(!stake(99, &many));
    let mut power = StateRecord::Power { mode: PowerMode::Stake, window: 1 }.encode().unwrap();
    assert!(StateRecord::Power { mode: PowerMode::Stake, window: 0 }.encode().is_err());
    power[2] = 2;
    assert!(Record::decode(&power).is_err(), "a mode that there is not");
}

/// The digest over system events is chained as the text says, and the record has a count.
#[test]
fn system_events_are_counted_and_chained() {
    let none = StateRecord::System { count: 0, digest: Hash::ZERO };
    assert!(none.encode().is_err());
    let (first, second) = (EventId::from_bytes([1; 32]), EventId::from_bytes([2; 32]));
    let by_hand = |before: &[u8; 32], index: u64, id: &EventId| {
        let mut hasher = blake3::Hasher::new_derive_key("cairn v1 state system");
        hasher.update(before).update(&index.to_be_bytes()).update(id.as_bytes());
        *hasher.finalize().as_bytes()
    };
    let one = system_digest(&Hash::ZERO, 4, &first);
    assert_eq!(one.as_bytes(), &by_hand(&[0; 32], 4, &first));
    let two = system_digest(&one, 7, &second);
    assert_eq!(two.as_bytes(), &by_hand(one.as_bytes(), 7, &second));
    assert_ne!(two, system_digest(&one, 8, &second));
    assert_ne!(two, system_digest(&system_digest(&Hash::ZERO, 7, &second), 4, &first));
}
