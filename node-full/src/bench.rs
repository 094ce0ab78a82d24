//! `cairn bench`: what this machine makes of this node, beside what the machine can do at all.
//!
//! The events are signed before the clock starts. In every round the node takes some of them, from
//! several writers at once, until they are final; then, in the same minute, the same bytes are
//! appended to a bare file with the same number of syncs, and as many signatures are checked as
//! bare calls. So the ratios say what the node adds, whatever else the machine does.

mod events;
mod finality;
mod outside;
mod peers;
mod sparse;

use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use cairn_store::StoreError;
use cairn_verifier::digest::EventId;
use thiserror::Error;

use crate::clock::Stopwatch;
use crate::ingest::{Refused, Submission};
use crate::init::{InitError, InitOptions, init};
use crate::node::{Node, NodeError, OpenError, Options};
use crate::proofs::ProofError;
use crate::query::Query;

pub use events::WRITERS;
pub use finality::{FinalityPlan, FinalityReport, finality};
pub use sparse::{Sparse, sparse};

/// How many events one round takes.
const ROUND: u64 = 20_000;
/// How many events one writer submits at a time.
pub const BATCH: usize = 100;
/// How many proofs and queries are timed.
const SAMPLES: u64 = 2_000;
/// Longer than any block takes.
const FINAL: Duration = Duration::from_secs(60);

