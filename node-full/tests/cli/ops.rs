//! What stands in `ops/` is about this node: its metrics are there, its flags and files are right.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use cairn_node::init::InitOptions;
use cairn_node::testnet::{self, Plan};
use cairn_verifier::finality::Suite;

use crate::kit::Folder;

fn ops(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("ops").join(name);
    std::fs::read_to_string(path).unwrap()
}

/// Names of metrics in a text, without what a histogram puts behind its own.
fn names(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let named = words.filter(|word| word.starts_with("cairn_"));
    let family = |name: &str| {
        let ends = ["_bucket", "_sum", "_count"];
        ends.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name).to_owned()
    };
    named.map(family).collect()
}

/// Everything that nodes count once they did a little of everything: one alone, and one of four.
fn counted() -> BTreeSet<String> {
    alone().into_iter().chain(one_of_four()).collect()
}

fn one_of_four() -> BTreeSet<String> {
    let folder = Folder::new();
    let plan = Plan {
        weights: vec![1; 4],
        suite: Suite::Ed25519,
        options: InitOptions::default(),
        settings: "block-time = 20".to_owned(),
        validator: String::new(),
    };
    let net = testnet::make(&folder.path("net"), &plan).unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_cairn"));
    let start = |(at, node)| testnet::Process::start(program, at, node).unwrap();
    let mut nodes: Vec<_> = (1..).zip(&net.nodes).map(start).collect();
    for node in &mut nodes {
        node.wait_ready(Duration::from_secs(120)).unwrap();
    }
    let event = ["--type", "t", "--actor", "a:b", "--resource", "c:d", "--wait", "final"];
    let node = &net.nodes[0];
    let mut counted = BTreeSet::new();
    // A node that was behind is given a final block by others, and decides the next one itself.
    for _ in 0..50 {
        folder.json(&[&["submit", "--node", &node.url()], &event[..]].concat());
        counted = metrics(&format!("http://{}/metrics", node.metrics));
        if counted.contains("cairn_decided_seconds") {
            break;
        }
    }
    counted
}

fn alone() -> BTreeSet<String> {
    let folder = Folder::new();
    folder.json(&["init", "--dir", "data"]);
    let arguments = ["start", "--dir", "data", "--block-time", "20", "--metrics", "127.0.0.1:0"];
    let node = folder.start(&arguments);
    let event = ["--type", "t", "--actor", "a:b", "--resource", "c:d", "--wait", "final"];
    let submitted = folder.json(&[&["submit", "--node", node.url()], &event[..]].concat());
    folder.json(&["prove", submitted["id"].as_str().unwrap(), "--node", node.url(), "--out", "x"]);
    folder.json(&["query", "--node", node.url()]);
    let refused = ["submit", "--node", node.url(), "--stream", "nowhere"];
    folder.fails(&[&refused, &event[..]].concat(), 1);
    metrics(node.text("metrics"))
}

/// The names on a page of metrics.
fn metrics(url: &str) -> BTreeSet<String> {
    let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).build().into();
    let metrics = agent.get(url).call().unwrap().body_mut().read_to_string().unwrap();
    let kinds = metrics.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    kinds.map(|line| line.split(' ').next().unwrap().to_owned()).collect()
}

#[test]
fn every_metric_of_the_dashboard_and_the_rules_is_counted() {
    let counted = counted();
    for file in ["grafana.json", "alerts.yml", "alerts.test.yml"] {
        let named = names(&ops(file));
        assert!(named.len() > 5, "{file} names {named:?}");
        let missing: Vec<_> = named.difference(&counted).collect();
        assert!(missing.is_empty(), "{file} names {missing:?}, which are not in {counted:?}");
    }
    // And nothing that is counted is forgotten.
    let shown = names(&ops("grafana.json"));
    let forgotten: Vec<_> = counted.difference(&shown).collect();
    assert!(forgotten.is_empty(), "{forgotten:?} are not on the dashboard");
}

#[test]
fn the_dashboard_is_json_and_its_panels_have_their_own_places() {
    let dashboard: serde_json::Value = serde_json::from_str(&ops("grafana.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let places: BTreeSet<_> =
        panels.iter().map(|p| (p["gridPos"]["y"].as_u64(), p["gridPos"]["x"].as_u64())).collect();
    let ids: BTreeSet<_> = panels.iter().map(|p| p["id"].as_u64().unwrap()).collect();
    assert_eq!((places.len(), ids.len()), (panels.len(), panels.len()));
    assert!(panels.iter().all(|panel| !panel["targets"].as_array().unwrap().is_empty()));
}

/// The words behind `cairn` in the unit and the container are commands and flags of this version.
#[test]
fn unit_and_container_start_what_there_is() {
    let help = Folder::new().run(&["start", "--help"]).out;
    let unit = ops("cairn.service");
    let line = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    let words: Vec<_> = line.split(' ').collect();
    assert_eq!(words[..2], ["/usr/local/bin/cairn", "start"]);
    for flag in words.iter().filter(|word| word.starts_with("--")) {
        assert!(help.contains(flag), "{flag}");
    }
    let container = ops("Containerfile");
    assert!(container.contains(r#"CMD ["start", "--dir", "/data/log"]"#));
    let workspace = std::fs::read_to_string("../Cargo.toml").unwrap();
    assert!(container.contains("--profile node") && workspace.contains("[profile.node]"));
    let image = container.split("rust:").nth(1).unwrap().split('-').next().unwrap();
    assert!(workspace.contains(&format!("rust-version = \"{image}\"")), "{image}");
}

/// With Prometheus' own tool, where it is installed: the rules read, and do what their tests say.
#[test]
fn the_rules_do_what_their_tests_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("ops");
    for words in [["check", "rules", "alerts.yml"], ["test", "rules", "alerts.test.yml"]] {
        match Command::new("promtool").args(words).current_dir(&folder).output() {
            Ok(output) => assert!(output.status.success(), "{words:?}: {output:?}"),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                eprintln!("not run: promtool is not installed (Debian: prometheus)");
                return;
            }
            Err(error) => panic!("promtool: {error}"),
        }
    }
}
