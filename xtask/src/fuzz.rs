//! `cargo xtask fuzz`: the verifier on bytes that nobody honest made, guided by coverage; and the
//! step of `cargo xtask test` that does a little of it on stable Rust.

mod lock;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Mutex;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::tools::{self, cargo, missing};
use crate::{build, say};

const PACKAGE: &str = "tests/fuzz";
pub(crate) const MANIFEST: &str = "tests/fuzz/Cargo.toml";
/// Flags of nightly Rust that count coverage.
const COUNTERS: &str = "tests/fuzz/guided.toml";
/// Longer than any input should take, and less memory than a laptop has.
const LIMITS: [&str; 3] = ["-timeout=20", "-rss_limit_mb=2048", "-print_final_stats=1"];

#[derive(Args)]
pub(crate) struct Fuzz {
    /// Seconds for each target
    #[arg(long, value_name = "N", default_value_t = 60)]
    seconds: u32,
    /// Run these targets only
    #[arg(long, value_name = "NAME", num_args = 1..)]
    target: Vec<String>,
    /// List the targets and run none
    #[arg(long)]
    list: bool,
    /// How many targets run at a time
    #[arg(long, value_name = "N", default_value_t = 1)]
    jobs: usize,
    /// Run one input of one target, on stable Rust
    #[arg(long, value_name = "FILE", requires = "target")]
    reproduce: Option<PathBuf>,
}

impl Fuzz {
    /// All targets, each for so long.
    pub(crate) const fn all(seconds: u32, jobs: usize) -> Self {
        Self { seconds, target: Vec::new(), list: false, jobs, reproduce: None }
    }

    /// With paths that stay right when the current directory changes.
    pub(crate) fn absolute(mut self) -> Result<Self> {
        self.reproduce = self.reproduce.map(std::path::absolute).transpose()?;
        Ok(self)
    }
}

/// One target: its file's name, and the first line of the file.
struct Target {
    name: String,
    about: String,
}

/// What a run found.
#[derive(Default)]
struct Outcome {
    stats: Stats,
    /// The input that broke a promise.
    crash: Option<PathBuf>,
}

/// The last that libFuzzer said of itself.
#[derive(Debug, Default, PartialEq, Eq)]
struct Stats {
    executions: String,
    a_second: String,
    edges: String,
    features: String,
    corpus: String,
}

pub(crate) fn fuzz(args: &Fuzz) -> Result<ExitCode> {
    let targets = chosen(&args.target)?;
    if args.list {
        for target in &targets {
            say::line(&format!("{:<20} {}", target.name, target.about));
        }
        return Ok(ExitCode::SUCCESS);
    }
    lock::same_versions()?;
    if let Some(file) = &args.reproduce {
        let [target] = targets.as_slice() else {
            bail!("--reproduce needs one --target");
        };
        let run = &mut stable();
        return tools::run(run.arg("--reproduce").arg(file).arg(&target.name))
            .map(|()| ExitCode::SUCCESS);
    }
    let program = build_guided()?;
    let queue = Mutex::new(targets.iter());
    let outcomes = Mutex::new(BTreeMap::new());
    let work = || -> Result<()> {
        while let Some(target) = queue.lock().ok().and_then(|mut queue| queue.next()) {
            say::line(&format!("{} for {} seconds", target.name, args.seconds));
            let outcome = run_guided(&program, &target.name, args.seconds)?;
            if let Ok(mut outcomes) = outcomes.lock() {
                outcomes.insert(&target.name, outcome);
            }
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..args.jobs.max(1)).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| match worker.join() {
            Ok(result) => result,
            Err(_) => bail!("a worker panicked"),
        })
    })?;
    let outcomes = outcomes.into_inner().unwrap_or_default();
    Ok(if report(&outcomes)? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The step of `cargo xtask test`: what once failed, the seeds, and some random changes of them.
pub(crate) fn step() -> Result<()> {
    lock::same_versions()?;
    tools::run(&mut stable())
}

/// The program that needs no nightly compiler.
fn stable() -> Command {
    let mut command = cargo();
    command.args(["run", "--release", "--locked", "--manifest-path", MANIFEST, "--target-dir"]);
    command.arg(tools::target("fuzz")).arg("--").env("CAIRN_FUZZ_CRASHES", crashes());
    command
}

fn crashes() -> PathBuf {
    tools::target("fuzz-crashes")
}

/// The targets named, all of them if none is.
fn chosen(names: &[String]) -> Result<Vec<Target>> {
    let files = build::files(&Path::new(PACKAGE).join("src/targets"))?;
    let mut targets = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        let first = text.lines().next().unwrap_or_default();
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        targets.push(Target { name, about: first.trim_start_matches("//! ").to_owned() });
    }
    if let Some(unknown) = names.iter().find(|name| targets.iter().all(|one| one.name != **name)) {
        bail!("no target is named {unknown}; `cargo xtask fuzz --list` shows them");
    }
    targets.retain(|target| names.is_empty() || names.contains(&target.name));
    Ok(targets)
}

