//! Opening a data directory: what a crash left is cut or made good, and what was derived goes on
//! from where it was.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, RwLock};

use cairn_store::StoreError;
use cairn_store::blobs::Blobs;
use cairn_store::entries::{Entries, Of};
use cairn_store::files;
use cairn_store::index::{Index, Mark};
use cairn_store::keystore::KeyStore;
use cairn_store::tiles::Tiles;
use cairn_verifier::digest::HeaderDigest;
use cairn_verifier::event::SignedEvent;
use cairn_verifier::finality::{
    Certificate, Header, Role, VOTE_PRECOMMIT, ValidatorSet, vote_message,
};
use cairn_verifier::tree::TreeHasher;
use cairn_verifier::trust::{Genesis, MAX_GENESIS_LEN};
use cairn_verifier::wire::DecodeError;

use super::epoch::read_set;
use super::keys::{Keys, VALIDATOR_KEY};
use super::progress::Progress;
use super::replay::{Replay, index_blocks};
use super::shared::decode_block;
use super::state::{State, Tree};
use super::{
    Block, Directory, LogState, NodeError, OpenError, Options, Shared, Waiting, format, signed,
    uncounted,
};
use crate::clock::Stopwatch;
use crate::init::GENESIS_FILE;
use crate::keyring::{Keyring, Passphrase};
use crate::validate::pool::Pool;

/// Where a data directory keeps what can be forgotten.
pub(super) const KEY_STORE: &str = "keystore";

/// What a directory is opened for.
#[derive(Clone, Copy)]
pub(super) enum As<'a> {
    /// To make blocks, with the keys in it, which this opens if they are encrypted.
    Validator(Option<&'a Passphrase>),
    /// The same, of blocks that others agree on too.
    OneOfMany(Option<&'a Passphrase>),
    /// To follow another node's, without a key.
    Replica,
}

impl As<'_> {
    fn keys(self, dir: &Path, genesis: &Genesis<'_>) -> Result<Option<Keys>, OpenError> {
        match self {
            Self::Validator(passphrase) => {
                Keys::read(dir, Keyring::open(dir, passphrase)?, Some(genesis)).map(Some)
            }
            Self::OneOfMany(passphrase) => {
                Keys::read(dir, Keyring::open(dir, passphrase)?, None).map(Some)
            }
            Self::Replica => Ok(None),
        }
    }

    fn pool(self, dir: &Path) -> Result<Option<Pool>, OpenError> {
        match self {
            Self::OneOfMany(_) => Ok(Some(Pool::open(dir)?)),
            Self::Validator(_) | Self::Replica => Ok(None),
        }
    }

    /// One of many has no entries that no block of its log has.
    fn counted(
        self,
        dir: &Path,
        (index, entries): (Index, Entries),
        sizes: (u64, u64),
    ) -> Result<(Arc<Index>, Entries), OpenError> {
        let (index, entries) = match self {
            Self::OneOfMany(_) => uncounted::set_back(dir, (index, entries), sizes)?,
            Self::Validator(_) | Self::Replica => (index, entries),
        };
        Ok((Arc::new(index), entries))
    }
}

pub(super) fn open(dir: &Path, options: Options, purpose: As<'_>) -> Result<Shared, OpenError> {
    format::check(dir)?;
    let lock = lock(dir)?;
    format::migrate(dir)?;
    let genesis_bytes = read_genesis(dir)?;
    let genesis = decode_genesis(dir, &genesis_bytes)?;
    let keys = purpose.keys(dir, &genesis)?;
    let index = open_index(dir, options.index_memory)?;

    let (log, limit) = (dir.join("log"), options.segment_bytes);
    let known_blocks = index.mark(Mark::Blocks)?;
    let (blocks, blocks_cut) = Entries::open((&log, Of::Blocks), limit, known_blocks)?;
    signed::append_again(dir, &genesis, &blocks)?;
    let head = newest(&genesis, &blocks)?;
    let final_size = head.as_ref().map_or(0, |head| head.header.events.get());
    let at_least = index.mark(Mark::Entries)?.max(final_size);
    let (entries, entries_cut) = Entries::open((&log, Of::Entries), limit, at_least)?;
    let sizes = (final_size, options.index_memory);
    let (index, entries) = purpose.counted(dir, (index, entries), sizes)?;

    make_tile_folders(dir, &genesis)?;
    let replay = Replay::new(dir, &genesis, (&index, &entries, &blocks), head.as_deref());
    let headers = replay.headers()?;
    let (events, sha256) = replay.events()?;
    index_blocks(&index, &blocks)?;
    let pool = purpose.pool(dir)?;
    let (records, records_cut) = open_records(dir, (&index, &entries), pool.as_ref())?;
    let cut_bytes = [blocks_cut.cut, entries_cut.cut, records_cut].into_iter().sum();
    if cut_bytes != 0 {
        tracing::warn!(cut_bytes, "cut writes that never finished; none had been acknowledged");
    }
    let log_state = LogState::new(&genesis, Arc::clone(&index))
        .map_err(|error| OpenError::State { reason: error.to_string() })?;
    let shared = Shared {
        dir: dir.to_owned(),
        options,
        log: genesis.log(),
        directory: RwLock::new(Arc::new(Directory::new(&genesis))),
        keys,
        index,
        indexing: Mutex::default(),
        entries,
        blocks,
        records,
        blobs: Blobs::open(&dir.join("payloads"))?,
        progress: Progress::new(final_size),
        pool,
        validator: Mutex::default(),
        linking: Mutex::default(),
        current: AtomicBool::new(true),
        accuser: Mutex::default(),
        turns: Mutex::default(),
        state: RwLock::new(State { events, sha256, headers, head, waiting: Waiting::default() }),
        log_state: RwLock::new(log_state),
        failed: Mutex::new(BTreeMap::new()),
        elsewhere: Mutex::default(),
        cut_bytes,
        started: Stopwatch::start(),
        genesis: genesis_bytes.clone(),
        _lock: lock,
    };
    // The names of what was made here, by this process or by one that was killed before it did this.
    files::sync_dir(dir)?;
    open_directory(&shared)?;
    open_state(&shared)?;
    check_newest(&shared)?;
    expect_validator(&shared)?;
    Ok(shared)
}

