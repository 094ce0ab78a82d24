//! `cairn check` and `cairn reindex`: looking at a data directory, and making again what is derived.

use std::path::PathBuf;

use cairn_verifier::json::Object;
use clap::Args as ClapArgs;

use super::keyring::PassphraseArgs;
use super::{Failure, out};
use crate::check::{CheckOptions, CheckProgress, CheckReport};
use crate::node::{Node, Options, reindex};

const EXAMPLES: &str = "Examples:
  cairn check --dir data
  cairn check --dir data --rate 20 --json

Every frame, event, signature, block, tile, payload and key record is looked at; nothing is changed.
Exit code 1 if something is wrong. The node must not run: a running node checks itself, see
`cairn start --help`.";

/// Arguments of `check`.
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The data directory
    #[arg(long)]
    dir: PathBuf,
    /// At most this many megabytes a second; as fast as it goes if not said
    #[arg(long, value_name = "MB", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    rate: Option<u64>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

pub(super) fn run(args: &Args, json: bool) -> Result<(), Failure> {
    let passphrase = args.passphrase.of(&args.dir)?;
    let node = Node::open_to_look(&args.dir, Options::default(), passphrase.as_ref());
    let node = node.map_err(Failure::failed)?;
    let bar = out::bar("events and blocks");
    let bytes_per_second = args.rate.map(|rate| rate.saturating_mul(1_000_000));
    let report = node.check(CheckOptions { bytes_per_second }, &mut |progress: CheckProgress| {
        bar.set_length(progress.total);
        bar.set_position(progress.done);
        true
    });
    bar.finish_and_clear();
    node.shutdown();
    if json {
        show_json(&report)
    } else {
        show(&report)
    }
    if report.is_clean() { Ok(()) } else { Err(Failure::Said(1)) }
}

fn show_json(report: &CheckReport) {
    let text = |what: &String| serde_json::Value::from(what.as_str()).to_string();
    let view = Object::new()
        .plain("events", report.events)
        .plain("pruned", report.pruned)
        .plain("blocks", report.blocks)
        .plain("payloads", report.payloads)
        .plain("payloadsAbsent", report.payloads_absent)
        .plain("keyRecords", report.key_records)
        .array("findings", report.findings.iter().map(text));
    out::line(view.finish());
}

fn show(report: &CheckReport) {
    for what in &report.findings {
        out::line(format_args!("{} {}", out::Color::Red.on_stdout("wrong"), out::shown(what)));
    }
    if report.pruned != 0 {
        out::line(format_args!("{} older events are not kept here any more", report.pruned));
    }
    out::line(format_args!(
        "checked {} events, {} blocks, {} payloads ({} absent), {} key records: {}",
        report.events,
        report.blocks,
        report.payloads,
        report.payloads_absent,
        report.key_records,
        match report.findings.len() {
            0 => "all is well".to_owned(),
            1 => "1 finding".to_owned(),
            count => format!("{count} findings"),
        }
    ));
}

const REINDEX_EXAMPLES: &str = "Examples:
  cairn reindex --dir data

The index and the trees' tiles are derived from the log. This removes the index, makes it again, and
compares every tile with the log. Events, keys and payloads are not touched.";

/// Arguments of `reindex`.
#[derive(Debug, ClapArgs)]
#[command(after_help = REINDEX_EXAMPLES)]
pub(super) struct ReindexArgs {
    /// The data directory
    #[arg(long)]
    dir: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

pub(super) fn run_reindex(args: &ReindexArgs, json: bool) -> Result<(), Failure> {
    let passphrase = args.passphrase.of(&args.dir)?;
    let node = reindex(&args.dir, Options::default(), passphrase.as_ref());
    let node = node.map_err(Failure::failed)?;
    let status = node.status();
    node.shutdown();
    if json {
        out::line(Object::new().plain("events", status.accepted).finish());
    } else {
        out::line(format_args!(
            "indexed {} events, {} blocks",
            status.accepted,
            status.height.saturating_add(1)
        ));
    }
    Ok(())
}
