//! Validators come and go from the command line, over the API, and what was verified before still is.

use std::time::Duration;

use serde_json::Value;

use crate::kit::{Folder, Running};

const EVENT: [&str; 6] =
    ["--type", "door.opened", "--actor", "user:ann", "--resource", "door:north"];

struct Town {
    folder: Folder,
    node: Running,
}

impl Town {
    fn new() -> Self {
        let folder = Folder::new();
        folder.json(&["init", "--dir", "data", "--gate", "4"]);
        let node = folder.start(&["start", "--dir", "data", "--block-time", "20"]);
        Self { folder, node }
    }

    fn url(&self) -> [&str; 2] {
        ["--node", self.node.url()]
    }

    fn status(&self) -> Value {
        self.folder.json(&[&["validator", "status"], &self.url()[..]].concat())
    }

    /// Proposes something; the event that does.
    fn propose(&self, what: &[&str]) -> String {
        let key = ["--key", "data/keys/admin.key"];
        let made = self.folder.json(&[&["validator"], what, &key, &self.url()].concat());
        made["id"].as_str().unwrap().to_owned()
    }

    fn approve(&self, proposal: &str) -> crate::kit::Ran {
        let key = ["--validator-key", "data/keys/validator.key"];
        let start = ["validator", "approve", proposal];
        self.folder.run(&[&start[..], &key, &self.url()].concat())
    }

    fn wait(&self, epoch: u64) -> Value {
        for _ in 0..400 {
            let status = self.status();
            if status["epoch"] == epoch {
                return status;
            }
            std::thread::sleep(Duration::from_millis(25));
        }
        panic!("epoch {epoch} did not come: {}", self.status());
    }

    fn receipt(&self, name: &str) {
        let submit = ["submit", "--wait", "final"];
        let made = self.folder.json(&[&submit, &EVENT[..], &self.url()].concat());
        let id = made["id"].as_str().unwrap();
        self.folder.json(&[&["prove", id, "--out", name], &self.url()[..]].concat());
    }

    fn verify(&self, name: &str) -> Value {
        self.folder.json(&["verify", name, "--anchor", self.node.anchor()])
    }
}

#[test]
fn a_validator_is_added_weighed_and_removed() {
    let town = Town::new();
    town.receipt("first.cairn");
    let own = town.status()["validators"][0]["id"].as_str().unwrap().to_owned();
    let proposal = town.propose(&["weight", &own, "--power", "10"]);
    let waiting = town.status();
    assert_eq!(waiting["proposals"][0]["event"], proposal.as_str());
    assert_eq!(waiting["proposals"][0]["change"], "weight");
    let text = town.folder.run(&["validator", "status", "--node", town.node.url()]).out;
    assert!(text.contains("proposed: weight") && text.contains(&proposal), "{text}");
    let ran = town.approve(&proposal);
    assert!(ran.out.contains(&format!("approved: {own} has power 10")), "{ran:?}");
    town.wait(1);
    let again = town.approve(&proposal);
    assert!(again.code == 1 && again.err.contains("waits for approvals"), "{again:?}");

    town.folder.json(&["keygen", "--validator", "--out", "b.key"]);
    let key = ["validator", "key", "--validator-key", "b.key", "--out", "b.json"];
    let id = town.folder.json(&[&key[..], &town.url()].concat())["keyId"].clone();
    town.approve(&town.propose(&["add", "b.json", "--power", "2"]));
    let now = town.wait(2);
    let validators = now["validators"].as_array().unwrap();
    assert!(validators.iter().any(|one| one["id"] == id && one["power"] == "2"), "{now}");
    town.receipt("second.cairn");

    town.approve(&town.propose(&["remove", id.as_str().unwrap()]));
    let now = town.wait(3);
    assert_eq!(now["validators"].as_array().unwrap().len(), 1);
    town.receipt("third.cairn");
    for name in ["first.cairn", "second.cairn", "third.cairn"] {
        assert_eq!(town.verify(name)["verdict"], "verified", "{name}");
    }

    // From a directory that a crash could have left, and with everything looked at again.
    let Town { folder, node } = town;
    assert_eq!(node.stop(), 0);
    let report = folder.json(&["check", "--dir", "data"]);
    assert_eq!(report["findings"], serde_json::json!([]), "{report}");
}

