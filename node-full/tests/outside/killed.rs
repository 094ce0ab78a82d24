//! `kill -9` of a publishing node and of a replica, in the middle of their work.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::kit::{Log, Place, wait};

struct Running(Child);

impl Drop for Running {
    /// SIGKILL: no handler, no destructor, no flush.
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _gone = self.0.wait();
    }
}

fn start(dir: &Path, more: &[&str]) -> (Running, String) {
    let ready = dir.with_extension("ready");
    // It may not be there.
    let _gone = std::fs::remove_file(&ready);
    let child = Command::new(env!("CARGO_BIN_EXE_cairn"))
        .args(["start", "--listen", "127.0.0.1:0", "--block-time", "20"])
        .args(["--segment-bytes", "100000", "--publish-every", "50", "--dir"])
        .arg(dir)
        .arg("--ready-file")
        .arg(&ready)
        .args(more)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut running = Running(child);
    let mut url = String::new();
    wait("the node is ready", || {
        assert!(running.0.try_wait().unwrap().is_none(), "it ended instead of starting");
        let told = std::fs::read(&ready).ok();
        let told = told.and_then(|told| serde_json::from_slice::<serde_json::Value>(&told).ok());
        url = told.map_or_else(String::new, |told| told["url"].as_str().unwrap().to_owned());
        !url.is_empty()
    });
    (running, url)
}

fn import(url: &str, events: &Path) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cairn"));
    command.args(["import", "cloudevents", "--node", url]).arg(events);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn status(url: &str) -> serde_json::Value {
    let text = cairn_node::http_client::Client::new(url, None).unwrap().json("/v1/status").unwrap();
    serde_json::from_str(&text).unwrap()
}

/// 1,000 commits of a public history, or the file that `CAIRN_TEST_EVENTS` names.
fn events() -> std::path::PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/cloudevents-1000.jsonl");
    std::env::var_os("CAIRN_TEST_EVENTS").map_or(own, Into::into)
}

#[test]
fn a_killed_node_goes_on_publishing_and_a_killed_replica_following() {
    let (log, place) = (Log::new(), Place::new());
    let anchor = log.anchor.to_string();
    let follow = ["--read-only", "--from", &place.url, "--anchor", &anchor];
    let publish = ["--publish", place.url.as_str()];
    let mut size = 0;
    for round in 1..=4 {
        let (node, url) = start(&log.path("data"), &publish);
        let (replica, copy) = start(&log.path("cache"), &follow);
        assert!(status(&copy)["size"].as_u64().unwrap() >= size, "nothing was forgotten");
        let mut importing = import(&url, &events());
        std::thread::sleep(Duration::from_millis(150 * round));
        size = status(&copy)["size"].as_u64().unwrap();
        drop(replica);
        std::thread::sleep(Duration::from_millis(50));
        drop(node);
        // It has lost its node.
        let _gone = importing.kill();
        importing.wait().unwrap();
    }
    let (_node, url) = start(&log.path("data"), &publish);
    assert!(import(&url, &events()).wait().unwrap().success());
    let (_replica, copy) = start(&log.path("cache"), &follow);
    wait("the replica has it all", || {
        let (here, there) = (status(&copy), status(&url));
        assert_eq!(here["replica"].get("refused"), None, "{here}");
        here["head"] == there["head"] && there["published"]["behind"] == 0
    });
    drop((_node, _replica));
    for dir in ["data", "cache"] {
        let check = Command::new(env!("CARGO_BIN_EXE_cairn"))
            .args(["check", "--dir"])
            .arg(log.path(dir))
            .output()
            .unwrap();
        assert!(check.status.success(), "{dir}: {}", String::from_utf8_lossy(&check.stdout));
    }
}
