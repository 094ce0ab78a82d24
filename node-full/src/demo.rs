//! `cairn demo`: a log made from nothing, with real events, sealed payloads, and a receipt that
//! holds beside one that does not.

mod people;

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cairn_verifier::TrustAnchor;
use cairn_verifier::digest::EventId;
use cairn_verifier::json::Object;
use cairn_verifier::receipt::Receipt;
use cairn_verifier::secret::MemberSecret;
use clap::Args as ClapArgs;
use serde_json::Value;
use tracing_subscriber::EnvFilter;

use crate::api::Server;
use crate::cli::{Failure, import, keys, out, prove, send::Sent, start};
use crate::http_client::Client;
use crate::init::{self, InitOptions};
use crate::node::{Node, Options};
use crate::telemetry::Telemetry;

/// The file that says that a directory is the demo's to wipe.
const MARKER: &str = "cairn-demo";
/// The two members of the demo's log: one who may open the sealed payloads, one who may not.
const AUDITOR: &str = "auditor";
const STRANGER: &str = "stranger";

const EXAMPLES: &str = "Examples:
  cairn demo --dir demo --ui web-ui/dist --pkg pkg
  cairn demo --dir demo --from events.jsonl";

/// Arguments of `demo`.
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Made anew each time: must not exist, or be an earlier demo's
    #[arg(long)]
    dir: PathBuf,
    /// Where to listen; port 0 takes any free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8420")]
    listen: String,
    /// The page, served at /
    #[arg(long, value_name = "DIR")]
    ui: Option<PathBuf>,
    /// The npm package, served at /pkg/
    #[arg(long, value_name = "DIR")]
    pkg: Option<PathBuf>,
    /// CloudEvents, one in JSON a line, instead of the git history of the current folder
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Written once all is ready: JSON with what a program needs to try the demo
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
}

/// The demo's files.
struct Files {
    data: PathBuf,
    auditor: PathBuf,
    stranger: PathBuf,
    sample: PathBuf,
    tampered: PathBuf,
    /// Held while the demo runs, so that a second one does not wipe it.
    _lock: File,
}

/// What there is to try once the demo runs.
struct Ready {
    url: String,
    anchor: TrustAnchor,
    sealed: Vec<EventId>,
    events: u64,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let filter = start::variable("CAIRN_LOG");
    let filter = EnvFilter::new(filter.as_deref().unwrap_or("warn"));
    let (_until_the_end, _fixed) = Telemetry::start(filter, None).map_err(Failure::failed)?;
    let site = start::site(args.ui.as_deref(), args.pkg.as_deref())?;
    let files = Files::make(&args.dir)?;
    let (auditor, stranger) = (keys::new_member()?, keys::new_member()?);
    keys::write_secret(&files.auditor, &key_file(AUDITOR, &auditor))?;
    keys::write_secret(&files.stranger, &key_file(STRANGER, &stranger))?;
    let options =
        InitOptions::default().with_member(AUDITOR, &auditor).with_member(STRANGER, &stranger);
    let made = init::init(&files.data, options).map_err(Failure::failed)?;
    out::note(format_args!("made log {}", made.log));

    let node = Node::open(&files.data, Options::default()).map_err(Failure::failed)?;
    let server = Server::start(node.clone(), &args.listen, &site).map_err(Failure::failed)?;
    let (url, anchor) = (server.url(), made.anchor);
    let filled = fill(args, &node, &Client::new(&url, None)?, (&files, &auditor));
    let (sealed, events) = match filled {
        Ok(filled) => filled,
        Err(failure) => {
            server.stop().map_err(Failure::failed)?;
            return Err(failure);
        }
    };
    let ready = Ready { url, anchor, sealed, events };
    if let Some(file) = &args.ready_file {
        write(file, ready.json(&files).as_bytes())?;
    }
    ready.explain(&files);
    server.run_until_signal().map_err(Failure::failed)?;
    out::note("stopped");
    Ok(())
}

fn key_file(name: &str, secret: &MemberSecret) -> String {
    format!("# The demo's {name}.\n{}\n", *secret.to_text())
}

/// Imports, seals, and writes the two receipts. Gives the sealed events and how many there are.
fn fill(
    args: &Args,
    node: &Node,
    client: &Client,
    (files, auditor): (&Files, &MemberSecret),
) -> Result<(Vec<EventId>, u64), Failure> {
    let sent = bring_over(args, client)?;
    for unsent in &sent.unsent {
        out::note(format_args!("{}: {}", unsent.place, out::shown(&unsent.why)));
    }
    let (events, rate, failed) = (sent.events, sent.rate(), sent.unsent.len());
    out::note(format_args!("{events} events accepted, {rate} a second, {failed} failed"));

    let sealed = seal(client)?;
    let first = sealed.first().ok_or_else(|| Failure::Failed("nothing was sealed".to_owned()))?;
    let sample = prove::fetch(client, first, ("genesis", true), Some(auditor))?;
    write(&files.sample, &sample)?;
    write(&files.tampered, &tampered(&sample)?)?;
    let events = sent.events.saturating_add(u64::try_from(sealed.len()).unwrap_or(0));
    let size = node.status().accepted;
    if !node.wait_size_final(size, Duration::from_secs(30)) {
        return Err(Failure::Failed("the log did not become final within 30 s".to_owned()));
    }
    Ok((sealed, events))
}