/// Why there is no figure.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BenchError {
    /// The log could not be made.
    #[error(transparent)]
    Init(#[from] InitError),
    /// It could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// An event was not taken.
    #[error("event {} of a batch: {}", .0.at, .0.reason)]
    Refused(Refused),
    /// Something could not be read back.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// A proof could not be made.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// A file of the node could not be written or read.
    #[error(transparent)]
    Storage(#[from] StoreError),
    /// A file could not be written or read.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The node is not as it must be.
    #[error("{0}")]
    Wrong(String),
}

/// What was measured.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a plain answer")]
pub struct BenchReport {
    /// Events taken.
    pub events: u64,
    /// Their mean length in bytes, signed.
    pub mean_bytes: u64,
    /// Events a second, durable, checked, indexed and final: over all rounds.
    pub per_second: u64,
    /// The same in the first tenth of the rounds.
    pub first_per_second: u64,
    /// The same in the last tenth.
    pub last_per_second: u64,
    /// Bare appends of the same bytes, with as many syncs, a second: median of all rounds.
    pub append_per_second: u64,
    /// Bare signature checks a second, on all cores: median of all rounds.
    pub checks_per_second: u64,
    /// Inclusion proofs: median and 99th percentile.
    pub proof: (Duration, Duration),
    /// Whole receipts.
    pub receipt: (Duration, Duration),
    /// Queries for a page of 50.
    pub query: (Duration, Duration),
    /// Bytes in the data directory an event, over the events' own.
    pub overhead: u64,
    /// The most memory the process had, in bytes; 0 where the system does not say.
    pub memory: u64,
    /// How long opening the log took at the end.
    pub reopen: Duration,
    /// Events a second that went to a bucket, and from there into a replica.
    pub outside: Option<(u64, u64)>,
}

/// Measures with this many events in an empty directory, which is left as it is; then publishes them
/// to a bucket and follows that, if one is named. `observe` is told what is going on and how far it is.
///
/// # Errors
/// [`BenchError`].
pub fn bench(
    dir: &Path,
    events: u64,
    publish: Option<&str>,
    observe: &mut dyn FnMut(&str, u64, u64),
) -> Result<BenchReport, BenchError> {
    let data = dir.join("data");
    init(&data, InitOptions::default())?;
    let node = Node::open(&data, Options::default())?;
    let mut source = events::Source::write(&dir.join("events"), &node, events, observe)?;
    let mut rounds = Rounds::default();
    let mut done = 0;
    while done < events {
        let round = source.read(ROUND.min(events.saturating_sub(done)))?;
        rounds.run(&node, &dir.join("bare"), round)?;
        done = rounds.events;
        observe("ingest", done, events);
    }
    let sampled = sample(&node, events, observe)?;
    let stored = node.status().storage_bytes;
    drop(node);
    let watch = Stopwatch::start();
    let node = Node::open(&data, Options::default())?;
    let reopen = watch.elapsed();
    if node.status().size != events {
        return Err(BenchError::Wrong("the log is not as long as it was".to_owned()));
    }
    drop(node);
    let outside = publish.map(|to| outside::outside((&data, &dir.join("replica")), to, observe));
    let outside = outside.transpose()?;
    let tenth = rounds.times.len().div_ceil(10);
    let (times, count) = (&rounds.times, rounds.times.len());
    Ok(BenchReport {
        events,
        mean_bytes: rounds.bytes.checked_div(events).unwrap_or(0),
        per_second: rate(times.iter()),
        first_per_second: rate(times.iter().take(tenth)),
        last_per_second: rate(times.iter().skip(count.saturating_sub(tenth))),
        append_per_second: median(&mut rounds.appends),
        checks_per_second: median(&mut rounds.checks),
        proof: sampled.proof,
        receipt: sampled.receipt,
        query: sampled.query,
        overhead: stored.saturating_sub(rounds.bytes).checked_div(events).unwrap_or(0),
        memory: memory(),
        reopen,
        outside: outside.map(|(there, back)| (per_second(events, there), per_second(events, back))),
    })
}

/// What the rounds gave.
#[derive(Default)]
struct Rounds {
    events: u64,
    bytes: u64,
    times: Vec<(u64, Duration)>,
    appends: Vec<u64>,
    checks: Vec<u64>,
}

impl Rounds {
    fn run(&mut self, node: &Node, bare: &Path, round: events::Round) -> Result<(), BenchError> {
        let (count, bytes) = (round.count(), round.bytes());
        let batches = round.batches();
        self.appends.push(per_second(count, peers::append(bare, &batches)?));
        self.checks.push(peers::checks(&batches)?);
        drop(batches);
        let watch = Stopwatch::start();
        submit(node, round)?;
        let size = self.events.saturating_add(count);
        if !node.wait_size_final(size, FINAL) {
            return Err(BenchError::Wrong("events did not become final".to_owned()));
        }
        self.times.push((count, watch.elapsed()));
        self.events = size;
        self.bytes = self.bytes.saturating_add(bytes);
        Ok(())
    }
}

/// Each writer in a thread of its own, one batch after the other.
fn submit(node: &Node, round: events::Round) -> Result<(), BenchError> {
    let failed = Mutex::new(None);
    std::thread::scope(|scope| {
        for batches in round.into_writers() {
            let failed = &failed;
            scope.spawn(move || {
                for batch in batches {
                    let signed = |event| Submission::Signed {
                        event,
                        payload: None,
                        wraps: Vec::new(),
                        salt: None,
                    };
                    if let Err(refused) = node.submit(batch.into_iter().map(signed).collect()) {
                        let mut failed = failed.lock().unwrap_or_else(|error| error.into_inner());
                        failed.get_or_insert(refused);
                        return;
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap_or_else(|error| error.into_inner());
    failed.map_or(Ok(()), |refused| Err(BenchError::Refused(refused)))
}

struct Sampled {
    proof: (Duration, Duration),
    receipt: (Duration, Duration),
    query: (Duration, Duration),
}

fn sample(
    node: &Node,
    events: u64,
    observe: &mut dyn FnMut(&str, u64, u64),
) -> Result<Sampled, BenchError> {
    let (mut proofs, mut receipts, mut queries) = (Vec::new(), Vec::new(), Vec::new());
    for sample in 0..SAMPLES {
        let index = events::noise(sample).checked_rem(events).unwrap_or(0);
        let watch = Stopwatch::start();
        node.inclusion(index, events)?;
        proofs.push(watch.elapsed());
        let entry = node.entry_at(index)?;
        let id = entry.map_or(EventId::ZERO, |entry| entry.id);
        let watch = Stopwatch::start();
        node.receipt(&id, crate::proofs::BaseChoice::Genesis, Default::default())?;
        receipts.push(watch.elapsed());
        if sample % 4 == 0 {
            let query = events::query(events::noise(sample), events);
            let watch = Stopwatch::start();
            find(node, &query)?;
            queries.push(watch.elapsed());
        }
        observe("reading", sample.saturating_add(1), SAMPLES);
    }
    let [proof, receipt, query] = [proofs, receipts, queries].map(percentiles);
    Ok(Sampled { proof, receipt, query })
}

fn find(node: &Node, query: &Query) -> Result<(), BenchError> {
    node.query(query)?;
    Ok(())
}

fn rate<'a>(times: impl Iterator<Item = &'a (u64, Duration)>) -> u64 {
    let (count, time) = times.fold((0_u64, Duration::ZERO), |(count, time), (more, took)| {
        (count.saturating_add(*more), time.saturating_add(*took))
    });
    per_second(count, time)
}

fn per_second(count: u64, time: Duration) -> u64 {
    let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(1);
    count.saturating_mul(1_000_000).checked_div(micros).unwrap_or(0)
}

fn median(rates: &mut [u64]) -> u64 {
    rates.sort_unstable();
    rates.get(rates.len() / 2).copied().unwrap_or(0)
}

/// Median and 99th percentile.
fn percentiles(mut times: Vec<Duration>) -> (Duration, Duration) {
    times.sort_unstable();
    let at = |percent: usize| {
        let place = times.len().saturating_mul(percent) / 100;
        times.get(place.min(times.len().saturating_sub(1))).copied().unwrap_or_default()
    };
    (at(50), at(99))
}

/// The most memory this process had at once.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes =
        line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    kilobytes.unwrap_or(0).saturating_mul(1_024)
}
