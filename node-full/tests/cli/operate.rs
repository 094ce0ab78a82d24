//! What an operator does: looks at the data, makes the index again, measures, scrapes metrics.

use crate::kit::Folder;

fn get(url: &str) -> String {
    let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).build().into();
    agent.get(url).call().unwrap().body_mut().read_to_string().unwrap()
}

#[test]
fn what_the_node_counts_is_served_on_an_address_of_its_own() {
    let folder = Folder::new();
    folder.json(&["init", "--dir", "data"]);
    let arguments = ["start", "--dir", "data", "--block-time", "20", "--metrics", "127.0.0.1:0"];
    let node = folder.start(&arguments);
    let url = node.text("url").to_owned();
    let event = ["--type", "t", "--actor", "a:b", "--resource", "c:d", "--wait", "final"];
    let submitted = folder.json(&[&["submit", "--node", &url], &event[..]].concat());
    let id = submitted["id"].as_str().unwrap();
    folder.json(&["prove", id, "--node", &url, "--out", "x.cairn"]);
    folder.json(&["query", "--node", &url]);
    let metrics = get(node.text("metrics"));
    for line in [
        "cairn_events_accepted_total 1",
        "cairn_log_size 1",
        "cairn_ready 1",
        "cairn_commit_seconds_count 1",
        "cairn_proof_seconds_count{kind=\"receipt\"} 1",
        "cairn_query_seconds_count{kind=\"page\"} 1",
        "# TYPE cairn_http_request_seconds histogram",
    ] {
        assert!(metrics.lines().any(|found| found == line), "no {line} in\n{metrics}");
    }
    assert!(metrics.contains("route=\"/v1/receipts/{id}\""), "{metrics}");
    assert!(ureq::get(&format!("{url}/metrics")).call().is_err());
}

#[test]
fn a_log_is_checked_and_its_index_made_again() {
    let folder = Folder::new();
    let node = folder.node();
    let event = ["--type", "t", "--actor", "a:b", "--resource", "c:d", "--wait", "final"];
    for _ in 0..3 {
        folder.json(&[&["submit", "--node", node.text("url")], &event[..]].concat());
    }
    let locked = folder.fails(&["check", "--dir", "data"], 1);
    assert!(locked.err.contains("another node is running"), "{locked:?}");
    drop(node);
    let checked = folder.json(&["check", "--dir", "data"]);
    assert_eq!((&checked["events"], checked["findings"].as_array().unwrap().len()), (&3.into(), 0));
    let shown = folder.run(&["check", "--dir", "data"]);
    assert!(shown.out.ends_with("all is well\n"), "{shown:?}");
    assert_eq!(folder.json(&["reindex", "--dir", "data"])["events"], 3);
    let segment = folder.path("data/log/entries/00000000000000000000.seg");
    let mut bytes = std::fs::read(&segment).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    let refused = folder.fails(&["check", "--dir", "data"], 1);
    assert!(refused.err.contains("damaged at byte 48"), "{refused:?}");
    folder.fails(&["check", "--dir", "nowhere"], 1);
}

