//! From a key to a verified event.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::kit::{Folder, Running};

const EVENT: [&str; 6] = ["--type", "user.login", "--actor", "user:ann", "--resource", "app:shop"];

fn submit(folder: &Folder, node: &Running, more: &[&str]) -> Value {
    let start = ["submit", "--node", node.url(), "--wait", "final"];
    folder.json(&[&start, &EVENT[..], more].concat())
}

fn prove(folder: &Folder, node: &Running, id: &str, more: &[&str]) {
    let start = ["prove", id, "--node", node.url(), "--out", "event.cairn"];
    folder.json(&[&start, more].concat());
}

#[test]
fn keys_are_private_and_never_overwritten() {
    let folder = Folder::new();
    let made = folder.json(&["keygen", "--out", "ann.key"]);
    assert_eq!(made["signingKey"].as_str().unwrap().len(), 64);
    let mode = |name| std::fs::metadata(folder.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("ann.key"), 0o600);
    let before = std::fs::read(folder.path("ann.key")).unwrap();
    let ran = folder.fails(&["keygen", "--out", "ann.key"], 1);
    assert!(ran.err.contains("never overwritten"), "{ran:?}");
    assert_eq!(std::fs::read(folder.path("ann.key")).unwrap(), before);

    let made = folder.json(&["keygen", "--validator", "--out", "validator.key"]);
    assert!(made["keyId"].is_string());
    let text = std::fs::read_to_string(folder.path("validator.key")).unwrap();
    assert!(text.contains("cairn-secret-validator:"));
    assert_eq!(mode("validator.key"), 0o600);
}

#[test]
fn a_log_is_made_once_and_its_node_stops_cleanly() {
    let folder = Folder::new();
    let node = folder.node();
    let ran = folder.fails(&["init", "--dir", "data"], 1);
    assert!(ran.err.contains("not empty"), "{ran:?}");
    let ran = folder.fails(&["start", "--dir", "data", "--listen", "127.0.0.1:0"], 1);
    assert!(ran.err.contains("locked"), "{ran:?}");
    let address = node.url().strip_prefix("http://").unwrap().to_owned();
    folder.json(&["init", "--dir", "other"]);
    let ran = folder.fails(&["start", "--dir", "other", "--listen", &address], 1);
    assert!(ran.err.contains("cannot listen"), "{ran:?}");

    let anchor = node.anchor().to_owned();
    submit(&folder, &node, &[]);
    assert_eq!(node.stop(), 0);
    let again = folder.start(&["start", "--dir", "data"]);
    assert_eq!(again.anchor(), anchor, "the same log");
    let page = folder.json(&["query", "--node", again.url()]);
    assert_eq!(page["events"].as_array().unwrap().len(), 1);
    folder.fails(&["start", "--dir", "nowhere", "--listen", "127.0.0.1:0"], 1);
}

#[test]
fn an_event_is_submitted_found_proven_and_verified() {
    let folder = Folder::new();
    let node = folder.node();
    let more = ["--outcome", "success", "--meta", "ip=10.0.0.7", "--time", "2026-01-02T03:04:05Z"];
    let event = submit(&folder, &node, &more);
    assert_eq!(event["status"], "final");
    let id = event["id"].as_str().unwrap();

    let page = folder.json(&["query", "--node", node.url(), "--actor", "user/ann"]);
    assert_eq!(page["events"][0]["id"], id);
    assert_eq!(page["events"][0]["event"]["time"], 1_767_323_045_000_u64);
    let table = folder.run(&["query", "--node", node.url()]);
    assert!(table.out.contains("user.login") && table.out.contains("user:ann"), "{table:?}");

    prove(&folder, &node, id, &["--anchor", node.anchor()]);
    let anchor = node.anchor().to_owned();
    assert_eq!(node.stop(), 0);

    let said = folder.json(&["verify", "event.cairn", "--anchor", &anchor]);
    assert_eq!(said["verdict"], "verified");
    assert_eq!(said["receipt"]["id"], id);
    let checks = said["checks"].as_array().unwrap();
    let names: Vec<_> = checks.iter().map(|check| check["check"].as_str().unwrap()).collect();
    for name in ["decoded", "anchor", "quorum", "final", "writer", "included", "log-time"] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
    let said = folder.run(&["verify", "event.cairn", "--anchor", &anchor]);
    assert_eq!(said.code, 0);
    assert!(said.out.contains("VERIFIED event") && said.out.contains("10.0.0.7"), "{said:?}");
    assert!(!said.out.contains('\u{1b}'), "no colors off a terminal");
}

