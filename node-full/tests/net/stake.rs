//! Stake among processes: holders bond it and take it back, and who validates changes by that alone.

use std::collections::BTreeMap;
use std::process::Command;

use cairn_node::init::InitOptions;
use cairn_node::testnet::Plan;
use serde_json::Value;

use crate::kit::{Net, PROGRAM, plan, until};

/// Blocks between gates.
const GATE: u32 = 4;

struct Town {
    net: Net,
}

impl Town {
    fn run(&self, words: &[&str]) -> Result<Value, String> {
        let mut command = Command::new(PROGRAM);
        let ran = command.args(words).arg("--json").current_dir(&self.net.made.dir);
        let ran = ran.output().unwrap();
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if !ran.status.success() {
            return Err(format!("{words:?}: {}{}", said(&ran.stdout), said(&ran.stderr)));
        }
        serde_json::from_slice(&ran.stdout).map_err(|error| error.to_string())
    }

    /// A change that the first three of four approve.
    fn decide(&self, what: &[&str]) {
        let url = self.net.url(0);
        let to = ["--key", "admin.key", "--node", &url];
        let made = self.run(&[&["validator"], what, &to].concat()).unwrap();
        let proposal = made["id"].as_str().unwrap();
        for node in 1..4 {
            let key = format!("node-{node}/keys/validator.key");
            let url = self.net.url(node);
            let by = ["--validator-key", &key, "--node", &url];
            self.run(&[&["validator", "approve", proposal], &by[..]].concat()).unwrap();
        }
    }

    /// What a holder does, once the node sees what it rests on.
    fn moves(&self, way: &str, holder: &str, validator: &str, amount: &str) {
        let url = self.net.url(1);
        let mut said = String::new();
        let key = format!("{holder}.key");
        until(&format!("{holder} to {way} {amount}"), || {
            let words = ["validator", way, validator, "--amount", amount, "--key", &key];
            let ran = self.run(&[&words[..], &["--node", &url]].concat());
            said = ran.as_ref().err().cloned().unwrap_or_default();
            ran.is_ok()
        });
    }

    /// The power of each validator in force, as a node sees it.
    fn powers(&self, node: usize) -> (u64, BTreeMap<String, u64>) {
        let status = self.run(&["validator", "status", "--node", &self.net.url(node)]).unwrap();
        let one = |one: &Value| {
            let power = one["power"].as_str().unwrap().parse().unwrap();
            (one["id"].as_str().unwrap().to_owned(), power)
        };
        let powers = status["validators"].as_array().unwrap().iter().map(one).collect();
        (status["epoch"].as_u64().unwrap(), powers)
    }

    /// Submits until all of these nodes have this power in force. Blocks come with events alone.
    fn pass_until(&self, nodes: &[usize], wanted: &BTreeMap<String, u64>) {
        for number in 0.. {
            if nodes.iter().all(|node| self.powers(*node).1 == *wanted) {
                return;
            }
            assert!(number < 200, "{wanted:?} is not in force: {:?}", self.powers(nodes[0]));
            self.net.submit_final(nodes[0], &format!("passes {number}")).unwrap();
        }
    }
}

#[test]
fn holders_bond_and_take_back_and_the_set_follows() {
    let options = InitOptions { gate: GATE, ..InitOptions::default() };
    let net = Net::start(&Plan { options, ..plan(4) });
    let ids: Vec<_> = net.made.nodes.iter().map(|node| node.peer.id.to_string()).collect();
    let mut town = Town { net };
    for holder in ["ann", "bob"] {
        let made = town.run(&["keygen", "--out", &format!("{holder}.key")]).unwrap();
        town.decide(&["allot", made["keyId"].as_str().unwrap(), "--amount", "1000"]);
    }
    for (holder, node, amount) in
        [("ann", 0, "300"), ("ann", 1, "200"), ("bob", 2, "250"), ("bob", 3, "150")]
    {
        town.moves("bond", holder, &ids[node], amount);
    }
    assert!(town.powers(0).1.values().all(|power| *power == 1), "weights count");
    town.decide(&["mode", "stake", "--window", "1"]);
    let with = |powers: [u64; 4]| {
        let powers = ids.iter().cloned().zip(powers).filter(|(_, power)| *power > 0);
        powers.collect::<BTreeMap<_, _>>()
    };
    town.pass_until(&[0, 1, 2, 3], &with([300, 200, 250, 150]));
    let staked = town.powers(0).0;

    // The fourth has nothing any more: nobody links with it or waits for its vote.
    town.moves("unbond", "bob", &ids[3], "150");
    town.pass_until(&[0, 1, 2], &with([300, 200, 250, 0]));
    town.net.kill(3);
    let id = town.net.submit_final(1, "without it").unwrap();
    town.net.verify_receipt(1, &id);

    // What ann bonds to it brings it back, and her newest move was long ago.
    town.moves("bond", "ann", &ids[3], "240");
    town.net.run(3);
    town.pass_until(&[0, 1, 2, 3], &with([300, 200, 250, 240]));
    assert!(town.powers(0).0 >= staked + 2, "each change is an epoch");
    // Now its vote is needed: without it and another one there is no quorum of power.
    town.net.kill(0);
    let (_, is_final) = town.net.submit(1, "without the heaviest").unwrap();
    assert!(is_final, "690 of 990 are more than two thirds");
    town.net.kill(3);
    let (waits, is_final) = town.net.submit(1, "without two").unwrap();
    assert!(!is_final, "450 of 990 are not");
    town.net.run(3);
    town.net.wait_final(2, &waits);
    town.net.run(0);
    town.net.wait_final(0, &waits);
    town.net.verify_receipt(0, &waits);
    town.net.check_offline();
}
