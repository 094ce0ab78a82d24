//! Bringing what is derived from the log up to it: trees and index, from where each of them is.

use std::collections::BTreeMap;
use std::path::Path;

use cairn_store::StoreError;
use cairn_store::entries::Entries;
use cairn_store::index::{Index, IndexedEntry, Mark};
use cairn_store::tiles::Tiles;
use cairn_verifier::digest::{EventId, Hash};
use cairn_verifier::event::{EventBody, SignedEvent};
use cairn_verifier::tree::{Blake3, Kind, Rfc6962Sha256, TreeHasher};
use cairn_verifier::trust::Genesis;

use super::open::{parent_of, resume};
use super::shared::decode_block;
use super::state::Tree;
use super::{Block, OpenError, Place};

/// A file of a tree's lowest level has so many leaves.
pub(super) const TILE: u64 = 256;
/// How many leaves may wait for their tiles to be stored.
const STORE_EVERY: u64 = 1 << 14;
/// How many entries go into the index at a time.
const APPLY_EVERY: usize = 1 << 12;

/// The log and what is derived from it.
pub(super) struct Replay<'a> {
    dir: &'a Path,
    genesis: &'a Genesis<'a>,
    index: &'a Index,
    entries: &'a Entries,
    blocks: &'a Entries,
    head: Option<&'a Block>,
}

