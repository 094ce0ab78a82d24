//! `cairn testnet`

use std::path::{Path, PathBuf};
use std::time::Duration;

use cairn_verifier::finality::Suite;
use cairn_verifier::json::Object;
use clap::Args as ClapArgs;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::interval;

use super::{Failure, out};
use crate::init::{InitOptions, MOST_NODES};
use crate::testnet::{self, ADMIN, Plan, Process, Testnet};

const EXAMPLES: &str = "Examples:
  cairn testnet --validators 4 --dir net                 make four nodes and run them until Ctrl-C
  cairn testnet --validators 3 --weights 3,1,1 --dir net
  cairn testnet --validators 4 --dir net --no-run        only make them: cairn start --dir net/node-1
  cairn testnet --validators 4 --dir net --json          one line that says where they are

All nodes listen at free ports of 127.0.0.1, which stand in their settings (net/node-1/cairn.toml). What
node 1 says stands in net/node-1.log. A network of real hosts is made with cairn genesis.";

/// How long a node has until it answers.
const READY: Duration = Duration::from_secs(60);
/// How long it has to end.
const STOP: Duration = Duration::from_secs(60);
/// How often the processes are looked at.
const LOOK: Duration = Duration::from_millis(500);

/// Arguments of `testnet`.
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// How many validators
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=16))]
    validators: u16,
    /// Their voting power, one number each [default: 1 each]
    #[arg(long, value_name = "W,W,...", value_delimiter = ',')]
    weights: Vec<u64>,
    /// An empty directory, or one that does not exist
    #[arg(long)]
    dir: PathBuf,
    /// The suite of their signatures: 1 Ed25519; 2 and 3 with ML-DSA-44 and -65 too
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=3))]
    suite: u8,
    /// How long events wait for a block at most, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 250, value_parser = clap::value_parser!(u64).range(1..=60_000))]
    block_time: u64,
    /// The distance between heights at which the validators may change
    #[arg(long, value_name = "HEIGHTS", default_value_t = crate::init::DEFAULT_GATE)]
    gate: u32,
    /// Make the files and run nothing
    #[arg(long)]
    no_run: bool,
}

pub(super) fn run(args: &Args, json: bool) -> Result<(), Failure> {
    let net = testnet::make(&args.dir, &plan(args)?).map_err(Failure::failed)?;
    if args.no_run {
        tell(&net, json);
        return Ok(());
    }
    let program = std::env::current_exe().map_err(Failure::failed)?;
    let mut processes = Vec::new();
    for (at, node) in (1..).zip(&net.nodes) {
        processes.push(Process::start(&program, at, node).map_err(Failure::failed)?);
    }
    for process in &mut processes {
        process.wait_ready(READY).map_err(Failure::failed)?;
    }
    tell(&net, json);
    let ended = watch(&mut processes);
    for process in &mut processes {
        process.stop(STOP).map_err(Failure::failed)?;
    }
    out::note("stopped");
    ended
}

fn plan(args: &Args) -> Result<Plan, Failure> {
    let count = usize::from(args.validators).min(MOST_NODES);
    let weights = if args.weights.is_empty() { vec![1; count] } else { args.weights.clone() };
    if weights.len() != count {
        let found = weights.len();
        return Err(Failure::Usage(format!("{found} weights for {count} validators")));
    }
    Ok(Plan {
        weights,
        suite: Suite::from_byte(args.suite).unwrap_or(Suite::MlDsa44Ed25519),
        options: InitOptions { gate: args.gate, ..InitOptions::default() },
        settings: format!(
            "block-time = {}\nlog = \"warn,cairn_node=info,cairn_net=info\"\n",
            args.block_time
        ),
        validator: String::new(),
    })
}

/// Says where everything is.
fn tell(net: &Testnet, json: bool) {
    let shown = |path: &Path| path.display().to_string();
    if json {
        let nodes = net.nodes.iter().map(|node| {
            Object::new()
                .text("url", node.url())
                .text("metrics", format!("http://{}/metrics", node.metrics))
                .text("peer", &node.peer)
                .plain("power", node.power)
                .text("dir", shown(&node.dir))
                .text("log", shown(&node.log))
                .finish()
        });
        let view = Object::new().text("anchor", net.anchor).array("nodes", nodes);
        out::line(view.text("adminKey", shown(&net.dir.join(ADMIN))).finish());
        return;
    }
    out::line(format_args!("anchor  {}", net.anchor));
    for (at, node) in (1..).zip(&net.nodes) {
        let (url, power, log) = (node.url(), node.power, shown(&node.log));
        out::line(format_args!("node {at}  {url}  power {power}  {}  {log}", node.peer.id));
    }
    let url = net.nodes.first().map(testnet::Place::url).unwrap_or_default();
    let try_it = "cairn submit --type user.login --actor user:ann --resource app:shop --wait final";
    out::note(format_args!("Try:  {try_it} --node {url}"));
}

/// Waits for a signal, or for a node that ends by itself, which is said; the others go on.
fn watch(processes: &mut [Process]) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(Failure::failed)?.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::failed)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(Failure::failed)?;
        let mut look = interval(LOOK);
        let mut gone = vec![false; processes.len()];
        loop {
            tokio::select! {
                _ = interrupt.recv() => return Ok(()),
                _ = terminate.recv() => return Ok(()),
                _ = look.tick() => {}
            }
            for (process, gone) in processes.iter_mut().zip(&mut gone).filter(|(_, gone)| !**gone) {
                if let Err(error) = process.check() {
                    *gone = true;
                    out::note(&error);
                }
            }
            if gone.iter().all(|gone| *gone) {
                return Err(Failure::Failed("no node is left".to_owned()));
            }
        }
    })
}
