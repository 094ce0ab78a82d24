//! `cairn bench`

mod finality;

use std::path::PathBuf;
use std::time::Duration;

use cairn_verifier::json::Object;
use clap::{Args as ClapArgs, Subcommand};

use super::{Failure, out};
use crate::bench::{self, BenchReport};

const EXAMPLES: &str = "Examples:
  cairn bench
  cairn bench --events 1000000 --dir /mnt/log-disk/bench
  cairn bench --json
  cairn bench --publish file:///mnt/log-disk/bucket
  cairn bench --leaves 1000000000          proofs alone, of a tree that is not all there
  cairn bench finality --validators 4      several validators, each a process

The directory must be empty or absent; what is written there stays, for you to look at. It takes
about 5 kB an event.";

/// Arguments of `bench`.
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    #[command(subcommand)]
    what: Option<What>,
    /// How many events
    #[arg(long, value_name = "N", default_value_t = 100_000,
          value_parser = clap::value_parser!(u64).range(1_000..=1_000_000_000))]
    events: u64,
    /// Time proofs of a tree of so many leaves instead, of which only some tiles are written
    #[arg(long, value_name = "N", conflicts_with = "events",
          value_parser = clap::value_parser!(u64).range(1_000..=1_000_000_000_000))]
    leaves: Option<u64>,
    /// Publish the events as well, to an empty place (s3://bucket/prefix or file:///directory), and
    /// load them into a replica
    #[arg(long, value_name = "URL", conflicts_with = "leaves")]
    publish: Option<String>,
    /// An empty directory on the disk to be measured
    #[arg(long, default_value = "cairn-bench")]
    dir: PathBuf,
}

#[derive(Debug, Subcommand)]
enum What {
    /// How long finality by several validators takes, each a process of this machine
    Finality(finality::Args),
}

pub(super) fn run(args: &Args, json: bool) -> Result<(), Failure> {
    if let Some(What::Finality(args)) = &args.what {
        return finality::run(args, json);
    }
    let bar = out::bar("");
    let mut observe = |what: &str, done, total| {
        bar.set_length(total);
        bar.set_position(done);
        bar.set_message(what.to_owned());
    };
    if let Some(leaves) = args.leaves {
        let measured = bench::sparse(&args.dir, leaves, &mut observe).map_err(Failure::failed)?;
        bar.finish_and_clear();
        show_sparse(leaves, measured, json);
        return Ok(());
    }
    let report = bench::bench(&args.dir, args.events, args.publish.as_deref(), &mut observe);
    bar.finish_and_clear();
    let report = report.map_err(Failure::failed)?;
    if json {
        show_json(&report)
    } else {
        show(&report)
    }
    Ok(())
}

fn show_sparse(leaves: u64, measured: bench::Sparse, json: bool) {
    let ((median, p99), again) = (measured.first, measured.again);
    if json {
        let view = Object::new().plain("leaves", leaves).plain("proofMicros", median.as_micros());
        let view = view.plain("proofP99Micros", p99.as_micros());
        let view = view.plain("againMicros", again.0.as_micros());
        out::line(view.plain("againP99Micros", again.1.as_micros()).finish());
    } else {
        let (median, p99) = (time(median), time(p99));
        out::line(format_args!("inclusion among {leaves} leaves: median {median}, p99 {p99}"));
        let (median, p99) = (time(again.0), time(again.1));
        out::line(format_args!("again, from memory: median {median}, p99 {p99}"));
    }
}

fn show(report: &BenchReport) {
    let slower = report.append_per_second.min(report.checks_per_second);
    let line = |what: &str, value: String| out::line(format_args!("{what:<28} {value}"));
    line("events", format!("{} of {} bytes", report.events, report.mean_bytes));
    line("ingest until final", format!("{} a second", report.per_second));
    line("  first tenth, last tenth", {
        let (first, last) = (report.first_per_second, report.last_per_second);
        format!("{first}, {last}: {}", ratio(last, first))
    });
    line("bare append and sync", {
        let bare = report.append_per_second;
        format!("{bare} a second; the node {}", ratio(report.per_second, bare))
    });
    line("bare signature checks", {
        let bare = report.checks_per_second;
        format!("{bare} a second; the node {}", ratio(report.per_second, bare))
    });
    line("of the slower of both", ratio(report.per_second, slower));
    for (what, (median, p99)) in [
        ("inclusion proof", report.proof),
        ("whole receipt", report.receipt),
        ("query, page of 50", report.query),
    ] {
        line(what, format!("median {}, p99 {}", time(median), time(p99)));
    }
    line("storage over the events", format!("{} bytes an event", report.overhead));
    line("memory at most", format!("{} MB", report.memory / 1_000_000));
    line("opening again", time(report.reopen));
    if let Some((publish, replica)) = report.outside {
        line("published", format!("{publish} events a second"));
        line("into a replica", format!("{replica} events a second, all checked"));
    }
}

fn show_json(report: &BenchReport) {
    let micros = |time: Duration| time.as_micros();
    let mut view = Object::new()
        .plain("events", report.events)
        .plain("meanBytes", report.mean_bytes)
        .plain("perSecond", report.per_second)
        .plain("firstPerSecond", report.first_per_second)
        .plain("lastPerSecond", report.last_per_second)
        .plain("appendPerSecond", report.append_per_second)
        .plain("checksPerSecond", report.checks_per_second)
        .plain("proofP99Micros", micros(report.proof.1))
        .plain("receiptP99Micros", micros(report.receipt.1))
        .plain("queryP99Micros", micros(report.query.1))
        .plain("overheadBytes", report.overhead)
        .plain("memoryBytes", report.memory)
        .plain("reopenMicros", micros(report.reopen));
    if let Some((publish, replica)) = report.outside {
        view = view.plain("publishPerSecond", publish).plain("replicaPerSecond", replica);
    }
    out::line(view.finish());
}

/// Two figures as a ratio with two digits.
fn ratio(of: u64, to: u64) -> String {
    let hundredths = of.saturating_mul(100).checked_div(to).unwrap_or(0);
    format!("{}.{:02}x", hundredths / 100, hundredths % 100)
}

fn time(time: Duration) -> String {
    let micros = time.as_micros();
    if micros < 10_000 { format!("{micros} µs") } else { format!("{} ms", micros / 1_000) }
}