#[test]
fn old_events_are_forgotten_while_nobody_runs_the_node_or_by_the_node() {
    let folder = Folder::new();
    folder.json(&["init", "--dir", "data"]);
    let start = ["start", "--dir", "data", "--block-time", "20", "--segment-bytes", "20000"];
    let node = folder.start(&start);
    let url = node.text("url").to_owned();
    let lines: String = (0..600)
        .map(|n| {
            format!(
                "{{\"specversion\":\"1.0\",\"id\":\"{n}\",\"source\":\"/s\",\"type\":\"t.happened\"}}\n"
            )
        })
        .collect();
    std::fs::write(folder.path("events.jsonl"), lines).unwrap();
    folder.json(&["import", "cloudevents", "events.jsonl", "--node", &url]);
    let before = folder.json(&["query", "--node", &url, "--order", "oldest", "--limit", "9"]);
    let first = before["events"][8]["id"].as_str().unwrap().to_owned();
    drop(node);

    let command = ["prune", "--dir", "data", "--before"];
    folder.fails(&[&command[..], &["soon"]].concat(), 2);
    std::fs::write(folder.path("data/cairn.toml"), "publish = \"file:///nowhere\"").unwrap();
    let published = folder.fails(&[&command[..], &["2200-01-01T00:00:00Z"]].concat(), 2);
    assert!(published.err.contains("keep-events"), "{published:?}");
    std::fs::remove_file(folder.path("data/cairn.toml")).unwrap();
    let long_ago = folder.run(&[&command[..], &["2020-01-01T00:00:00Z"]].concat());
    assert!(long_ago.out.starts_with("nothing to forget"), "{long_ago:?}");
    let later = ["2200-01-01T00:00:00Z"];
    let dry = folder.json(&[&command[..], &later, &["--dry-run"]].concat());
    let pruned = folder.json(&[&command[..], &later].concat());
    assert_eq!(dry["begin"], pruned["begin"]);
    let begin = pruned["begin"].as_u64().unwrap();
    assert!((100..=512).contains(&begin), "{pruned}");
    assert!(pruned["bytes"].as_u64().unwrap() > 20_000);
    assert_eq!(folder.json(&["check", "--dir", "data"])["findings"], serde_json::json!([]));

    let node = folder.start(&[&start[..], &["--keep-events", "1"]].concat());
    let url = node.text("url").to_owned();
    let page = folder.json(&["query", "--node", &url, "--order", "oldest", "--limit", "1"]);
    assert_eq!(
        (&page["completeFrom"], &page["events"][0]["index"]),
        (&begin.into(), &begin.into())
    );
    let shown = folder.run(&["query", "--node", &url, "--limit", "1"]);
    assert!(shown.err.contains("older ones are not kept here"), "{shown:?}");
    let writer = page["events"][0]["event"]["writer"].as_str().unwrap();
    let all = ["query", "--node", &url, "--stream", "main", "--writer", writer, "--complete"];
    let refused = folder.fails(&[&all[..], &["--anchor", node.anchor()]].concat(), 1);
    assert!(refused.err.contains("state-history-sequence"), "{refused:?}");
    assert!(refused.err.contains(&format!("keeps events from {begin} on")), "{refused:?}");
    let export = ["export", "--node", &url, "--out", "x.cairn-archive"];
    let refused = folder.fails(&[&export[..], &["--from", "0"]].concat(), 1);
    assert!(refused.err.contains("is not kept here any more"), "{refused:?}");
    let exported = folder.json(&export);
    assert!(exported["bytes"].as_u64().unwrap() > 10_000, "{exported}");
    let refused = folder.fails(&["prove", &first, "--node", &url, "--out", "x.cairn"], 1);
    assert!(refused.err.contains("is not kept here any more"), "{refused:?}");
}

#[test]
fn a_machine_is_measured() {
    let folder = Folder::new();
    let measured = folder.json(&["bench", "--events", "1000", "--dir", "bench"]);
    assert_eq!(measured["events"], 1_000);
    for figure in ["perSecond", "appendPerSecond", "checksPerSecond", "proofP99Micros"] {
        assert!(measured[figure].as_u64().unwrap() > 0, "{figure}: {measured}");
    }
    folder.fails(&["bench", "--events", "1000", "--dir", "bench"], 1);
    folder.fails(&["bench", "--events", "0", "--dir", "other"], 2);
    let sparse = folder.json(&["bench", "--leaves", "100000000", "--dir", "sparse"]);
    assert!(sparse["proofP99Micros"].as_u64().unwrap() > 0);
}

