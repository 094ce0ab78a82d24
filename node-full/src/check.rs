//! Looking at everything again: every frame, event, signature, block, tile, payload and key
//! record. Nothing is changed; what is wrong is said with its place.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use cairn_store::StoreError;
use cairn_store::tiles::{TileId, Tiles};
use cairn_verifier::digest::{self, Hash};
use cairn_verifier::event::{Payload, SignedEvent};
use cairn_verifier::finality::Header;
use cairn_verifier::tree::{Blake3, Kind, Rfc6962Sha256, TreeHasher};
use cairn_verifier::trust::Genesis;

use crate::clock::Stopwatch;
use crate::node::epoch::read_set;
use crate::node::{Block, Fit, Node, Shared, StateAgain, Tree, votes_hold};
use crate::settings::Settings;

/// The most findings that are listed; a directory with more is not worth the others.
pub const MAX_FINDINGS: usize = 1_000;

/// How to look.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "a plain choice")]
pub struct CheckOptions {
    /// At most this many bytes of events a second; as fast as it goes if not said.
    pub bytes_per_second: Option<u64>,
}

/// How far a check is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a plain answer")]
pub struct CheckProgress {
    /// Events and blocks looked at.
    pub done: u64,
    /// Events and blocks that there are.
    pub total: u64,
}

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a plain answer")]
pub struct CheckReport {
    /// Events looked at.
    pub events: u64,
    /// Events that are not kept any more; their places in the trees were looked at.
    pub pruned: u64,
    /// Blocks looked at.
    pub blocks: u64,
    /// Payloads looked at.
    pub payloads: u64,
    /// Payloads that events commit to and that are not here: erased, or never sent.
    pub payloads_absent: u64,
    /// Key records looked at.
    pub key_records: u64,
    /// What is wrong, at most [`MAX_FINDINGS`].
    pub findings: Vec<String>,
    /// Whether it was ended before it was through.
    pub is_partial: bool,
}

impl CheckReport {
    /// Whether nothing is wrong with what was looked at.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }

    fn find(&mut self, what: impl std::fmt::Display) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(what.to_string());
        }
    }
}

impl Node {
    /// Looks at everything that was there when it was called. `observe` is told how far it is, and
    /// ends it by answering `false`.
    pub fn check(
        &self,
        options: CheckOptions,
        observe: &mut dyn FnMut(CheckProgress) -> bool,
    ) -> CheckReport {
        let (head, total, has_sha256) = {
            let state = self.shared().state();
            (state.head.clone(), state.final_size(), state.sha256.is_some())
        };
        let heights = head.map_or(0, |head| head.header.height.saturating_add(1));
        let mut check = match Check::begin(self.shared(), has_sha256, options) {
            Ok(check) => check,
            Err(error) => {
                return CheckReport { findings: vec![error.to_string()], ..CheckReport::default() };
            }
        };
        let total = total.saturating_add(heights);
        check.before_checkpoint();
        for height in self.shared().blocks.begin()..heights {
            let done = height.saturating_add(check.events.size());
            if !observe(CheckProgress { done, total }) || !check.block(height, observe, total) {
                check.report.is_partial = true;
                return check.report;
            }
        }
        check.key_records();
        observe(CheckProgress { done: total, total });
        check.report
    }
}

/// A tree that is made again: from its beginning, or, where this node joined by a checkpoint and has no
/// older tiles, from those that it joined with, which the roots behind them prove.
fn fresh<H: TreeHasher>(
    shared: &Shared,
    (tree, hasher): (Tree, H),
    from: u64,
) -> Result<Tiles<H>, StoreError> {
    let dir = tree.dir(&shared.dir);
    if from == 0 || dir.join(TileId { level: 0, number: 0 }.path()).exists() {
        return Ok(Tiles::new(hasher, &dir));
    }
    Tiles::resume(hasher, &dir, from)
}

struct Check<'a> {
    shared: &'a Shared,
    /// How many events stand before those that the trees are made again from.
    events_from: u64,
    /// The trees made again from the log.
    events: Tiles<Blake3>,
    sha256: Option<Tiles<Rfc6962Sha256>>,
    headers: Tiles<Blake3>,
    /// None once an event could not be read: what is after that cannot be said.
    state: Option<StateAgain>,
    before: Option<Arc<Block>>,
    pace: Pace,
    report: CheckReport,
}

