//! `cairn join`

use std::path::PathBuf;

use cairn_verifier::error::Meaning;
use cairn_verifier::json::Object;
use clap::Args as ClapArgs;

use super::anchor::AnchorArg;
use super::{DEFAULT_NODE, Failure, out};
use crate::join::{self, JoinError, Joined, OldTiles, Step};

const EXAMPLES: &str = "Examples:
  cairn genesis key --dir data
  cairn join --dir data --from https://one.example --anchor genesis:...
  cairn start --dir data

  cairn join --dir data --from https://one.example --anchor checkpoint:...   the log is older than its
                                                                             trust period
  cairn join --dir data --from https://one.example --old-proofs              places of old events too

Everything is checked under the anchor: the node that is asked can only refuse. CAIRN_API_KEY and
CAIRN_CA_FILE are for nodes that want a key, or have a certificate of their own.";

/// Arguments of `join`.
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// A directory that has keys and no log yet (cairn genesis key, cairn genesis join)
    #[arg(long)]
    dir: PathBuf,
    /// A node of the log
    #[arg(long, value_name = "URL", default_value = DEFAULT_NODE)]
    from: String,
    /// Fetch the tiles of older events and blocks too, so that their places can be proven here:
    /// 32 bytes for each there ever was
    #[arg(long)]
    old_proofs: bool,
    #[command(flatten)]
    anchor: AnchorArg,
}

pub(super) fn run(args: &Args, json: bool) -> Result<(), Failure> {
    let client = super::client(&args.from)?;
    let why = "a log is joined under an anchor: say which log you trust with --anchor genesis:... or \
               CAIRN_ANCHOR";
    let anchor = args.anchor.get()?.ok_or_else(|| Failure::Usage(why.to_owned()))?;
    let old = if args.old_proofs { OldTiles::Fetch } else { OldTiles::Leave };
    let bar = out::bar("joining");
    let done = join::join(&args.dir, &client, (anchor, old), &mut |step| match step {
        Step::Header | Step::Check => {}
        Step::Tiles(done, total) | Step::Events(done, total) => {
            bar.set_length(total);
            bar.set_position(done);
        }
    });
    bar.finish_and_clear();
    let joined = done.map_err(|error| failure(&error))?;
    if json {
        out::line(view(&joined));
    } else {
        show(args, &joined);
    }
    Ok(())
}

fn failure(error: &JoinError) -> Failure {
    let meaning = error.meaning();
    let advice = match meaning {
        Some(Meaning::Stale) => {
            "; pin a header that you know from elsewhere to be final: --anchor checkpoint:..."
        }
        _ => "",
    };
    let text = format!("{error}{advice}");
    match meaning {
        Some(Meaning::CouldNotCheck | Meaning::Stale) => Failure::CouldNotCheck(text),
        Some(Meaning::Failed) | None => Failure::Failed(text),
    }
}

fn view(joined: &Joined) -> String {
    Object::new()
        .text("header", joined.header)
        .plain("height", joined.height)
        .plain("events", joined.events)
        .plain("eventsFrom", joined.events_from)
        .plain("eventsKept", joined.events_kept)
        .plain("blocksFrom", joined.blocks_from)
        .plain("handovers", joined.handovers)
        .plain("bytes", joined.bytes)
        .finish()
}

fn show(args: &Args, joined: &Joined) {
    let Joined { header, height, events, events_from, events_kept, blocks_from, .. } = joined;
    let joined_at = out::Color::Green.on_stdout("joined");
    out::line(format_args!("{joined_at} at block {height}, {events} events"));
    out::line(format_args!("  header   {header}"));
    out::line(format_args!(
        "  here     events from {events_from} on and {events_kept} before that the log goes by; \
         blocks from {blocks_from} on, {} handovers",
        joined.handovers
    ));
    out::line(format_args!("  fetched  {} bytes", joined.bytes));
    out::line(format_args!("Start the node:  cairn start --dir {}", args.dir.display()));
}
