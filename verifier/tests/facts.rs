//! The vectors in `tests/vectors/state`, `evidence`, `lists`, `extends` and `wraps`: they are what the generator
//! makes, and each comes to exactly what it states. The browser tests read the same files.
//!
//! `CAIRN_WRITE_VECTORS=1 cargo test -p cairn-verifier --test facts` writes them anew.

#![allow(
    clippy::allow_attributes,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test crate"
)]

mod kit;
#[path = "../../tests/vectors/run.rs"]
mod run;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use kit::facts::{Fact, all};
use serde_json::Value;

const FOLDERS: [&str; 5] = ["evidence", "extends", "lists", "state", "wraps"];

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors").join(name)
}

#[test]
fn the_files_are_what_the_generator_makes() {
    let made: BTreeMap<PathBuf, String> = all()
        .into_iter()
        .map(|Fact { folder: dir, name, json, .. }| {
            (folder(dir).join(format!("{name}.json")), format!("{json:#}\n"))
        })
        .collect();
    assert_eq!(made.len(), all().len(), "two vectors share a name");
    if std::env::var_os("CAIRN_WRITE_VECTORS").is_some() {
        for dir in FOLDERS {
            fs::create_dir_all(folder(dir)).unwrap();
        }
        for (path, text) in &made {
            fs::write(path, text).unwrap();
        }
    }
    let files = FOLDERS.iter().flat_map(|dir| fs::read_dir(folder(dir)).unwrap());
    let found: BTreeMap<PathBuf, String> = files
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), fs::read_to_string(path).unwrap()))
        .collect();
    assert!(made.keys().eq(found.keys()), "other files than the generator makes");
    for (path, text) in &made {
        assert!(found[path] == *text, "{} differs from what the generator makes", path.display());
    }
}

#[test]
fn every_vector_comes_to_what_it_states() {
    for Fact { name, json, .. } in all() {
        let want = json["want"].as_str().map(str::to_owned);
        assert_eq!(Some(run::code(&json)), want.as_deref(), "{name}: {}", json["desc"]);
    }
}

/// No bit of evidence or proof can be flipped in passing: it is refused, or it shows the same.
#[test]
fn every_flipped_byte_is_refused() {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD as BASE64;
    let names = [
        "ok-fork",
        "ok-culprit",
        "ok-writer-conflict",
        "ok-present-key",
        "ok-absent",
        "ok-answer-present",
        "ok-answer-absent",
    ];
    for Fact { name, json, .. } in all().into_iter().filter(|fact| names.contains(&fact.name)) {
        for part in ["answer", "evidence", "record", "end", "proof"] {
            let Some(text) = json[part].as_str() else { continue };
            let bytes = BASE64.decode(text).unwrap();
            // Signatures cost time; a prime step reaches every field.
            for at in (0..bytes.len()).step_by(if bytes.len() > 500 { 7 } else { 1 }) {
                let mut bent = bytes.clone();
                bent[at] ^= 0x10;
                let mut json = json.clone();
                json[part] = Value::from(BASE64.encode(bent));
                assert_ne!(run::code(&json), "ok", "{name}: {part}, byte {at}");
            }
        }
    }
}

/// The table of what went wrong elsewhere names files that are there, and that are refused.
#[test]
fn what_went_wrong_elsewhere_is_refused() {
    let readme = fs::read_to_string(folder("README.md")).unwrap();
    let (_, table) = readme.split_once("## What went wrong elsewhere").unwrap();
    let mut seen = 0;
    for name in table.split('`').skip(1).step_by(2) {
        let folders = ["receipts/", "tree/", "state/", "extends/", "evidence/", "lists/", "wraps/"];
        if !folders.iter().any(|folder| name.starts_with(folder)) {
            continue;
        }
        let text = fs::read_to_string(folder(&format!("{name}.json"))).expect(name);
        let json: Value = serde_json::from_str(&text).unwrap();
        let want = json["wantOpen"].as_str().or_else(|| json["want"].as_str()).unwrap();
        assert_ne!(want, "ok", "{name}");
        seen += 1;
    }
    assert!(seen > 30, "only {seen} vectors are named");
}
