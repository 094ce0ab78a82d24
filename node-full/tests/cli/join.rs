//! A data directory made out of what a node serves, from its newest block on.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::kit::{Folder, Running};
use crate::liar::{Bend, flipped, get, liar};

/// More than a tile of the tree of headers, each in a block of its own.
const BLOCKS: usize = 300;

fn log_one(node: &Running, name: &str) {
    let event = json!({
        "type": "test.happened",
        "actor": { "kind": "user", "id": "alice" },
        "resource": { "kind": "thing", "id": name },
    });
    let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).build().into();
    let url = format!("{}/v1/events?wait=final", node.url());
    agent.post(&url).header("content-type", "application/json").send(&event.to_string()).unwrap();
}

/// A change of validators that its only one approves.
fn change(folder: &Folder, node: &Running, asked: &[&str]) {
    let admin = ["--node", node.url(), "--key", "data/keys/admin.key"];
    let proposed = folder.json(&[&["validator"][..], asked, &admin].concat());
    let key = ["--validator-key", "data/keys/validator.key", "--node", node.url()];
    let event = proposed["id"].as_str().unwrap();
    let ran = folder.run(&[&["validator", "approve", event][..], &key].concat());
    assert_eq!(ran.code, 0, "{ran:?}");
}

/// A log with members, a redaction, stake that was moved at several gates and a handover, all of it
/// long before its end.
fn grown(folder: &Folder) -> Running {
    folder.json(&["keygen", "--out", "ann.key"]);
    folder.json(&["keygen", "--out", "eve.key"]);
    folder.json(&["init", "--dir", "data", "--gate", "16", "--member", "ann=ann.key.pub"]);
    let node = folder.start(&["start", "--dir", "data", "--block-time", "20"]);
    let admin = ["--node", node.url(), "--key", "data/keys/admin.key"];
    folder.json(&[&["member", "add", "eve", "eve.key.pub"][..], &admin].concat());
    let event = ["submit", "--type", "t", "--actor", "a:b", "--resource", "c:d"];
    let seal = ["--seal", "x=1", "--to", "ann", "--node", node.url(), "--anchor", node.anchor()];
    let sealed = folder.run(&[&event[..], &seal, &["--wait", "final", "--json"]].concat());
    assert_eq!(sealed.code, 0, "{sealed:?}");
    let sealed: Value = serde_json::from_str(sealed.out.lines().next().unwrap()).unwrap();
    let id = sealed["id"].as_str().unwrap();
    let ran = folder.run(&[&["redact", id, "--reason", "test"][..], &admin].concat());
    assert_eq!(ran.code, 0, "{ran:?}");

    let holder = folder.json(&["keygen", "--out", "holder.key"])["keyId"].clone();
    change(folder, &node, &["allot", holder.as_str().unwrap(), "--amount", "1000"]);
    let validators: Value =
        serde_json::from_slice(&get(&node, "/v1/validators", "application/json")).unwrap();
    let own = validators["validators"][0]["id"].as_str().unwrap().to_owned();
    let bond = |amount: &str| {
        let moved = ["validator", "bond", &own, "--amount", amount, "--key", "holder.key"];
        folder.json(&[&moved[..], &["--node", node.url()]].concat());
    };
    // Weights count, so no gate in between changes the set.
    let log_some = |from: usize, to: usize| {
        (from..to).for_each(|at| log_one(&node, &at.to_string()));
    };
    log_some(0, 40);
    bond("100");
    log_some(40, 80);
    change(folder, &node, &["weight", &own, "--power", "3"]);
    log_some(80, 100);
    bond("200");
    log_some(100, BLOCKS);
    node
}

/// An answer of JSON that is changed.
fn answered(change: fn(&mut Value)) -> Arc<Bend> {
    Arc::new(move |_, body| {
        let mut answer = serde_json::from_slice(&body).unwrap();
        change(&mut answer);
        answer.to_string().into_bytes()
    })
}

/// Keys of a node that is to come.
fn keys(folder: &Folder, name: &str) {
    folder.json(&["genesis", "key", "--dir", name]);
}

fn status(node: &Running) -> Value {
    serde_json::from_slice(&get(node, "/v1/status", "application/json")).unwrap()
}

