//! `cairn export`, and checking what it wrote.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write as _};
use std::path::{Path, PathBuf};

use cairn_verifier::TrustAnchor;
use cairn_verifier::UnixMillis;
use cairn_verifier::error::Meaning;
use cairn_verifier::json::{self, Object};
use clap::Args as ClapArgs;

use super::{DEFAULT_NODE, Failure, out};
use crate::archive::{self, ArchiveError, ArchiveFact};
use crate::clock;
use crate::http_client::{Client, percent};

const EXAMPLES: &str = "Examples:
  cairn export --out log.cairn-archive --anchor genesis:...
  cairn export --out june.cairn-archive --since 2026-06-01T00:00:00Z --until 2026-07-01T00:00:00Z
  cairn export --out some.cairn-archive --from 100 --to 200 --payloads
  cairn verify june.cairn-archive --anchor genesis:...

An archive holds every event of some blocks, and what shows that it does. Sealed payloads stay sealed
in it: it holds no keys. With --base header:... it can be checked for ever, without a clock.";

/// Arguments of `export`.
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The node
    #[arg(long, value_name = "URL", default_value = DEFAULT_NODE)]
    node: String,
    /// Where to write the archive
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The first block, by height
    #[arg(long, value_name = "HEIGHT", conflicts_with_all = ["since", "until"])]
    from: Option<u64>,
    /// The last block, by height
    #[arg(long, value_name = "HEIGHT", conflicts_with_all = ["since", "until"])]
    to: Option<u64>,
    /// Blocks made at or after this time
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Blocks made before this time
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// With the payloads as stored
    #[arg(long)]
    payloads: bool,
    /// What the archive starts from: genesis, checkpoint:<hex> or header:<hex>
    #[arg(long, default_value = "genesis")]
    base: String,
    /// Verify the archive against this before it gets its name
    #[arg(long, value_name = "ANCHOR")]
    anchor: Option<TrustAnchor>,
}

pub(super) fn run(args: &Args, json: bool) -> Result<(), Failure> {
    let client = super::client(&args.node)?;
    let mut path = format!("/v1/archive?base={}&payloads={}", args.base, u8::from(args.payloads));
    for (name, value) in [("from", args.from), ("to", args.to)] {
        path.extend(value.map(|value| format!("&{name}={value}")));
    }
    for (name, value) in [("since", &args.since), ("until", &args.until)] {
        path.extend(value.as_ref().map(|value| format!("&{name}={}", percent(value))));
    }
    let mut name = args.out.clone().into_os_string();
    name.push(".part");
    let part = PathBuf::from(name);
    let failed = |error: io::Error| Failure::Failed(format!("{}: {error}", part.display()));
    let bytes = fetch(&client, &path, &part).map_err(|error| match error {
        Fetch::Refused(error) => error.into(),
        Fetch::Broken(error) => failed(error),
    })?;
    let fact = match args.anchor {
        None => None,
        Some(anchor) => Some(check(&part, anchor, clock::now()).map_err(|error| failure(&error))?),
    };
    std::fs::rename(&part, &args.out).map_err(failed)?;
    match (&fact, json) {
        (Some(fact), true) => out::line(view(fact).text("file", args.out.display()).finish()),
        (Some(fact), false) => show(fact),
        (None, true) => {
            let view = Object::new().text("file", args.out.display());
            out::line(view.plain("bytes", bytes).finish());
        }
        (None, false) => {}
    }
    if !json {
        out::line(format_args!("wrote {} ({bytes} bytes)", args.out.display()));
    }
    Ok(())
}

enum Fetch {
    Refused(crate::http_client::ClientError),
    Broken(io::Error),
}

