//! Every source with its fixture, against a real node.

use std::io::Write as _;
use std::process::Stdio;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::events;
use crate::kit::{Folder, Ran, Running, logged};

/// Imports what has one broken line, and gives what was said.
fn import(folder: &Folder, node: &Running, more: &[&str]) -> Value {
    let arguments = [&["import", "--node", node.url(), "--json"], more].concat();
    folder.fails(&arguments, 1).json()
}

fn counts(said: &Value) -> [u64; 3] {
    ["imported", "duplicates", "failed"].map(|name| said[name].as_u64().unwrap())
}

#[test]
fn each_source_and_then_again_with_nothing_new() {
    let folder = Folder::new();
    let node = folder.node();
    let mut total = 0;
    for (source, file, good, place) in [
        ("syslog", "auth.log", 12, "line 8"),
        ("syslog", "rfc5424.log", 4, "line 3"),
        ("cloudtrail", "cloudtrail.json", 3, "line 22, record 2"),
        ("ocsf", "ocsf.jsonl", 3, "line 3"),
    ] {
        let more = [source, &logged(file), "--state", "sent"];
        let said = import(&folder, &node, &more);
        assert_eq!(counts(&said), [good, 0, 1], "{file}");
        assert_eq!(said["failures"][0]["place"], place);
        let said = import(&folder, &node, &more);
        assert_eq!(counts(&said), [0, good, 1], "{file} again");
        assert_eq!(said["failures"][0]["place"], place);
        total += good;
    }
    let events = events(&folder, &node);
    assert_eq!(u64::try_from(events.len()).unwrap(), total);
    assert!(events.iter().all(|event| event["kind"] == "import"));
    let told = folder.fails(&["import", "ocsf", &logged("ocsf.jsonl"), "--node", node.url()], 1);
    assert!(told.err.contains("line 3: the field \"activity_id\""), "{told:?}");
    assert!(told.out.contains("0 duplicates skipped, 1 failed"), "{told:?}");
}

#[test]
fn cloudevents_and_git_are_remembered_too() {
    let folder = Folder::new();
    let node = folder.node();
    let event = |id| {
        format!("{{\"specversion\":\"1.0\",\"id\":\"{id}\",\"source\":\"/s\",\"type\":\"t\"}}\n")
    };
    std::fs::write(folder.path("events"), event(1) + &event(2) + &event(1)).unwrap();
    let state = ["--node", node.url(), "--state", "sent"];
    let cloudevents = [&["import", "cloudevents", "events"], &state[..]].concat();
    assert_eq!(counts(&folder.json(&cloudevents)), [2, 1, 0]);
    std::fs::write(folder.path("events"), event(3) + &event(2)).unwrap();
    assert_eq!(counts(&folder.json(&cloudevents)), [1, 1, 0]);

    std::fs::create_dir(folder.path("repo")).unwrap();
    super::git(&folder, &["init", "-q"]);
    let git = [&["import", "git", "repo"], &state[..]].concat();
    for expected in [[1, 0, 0], [1, 1, 0]] {
        super::git(&folder, &["commit", "-q", "--allow-empty", "-m", "x"]);
        assert_eq!(counts(&folder.json(&git)), expected);
    }
}

#[test]
fn times_without_year_and_zone_are_of_those_given() {
    let folder = Folder::new();
    let node = folder.node();
    std::fs::write(folder.path("log"), "Jul  1 12:00:00 till-1 cron[7]: done\n").unwrap();
    let import = ["import", "syslog", "log", "--year", "2021", "--node", node.url()];
    for zone in ["Europe/Berlin", "UTC", "UTC+5"] {
        assert!(folder.command(&import).env("TZ", zone).output().unwrap().status.success());
    }
    let times: Vec<_> =
        events(&folder, &node).iter().map(|e| e["time"].as_u64().unwrap()).collect();
    let utc = 1_625_140_800_000;
    let hour = 3_600_000;
    // Where the system knows no zones by name, those are UTC.
    let berlin = std::path::Path::new("/usr/share/zoneinfo/Europe/Berlin").exists();
    assert_eq!(times, [if berlin { utc - 2 * hour } else { utc }, utc, utc + 5 * hour]);
}

