//! `cargo xtask soak`: everything that takes hours, one after the other, for a night.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::fuzz::{self, Fuzz};
use crate::kill9::{self, Kill9};
use crate::mutate::{self, Mutate};
use crate::say::{self, Verdict};
use crate::sim;
use crate::tools::Timer;

#[derive(Args)]
pub(crate) struct Soak {
    /// Seconds of fuzzing for each target
    #[arg(long, value_name = "N", default_value_t = 600)]
    fuzz_seconds: u32,
    /// How often the node is killed
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    kills: u32,
    /// How often the node is killed together with the machine's power
    #[arg(long, value_name = "N", default_value_t = 300)]
    power_losses: u32,
    /// How many networks of validators are simulated
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    seeds: u64,
    /// How many targets and mutants run at a time
    #[arg(long, value_name = "N", default_value_t = 2)]
    jobs: u16,
}

/// Runs all parts, whatever becomes of one, and says how each went.
pub(crate) fn soak(args: &Soak) -> ExitCode {
    type Part<'a> = (&'static str, Box<dyn FnOnce() -> Result<ExitCode> + 'a>);
    let parts: [Part<'_>; 5] = [
        (
            "kill9",
            Box::new(|| {
                kill9::kill9(&Kill9::rounds(args.kills, false)).map(|()| ExitCode::SUCCESS)
            }),
        ),
        (
            "power",
            Box::new(|| {
                kill9::kill9(&Kill9::rounds(args.power_losses, true)).map(|()| ExitCode::SUCCESS)
            }),
        ),
        ("sim", Box::new(|| sim::long(args.seeds).map(|()| ExitCode::SUCCESS))),
        ("fuzz", Box::new(|| fuzz::fuzz(&Fuzz::all(args.fuzz_seconds, args.jobs.into())))),
        ("mutate", Box::new(|| mutate::mutate(&Mutate::all(args.jobs)))),
    ];
    let mut rows = Vec::new();
    for (name, run) in parts {
        say::heading(name);
        let timer = Timer::start();
        let verdict = match run() {
            Ok(code) if code == ExitCode::SUCCESS => Verdict::Passed,
            Ok(_) => Verdict::Failed,
            Err(error) => {
                say::error(&error);
                Verdict::Failed
            }
        };
        rows.push((name, verdict, timer.elapsed()));
    }
    say::heading("summary");
    let all_passed = rows.iter().all(|(_, verdict, _)| *verdict == Verdict::Passed);
    for (name, verdict, took) in rows {
        say::row(name, verdict, took, "");
    }
    if all_passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