impl<'a> Check<'a> {
    fn begin(
        shared: &'a Shared,
        has_sha256: bool,
        options: CheckOptions,
    ) -> Result<Self, StoreError> {
        let hasher = |kind| Blake3::new(kind, *shared.log.as_bytes());
        let (events, blocks) = (shared.entries.begin(), shared.blocks.begin());
        let second = (Tree::Sha256, Rfc6962Sha256);
        let tree = fresh(shared, (Tree::Events, hasher(Kind::Event)), events)?;
        // The state before a checkpoint is compared when the directory is opened.
        let is_whole = blocks == 0 && tree.size() == 0;
        let state = Genesis::decode(&shared.genesis).ok().filter(|_| is_whole);
        Ok(Self {
            shared,
            events_from: tree.size(),
            events: tree,
            sha256: has_sha256.then(|| fresh(shared, second, events)).transpose()?,
            // Of older blocks nothing is here to make leaves of.
            headers: Tiles::resume(hasher(Kind::Header), &Tree::Headers.dir(&shared.dir), blocks)?,
            state: state.and_then(|genesis| StateAgain::new(&genesis).ok()),
            before: None,
            pace: Pace { limit: options.bytes_per_second, watch: Stopwatch::start(), bytes: 0 },
            report: CheckReport::default(),
        })
    }

    /// What is here of before the checkpoint by which this node joined: events that the log goes by,
    /// and handovers.
    fn before_checkpoint(&mut self) {
        let shared = self.shared;
        let kept = shared.entries.kept_indices();
        let kept: Vec<u64> = kept.into_iter().filter(|index| *index < self.events_from).collect();
        let count = u64::try_from(kept.len()).unwrap_or(u64::MAX);
        self.report.pruned = self.events_from.saturating_sub(count);
        for index in kept {
            self.report.events = self.report.events.saturating_add(1);
            if let Err(what) = self.read_event(index) {
                self.report.find(format_args!("event {index}: {what}"));
            }
        }
        for height in shared.blocks.kept_indices() {
            self.report.blocks = self.report.blocks.saturating_add(1);
            let block = match shared.block(height) {
                Ok(Some(block)) => Arc::new(block),
                Ok(None) => continue,
                Err(error) => {
                    self.report.find(format_args!("block {height}: {error}"));
                    continue;
                }
            };
            if let Err(what) = self.votes(&block) {
                self.report.find(format_args!("block {height} {what}"));
            }
            self.before = Some(block);
        }
    }

    fn votes(&self, block: &Block) -> Result<(), String> {
        let header = &block.header;
        let set = self.shared.set_at(header.height).ok_or("is of an epoch that is not known")?;
        let set = read_set(&set).map_err(|error| error.to_string())?;
        votes_hold(&set, (header, &block.digest), &block.certificate)
    }

    /// A block and the events that it makes final; `false` if `observe` ended it.
    fn block(
        &mut self,
        height: u64,
        observe: &mut dyn FnMut(CheckProgress) -> bool,
        total: u64,
    ) -> bool {
        self.report.blocks = self.report.blocks.saturating_add(1);
        let block = match self.shared.block(height) {
            Ok(Some(block)) => Arc::new(block),
            Ok(None) => return true,
            Err(error) => {
                self.report.find(format_args!("block {height}: {error}"));
                return true;
            }
        };
        while self.events.size() < block.header.events.get() {
            let index = self.events.size();
            if index.is_multiple_of(256) {
                let done = height.saturating_add(index);
                if !observe(CheckProgress { done, total }) {
                    return false;
                }
                self.compare_tiles();
            }
            self.event(index);
        }
        if let Err(what) = self.fits(&block) {
            self.report.find(format_args!("block {height} {what}"));
        }
        let leaf = self.headers.hasher().leaf(height, block.digest.as_bytes());
        self.headers.push(leaf);
        self.compare_tiles();
        self.before = Some(block);
        true
    }

