//! Histories brought over.

use std::process::Command;

use serde_json::Value;

use crate::kit::{Folder, Running, thousand};

mod follow;
mod sources;

/// All events of a log, oldest first.
fn events(folder: &Folder, node: &Running) -> Vec<Value> {
    let query = ["query", "--node", node.url(), "--order", "oldest", "--limit", "1000"];
    let page = folder.json(&query);
    let events = page["events"].as_array().unwrap().iter();
    events.map(|event| event["event"].clone()).collect()
}

#[test]
fn a_thousand_cloudevents_and_none_is_lost() {
    let folder = Folder::new();
    let node = folder.node();
    let file = thousand();
    let import = ["import", "cloudevents", file.to_str().unwrap(), "--node", node.url()];
    let said = folder.json(&import);
    assert_eq!((&said["imported"], &said["failed"]), (&1_000.into(), &0.into()));

    let pages = folder.run(&[
        "query",
        "--node",
        node.url(),
        "--json",
        "--all",
        "--order",
        "oldest",
        "--limit",
        "300",
    ]);
    let pages: Vec<Value> = pages.out.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(pages.len(), 4);
    let events: Vec<_> = pages.iter().flat_map(|p| p["events"].as_array().unwrap()).collect();
    let lines = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.len(), lines.len());
    for (event, line) in events.iter().zip(&lines) {
        let event = &event["event"];
        assert_eq!(event["kind"], "import");
        assert_eq!(event["type"], line["type"]);
        assert_eq!(event["actor"]["id"], line["actor"]);
        assert_eq!(event["resource"]["id"], line["subject"]);
        assert_eq!(event["resource"]["parent"], line["source"]);
        assert_eq!(event["metadata"]["id"], line["id"]);
        assert_eq!(event["metadata"]["data.title"], line["data"]["title"]);
        let parents = event["metadata"]["data.parents"].as_str().unwrap();
        assert_eq!(serde_json::from_str::<Value>(parents).unwrap(), line["data"]["parents"]);
    }
}

#[test]
fn bad_lines_are_reported_with_their_numbers() {
    let folder = Folder::new();
    let node = folder.node();
    let good = r#"{"specversion":"1.0","id":"1","source":"/s","type":"t"}"#;
    let long =
        format!(r#"{{"specversion":"1.0","id":"1","source":"/s","type":"{}"}}"#, "x".repeat(200));
    let lines = [good, "{not json", good, "", r#"{"specversion":"1.0"}"#, &long, good].join("\n");
    std::fs::write(folder.path("mixed.jsonl"), lines).unwrap();
    let import = ["import", "cloudevents", "mixed.jsonl", "--node", node.url()];
    let ran = folder.fails(&[&import[..], &["--json"]].concat(), 1);
    let said: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&said["imported"], &said["failed"]), (&3.into(), &3.into()));
    let failures = said["failures"].as_array().unwrap();
    let mut places: Vec<_> = failures.iter().map(|f| f["place"].as_str().unwrap()).collect();
    places.sort_unstable();
    assert_eq!(places, ["line 2", "line 5", "line 6"]);
    let ran = folder.fails(&import, 1);
    assert!(ran.err.contains("line 6") && ran.err.contains("decode-out-of-range"), "{ran:?}");
    assert!(ran.out.contains("imported 3 events") && ran.out.contains("3 failed"), "{ran:?}");

    folder.fails(&["import", "cloudevents", "absent.jsonl", "--node", node.url()], 1);
    let gone = ["import", "cloudevents", "mixed.jsonl", "--node", "http://127.0.0.1:1"];
    let ran = folder.fails(&gone, 1);
    assert!(ran.err.contains("no answer from"), "{ran:?}");
}

fn git(folder: &Folder, arguments: &[&str]) {
    let output = Command::new("git")
        .args(["-c", "user.name=Ann \"x\" Ö", "-c", "user.email=ann@example.org"])
        .args(arguments)
        .current_dir(folder.path("repo"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn a_git_history_in_its_order() {
    let folder = Folder::new();
    let node = folder.node();
    std::fs::create_dir(folder.path("repo")).unwrap();
    let import = ["import", "git", "repo", "--node", node.url()];
    let ran = folder.fails(&import, 1);
    assert!(ran.err.contains("not a git repository"), "{ran:?}");

    git(&folder, &["init", "-q"]);
    let titles = ["first", "second: `quotes` \"and\" ünïcode 🦀", "third"];
    for title in titles {
        git(&folder, &["commit", "-q", "--allow-empty", "-m", title]);
    }
    git(&folder, &["remote", "add", "origin", "https://example.org/team/till.git"]);
    assert_eq!(folder.json(&import)["imported"], 3);
    let page = folder.json(&["query", "--node", node.url(), "--order", "oldest"]);
    let events = page["events"].as_array().unwrap();
    assert_eq!(events.len(), 3);
    for (event, title) in events.iter().zip(titles) {
        let (event, metadata) = (&event["event"], &event["event"]["metadata"]);
        assert_eq!(event["type"], "dev.git.commit.created");
        assert_eq!(event["actor"]["id"], "Ann \"x\" Ö");
        assert_eq!(metadata["title"], title);
        let hash = metadata["hash"].as_str().unwrap();
        assert_eq!(hash.len(), 40);
        assert_eq!(event["resource"]["id"], format!("till@{}", &hash[..12]));
        assert_eq!(event["resource"]["parent"], "repository:till");
    }
    let hash = |at: usize| events[at]["event"]["metadata"]["hash"].clone();
    assert_eq!(events[1]["event"]["metadata"]["parents"], hash(0));
    assert_eq!(events[0]["event"]["metadata"]["parents"], "");
}