#[test]
fn a_log_is_joined_at_its_newest_block() {
    let folder = Folder::new();
    let node = grown(&folder);
    keys(&folder, "new");
    let join = ["join", "--dir", "new", "--from", node.url(), "--anchor", node.anchor()];
    let joined = folder.json(&join);
    let now = status(&node);
    assert_eq!(joined["events"], now["size"]);
    assert_eq!((&joined["eventsFrom"], &joined["blocksFrom"]), (&256.into(), &256.into()));
    // The member, the redaction and its receipt, and one each of those who wrote before.
    let kept = joined["eventsKept"].as_u64().unwrap();
    assert!((4..20).contains(&kept), "{joined}");
    // A second time there is a log.
    let ran = folder.fails(&join, 1);
    assert!(ran.err.contains("has a log already"), "{ran:?}");

    // Everything that is there is looked at as in any directory.
    std::fs::remove_dir_all(folder.path("new/keys")).unwrap();
    let checked = folder.json(&["check", "--dir", "new"]);
    assert_eq!(checked["findings"], json!([]), "{checked}");
    assert_eq!(
        checked["events"].as_u64().unwrap(),
        joined["events"].as_u64().unwrap() - 256 + kept
    );
    // What was derived is made again from the same.
    folder.json(&["reindex", "--dir", "new"]);
    assert_eq!(folder.json(&["check", "--dir", "new"]), checked);
    // Opened again, it goes on from its index, and says of validators and stake what the other says.
    let copy = folder.start(&["start", "--read-only", "--dir", "new"]);
    let stakes = |node: &Running| -> Value {
        let view = serde_json::from_slice(&get(node, "/v1/validators", "application/json"));
        let view: Value = view.unwrap();
        assert_eq!(view["epoch"], 1);
        view["stakes"].clone()
    };
    assert_eq!(stakes(&copy), stakes(&node));
    assert_eq!(stakes(&copy)[0]["parts"].as_array().unwrap().len(), 1);
    assert_eq!(copy.stop(), 0);
    // A copy has all of it.
    folder.json(&["backup", "--dir", "new", "--to", "copy"]);
    assert!(folder.path("copy/log/kept-blocks").is_dir() && folder.path("copy/tiles").is_dir());
}

#[test]
fn what_a_node_bends_or_leaves_out_is_refused_and_nothing_is_left() {
    let folder = Folder::new();
    let node = grown(&folder);
    keys(&folder, "new");
    let needed: Value =
        serde_json::from_slice(&get(&node, "/v1/joining?before=256", "application/json")).unwrap();
    let count = needed["indices"].as_array().unwrap().len();
    let lies: Vec<(&str, &str, Arc<Bend>)> = vec![
        ("header does not hold", "/v1/checkpoints/", flipped(|len| len - 9)),
        ("does not fit", "/v1/tiles/event/", flipped(|_| 77)),
        ("does not fit", "/v1/tiles/header/", flipped(|_| 77)),
        ("event 256 does not hold", "/v1/tiles/entries/", flipped(|_| 200)),
        ("is not final", "/v1/tiles/blocks/", flipped(|len| len - 1)),
        ("is not final", "/v1/blocks/", flipped(|len| len - 1)),
        ("do not hold", "/v1/receipts", flipped(|len| len / 2)),
        (
            "in order",
            "/v1/joining",
            Arc::new(|_, body| {
                String::from_utf8(body)
                    .unwrap()
                    .replace("\"indices\":[", "\"indices\":[999,")
                    .into()
            }),
        ),
        ("is another one", "/v1/blocks/", flipped(|_| 40)),
        ("no block of event", "/v1/joining", answered(|answer| answer["blocks"] = json!([]))),
        (
            "which nobody needs",
            "/v1/joining",
            answered(|answer| {
                let indices = answer["indices"].as_array_mut().unwrap();
                indices.insert(indices.len() - 1, json!(254));
            }),
        ),
        ("serves log", "/v1/genesis", flipped(|_| 40)),
    ];
    let try_with = |says: &str, at: &'static str, bend: Arc<Bend>| {
        let bend: Arc<Bend> = Arc::new(
            move |path: &str, body| if path.starts_with(at) { bend(path, body) } else { body },
        );
        let url = liar(&node, bend);
        let join = ["join", "--dir", "new", "--from", &url, "--anchor", node.anchor()];
        let ran = folder.run(&join);
        assert_ne!(ran.code, 0, "{at}: {ran:?}");
        assert!(ran.err.contains(says), "{at}: {ran:?}");
        assert!(!folder.path("new/log").exists(), "{at}");
    };
    for (says, at, bend) in lies {
        try_with(says, at, bend);
    }
    // Each event that is needed is missed when it alone is left out.
    for left_out in 0..count {
        let bend: Arc<Bend> = Arc::new(move |_, body| {
            let mut answer: Value = serde_json::from_slice(&body).unwrap();
            answer["indices"].as_array_mut().unwrap().remove(left_out);
            answer.to_string().into_bytes()
        });
        try_with("does not fit", "/v1/joining", bend);
    }
    // The truth is taken by the same way.
    let url = liar(&node, Arc::new(|_, body| body));
    let join = ["join", "--dir", "new", "--from", &url, "--anchor", node.anchor(), "--old-proofs"];
    folder.json(&join);
}
