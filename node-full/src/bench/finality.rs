//! How long finality by many takes: real processes of this program on one machine, over TCP and TLS.
//!
//! First one writer submits an event at a time and fetches its receipt once it is final; then each
//! node has a writer, and blocks are counted; then one node is killed, the others go on, and it is
//! started again.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cairn_verifier::finality::Suite;
use serde_json::Value;

use super::BenchError;
use crate::clock::Stopwatch;
use crate::http_client::Client;
use crate::init::InitOptions;
use crate::testnet::{self, Plan, Process, Testnet};

/// How long a node has to answer, and to come back.
const LIMIT: Duration = Duration::from_secs(600);
/// How often a node that comes back is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// What is measured.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a plain choice")]
pub struct FinalityPlan {
    /// How many validators.
    pub validators: u16,
    /// The suite of their signatures.
    pub suite: Suite,
    /// How many events one after the other.
    pub events: u64,
    /// How long every node has a writer.
    pub load: Duration,
    /// How many blocks a killed node misses; none, and it is not killed.
    pub missed: u64,
}

/// What came of it.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a plain answer")]
pub struct FinalityReport {
    /// From an event's submission to its receipt, one event at a time: median and 99th percentile.
    pub receipt: (Duration, Duration),
    /// Under load: blocks, events, and in what time.
    pub load: (u64, u64, Duration),
    /// The same times under load.
    pub loaded: (Duration, Duration),
    /// How many blocks the killed node missed, until it answered, and until it had them.
    pub recovery: Option<(u64, Duration, Duration)>,
}

/// Measures in an empty directory, which is left as it is.
///
/// # Errors
/// [`BenchError`].
pub fn finality(
    dir: &Path,
    plan: &FinalityPlan,
    observe: &mut dyn FnMut(&str, u64, u64),
) -> Result<FinalityReport, BenchError> {
    let program = std::env::current_exe()?;
    let net = testnet::make(&dir.join("net"), &network(plan)).map_err(wrong)?;
    let mut nodes = Vec::new();
    for (at, place) in (1..).zip(&net.nodes) {
        nodes.push(Process::start(&program, at, place).map_err(wrong)?);
    }
    for node in &mut nodes {
        node.wait_ready(LIMIT).map_err(wrong)?;
    }
    // The first events pay for what is done once: connections, and keys that are expanded.
    one_by_one(&net, 8, &mut |_| {})?;
    let times = one_by_one(&net, plan.events, &mut |done| {
        observe("one by one", done, plan.events);
    })?;
    observe("under load", 0, 1);
    let (load, loaded) = under_load(&net, plan.load)?;
    let recovery = match plan.missed {
        0 => None,
        missed => Some(recovery(&program, &net, (&mut nodes, missed), observe)?),
    };
    Ok(FinalityReport { receipt: quantiles(times), load, loaded: quantiles(loaded), recovery })
}

fn network(plan: &FinalityPlan) -> Plan {
    Plan {
        weights: vec![1; usize::from(plan.validators)],
        suite: plan.suite,
        options: InitOptions::default(),
        // A block is proposed as soon as there is an event for it.
        settings: "block-time = 1\nlog = \"warn\"".to_owned(),
        // A height whose turn is the dead node's costs this much.
        validator: if plan.missed == 0 { String::new() } else { "timeout = 100".to_owned() },
    }
}

fn wrong(error: impl std::fmt::Display) -> BenchError {
    BenchError::Wrong(error.to_string())
}

/// Submits at one node after the other; how long each event took to its receipt.
fn one_by_one(
    net: &Testnet,
    events: u64,
    observe: &mut dyn FnMut(u64),
) -> Result<Vec<Duration>, BenchError> {
    let clients = clients(net)?;
    let mut times = Vec::new();
    for (done, client) in (0..events).zip(clients.iter().cycle()) {
        times.push(receipt(client, done)?.ok_or_else(|| wrong("an event did not become final"))?);
        observe(done);
    }
    Ok(times)
}

fn clients(net: &Testnet) -> Result<Vec<Client>, BenchError> {
    let client = |node: &testnet::Place| Client::new(&node.url(), None).map_err(wrong);
    net.nodes.iter().map(client).collect()
}

