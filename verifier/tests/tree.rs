//! The vectors of the trees: they are what the generators make, and each gives exactly the verdict
//! it states. `tests/vectors/tree` is also run in a browser, and `tests/vectors/rfc6962` is in the
//! format that other implementations of that tree use; `cargo xtask vectors` reads it.
//!
//! `CAIRN_WRITE_VECTORS=1 cargo test -p cairn-verifier --test tree` writes them anew.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test crate"
)]

#[path = "tree/forest.rs"]
mod forest;
#[path = "tree/line.rs"]
mod line;
#[path = "tree/rfc6962.rs"]
mod rfc6962;
#[path = "tree/run.rs"]
mod run;
#[path = "tree/tiles.rs"]
mod tiles;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Vectors by their path below the folder.
type Cases = BTreeMap<String, Value>;

fn tree_cases() -> Cases {
    [forest::cases(), line::cases(), tiles::cases()].into_iter().flatten().collect()
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors").join(name)
}

/// All files below a folder, by their paths from there.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut left = vec![folder.to_owned()];
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            let name = path.strip_prefix(folder).unwrap().to_str().unwrap().replace('\\', "/");
            found.insert(name, std::fs::read_to_string(&path).unwrap());
        }
    }
    found
}

fn expect_files(folder: &Path, cases: &Cases) {
    let made = cases.iter().map(|(name, case)| (format!("{name}.json"), format!("{case:#}\n")));
    let made: BTreeMap<String, String> = made.collect();
    if std::env::var_os("CAIRN_WRITE_VECTORS").is_some() {
        for (name, text) in &made {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
    }
    let found = files(folder);
    assert!(made.keys().eq(found.keys()), "other files than the generator makes");
    for (name, text) in &made {
        assert!(found[name] == *text, "{name} differs from what the generator makes");
    }
}

#[test]
fn the_files_are_what_the_generators_make() {
    expect_files(&folder("tree"), &tree_cases());
    expect_files(&folder("rfc6962"), &rfc6962::cases());
}

#[test]
fn every_tree_vector_gives_its_verdict() {
    for (name, case) in tree_cases() {
        assert_eq!(run::verdict(&case), case["want"], "{name}: {}", case["desc"]);
    }
}

#[test]
fn every_code_of_a_tree_has_a_vector() {
    let wanted: Vec<Value> = tree_cases().into_values().map(|case| case["want"].clone()).collect();
    // Bytes cannot say `peaks-count`, and no tree here is full.
    for code in [
        "consistency-new-root-mismatch",
        "consistency-old-is-larger",
        "consistency-old-root-mismatch",
        "consistency-proof-length",
        "inclusion-empty-tree",
        "inclusion-leaf-out-of-range",
        "inclusion-no-leaves",
        "inclusion-not-ascending",
        "inclusion-proof-length",
        "inclusion-root-mismatch",
        "peaks-root-mismatch",
        "peaks-size",
        "tile-leaf-mismatch",
        "tile-mismatch",
        "tile-missing",
        "tile-root-mismatch",
        "tile-width",
    ] {
        assert!(wanted.iter().any(|want| want == code), "{code}");
    }
}
