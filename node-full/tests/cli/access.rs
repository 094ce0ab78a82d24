//! Keys of callers and settings that change while a node runs, as an operator does it.

use std::fs;
use std::time::Duration;

use serde_json::Value;

use crate::kit::{Folder, Ran, Running, thousand};

const EVENT: [&str; 6] = ["--type", "t", "--actor", "a:b", "--resource", "c:d"];
pub(crate) const START: [&str; 5] = ["start", "--dir", "data", "--block-time", "20"];

/// Makes a key; gives it and its lines for the settings.
pub(crate) fn new_key(folder: &Folder, name: &str, more: &[&str]) -> (String, String) {
    let ran = folder.run(&[&["api-key", "new", "--name", name], more].concat());
    assert_eq!(ran.code, 0, "{ran:?}");
    let (key, lines) = ran.out.split_once('\n').unwrap();
    assert!(key.starts_with("cairn_") && !lines.contains(key), "{ran:?}");
    (key.to_owned(), lines.to_owned())
}

pub(crate) fn submit(folder: &Folder, node: &Running, key: &str) -> Ran {
    let arguments = [&["submit", "--node", node.url()], &EVENT[..]].concat();
    let environment = if key.is_empty() { vec![] } else { vec![("CAIRN_API_KEY", key)] };
    folder.run_with(&arguments, &environment)
}

pub(crate) fn settle(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..100 {
        if holds() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("not within five seconds: {what}");
}

pub(crate) fn settings(folder: &Folder, text: &str) {
    fs::write(folder.path("data/cairn.toml"), text).unwrap();
}

fn log(folder: &Folder) -> String {
    fs::read_to_string(folder.path("node.log")).unwrap()
}

#[test]
fn who_has_a_key_may_log_and_who_has_none_may_not() {
    let folder = Folder::new();
    folder.json(&["init", "--dir", "data"]);
    let (key, lines) = new_key(&folder, "importer", &["--scopes", "write", "--rate", "100"]);
    assert!(lines.contains("rate = 100") && lines.contains("scopes = [\"write\"]"), "{lines}");
    settings(&folder, &lines);
    let shown = folder.json(&["config", "check", "--dir", "data"]);
    assert_eq!(shown["api-key"][0]["name"], "importer");
    let node = folder.start(&START);
    assert_eq!(submit(&folder, &node, &key).code, 0);
    let refused = submit(&folder, &node, "");
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("auth-missing") && refused.err.contains("cairn api-key new"));
    let json = folder.json(&["api-key", "new", "--name", "x", "--scopes", "read,admin"]);
    let other = submit(&folder, &node, json["key"].as_str().unwrap());
    assert!(other.err.contains("auth-unknown-key"), "{other:?}");
    fs::write(folder.path("key"), format!("{key}\n")).unwrap();
    let arguments = [&["submit", "--node", node.url()], &EVENT[..]].concat();
    assert_eq!(folder.run_with(&arguments, &[("CAIRN_API_KEY_FILE", "key")]).code, 0);
    let absent = folder.run_with(&arguments, &[("CAIRN_API_KEY_FILE", "absent")]);
    assert!(absent.code == 1 && absent.err.contains("CAIRN_API_KEY_FILE: absent"), "{absent:?}");
    assert_eq!(node.stop(), 0);
    // Who logged what is in the log when the node has stopped.
    let node = folder.start(&START);
    let found = folder.json(&["query", "--node", node.url(), "--actor", "api-key/importer"]);
    let events = found["events"].as_array().unwrap();
    assert!(!events.is_empty(), "{found}");
    assert!(events.iter().all(|event| event["event"]["type"] == "cairn.api.write"), "{found}");
}

#[test]
fn an_import_waits_when_it_is_too_fast_and_stops_when_it_may_not() {
    let folder = Folder::new();
    folder.json(&["init", "--dir", "data"]);
    let (key, lines) = new_key(&folder, "slow", &["--scopes", "write", "--rate", "1"]);
    settings(&folder, &lines);
    let node = folder.start(&START);
    let file = thousand();
    let import = ["import", "cloudevents", file.to_str().unwrap(), "--node", node.url(), "--json"];
    let done = folder.run_with(&import, &[("CAIRN_API_KEY", &key)]);
    assert_eq!(done.code, 0, "{done:?}");
    let done = done.json();
    assert_eq!((&done["imported"], &done["failed"]), (&1_000.into(), &0.into()));
    assert!(done["millis"].as_u64().unwrap() > 900, "two requests, one a second: {done}");
    fs::write(folder.path("one.jsonl"), fs::read_to_string(&file).unwrap().lines().next().unwrap())
        .unwrap();
    let one = folder.fails(&["import", "cloudevents", "one.jsonl", "--node", node.url()], 1);
    assert!(one.err.contains("auth-missing") && !one.out.contains("imported"), "{one:?}");
}

