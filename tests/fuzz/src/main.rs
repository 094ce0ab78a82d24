//! Runs targets on stable Rust: what once broke a promise, the seeds, and seeded random changes of
//! them. The same seed gives the same inputs. `cargo xtask test --only fuzz` runs it.
//!
//! ```text
//! cairn-fuzz [--seed N] [--times N] [--verdicts] [TARGET...]    run these targets, or all
//! cairn-fuzz --reproduce FILE TARGET                            run one input
//! ```
//!
//! With `--verdicts` each verdict that a target saw is listed, and how often.
//!
//! ```text
//!            1044 ok
//!             313 trust-other-anchor
//! ```

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use cairn_fuzz::choices::{Choices, Numbers};
use cairn_fuzz::{TARGETS, Target, verdicts};

/// The longest input made here; a longer seed stays as long as it is.
const MAX_LEN: usize = 16 << 10;

struct Args {
    seed: u64,
    /// How many times the usual number of rounds.
    times: usize,
    verdicts: bool,
    reproduce: Option<PathBuf>,
    targets: Vec<Target>,
}

fn main() -> ExitCode {
    let args = match args() {
        Ok(args) => args,
        Err(message) => {
            eprintln!("error: {message}");
            return ExitCode::from(2);
        }
    };
    if let Some(file) = &args.reproduce {
        return reproduce(file, &args.targets);
    }
    println!("seed {}", args.seed);
    println!(
        "{:<20} {:>11} {:>6} {:>8} {:>9}",
        "target", "regressions", "seeds", "random", "seconds"
    );
    let broken = args.targets.iter().filter(|target| !run(target, &args)).count();
    if broken == 0 {
        return ExitCode::SUCCESS;
    }
    println!("{broken} targets broke a promise");
    ExitCode::FAILURE
}

fn args() -> Result<Args, String> {
    let mut args =
        Args { seed: 0, times: 1, verdicts: false, reproduce: None, targets: Vec::new() };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
        let number = |text: String| text.parse().map_err(|_| format!("{text} is no number"));
        match word.as_str() {
            "--seed" => args.seed = number(value()?)?,
            "--times" => {
                args.times =
                    usize::try_from(number(value()?)?).map_err(|error| error.to_string())?;
            }
            "--verdicts" => args.verdicts = true,
            "--reproduce" => args.reproduce = Some(value()?.into()),
            name => {
                let target = Target::find(name);
                args.targets.push(target.ok_or_else(|| format!("no target is named {name}"))?);
            }
        }
    }
    if args.targets.is_empty() {
        args.targets = TARGETS.to_vec();
    }
    Ok(args)
}

fn reproduce(file: &Path, targets: &[Target]) -> ExitCode {
    let [target] = targets else {
        eprintln!("error: --reproduce needs one target");
        return ExitCode::from(2);
    };
    match fs::read(file) {
        Ok(bytes) => (target.run)(&bytes),
        Err(error) => {
            eprintln!("error: {}: {error}", file.display());
            return ExitCode::from(2);
        }
    }
    println!("{} keeps its promises on {}", target.name, file.display());
    ExitCode::SUCCESS
}

/// Runs one target and prints its row; false if a promise was broken.
#[expect(clippy::disallowed_types, reason = "shown to people; no check depends on it")]
fn run(target: &Target, args: &Args) -> bool {
    let start = std::time::Instant::now();
    let regressions = target.regressions();
    let seeds = (target.seeds)();
    let rounds = target.rounds * args.times;
    let known = regressions.iter().map(|(_, bytes)| bytes.clone()).chain(seeds.iter().cloned());
    let mut numbers = Numbers::new(args.seed);
    let random = (0..rounds).map(|_| changed(&seeds, &mut numbers));
    let held = known.chain(random).all(|input| holds(target, &input));
    println!(
        "{:<20} {:>11} {:>6} {rounds:>8} {:>9.1}",
        target.name,
        regressions.len(),
        seeds.len(),
        start.elapsed().as_secs_f64()
    );
    let seen = verdicts::take();
    if args.verdicts {
        let mut seen: Vec<_> = seen.into_iter().collect();
        seen.sort_by_key(|(code, count)| (u64::MAX - count, *code));
        for (code, count) in seen {
            println!("{count:>15} {code}");
        }
    }
    held
}

/// A seed with a few changes.
fn changed(seeds: &[Vec<u8>], numbers: &mut Numbers) -> Vec<u8> {
    let pick = |numbers: &mut Numbers| seeds.get(numbers.below(seeds.len())).cloned();
    let (mut bytes, other) = (pick(numbers).unwrap_or_default(), pick(numbers).unwrap_or_default());
    let limit = bytes.len().max(MAX_LEN);
    for _ in 0..1 << numbers.below(5) {
        let choices = numbers.bytes(64);
        Choices::new(&choices).splice(&mut bytes, &other);
    }
    bytes.truncate(limit);
    bytes
}

/// Whether the target keeps its promises on an input; if not, keeps the input.
fn holds(target: &Target, input: &[u8]) -> bool {
    if catch_unwind(|| (target.run)(input)).is_ok() {
        return true;
    }
    let folder = std::env::var_os("CAIRN_FUZZ_CRASHES").map_or_else(|| ".".into(), PathBuf::from);
    let file = folder.join(format!("{}-{}", target.name, &blake3::hash(input).to_hex()[..16]));
    match fs::create_dir_all(&folder).and_then(|()| fs::write(&file, input)) {
        Ok(()) => println!("{} broke a promise on {}", target.name, file.display()),
        Err(error) => println!("{} broke a promise; {}: {error}", target.name, file.display()),
    }
    false
}