#[test]
fn standard_input_and_gzip() {
    let folder = Folder::new();
    let node = folder.node();
    let whole = std::fs::read(logged("cloudtrail.json")).unwrap();
    let whole = serde_json::from_slice::<Value>(&whole).unwrap().to_string();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(whole.as_bytes()).unwrap();
    let zipped = encoder.finish().unwrap();
    std::fs::write(folder.path("trail.json.gz"), &zipped).unwrap();
    let said = import(&folder, &node, &["cloudtrail", "trail.json.gz"]);
    assert_eq!(counts(&said), [3, 0, 1]);

    let arguments = ["import", "cloudtrail", "-", "--node", node.url(), "--json"];
    let mut command = folder.command(&arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    // Two files joined, as `cat` does it.
    child.stdin.take().unwrap().write_all(&[zipped.as_slice(), &zipped].concat()).unwrap();
    let said = Ran::of(child.wait_with_output().unwrap()).json();
    assert_eq!(counts(&said), [6, 0, 2]);
    assert_eq!(said["failures"][1]["place"], "line 1, record 2");
}

#[test]
fn lines_are_kept_for_all_or_for_some() {
    let folder = Folder::new();
    let node = folder.node();
    let line = "2025-03-14T08:27:01Z till-1 till[7]: sale closed";
    std::fs::write(folder.path("log"), format!("{line}\n")).unwrap();
    let import = ["import", "syslog", "log", "--node", node.url(), "--raw"];
    folder.json(&[&import[..], &["public"]].concat());
    folder.json(&[&import[..], &["sealed", "--to", "ann"]].concat());

    let page = folder.json(&["query", "--node", node.url(), "--order", "oldest"]);
    let id = |at: usize| page["events"][at]["id"].as_str().unwrap().to_owned();
    for (at, key) in [(0, None), (1, Some("ann.key"))] {
        let id = id(at);
        let prove = ["prove", &id, "--node", node.url(), "--out", "event.cairn", "--payload"];
        let verify = ["verify", "event.cairn", "--anchor", node.anchor()];
        let key: Vec<_> = key.into_iter().flat_map(|key| ["--key", key]).collect();
        folder.json(&[&prove[..], &key].concat());
        let said = folder.json(&[&verify[..], &key].concat());
        assert_eq!(said["verdict"], "verified");
        if at == 1 {
            let field = json!({"name": "raw", "text": line});
            let said = &said["payload"]["fields"][0];
            assert_eq!((&said["name"], &said["text"]), (&field["name"], &field["text"]));
            continue;
        }
        let public = STANDARD.encode(json!({ "raw": line }).to_string());
        let digest = page["events"][0]["event"]["payload"]["digest"].as_str().unwrap();
        let url = format!("{}/v1/payloads/{digest}", node.url());
        let bytes = ureq::get(&url).call().unwrap().body_mut().read_to_vec().unwrap();
        assert_eq!(STANDARD.encode(bytes), public);
    }
    let ran = folder.fails(&[&import[..], &["sealed", "--to", "nobody"]].concat(), 1);
    assert!(ran.err.contains("nobody") && ran.err.contains("unknown-recipient"), "{ran:?}");
}

#[test]
fn wrong_usage_and_files_that_are_no_state() {
    let folder = Folder::new();
    std::fs::write(folder.path("log"), "2025-03-14T08:27:01Z till-1 till[7]: x\n").unwrap();
    std::fs::write(folder.path("zip"), [0x1f, 0x8b, 8]).unwrap();
    for more in [
        &["syslog"][..],
        &["syslog", "log", "--raw", "sealed"],
        &["syslog", "log", "--raw", "public", "--to", "ann"],
        &["syslog", "log", "--to", "ann"],
        &["syslog", "log", "--year", "25"],
        &["syslog", "-", "--follow"],
        &["ocsf", "zip", "--follow"],
        &["ocsf", ".", "--follow"],
    ] {
        folder.fails(&[&["import"], more].concat(), 2);
    }
    let ran = folder.fails(&["import", "syslog", "log", "--state", "log"], 1);
    assert!(ran.err.contains("log line 1 is not of an import's state file"), "{ran:?}");
    for source in ["git", "cloudevents", "syslog", "cloudtrail", "ocsf"] {
        let ran = folder.run(&["import", source, "--help"]);
        let example = format!("Examples:\n  cairn import {source}");
        assert!(ran.code == 0 && ran.out.contains(&example), "{ran:?}");
    }
}