    fn fits(&mut self, block: &Arc<Block>) -> Result<(), String> {
        let header = &block.header;
        self.votes(block)?;
        let parent =
            self.before.as_ref().map_or(digest::HeaderDigest::ZERO, |before| before.digest);
        let (events, sha256) = self.roots(header)?;
        let headers = self.headers.root(header.height).map_err(|error| error.to_string())?;
        let unknown = Ok(Fit { root: true, sets: true });
        let state = self.state.as_mut().map_or(unknown, |state| state.block(block));
        // Before what is left, it takes events that are gone.
        let is_pruned = header.events.get() < self.shared.entries.begin();
        let state = state.map_err(|error| error.to_string())?;
        let fits = [
            (header.log == self.shared.log, "is of another log"),
            (header.parent == parent, "has another parent"),
            (header.event_root == events, "has another event root than the log"),
            (header.header_root == headers, "has another header root than the log"),
            (header.sha256_root == sha256, "has another SHA-256 root than the log"),
            (state.root || is_pruned, "has another state root than the log"),
            (state.sets, "has another epoch or validator set than the log"),
        ];
        match fits.iter().find(|(fits, _)| !fits) {
            Some((_, what)) => Err((*what).to_owned()),
            None => Ok(()),
        }
    }

    /// The roots of the trees of events as they were for a block.
    fn roots(&self, header: &Header) -> Result<(Hash, Hash), String> {
        let size = header.events.get();
        // Where this node joined by a checkpoint, older trees cannot be made again.
        if size < self.events_from {
            return Ok((header.event_root, header.sha256_root));
        }
        let events = self.events.root(size).map_err(|error| error.to_string())?;
        let sha256 = self.sha256.as_ref().map_or(Ok(Hash::ZERO), |tree| tree.root(size));
        Ok((events, sha256.map_err(|error| error.to_string())?))
    }

    fn event(&mut self, index: u64) {
        let (leaf, second) = if self.shared.entries.has(index) {
            self.report.events = self.report.events.saturating_add(1);
            self.read_event(index).unwrap_or_else(|what| {
                self.report.find(format_args!("event {index}: {what}"));
                self.state = None;
                // So that one bad event is one finding.
                self.leaves_in_tiles(index)
            })
        } else {
            // What was pruned is in the roots that validators signed, and is compared there.
            self.report.pruned = self.report.pruned.saturating_add(1);
            self.leaves_in_tiles(index)
        };
        self.events.push(leaf);
        if let Some(tree) = &mut self.sha256 {
            tree.push(second);
        }
    }

    /// What tiles say of an event.
    fn leaves_in_tiles(&self, index: u64) -> (Hash, Hash) {
        let state = self.shared.state();
        let leaf = state.events.node(0, index).unwrap_or(Hash::ZERO);
        let second = state.sha256.as_ref().and_then(|tree| tree.node(0, index).ok());
        (leaf, second.unwrap_or(Hash::ZERO))
    }

    /// The event's leaves in both trees.
    fn read_event(&mut self, index: u64) -> Result<(Hash, Hash), String> {
        let bytes = self.shared.entries.read(index).map_err(|error| error.to_string())?;
        self.pace.take(bytes.len());
        let event = SignedEvent::decode(&bytes).map_err(|error| error.to_string())?;
        let (id, _) = event.verify().map_err(|error| error.to_string())?;
        let found = self.shared.find(&id).map_err(|error| error.to_string())?;
        if found != Some(index) {
            self.report.find(format_args!(
                "event {index}: the index does not find it; `cairn reindex` makes it again"
            ));
        }
        if let Some(state) = &mut self.state {
            state.event(index, &id, &event);
        }
        self.payload(index, &event.body().payload);
        let leaf = self.events.hasher().leaf(index, id.as_bytes());
        Ok((leaf, Rfc6962Sha256::leaf(event.bytes())))
    }

    fn payload(&mut self, index: u64, payload: &Payload) {
        let Some(expected) = payload.stored() else { return };
        match self.shared.blobs.get(&expected) {
            Err(error) => self.report.find(format_args!("payload of event {index}: {error}")),
            Ok(None) => {
                self.report.payloads_absent = self.report.payloads_absent.saturating_add(1);
            }
            Ok(Some(bytes)) => {
                self.pace.take(bytes.len());
                self.report.payloads = self.report.payloads.saturating_add(1);
                let context = match payload {
                    Payload::Public { .. } => digest::PUBLIC_PAYLOAD,
                    Payload::Sealed(_) | Payload::None => digest::CIPHERTEXT,
                };
                if *expected.as_bytes() != digest::derive(context, &[&bytes]) {
                    self.report.find(format_args!(
                        "payload of event {index}: {expected} has other bytes; restore it from a \
                         backup"
                    ));
                }
            }
        }
    }