/// Opens a directory without keys, for what was checked to be appended.
pub(crate) fn open_replica(dir: &Path, options: Options) -> Result<Shared, OpenError> {
    open(dir, options, As::Replica)
}

/// Members, streams and roles, from the log.
fn open_directory(shared: &Shared) -> Result<(), OpenError> {
    let unreadable = |error: NodeError| OpenError::Directory { reason: error.to_string() };
    let directory = shared.read_directory().map_err(unreadable)?;
    if directory.system().is_none() {
        tracing::warn!(
            "this log was made without the stream `system`, so what is done through the API is not \
             logged in it"
        );
    }
    shared.set_directory(Arc::new(directory));
    Ok(())
}

/// The state after the newest block, and what the events after that will change.
fn open_state(shared: &Shared) -> Result<(), OpenError> {
    let from = {
        let mut log_state = shared.log_state_mut();
        log_state.open(shared)?;
        log_state.size()
    };
    let mut waiting = Waiting::default();
    shared.entries.scan(from..shared.entries.end(), |index, bytes| {
        let bad = |reason: DecodeError| OpenError::BadEntry { index, reason: reason.to_string() };
        let event = SignedEvent::decode(bytes).map_err(bad)?;
        waiting.push((index, &event.id()), &event, bytes.len());
        Ok::<_, OpenError>(())
    })?;
    shared.state_mut().waiting = waiting;
    Ok(())
}

/// Makes the trees' folders, durably: with a tile, only names within its tree's folder are synced.
fn make_tile_folders(dir: &Path, genesis: &Genesis<'_>) -> Result<(), StoreError> {
    let sha256 = genesis.sha256_tree().then_some(Tree::Sha256);
    let trees = [Tree::Events, Tree::Headers].into_iter().chain(sha256);
    for tree in trees {
        files::create_dir(&tree.dir(dir))?;
    }
    Ok(())
}

/// Opens the index. One that lost power left in pieces is made again: it is derived, and nothing of
/// it was ever synced.
pub(super) fn open_index(dir: &Path, memory: u64) -> Result<Index, StoreError> {
    let path = dir.join("index");
    match Index::open(&path, memory) {
        Err(error @ StoreError::IndexDamaged { .. }) => {
            tracing::warn!(%error, "making the index again from the log");
            Index::remove(&path)?;
            Index::open(&path, memory)
        }
        opened => opened,
    }
}

/// Removes the index of a directory that no node has open.
pub(super) fn forget_index(dir: &Path) -> Result<(), OpenError> {
    format::check(dir)?;
    let _lock = lock(dir)?;
    Ok(Index::remove(&dir.join("index"))?)
}