impl<'a> Replay<'a> {
    pub(super) const fn new(
        dir: &'a Path,
        genesis: &'a Genesis<'a>,
        (index, entries, blocks): (&'a Index, &'a Entries, &'a Entries),
        head: Option<&'a Block>,
    ) -> Self {
        Self { dir, genesis, index, entries, blocks, head }
    }

    /// The tree of all headers. Blocks whose leaves are pushed are checked to follow each other.
    pub(super) fn headers(&self) -> Result<Tiles<Blake3>, OpenError> {
        let (begin, end) = (self.blocks.begin(), self.blocks.end());
        let of = (Tree::Headers, self.hasher(Kind::Header));
        let mut tree = resume(self.dir, of, self.stored(Tree::Headers)?.max(begin).min(end));
        self.push_headers(&mut tree, end)?;
        let Some(head) = self.head else { return Ok(tree) };
        if tree.root(head.header.height)? != head.header.header_root {
            // Either a tile was changed, which storing it again shows, or the block is wrong.
            tree = resume(self.dir, of, begin);
            self.push_headers(&mut tree, end)?;
        }
        Ok(tree)
    }

    fn hasher(&self, kind: Kind) -> Blake3 {
        Blake3::new(kind, *self.genesis.log().as_bytes())
    }

    /// How many leaves of a tree have their tiles stored.
    fn stored(&self, tree: Tree) -> Result<u64, StoreError> {
        self.index.mark(tree.mark())
    }

    fn push_headers(&self, tree: &mut Tiles<Blake3>, end: u64) -> Result<(), OpenError> {
        let (from, begin) = (tree.size(), self.blocks.begin());
        if from < begin {
            return Err(OpenError::BlocksBefore { what: "the tree of headers", begin });
        }
        let mut before = match from.checked_sub(1) {
            Some(height) => Some(self.block(height)?),
            None => None,
        };
        for height in from..end {
            let block = self.block(height)?;
            self.check_follows(&block, before.as_ref(), tree)?;
            tree.push(tree.hasher().leaf(height, block.digest.as_bytes()));
            store_some(tree)?;
            before = Some(block);
        }
        tree.store_pending()?;
        Ok(self.index.set_mark(Tree::Headers.mark(), tree.size())?)
    }

    fn block(&self, height: u64) -> Result<Block, OpenError> {
        let bad = |reason: String| OpenError::BadBlock { height, reason };
        decode_block(&self.blocks.read(height)?).map_err(|error| bad(error.to_string()))
    }

    fn check_follows(
        &self,
        block: &Block,
        before: Option<&Block>,
        tree: &Tiles<Blake3>,
    ) -> Result<(), OpenError> {
        let (header, height) = (&block.header, tree.size());
        let time = before.map_or_else(|| self.genesis.time(), |before| before.header.time);
        let size = before.map_or(0, |before| before.header.events.get());
        let fits = [
            (header.log == self.genesis.log(), "another log"),
            (header.height == height, "another height"),
            (header.parent == parent_of(before), "another parent"),
            (header.time > time, "a time that does not follow"),
            (header.events.get() >= size, "a smaller tree"),
            (header.header_root == tree.root(height)?, "another header tree"),
        ];
        match fits.iter().find(|(fits, _)| !fits) {
            Some((_, what)) => {
                Err(OpenError::BadBlock { height, reason: format!("it has {what}") })
            }
            None => Ok(()),
        }
    }

    /// The trees of all events, and the index up to the same entry.
    pub(super) fn events(&self) -> Result<EventTrees, OpenError> {
        let known = [self.stored(Tree::Events)?, self.stored(Tree::Sha256)?];
        self.index_kept()?;
        let mut trees = self.event_trees(known);
        self.push_events(&mut trees)?;
        if self.wrong_root(&trees)?.is_some() {
            trees = self.event_trees([0, 0]);
            self.push_events(&mut trees)?;
            if let Some((height, reason)) = self.wrong_root(&trees)? {
                return Err(OpenError::BadBlock { height, reason });
            }
        }
        Ok(trees)
    }

    /// Takes the entries into the index that stand before all others: those that outlived pruning.
    fn index_kept(&self) -> Result<(), OpenError> {
        let (known, begin) = (self.index.mark(Mark::Entries)?, self.entries.begin());
        if known >= begin {
            return Ok(());
        }
        for index in self.entries.kept_indices().into_iter().filter(|index| *index >= known) {
            let entry = self.entries.read(index)?;
            apply_entries(self.index, index, [entry.as_slice()].into_iter())?;
        }
        Ok(self.index.set_mark(Mark::Entries, begin)?)
    }

    fn event_trees(&self, stored: [u64; 2]) -> EventTrees {
        let end = self.entries.end();
        // Nothing is pruned but what is in full tiles on disk, whatever the index knows of them.
        let pruned = self.entries.begin().next_multiple_of(TILE);
        let [events, sha256] = stored.map(|stored| stored.max(pruned));
        let has_sha256 = self.genesis.sha256_tree();
        let of = (Tree::Events, self.hasher(Kind::Event));
        let second = (Tree::Sha256, Rfc6962Sha256);
        let sha256 = has_sha256.then(|| resume(self.dir, second, sha256.min(end)));
        (resume(self.dir, of, events.min(end)), sha256)
    }

    /// What is wrong with the newest block's event roots.
    fn wrong_root(
        &self,
        (events, sha256): &EventTrees,
    ) -> Result<Option<(u64, String)>, OpenError> {
        let Some(head) = self.head else { return Ok(None) };
        let header = &head.header;
        let size = header.events.get();
        let second = sha256.as_ref().map_or(Ok(Hash::ZERO), |tree| tree.root(size))?;
        for (what, expected, found) in [
            ("event root", header.event_root, events.root(size)?),
            ("SHA-256 root", header.sha256_root, second),
        ] {
            if expected != found {
                let reason = format!("its {what} is {expected}, the log's is {found}");
                return Ok(Some((header.height, reason)));
            }
        }
        Ok(None)
    }

    fn push_events(&self, (events, sha256): &mut EventTrees) -> Result<(), OpenError> {
        let indexed = self.index.mark(Mark::Entries)?;
        let mut pending = Pending::new(self.index, self.genesis, indexed);
        let second = sha256.as_ref().map_or(u64::MAX, Tiles::size);
        let from = events.size().min(second).min(indexed);
        let begin = self.entries.begin();
        if from < begin {
            return Err(OpenError::Pruned { what: "a tree of events", begin });
        }
        self.entries.scan(from..self.entries.end(), |index, bytes| {
            let bad = |reason: String| OpenError::BadEntry { index, reason };
            let event = SignedEvent::decode(bytes).map_err(|error| bad(error.to_string()))?;
            if event.body().log != self.genesis.log() {
                return Err(bad("it has another log".to_owned()));
            }
            if index == events.size() {
                events.push(events.hasher().leaf(index, event.id().as_bytes()));
                store_some(events)?;
            }
            if let Some(tree) = sha256.as_mut().filter(|tree| tree.size() == index) {
                tree.push(Rfc6962Sha256::leaf(event.bytes()));
                store_some(tree)?;
            }
            if index >= indexed {
                pending.push(index, bytes.to_vec())?;
            }
            Ok(())
        })?;
        pending.apply()?;
        events.store_pending()?;
        self.index.set_mark(Tree::Events.mark(), events.size())?;
        if let Some(tree) = sha256 {
            tree.store_pending()?;
            self.index.set_mark(Tree::Sha256.mark(), tree.size())?;
        }
        Ok(())
    }
}

/// The tree of events, and the RFC 6962 one if the log has it.
type EventTrees = (Tiles<Blake3>, Option<Tiles<Rfc6962Sha256>>);

fn store_some<H: TreeHasher>(tree: &mut Tiles<H>) -> Result<(), StoreError> {
    if tree.size().is_multiple_of(STORE_EVERY) { tree.store_pending() } else { Ok(()) }
}

/// Entries on their way into the index.
struct Pending<'a> {
    index: &'a Index,
    genesis: &'a Genesis<'a>,
    first: u64,
    entries: Vec<Vec<u8>>,
    /// Next sequence number and last event, where pending entries changed it.
    writers: BTreeMap<Place, (u64, EventId)>,
}

