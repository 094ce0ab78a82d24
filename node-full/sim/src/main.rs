//! `cargo xtask sim`: runs seeds, and says which of them fails and why.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a program for people at a terminal")]

use std::ops::Range;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use cairn_sim::{Calm, Flaw, Kind, Options, Outcome, Seen, run};
use clap::Parser;
use clap::builder::PossibleValuesParser;

const EXAMPLES: &str = "\
A seed decides everything: the same seed and heights print the same hash, on any machine.

Examples:
  cargo xtask sim --seeds 0..300                 three hundred runs
  cargo xtask sim --seeds 17..18 --trace         one run, event by event
  cargo xtask sim --seeds 0..50 --villain liar   fifty runs with this villain
  cargo xtask sim --seeds 0..2 --validators 100 --heights 6
                                                 a hundred validators, with faults
  cargo xtask sim --finality --validators 100    how long finality takes when nobody fails
  cargo xtask sim --broken all                   each defence left out in turn: is it missed?

The exit code is 1 if a run failed, if finality took longer than three delays and the signatures,
or if a defence was left out and nothing was noticed.";

/// Run many validators in one process, with faults
#[derive(Parser)]
#[command(name = "cargo xtask sim", bin_name = "cargo xtask sim", after_help = EXAMPLES)]
struct Cli {
    /// Seeds, the last one left out; every fiftieth run signs with suite 2
    #[arg(long, value_name = "A..B", default_value = "0..300", value_parser = seeds)]
    seeds: Range<u64>,
    /// How many heights must become final in each run
    #[arg(long, value_name = "N", default_value_t = 50)]
    heights: u64,
    /// Print every event
    #[arg(long)]
    trace: bool,
    /// Print each run, not only those that fail
    #[arg(long)]
    list: bool,
    /// Leave a defence out: a name, or `all`
    #[arg(long, value_name = "NAME", value_parser = flaws())]
    broken: Option<String>,
    /// The villain of every run
    #[arg(long, value_name = "NAME", value_parser = villains())]
    villain: Option<String>,
    /// How many validators, instead of the 4 to 7 that a seed draws
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(4..=100))]
    validators: Option<u8>,
    /// One run without faults on links that all take as long: measures finality
    #[arg(long, conflicts_with_all = ["seeds", "broken", "villain"])]
    finality: bool,
    /// With --finality: milliseconds from one validator to another
    #[arg(long, value_name = "MS", default_value_t = 50, requires = "finality")]
    delay: u32,
    /// With --finality: microseconds for making or checking a signature
    #[arg(long, value_name = "US", default_value_t = 100, requires = "finality")]
    signature: u32,
    /// How many runs at a time
    #[arg(long, value_name = "N", default_value_t = 2)]
    jobs: usize,
}

fn flaws() -> PossibleValuesParser {
    PossibleValuesParser::new(Flaw::ALL.map(Flaw::name).into_iter().chain(["all"]))
}

fn villains() -> PossibleValuesParser {
    PossibleValuesParser::new(Kind::ALL.map(Kind::name))
}