fn fetch(client: &Client, path: &str, to: &Path) -> Result<u64, Fetch> {
    let mut from = client.reader(path).map_err(Fetch::Refused)?;
    let mut file = BufWriter::new(File::create(to).map_err(Fetch::Broken)?);
    let bar = out::bar("bytes");
    let mut counted = bar.wrap_read(&mut from);
    let bytes = io::copy(&mut counted, &mut file).and_then(|bytes| {
        file.flush()?;
        file.get_ref().sync_all()?;
        Ok(bytes)
    });
    bar.finish_and_clear();
    bytes.map_err(Fetch::Broken)
}

/// Whether a file begins as an archive does.
pub(super) fn is_archive(path: &Path) -> bool {
    let mut begin = [0; archive::MAGIC.len()];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut begin));
    read.is_ok() && begin == *archive::MAGIC
}

fn check(path: &Path, anchor: TrustAnchor, now: UnixMillis) -> Result<ArchiveFact, ArchiveError> {
    let broken = |source| ArchiveError::Broken { at: 0, source };
    let file = File::open(path).map_err(broken)?;
    let bar = out::bar("events");
    let fact = archive::verify(BufReader::new(file), (anchor, now), &mut |events| {
        bar.set_position(events);
    });
    bar.finish_and_clear();
    fact
}

/// Checks an archive for `cairn verify`.
pub(super) fn verify(
    path: &Path,
    (anchor, now): (TrustAnchor, UnixMillis),
    json: bool,
) -> Result<(), Failure> {
    let checked = check(path, anchor, now);
    if json {
        let object = match &checked {
            Ok(fact) => {
                Object::new().text("verdict", "verified").json("archive", &view(fact).finish())
            }
            Err(error) => {
                let view = Object::new().text("code", error.code()).text("message", error);
                Object::new().text("verdict", word(error)).json("error", &view.finish())
            }
        };
        out::line(object.finish());
    }
    match checked {
        Ok(fact) => {
            if !json {
                show(&fact);
            }
            Ok(())
        }
        Err(error) if json => Err(Failure::Said(exit(&error))),
        Err(error) => Err(failure(&error)),
    }
}

const fn word(error: &ArchiveError) -> &'static str {
    match error.meaning() {
        Meaning::Failed => "failed",
        Meaning::CouldNotCheck => "could-not-check",
        Meaning::Stale => "stale",
    }
}

const fn exit(error: &ArchiveError) -> u8 {
    match error.meaning() {
        Meaning::Failed => 1,
        Meaning::CouldNotCheck | Meaning::Stale => 3,
    }
}

fn failure(error: &ArchiveError) -> Failure {
    let text = format!("the archive does not verify: {error} ({})", error.code());
    match error.meaning() {
        Meaning::Failed => Failure::Failed(text),
        Meaning::CouldNotCheck | Meaning::Stale => Failure::CouldNotCheck(text),
    }
}

fn view(fact: &ArchiveFact) -> Object {
    let (blocks, events) = (fact.blocks(), fact.events());
    Object::new()
        .text("log", fact.last().log)
        .plain("fromHeight", blocks.start())
        .plain("toHeight", blocks.end())
        .plain("fromIndex", events.start)
        .plain("toIndex", events.end)
        .plain("events", events.end.saturating_sub(events.start))
        .plain("payloads", fact.payloads())
        .plain("stateChecked", fact.has_state())
        .text("root", fact.last().event_root)
        .json("standing", &json::standing(&fact.standing()))
}

fn show(fact: &ArchiveFact) {
    let (blocks, events) = (fact.blocks(), fact.events());
    let verified = out::Color::Green.on_stdout("verified");
    out::line(format_args!(
        "{verified} all {} events of blocks {} to {} (index {} up to {}), {} payloads",
        events.end.saturating_sub(events.start),
        blocks.start(),
        blocks.end(),
        events.start,
        events.end,
        fact.payloads()
    ));
    let standing = fact.standing();
    out::line(format_args!("  under {}, up to {}", standing.anchor, out::time(fact.last().time.0)));
    if !fact.has_state() {
        out::line(format_args!(
            "  state roots were not compared: that takes an archive from the log's first block on, \
             under its genesis"
        ));
    }
}
