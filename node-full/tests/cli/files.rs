//! Files that hold more than one event, or a contradiction: what `cairn verify` says of the vectors.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;

use crate::kit::Folder;

/// A vector's file, written into the folder, with its anchor and time.
fn vector(folder: &Folder, kind: &str, name: &str) -> [String; 3] {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors");
    let text = fs::read_to_string(path.join(kind).join(format!("{name}.json"))).unwrap();
    let vector: Value = serde_json::from_str(&text).unwrap();
    let bytes = ["list", "evidence"].iter().find_map(|part| vector[*part].as_str()).unwrap();
    let file = format!("{name}.file");
    fs::write(folder.path(&file), BASE64.decode(bytes).unwrap()).unwrap();
    let anchor = vector["anchor"].as_str().unwrap().to_owned();
    [file, anchor, vector["now"].as_u64().unwrap_or_default().to_string()]
}

fn args([file, anchor, now]: &[String; 3]) -> [&str; 6] {
    ["verify", file, "--anchor", anchor, "--at", now]
}

#[test]
fn a_list_of_events_is_verified_event_by_event() {
    let folder = Folder::new();
    let given = vector(&folder, "lists", "ok-list");
    let found = folder.json(&args(&given));
    assert_eq!(found["verdict"], "verified");
    let events = found["events"].as_array().unwrap();
    let indexes: Vec<_> = events.iter().filter_map(|event| event["index"].as_u64()).collect();
    assert_eq!(indexes, [0, 3, 4, 10]);
    assert!(events.iter().all(|event| event["writerName"] == "ada"), "{found}");
    let said = folder.run(&args(&given)).out;
    assert!(said.contains("VERIFIED 4 events of log "), "{said}");

    for (name, code) in
        [("list-event-moved", "inclusion-root-mismatch"), ("list-other-log", "event-other-log")]
    {
        let given = vector(&folder, "lists", name);
        let ran = folder.fails(&[&["--json"], &args(&given)[..]].concat(), 1);
        let found: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!((&found["verdict"], &found["error"]["code"]), (&"failed".into(), &code.into()));
        assert!(folder.fails(&args(&given), 1).out.contains("NOT VERIFIED"), "{name}");
    }
    let ran = folder.fails(&args(&vector(&folder, "lists", "list-version")), 3);
    assert!(ran.out.contains("COULD NOT CHECK"), "{ran:?}");
}

#[test]
fn evidence_is_verified_and_says_what_it_shows() {
    let folder = Folder::new();
    for (name, kind, says) in [
        ("ok-fork", "fork", "is final twice"),
        ("ok-fork-below", "fork", "is final twice"),
        ("ok-culprit", "culprit", "one key signed two headers: precommit"),
        ("ok-writer-conflict", "writer-conflict", "one writer signed two events"),
    ] {
        let given = vector(&folder, "evidence", name);
        let found = folder.json(&args(&given));
        assert_eq!(
            (&found["verdict"], &found["evidence"]["kind"]),
            (&"verified".into(), &kind.into())
        );
        let said = folder.run(&args(&given)).out;
        assert!(said.contains("VERIFIED") && said.contains(says), "{said}");
    }
    let [file, anchor, now] = vector(&folder, "evidence", "ok-fork");
    let found = folder.json(&args(&[file.clone(), anchor, now.clone()]));
    let digest = |side: &str| found["evidence"][side]["digest"].clone();
    assert_ne!(digest("first"), digest("instead"));

    for (name, code) in [
        ("fork-of-one-history", "evidence-no-contradiction"),
        ("culprit-second-vote-broken", "evidence-bad-vote"),
    ] {
        let ran = folder.fails(&args(&vector(&folder, "evidence", name)), 1);
        assert!(ran.out.contains("NOT VERIFIED") && ran.out.contains(code), "{ran:?}");
    }
    let other = format!("genesis:{}", "5a".repeat(32));
    let ran = folder.fails(&args(&[file, other, now]), 1);
    assert!(ran.out.contains("trust-other-anchor"), "{ran:?}");
}
