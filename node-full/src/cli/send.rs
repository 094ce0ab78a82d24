//! Sends many drafts to a node, in batches, with progress. What the node refuses is reported with
//! its place, and the rest of its batch goes on: nothing is dropped silently.

use std::io::{self, IsTerminal as _};

use cairn_verifier::json::Object;
use indicatif::{ProgressBar, ProgressStyle};

use super::{Failure, out};
use crate::clock::Stopwatch;
use crate::http_client::{Client, ClientError};
use crate::import::state::{Position, State};
use crate::import::{Item, SourceId};

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

impl Unsent {
    /// For programs.
    pub(crate) fn json(&self) -> String {
        Object::new().text("place", &self.place).text("message", &self.why).finish()
    }

    /// For people.
    pub(crate) fn line(&self) -> String {
        format!("{}: {}", self.place, out::shown(&self.why))
    }
}

/// How sending went.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sent {
    /// Events that the node accepted.
    pub(crate) events: u64,
    /// Items that were sent before.
    pub(crate) duplicates: u64,
    /// Items that were not sent, or refused.
    pub(crate) failed: u64,
    /// Those of them that were not reported yet.
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

/// Gathers drafts in batches and sends those.
pub(crate) struct Sender<'a> {
    client: &'a Client,
    watch: Stopwatch,
    progress: Progress,
    batch: Vec<Queued>,
    bytes: usize,
    sent: Sent,
    state: Option<State>,
    /// Whether lines without a name are remembered by how far their file was read.
    is_following: bool,
    /// How far the file was read with what is in the batch.
    position: Option<Position>,
}

struct Queued {
    place: String,
    json: String,
    id: Option<SourceId>,
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
    state: Option<State>,
) -> Result<Sent, Failure> {
    let mut sender = Sender::new(client, total, state);
    for item in items {
        sender.take(item.map_err(Failure::failed)?)?;
    }
    sender.end()
}

impl<'a> Sender<'a> {
    /// To this node; of `total` items, if that is known.
    pub(crate) fn new(client: &'a Client, total: Option<u64>, state: Option<State>) -> Self {
        Self {
            client,
            watch: Stopwatch::start(),
            progress: Progress::new(total),
            batch: Vec::new(),
            bytes: 0,
            sent: Sent::default(),
            state,
            is_following: false,
            position: None,
        }
    }

    /// Of a file that has no end: lines without a name are remembered by its position, so that
    /// what is remembered does not grow with it.
    pub(crate) const fn following(mut self) -> Self {
        self.is_following = true;
        self
    }

    /// Takes an item; if the batch is full, that is sent first.
    pub(crate) fn take(&mut self, item: Item) -> Result<(), Failure> {
        let draft = match item.draft {
            Ok(draft) => draft,
            Err(why) => {
                self.unsent(item.place, why);
                return Ok(());
            }
        };
        if let (Some(state), Some(id)) = (&mut self.state, &item.id) {
            if state.knows(id) {
                self.sent.duplicates = self.sent.duplicates.saturating_add(1);
                self.progress.add(1, self.sent.events);
                return Ok(());
            }
            if remembers(self.is_following, id) {
                state.expect(id);
            }
        }
        let json = serde_json::to_string(&draft).map_err(Failure::failed)?;
        let bytes = self.bytes.saturating_add(json.len());
        if self.batch.len() >= BATCH || (bytes > BATCH_BYTES && !self.batch.is_empty()) {
            self.flush()?;
        }
        self.bytes = self.bytes.saturating_add(json.len());
        self.batch.push(Queued { place: item.place, json, id: item.id });
        Ok(())
    }

    /// All items up to here in a file were taken.
    pub(crate) const fn reached(&mut self, position: Position) {
        self.position = Some(position);
    }

    /// Sends what was taken.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        self.flush_to("/v1/events")
    }

    /// What was not sent since this was asked last.
    pub(crate) fn take_unsent(&mut self) -> Vec<Unsent> {
        std::mem::take(&mut self.sent.unsent)
    }

    /// Sends what is left, and waits until it is final: what was imported can be found and proven
    /// once the command ends.
    pub(crate) fn end(mut self) -> Result<Sent, Failure> {
        self.flush_to("/v1/events?wait=final")?;
        self.progress.finish();
        self.sent.millis = u64::try_from(self.watch.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(self.sent)
    }

    fn flush_to(&mut self, path: &str) -> Result<(), Failure> {
        let mut batch = std::mem::take(&mut self.batch);
        self.bytes = 0;
        while !batch.is_empty() {
            let drafts: Vec<&str> = batch.iter().map(|queued| queued.json.as_str()).collect();
            let body = format!("[{}]", drafts.join(","));
            match self.client.post(path, "application/json", body.as_bytes()) {
                Ok(_) => break,
                // A batch is all or nothing, so the rest goes again without the one refused.
                Err(error) => match refused(&error, batch.len()) {
                    Some(at) => {
                        let Queued { place, id, .. } = batch.remove(at);
                        self.refuse(id, place, error.to_string());
                    }
                    None => return Err(self.stopped(&error, &batch)),
                },
            }
        }
        self.accept(&batch)
    }

    /// These are in the log.
    fn accept(&mut self, batch: &[Queued]) -> Result<(), Failure> {
        let count = u64::try_from(batch.len()).unwrap_or(u64::MAX);
        self.sent.events = self.sent.events.saturating_add(count);
        self.progress.add(count, self.sent.events);
        let position = self.position.take();
        let Some(state) = &mut self.state else {
            return Ok(());
        };
        let ids = batch.iter().filter_map(|queued| queued.id);
        let ids = ids.filter(|id| remembers(self.is_following, id));
        state.remember(ids, position).map_err(Failure::failed)
    }

    fn refuse(&mut self, id: Option<SourceId>, place: String, why: String) {
        if let (Some(state), Some(id)) = (&mut self.state, id) {
            state.forget(&id);
        }
        self.unsent(place, why);
    }

    fn stopped(&self, error: &ClientError, batch: &[Queued]) -> Failure {
        self.progress.finish();
        let first = batch.first().map_or("the end", |queued| queued.place.as_str());
        Failure::Failed(format!(
            "{error}\n{} events were accepted before {first}",
            self.sent.events
        ))
    }

    fn unsent(&mut self, place: String, why: String) {
        self.progress.add(1, self.sent.events);
        self.sent.failed = self.sent.failed.saturating_add(1);
        self.sent.unsent.push(Unsent { place, why });
    }
}

/// Whether an item is remembered by its id.
const fn remembers(is_following: bool, id: &SourceId) -> bool {
    !is_following || matches!(id, SourceId::Own(_))
}

/// Which event of a batch the node will never take; `None` if the error is of another kind.
fn refused(error: &ClientError, len: usize) -> Option<usize> {
    let ClientError::Problem { status: status @ 400..=499, at, code, .. } = error else {
        return None;
    };
    // Every event has the same recipients, and comes from the same caller.
    let is_of_caller = at.is_none() && matches!(status, 401 | 403 | 408 | 429);
    if code == "unknown-recipient" || is_of_caller {
        return None;
    }
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
