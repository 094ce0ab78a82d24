//! How fast blocks become final, with files that are synced: one validator, then four in this
//! process (`cargo run --release -p cairn-consensus --example rate -- /a/directory`).
#![expect(
    clippy::disallowed_types,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "a measurement, not part of anything"
)]

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

use cairn_consensus::{
    Broken, Config, Host, Journal, Keeper, Limits, Output, Peer, Set, Timeouts, Verdict,
};
use cairn_verifier::UnixMillis;
use cairn_verifier::digest::{Hash, HeaderDigest, LogId};
use cairn_verifier::finality::{Header, Parameters, encode_set};
use cairn_verifier::secret::ValidatorSecret;
use cairn_verifier::tree::TreeSize;

/// A log and a record as files; the record has two slots that take turns, so that one is always
/// whole. Without a directory nothing is kept, which shows what all but the disk costs.
struct Files {
    log: Option<File>,
    record: Option<File>,
    turn: u64,
}

impl Files {
    fn new(dir: Option<&Path>, number: usize) -> Self {
        let open = |name: &str| {
            let dir = dir?.join(number.to_string());
            std::fs::create_dir_all(&dir).unwrap();
            let path = dir.join(name);
            Some(OpenOptions::new().create(true).truncate(true).write(true).open(path).unwrap())
        };
        Self { log: open("log"), record: open("record"), turn: 0 }
    }
}

impl Journal for Files {
    type Error = std::io::Error;

    fn begin(&mut self, _: u64) -> Result<(), Self::Error> {
        let Some(log) = &mut self.log else { return Ok(()) };
        log.rewind()
    }

    fn append(&mut self, height: u64, entry: &[u8]) -> Result<(), Self::Error> {
        let Some(log) = &mut self.log else { return Ok(()) };
        log.write_all(&cairn_consensus::log::frame(height, entry))
    }

    fn sync(&mut self) -> Result<(), Self::Error> {
        self.log.as_ref().map_or(Ok(()), File::sync_data)
    }

    fn record(&mut self, record: &[u8]) -> Result<(), Self::Error> {
        let Some(file) = &mut self.record else { return Ok(()) };
        self.turn += 1;
        file.seek(SeekFrom::Start(self.turn % 2 * 4_096))?;
        file.write_all(record)?;
        file.sync_data()
    }
}

fn block(log: LogId, height: u64, set: &Set) -> Vec<u8> {
    let header = Header {
        log,
        height,
        epoch: 0,
        time: UnixMillis(height + 1),
        parent: HeaderDigest::from_bytes([u8::from(height > 0); 32]),
        events: TreeSize::EMPTY,
        event_root: Hash::ZERO,
        sha256_root: Hash::ZERO,
        header_root: Hash::ZERO,
        epoch_start: 0,
        set: set.digest(),
        next_set: set.digest(),
        state_root: Hash::ZERO,
        parameters: Parameters { gate: 1_024, trust_period: 0 },
    };
    [header.encode().as_slice(), &[0; 1_024]].concat()
}

fn main() {
    let dir = std::env::args_os().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    for (count, heights) in [(1_usize, 500_u64), (4, 100)] {
        for (kept, place) in [("in memory", None), ("synced", Some(dir.as_path()))] {
            let (started, cpu) = (Instant::now(), cpu_millis());
            measure(place, count, heights);
            let rate = heights as f64 / started.elapsed().as_secs_f64();
            let cpu = (cpu_millis() - cpu) / heights as f64;
            println!("{count} of suite 2, {kept}: {rate:.0} blocks/s, {cpu:.1} ms of CPU a block");
        }
    }
    println!("one sync: {:.2} ms", sync_millis(&dir));
}

/// What this process has computed so far; 0 where Linux does not say.
fn cpu_millis() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanos = stat.split(' ').next().and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    nanos as f64 / 1e6
}

/// What one small synced write takes here, to see the figures above by.
fn sync_millis(dir: &Path) -> f64 {
    let mut files = Files::new(Some(dir), 0);
    let started = Instant::now();
    for _ in 0..100 {
        files.record(&[7; 80]).unwrap();
    }
    started.elapsed().as_secs_f64() * 10.0
}

fn measure(dir: Option<&Path>, count: usize, heights: u64) {
    let secrets = || (1..=count as u8).map(|seed| ValidatorSecret::from_seed([seed; 32]));
    let entries: Vec<_> = secrets().map(|s| (s.suite(), s.public_key(), 1)).collect();
    let set = Set::decode(&encode_set(&entries).unwrap()).unwrap();
    let log = LogId::from_bytes([7; 32]);
    let mut nodes: Vec<_> = (0..)
        .zip(secrets())
        .map(|(number, secret)| {
            let (timeouts, limits) = (Timeouts::default(), Limits::default());
            let config = Config { log, timeouts, limits, broken: Broken::default() };
            let host = Host::new(config, Some(Box::new(secret)), None, &set).unwrap();
            (host, Keeper::new(Files::new(dir, number)))
        })
        .collect();
    for height in 0..heights {
        let mut queue: VecDeque<(usize, Vec<Output>)> = VecDeque::new();
        for (at, (host, _)) in nodes.iter_mut().enumerate() {
            queue.push_back((at, host.start(height, &set).unwrap()));
        }
        let mut decided = 0;
        while let Some((at, outputs)) = queue.pop_front() {
            for output in nodes[at].1.perform(outputs).unwrap() {
                match output {
                    Output::Broadcast(bytes) => {
                        for to in (0..count).filter(|to| *to != at) {
                            let peer = Peer(at as u64);
                            queue.push_back((to, nodes[to].0.message(peer, &bytes).unwrap()));
                        }
                    }
                    Output::Build { height, round, .. } => {
                        let block = block(log, height, &set);
                        queue.push_back((at, nodes[at].0.built((height, round), block).unwrap()));
                    }
                    Output::Check { height, header, .. } => {
                        let checked = nodes[at].0.checked(height, header, Verdict::Valid);
                        queue.push_back((at, checked.unwrap()));
                    }
                    Output::Decided(_) => decided += 1,
                    Output::Begin { .. }
                    | Output::Append { .. }
                    | Output::Record(_)
                    | Output::Send { .. }
                    | Output::SetTimer { .. }
                    | Output::Serve { .. }
                    | Output::Ban { .. } => {}
                }
            }
        }
        assert_eq!(decided, count);
    }
}