fn seeds(text: &str) -> Result<Range<u64>, String> {
    let wanted = || format!("`{text}` is no range: write two numbers as in 0..300");
    let (first, last) = text.split_once("..").ok_or_else(wanted)?;
    let number = |text: &str| text.parse::<u64>().map_err(|_| wanted());
    let (first, last) = (number(first)?, number(last)?);
    if first < last { Ok(first..last) } else { Err(format!("`{text}` has no seed in it")) }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let good = match cli.broken.as_deref() {
        None if cli.finality => is_fast(&cli),
        None => all_hold(&cli),
        Some("all") => Flaw::ALL.into_iter().filter(|flaw| !is_missed(&cli, *flaw)).count() == 0,
        Some(name) => Flaw::named(name).is_some_and(|flaw| is_missed(&cli, flaw)),
    };
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn options(cli: &Cli, seed: u64, flaw: Option<Flaw>) -> Options {
    let villain = cli.villain.as_deref().and_then(Kind::named);
    let validators = cli.validators.map(usize::from);
    let new = Options::new(seed, cli.heights);
    Options { flaw, villain, validators, trace: cli.trace, ..new }
}

/// Measures finality in a network in which nobody fails.
fn is_fast(cli: &Cli) -> bool {
    let (delay, signature) = (u64::from(cli.delay).saturating_mul(1_000), cli.signature.into());
    let calm = Some(Calm { delay, signature });
    let outcome = run(Options { calm, ..options(cli, cli.seeds.start, None) });
    if let Some(finality) = &outcome.finality {
        println!("{finality}");
    }
    if let Some(violation) = &outcome.violation {
        println!("FAILED {violation}");
    }
    outcome.violation.is_none()
}

/// What all runs came to.
#[derive(Default)]
struct Sum {
    failed: Vec<u64>,
    runs: u64,
    heights: u64,
    seen: Seen,
    millis: u64,
    villains: u64,
}

impl Sum {
    fn add(&mut self, seed: u64, outcome: &Outcome) {
        if outcome.violation.is_some() {
            self.failed.push(seed);
        }
        self.runs = self.runs.saturating_add(1);
        self.heights = self.heights.saturating_add(outcome.heights);
        self.seen.add(&outcome.seen);
        self.millis = self.millis.saturating_add(outcome.millis);
        self.villains = self.villains.saturating_add(u64::from(outcome.villain.is_some()));
    }
}

/// Runs the seeds, several at a time; true if every check held.
fn all_hold(cli: &Cli) -> bool {
    let (next, sum) = (AtomicU64::new(cli.seeds.start), Mutex::new(Sum::default()));
    thread::scope(|scope| {
        for _ in 0..cli.jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if !cli.seeds.contains(&seed) {
                        return;
                    }
                    let outcome = run(options(cli, seed, None));
                    report(cli, seed, &outcome);
                    if let Ok(mut sum) = sum.lock() {
                        sum.add(seed, &outcome);
                    }
                }
            });
        }
    });
    let mut sum = sum.into_inner().unwrap_or_default();
    sum.failed.sort_unstable();
    println!(
        "{} runs, {} with a villain: {} heights in {} s of simulated time; {}",
        sum.runs,
        sum.villains,
        sum.heights,
        sum.millis / 1_000,
        sum.seen,
    );
    if !sum.failed.is_empty() {
        println!("{} failed: {:?}", sum.failed.len(), sum.failed);
    }
    sum.failed.is_empty()
}

fn report(cli: &Cli, seed: u64, outcome: &Outcome) {
    let villain = outcome.villain.map_or("", Kind::name);
    if let Some(violation) = &outcome.violation {
        println!("seed {seed} {villain} FAILED {violation}");
        println!("  again: cargo xtask sim --seeds {seed}..{} --trace", seed.saturating_add(1));
    }
    if cli.list || cli.trace || cli.seeds.end.saturating_sub(cli.seeds.start) == 1 {
        println!(
            "seed {seed} {villain} {} heights in {} ms, {}, hash {}",
            outcome.heights, outcome.millis, outcome.seen, outcome.hash
        );
    }
}

/// Leaves a defence out and runs seeds until the failure comes that it keeps away.
fn is_missed(cli: &Cli, flaw: Flaw) -> bool {
    let mut others = 0_u64;
    for seed in cli.seeds.clone() {
        let outcome = run(options(cli, seed, Some(flaw)));
        match outcome.violation {
            Some(violation) if flaw.expected().contains(&violation.failure) => {
                println!("without {:<12} seed {seed}: {violation}", flaw.name());
                return true;
            }
            Some(_) => others = others.saturating_add(1),
            None => {}
        }
    }
    let (first, last) = (cli.seeds.start, cli.seeds.end);
    println!(
        "without {:<12} NOT NOTICED in seeds {first}..{last}; expected {:?}, {others} failed otherwise",
        flaw.name(),
        flaw.expected(),
    );
    false
}
