//! `cargo xtask test`: runs the steps and says at the end how each one went.

use std::time::Duration;
use std::{collections::BTreeSet, env};

use anyhow::Result;
use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::say::{self, Verdict};
use crate::steps::{STEPS, Step};
use crate::tools::{Missing, Timer, missing};

#[derive(Args)]
pub(crate) struct Test {
    /// Run these steps only, and `build` if one of them needs it
    #[arg(long, value_name = "NAME", num_args = 1.., value_parser = names())]
    only: Vec<String>,
    /// List the steps and run none
    #[arg(long)]
    list: bool,
}

fn names() -> PossibleValuesParser {
    PossibleValuesParser::new(STEPS.iter().map(|step| step.name))
}

/// How one step went.
struct Outcome {
    name: &'static str,
    verdict: Verdict,
    took: Duration,
    note: String,
}

/// Runs the steps; true if none failed.
pub(crate) fn test(args: &Test) -> bool {
    if args.list {
        for step in &STEPS {
            say::line(&format!("{:<12} {}", step.name, step.about));
        }
        return true;
    }
    let strict = env::var("CAIRN_REQUIRE").is_ok_and(|value| value == "all");
    let timer = Timer::start();
    let mut outcomes: Vec<Outcome> = Vec::new();
    for step in chosen(&args.only) {
        let built = !outcomes.iter().any(|o| o.name == "build" && o.verdict != Verdict::Passed);
        outcomes.push(run(step, built, strict));
    }
    say::heading("summary");
    for o in &outcomes {
        say::row(o.name, o.verdict, o.took, &o.note);
    }
    finish(&outcomes, timer.elapsed())
}

/// The steps named, all of them if none is, with `build` before a step that needs it.
fn chosen(only: &[String]) -> Vec<&'static Step> {
    let named = |step: &&Step| only.is_empty() || only.iter().any(|name| name == step.name);
    let mut names: BTreeSet<&str> = STEPS.iter().filter(named).map(|step| step.name).collect();
    if STEPS.iter().filter(named).any(|step| step.needs_build) {
        names.insert("build");
    }
    STEPS.iter().filter(|step| names.contains(step.name)).collect()
}

fn run(step: &Step, built: bool, strict: bool) -> Outcome {
    say::heading(&format!("{}: {}", step.name, step.about));
    let timer = Timer::start();
    let result: Result<()> = if step.needs_build && !built {
        Err(missing("the build step must pass first"))
    } else {
        (step.run)()
    };
    let took = timer.elapsed();
    let (verdict, note) = match result {
        Ok(()) => (Verdict::Passed, String::new()),
        Err(error) => {
            let not_run = error.is::<Missing>() && !strict;
            let verdict = if not_run { Verdict::NotRun } else { Verdict::Failed };
            (verdict, format!("{error:#}"))
        }
    };
    match verdict {
        Verdict::Passed => say::done(step.name, took),
        Verdict::NotRun => say::not_run(&note),
        Verdict::Failed => say::failed(&note),
    }
    Outcome { name: step.name, verdict, took, note }
}

fn finish(outcomes: &[Outcome], took: Duration) -> bool {
    let count = |verdict| outcomes.iter().filter(|o| o.verdict == verdict).count();
    let (passed, failed, not_run) =
        (count(Verdict::Passed), count(Verdict::Failed), count(Verdict::NotRun));
    let text = format!("{passed} passed, {failed} failed, {not_run} could not run");
    if failed == 0 {
        say::done(&text, took);
    } else {
        say::failed(&text);
    }
    failed == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_brings_the_build_it_needs() {
        let names = |only: &[&str]| {
            let only: Vec<String> = only.iter().map(|&name| name.to_owned()).collect();
            chosen(&only).iter().map(|step| step.name).collect::<Vec<_>>()
        };
        assert_eq!(names(&["e2e", "fmt"]), ["fmt", "build", "e2e"]);
        assert_eq!(names(&["deps"]), ["deps"]);
        assert_eq!(names(&[]).len(), STEPS.len());
    }
}
