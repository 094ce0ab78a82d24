//! The state of the log after a block: SPEC.md, "State". Members, keys, streams and writers' heads
//! are records of a tree whose root the block's header carries.
//!
//! ```text
//! committer: event -> Effects           kept beside the tree of events, until a block takes them
//! block thread: Effects -> Next -> root -> header, vote, sync -> LogState
//! ```
//!
//! It is derived from the log, and belongs to a height: records and the number of blocks they are
//! after are one write, made when the block is durable. So after a crash the records are those of
//! some block of the log, or of none; what they are behind is taken from the log, block by block.
//! Were they ever ahead, or other than the newest header says, they are made again from the log.

mod again;
mod effects;
mod open;
mod records;

use std::collections::VecDeque;
use std::sync::Arc;

use cairn_consensus::epochs::{Epochs, Fields};
use cairn_store::index::Index;
use cairn_store::sparse::{Leaves, Proven, Records, SparseTree, Step};
use cairn_verifier::digest::{Hash, HeaderDigest};
use cairn_verifier::event::EventBody;
use cairn_verifier::finality::Header;
use cairn_verifier::state::RecordKey;
use cairn_verifier::trust::Genesis;

use super::{Block, Directory, NodeError, epoch};

pub(crate) use again::{Fit, StateAgain};
pub(crate) use effects::Effects;
use effects::SystemEffect;
use records::SystemEvents;

/// How many records and nodes the steps back hold together: a thousand blocks of a few writers, some
/// seconds of a thousand writers.
const PAST: usize = 1 << 14;

/// The state after a block.
#[derive(Debug)]
pub(crate) struct LogState<L = Arc<Index>> {
    tree: SparseTree<L>,
    /// What the first block begins with.
    first: Records,
    /// Members and streams after the block.
    directory: Arc<Directory>,
    /// Validator sets after the block.
    epochs: Arc<Epochs>,
    /// System events up to the block.
    system: SystemEvents,
    block: Option<Arc<Block>>,
    /// Blocks before it, oldest first, each with the step back to it from the next.
    past: VecDeque<(Arc<Block>, Step)>,
}

/// The state after blocks that are still to come.
#[derive(Debug)]
pub(crate) struct Next {
    step: Step,
    directory: Arc<Directory>,
    epochs: Arc<Epochs>,
    system: SystemEvents,
    /// What the header of the last of them says of sets.
    fields: Fields,
}

impl Next {
    /// What the header of the last block that was taken in must say of epochs and sets; of the
    /// block before, if none was.
    pub(crate) const fn fields(&self) -> &Fields {
        &self.fields
    }

    /// Validator sets after the last block that was taken in.
    pub(crate) fn epochs(&self) -> &Epochs {
        &self.epochs
    }

    /// The next block that is taken in has this height: no event about validators is in between.
    fn advance(&mut self, height: u64) {
        if let Some(before) = height.checked_sub(1) {
            Arc::make_mut(&mut self.epochs).advance(before);
        }
    }

    /// Members and streams after the last block that was taken in.
    pub(crate) const fn directory(&self) -> &Arc<Directory> {
        &self.directory
    }
}

impl<L: Leaves> LogState<L> {
    /// As it is before the first block, if there are no leaves yet.
    pub(crate) fn new(genesis: &Genesis<'_>, leaves: L) -> Result<Self, NodeError> {
        let directory = Directory::new(genesis);
        let first = records::first(genesis, &directory)?;
        let tree = SparseTree::load(genesis.log(), leaves)?;
        let directory = Arc::new(directory);
        let epochs = Arc::new(epoch::begin(genesis)?);
        let system = SystemEvents::NONE;
        Ok(Self { tree, first, directory, epochs, system, block: None, past: VecDeque::new() })
    }

    /// The block that this is after.
    pub(crate) fn block(&self) -> Option<&Arc<Block>> {
        self.block.as_ref()
    }

    /// How many events it is after.
    pub(crate) fn size(&self) -> u64 {
        self.block.as_ref().map_or(0, |block| block.header.events.get())
    }

    /// How many blocks it is after.
    pub(crate) fn blocks(&self) -> u64 {
        self.block.as_ref().map_or(0, |block| block.header.height.saturating_add(1))
    }

    /// Validator sets after the block.
    pub(crate) fn epochs(&self) -> &Arc<Epochs> {
        &self.epochs
    }

