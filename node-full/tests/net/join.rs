//! A validator whose disk was lost joins at the newest block, and is one of those who decide again.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use cairn_net::PeerAddress;
use cairn_node::init::InitOptions;
use cairn_node::testnet::Place;

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
    let id = net.made.nodes[0].peer.id.to_string();
    approve(net, &["validator", "weight", &id, "--power", "2"]);
}

/// An administrator asks for another set, three of four approve, and it is in force.
fn approve(net: &Net, asked: &[&str]) {
    let status = net.json(0, "/v1/validators").unwrap();
    let epoch = status["epoch"].as_u64().unwrap();
    let ran = cairn(net, 0, &[asked, &["--json"]].concat());
    assert!(ran.status.success(), "{ran:?}");
    let said: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    let proposal = said["id"].as_str().unwrap().to_owned();
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

/// A host that is not in the genesis: its keys, and the settings of one that dials the others.
fn new_host(net: &mut Net) -> (usize, PathBuf) {
    let dir = net.made.dir.join("later");
    let made = run(&["genesis", "key", "--dir", dir.to_str().unwrap(), "--json"]);
    let made: serde_json::Value = serde_json::from_slice(&made.stdout).unwrap();
    let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (api, metrics, links) = (free(), free(), free());
    let peers: Vec<_> = net
        .made
        .nodes
        .iter()
        .map(|node| format!("\"{}@{}\"", node.peer.id, node.peer.at))
        .collect();
    let settings = format!(
        "listen = \"{api}\"\nmetrics = \"{metrics}\"\nblock-time = 20\nlog = \"warn\"\n\
         [validator]\nlisten = \"{links}\"\npeers = [{}]\n",
        peers.join(", ")
    );
    std::fs::write(dir.join("cairn.toml"), settings).unwrap();
    let peer =
        PeerAddress { id: made["keyId"].as_str().unwrap().parse().unwrap(), at: links.to_string() };
    let log = net.made.dir.join("later.log");
    let at = net.add(Place { dir: dir.clone(), log, peer, power: 1, api, metrics });
    (at, dir)
}

#[test]
fn a_host_that_was_not_there_at_the_beginning_joins_votes_and_takes_events() {
    let options = InitOptions { gate: 32, ..InitOptions::default() };
    let mut net = Net::start(&crate::kit::Plan { options, ..crate::kit::plan(4) });
    let (new, dir) = new_host(&mut net);
    let file = |name: &str| dir.join(name).to_str().unwrap().to_owned();
    // The validators admit its key, and an administrator lets it sign drafts.
    let key = file("keys/validator.key");
    run(&[
        "validator",
        "key",
        "--validator-key",
        &key,
        "--out",
        &file("b.json"),
        "--node",
        &net.url(0),
    ]);
    approve(&net, &["validator", "add", &file("b.json"), "--power", "1"]);
    let ran = cairn(&net, 0, &["member", "add-key", "ingest", &file("node.pub")]);
    assert!(ran.status.success(), "{ran:?}");
    let anchor = net.made.anchor.to_string();
    run(&["join", "--dir", dir.to_str().unwrap(), "--from", &net.url(1), "--anchor", &anchor]);
    net.run(new);
    let mut id = String::new();
    until("the new one to take events", || {
        let (other, _) = net.submit(0, "of now").unwrap();
        net.wait_final(0, &other);
        net.submit(new, "from the new one").is_ok_and(|(taken, _)| {
            id = taken;
            true
        })
    });
    net.wait_final(0, &id);
    net.verify_receipt(0, &id);
    // Of five, and one down, all others are needed.
    net.kill(1);
    let id = net.submit_final(0, "with its vote").unwrap();
    net.wait_final(new, &id);
    // A node whose key was given up takes nothing more, and says why.
    let ingest = net.json(new, "/v1/status").unwrap()["ingestKey"].as_str().unwrap().to_owned();
    let ran = cairn(&net, 0, &["member", "end-key", "ingest", &ingest]);
    assert!(ran.status.success(), "{ran:?}");
    until("its key to be given up", || {
        net.submit(new, "too late").is_err_and(|why| why.contains("add-key ingest"))
    });
    net.run(1);
    net.check_offline();
}
