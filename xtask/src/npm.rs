//! Node.js: its version, the packages of the browser tests, and running scripts and tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::tools::{self, missing};
use crate::{build, modules};

/// The tests of page and node together, which need npm packages.
pub(crate) const E2E: &str = "tests/e2e";
/// The npm package beside its peers, which are npm packages too.
const BENCH: &str = "tests/bench";
const OLDEST_NODE: u32 = 20;

#[derive(clap::Args)]
pub(crate) struct Bench {
    /// Measure a sixth as long
    #[arg(long)]
    quick: bool,
    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
}

/// `node`, known to be new enough.
pub(crate) fn node() -> Result<Command> {
    let advice = format!("install Node.js {OLDEST_NODE} or newer (nodejs.org)");
    let version = tools::output(Command::new("node").arg("--version"))
        .map_err(|_| missing(format!("`node` does not run; {advice}")))?;
    let version = version.trim();
    let major = version.trim_start_matches('v').split('.').next().unwrap_or_default();
    if major.parse::<u32>().is_ok_and(|major| major >= OLDEST_NODE) {
        Ok(Command::new("node"))
    } else {
        Err(missing(format!("Node.js is {version}, which is too old; {advice}")))
    }
}

/// Installs the packages of the browser tests, unless they are as their lock file says.
pub(crate) fn ensure_packages() -> Result<()> {
    ensure_packages_of(Path::new(E2E))
}

/// The same for any directory with a lock file.
pub(crate) fn ensure_packages_of(dir: &Path) -> Result<()> {
    let lock = dir.join("package-lock.json");
    let wanted = fs::metadata(&lock).and_then(|data| data.modified());
    let wanted = wanted.with_context(|| format!("cannot read {}", lock.display()))?;
    // npm writes this file last.
    let installed = fs::metadata(dir.join("node_modules/.package-lock.json"));
    if installed.and_then(|data| data.modified()).is_ok_and(|installed| installed >= wanted) {
        return Ok(());
    }
    node()?;
    tools::run(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(dir))
}

/// `cargo xtask bench-wasm`: the verify-only module of the npm package, and the verifier's single
/// steps, beside their peers.
pub(crate) fn bench(args: &Bench) -> Result<()> {
    if !Path::new(build::PKG).join("dist/verifier.wasm").is_file() {
        bail!("the npm package is not built; run `cargo xtask build pkg`");
    }
    ensure_packages_of(Path::new(BENCH))?;
    let cases = tools::target("bench-wasm");
    modules::bench(&cases)?;
    let mut command = node()?;
    command
        .arg(Path::new(BENCH).join("wasm.mjs"))
        .env("CAIRN_BENCH_CASES", std::path::absolute(cases)?);
    let flags = [(args.quick, "--quick"), (args.json, "--json")];
    command.args(flags.into_iter().filter_map(|(is_set, flag)| is_set.then_some(flag)));
    tools::run(&mut command)
}

/// A `node --test` over every `*.test.mjs`, `.js` or `.cjs` directly in a directory. The names are
/// given one by one: Node.js 20 takes no pattern.
pub(crate) fn test(dir: &str) -> Result<Command> {
    let files: Vec<PathBuf> = build::files(Path::new(dir))?
        .into_iter()
        .filter(|file| file.parent() == Some(Path::new(dir)) && is_test(file))
        .collect();
    if files.is_empty() {
        bail!("{dir} has no test: no file there ends in `.test.mjs`, `.test.js` or `.test.cjs`");
    }
    let mut command = node()?;
    command.arg("--test").args(files);
    Ok(command)
}

fn is_test(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    [".test.mjs", ".test.js", ".test.cjs"].iter().any(|end| name.ends_with(end))
}
