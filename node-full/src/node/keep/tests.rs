use std::path::Path;

use cairn_consensus::behind::{Asked, Behind};
use cairn_verifier::event::Payload;
use tempfile::TempDir;

use super::*;
use crate::ingest::{Staging, Submission};
use crate::init::{INGEST_MEMBER, InitOptions, init};
use crate::node::commit::write_counted;
use crate::node::{Node, Options};
use crate::seal::ChainKeys;
use crate::validate::behind::serve;

const SECOND: std::time::Duration = std::time::Duration::from_secs(60);

/// A log with a sealed payload that is final, open so that nothing more becomes final: what is
/// redacted is known to be, and not erased.
fn log() -> (TempDir, Node, EventId) {
    let dir = tempfile::tempdir().unwrap();
    init(dir.path(), InitOptions::default()).unwrap();
    let node = Node::open(dir.path(), Options::default()).unwrap();
    let draft = serde_json::from_value(serde_json::json!({
        "type": "salary.changed",
        "actor": { "kind": "user", "id": "alice" },
        "resource": { "kind": "person", "id": "bob" },
        "payload": { "sealed": { "fields": { "to": "200" }, "recipients": ["admin"] } },
    }));
    let id = node.submit(vec![Submission::Draft(draft.unwrap())]).unwrap()[0].id;
    assert!(node.wait_final(&id, SECOND));
    drop(node);
    let node = open_slow(dir.path(), Options::default());
    (dir, node, id)
}

fn open_slow(dir: &Path, options: Options) -> Node {
    Node::open(dir, Options { block_time: std::time::Duration::from_secs(3_600), ..options })
        .unwrap()
}

fn redact(node: &Node, event: EventId) {
    let shared = node.shared();
    let mut chain_keys = ChainKeys::new(shared.own_keys().unwrap().ring.clone());
    // Who wrote an event may redact it, in its stream.
    let stream = node.streams().remove(0).name;
    let draft = SystemEvent::Redacted { event }.draft(INGEST_MEMBER, &stream, "");
    let mut staging = Staging::new(shared);
    staging.stage_own(&mut chain_keys, draft).unwrap();
    write_counted(shared, staging.finish()).unwrap();
    assert!(shared.is_redacted(&event).unwrap());
}

fn ask(node: &Node, event: EventId) -> Behind {
    let asked = Asked { event, payload: true, wraps: true };
    serve::answer(node.shared(), &[asked]).unwrap().remove(0)
}

fn committed(node: &Node, event: &EventId) -> (u64, Payload) {
    let index = node.shared().find(event).unwrap().unwrap();
    let bytes = node.shared().entries.read(index).unwrap();
    (index, SignedEvent::decode(&bytes).unwrap().body().payload)
}

#[test]
fn nothing_of_a_redacted_event_is_told_or_kept_though_it_is_not_erased_yet() {
    let (_dir, node, event) = log();
    let shared = node.shared();
    let (index, payload) = committed(&node, &event);
    let digest = payload.stored().unwrap();
    let told = ask(&node, event);
    let bytes = told.payload.unwrap();
    assert_eq!((told.known, told.wraps.len()), (true, 1));
    let kept = |bytes: &[u8]| {
        let payload = FitPayload::check(&payload, bytes.to_vec()).unwrap();
        keep(shared, vec![Kept { index, event, payload: Some(payload), wraps: BTreeMap::new() }])
    };
    shared.blobs.remove(&digest).unwrap();
    kept(&bytes).unwrap();
    assert!(node.payload(&digest).unwrap().is_some());

    redact(&node, event);
    assert!(shared.blobs.contains(&digest), "it is not erased: the redaction is not final");
    let nothing = Behind { event, known: true, payload: None, wraps: BTreeMap::new() };
    assert_eq!(ask(&node, event), nothing);
    assert_eq!(node.payload(&digest).unwrap(), None);
    let admin = shared.directory().wrap_keys_of("admin").remove(0).0;
    assert_eq!(node.wrap(&event, &admin).unwrap(), None);
    shared.blobs.remove(&digest).unwrap();
    kept(&bytes).unwrap();
    assert!(!shared.blobs.contains(&digest), "nor does it come back");
}

#[test]
fn what_is_older_than_payloads_are_kept_is_neither_told_nor_kept() {
    let (dir, node, event) = log();
    let (index, payload) = committed(&node, &event);
    let bytes = ask(&node, event).payload.unwrap();
    assert!(FitPayload::check(&payload, bytes[1..].to_vec()).is_err());
    drop(node);
    std::thread::sleep(std::time::Duration::from_millis(5));
    let keep_payloads = Some(std::time::Duration::from_millis(1));
    let node = open_slow(dir.path(), Options { keep_payloads, ..Options::default() });
    assert_eq!(ask(&node, event).payload, None);
    let digest = payload.stored().unwrap();
    node.shared().blobs.remove(&digest).unwrap();
    let payload = Some(FitPayload::check(&payload, bytes).unwrap());
    keep(node.shared(), vec![Kept { index, event, payload, wraps: BTreeMap::new() }]).unwrap();
    assert!(!node.shared().blobs.contains(&digest));
}

#[test]
fn a_payload_that_the_disk_changed_is_not_told() {
    let (dir, node, event) = log();
    let (_, payload) = committed(&node, &event);
    let name = payload.stored().unwrap().to_string();
    let path = dir.path().join("payloads").join(&name[..2]).join(&name);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[30] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    assert_eq!(ask(&node, event).payload, None);
    let unknown = Asked { event: [7; 32].into(), payload: true, wraps: true };
    assert!(!serve::answer(node.shared(), &[unknown]).unwrap()[0].known);
}