fn bring_over(args: &Args, client: &Client) -> Result<Sent, Failure> {
    match &args.from {
        Some(file) => import::cloudevents_file(client, file),
        None => import::git_history(client, Path::new(".")).map_err(|failure| {
            let Failure::Failed(why) = failure else {
                return failure;
            };
            let hint = "Give events to import: --from FILE.jsonl (CloudEvents, one a line)";
            Failure::Failed(format!("{why}\n{hint}"))
        }),
    }
}

fn seal(client: &Client) -> Result<Vec<EventId>, Failure> {
    let drafts = serde_json::to_string(&people::drafts(AUDITOR)).map_err(Failure::failed)?;
    let path = "/v1/events?wait=final";
    let answer = client.post(path, "application/json", drafts.as_bytes())?;
    let answer: Value = serde_json::from_str(&answer).map_err(Failure::failed)?;
    let accepted = answer.get("accepted").and_then(Value::as_array);
    let ids = accepted.into_iter().flatten().map(|event| {
        let id = event.get("id").and_then(Value::as_str).unwrap_or_default();
        id.parse().map_err(Failure::failed)
    });
    ids.collect()
}

/// The receipt with one bit of its inclusion proof flipped: it decodes, and one check fails.
fn tampered(sample: &[u8]) -> Result<Vec<u8>, Failure> {
    let none = || Failure::Failed("the sample receipt has no inclusion proof".to_owned());
    let receipt = Receipt::decode(sample).map_err(Failure::failed)?;
    let hash = receipt.inclusion.iter().next().ok_or_else(none)?;
    let at = sample.windows(32).position(|bytes| bytes == hash.as_bytes()).ok_or_else(none)?;
    let mut tampered = sample.to_vec();
    *tampered.get_mut(at).ok_or_else(none)? ^= 1;
    Ok(tampered)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    out::write_file(path, bytes)
        .map_err(|error| Failure::Failed(format!("{}: {error}", path.display())))
}

impl Files {
    /// Empties an earlier demo's directory, or makes a new one; any other is left alone.
    fn make(dir: &Path) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::Failed(format!("{}: {error}", dir.display()));
        let dir = &std::path::absolute(dir).map_err(failed)?;
        let marker = dir.join(MARKER);
        let is_new = !dir.try_exists().map_err(failed)?;
        if is_new {
            fs::create_dir_all(dir).map_err(failed)?;
        } else if !marker.is_file() {
            let why = "exists and is no demo's; give a folder that does not exist";
            return Err(Failure::Failed(format!("{} {why}", dir.display())));
        }
        let lock = File::create(&marker).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let why = "is in use by another demo";
                return Err(Failure::Failed(format!("{} {why}", dir.display())));
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let files = Self {
            data: dir.join("data"),
            auditor: dir.join("auditor.key"),
            stranger: dir.join("stranger.key"),
            sample: dir.join("sample.cairn"),
            tampered: dir.join("tampered.cairn"),
            _lock: lock,
        };
        files.wipe().map_err(failed)?;
        Ok(files)
    }

    /// Removes what an earlier demo made, and nothing else.
    fn wipe(&self) -> io::Result<()> {
        let absent = |result: io::Result<()>| match result {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        };
        absent(fs::remove_dir_all(&self.data))?;
        [&self.auditor, &self.stranger, &self.sample, &self.tampered]
            .into_iter()
            .try_for_each(|file| absent(fs::remove_file(file)))
    }
}

impl Ready {
    fn json(&self, files: &Files) -> String {
        let sealed = self.sealed.iter().map(|id| format!("\"{id}\""));
        Object::new()
            .text("url", &self.url)
            .text("anchor", self.anchor)
            .text("auditor_key", files.auditor.display())
            .text("stranger_key", files.stranger.display())
            .array("sealed", sealed)
            .text("sample", files.sample.display())
            .text("tampered", files.tampered.display())
            .plain("events", self.events)
            .finish()
    }

    fn explain(&self, files: &Files) {
        let Self { url, anchor, events, .. } = self;
        let log = anchor.to_string().replace("genesis:", "");
        let show = |path: &Path| path.display().to_string();
        out::line("");
        out::line(format_args!("log     {log}"));
        out::line(format_args!("anchor  {anchor}"));
        out::line(format_args!("events  {events}, all final"));
        out::line("");
        out::line(format_args!("Open    {url}/#anchor={anchor}"));
        out::line("");
        out::line("1. Log: choose an event, and see each check with its inputs.");
        out::line(format_args!("2. Drop {} on the page: it holds.", show(&files.sample)));
        out::line(format_args!("3. Import {}: its payload opens.", show(&files.auditor)));
        out::line(format_args!("   {} does not open it.", show(&files.stranger)));
        out::line(format_args!(
            "4. Drop {}: one bit was flipped; see which check fails.",
            show(&files.tampered)
        ));
        out::line("");
        out::line("Ctrl-C stops it.");
    }
}