#[test]
fn settings_come_from_the_file_and_a_running_node_looks_at_its_data() {
    let folder = Folder::new();
    folder.json(&["init", "--dir", "data"]);
    let file = folder.path("data/cairn.toml");
    std::fs::write(&file, "block-time = 20\nmetrics = \"127.0.0.1:0\"\ncheck-rate = 50\n").unwrap();
    let settings = folder.json(&["config", "check", "--dir", "data"]);
    assert_eq!((&settings["block-time"], &settings["log"]), (&20.into(), &"warn".into()));
    let node = folder.start(&["start", "--dir", "data"]);
    let event = ["--type", "t", "--actor", "a:b", "--resource", "c:d", "--wait", "final"];
    folder.json(&[&["submit", "--node", node.text("url")], &event[..]].concat());
    let has = |line: &str| get(node.text("metrics")).lines().any(|found| found == line);
    for _ in 0..200 {
        if has("cairn_checks_total 1") {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert!(has("cairn_checks_total 1") && has("cairn_check_findings 0"));
    drop(node);
    std::fs::write(&file, "block-tome = 20\n").unwrap();
    for arguments in [&["config", "check", "--dir", "data"][..], &["start", "--dir", "data"]] {
        let refused = folder.fails(arguments, 1);
        assert!(refused.err.contains("block-tome"), "{refused:?}");
    }
    folder.fails(&["start", "--dir", "data", "--config", "other.toml"], 1);
}

#[test]
fn a_backup_is_made_while_the_node_runs_and_brings_the_log_back() {
    let folder = Folder::new();
    let node = folder.node();
    let url = node.text("url").to_owned();
    let event = ["--type", "t", "--actor", "a:b", "--resource", "c:d", "--wait", "final"];
    let submit = |more: &[&str]| {
        let arguments = [&["submit", "--node", &url], &event[..], more].concat();
        folder.json(&arguments)["id"].as_str().unwrap().to_owned()
    };
    let first = submit(&["--seal", "amount=1", "--to", "ann"]);
    let backup = ["backup", "--dir", "data", "--to", "copy", "--with-keys"];
    assert_eq!(folder.json(&backup)["events"], 1);
    let second = submit(&[]);
    let again = folder.json(&backup);
    assert_eq!((&again["events"], &again["payloads"]), (&2.into(), &0.into()));
    let with_keystore = [&backup[..], &["--with-keystore"]].concat();
    let locked = folder.fails(&with_keystore, 1);
    assert!(locked.err.contains("another node is running"), "{locked:?}");
    let anchor = node.text("anchor").to_owned();
    drop(node);
    for (n, name) in ["without-keystore", "with-keystore"].into_iter().enumerate() {
        if n == 1 {
            folder.json(&with_keystore);
        }
        let restored = folder.json(&["restore", "--from", "copy", "--dir", name]);
        assert_eq!(restored["events"], 2);
        let node = folder.start(&["start", "--dir", name, "--block-time", "20"]);
        let url = node.text("url");
        assert_eq!(node.text("anchor"), anchor);
        folder.json(&["prove", &second, "--node", url, "--out", "x.cairn"]);
        folder.json(&["verify", "x.cairn", "--anchor", &anchor]);
        let opened =
            folder.run(&["prove", &first, "--node", url, "--key", "ann.key", "--out", "o"]);
        assert_eq!(opened.code, i32::from(n == 0), "{opened:?}");
        let third = folder.json(&[&["submit", "--node", url], &event[..]].concat());
        // That the key of the first was read, or asked for, is an event of its own.
        assert_eq!(third["index"], 3);
    }
    folder.fails(&["restore", "--from", "copy", "--dir", "with-keystore"], 1);
    folder.fails(&["restore", "--from", "data", "--dir", "elsewhere"], 1);
    folder.fails(&["backup", "--dir", "data", "--to", "with-keystore"], 1);
    folder.fails(&["backup", "--dir", "nowhere", "--to", "other"], 1);

    let blob = walk(&folder.path("copy/payloads")).pop().unwrap();
    let mut bytes = std::fs::read(&blob).unwrap();
    bytes[3] ^= 1;
    std::fs::write(blob, bytes).unwrap();
    let damaged = folder.fails(&["restore", "--from", "copy", "--dir", "third"], 1);
    assert!(damaged.err.contains("its digest is another"), "{damaged:?}");
    folder.fails(&["start", "--dir", "third"], 1);
}

fn walk(dir: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(walk(&path)) } else { files.push(path) }
    }
    files
}
