//! `cairn import`

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use cairn_verifier::json::Object;
use clap::{Args as ClapArgs, Subcommand};

use super::send::{Sent, send};
use super::{DEFAULT_NODE, Failure, out};
use crate::http_client::Client;
use crate::import::{cloudevents, git};

const EXAMPLES: &str = "Examples:
  cairn import git .
  cairn import cloudevents events.jsonl --node http://127.0.0.1:8420
  producer | cairn import cloudevents -

What cannot be brought over is reported with its place, and the exit code is then 1. Importing the
same history twice logs it twice.";

/// How many failures are listed; all are counted.
const LISTED: usize = 20;

/// Arguments of `import`.
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
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
    Git {
        /// The repository
        #[arg(default_value = ".")]
        path: PathBuf,
    },
    /// CloudEvents 1.0, one in JSON a line
    Cloudevents {
        /// The file, or - for standard input
        file: PathBuf,
    },
}

pub(super) fn run(args: &Args, json: bool) -> Result<(), Failure> {
    let client = Client::new(&args.node);
    let sent = match &args.source {
        Source::Git { path } => git_history(&client, path)?,
        Source::Cloudevents { file } if file.as_os_str() == "-" => {
            send(&client, cloudevents::lines(io::stdin().lock()), None)?
        }
        Source::Cloudevents { file } => cloudevents_file(&client, file)?,
    };
    report(&sent, json);
    if sent.unsent.is_empty() { Ok(()) } else { Err(Failure::Said(1)) }
}

/// Sends the history of a repository.
pub(crate) fn git_history(client: &Client, path: &Path) -> Result<Sent, Failure> {
    let history = git::History::open(path).map_err(Failure::failed)?;
    let commits = history.commits();
    out::note(format_args!("importing {commits} commits of {}", out::shown(history.name())));
    send(client, history, Some(commits))
}

/// Sends a file of CloudEvents.
pub(crate) fn cloudevents_file(client: &Client, file: &Path) -> Result<Sent, Failure> {
    let failed = |error: io::Error| Failure::Failed(format!("{}: {error}", file.display()));
    let total = count_lines(BufReader::new(File::open(file).map_err(failed)?)).map_err(failed)?;
    out::note(format_args!("importing {total} lines of {}", file.display()));
    let input = BufReader::new(File::open(file).map_err(failed)?);
    send(client, cloudevents::lines(input), Some(total))
}

fn count_lines(input: impl BufRead) -> io::Result<u64> {
    input.bytes().try_fold(0_u64, |count, byte| Ok(count.saturating_add(u64::from(byte? == b'\n'))))
}

fn report(sent: &Sent, json: bool) {
    if json {
        let failures = sent.unsent.iter().map(|unsent| {
            Object::new().text("place", &unsent.place).text("message", &unsent.why).finish()
        });
        let view = Object::new()
            .plain("imported", sent.events)
            .plain("failed", sent.unsent.len())
            .plain("millis", sent.millis)
            .array("failures", failures);
        out::line(view.finish());
        return;
    }
    for unsent in sent.unsent.iter().take(LISTED) {
        out::note(format_args!("{}: {}", unsent.place, out::shown(&unsent.why)));
    }
    let more = sent.unsent.len().saturating_sub(LISTED);
    if more > 0 {
        out::note(format_args!("and {more} more"));
    }
    out::line(format_args!(
        "imported {} events in {} ms ({} events/s), {} failed",
        sent.events,
        sent.millis,
        sent.rate(),
        sent.unsent.len()
    ));
}
