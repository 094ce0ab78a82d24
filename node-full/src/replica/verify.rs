//! Checking a step before anything of it is appended: trees are made on copies, and the copies
//! become the replica's own when everything held.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use cairn_store::tiles::Tiles;
use cairn_verifier::digest::{EventId, Hash};
use cairn_verifier::event::{EventBody, SignedEvent};
use cairn_verifier::tree::{Blake3, Rfc6962Sha256, TreeHasher};
use cairn_verifier::trust::Genesis;

use super::FollowError;
use super::trust::{Trust, parent_of};
use crate::bucket::tile_path;
use crate::clock;
use crate::node::{
    Block, Directory, Effects, Next, NodeError, Place, Shared, encode_block, epoch, index_blocks,
    may_carry,
};
use crate::producer::{Contents, store_tiles};
use crate::proofs::{TileChoice, TileOf};
use crate::system::SystemEvent;

/// Why a block without a certificate is not taken.
#[derive(Debug)]
pub(crate) enum Unfit {
    /// The events are not those of its header: there may be others that are.
    OtherBytes(FollowError),
    /// It is what its header says, and that is against the rules.
    AgainstRules(FollowError),
    /// It could not be checked, because something here does not read.
    Here(FollowError),
}

impl Unfit {
    fn of_bytes(error: FollowError) -> Self {
        if error.is_passing() { Self::Here(error) } else { Self::OtherBytes(error) }
    }

    /// What is wrong with a block whose events are its own.
    fn of_header(error: FollowError) -> Self {
        if error.is_passing() { Self::Here(error) } else { Self::AgainstRules(error) }
    }
}

impl From<FollowError> for Unfit {
    fn from(error: FollowError) -> Self {
        Self::Here(error)
    }
}

/// Blocks with their events, checked.
#[derive(Debug)]
pub(crate) struct Batch<'a> {
    /// Index of the first event.
    first: u64,
    entries: Cow<'a, [Vec<u8>]>,
    ids: Vec<EventId>,
    blocks: Vec<Block>,
    events: Tiles<Blake3>,
    sha256: Option<Tiles<Rfc6962Sha256>>,
    headers: Tiles<Blake3>,
    /// The state after the last block.
    state: Next,
}