/// Takes a data directory for oneself, until the file is dropped.
pub(crate) fn lock(dir: &Path) -> Result<File, OpenError> {
    take_lock(&dir.join("LOCK"))
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

/// The newest block, which must be this log's and certified.
fn newest(genesis: &Genesis<'_>, blocks: &Entries) -> Result<Option<Arc<Block>>, OpenError> {
    let Some(height) = blocks.end().checked_sub(1) else { return Ok(None) };
    let bad = |reason: String| OpenError::BadBlock { height, reason };
    let block = decode_block(&blocks.read(height)?).map_err(|error| bad(error.to_string()))?;
    check_block(genesis, height, &block).map_err(bad)?;
    Ok(Some(Arc::new(block)))
}

/// Checks that a block is the log's and of this height.
pub(super) fn check_block(genesis: &Genesis<'_>, height: u64, block: &Block) -> Result<(), String> {
    if block.header.log != genesis.log() {
        return Err("it has another log".to_owned());
    }
    if block.header.height != height {
        return Err("it has another height".to_owned());
    }
    Ok(())
}

/// A tree of the log, going on from the tiles of its first `size` leaves if they can be read.
pub(super) fn resume<H: TreeHasher + Copy>(
    data: &Path,
    (tree, hasher): (Tree, H),
    size: u64,
) -> Tiles<H> {
    let dir = tree.dir(data);
    Tiles::resume(hasher, &dir, size).unwrap_or_else(|error| {
        tracing::warn!(%error, "a tile cannot be read; making the tree again from the log");
        Tiles::new(hasher, &dir)
    })
}

/// Opens the key store, and finds the entries of those records that the index does not know.
fn open_records(
    dir: &Path,
    (index, entries): (&Index, &Entries),
    pool: Option<&Pool>,
) -> Result<(KeyStore, u64), OpenError> {
    let known = index.mark(Mark::Records)?;
    let mut of = Vec::new();
    let (records, opened) = KeyStore::open(&dir.join(KEY_STORE), |number, event| {
        if number >= known {
            for at in index.find(&event)?.into_iter().filter(|at| entries.has(*at)) {
                let bytes = entries.read(at)?;
                let is_its = SignedEvent::decode(&bytes).is_ok_and(|entry| entry.id() == event);
                of.extend(is_its.then_some((at, number)));
            }
            // Of an event that waits for a block, it is known by that.
            if let Some(pool) = pool {
                pool.set_record(&event, number);
            }
        }
        Ok::<_, OpenError>(())
    })?;
    if opened.frames != known {
        let waiting = pool.and_then(Pool::first_record);
        index.apply_records(&of, waiting.unwrap_or(opened.frames))?;
    }
    Ok((records, opened.cut))
}

/// Whether the newest block is certified.
fn check_newest(shared: &Shared) -> Result<(), OpenError> {
    let Some(block) = shared.head() else { return Ok(()) };
    let height = block.header.height;
    let bad = |reason: String| OpenError::BadBlock { height, reason };
    let set = shared.set_at(height).ok_or_else(|| bad("its epoch is not known".to_owned()))?;
    let set = read_set(&set).map_err(|error| bad(error.to_string()))?;
    votes_hold(&set, (&block.header, &block.digest), &block.certificate).map_err(bad)
}

/// The key that votes is in a set, or was: another one is none of this log's.
fn expect_validator(shared: &Shared) -> Result<(), OpenError> {
    // One of many may be a validator only by events that it still has to fetch.
    let Some(keys) = shared.keys.as_ref().filter(|_| shared.pool.is_none()) else { return Ok(()) };
    let id = keys.validator.key_id();
    let log_state = shared.log_state();
    let epochs = log_state.epochs();
    let mut sets = epochs.terms().map(|term| &term.set).chain([epochs.next()]);
    if sets.any(|set| set.has(&id)) {
        return Ok(());
    }
    let (path, what) = (shared.dir.join(VALIDATOR_KEY), "a key of the log's validator set");
    Err(OpenError::BadKey { path, what })
}

/// Checks that the votes of a certificate over a header hold. Whether they are a quorum, and whether
/// it is too late to rely on them, is what auditors decide; here it shows a damaged block.
pub(crate) fn votes_hold(
    set: &ValidatorSet<'_>,
    (header, digest): (&Header, &HeaderDigest),
    certificate: &[u8],
) -> Result<(), String> {
    let certificate = Certificate::decode(certificate).map_err(|error| error.to_string())?;
    let place = (VOTE_PRECOMMIT, header.height, certificate.round());
    let message = vote_message((&header.log, &header.set), place, digest);
    let mut votes = 0_u8;
    for vote in certificate.votes() {
        let validator = set.iter().nth(usize::from(vote.index));
        let validator = validator.ok_or("its certificate names an unknown validator")?;
        let held = validator.key.verify(Role::Vote, &message, vote.signature);
        held.map_err(|_| format!("vote {} of its certificate does not hold", vote.index))?;
        votes = votes.saturating_add(1);
    }
    if votes == 0 { Err("its certificate has no votes".to_owned()) } else { Ok(()) }
}

/// The digest that a block must name as its parent.
pub(super) fn parent_of(block: Option<&Block>) -> HeaderDigest {
    block.map_or(HeaderDigest::ZERO, |block| block.digest)
}
