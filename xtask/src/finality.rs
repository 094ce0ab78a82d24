//! `cargo xtask bench-finality`: four validators of ours beside four of Malachite's own example, on
//! this machine, in turns.
//!
//! The peer is a checkout of <https://github.com/circlefin/malachite>. Its example program agrees on a
//! random number for each height, with Ed25519; ours agrees on events that a writer at each node
//! submits and waits for, so it is given suite 1. Both keep what they decide on disk.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::Value;

use crate::tools::{self, Timer, cargo, output, run};
use crate::{build, say};

/// The package of the example program, and the program.
const PACKAGE: &str = "arc-malachitebft-test-app";
const PROGRAM: &str = "malachitebft-test-app";
/// Where its node 0 says how it is; the others' ports follow. The example has no setting for it.
const METRICS: u16 = 29_000;
/// Heights that are not counted: connections are made in them.
const WARM: u64 = 20;
/// How long the peer has to begin.
const LIMIT: Duration = Duration::from_secs(120);

#[derive(Args)]
pub(crate) struct Finality {
    /// A checkout of Malachite, whose example is built there
    #[arg(long, value_name = "DIR")]
    peer: PathBuf,
    /// How long each of them runs under load, each time
    #[arg(long, value_name = "S", default_value_t = 20)]
    seconds: u64,
    /// How often, in turns
    #[arg(long, value_name = "N", default_value_t = 3)]
    rounds: usize,
}

impl Finality {
    /// With paths that stay right when the current directory changes.
    pub(crate) fn absolute(mut self) -> Result<Self> {
        self.peer = std::path::absolute(&self.peer)?;
        Ok(self)
    }
}

pub(crate) fn bench(args: &Finality) -> Result<()> {
    build::build(build::Part::Node)?;
    let peer = Peer::build(&args.peer)?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 1..=args.rounds {
        let dir = tools::target("bench-finality");
        fs::remove_dir_all(&dir).or_else(gone)?;
        fs::create_dir_all(&dir).with_context(|| dir.display().to_string())?;
        let (one, other) = (our_rate(&dir, args.seconds)?, peer.rate(&dir, args.seconds)?);
        say::line(&format!("{round}: {one:.1} blocks a second; the peer {other:.1}"));
        ours.push(one);
        theirs.push(other);
    }
    let (ours, theirs) = (median(&mut ours), median(&mut theirs));
    say::heading("four validators with Ed25519, median");
    let line = |who: &str, rate: f64| {
        say::line(&format!("{who:<28} {rate:>8.1} blocks a second, {:>7.1} ms each", 1e3 / rate));
    };
    line("cairn", ours);
    line(&peer.name, theirs);
    say::line(&format!("cairn over the peer          {:>8.2}x", ours / theirs));
    Ok(())
}

fn gone(error: std::io::Error) -> std::io::Result<()> {
    if error.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

fn median(rates: &mut [f64]) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Blocks a second of `cairn bench finality`.
fn our_rate(dir: &Path, seconds: u64) -> Result<f64> {
    let program = tools::target("node").join("cairn");
    let mut bench = Command::new(&program);
    bench.args(["--json", "bench", "finality", "--suite", "1", "--events", "50", "--seconds"]);
    let text = output(bench.arg(seconds.to_string()).arg("--dir").arg(dir.join("cairn")))?;
    let report: Value = serde_json::from_str(&text).context("the benchmark's JSON")?;
    let number = |name: &str| {
        report.get(name).and_then(Value::as_f64).with_context(|| format!("no {name} in {text}"))
    };
    Ok(number("loadBlocks")? * 1e3 / number("loadMillis")?)
}

/// Malachite's example program.
struct Peer {
    program: PathBuf,
    name: String,
}

impl Peer {
    fn build(checkout: &Path) -> Result<Self> {
        let code = checkout.join("code");
        if !code.join("Cargo.toml").is_file() {
            bail!("{} is no checkout of Malachite: it has no code/Cargo.toml", checkout.display());
        }
        let mut build = cargo();
        run(build.args(["build", "--release", "--locked", "-p", PACKAGE]).current_dir(&code))?;
        let target = std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| code.join("target"), |dir| code.join(dir));
        let version = output(
            Command::new("git").arg("-C").arg(checkout).args(["describe", "--always", "--tags"]),
        );
        let version =
            version.map_or_else(|_| "unknown version".to_owned(), |v| v.trim().to_owned());
        Ok(Self {
            program: target.join("release").join(PROGRAM),
            name: format!("Malachite {version}"),
        })
    }

    /// Blocks a second of four of its nodes.
    fn rate(&self, dir: &Path, seconds: u64) -> Result<f64> {
        let home = dir.join("peer");
        let mut testnet = Command::new(&self.program);
        testnet.arg("--home").arg(&home).args(["testnet", "--nodes", "4"]);
        run(testnet.stdout(Stdio::null()).stderr(Stdio::null()))?;
        let nodes = (0..4).map(|number| self.start(&home.join(number.to_string())));
        let nodes = Nodes(nodes.collect::<Result<_>>()?);
        let watch = Timer::start();
        while height().unwrap_or(0) < WARM {
            if watch.elapsed() > LIMIT {
                bail!("the peer made no {WARM} blocks in {LIMIT:?}; see {}", home.display());
            }
            sleep(Duration::from_millis(50));
        }
        let (watch, first) = (Timer::start(), height()?);
        sleep(Duration::from_secs(seconds));
        let (blocks, took) = (height()?.saturating_sub(first), watch.elapsed());
        drop(nodes);
        let blocks = u32::try_from(blocks).context("too many blocks")?;
        Ok(f64::from(blocks) / took.as_secs_f64())
    }

    fn start(&self, home: &Path) -> Result<Child> {
        let log = fs::File::create(home.join("log")).context("the peer's log")?;
        let mut start = Command::new(&self.program);
        start.arg("--home").arg(home).args(["start", "--validator"]);
        // It waits 500 ms behind each height unless it has a time to aim at.
        start.env("MALACHITE__TEST__TARGET_TIME", "1ms");
        start.env("MALACHITE__LOGGING__LOG_LEVEL", "error");
        start.stdout(log.try_clone()?).stderr(log);
        start.spawn().with_context(|| format!("cannot start {}", self.program.display()))
    }
}

/// Processes that end when this is dropped.
struct Nodes(Vec<Child>);

impl Drop for Nodes {
    fn drop(&mut self) {
        for node in &mut self.0 {
            // One that ended by itself is not there to be killed.
            let _ended = node.kill().and_then(|()| node.wait());
        }
    }
}

/// The height that the peer's first node works on.
fn height() -> Result<u64> {
    let mut stream = TcpStream::connect(("127.0.0.1", METRICS))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(b"GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    let line = text.lines().find(|line| line.starts_with("malachitebft_core_consensus_height{"));
    let number = line.and_then(|line| line.rsplit(' ').next()?.parse().ok());
    number.context("the peer does not say its height")
}
