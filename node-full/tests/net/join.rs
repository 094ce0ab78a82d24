//! A validator whose disk was lost joins at the newest block, and is one of those who decide again.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use cairn_node::init::InitOptions;

use crate::kit::{Net, PROGRAM, until};
use crate::payloads::{cairn, open, sealed, wait_opens};

/// More than a tile of each tree, so that what is joined begins behind the first one.
const EVENTS: usize = 290;

fn run(args: &[&str]) -> Output {
    let ran = Command::new(PROGRAM).args(args).output().unwrap();
    assert!(ran.status.success(), "{args:?}: {ran:?}");
    ran
}

/// The power of the first validator is changed, and the set with it.
fn change_set(net: &Net) {
    let status = net.json(0, "/v1/validators").unwrap();
    let id = net.made.nodes[0].peer.id.to_string();
    let epoch = status["epoch"].as_u64().unwrap();
    let ran = cairn(net, 0, &["validator", "weight", &id, "--power", "2", "--json"]);
    assert!(ran.status.success(), "{ran:?}");
    let said: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    let proposal = said["id"].as_str().unwrap_or_else(|| panic!("{said}")).to_owned();
    net.wait_final(0, &proposal);
    for node in 0..3 {
        let key = net.made.nodes[node].dir.join("keys/validator.key");
        let key = key.to_str().unwrap();
        run(&["validator", "approve", &proposal, "--validator-key", key, "--node", &net.url(node)]);
    }
    until("the new set to be in force", || {
        net.json(0, "/v1/validators").is_ok_and(|now| now["epoch"].as_u64() > Some(epoch))
    });
}

/// All but the keys is gone.
fn lose_disk(dir: &Path) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let is_kept = path.ends_with("keys") || path.ends_with("cairn.toml");
        match (is_kept, path.is_dir()) {
            (true, _) => {}
            (false, true) => std::fs::remove_dir_all(path).unwrap(),
            (false, false) => std::fs::remove_file(path).unwrap(),
        }
    }
}

#[test]
fn a_validator_without_a_disk_joins_at_the_newest_block_and_votes_again() {
    let options = InitOptions { gate: 32, ..InitOptions::default() };
    let mut net = Net::start(&crate::kit::Plan { options, ..crate::kit::plan(4) });
    let (kept, _) = sealed(&net, 1);
    let (gone, _) = sealed(&net, 1);
    let ran = cairn(&net, 1, &["redact", &gone, "--reason", "asked for"]);
    assert!(ran.status.success(), "{ran:?}");
    change_set(&net);
    for at in 0..EVENTS {
        net.submit_final(at % 3, &format!("event {at}")).unwrap();
    }

    net.kill(3);
    let dir: PathBuf = net.made.nodes[3].dir.clone();
    lose_disk(&dir);
    let anchor = net.made.anchor.to_string();
    let at = dir.to_str().unwrap();
    let ran = run(&["join", "--dir", at, "--from", &net.url(0), "--anchor", &anchor, "--json"]);
    let joined: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!((&joined["eventsFrom"], &joined["blocksFrom"]), (&256.into(), &256.into()));
    assert_eq!(joined["handovers"], 1, "{joined}");

    net.run(3);
    // It signs nothing before it saw a block that the others made from now on.
    let mut id = String::new();
    until("the one that joined to take events", || {
        net.submit_final(0, "of now").unwrap();
        net.submit(3, "from who joined").is_ok_and(|(taken, _)| {
            id = taken;
            true
        })
    });
    net.wait_final(3, &id);
    net.verify_receipt(3, &id);
    let size = net.head(0).unwrap().size;
    net.wait_equal(&[0, 1, 2, 3], size);
    // What was redacted before it joined is not to be had of it, and its epochs are the others'.
    assert!(!open(&net, 3, &gone).status.success());
    wait_opens(&net, 1, &kept);
    assert_eq!(net.get(3, "/v1/handovers"), net.get(0, "/v1/handovers"));
    for path in ["/v1/validators", "/v1/members"] {
        let of = |node| {
            let mut view = net.json(node, path).unwrap();
            // How validators did is counted from the blocks that are there.
            for validator in view["validators"].as_array_mut().into_iter().flatten() {
                let validator = validator.as_object_mut().unwrap();
                for name in ["proposed", "missed", "signed"] {
                    validator.remove(name);
                }
            }
            view.as_object_mut().unwrap().remove("countedFrom");
            view
        };
        assert_eq!(of(3), of(0), "{path}");
    }
    // Without its vote there is no quorum now.
    net.kill(2);
    let id = net.submit_final(0, "with its vote").unwrap();
    net.wait_final(3, &id);
    net.run(2);
    net.check_offline();
}
