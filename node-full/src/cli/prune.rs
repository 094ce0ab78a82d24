//! `cairn prune`: forgetting old events.

use std::path::PathBuf;

use cairn_verifier::UnixMillis;
use cairn_verifier::json::Object;
use clap::Args as ClapArgs;

use super::keyring::PassphraseArgs;
use super::start::variable;
use super::{Failure, out};
use crate::clock;
use crate::node::{Node, Options, Pruned};
use crate::settings::Settings;

const EXAMPLES: &str = "Examples:
  cairn export --until 2024-01-01 --payloads --out 2023.cairn-archive
  cairn prune --dir data --before 2024-01-01T00:00:00Z --dry-run
  cairn prune --dir data --before 2024-01-01T00:00:00Z

Events that were final before that time are removed from the disk, in whole segments of the log, with
their payloads and keys. Hashes stay: every proof and every receipt holds as before. So do the events
that the log itself goes by: members, grants, redactions, and the last of each writer. Export an
archive first; there is no way back. The node must not run: a running node does this itself, see
`--keep-events` of `cairn start`.";

/// Arguments of `prune`.
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The data directory
    #[arg(long)]
    dir: PathBuf,
    /// Forget what was final before this time: milliseconds since 1970, or RFC 3339
    #[arg(long, value_name = "TIME")]
    before: String,
    /// Say what would be forgotten, and forget nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

pub(super) fn run(args: &Args, json: bool) -> Result<(), Failure> {
    let before = clock::read(&args.before).ok_or_else(|| {
        Failure::Usage(format!(
            "--before {}: must be milliseconds since 1970 or an RFC 3339 time",
            args.before
        ))
    })?;
    let settings = Settings::read(&args.dir, None, variable, Vec::new());
    if settings.map_err(Failure::failed)?.publish.is_some() {
        return Err(Failure::Usage(
            "this node publishes, and alone knows what of its log is published: let it forget old \
             events itself, with keep-events in its settings"
                .to_owned(),
        ));
    }
    let passphrase = args.passphrase.of(&args.dir)?;
    let node = Node::open_to_look(&args.dir, Options::default(), passphrase.as_ref());
    let node = node.map_err(Failure::failed)?;
    let done = forget(&node, before, args.dry_run);
    node.shutdown();
    show(&done?, args.dry_run, json);
    Ok(())
}

fn forget(node: &Node, before: UnixMillis, is_dry: bool) -> Result<Pruned, Failure> {
    if !is_dry {
        return node.prune_events(before).map_err(Failure::failed);
    }
    let begin = node.prunable(before).map_err(Failure::failed)?;
    let events = begin.saturating_sub(node.begin());
    Ok(Pruned { begin, events, kept: 0, bytes: 0 })
}

fn show(pruned: &Pruned, is_dry: bool, json: bool) {
    let Pruned { begin, events, kept, bytes } = pruned;
    if json {
        let view = Object::new().plain("begin", begin).plain("events", events);
        out::line(view.plain("kept", kept).plain("bytes", bytes).finish());
    } else if *events == 0 {
        out::line(
            "nothing to forget: whole segments of the log are, of 64 MiB, when all of their events \
             are older, have their hashes in full tiles, and are published if any are",
        );
    } else if is_dry {
        out::line(format_args!(
            "would forget at most {events} events; those from {begin} on would stay"
        ));
    } else {
        out::line(format_args!(
            "forgot {events} events ({bytes} bytes), kept {kept} of them that the log goes by; \
             those from {begin} on stay"
        ));
    }
}