    /// Compares what is full with what is on disk.
    fn compare_tiles(&mut self) {
        compare(&mut self.events, &mut self.report);
        compare(&mut self.headers, &mut self.report);
        if let Some(tree) = &mut self.sha256 {
            compare(tree, &mut self.report);
        }
    }

    fn key_records(&mut self) {
        for number in 0..self.shared.records.len() {
            self.report.key_records = self.report.key_records.saturating_add(1);
            let record = self.shared.read_record(number);
            if let Err(error) = record {
                self.report.find(error);
            }
        }
    }
}

fn compare<H: TreeHasher>(tree: &mut Tiles<H>, report: &mut CheckReport) {
    for tile in tree.pending() {
        match tile.compare() {
            Ok(true) => tree.forget(tile.id()),
            // It is on its way to the disk, or is made again when the node opens.
            Ok(false) => {}
            Err(error) => {
                let what = error.to_string();
                if !report.findings.contains(&what) {
                    report.find(what);
                }
            }
        }
    }
}

/// Keeps to a number of bytes a second.
struct Pace {
    limit: Option<u64>,
    watch: Stopwatch,
    bytes: u64,
}

impl Pace {
    fn take(&mut self, bytes: usize) {
        let Some(limit) = self.limit else { return };
        self.bytes = self.bytes.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        let due = self.bytes.saturating_mul(1_000).checked_div(limit).unwrap_or(0);
        let early = Duration::from_millis(due).saturating_sub(self.watch.elapsed());
        if !early.is_zero() {
            std::thread::sleep(early.min(Duration::from_secs(1)));
        }
    }
}

/// Looks at a running node's data again and again, slowly, until it is stopped. What is wrong goes
/// to the node's log and to its metrics.
#[derive(Debug)]
pub struct Checker {
    stop: Arc<Stop>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Stop {
    is_set: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    fn is_set(&self) -> bool {
        *self.is_set.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits, unless or until it is set.
    fn wait(&self, time: Duration) {
        let is_set = self.is_set.lock().unwrap_or_else(PoisonError::into_inner);
        let _over = self.changed.wait_timeout_while(is_set, time, |is_set| !*is_set);
    }
}

impl Checker {
    /// Starts, if the settings ask for it.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(node: &Node, settings: &Settings) -> std::io::Result<Self> {
        let stop = Arc::new(Stop::default());
        let Some(rate) = settings.check_rate else { return Ok(Self { stop, thread: None }) };
        let options = CheckOptions { bytes_per_second: Some(rate.saturating_mul(1_000_000)) };
        let pause = Duration::from_secs(settings.check_every.saturating_mul(3_600));
        let (node, until) = (node.clone(), Arc::clone(&stop));
        let run = move || {
            while !until.is_set() {
                tell(&node.check(options, &mut |_| !until.is_set()));
                until.wait(pause);
            }
        };
        let thread = std::thread::Builder::new().name("check".to_owned()).spawn(run)?;
        Ok(Self { stop, thread: Some(thread) })
    }

    /// Ends it, and waits until it has ended.
    pub fn stop(self) {
        *self.stop.is_set.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.stop.changed.notify_all();
        if self.thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the checking thread had panicked");
        }
    }
}

fn tell(report: &CheckReport) {
    if report.is_partial {
        return;
    }
    for finding in &report.findings {
        tracing::error!(%finding, "the data is not as it must be; run `cairn check`");
    }
    let CheckReport { events, blocks, payloads, .. } = report;
    tracing::info!(events, blocks, payloads, "everything was looked at");
    let findings = u32::try_from(report.findings.len()).unwrap_or(u32::MAX);
    metrics::counter!("cairn_checks_total").increment(1);
    metrics::gauge!("cairn_check_findings").set(f64::from(findings));
}