#[test]
fn a_member_signs_and_seals_on_its_own_machine() {
    let folder = Folder::new();
    let node = folder.node();
    let key = ["--key", "ann.key"];
    let seal = ["--seal", "amount=5100", "--seal", "reason=promotion", "--to", "ann"];
    let first = submit(&folder, &node, &key);
    let anchor = ["--anchor", node.anchor()];
    let second = submit(&folder, &node, &[&key[..], &seal, &anchor].concat());
    let by_node = submit(&folder, &node, &seal);
    assert_eq!(second["index"], 1);
    assert_ne!(first["id"], second["id"]);

    for event in [&second, &by_node] {
        let id = event["id"].as_str().unwrap();
        prove(&folder, &node, id, &["--payload", "--key", "ann.key"]);
        let verify = ["verify", "event.cairn", "--anchor", node.anchor()];
        let said = folder.json(&[&verify[..], &key].concat());
        assert_eq!(said["payload"]["fields"][0]["name"], "amount");
        assert_eq!(said["payload"]["fields"][0]["text"], "5100");
        let said = folder.run(&[&verify[..], &key].concat());
        assert!(said.out.contains("OPENED") && said.out.contains("promotion"), "{said:?}");

        let refused = folder.fails(&[&verify[..], &["--key", "eve.key"]].concat(), 1);
        assert!(refused.out.contains("payload-not-the-recipient"), "{refused:?}");
        let out = ["prove", id, "--node", node.url(), "--out", "eve.cairn", "--payload"];
        let refused = folder.fails(&[&out[..], &["--key", "eve.key"]].concat(), 1);
        assert!(refused.err.contains("no-wrap-for-this-key"), "{refused:?}");
    }
    let writer = folder.json(&["query", "--node", node.url(), "--order", "oldest"]);
    let writers = |at: usize| writer["events"][at]["event"]["writer"].clone();
    assert_eq!(writers(0), writers(1));
    assert_ne!(writers(1), writers(2), "the node signed the last one");

    let public = submit(&folder, &node, &[&key[..], &["--public", "ann.key.pub"]].concat());
    prove(&folder, &node, public["id"].as_str().unwrap(), &["--payload"]);
    let verify = ["verify", "event.cairn", "--anchor", node.anchor()];
    assert_eq!(folder.json(&verify)["receipt"]["payloadIncluded"], true);
}

#[test]
fn what_does_not_hold_says_which_check_failed() {
    let folder = Folder::new();
    let node = folder.node();
    submit(&folder, &node, &[]);
    let event = submit(&folder, &node, &[]);
    prove(&folder, &node, event["id"].as_str().unwrap(), &[]);
    let anchor = node.anchor().to_owned();
    let receipt = std::fs::read(folder.path("event.cairn")).unwrap();
    let verify = |bytes: &[u8], code| {
        std::fs::write(folder.path("bad.cairn"), bytes).unwrap();
        let ran = folder.fails(&["verify", "bad.cairn", "--anchor", &anchor, "--json"], code);
        serde_json::from_str::<Value>(&ran.out).unwrap()
    };

    let said = verify(&receipt[..receipt.len() - 1], 1);
    assert_eq!(said["error"]["code"], "decode-truncated");
    let said = verify(&[&receipt[..], &[0]].concat(), 1);
    assert_eq!(said["error"]["code"], "decode-trailing-bytes");
    let said = verify(&[&[9], &receipt[1..]].concat(), 3);
    assert_eq!(
        (&said["verdict"], &said["error"]["code"]),
        (&"could-not-check".into(), &"decode-version".into())
    );
    assert_eq!(verify(b"", 1)["error"]["code"], "decode-truncated");

    let decoded = cairn_verifier::receipt::Receipt::decode(&receipt).unwrap();
    let hash = decoded.inclusion.iter().next().unwrap();
    let at = receipt.windows(32).position(|bytes| bytes == hash.as_bytes()).unwrap();
    let mut flipped = receipt.clone();
    flipped[at] ^= 1;
    let said = verify(&flipped, 1);
    assert_eq!(said["error"]["code"], "inclusion-root-mismatch");
    assert_ne!(said["error"]["expected"], said["error"]["found"]);
    let text = folder.fails(&["verify", "bad.cairn", "--anchor", &anchor], 1);
    assert!(text.out.contains("NOT VERIFIED inclusion-root-mismatch"), "{text:?}");
    assert!(text.out.contains("expected"), "{text:?}");

    let other = format!("genesis:{}", "0".repeat(64));
    let ran = folder.fails(&["verify", "event.cairn", "--anchor", &other], 1);
    assert!(ran.out.contains("trust-other-anchor"), "{ran:?}");
    let years_later = ["verify", "event.cairn", "--anchor", &anchor, "--at", "9999999999999"];
    let ran = folder.fails(&years_later, 3);
    assert!(ran.out.contains("STALE trust-past-trust-period"), "{ran:?}");
    let too_early = ["verify", "event.cairn", "--anchor", &anchor, "--at", "1000"];
    assert!(folder.fails(&too_early, 3).out.contains("COULD NOT CHECK"));
    folder.fails(&["verify", "absent.cairn", "--anchor", &anchor], 3);
    let ran = folder.fails(&["verify", "event.cairn", "--anchor", &anchor, "--key", "ann.key"], 3);
    assert!(ran.out.contains("no-payload"), "{ran:?}");
}

#[test]
fn a_receipt_from_a_pinned_header_is_never_stale() {
    let folder = Folder::new();
    let node = folder.node();
    let event = submit(&folder, &node, &[]);
    let id = event["id"].as_str().unwrap();
    prove(&folder, &node, id, &[]);
    let verify = ["verify", "event.cairn", "--anchor", node.anchor()];
    let digest = folder.json(&verify)["receipt"]["header"]["digest"].clone();
    let digest = digest.as_str().unwrap();
    prove(&folder, &node, id, &["--base", &format!("header:{digest}")]);
    let anchor = format!("checkpoint:{digest}");
    let later = ["verify", "event.cairn", "--anchor", &anchor, "--at", "9999999999999"];
    assert_eq!(folder.json(&later)["verdict"], "verified");
}
