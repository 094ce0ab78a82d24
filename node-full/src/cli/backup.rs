//! `cairn backup` and `cairn restore`

use std::path::PathBuf;

use cairn_verifier::json::Object;
use clap::Args as ClapArgs;

use super::keyring::PassphraseArgs;
use super::{Failure, out};
use crate::backup::{self, BackupReport, BackupWith};
use crate::check::CheckOptions;
use crate::node::{Node, Options};

const EXAMPLES: &str = "Examples:
  cairn backup --dir data --to /mnt/backup
  cairn backup --dir data --to /mnt/backup --with-keys

It can be made while the node runs, and made again to add what is new. Without its key store a backup
opens no sealed payload that is not wrapped for someone in a receipt; with it, what is erased later
stays in the backup.";

/// Arguments of `backup`.
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The data directory
    #[arg(long)]
    dir: PathBuf,
    /// An empty directory, or an older backup of the same log
    #[arg(long)]
    to: PathBuf,
    /// The node's secret keys too: who has them can sign as this node
    #[arg(long)]
    with_keys: bool,
    /// Salts and wraps too; the node must not run
    #[arg(long)]
    with_keystore: bool,
}

pub(super) fn run(args: &Args, json: bool) -> Result<(), Failure> {
    let with = BackupWith { keys: args.with_keys, key_store: args.with_keystore };
    let bar = out::bar("payloads");
    let done = backup::backup(&args.dir, &args.to, with, &mut |count| bar.set_position(count));
    bar.finish_and_clear();
    let report = done.map_err(Failure::failed)?;
    show(&report, json);
    Ok(())
}

fn show(report: &BackupReport, json: bool) {
    let BackupReport { blocks, events, payloads, bytes } = report;
    if json {
        let view = Object::new().plain("blocks", blocks).plain("events", events);
        out::line(view.plain("payloads", payloads).plain("bytes", bytes).finish());
    } else {
        out::line(format_args!(
            "{events} events in {blocks} blocks; copied {payloads} payloads, {bytes} bytes in all"
        ));
    }
}

const RESTORE_EXAMPLES: &str = "Examples:
  cairn restore --from /mnt/backup --dir data
  cairn restore --from /mnt/backup --dir data --keys /mnt/safe/keys

Everything that was restored is looked at before this ends, as by `cairn check`. Never run two nodes
with one validator's key: the log would fork, and everyone could prove it.";

/// Arguments of `restore`.
#[derive(Debug, ClapArgs)]
#[command(after_help = RESTORE_EXAMPLES)]
pub(super) struct RestoreArgs {
    /// The backup
    #[arg(long)]
    from: PathBuf,
    /// An empty directory, or one that does not exist
    #[arg(long)]
    dir: PathBuf,
    /// A directory with the node's keys, if the backup has none
    #[arg(long)]
    keys: Option<PathBuf>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

pub(super) fn run_restore(args: &RestoreArgs, json: bool) -> Result<(), Failure> {
    let bar = out::bar("payloads");
    let keys = args.keys.as_deref();
    let done = backup::restore(&args.from, &args.dir, keys, &mut |count| bar.set_position(count));
    bar.finish_and_clear();
    let report = done.map_err(Failure::failed)?;
    let passphrase = args.passphrase.of(&args.dir)?;
    let node = Node::open_to_look(&args.dir, Options::default(), passphrase.as_ref());
    let node = node.map_err(Failure::failed)?;
    let bar = out::bar("events and blocks");
    let checked = node.check(CheckOptions::default(), &mut |progress| {
        bar.set_length(progress.total);
        bar.set_position(progress.done);
        true
    });
    bar.finish_and_clear();
    node.shutdown();
    show(&report, json);
    for what in &checked.findings {
        out::note(format_args!("wrong: {}", out::shown(what)));
    }
    if checked.is_clean() { Ok(()) } else { Err(Failure::Said(1)) }
}
