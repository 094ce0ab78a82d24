//! A log with several validators, by hand as on several hosts, and by `cairn testnet`.

use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::kit::{Folder, Ran};

/// Keys on each of three hosts, and one genesis of them.
fn begun() -> (Folder, Value) {
    let folder = Folder::new();
    let mut make = vec!["genesis", "make", "--out", "genesis.cairn", "--validator", "c/node.pub=2"];
    for host in ["a", "b", "c"] {
        let suite = if host == "a" { "1" } else { "2" };
        let made = folder.json(&["genesis", "key", "--dir", host, "--suite", suite]);
        assert_eq!(made["keyId"].as_str().unwrap().len(), 64);
    }
    make.extend(["--validator", "a/node.pub", "--validator", "b/node.pub"]);
    let genesis = folder.json(&make);
    (folder, genesis)
}

#[test]
fn three_hosts_begin_one_log() {
    let (folder, genesis) = begun();
    assert!(folder.path("admin.key").exists(), "somebody must be able to change members");
    assert_eq!(folder.json(&["genesis", "show", "genesis.cairn"]), genesis);
    let powers = genesis["validators"].as_array().unwrap().iter();
    assert_eq!(powers.map(|validator| validator["power"].as_u64().unwrap()).sum::<u64>(), 4);
    for host in ["a", "b", "c"] {
        let joined = folder.json(&["genesis", "join", "--dir", host, "--genesis", "genesis.cairn"]);
        assert_eq!(joined["anchor"], genesis["anchor"]);
    }
    // One of them alone makes no blocks, and says what is missing.
    let alone = folder.fails(&["start", "--dir", "a", "--listen", "127.0.0.1:0"], 1);
    assert!(alone.err.contains("[validator]"), "{alone:?}");
    let twice = folder.fails(&["genesis", "join", "--dir", "a", "--genesis", "genesis.cairn"], 1);
    assert!(twice.err.contains("not empty"), "{twice:?}");
}

#[test]
fn who_is_not_named_cannot_join_and_nothing_is_overwritten() {
    let (folder, _) = begun();
    folder.json(&["genesis", "key", "--dir", "d"]);
    let stranger =
        folder.fails(&["genesis", "join", "--dir", "d", "--genesis", "genesis.cairn"], 1);
    assert!(stranger.err.contains("none of the genesis' validators"), "{stranger:?}");
    folder.fails(&["genesis", "key", "--dir", "a"], 1);
    let again = ["genesis", "make", "--out", "genesis.cairn", "--validator", "a/node.pub"];
    folder.fails(&again, 1);
    folder.fails(&["genesis", "make", "--out", "x", "--validator", "a/node.pub=0"], 2);
    folder.fails(&["genesis", "join", "--dir", "e", "--genesis", "genesis.cairn"], 1);
}

#[test]
fn keys_that_were_in_use_wait_for_a_block_of_the_others() {
    let (folder, _) = begun();
    let join = ["genesis", "join", "--dir", "a", "--genesis", "genesis.cairn", "--again"];
    folder.json(&join);
    assert!(folder.path("a/validator/restored").exists());
}

#[test]
fn a_network_is_made_without_running_it() {
    let folder = Folder::new();
    let made = ["testnet", "--validators", "3", "--weights", "3,1,1", "--dir", "net", "--no-run"];
    let net = folder.json(&made);
    let nodes = net["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 3);
    assert_eq!(nodes[0]["power"], 3);
    let settings = std::fs::read_to_string(folder.path("net/node-1/cairn.toml")).unwrap();
    for other in &nodes[1..] {
        assert!(settings.contains(other["peer"].as_str().unwrap()), "{settings}");
    }
    folder.json(&["config", "check", "--dir", "net/node-2"]);
    folder.fails(&made, 1);
    folder.fails(&["testnet", "--validators", "3", "--weights", "3,1", "--dir", "other"], 2);
    folder.fails(&["testnet", "--validators", "17", "--dir", "other"], 2);
}

/// The nodes are there while the command runs, and gone when it is asked to end.
#[test]
fn a_network_runs_until_it_is_stopped() {
    let folder = Folder::new();
    let mut command =
        folder.command(&["testnet", "--validators", "4", "--suite", "1", "--dir", "net", "--json"]);
    let said = std::fs::File::create(folder.path("said")).unwrap();
    let mut testnet = command.stdout(said).spawn().unwrap();
    let mut url = None;
    for _ in 0..2_400 {
        let line = std::fs::read_to_string(folder.path("said")).unwrap();
        url = serde_json::from_str::<Value>(&line).ok();
        if url.is_some() || testnet.try_wait().unwrap().is_some() {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let net = url.expect("the network runs");
    let url = net["nodes"][2]["url"].as_str().unwrap();
    let event = ["--type", "t", "--actor", "a:b", "--resource", "c:d", "--wait", "final"];
    let event = folder.json(&[&["submit", "--node", url], &event[..]].concat());
    assert_eq!(event["status"], "final");
    let pid = testnet.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert!(testnet.wait().unwrap().success());
    let ran: Ran = folder.run(&["query", "--node", url]);
    assert_eq!(ran.code, 1, "the nodes are gone: {ran:?}");
}