impl<'a> Batch<'a> {
    /// Checks blocks and the events that they make final.
    pub(crate) fn verify(
        trust: &mut Trust,
        (shared, genesis): (&Shared, &Genesis<'_>),
        blocks: Vec<Block>,
        entries: impl Into<Cow<'a, [Vec<u8>]>>,
    ) -> Result<Self, FollowError> {
        let (mut batch, mut before) = Self::begin(shared, entries.into())?;
        batch.ids = check_events(batch.first, &batch.entries)?;
        batch.check_order(shared)?;
        let now = clock::now();
        for block in blocks {
            batch.check_follows(genesis, before.as_deref(), &block)?;
            let set = batch.state.epochs().now().set.clone();
            trust.certify((genesis, &set), (before.as_deref(), &block), now)?;
            batch.take(shared, (before.as_deref(), &block))?;
            before = Some(Arc::new(block));
        }
        batch.check_all_taken()?;
        Ok(batch)
    }

    /// No event stands behind the last block.
    fn check_all_taken(&self) -> Result<(), FollowError> {
        let count = u64::try_from(self.entries.len()).unwrap_or(u64::MAX);
        let (size, height) = (self.events.size(), self.headers.size().saturating_sub(1));
        let what = "there are more";
        let is_all = self.first.saturating_add(count) == size;
        if is_all { Ok(()) } else { Err(FollowError::OtherRoot { height, size, what }) }
    }

    /// Checks a block that no certificate is there for yet, and its events. It can be appended once
    /// it has one ([`Batch::certify`]).
    pub(crate) fn check(
        (shared, genesis): (&Shared, &Genesis<'_>),
        block: &Block,
        entries: impl Into<Cow<'a, [Vec<u8>]>>,
    ) -> Result<Self, Unfit> {
        let (mut batch, before) = Self::begin(shared, entries.into())?;
        batch.take_bytes_of(block).map_err(Unfit::of_bytes)?;
        let before = before.as_deref();
        batch.check_order(shared).map_err(Unfit::of_header)?;
        batch.check_follows(genesis, before, block).map_err(Unfit::of_header)?;
        batch.check_roots(block).map_err(Unfit::of_header)?;
        batch.check_state(shared, (before, block)).map_err(Unfit::of_header)?;
        batch.push_block(block.clone());
        Ok(batch)
    }

    /// The events are those that the header names, with signatures that hold.
    fn take_bytes_of(&mut self, block: &Block) -> Result<(), FollowError> {
        let (height, size) = (block.header.height, block.header.events.get());
        self.ids = check_events(self.first, &self.entries)?;
        self.push_events(height, size)?;
        let count = u64::try_from(self.entries.len()).unwrap_or(u64::MAX);
        let is_its = self.first.saturating_add(count) == size
            && self.events.root(size)? == block.header.event_root;
        let what = "the root of their tree differs";
        if is_its { Ok(()) } else { Err(FollowError::OtherRoot { height, size, what }) }
    }

    /// Takes in events that were checked before, for a block that is still to be made.
    pub(crate) fn draft(
        shared: &Shared,
        entries: impl Into<Cow<'a, [Vec<u8>]>>,
    ) -> Result<(Self, Contents), FollowError> {
        let (mut batch, before) = Self::begin(shared, entries.into())?;
        batch.ids = read_events(batch.first, &batch.entries)?;
        batch.check_order(shared)?;
        let size = batch.first.saturating_add(u64::try_from(batch.ids.len()).unwrap_or(u64::MAX));
        let height = batch.headers.size();
        batch.push_events(height, size)?;
        let before = before.as_deref().map_or(0, |before| before.header.events.get());
        let state_root = batch.take_state(shared, before..size)?;
        let contents = Contents {
            size,
            event_root: batch.events.root(size)?,
            sha256_root: batch.sha256.as_ref().map_or(Ok(Hash::ZERO), |tree| tree.root(size))?,
            header_root: batch.headers.root(height)?,
            state_root,
            epochs: *batch.state.fields(),
        };
        Ok((batch, contents))
    }

    /// The block that was made of a draft.
    pub(crate) fn push_block(&mut self, block: Block) {
        let leaf = self.headers.hasher().leaf(block.header.height, block.digest.as_bytes());
        self.headers.push(leaf);
        self.blocks.push(block);
    }

    /// The last block is under this certificate.
    pub(crate) fn certify(&mut self, certificate: Vec<u8>) {
        if let Some(block) = self.blocks.last_mut() {
            block.certificate = certificate;
        }
    }

    /// Index of its first event.
    pub(crate) const fn first(&self) -> u64 {
        self.first
    }

    /// Its events.
    pub(crate) fn entries(&self) -> &[Vec<u8>] {
        &self.entries
    }

    /// The ids of its events.
    pub(crate) fn ids(&self) -> &[EventId] {
        &self.ids
    }

    fn begin(
        shared: &Shared,
        entries: Cow<'a, [Vec<u8>]>,
    ) -> Result<(Self, Option<Arc<Block>>), FollowError> {
        // Behind only if the index could not be written.
        shared.log_state_mut().catch_up(shared)?;
        let log_state = shared.log_state();
        let state = shared.state();
        let batch = Self {
            first: state.events.size(),
            entries,
            ids: Vec::new(),
            blocks: Vec::new(),
            events: state.events.clone(),
            sha256: state.sha256.clone(),
            headers: state.headers.clone(),
            state: log_state.begin()?,
        };
        Ok((batch, state.head.clone()))
    }

    /// Takes in a block whose place was checked: its events and what its header says of them.
    fn take(
        &mut self,
        shared: &Shared,
        (before, block): (Option<&Block>, &Block),
    ) -> Result<(), FollowError> {
        self.push_events(block.header.height, block.header.events.get())?;
        self.check_roots(block)?;
        self.check_state(shared, (before, block))?;
        self.push_block(block.clone());
        Ok(())
    }

    fn check_follows(
        &self,
        genesis: &Genesis<'_>,
        before: Option<&Block>,
        block: &Block,
    ) -> Result<(), FollowError> {
        let (header, height) = (&block.header, self.headers.size());
        let time = before.map_or_else(|| genesis.time(), |before| before.header.time);
        let size = before.map_or(0, |before| before.header.events.get());
        let fits = [
            (header.log == genesis.log(), "another log"),
            (header.height == height, "another height"),
            (header.parent == parent_of(before), "another parent"),
            (header.time > time, "a time that does not follow"),
            (header.events.get() >= size, "fewer events than the block before"),
            (header.parameters == genesis.parameters(), "other parameters than the log"),
            (header.header_root == self.headers.root(height)?, "another tree of headers"),
        ];
        match fits.iter().find(|(fits, _)| !fits) {
            Some((_, what)) => Err(FollowError::DoesNotFollow { height, what }),
            None => Ok(()),
        }
    }

    /// Each event is its writer's next.
    fn check_order(&self, shared: &Shared) -> Result<(), FollowError> {
        let mut writers: BTreeMap<Place, (u64, EventId)> = BTreeMap::new();
        for ((index, bytes), id) in (self.first..).zip(self.entries.iter()).zip(&self.ids) {
            let Ok(event) = SignedEvent::decode(bytes) else { continue };
            let body: &EventBody<'_> = event.body();
            let place = (body.stream, body.writer);
            let (next, last) = match writers.get(&place) {
                Some(known) => *known,
                None => shared.next_of(&place)?,
            };
            let fits = [
                (body.log == shared.log, "another log"),
                (body.sequence == next, "another sequence number than its writer's next"),
                (body.previous == last, "another event before it than its writer's last"),
            ];
            if let Some((_, what)) = fits.iter().find(|(fits, _)| !fits) {
                return Err(FollowError::BadOrder { index, id: *id, what });
            }
            writers.insert(place, (body.sequence.saturating_add(1), *id));
        }
        Ok(())
    }

    /// The events of a block go into the trees.
    fn push_events(&mut self, height: u64, size: u64) -> Result<(), FollowError> {
        while self.events.size() < size {
            let index = self.events.size();
            let at = usize::try_from(index.saturating_sub(self.first)).unwrap_or(usize::MAX);
            let (Some(id), Some(bytes)) = (self.ids.get(at), self.entries.get(at)) else {
                let what = "some are missing";
                return Err(FollowError::OtherRoot { height, size, what });
            };
            self.events.push(self.events.hasher().leaf(index, id.as_bytes()));
            if let (Some(tree), Ok(event)) = (&mut self.sha256, SignedEvent::decode(bytes)) {
                tree.push(Rfc6962Sha256::leaf(event.bytes()));
            }
        }
        Ok(())
    }

    fn check_roots(&self, block: &Block) -> Result<(), FollowError> {
        let header = &block.header;
        let (height, size) = (header.height, header.events.get());
        let sha256 = self.sha256.as_ref().map_or(Ok(Hash::ZERO), |tree| tree.root(size))?;
        for (is_its, what) in [
            (self.events.root(size)? == header.event_root, "the root of their tree differs"),
            (sha256 == header.sha256_root, "the root of their SHA-256 tree differs"),
        ] {
            if !is_its {
                return Err(FollowError::OtherRoot { height, size, what });
            }
        }
        Ok(())
    }

    /// The state after a block is the one that its header names.
    fn check_state(
        &mut self,
        shared: &Shared,
        (before, block): (Option<&Block>, &Block),
    ) -> Result<(), FollowError> {
        let before = before.map(|before| &before.header);
        let (height, size) = (block.header.height, block.header.events.get());
        let expected = self.take_state(shared, before.map_or(0, |it| it.events.get())..size)?;
        if !epoch::fits(&block.header, self.state.fields()) {
            let what = "another epoch or validator set than its events give";
            return Err(FollowError::DoesNotFollow { height, what });
        }
        if may_carry(before, &block.header.state_root, &expected) {
            return Ok(());
        }
        let what = "the root of the state after them differs";
        Err(FollowError::OtherRoot { height, size, what })
    }

    /// Takes the events of one block into the state; its root. Some of them may be in the log
    /// already: a crash came between them and the block.
    fn take_state(&mut self, shared: &Shared, events: Range<u64>) -> Result<Hash, FollowError> {
        let mut effects = Effects::default();
        for index in events {
            let damaged = |reason| NodeError::Damaged { what: "entry", index, reason };
            let at = index.checked_sub(self.first).and_then(|at| usize::try_from(at).ok());
            let new = at.and_then(|at| Some((*self.ids.get(at)?, self.entries.get(at)?)));
            if let Some((id, bytes)) = new {
                effects.push(index, &id, &SignedEvent::decode(bytes).map_err(damaged)?);
            } else {
                let bytes = shared.entries.read(index)?;
                let event = SignedEvent::decode(&bytes).map_err(damaged)?;
                effects.push(index, &event.id(), &event);
            }
        }
        let log_state = shared.log_state();
        log_state.take(&mut self.state, &effects)?;
        Ok(log_state.root_after(&self.state))
    }

    /// Tiles that became full in this step, with their bytes.
    pub(super) fn full_tiles(&self) -> Vec<(TileChoice, Vec<u8>)> {
        let mut tiles = full(TileOf::Events, &self.events);
        // The newest header's leaf is in no published tree of headers yet.
        let newest = self.headers.size().saturating_sub(1);
        let is_published = |(choice, _): &(TileChoice, Vec<u8>)| {
            let shift = u32::from(choice.level).saturating_mul(8);
            let full = newest.checked_shr(shift).unwrap_or(0) / crate::bucket::WIDTH;
            choice.number < full
        };
        tiles.extend(full(TileOf::Headers, &self.headers).into_iter().filter(is_published));
        tiles.extend(self.sha256.iter().flat_map(|tree| full(TileOf::Sha256, tree)));
        tiles
    }

    /// Appends all of it: events, then blocks, and last what is derived from them.
    pub(crate) fn append(self, shared: &Shared) -> Result<(), FollowError> {
        let frames: Vec<&[u8]> = self.entries.iter().map(Vec::as_slice).collect();
        if !frames.is_empty() {
            shared.entries.append_batch(&frames)?;
        }
        {
            let mut state = shared.state_mut();
            state.events = self.events;
            state.sha256 = self.sha256;
        }
        let blocks: Vec<Vec<u8>> = self.blocks.iter().map(encode_block).collect();
        let blocks: Vec<&[u8]> = blocks.iter().map(Vec::as_slice).collect();
        shared.blocks.append_batch(&blocks)?;
        {
            let mut state = shared.state_mut();
            state.headers = self.headers;
            state.head = self.blocks.last().cloned().map(Arc::new);
        }
        // Whatever becomes of what is derived on disk, the next block stands on what this one says;
        // so does one that an earlier life left without its block.
        let before = shared.directory();
        shared.set_directory(Arc::clone(self.state.directory()));
        let last = self.blocks.last().cloned().map(Arc::new);
        let events = self.entries.iter().filter_map(|bytes| SignedEvent::decode(bytes).ok());
        let events: Vec<_> = events.collect();
        // Both logs are durable whatever happens now; the next step brings the index up to them.
        let derived = shared
            .index_events(self.first, &events, &self.ids)
            .and_then(|()| index_blocks(&shared.index, &shared.blocks))
            .and_then(|()| store_tiles(shared))
            .map_err(NodeError::from)
            .and_then(|()| {
                let commit = |block| shared.log_state_mut().commit(self.state, block);
                last.map_or(Ok(()), commit)
            });
        let size = self.blocks.last().map_or(0, |block| block.header.events.get());
        shared.progress.reached(size);
        let followed = follow_system(shared, before, (self.first, &events));
        derived?;
        followed
    }
}

/// What the log's own events change here too: payloads go that were erased or that the node kept long
/// enough. `directory` is as it was before them.
fn follow_system(
    shared: &Shared,
    mut directory: Arc<Directory>,
    (first, events): (u64, &[SignedEvent<'_>]),
) -> Result<(), FollowError> {
    for (index, event) in (first..).zip(events) {
        let body = event.body();
        // One that agrees on blocks with others did what it says itself before it said so.
        let expired = if shared.pool.is_none() { shared.expired_by((index, body))? } else { None };
        if let Some(expired) = expired {
            let kept_from = expired.end;
            shared.expire(expired.start.max(shared.entries.begin())..kept_from, kept_from)?;
        }
        if !SystemEvent::is_kind(body.kind) {
            continue;
        }
        // One that is against the rules changes nothing here either. One that agrees on blocks with
        // others erases what it has itself, and says so.
        let said = Arc::make_mut(&mut directory).replay(body, index);
        if let Some(SystemEvent::Erased { event, .. }) = said
            && shared.pool.is_none()
            && shared.is_redacted(&event)?
        {
            shared.forget_payload(&event)?;
        }
    }
    Ok(())
}

fn full<H: TreeHasher>(of: TileOf, tree: &Tiles<H>) -> Vec<(TileChoice, Vec<u8>)> {
    let tiles = tree.pending();
    let choice = |tile: &cairn_store::tiles::PendingTile| {
        let id = tile.id();
        (TileChoice { of, level: id.level, number: id.number, width: 256 }, tile.bytes())
    };
    tiles.iter().map(choice).collect()
}

/// The ids of events whose signatures were checked when they came.
fn read_events(first: u64, entries: &[Vec<u8>]) -> Result<Vec<EventId>, FollowError> {
    let read = |(index, bytes): (u64, &Vec<u8>)| {
        SignedEvent::decode(bytes).map(|event| event.id()).map_err(|reason| bent(index, reason))
    };
    (first..).zip(entries).map(read).collect()
}

fn bent(index: u64, reason: cairn_verifier::wire::DecodeError) -> FollowError {
    let path = format!("event {index}, in {},", entries_path(index));
    FollowError::Bent { path, reason: reason.to_string() }
}

/// Checks signatures on all cores. The ids of the events.
fn check_events(first: u64, entries: &[Vec<u8>]) -> Result<Vec<EventId>, FollowError> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let share = entries.len().div_ceil(cores).max(1);
    let check = |part: &[Vec<u8>], first: u64| {
        let indexed = (first..).zip(part);
        indexed.map(|(index, bytes)| check_event(index, bytes)).collect::<Result<Vec<_>, _>>()
    };
    let check = &check;
    std::thread::scope(|scope| {
        let parts = entries.chunks(share).zip((first..).step_by(share));
        let workers: Vec<_> =
            parts.map(|(part, first)| scope.spawn(move || check(part, first))).collect();
        let mut ids = Vec::with_capacity(entries.len());
        for worker in workers {
            match worker.join() {
                Ok(checked) => ids.extend(checked?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(ids)
    })
}

/// The full file that an event is in, or will be.
fn entries_path(index: u64) -> String {
    let number = index / crate::bucket::WIDTH;
    tile_path(TileChoice { of: TileOf::Entries, level: 0, number, width: 256 })
}

fn check_event(index: u64, bytes: &[u8]) -> Result<EventId, FollowError> {
    let event = SignedEvent::decode(bytes).map_err(|reason| bent(index, reason))?;
    let (id, _) = event.verify().map_err(|reason| FollowError::BadSignature {
        index,
        id: event.id(),
        reason,
    })?;
    Ok(id)
}
