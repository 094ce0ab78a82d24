//! The block thread: turns accepted events into final ones. The log has one validator for now, so
//! its vote alone is the quorum; header and certificate are those of any log.

use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use cairn_consensus::epochs::Fields;
use cairn_store::StoreError;
use cairn_store::tiles::{PendingTile, sync_names};
use cairn_verifier::UnixMillis;
use cairn_verifier::digest::{Hash, HeaderDigest, KeyId};
use cairn_verifier::finality::{
    Header, Role, VOTE_PRECOMMIT, ValidatorSet, encode_certificate, vote_message,
};
use cairn_verifier::tree::{MAX_TREE_SIZE, TreeSize};
use cairn_verifier::trust::Genesis;
use cairn_verifier::wire::DecodeError;

use crate::clock;
use crate::ingest::Refusal;
use crate::node::epoch::read_set;
use crate::node::{
    Block, NodeError, Part, Shared, Tree, Writing, encode_block, index_blocks, signed, votes_hold,
};

/// After this time without events an empty block shows that the log is alive: a day.
pub(crate) const EMPTY_BLOCK_AFTER: u64 = 24 * 60 * 60 * 1_000;

/// Why a block could not be made. Nothing was published; it is tried again.
#[derive(Debug, Error)]
pub(crate) enum ProduceError {
    #[error(transparent)]
    Storage(#[from] StoreError),
    #[error("a header or certificate does not decode: {0}")]
    Format(#[from] DecodeError),
    #[error("the block does not check: {0}")]
    Unsound(String),
    #[error(transparent)]
    NotOurs(#[from] Refusal),
    #[error("the state cannot be made: {0}")]
    State(#[from] NodeError),
    #[error(
        "this node's key {key} has {power} of {total} voting power, which is no quorum alone: the \
         other validators must run and this one must know them (`[validator] peers`)"
    )]
    NotAlone { key: KeyId, power: u64, total: u64 },
}

/// Makes blocks until the node closes, and a last one then.
pub(crate) fn run(shared: &Shared) {
    let mut rest = shared.options.block_time;
    loop {
        let stopping = shared.progress.rest(rest);
        let produced = if is_due(shared) { produce_all(shared) } else { Ok(()) };
        let stored = produced.and_then(|()| Ok(store_tiles(shared)?));
        if let Err(error) = &stored {
            tracing::error!(%error, "a block or a tile could not be written; trying again");
        }
        // A full disk is not freed in a moment.
        rest = if stored.is_ok() { shared.options.block_time } else { Duration::from_secs(1) };
        if stopping {
            return;
        }
    }
}

/// Makes blocks until what waits now is in one; it may be more than fits.
fn produce_all(shared: &Shared) -> Result<(), ProduceError> {
    let size = shared.state().events.size();
    loop {
        timed(shared)?;
        if shared.state().final_size() >= size {
            return Ok(());
        }
    }
}

fn timed(shared: &Shared) -> Result<(), ProduceError> {
    let watch = clock::Stopwatch::start();
    produce(shared)?;
    metrics::histogram!("cairn_block_seconds").record(watch.elapsed());
    Ok(())
}

fn is_due(shared: &Shared) -> bool {
    if shared.head().is_some() && shared.expect_writable().is_err() {
        return false;
    }
    let pending = shared.is_change_pending();
    let state = shared.state();
    let Some(head) = &state.head else { return true };
    let waiting = state.events.size() > head.header.events.get();
    waiting || pending || clock::now().since(head.header.time) >= EMPTY_BLOCK_AFTER
}

/// Makes one block over the accepted events, as many as fit: header, vote, certificate, sync, and only then
/// publishes it. A crash before the sync forgets a vote that nobody has seen.
pub(crate) fn produce(shared: &Shared) -> Result<(), ProduceError> {
    // It lags behind only if the index could not be written after a block.
    shared.log_state_mut().catch_up(shared)?;
    let part = {
        let mut state = shared.state_mut();
        let size = state.events.size();
        state.waiting.take().unwrap_or_else(|| Part::empty(size))
    };
    let made = make(shared, &part);
    if made.is_err() {
        shared.state_mut().waiting.put_back(part);
    }
    made
}

/// An error leaves the log as it was.
fn make(shared: &Shared, part: &Part) -> Result<(), ProduceError> {
    let size = part.size;
    let genesis = Genesis::decode(&shared.genesis)?;
    let (set, next, state_root) = {
        let now = shared.log_state();
        let mut next = now.begin()?;
        let set = now.epochs().now().set.clone();
        now.take(&mut next, &part.effects)?;
        let root = now.root_after(&next);
        (set, next, root)
    };
    let header = next_header(shared, &genesis, (size, *next.fields(), state_root))?;
    let header_bytes = header.encode();
    Header::decode(&header_bytes)?;
    let digest = header.digest();
    let place = (VOTE_PRECOMMIT, header.height, 0);
    let message = vote_message((&header.log, &header.set), place, &digest);
    // Asked last, so that a place that was lost meanwhile is noticed.
    let keys = shared.keys()?;
    let validator = &keys.validator;
    let vote = validator.sign(Role::Vote, &message);
    let vote = vote.ok_or_else(|| ProduceError::Unsound("the vote cannot be signed".to_owned()))?;
    let set = read_set(&set)?;
    let votes = [(lone_quorum(&set, &validator.key_id())?, validator.suite(), vote)];
    let certificate = encode_certificate(0, &votes)?;
    let block = Block { header, digest, header_bytes, certificate };
    let signed = (&block.header, &block.digest);
    votes_hold(&set, signed, &block.certificate).map_err(ProduceError::Unsound)?;

    let encoded = encode_block(&block);
    let written =
        signed::keep(&shared.dir, &encoded).and_then(|()| shared.blocks.append_batch(&[&encoded]));
    shared.note_write(Writing::Blocks, &written);
    written?;
    let block = Arc::new(block);
    {
        let mut state = shared.state_mut();
        let leaf = state.headers.hasher().leaf(header.height, digest.as_bytes());
        state.headers.push(leaf);
        state.head = Some(Arc::clone(&block));
    }
    // The block is durable whatever happens now; the next one brings index and state up to it.
    let indexed = index_blocks(&shared.index, &shared.blocks)
        .map_err(NodeError::from)
        .and_then(|()| shared.log_state_mut().commit(next, block));
    shared.note_write(Writing::Index, &indexed);
    shared.progress.reached(size);
    Ok(())
}

/// The index of a validator that is a quorum by itself.
fn lone_quorum(set: &ValidatorSet<'_>, key: &KeyId) -> Result<u8, ProduceError> {
    let mut entries = (0..).zip(set.iter());
    let found = entries.find(|(_, entry)| entry.key.id() == *key);
    let total = set.total_power();
    let (index, power) = found.map_or((0, 0), |(index, entry)| (index, entry.power));
    if u128::from(power).saturating_mul(3) > u128::from(total).saturating_mul(2) {
        return Ok(index);
    }
    Err(ProduceError::NotAlone { key: *key, power, total })
}

/// What a header says of the log's contents.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contents {
    /// How many events there are.
    pub(crate) size: u64,
    pub(crate) event_root: Hash,
    pub(crate) sha256_root: Hash,
    /// Root of the tree of the headers before.
    pub(crate) header_root: Hash,
    pub(crate) state_root: Hash,
    /// Epoch, set and next set.
    pub(crate) epochs: Fields,
}

fn next_header(
    shared: &Shared,
    genesis: &Genesis<'_>,
    (size, epochs, state_root): (u64, Fields, Hash),
) -> Result<Header, ProduceError> {
    let state = shared.state();
    let contents = Contents {
        size,
        event_root: state.events.root(size)?,
        sha256_root: state.sha256.as_ref().map_or(Ok(Hash::ZERO), |tree| tree.root(size))?,
        header_root: state.headers.root(state.headers.size())?,
        state_root,
        epochs,
    };
    Ok(make_header(genesis, state.head.as_deref(), &contents)?)
}

/// The header that follows on `head`, whoever proposes it.
pub(crate) fn make_header(
    genesis: &Genesis<'_>,
    head: Option<&Block>,
    contents: &Contents,
) -> Result<Header, DecodeError> {
    let (height, parent, earlier) = match head {
        None => (0, HeaderDigest::ZERO, genesis.time()),
        Some(Block { header, digest, .. }) => {
            (header.height.saturating_add(1), *digest, header.time)
        }
    };
    let found = contents.size;
    let full = DecodeError::OutOfRange { what: "tree size", limit: MAX_TREE_SIZE, found };
    Ok(Header {
        log: genesis.log(),
        height,
        epoch: contents.epochs.epoch,
        // Strictly increasing, even if the clock went back.
        time: clock::now().max(UnixMillis(earlier.0.saturating_add(1))),
        parent,
        events: TreeSize::new(found).ok_or(full)?,
        event_root: contents.event_root,
        sha256_root: contents.sha256_root,
        header_root: contents.header_root,
        epoch_start: contents.epochs.epoch_start,
        set: contents.epochs.set,
        next_set: contents.epochs.next_set,
        state_root: contents.state_root,
        parameters: genesis.parameters(),
    })
}

/// Writes tiles that became full, without keeping anyone from reading or committing.
pub(crate) fn store_tiles(shared: &Shared) -> Result<(), StoreError> {
    let (trees, sizes) = {
        let state = shared.state();
        let sha256 = state.sha256.as_ref();
        let second = sha256.map(|tree| tree.pending()).unwrap_or_default();
        let trees = [
            (Tree::Events, state.events.pending()),
            (Tree::Headers, state.headers.pending()),
            (Tree::Sha256, second),
        ];
        (trees, [state.events.size(), state.headers.size(), state.events.size()])
    };
    for ((tree, tiles), size) in trees.iter().zip(sizes) {
        if !tiles.is_empty() {
            let stored = store_and_mark(shared, *tree, tiles, size);
            shared.note_write(Writing::Blocks, &stored);
            stored?;
        }
    }
    let mut state = shared.state_mut();
    for (tree, tiles) in &trees {
        match tree {
            Tree::Events => state.events.stored(tiles),
            Tree::Headers => state.headers.stored(tiles),
            Tree::Sha256 => state.sha256.iter_mut().for_each(|tree| tree.stored(tiles)),
        }
    }
    Ok(())
}

/// All full tiles of a tree of `size` leaves are on disk after this, and the index says so.
fn store_and_mark(
    shared: &Shared,
    tree: Tree,
    tiles: &[PendingTile],
    size: u64,
) -> Result<(), StoreError> {
    tiles.iter().try_for_each(PendingTile::store)?;
    sync_names(&tree.dir(&shared.dir), tiles)?;
    shared.index.set_mark(tree.mark(), size)
}
