//! `cairn bench finality`

use std::path::PathBuf;
use std::time::Duration;

use cairn_verifier::finality::Suite;
use cairn_verifier::json::Object;
use clap::Args as ClapArgs;

use crate::bench::{FinalityPlan, FinalityReport, finality};
use crate::cli::{Failure, out};

const EXAMPLES: &str = "Examples:
  cairn bench finality
  cairn bench finality --validators 4 --suite 1 --events 500 --seconds 30
  cairn bench finality --missed 10000      kill a node, and see how long it needs for 10,000 blocks
  cairn bench finality --json

The directory must be empty or absent; what is written there stays, for you to look at.";

/// Arguments of `bench finality`.
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// How many validators
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=16))]
    validators: u16,
    /// The suite of their signatures: 1 Ed25519; 2 and 3 with ML-DSA-44 and -65 too
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=3))]
    suite: u8,
    /// How many events one after the other
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u64).range(10..=1_000_000))]
    events: u64,
    /// How long each node has a writer
    #[arg(long, value_name = "S", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    seconds: u64,
    /// How many blocks a killed node misses; 0, and none is killed
    #[arg(long, value_name = "N", default_value_t = 0)]
    missed: u64,
    /// An empty directory on the disk to be measured
    #[arg(long, default_value = "cairn-bench-finality")]
    dir: PathBuf,
}

pub(super) fn run(args: &Args, json: bool) -> Result<(), Failure> {
    let plan = FinalityPlan {
        validators: args.validators,
        suite: Suite::from_byte(args.suite).unwrap_or(Suite::MlDsa44Ed25519),
        events: args.events,
        load: Duration::from_secs(args.seconds),
        missed: args.missed,
    };
    let bar = out::bar("");
    let mut observe = |what: &str, done, total| {
        bar.set_length(total);
        bar.set_position(done);
        bar.set_message(what.to_owned());
    };
    let report = finality(&args.dir, &plan, &mut observe);
    bar.finish_and_clear();
    let report = report.map_err(Failure::failed)?;
    if json {
        show_json(&plan, &report);
    } else {
        show(&plan, &report);
    }
    Ok(())
}

/// Tenths of a second's count.
fn tenths(count: u64, time: Duration) -> u128 {
    u128::from(count).saturating_mul(10_000).checked_div(time.as_millis()).unwrap_or(0)
}

fn millis(time: Duration) -> String {
    let tenths = time.as_micros() / 100;
    format!("{}.{} ms", tenths / 10, tenths % 10)
}

fn show(plan: &FinalityPlan, report: &FinalityReport) {
    let line = |what: &str, value: String| out::line(format_args!("{what:<28} {value}"));
    let (blocks, events, time) = report.load;
    let rate = |count| {
        let tenths = tenths(count, time);
        format!("{}.{} a second", tenths / 10, tenths % 10)
    };
    line("validators", format!("{}, {}", plan.validators, plan.suite.name()));
    let times = |(median, p99)| format!("median {}, p99 {}", millis(median), millis(p99));
    line("submit to receipt", times(report.receipt));
    line("a writer at each node", format!("{} blocks, {} events", rate(blocks), rate(events)));
    line("  submit to receipt", times(report.loaded));
    if let Some((missed, answered, caught_up)) = report.recovery {
        let (answered, caught_up) = (millis(answered), millis(caught_up));
        line(
            "killed, and started again",
            format!(
                "{missed} blocks behind; answered after {answered}, had them after {caught_up}"
            ),
        );
    }
}

fn show_json(plan: &FinalityPlan, report: &FinalityReport) {
    let (blocks, events, time) = report.load;
    let mut view = Object::new()
        .plain("validators", plan.validators)
        .plain("suite", plan.suite.byte())
        .plain("events", plan.events)
        .plain("receiptP50Micros", report.receipt.0.as_micros())
        .plain("receiptP99Micros", report.receipt.1.as_micros())
        .plain("loadMillis", time.as_millis())
        .plain("loadBlocks", blocks)
        .plain("loadEvents", events)
        .plain("loadReceiptP50Micros", report.loaded.0.as_micros())
        .plain("loadReceiptP99Micros", report.loaded.1.as_micros());
    if let Some((missed, answered, caught_up)) = report.recovery {
        view = view
            .plain("missedBlocks", missed)
            .plain("answeredMillis", answered.as_millis())
            .plain("caughtUpMillis", caught_up.as_millis());
    }
    out::line(view.finish());
}
