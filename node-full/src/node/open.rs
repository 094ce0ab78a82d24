//! Opening a data directory: everything is read once, and checked on the way.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::{Arc, Mutex, RwLock};

use cairn_store::StoreError;
use cairn_store::blobs::Blobs;
use cairn_store::files;
use cairn_store::segment::{Opened, Segment};
use cairn_store::tiles::Tiles;
use cairn_verifier::UnixMillis;
use cairn_verifier::digest::{Hash, HeaderDigest, LogId};
use cairn_verifier::event::{EventBody, SignedEvent};
use cairn_verifier::finality::{Certificate, Role, VOTE_PRECOMMIT, vote_message};
use cairn_verifier::tree::{Blake3, Kind};
use cairn_verifier::trust::{Genesis, MAX_GENESIS_LEN};

use super::keys::Keys;
use super::shared::{Progress, decode_block};
use super::state::{Blocks, State};
use super::{Block, Directory, Index, KeyRecord, OpenError, Options, Shared};
use crate::clock::Stopwatch;
use crate::init::{FORMAT, FORMAT_FILE, GENESIS_FILE};

/// How many leaves may wait for their tiles to be stored while the log is read.
const STORE_EVERY: u64 = 1 << 16;

pub(super) fn open(dir: &Path, options: Options) -> Result<Shared, OpenError> {
    check_format(dir)?;
    let lock = take_lock(&dir.join("LOCK"))?;
    let genesis_bytes = read_genesis(dir)?;
    let genesis = decode_genesis(dir, &genesis_bytes)?;
    let keys = Keys::read(dir, &genesis)?;

    let mut replay = Replay::new(dir, &genesis);
    let (blocks, blocks_opened) =
        Segment::open(&dir.join("log/blocks.seg"), (0, 0), |height, bytes| {
            replay.block(height, bytes)
        })?;
    replay.check_head(&genesis)?;
    let at_least = replay.state.blocks.final_size();
    let (entries, entries_opened) =
        Segment::open(&dir.join("log/entries.seg"), (0, at_least), |index, bytes| {
            replay.entry(index, bytes)
        })?;
    let (records, records_opened) =
        Segment::open(&dir.join("keystore/wraps.seg"), (0, 0), |index, bytes| {
            replay.record(index, bytes)
        })?;
    replay.state.events.store_pending()?;
    replay.state.headers.store_pending()?;
    let opened = [&blocks_opened, &entries_opened, &records_opened];
    let cut_bytes =
        opened.iter().fold(0_u64, |sum, opened: &&Opened| sum.saturating_add(opened.cut));
    if cut_bytes != 0 {
        tracing::warn!(cut_bytes, "cut writes that never finished; none had been acknowledged");
    }
    Ok(Shared {
        dir: dir.to_owned(),
        options,
        log: genesis.log(),
        directory: Directory::new(&genesis),
        keys,
        entries,
        blocks,
        records,
        blobs: Blobs::open(&dir.join("payloads"))?,
        progress: Progress::new(at_least),
        state: RwLock::new(replay.state),
        failed: Mutex::new(BTreeMap::new()),
        cut_bytes,
        started: Stopwatch::start(),
        genesis: genesis_bytes.clone(),
        _lock: lock,
    })
}

fn check_format(dir: &Path) -> Result<(), OpenError> {
    let path = dir.join(FORMAT_FILE);
    let Some(found) = files::read(&path, 4_096)? else {
        return Err(OpenError::NotInitialised(dir.to_owned()));
    };
    if found == FORMAT.as_bytes() {
        return Ok(());
    }
    let found = String::from_utf8_lossy(&found).trim().to_owned();
    Err(OpenError::OtherFormat { path, expected: FORMAT.trim_ascii(), found })
}

fn take_lock(path: &Path) -> Result<File, OpenError> {
    let file = File::create(path).map_err(StoreError::io("open", path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked(path.to_owned())),
        Err(TryLockError::Error(error)) => Err(StoreError::io("lock", path)(error).into()),
    }
}

fn read_genesis(dir: &Path) -> Result<Vec<u8>, OpenError> {
    let limit = u64::try_from(MAX_GENESIS_LEN).unwrap_or(u64::MAX);
    let bytes = files::read(&dir.join(GENESIS_FILE), limit)?;
    bytes.ok_or_else(|| OpenError::NotInitialised(dir.to_owned()))
}

fn decode_genesis<'a>(dir: &Path, bytes: &'a [u8]) -> Result<Genesis<'a>, OpenError> {
    Genesis::decode(bytes)
        .map_err(|reason| OpenError::BadGenesis { path: dir.join(GENESIS_FILE), reason })
}

/// Builds the state again, frame by frame.
struct Replay {
    state: State,
    genesis_time: UnixMillis,
    log: LogId,
    /// Heights, tree sizes and roots that the blocks demand, the next one last.
    roots: Vec<(u64, u64, Hash)>,
}

