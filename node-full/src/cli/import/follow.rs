//! `cairn import --follow`

use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::path::Path;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{Failure, Sent, out};
use crate::cli::send::Sender;
use crate::http_client::Client;
use crate::import::Raw;
use crate::import::follow::{Follower, Step};
use crate::import::lines::is_gzip;
use crate::import::source::Format;
use crate::import::state::State;

/// How often a file is looked at that has nothing new.
const POLL: Duration = Duration::from_millis(250);
/// How long to look whether to stop while there is more to read.
const GLANCE: Duration = Duration::from_millis(1);
/// How many steps are made between two such looks.
const STEPS: usize = 1_000;

/// Sends what is in a file and what comes, until a signal.
pub(super) fn run(
    client: &Client,
    (path, format, raw): (&Path, Format, &Raw),
    state: Option<State>,
    json: bool,
) -> Result<Sent, Failure> {
    let failed = |error: io::Error| Failure::Failed(format!("{}: {error}", path.display()));
    check(path)?;
    let mut stop = Stop::new().map_err(Failure::failed)?;
    let before = |inode| state.as_ref().and_then(|state| state.position(inode));
    let mut follower = Follower::open(path, before).map_err(failed)?;
    let (file, line) = (path.display(), follower.number());
    out::note(format_args!("following {file} after line {line}, until SIGINT or SIGTERM"));
    let mut sender = Sender::new(client, None, state).following();
    loop {
        let is_idle = match advance(&mut follower, &mut sender, (format, raw)) {
            Ok(is_idle) => is_idle,
            Err(Stopped::Sending(failure)) => return Err(failure),
            Err(Stopped::Reading(error)) => {
                sender.flush()?;
                return Err(failed(error));
            }
        };
        if is_idle {
            sender.flush()?;
        }
        for unsent in sender.take_unsent() {
            out::note(if json { unsent.json() } else { unsent.line() });
        }
        if stop.within(if is_idle { POLL } else { GLANCE }) {
            break;
        }
    }
    if let Some(line) = follower.unfinished() {
        out::note(format_args!("line {line} has no end yet and was not sent"));
    }
    sender.end()
}

/// What cannot be followed.
fn check(path: &Path) -> Result<(), Failure> {
    if path.as_os_str() == "-" {
        let why = "--follow needs a file; standard input is read until it ends anyway";
        return Err(Failure::Usage(why.to_owned()));
    }
    let failed = |error: io::Error| Failure::Failed(format!("{}: {error}", path.display()));
    let file = File::open(path).map_err(failed)?;
    if !file.metadata().map_err(failed)?.is_file() {
        return Err(Failure::Usage(format!("--follow needs a file; {} is none", path.display())));
    }
    let mut input = BufReader::new(file);
    if is_gzip(input.fill_buf().map_err(failed)?) {
        let why = "is compressed and does not grow; leave out --follow";
        return Err(Failure::Usage(format!("{} {why}", path.display())));
    }
    Ok(())
}

enum Stopped {
    Reading(io::Error),
    Sending(Failure),
}

/// Takes some lines; `true` if there are no more for now.
fn advance(
    follower: &mut Follower,
    sender: &mut Sender<'_>,
    (format, raw): (Format, &Raw),
) -> Result<bool, Stopped> {
    for _ in 0..STEPS {
        match follower.step().map_err(Stopped::Reading)? {
            Step::Line(line) => {
                for item in format.items(&line, raw) {
                    sender.take(item).map_err(Stopped::Sending)?;
                }
                sender.reached(follower.position(&line));
            }
            Step::NewFile => {
                sender.flush().map_err(Stopped::Sending)?;
                out::note("the file was replaced or cut; reading it from its first line");
            }
            Step::Pause => return Ok(true),
        }
    }
    Ok(false)
}

/// SIGINT and SIGTERM.
struct Stop {
    runtime: Runtime,
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    fn new() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let entered = runtime.enter();
        let interrupt = signal(SignalKind::interrupt())?;
        let terminate = signal(SignalKind::terminate())?;
        drop(entered);
        Ok(Self { runtime, interrupt, terminate })
    }

    /// Waits so long for one of them.
    fn within(&mut self, limit: Duration) -> bool {
        let Self { runtime, interrupt, terminate } = self;
        runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => true,
                _ = terminate.recv() => true,
                () = tokio::time::sleep(limit) => false,
            }
        })
    }
}