#[test]
fn an_approver_is_not_shown_one_change_for_another() {
    let town = Town::new();
    let own = town.status()["validators"][0]["id"].as_str().unwrap().to_owned();
    let proposal = town.propose(&["weight", &own, "--power", "10"]);
    let zeros = "0".repeat(64);
    let ran = town.approve(&zeros);
    assert_eq!(ran.code, 1, "{ran:?}");
    // An event that proposes nothing.
    let submit = ["submit", "--wait", "final"];
    let made = town.folder.json(&[&submit, &EVENT[..], &town.url()].concat());
    let ran = town.approve(made["id"].as_str().unwrap());
    assert_eq!(ran.code, 1, "{ran:?}");
    // A key that is no validator's.
    town.folder.json(&["keygen", "--validator", "--out", "b.key"]);
    let start = ["validator", "approve", &proposal, "--validator-key", "b.key"];
    let ran = town.folder.run(&[&start[..], &town.url()].concat());
    assert!(ran.code == 1 && ran.err.contains("not in the validator set"), "{ran:?}");
}

fn get(url: &str) -> String {
    let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).build().into();
    let request = agent.get(url).header("accept", "application/json");
    request.call().unwrap().body_mut().read_to_string().unwrap()
}

#[test]
fn stake_is_allotted_bonded_and_counts() {
    let town = Town::new();
    let own = town.status()["validators"][0]["id"].as_str().unwrap().to_owned();
    let holder = town.folder.json(&["keygen", "--out", "holder.key"])["keyId"].clone();
    let holder = holder.as_str().unwrap();
    let moves = |way: &str, amount: &str| {
        let start = ["validator", way, &own, "--amount", amount, "--key", "holder.key"];
        town.folder.run(&[&start[..], &town.url()].concat())
    };
    let early = moves("bond", "600");
    assert!(early.code == 1 && early.err.contains("no stake is allotted"), "{early:?}");
    let ran = town.approve(&town.propose(&["allot", holder, "--amount", "1000"]));
    assert!(ran.out.contains(&format!("approved: {holder} holds 1000 of stake")), "{ran:?}");
    let bonded = (0..200).map(|_| moves("bond", "600")).find(|ran| {
        std::thread::sleep(Duration::from_millis(25));
        ran.code == 0
    });
    assert!(bonded.unwrap().out.starts_with("bonded: event "));
    let ran = town.approve(&town.propose(&["mode", "stake", "--window", "7"]));
    assert!(ran.out.contains("approved: power is by stake, stake is held for 7 gates"), "{ran:?}");
    let now = town.wait(1);
    assert_eq!((&now["mode"], &now["window"]), (&"stake".into(), &7.into()));
    let validator = &now["validators"][0];
    assert_eq!((&validator["power"], &validator["missed"]), (&"600".into(), &0.into()));
    assert_eq!(now["registered"][0]["bonded"], "600");
    let stake = &now["stakes"][0];
    assert_eq!((&stake["allotted"], &stake["free"]), (&"1000".into(), &"400".into()));
    let early = moves("unbond", "100");
    assert!(early.code == 1 && early.err.contains("it can again in blocks behind"), "{early:?}");
    let text = town.folder.run(&["validator", "status", "--node", town.node.url()]).out;
    for part in ["power by stake", "power 600", "signed", &format!("600 bonded to {own}")] {
        assert!(text.contains(part), "{part}: {text}");
    }
    town.receipt("staked.cairn");
    assert_eq!(town.verify("staked.cairn")["verdict"], "verified");
    let state = format!("/v1/state/stake?key={holder}");
    let Town { folder, node } = town;
    let answer = get(&format!("{}{state}", node.url()));
    assert!(
        answer.contains("\"present\":true") && answer.contains("\"amount\":\"600\""),
        "{answer}"
    );
    assert_eq!(node.stop(), 0);
    let report = folder.json(&["check", "--dir", "data"]);
    assert_eq!(report["findings"], serde_json::json!([]), "{report}");
}
