//! Load on a node until it is gone.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use cairn_node::init::{InitOptions, init};
use cairn_verifier::TrustAnchor;
use cairn_verifier::digest::LogId;
use cairn_verifier::secret::MemberSecret;
use serde_json::{Value, json};

use crate::known::{Event, Known, Payload};
use crate::program::{Program, run};

const WRITERS: usize = 3;

/// A log and who may read it.
pub(crate) struct Log {
    pub(crate) dir: PathBuf,
    pub(crate) anchor: TrustAnchor,
    pub(crate) id: LogId,
    pub(crate) auditor: MemberSecret,
}

impl Log {
    pub(crate) fn init(dir: &Path) -> Result<Self, String> {
        let auditor = MemberSecret::from_seed([42; 32]).unwrap();
        let options = InitOptions::default().with_member("auditor", &auditor);
        let made = init(dir, options).map_err(|error| error.to_string())?;
        Ok(Self { dir: dir.to_owned(), anchor: made.anchor, id: made.log, auditor })
    }
}

/// Submits from some writers, and has a payload forgotten, until the node is killed after a moment.
pub(crate) fn load(
    log: &Log,
    node: Program,
    known: &mut Known,
    round: &str,
) -> Result<String, String> {
    let url = &node.url.clone();
    let leaving = known.leave();
    let (life, new, erased) = thread::scope(|scope| {
        let writers = (0..WRITERS).map(|writer| {
            scope.spawn(move || submit_until_killed(url, &format!("{round}.{writer}")))
        });
        let writers: Vec<_> = writers.collect();
        let eraser = leaving.as_ref().map(|(_, id, _)| scope.spawn(|| redact(log, url, id)));
        let life = random_while();
        thread::sleep(life);
        drop(node);
        let new: Result<Vec<_>, _> = writers.into_iter().map(|w| w.join().unwrap()).collect();
        (life, new, eraser.is_some_and(|eraser| eraser.join().unwrap()))
    });
    let before = known.len();
    known.events.extend(new?.into_iter().flatten());
    if let Some((at, _, digest)) = leaving.filter(|_| erased) {
        known.events[at].payload = Payload::Erased(digest);
    }
    let count = known.len().saturating_sub(before);
    let erased = if erased { ", 1 erased" } else { "" };
    Ok(format!("killed after {life:?}, {count} acknowledged{erased}"))
}

/// Whether the node gave its receipt before it was killed.
fn redact(log: &Log, url: &str, id: &str) -> bool {
    let key = log.dir.join("keys/admin.key");
    run(&["redact", id, "--node", url, "--key", key.to_str().unwrap(), "--json"]).0
}

/// Batches of one to twenty events, one in three with a payload of some kind.
pub(crate) fn batch(writer: &str, number: usize) -> Value {
    let event = |n: usize| {
        let mut event = json!({
            "type": "test.kill9",
            "actor": { "kind": "thread", "id": writer },
            "resource": { "kind": "batch", "id": format!("{writer}.{number}.{n}") },
            "metadata": { "filler": "x".repeat(n.saturating_mul(97) % 3_000) },
        });
        let fields = json!({ "n": n.to_string() });
        match n % 3 {
            0 => {
                event["payload"] =
                    json!({ "sealed": { "fields": fields, "recipients": ["auditor"] } })
            }
            1 if writer.ends_with('0') => event["payload"] = json!({ "public": "cHVibGlj" }),
            _ => {}
        }
        event
    };
    (0..=number % 20).map(event).collect()
}

/// Submits until the node is gone; what it acknowledged.
fn submit_until_killed(url: &str, writer: &str) -> Result<Vec<Event>, String> {
    let mut acknowledged = Vec::new();
    for number in 0.. {
        // An answer that did not arrive whole acknowledges nothing.
        let Ok((status, text)) = Program::submit(url, &batch(writer, number)) else { break };
        if status != 202 {
            return Err(format!("a submission was answered {status} {text}"));
        }
        let Some(events) = acknowledged_by(&text, writer, number) else { break };
        acknowledged.extend(events);
    }
    Ok(acknowledged)
}

/// The events of a batch that an answer acknowledges, if it is whole.
pub(crate) fn acknowledged_by(text: &str, writer: &str, number: usize) -> Option<Vec<Event>> {
    let view: Value = serde_json::from_str(text).ok()?;
    let ids = view["accepted"].as_array()?.iter().map(|event| event["id"].as_str());
    let event = |(n, id): (usize, Option<&str>)| {
        let resource = format!("{writer}.{number}.{n}");
        Some(Event { id: id?.to_owned(), resource, payload: Payload::Unknown })
    };
    ids.enumerate().map(event).collect()
}

/// Between 100 and 867 milliseconds.
fn random_while() -> Duration {
    let mut random = [0; 2];
    getrandom::fill(&mut random).unwrap();
    let [high, low] = random.map(u64::from);
    Duration::from_millis(100_u64.saturating_add(high.saturating_mul(2)).saturating_add(low))
}