impl Replay {
    fn new(dir: &Path, genesis: &Genesis<'_>) -> Self {
        let log = genesis.log();
        let tree = |kind, name: &str| {
            Tiles::new(Blake3::new(kind, *log.as_bytes()), &dir.join("tiles").join(name))
        };
        Self {
            state: State {
                events: tree(Kind::Event, "event"),
                headers: tree(Kind::Header, "header"),
                index: Index::default(),
                blocks: Blocks::default(),
                records: BTreeMap::new(),
            },
            genesis_time: genesis.time(),
            log,
            roots: Vec::new(),
        }
    }

    fn block(&mut self, height: u64, bytes: &[u8]) -> Result<(), OpenError> {
        let bad = |reason: String| OpenError::BadBlock { height, reason };
        let block = decode_block(bytes).map_err(|error| bad(error.to_string()))?;
        let header = &block.header;
        let head = self.state.blocks.head();
        let parent = head.map_or(HeaderDigest::ZERO, |head| head.digest);
        let earlier = head.map_or(self.genesis_time, |head| head.header.time);
        let header_root = self.state.headers.root(height)?;
        let fits = [
            (header.log == self.log, "another log"),
            (header.height == height, "another height"),
            (header.parent == parent, "another parent"),
            (header.time > earlier, "a time that does not follow"),
            (header.events.get() >= self.state.blocks.final_size(), "a smaller tree"),
            (header.header_root == header_root, "another header tree"),
        ];
        if let Some((_, what)) = fits.iter().find(|(fits, _)| !fits) {
            return Err(bad(format!("it has {what}")));
        }
        let leaf = self.state.headers.hasher().leaf(height, block.digest.as_bytes());
        self.state.headers.push(leaf);
        self.roots.push((height, header.events.get(), header.event_root));
        self.state.blocks.push(Arc::new(block));
        Ok(())
    }

    /// All blocks were read: the newest must be certified, and the empty tree is checked now.
    fn check_head(&mut self, genesis: &Genesis<'_>) -> Result<(), OpenError> {
        if let Some(head) = self.state.blocks.head() {
            let height = head.header.height;
            let bad = |reason| OpenError::BadBlock { height, reason };
            check_votes(genesis, head).map_err(bad)?;
        }
        self.roots.reverse();
        self.check_root()
    }

    fn entry(&mut self, index: u64, bytes: &[u8]) -> Result<(), OpenError> {
        let bad = |reason: String| OpenError::BadEntry { index, reason };
        let event = SignedEvent::decode(bytes).map_err(|error| bad(error.to_string()))?;
        let (id, body) = (event.id(), event.body());
        self.check_order(body).map_err(|what| bad(format!("it has {what}")))?;
        let leaf = self.state.events.hasher().leaf(index, id.as_bytes());
        self.state.events.push(leaf);
        self.state.index.push(id, body);
        if self.state.events.size().is_multiple_of(STORE_EVERY) {
            self.state.events.store_pending()?;
        }
        self.check_root()
    }

    fn check_order(&self, body: &EventBody<'_>) -> Result<(), &'static str> {
        let (next, last) = self.state.index.next_of(&(body.stream, body.writer));
        if body.log != self.log {
            Err("another log")
        } else if body.sequence != next {
            Err("another sequence number than the next")
        } else if body.previous != last {
            Err("another event before it")
        } else {
            Ok(())
        }
    }

    /// Compares the tree with the blocks that end here.
    fn check_root(&mut self) -> Result<(), OpenError> {
        let size = self.state.events.size();
        while let Some((height, _, expected)) = self.roots.pop_if(|(_, at, _)| *at == size) {
            let found = self.state.events.root(size)?;
            if found != expected {
                let reason = format!("its event root is {expected}, the log's is {found}");
                return Err(OpenError::BadBlock { height, reason });
            }
        }
        Ok(())
    }

    fn record(&mut self, index: u64, bytes: &[u8]) -> Result<(), OpenError> {
        let record = KeyRecord::decode(bytes);
        let record = record.map_err(|reason| OpenError::BadKeyRecord { index, reason })?;
        self.state.records.insert(record.event, index);
        Ok(())
    }
}

/// Checks that the votes of a block's certificate hold. Whether they are a quorum, and whether it
/// is too late to rely on them, is what auditors decide; here it shows a damaged block.
pub(crate) fn check_votes(genesis: &Genesis<'_>, block: &Block) -> Result<(), String> {
    let certificate = Certificate::decode(&block.certificate).map_err(|error| error.to_string())?;
    let header = &block.header;
    let place = (VOTE_PRECOMMIT, header.height, certificate.round());
    let message = vote_message((&header.log, &header.set), place, &block.digest);
    let mut votes = 0_u8;
    for vote in certificate.votes() {
        let validator = genesis.set().iter().nth(usize::from(vote.index));
        let validator = validator.ok_or("its certificate names an unknown validator")?;
        let held = validator.key.verify(Role::Vote, &message, vote.signature);
        held.map_err(|_| format!("vote {} of its certificate does not hold", vote.index))?;
        votes = votes.saturating_add(1);
    }
    if votes == 0 { Err("its certificate has no votes".to_owned()) } else { Ok(()) }
}
