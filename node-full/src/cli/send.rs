//! Sends many drafts to a node, in batches, with progress. What the node refuses is reported with
//! its place, and the rest of its batch goes on: nothing is dropped silently.

use std::io::{self, IsTerminal as _};

use indicatif::{ProgressBar, ProgressStyle};

use super::{Failure, out};
use crate::clock::Stopwatch;
use crate::http_client::{Client, ClientError};
use crate::import::Item;

/// How many events go in one batch.
const BATCH: usize = 500;
/// How many bytes go in one batch, well below what a node takes.
const BATCH_BYTES: usize = 8 << 20;
/// Without a terminal, a line of progress stands for this many events.
const LINE_EVERY: u64 = 1_000;

/// An item that made no event.
#[derive(Clone, Debug)]
pub(crate) struct Unsent {
    /// Where it stands in the history.
    pub(crate) place: String,
    /// What is wrong.
    pub(crate) why: String,
}

/// How sending went.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sent {
    /// Events that the node accepted.
    pub(crate) events: u64,
    /// What was not sent, or refused.
    pub(crate) unsent: Vec<Unsent>,
    /// Milliseconds it took.
    pub(crate) millis: u64,
}

impl Sent {
    /// Events a second.
    pub(crate) fn rate(&self) -> u64 {
        self.events.saturating_mul(1_000).checked_div(self.millis).unwrap_or(self.events)
    }
}

struct Sender<'a> {
    client: &'a Client,
    progress: Progress,
    batch: Vec<(String, String)>,
    bytes: usize,
    sent: Sent,
}

/// Sends all items to the node.
///
/// # Errors
/// The history could not be read on, or the node did not answer. What was sent before is in the
/// log.
pub(crate) fn send(
    client: &Client,
    items: impl Iterator<Item = io::Result<Item>>,
    total: Option<u64>,
) -> Result<Sent, Failure> {
    let watch = Stopwatch::start();
    let mut sender = Sender {
        client,
        progress: Progress::new(total),
        batch: Vec::new(),
        bytes: 0,
        sent: Sent::default(),
    };
    for item in items {
        let Item { place, draft } = item.map_err(Failure::failed)?;
        match draft {
            Ok(draft) => {
                let json = serde_json::to_string(&draft).map_err(Failure::failed)?;
                sender.push(place, json)?;
            }
            Err(why) => sender.unsent(place, why),
        }
    }
    // What was imported can be found and proven once the command ends.
    sender.flush("/v1/events?wait=final")?;
    sender.progress.finish();
    sender.sent.millis = u64::try_from(watch.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(sender.sent)
}

impl Sender<'_> {
    fn push(&mut self, place: String, json: String) -> Result<(), Failure> {
        let bytes = self.bytes.saturating_add(json.len());
        if self.batch.len() >= BATCH || (bytes > BATCH_BYTES && !self.batch.is_empty()) {
            self.flush("/v1/events")?;
        }
        self.bytes = self.bytes.saturating_add(json.len());
        self.batch.push((place, json));
        Ok(())
    }

    fn flush(&mut self, path: &str) -> Result<(), Failure> {
        let mut batch = std::mem::take(&mut self.batch);
        self.bytes = 0;
        while !batch.is_empty() {
            let drafts: Vec<&str> = batch.iter().map(|(_, json)| json.as_str()).collect();
            let body = format!("[{}]", drafts.join(","));
            match self.client.post(path, "application/json", body.as_bytes()) {
                Ok(_) => {
                    let count = u64::try_from(batch.len()).unwrap_or(u64::MAX);
                    self.sent.events = self.sent.events.saturating_add(count);
                    self.progress.add(count, self.sent.events);
                    return Ok(());
                }
                // A batch is all or nothing, so the rest goes again without the one refused.
                Err(error) => match refused(&error, batch.len()) {
                    Some(at) => {
                        let (place, _) = batch.remove(at);
                        self.unsent(place, error.to_string());
                    }
                    None => return Err(self.stopped(&error, &batch)),
                },
            }
        }
        Ok(())
    }

    fn stopped(&self, error: &ClientError, batch: &[(String, String)]) -> Failure {
        self.progress.finish();
        let first = batch.first().map_or("the end", |(place, _)| place.as_str());
        Failure::Failed(format!(
            "{error}\n{} events were accepted before {first}",
            self.sent.events
        ))
    }

    fn unsent(&mut self, place: String, why: String) {
        self.progress.add(1, self.sent.events);
        self.sent.unsent.push(Unsent { place, why });
    }
}

/// Which event of a batch the node will never take; `None` if the error is of another kind.
fn refused(error: &ClientError, len: usize) -> Option<usize> {
    let ClientError::Problem { status: 400..=499, at, .. } = error else {
        return None;
    };
    at.or((len == 1).then_some(0)).filter(|at| *at < len)
}

/// A bar on a terminal, lines otherwise.
struct Progress {
    bar: Option<ProgressBar>,
    total: Option<u64>,
    line_at: u64,
}

impl Progress {
    fn new(total: Option<u64>) -> Self {
        let bar = io::stderr().is_terminal().then(|| match total {
            Some(total) => ProgressBar::new(total)
                .with_style(style("{bar:30} {human_pos}/{human_len} events  {per_sec}  {eta}")),
            None => ProgressBar::new_spinner()
                .with_style(style("{spinner} {human_pos} events  {per_sec}")),
        });
        Self { bar, total, line_at: LINE_EVERY }
    }

    fn add(&mut self, count: u64, done: u64) {
        match (&self.bar, self.total) {
            (Some(bar), _) => bar.inc(count),
            (None, _) if done < self.line_at => {}
            (None, Some(total)) => out::note(format_args!("  {done} of {total} events")),
            (None, None) => out::note(format_args!("  {done} events")),
        }
        while done >= self.line_at {
            self.line_at = self.line_at.saturating_add(LINE_EVERY);
        }
    }

    fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