#[test]
fn settings_are_read_again_and_bad_ones_change_nothing() {
    let folder = Folder::new();
    folder.json(&["init", "--dir", "data"]);
    let (first, first_lines) = new_key(&folder, "first", &["--scopes", "write"]);
    let (second, second_lines) = new_key(&folder, "second", &["--scopes", "write,admin"]);
    settings(&folder, &first_lines);
    let node = folder.start(&START);
    let may = |key: &str| submit(&folder, &node, key).code == 0;
    assert!(may(&first) && !may(&second));

    settings(&folder, &format!("block-time = 30\nmax-requests = 9\n{second_lines}"));
    node.signal("-HUP");
    settle("the second key holds", || may(&second));
    assert!(!may(&first), "the first one does not any more");
    let said = log(&folder);
    let line = said.lines().find(|line| line.contains("settings were read again")).unwrap();
    let (changed, restart) = line.split_once("need_restart").unwrap();
    assert!(changed.contains("api-key"), "{line}");
    // A flag stands over the file, so the block time did not change.
    assert!(restart.contains("max-requests") && !restart.contains("block-time"), "{line}");

    for bad in [
        "rate = 0",
        "lisen = \"a:1\"",
        "[[api-key]]\nname = \"x\"",
        "log = \"=[\"",
        "tls-cert = \"x\"",
    ] {
        let before = log(&folder).matches("settings were not taken").count();
        settings(&folder, &format!("{bad}\n"));
        node.signal("-HUP");
        settle(bad, || log(&folder).matches("settings were not taken").count() > before);
        assert!(may(&second) && !may(&first), "{bad}");
        folder.fails(&["config", "check", "--dir", "data"], 1);
    }

    settings(&folder, &format!("log = \"info\"\n{second_lines}"));
    let reload = || {
        let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).build().into();
        let request = agent.post(format!("{}/v1/admin/reload", node.url()));
        let request = request.header("authorization", format!("Bearer {second}"));
        let body = request.send_empty().unwrap().body_mut().read_to_string().unwrap();
        serde_json::from_str::<Value>(&body).unwrap()
    };
    let reloaded = reload();
    let read: cairn_node::api::schema::Reloaded = serde_json::from_value(reloaded.clone()).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap(), reloaded, "as the API's document says");
    assert_eq!(reloaded["changed"], serde_json::json!(["log"]));
    assert_eq!(reloaded["needRestart"], serde_json::json!([]));
    assert_eq!(reload()["changed"], serde_json::json!([]));
    settle("more is logged", || log(&folder).contains("answered"));
    // They are durable already; a query shows what is final.
    settle("both calls are logged", || {
        let query = ["query", "--node", node.url(), "--type", "cairn.admin.reload"];
        let found = folder.json(&query);
        let events = found["events"].as_array().unwrap();
        events.len() == 2 && events.iter().all(|one| one["event"]["actor"]["id"] == "second")
    });
    assert_eq!(node.stop(), 0);
}

#[test]
fn a_log_without_the_system_stream_goes_on_and_says_so() {
    let folder = Folder::new();
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/data-1");
    let copied = std::process::Command::new("cp")
        .args(["-r", fixture])
        .arg(folder.path("data"))
        .status()
        .unwrap();
    assert!(copied.success());
    let node = folder.start(&START);
    assert_eq!(submit(&folder, &node, "").code, 0);
    assert_eq!(log(&folder).matches("without the stream `system`").count(), 1);
    let key = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/auditor.key");
    let id = "f583c41d03ce85f288b67ece53eaa9afe605ca80b2fecc146ea35a46e633b873";
    let arguments = ["prove", id, "--node", node.url(), "--key", key, "--out", "o"];
    assert_eq!(folder.run(&arguments).code, 0, "keys are read as before");
}