impl<'a> Pending<'a> {
    const fn new(index: &'a Index, genesis: &'a Genesis<'a>, first: u64) -> Self {
        Self { index, genesis, first, entries: Vec::new(), writers: BTreeMap::new() }
    }

    fn push(&mut self, index: u64, bytes: Vec<u8>) -> Result<(), OpenError> {
        let bad = |reason: String| OpenError::BadEntry { index, reason };
        let event = SignedEvent::decode(&bytes).map_err(|error| bad(error.to_string()))?;
        let (id, body) = (event.id(), event.body());
        self.check_order(body)?.map_err(|what| bad(format!("it has {what}")))?;
        let next = (body.sequence.saturating_add(1), id);
        self.writers.insert((body.stream, body.writer), next);
        self.entries.push(bytes);
        if self.entries.len() >= APPLY_EVERY { self.apply() } else { Ok(()) }
    }

    fn check_order(&self, body: &EventBody<'_>) -> Result<Result<(), &'static str>, StoreError> {
        let (stream, writer) = (body.stream, body.writer);
        let (next, last) = match self.writers.get(&(stream, writer)) {
            Some(pending) => *pending,
            None => self.index.next_of(&stream, &writer)?,
        };
        Ok(if body.log != self.genesis.log() {
            Err("another log")
        } else if body.sequence != next {
            Err("another sequence number than the next")
        } else if body.previous != last {
            Err("another event before it")
        } else {
            Ok(())
        })
    }

    fn apply(&mut self) -> Result<(), OpenError> {
        if self.entries.is_empty() {
            return Ok(());
        }
        apply_entries(self.index, self.first, self.entries.iter().map(Vec::as_slice))?;
        let count = u64::try_from(self.entries.len()).unwrap_or(u64::MAX);
        self.first = self.first.saturating_add(count);
        self.entries.clear();
        self.writers.clear();
        Ok(())
    }
}

/// Takes encoded events into the index, of which the first has the index `first`. Each decodes: it
/// was decoded or encoded before.
pub(super) fn apply_entries<'b>(
    index: &Index,
    first: u64,
    entries: impl Iterator<Item = &'b [u8]>,
) -> Result<(), StoreError> {
    let events: Vec<_> = entries.filter_map(|bytes| SignedEvent::decode(bytes).ok()).collect();
    let ids: Vec<_> = events.iter().map(SignedEvent::id).collect();
    apply_events(index, first, &events, &ids)
}

/// The same for events whose ids are known.
pub(super) fn apply_events(
    index: &Index,
    first: u64,
    events: &[SignedEvent<'_>],
    ids: &[EventId],
) -> Result<(), StoreError> {
    let pairs = ids.iter().zip(events);
    let entries = pairs.map(|(id, event)| IndexedEntry { id: *id, body: event.body() });
    index.apply_entries(first, &entries.collect::<Vec<_>>())
}

/// Takes the blocks into the index that it does not know.
pub(crate) fn index_blocks(index: &Index, blocks: &Entries) -> Result<(), StoreError> {
    let (known, begin) = (index.mark(Mark::Blocks)?, blocks.begin());
    // Those that stand before all others are few.
    let kept = if known < begin { blocks.kept_indices() } else { Vec::new() };
    let kept = kept.into_iter().filter(|height| (known..begin).contains(height));
    for height in kept.chain(known.max(begin)..blocks.end()) {
        if let Ok(block) = decode_block(&blocks.read(height)?) {
            index.apply_block(height, &block.digest, block.header.events.get())?;
        }
    }
    Ok(())
}
