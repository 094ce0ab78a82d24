//! The state of a log that is there already: from the index, and what that lacks from the log.

use std::ops::Range;
use std::sync::Arc;

use cairn_store::entries::Entries;
use cairn_store::index::Mark;
use cairn_store::sparse::Proven;
use cairn_verifier::event::SignedEvent;
use cairn_verifier::state::RecordKey;
use cairn_verifier::trust::Genesis;

use super::{Effects, LogState, SystemEvents, may_carry};
use crate::node::{Block, NodeError, OpenError, Shared, decode_block, epoch};

/// How many records one write to the index brings at least, if there are more.
const TAKE: usize = 1 << 14;

impl LogState {
    /// Brings it to the newest block, whose header must name its root.
    pub(in crate::node) fn open(&mut self, shared: &Shared) -> Result<(), OpenError> {
        let unreadable = |error: NodeError| OpenError::State { reason: error.to_string() };
        self.resume(shared).map_err(unreadable)?;
        self.catch_up(shared).map_err(unreadable)?;
        if self.fits(shared).map_err(unreadable)? {
            return Ok(());
        }
        tracing::warn!("the records of the state are not the log's; making them again");
        self.begin_again(shared).map_err(unreadable)?;
        self.catch_up(shared).map_err(unreadable)?;
        if self.fits(shared).map_err(unreadable)? {
            return Ok(());
        }
        let header = self.block().map(|block| block.header);
        let (height, expected) = header
            .map_or_else(Default::default, |header| (header.height, header.state_root.to_string()));
        let reason = format!("its state root is {expected}, the log's is {}", self.root());
        Err(OpenError::BadBlock { height, reason })
    }

    /// Goes on from the block that the index says its records are after.
    fn resume(&mut self, shared: &Shared) -> Result<(), NodeError> {
        let blocks = shared.index.mark(Mark::State)?;
        let Some(height) = blocks.checked_sub(1).filter(|_| blocks <= shared.blocks.end()) else {
            return self.begin_again(shared);
        };
        let block = read_block(&shared.blocks, height)?;
        let began = (&*self.directory, &*self.epochs);
        let (directory, epochs) = shared.replay_system(began, &block.header)?;
        (self.directory, self.epochs) = (Arc::new(directory), Arc::new(epochs));
        self.system = match self.tree.prove(&RecordKey::System)? {
            Proven::Present { record, .. } => SystemEvents::read(&record)?,
            Proven::Absent { .. } => SystemEvents::NONE,
        };
        self.block = Some(Arc::new(block));
        Ok(())
    }

    /// Goes back before the first block, with an index that knows no record.
    fn begin_again(&mut self, shared: &Shared) -> Result<(), NodeError> {
        shared.index.forget_state()?;
        *self = Self::new(&genesis(shared)?, Arc::clone(&shared.index))?;
        Ok(())
    }

    /// Whether the root is the one that the newest header names. Whether that header may name none
    /// follows from the one before it.
    fn fits(&self, shared: &Shared) -> Result<bool, NodeError> {
        let Some(block) = self.block() else { return Ok(true) };
        let before = block.header.height.checked_sub(1);
        let before = before.filter(|height| shared.blocks.has(*height));
        let before = before.map(|height| read_block(&shared.blocks, height)).transpose()?;
        let before = before.as_ref().map(|block| &block.header);
        let root = may_carry(before, &block.header.state_root, &self.root());
        Ok(root && self.epochs.follows(&block.header))
    }

    /// Takes in the blocks of the log that are not.
    pub(crate) fn catch_up(&mut self, shared: &Shared) -> Result<(), NodeError> {
        while self.blocks() < shared.blocks.end() {
            let (mut effects, mut last) = (Effects::default(), None);
            let mut size = self.size();
            for height in there(&shared.blocks, self.blocks()..shared.blocks.end()) {
                let block = read_block(&shared.blocks, height)?;
                let end = block.header.events.get();
                push_entries(&mut effects, &shared.entries, size..end)?;
                (size, last) = (end, Some(block));
                // What its events change comes into force behind it. Before a checkpoint that this node
                // joined by, there may be a gate between this block and the next one that is here.
                if self.epochs.is_gate(height) || height < shared.blocks.begin() {
                    break;
                }
                // A block whose events are not all kept has a state that cannot be made any more.
                if effects.len() >= TAKE && end >= shared.entries.begin() {
                    break;
                }
            }
            let Some(last) = last else { return Ok(()) };
            let mut next = self.begin()?;
            if last.header.height < shared.blocks.begin() {
                next.advance(last.header.height);
            }
            self.take_upto(&mut next, &effects, last.header.height)?;
            let height = last.header.height;
            if !epoch::fits(&last.header, next.fields()) {
                return Err(NodeError::OtherEpoch { height });
            }
            self.commit(next, Arc::new(last))?;
        }
        Ok(())
    }
}

fn genesis(shared: &Shared) -> Result<Genesis<'_>, NodeError> {
    let damaged = |reason| NodeError::Damaged { what: "genesis", index: 0, reason };
    Genesis::decode(&shared.genesis).map_err(damaged)
}

/// The heights of a range whose blocks are there: where this node joined by a checkpoint, those of
/// handovers and of events about validators, and all from that on.
fn there(blocks: &Entries, range: Range<u64>) -> impl Iterator<Item = u64> {
    let begin = blocks.begin();
    let kept = if range.start < begin { blocks.kept_indices() } else { Vec::new() };
    let before = range.start..begin.min(range.end);
    let kept = kept.into_iter().filter(move |height| before.contains(height));
    kept.chain(range.start.max(begin)..range.end)
}

fn read_block(blocks: &Entries, height: u64) -> Result<Block, NodeError> {
    let damaged = |reason| NodeError::Damaged { what: "block", index: height, reason };
    decode_block(&blocks.read(height)?).map_err(damaged)
}

/// Takes in entries of the log. Of those that were pruned the ones are left that the state goes by.
fn push_entries(
    effects: &mut Effects,
    entries: &Entries,
    range: Range<u64>,
) -> Result<(), NodeError> {
    let mut push = |index, bytes: &[u8]| {
        let damaged = |reason| NodeError::Damaged { what: "entry", index, reason };
        let event = SignedEvent::decode(bytes).map_err(damaged)?;
        effects.push(index, &event.id(), &event);
        Ok(())
    };
    let begin = entries.begin();
    if range.start < begin {
        let kept = entries.kept_indices().into_iter();
        for index in kept.filter(|index| range.contains(index) && *index < begin) {
            push(index, &entries.read(index)?)?;
        }
    }
    entries.scan(range.start.max(begin)..range.end, push)
}