    /// The root after the block.
    pub(crate) fn root(&self) -> Hash {
        self.tree.root()
    }

    /// The way on from here.
    pub(crate) fn begin(&self) -> Result<Next, NodeError> {
        let mut next = Next {
            step: Step::default(),
            directory: Arc::clone(&self.directory),
            epochs: Arc::clone(&self.epochs),
            system: self.system,
            fields: self.epochs.fields(),
        };
        if self.block.is_none() {
            self.tree.change(&mut next.step, self.first.clone())?;
        }
        Ok(next)
    }

    /// Takes in the events of one more block.
    pub(crate) fn take(&self, next: &mut Next, effects: &Effects) -> Result<(), NodeError> {
        let height = next.epochs.height();
        self.take_upto(next, effects, height)
    }

    /// Takes in the events of some more blocks, of which none but the last is at a gate.
    fn take_upto(&self, next: &mut Next, effects: &Effects, last: u64) -> Result<(), NodeError> {
        let mut changes = records::heads(effects)?;
        let (before, system) = (Arc::clone(&next.epochs), next.system);
        let epochs = Arc::make_mut(&mut next.epochs);
        for SystemEffect { index, id, body } in effects.system() {
            next.system.push(*index, id);
            let (index, id) = (*index, *id);
            let Some(body) = body else { continue };
            let bad = |reason| NodeError::Damaged { what: "entry", index, reason };
            let body = EventBody::decode(body).map_err(bad)?;
            if epoch::is_kind(body.kind) {
                epoch::replay((&mut *epochs, &next.directory), (id, &body), index);
            } else if let Some(said) = Arc::make_mut(&mut next.directory).replay(&body, index) {
                records::changed(&said, &next.directory, &mut changes)?;
            }
        }
        next.fields = epochs.close(last);
        records::sets(&before, epochs, &mut changes)?;
        records::stakes(&before, epochs, &mut changes)?;
        records::system((&system, &next.system), &mut changes)?;
        Ok(self.tree.change(&mut next.step, changes)?)
    }

    /// The root after all blocks that were taken in.
    pub(crate) fn root_after(&self, next: &Next) -> Hash {
        self.tree.root_after(&next.step)
    }

    /// The state is after this block now.
    pub(crate) fn commit(&mut self, next: Next, block: Arc<Block>) -> Result<(), NodeError> {
        let back = self.tree.commit(next.step, block.header.height.saturating_add(1))?;
        self.directory = next.directory;
        self.epochs = next.epochs;
        self.system = next.system;
        let before = self.block.replace(block);
        match (before, back) {
            (Some(before), Some(back)) => self.past.push_back((before, back)),
            // From here there is no way back.
            _ => self.past.clear(),
        }
        self.forget_past();
        Ok(())
    }

    fn forget_past(&mut self) {
        let weights = self.past.iter().map(|(_, back)| back.weight());
        let mut weight = weights.fold(0, usize::saturating_add);
        while weight > PAST {
            let Some((_, gone)) = self.past.pop_front() else { return };
            weight = weight.saturating_sub(gone.weight());
        }
    }

    /// Proves a record, or that there is none, after a block that is not long ago; `None` if it is.
    pub(crate) fn prove_after(
        &self,
        block: &HeaderDigest,
        key: &RecordKey<'_>,
    ) -> Result<Option<Proven>, NodeError> {
        let is_newest = |newest: &Arc<Block>| newest.digest == *block;
        if self.block.as_ref().is_some_and(is_newest) {
            return Ok(Some(self.tree.prove(key)?));
        }
        let mut past = self.past.iter();
        let Some(at) = past.rposition(|(past, _)| past.digest == *block) else { return Ok(None) };
        let mut view = Step::default();
        self.past.range(at..).rev().for_each(|(_, back)| view.then(back));
        Ok(Some(self.tree.prove_after(&view, key)?))
    }
}

/// Whether a header may carry a state root: that of the state, or zeros as long as no header before
/// it carried one. SPEC.md, "State".
pub(crate) fn may_carry(before: Option<&Header>, found: &Hash, expected: &Hash) -> bool {
    let began = before.is_some_and(|before| before.state_root != Hash::ZERO);
    found == expected || (*found == Hash::ZERO && !began)
}
