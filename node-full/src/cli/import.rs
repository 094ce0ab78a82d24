//! `cairn import`

use std::io;
use std::path::{Path, PathBuf};

use cairn_verifier::json::Object;
use clap::{Args as ClapArgs, Subcommand, ValueEnum};

use super::send::{Sent, Unsent, send};
use super::{DEFAULT_NODE, Failure, out};
use crate::clock;
use crate::http_client::Client;
use crate::import::source::{Format, Items};
use crate::import::state::State;
use crate::import::{Raw, git, syslog};

mod archive;
mod follow;
mod help;
mod input;

/// How many failures are listed; all are counted.
const LISTED: usize = 20;

/// Arguments of `import`.
#[derive(Debug, ClapArgs)]
#[command(after_help = help::IMPORT)]
pub(super) struct Args {
    /// The node
    #[arg(long, value_name = "URL", default_value = DEFAULT_NODE, global = true)]
    node: String,
    #[command(subcommand)]
    source: Source,
}

#[derive(Debug, Subcommand)]
enum Source {
    /// The commits of a git repository, oldest first
    #[command(after_help = help::GIT)]
    Git {
        /// The repository
        #[arg(default_value = ".")]
        path: PathBuf,
        #[command(flatten)]
        keep: Keep,
    },
    /// CloudEvents 1.0, one in JSON a line
    #[command(after_help = help::CLOUDEVENTS)]
    Cloudevents(LineArgs),
    /// Lines of syslog, RFC 3164 or RFC 5424, for example /var/log/auth.log
    #[command(after_help = help::SYSLOG)]
    Syslog {
        #[command(flatten)]
        lines: LineArgs,
        /// The year of times that have none; the last possible if not said
        #[arg(long, value_parser = clap::value_parser!(i32).range(1970..=9999))]
        year: Option<i32>,
    },
    /// AWS CloudTrail: files as the service delivers them, or one record a line
    #[command(after_help = help::CLOUDTRAIL)]
    Cloudtrail(LineArgs),
    /// OCSF events, one in JSON a line
    #[command(after_help = help::OCSF)]
    Ocsf(LineArgs),
    /// Archives of `cairn export`, into a read-only data directory: no node is asked
    #[command(after_help = help::ARCHIVE)]
    Archive(archive::Args),
}

#[derive(Debug, ClapArgs)]
struct Keep {
    /// Remember here what was sent, and send nothing twice
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
struct LineArgs {
    /// The file, plain or gzip, or - for standard input
    file: PathBuf,
    #[command(flatten)]
    keep: Keep,
    /// Go on as the file grows, until SIGINT or SIGTERM
    #[arg(long)]
    follow: bool,
    /// Keep each line as it is, as the payload's field `raw`
    #[arg(long, value_name = "HOW")]
    raw: Option<RawArg>,
    /// A member who may read what is sealed; may stand more than once
    #[arg(long, value_name = "MEMBER", requires = "raw")]
    to: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum RawArg {
    /// Anyone may read it
    Public,
    /// Only the members given with --to may read it
    Sealed,
}

impl Keep {
    fn open(&self) -> Result<Option<State>, Failure> {
        self.state.as_deref().map(State::open).transpose().map_err(Failure::failed)
    }
}

impl LineArgs {
    fn raw(&self) -> Result<Raw, Failure> {
        let usage = |why: &str| Err(Failure::Usage(why.to_owned()));
        match (self.raw, self.to.is_empty()) {
            (None, _) => Ok(Raw::Not),
            (Some(RawArg::Public), true) => Ok(Raw::Public),
            (Some(RawArg::Public), false) => usage("--to is for --raw sealed; anyone reads public"),
            (Some(RawArg::Sealed), true) => usage("--raw sealed needs --to MEMBER"),
            (Some(RawArg::Sealed), false) => Ok(Raw::Sealed(self.to.clone())),
        }
    }
}

pub(super) fn run(args: &Args, json: bool) -> Result<(), Failure> {
    let client = &super::client(&args.node)?;
    let (format, lines) = match &args.source {
        Source::Git { path, keep } => {
            return finish(&git_with(client, path, keep.open()?)?, json);
        }
        Source::Archive(args) => return archive::run(args, json),
        Source::Cloudevents(lines) => (Format::CloudEvents, lines),
        Source::Cloudtrail(lines) => (Format::CloudTrail, lines),
        Source::Ocsf(lines) => (Format::Ocsf, lines),
        Source::Syslog { lines, year } => {
            let clock = syslog::Clock { now: clock::now, year: *year };
            (Format::Syslog(clock), lines)
        }
    };
    let (raw, state) = (lines.raw()?, lines.keep.open()?);
    let sent = if lines.follow {
        follow::run(client, (&lines.file, format, &raw), state, json)?
    } else {
        file(client, (&lines.file, format, raw), state)?
    };
    finish(&sent, json)
}

/// Sends the history of a repository.
pub(crate) fn git_history(client: &Client, path: &Path) -> Result<Sent, Failure> {
    git_with(client, path, None)
}

fn git_with(client: &Client, path: &Path, state: Option<State>) -> Result<Sent, Failure> {
    let history = git::History::open(path).map_err(Failure::failed)?;
    let commits = history.commits();
    out::note(format_args!("importing {commits} commits of {}", out::shown(history.name())));
    send(client, history, Some(commits), state)
}

/// Sends a file of CloudEvents.
pub(crate) fn cloudevents_file(client: &Client, path: &Path) -> Result<Sent, Failure> {
    file(client, (path, Format::CloudEvents, Raw::Not), None)
}

fn file(
    client: &Client,
    (path, format, raw): (&Path, Format, Raw),
    state: Option<State>,
) -> Result<Sent, Failure> {
    let failed = |error: io::Error| Failure::Failed(format!("{}: {error}", path.display()));
    let (lines, total) = input::open(path, state.as_ref()).map_err(failed)?;
    match (lines.number(), total) {
        (0, Some(total)) => {
            out::note(format_args!("importing {total} lines of {}", path.display()))
        }
        (0, None) => {}
        (line, _) => out::note(format_args!("{} goes on after line {line}", path.display())),
    }
    send(client, Items::new(format, raw, lines), total, state)
}

fn finish(sent: &Sent, json: bool) -> Result<(), Failure> {
    report(sent, json);
    if sent.failed == 0 { Ok(()) } else { Err(Failure::Said(1)) }
}

fn report(sent: &Sent, json: bool) {
    if json {
        let view = Object::new()
            .plain("imported", sent.events)
            .plain("duplicates", sent.duplicates)
            .plain("failed", sent.failed)
            .plain("millis", sent.millis)
            .array("failures", sent.unsent.iter().map(Unsent::json));
        out::line(view.finish());
        return;
    }
    for unsent in sent.unsent.iter().take(LISTED) {
        out::note(unsent.line());
    }
    let more = sent.unsent.len().saturating_sub(LISTED);
    if more > 0 {
        out::note(format_args!("and {more} more"));
    }
    out::line(format_args!(
        "imported {} events in {} ms ({} events/s), {} duplicates skipped, {} failed",
        sent.events,
        sent.millis,
        sent.rate(),
        sent.duplicates,
        sent.failed
    ));
}