/// Submits one event, and fetches its receipt; `None` if it did not become final in time.
fn receipt(client: &Client, number: u64) -> Result<Option<Duration>, BenchError> {
    let event = format!(
        r#"{{"type":"bench","actor":{{"kind":"bench","id":"1"}},"resource":{{"kind":"event","id":"{number}"}}}}"#
    );
    let watch = Stopwatch::start();
    let posted = client.post("/v1/events?wait=final", "application/json", event.as_bytes());
    let answer: Value = serde_json::from_str(&posted.map_err(wrong)?).map_err(wrong)?;
    let text = |name: &str| answer.pointer(&format!("/accepted/0/{name}")).and_then(Value::as_str);
    if text("status") != Some("final") {
        return Ok(None);
    }
    let id = text("id").ok_or_else(|| wrong("an answer without an id"))?;
    client.bytes(&format!("/v1/receipts/{id}")).map_err(wrong)?;
    Ok(Some(watch.elapsed()))
}

/// Blocks, events and time.
type Load = (u64, u64, Duration);

/// A writer at each node, for a while.
fn under_load(net: &Testnet, time: Duration) -> Result<(Load, Vec<Duration>), BenchError> {
    let clients = clients(net)?;
    let first = clients.first().ok_or_else(|| wrong("no nodes"))?;
    let (before, watch) = (height(first)?, Stopwatch::start());
    let stop = AtomicBool::new(false);
    let times = std::thread::scope(|scope| {
        let write = |client| {
            let stop = &stop;
            scope.spawn(move || write(client, stop))
        };
        let writers: Vec<_> = clients.iter().map(write).collect();
        std::thread::sleep(time);
        stop.store(true, Ordering::Relaxed);
        let joined = writers.into_iter().map(|writer| writer.join().unwrap_or_default());
        joined.flatten().collect::<Vec<_>>()
    });
    let took = watch.elapsed();
    let blocks = height(first)?.saturating_sub(before);
    Ok(((blocks, u64::try_from(times.len()).unwrap_or(u64::MAX), took), times))
}

fn write(client: &Client, stop: &AtomicBool) -> Vec<Duration> {
    let mut times = Vec::new();
    let mut number = 0_u64;
    while !stop.load(Ordering::Relaxed) {
        // What is not final in time is not counted.
        times.extend(receipt(client, number).ok().flatten());
        number = number.saturating_add(1);
    }
    times
}

fn height(client: &Client) -> Result<u64, BenchError> {
    let status: Value = client
        .json("/v1/status")
        .map_err(wrong)
        .and_then(|text| serde_json::from_str(&text).map_err(wrong))?;
    status.get("height").and_then(Value::as_u64).ok_or_else(|| wrong("a status without a height"))
}

/// Kills the last node, lets the others go on for so many blocks, and starts it again.
fn recovery(
    program: &Path,
    net: &Testnet,
    (nodes, missed): (&mut Vec<Process>, u64),
    observe: &mut dyn FnMut(&str, u64, u64),
) -> Result<(u64, Duration, Duration), BenchError> {
    let (Some(place), Some(killed)) = (net.nodes.last(), nodes.pop()) else {
        return Err(wrong("no nodes"));
    };
    killed.kill()?;
    let mut others = clients(net)?;
    let back = others.pop().ok_or_else(|| wrong("no nodes"))?;
    let first =
        others.first().ok_or_else(|| wrong("one node alone has nobody to catch up from"))?;
    let before = height(first)?;
    let mut done = 0;
    for (number, client) in (0..).zip(others.iter().cycle()) {
        receipt(client, number)?;
        done = height(first)?.saturating_sub(before);
        observe("without one node", done, missed);
        if done >= missed {
            break;
        }
    }
    let target = height(first)?;
    let watch = Stopwatch::start();
    let mut process = Process::start(program, net.nodes.len(), place).map_err(wrong)?;
    process.wait_ready(LIMIT).map_err(wrong)?;
    let answered = watch.elapsed();
    while height(&back)? < target {
        if watch.elapsed() > LIMIT {
            return Err(wrong("the node did not catch up"));
        }
        std::thread::sleep(LOOK);
    }
    Ok((done, answered, watch.elapsed()))
}

/// Median and 99th percentile.
fn quantiles(mut times: Vec<Duration>) -> (Duration, Duration) {
    times.sort();
    let at = |hundredths: usize| {
        let place = times.len().saturating_mul(hundredths) / 100;
        times.get(place.min(times.len().saturating_sub(1))).copied().unwrap_or_default()
    };
    (at(50), at(99))
}
