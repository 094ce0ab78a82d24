//! A host burns, and what was sealed there opens at another one; a redaction reaches all.

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::kit::{Net, PROGRAM, post, until};

fn admin_key(net: &Net) -> PathBuf {
    net.made.dir.join("admin.key")
}

/// Submits a payload that is sealed to the member `admin`; the event's id, and where it is stored.
pub(crate) fn sealed(net: &Net, node: usize) -> (String, PathBuf) {
    let event = json!({
        "type": "salary.changed",
        "actor": { "kind": "user", "id": "alice" },
        "resource": { "kind": "person", "id": "bob" },
        "payload": { "sealed": { "fields": { "to": "two hundred" }, "recipients": ["admin"] } },
    });
    let view: Value = post(&net.url(node), &event).unwrap();
    let id = view["accepted"][0]["id"].as_str().unwrap().to_owned();
    net.wait_final(node, &id);
    let event = net.json(node, &format!("/v1/events/{id}")).unwrap();
    let digest = event["event"]["payload"]["digest"].as_str().unwrap().to_owned();
    (id, PathBuf::from("payloads").join(&digest[..2]).join(digest))
}

pub(crate) fn cairn(net: &Net, node: usize, args: &[&str]) -> Output {
    let mut run = Command::new(PROGRAM);
    run.args(args).args(["--node", &net.url(node), "--key"]).arg(admin_key(net)).output().unwrap()
}

/// What an auditor gets to read who has the genesis' digest and a key.
pub(crate) fn open(net: &Net, node: usize, id: &str) -> Output {
    cairn(net, node, &["open", id, "--anchor", &net.made.anchor.to_string()])
}

pub(crate) fn wait_opens(net: &Net, node: usize, id: &str) {
    until(&format!("the node at {node} to open it"), || {
        let ran = open(net, node, id);
        ran.status.success() && String::from_utf8_lossy(&ran.stdout).contains("two hundred")
    });
}

#[test]
fn what_was_sealed_at_a_host_that_burnt_opens_elsewhere_and_a_redaction_reaches_who_was_away() {
    let mut net = Net::start(&crate::kit::plan(4));
    let (id, file) = sealed(&net, 0);
    let (gone, gone_file) = sealed(&net, 0);
    for node in 1..4 {
        wait_opens(&net, node, &id);
        wait_opens(&net, node, &gone);
    }
    let stored =
        |net: &Net, node: usize, file: &PathBuf| net.made.nodes[node].dir.join(file).exists();
    assert!((0..4).all(|node| stored(&net, node, &file) && stored(&net, node, &gone_file)));

    // One is away while a payload is redacted.
    net.kill(3);
    let ran = cairn(&net, 1, &["redact", &gone, "--reason", "asked for"]);
    assert!(ran.status.success(), "{ran:?}");
    until("three nodes to erase it", || (0..3).all(|node| !stored(&net, node, &gone_file)));
    assert!(stored(&net, 3, &gone_file), "it was away");
    net.run(3);
    until("the fourth to erase it", || !stored(&net, 3, &gone_file));
    for node in 0..4 {
        assert!(!open(&net, node, &gone).status.success(), "the node at {node}");
    }
    wait_opens(&net, 3, &id);

    // The host that took it burns.
    net.kill(0);
    std::fs::remove_dir_all(&net.made.nodes[0].dir).unwrap();
    for node in 1..4 {
        let ran = open(&net, node, &id);
        assert!(ran.status.success(), "{ran:?}");
    }
    net.submit_final(1, "and the log goes on").unwrap();
}