/// Builds all targets as one program, with counters for libFuzzer.
fn build_guided() -> Result<PathBuf> {
    let nightly = || {
        let mut command = Command::new("rustup");
        command.args(["run", "nightly"]).env_remove("CARGO").env_remove("RUSTC");
        command
    };
    tools::output(nightly().args(["rustc", "--version"])).map_err(|_| {
        missing(
            "counting coverage needs nightly Rust; run \
             `rustup toolchain install nightly --profile minimal`",
        )
    })?;
    let dir = tools::target("fuzz-guided");
    let mut build = nightly();
    build.args(["cargo", "build", "--release", "--locked", "--manifest-path", MANIFEST]);
    build.args(["--features", "guided", "--bin", "guided", "--config", COUNTERS, "--target-dir"]);
    tools::run(build.arg(&dir))?;
    Ok(std::path::absolute(dir.join("release/guided"))?)
}

/// Runs one target; what it finds new stays in its corpus.
fn run_guided(program: &Path, name: &str, seconds: u32) -> Result<Outcome> {
    let corpus = tools::target("fuzz-corpus").join(name);
    let crashes = crashes().join(name);
    for dir in [&corpus, &crashes] {
        fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    }
    let log = crashes.join("log");
    let status = Command::new(program)
        .env("CAIRN_FUZZ_TARGET", name)
        .env("CAIRN_FUZZ_CORPUS", &corpus)
        .args(LIMITS)
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-artifact_prefix={}/", crashes.display()))
        .arg(&corpus)
        .stderr(File::create(&log).with_context(|| log.display().to_string())?)
        .status()
        .with_context(|| format!("cannot start {}", program.display()))?;
    let log_text = fs::read(&log).with_context(|| log.display().to_string())?;
    let log_text = String::from_utf8_lossy(&log_text);
    let stats = stats(&log_text);
    if status.success() {
        return Ok(Outcome { stats, crash: None });
    }
    let written = "Test unit written to ";
    let Some(file) = log_text.lines().find_map(|line| Some(line.split_once(written)?.1)) else {
        bail!("{name} ended with {status} and no input; see {}", log.display());
    };
    Ok(Outcome { stats, crash: Some(keep(Path::new(file), name)?) })
}

/// Copies an input that broke a promise to where every later run begins with it.
fn keep(file: &Path, target: &str) -> Result<PathBuf> {
    let dir = Path::new(PACKAGE).join("regressions").join(target);
    fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let kept = dir.join(file.file_name().context("libFuzzer names a folder")?);
    fs::copy(file, &kept).with_context(|| format!("cannot write {}", kept.display()))?;
    Ok(kept)
}

/// Reads the last line of the kind `#4096 DONE cov: 12 ft: 34 corp: 5/67b exec/s: 890 rss: 40Mb`.
fn stats(log: &str) -> Stats {
    let last = log.lines().rev().find(|line| line.starts_with('#') && line.contains(" cov: "));
    let words: Vec<&str> = last.unwrap_or_default().split_whitespace().collect();
    let after = |name: &str| {
        let value = words.iter().skip_while(|word| **word != name).nth(1);
        value.copied().unwrap_or("-").to_owned()
    };
    let count = log.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    let first = || words.first().map_or("-", |word| word.trim_start_matches('#'));
    Stats {
        executions: count.map_or_else(first, str::trim).to_owned(),
        a_second: after("exec/s:"),
        edges: after("cov:"),
        features: after("ft:"),
        corpus: after("corp:").split('/').next().unwrap_or_default().to_owned(),
    }
}

/// Prints the table; true if no promise was broken.
fn report(outcomes: &BTreeMap<&String, Outcome>) -> Result<bool> {
    say::heading("summary");
    let row = |cells: [&str; 7]| {
        let [name, executions, a_second, edges, features, corpus, result] = cells;
        let numbers =
            format!("{executions:>11} {a_second:>8} {edges:>7} {features:>8} {corpus:>7}");
        say::line(&format!("{name:<20} {numbers}  {result}"));
    };
    row(["target", "executions", "a second", "edges", "features", "corpus", "result"]);
    for (name, Outcome { stats, crash }) in outcomes {
        let result = if crash.is_some() { "BROKEN" } else { "ok" };
        let Stats { executions, a_second, edges, features, corpus } = stats;
        row([name.as_str(), executions, a_second, edges, features, corpus, result]);
    }
    let broken = outcomes.iter().filter_map(|(name, one)| Some((name, one.crash.as_ref()?)));
    let mut held = true;
    for (name, file) in broken {
        held = false;
        let log = crashes().join(name.as_str()).join("log");
        say::failed(&format!("{name} breaks a promise on {}", file.display()));
        say::line(&format!("  cargo xtask fuzz --target {name} --reproduce {}", file.display()));
        say::line(&format!("  {}", log.display()));
    }
    Ok(held)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_counts() {
        let log = "INFO: seed corpus\n#2\tINITED cov: 10 ft: 11 corp: 1/1b exec/s: 0 rss: 29Mb\n\
                   #900\tDONE   cov: 12 ft: 34 corp: 5/67b lim: 4 exec/s: 450 rss: 40Mb\n\
                   stat::number_of_executed_units: 901\n";
        let text = |text: &str| text.to_owned();
        let want = Stats {
            executions: text("901"),
            a_second: text("450"),
            edges: text("12"),
            features: text("34"),
            corpus: text("5"),
        };
        assert_eq!(stats(log), want);
        assert_eq!(stats("").executions, "-");
    }
}
