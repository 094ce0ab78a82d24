//! `cairn check`: what is wrong is found with its place, and nothing is changed.

use std::fs;

use cairn_node::check::{CheckOptions, CheckProgress, CheckReport};
use cairn_node::ingest::Submission;
use cairn_node::node::{Node, Options, reindex};

use crate::support::{Log, SECOND, draft, draft_json};

fn check(node: &Node) -> CheckReport {
    node.check(CheckOptions::default(), &mut |_| true)
}

/// 600 events, one of them with a payload, in many segments.
fn filled() -> (Log, Options) {
    let log = Log::new();
    let options = Options { segment_bytes: 20_000, ..Options::default() };
    let node = Node::open(&log.path(), options).unwrap();
    node.submit((0..599).map(|n| draft(&format!("r{n}"))).collect()).unwrap();
    let public = r#"{"type":"t","actor":{"kind":"user","id":"u"},
        "resource":{"kind":"doc","id":"r"},"payload":{"public":"aGVsbG8="}}"#;
    node.submit(vec![Submission::Draft(draft_json(public))]).unwrap();
    assert!(node.wait_size_final(600, SECOND));
    (log, options)
}

#[test]
fn a_whole_log_is_well_and_progress_reaches_the_end() {
    let (log, options) = filled();
    let node = Node::open(&log.path(), options).unwrap();
    let mut last = CheckProgress { done: 0, total: 0 };
    let report = node.check(CheckOptions::default(), &mut |progress| {
        assert!(progress.done >= last.done);
        last = progress;
        true
    });
    assert!(report.is_clean() && !report.is_partial, "{report:?}");
    assert_eq!((report.events, report.payloads, report.payloads_absent), (600, 1, 0));
    assert_eq!(report.blocks, node.status().height + 1);
    assert_eq!(last.done, last.total);
    let stopped = node.check(CheckOptions::default(), &mut |_| false);
    assert!(stopped.is_partial && stopped.events == 0);
}

#[test]
fn damage_of_every_kind_is_found_in_its_place() {
    let (log, options) = filled();
    let files = |part: &str| {
        let mut files: Vec<_> = walk(&log.path().join(part));
        files.sort();
        files
    };
    let segment = files("log/entries").into_iter().find(|file| file.ends_with(".seg")).unwrap();
    let payload = files("payloads").remove(0);
    let tile = log.path().join("tiles/event/0/001").to_str().unwrap().to_owned();
    for (file, at, expected) in [
        (segment.as_str(), 2_000, "damaged at byte"),
        (payload.as_str(), 2, "has other bytes"),
        (tile.as_str(), 99, "does not agree with the log"),
    ] {
        let good = fs::read(file).unwrap();
        let mut bad = good.clone();
        bad[at] ^= 4;
        // Opened before: what happens to a disk later is what a check is for.
        let node = Node::open(&log.path(), options).unwrap();
        fs::write(file, &bad).unwrap();
        let report = check(&node);
        drop(node);
        assert_eq!(report.findings.len(), 1, "{file}: {:?}", report.findings);
        assert!(report.findings[0].contains(expected), "{file}: {:?}", report.findings);
        assert_eq!(fs::read(file).unwrap(), bad, "a check changes nothing");
        fs::write(file, good).unwrap();
    }
    fs::remove_file(&payload).unwrap();
    let report = check(&Node::open(&log.path(), options).unwrap());
    assert!(report.is_clean());
    assert_eq!((report.payloads, report.payloads_absent), (0, 1));
}

#[test]
fn an_index_is_made_again_from_the_log() {
    let (log, options) = filled();
    let before = Node::open(&log.path(), options).unwrap().entry_at(300).unwrap().unwrap();
    let node = reindex(&log.path(), options, None).unwrap();
    assert_eq!(node.entry(&before.id).unwrap().unwrap().index, 300);
    assert!(check(&node).is_clean());
}

fn walk(dir: &std::path::Path) -> Vec<String> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(walk(&path))
        } else {
            files.push(path.to_str().unwrap().to_owned())
        }
    }
    files
}
