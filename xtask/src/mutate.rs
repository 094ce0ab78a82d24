//! `cargo xtask mutate`: breaks the verifier in one place at a time and runs its tests. A break
//! that no test notices is a rule that no test holds.

mod explained;
mod lab;
mod sites;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{fs, thread};

use anyhow::{Context, Result, bail};
use clap::Args;

use self::explained::Explained;
use self::lab::{Lab, Outcome};
use self::sites::Mutant;
use crate::say;
use crate::tools::Timer;

const SRC: &str = "verifier/src";
const EXPLAINED: &str = "verifier/mutants.txt";

#[derive(Args)]
pub(crate) struct Mutate {
    /// Break these modules of `verifier/src` only
    #[arg(long, value_name = "MODULE", num_args = 1..)]
    only: Vec<String>,
    /// List the mutants and run none
    #[arg(long)]
    list: bool,
    /// How many to run at a time, each in a copy of its own
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: u16,
}

impl Mutate {
    /// All modules.
    pub(crate) const fn all(jobs: u16) -> Self {
        Self { only: Vec::new(), list: false, jobs }
    }
}

/// Runs the mutants; a failure if one survives that [`EXPLAINED`] does not explain, or if that
/// file explains one that does not survive.
pub(crate) fn mutate(args: &Mutate) -> Result<ExitCode> {
    let mutants = chosen(&args.only)?;
    if args.list {
        for mutant in &mutants {
            say::line(&shown(mutant));
        }
        say::line(&format!("{} mutants", mutants.len()));
        return Ok(ExitCode::SUCCESS);
    }
    let text = fs::read_to_string(EXPLAINED).with_context(|| format!("cannot read {EXPLAINED}"))?;
    let explained = Explained::read(&text)
        .with_context(|| format!("in {EXPLAINED}"))?
        .about(&mutants, |file| Ok(fs::read_to_string(Path::new(SRC).join(file))?));
    let timer = Timer::start();
    let outcomes = run(&mutants, args.jobs)?;
    let clean = report(&mutants, &outcomes, &explained);
    say::line(&format!("{:.0} s", timer.elapsed().as_secs_f64()));
    Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn chosen(only: &[String]) -> Result<Vec<Mutant>> {
    let mut mutants = sites::find(Path::new(SRC))?;
    for name in only {
        if !mutants.iter().any(|mutant| mutant.module() == name) {
            bail!("nothing to break in a module `{name}` of {SRC}");
        }
    }
    mutants.retain(|mutant| only.is_empty() || only.iter().any(|name| name == mutant.module()));
    Ok(mutants)
}

fn shown(mutant: &Mutant) -> String {
    let Mutant { file, line, column, kind, source, .. } = mutant;
    format!("{SRC}/{file}:{line}:{column}: {kind}: {source}")
}

/// Tries every mutant; outcomes in the mutants' order.
fn run(mutants: &[Mutant], jobs: u16) -> Result<Vec<Outcome>> {
    let labs = (1..=jobs).map(|number| Lab::set_up(number, jobs)).collect::<Result<Vec<_>>>()?;
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(vec![Outcome::DoesNotBuild; mutants.len()]);
    let work = |lab: &Lab| -> Result<()> {
        let mut killer: Option<String> = None;
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(mutant) = mutants.get(at) else { return Ok(()) };
            let timer = Timer::start();
            let outcome = lab.try_one(mutant, killer.as_deref())?;
            if let Outcome::Killed { by } = &outcome {
                killer = Some(by.clone());
            }
            say::line(&format!(
                "{:>4}/{} {} in {:.1} s: {}",
                at.saturating_add(1),
                mutants.len(),
                outcome.words(),
                timer.elapsed().as_secs_f64(),
                shown(mutant)
            ));
            let mut outcomes = outcomes.lock().unwrap_or_else(|error| error.into_inner());
            if let Some(place) = outcomes.get_mut(at) {
                *place = outcome;
            }
        }
    };
    thread::scope(|scope| {
        let threads: Vec<_> = labs.iter().map(|lab| scope.spawn(|| work(lab))).collect();
        threads.into_iter().try_for_each(|thread| match thread.join() {
            Ok(result) => result,
            Err(_) => bail!("a thread panicked"),
        })
    })?;
    Ok(outcomes.into_inner().unwrap_or_else(|error| error.into_inner()))
}

/// Prints what survived and what is stale; true if there is nothing to do.
fn report(mutants: &[Mutant], outcomes: &[Outcome], explained: &Explained) -> bool {
    let (mut killed, mut unbuilt, mut survived, mut known) = (0_u32, 0_u32, 0_u32, 0_u32);
    say::heading("survivors");
    for (at, (mutant, outcome)) in mutants.iter().zip(outcomes).enumerate() {
        let count = match (outcome, explained.of(at)) {
            (Outcome::Killed { .. }, _) => &mut killed,
            (Outcome::DoesNotBuild, _) => &mut unbuilt,
            (Outcome::Survived, Some(_)) => &mut known,
            (Outcome::Survived, None) => {
                say::failed(&shown(mutant));
                &mut survived
            }
        };
        *count = count.saturating_add(1);
    }
    let survives = |at| outcomes.get(at) == Some(&Outcome::Survived);
    let stale = explained.stale(survives);
    for text in &stale {
        say::failed(&format!("{EXPLAINED}:{text}"));
    }
    say::line(&format!(
        "{} mutants: {killed} killed, {unbuilt} do not build, {survived} survived, {known} explained",
        mutants.len()
    ));
    survived == 0 && stale.is_empty()
}
