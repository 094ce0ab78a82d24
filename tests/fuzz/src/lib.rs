//! Fuzz targets: every decoder and every check of the verifier, and what validators hear from each
//! other, on bytes that nobody honest made.
//!
//! A *target* is a file in `targets/`, whose name is the target's: `run` takes any bytes and panics
//! if a promise is broken, `seeds` gives some to begin with. There are two kinds.
//!
//! - A decoder's target decodes the bytes. Whatever decodes must encode to the same bytes again
//!   ([`again`]), so that one value has one encoding.
//! - A check's target takes the bytes as [`Choices`]: which honest log to take ([`world`]), what to
//!   put in another place, what to change and sign anew with the real keys ([`forge`]). The verdict,
//!   to the error code, must be that of the [`model`]: SPEC.md written a second time, slowly, which
//!   knows a signature because it can make it, and a proof because it builds the tree.
//!
//! What one validator hears from others ([`validators`]) is given to a real host, among whose peers
//! one is bad.
//!
//! One program runs them on stable Rust with seeded random changes (`main.rs`, a step of
//! `cargo xtask test`), the other is guided by coverage (`guided.rs`, `cargo xtask fuzz`). An input
//! that once broke a promise stays in `regressions/<target>/`, and both run it first.

pub mod again;
pub mod choices;
pub mod final_headers;
pub mod forge;
pub mod model;
pub mod oracles;
pub mod seeds;
mod targets;
pub mod validators;
pub mod verdicts;
pub mod world;

#[path = "../../../verifier/tests/kit/mod.rs"]
pub mod kit;

pub use choices::Choices;
pub use targets::TARGETS;

use std::path::PathBuf;

/// One fuzz target.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, which is its file's.
    pub name: &'static str,
    /// Runs one input; panics if a promise is broken.
    pub run: fn(&[u8]),
    /// Inputs to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// How many random inputs take about a second or two.
    pub rounds: usize,
}

impl Target {
    /// The target with this name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        TARGETS.iter().find(|target| target.name == name).copied()
    }

    /// Inputs that once broke a promise, with their files.
    #[must_use]
    pub fn regressions(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("regressions").join(self.name);
        let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
            .map(|entries| entries.filter_map(|entry| Some(entry.ok()?.path())).collect())
            .unwrap_or_default();
        files.sort();
        files
            .into_iter()
            .filter_map(|file| Some((file.clone(), std::fs::read(file).ok()?)))
            .collect()
    }
}
