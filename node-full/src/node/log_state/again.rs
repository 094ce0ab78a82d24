//! The state made once more from the log's beginning, in memory, to be compared with headers.

use std::sync::Arc;

use cairn_store::sparse::Memory;
use cairn_verifier::digest::EventId;
use cairn_verifier::event::SignedEvent;
use cairn_verifier::finality::Header;
use cairn_verifier::trust::Genesis;

use super::{Effects, LogState, may_carry};
use crate::node::{Block, NodeError, epoch};

/// Whether a header says what follows from the events.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fit {
    /// Its state root is the one that it must carry.
    pub(crate) root: bool,
    /// Its epoch, set and next set are those in force.
    pub(crate) sets: bool,
}

/// The state after the blocks so far.
#[derive(Debug)]
pub(crate) struct StateAgain {
    state: LogState<Memory>,
    effects: Effects,
    before: Option<Header>,
}

impl StateAgain {
    /// As it is before the first block.
    pub(crate) fn new(genesis: &Genesis<'_>) -> Result<Self, NodeError> {
        let state = LogState::new(genesis, Memory::default())?;
        Ok(Self { state, effects: Effects::default(), before: None })
    }

    /// Takes in the next event.
    pub(crate) fn event(&mut self, index: u64, id: &EventId, event: &SignedEvent<'_>) {
        self.effects.push(index, id, event);
    }

    /// Takes in the block of these events; what its header must say and does not.
    pub(crate) fn block(&mut self, block: &Arc<Block>) -> Result<Fit, NodeError> {
        let mut next = self.state.begin()?;
        self.state.take(&mut next, &std::mem::take(&mut self.effects))?;
        let sets = epoch::fits(&block.header, next.fields());
        self.state.commit(next, Arc::clone(block))?;
        let before = self.before.replace(block.header);
        let root = may_carry(before.as_ref(), &block.header.state_root, &self.state.root());
        Ok(Fit { root, sets })
    }
}
