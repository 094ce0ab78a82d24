//! `cargo xtask size`: the bytes of what a browser loads, and ceilings that they stay under.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::{build, npm, say, tools};

/// Something that a browser loads.
struct Artifact {
    name: &'static str,
    /// Files in `pkg`; none stands for the whole page.
    files: &'static [&'static str],
    /// Compressed bytes that it must not exceed: what it had when it was last made smaller or made
    /// to do more, and one percent. Raising one is a decision.
    ceiling: u64,
    /// What the design demands, and what it hopes for, in compressed bytes.
    wanted: Option<(u64, u64)>,
}

const VERIFIER: (u64, u64) = (34_000, 24_000);
const LIGHT_CLIENT: (u64, u64) = (90_000, 70_000);
const PAGE: (u64, u64) = (150_000, 120_000);

const ARTIFACTS: [Artifact; 5] = [
    Artifact {
        name: "verifier",
        files: &["dist/verifier.wasm"],
        ceiling: 47_090,
        wanted: Some(VERIFIER),
    },
    Artifact {
        name: "verifier's scripts",
        files: &[
            "verifier.js",
            "verifier-api.js",
            "dist/integrity.js",
            "error.js",
            "facts.js",
            "fetch.js",
        ],
        ceiling: 2_880,
        wanted: None,
    },
    Artifact {
        name: "light client",
        files: &[
            "dist/light_client_bg.wasm",
            "dist/light_client.js",
            "dist/integrity.js",
            "index.js",
            "api.js",
            "batch.js",
            "client.js",
            "engine.js",
            "error.js",
            "facts.js",
            "fetch.js",
            "host.js",
        ],
        ceiling: 166_050,
        wanted: Some(LIGHT_CLIENT),
    },
    Artifact {
        name: "writing",
        files: &["dist/writer_bg.wasm", "dist/writer.js", "write.js", "write-api.js", "keys.js"],
        ceiling: 84_320,
        wanted: None,
    },
    Artifact { name: "page", files: &[], ceiling: 255_640, wanted: Some(PAGE) },
];

/// Prints every artifact's size. Fails if one exceeds its ceiling.
pub(crate) fn size() -> Result<()> {
    let cells = ["raw", "gzip -9", "brotli 11", "ceiling", "gate", "goal"];
    row("bytes", cells.map(str::to_owned));
    let mut over = Vec::new();
    for artifact in &ARTIFACTS {
        let Artifact { name, ceiling, wanted, .. } = artifact;
        let paths = artifact.paths();
        if let Some(absent) = paths.iter().find(|path| !path.is_file()) {
            say::not_run(&format!("{name}: no {}; run `cargo xtask build`", absent.display()));
            continue;
        }
        let [raw, gzip, brotli] = measure(&paths)?;
        let (gate, goal) = wanted
            .map_or_else(Default::default, |(gate, goal)| (gate.to_string(), goal.to_string()));
        let cells = [raw, gzip, brotli, *ceiling].map(|bytes| bytes.to_string());
        let [raw, gzip, shown, most] = cells;
        row(name, [raw, gzip, shown, most, gate, goal]);
        if brotli > *ceiling {
            over.push(format!("{name} has {brotli} of {ceiling}"));
        }
    }
    if over.is_empty() { Ok(()) } else { bail!("above the ceiling: {}", over.join("; ")) }
}

fn row(name: &str, cells: [String; 6]) {
    let cells = cells.map(|cell| format!("{cell:>10}"));
    say::line(format!("{name:<20}{}", cells.concat()).trim_end());
}

impl Artifact {
    fn paths(&self) -> Vec<PathBuf> {
        if self.files.is_empty() {
            let page = build::ui_dir();
            return build::files(&page).unwrap_or_else(|_| vec![page]);
        }
        self.files.iter().map(|file| Path::new(build::PKG).join(file)).collect()
    }
}

/// The sums over files: raw, gzip and brotli.
fn measure(paths: &[PathBuf]) -> Result<[u64; 3]> {
    let mut script = npm::node()?;
    script.arg("-e").arg(include_str!("size.js")).args(paths);
    let text = tools::output(&mut script)?;
    let sums = text.split_whitespace().map(str::parse).collect::<Result<Vec<u64>, _>>()?;
    sums.try_into().ok().context("the script must print three numbers")
}
