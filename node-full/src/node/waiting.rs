//! Events that wait for the block of a lone validator, in parts of which each becomes one block.
//!
//! Whoever joins the log later gets its blocks over links that carry no longer ones; so what is
//! taken at once is bounded here, as it is by what validators propose to each other.

use std::collections::VecDeque;

use cairn_verifier::digest::EventId;
use cairn_verifier::event::SignedEvent;

use super::Effects;

/// The most bytes of the events of a block: half of what may travel. No event is nearly as long.
const MAX_BYTES: usize = 8 << 20;
/// What an event has around it in a block.
const FRAME: usize = 4;

/// What becomes one block.
#[derive(Debug, Default)]
pub(crate) struct Part {
    pub(crate) effects: Effects,
    /// How many events the log has with these.
    pub(crate) size: u64,
    bytes: usize,
}

/// All that wait, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Waiting(VecDeque<Part>);

impl Waiting {
    /// Takes in the next event, of which the encoding with its signatures has `len` bytes.
    pub(crate) fn push(
        &mut self,
        (index, id): (u64, &EventId),
        event: &SignedEvent<'_>,
        len: usize,
    ) {
        let len = len.saturating_add(FRAME);
        let has_room = |part: &Part| part.bytes.saturating_add(len) <= MAX_BYTES;
        let mut part = self.0.pop_back().unwrap_or_default();
        if part.bytes > 0 && !has_room(&part) {
            self.0.push_back(std::mem::take(&mut part));
        }
        part.effects.push(index, id, event);
        part.size = index.saturating_add(1);
        part.bytes = part.bytes.saturating_add(len);
        self.0.push_back(part);
    }

    /// The part that becomes the next block; none if nothing waits.
    pub(crate) fn take(&mut self) -> Option<Part> {
        self.0.pop_front()
    }

    /// A block was to take this part, and was not made.
    pub(crate) fn put_back(&mut self, part: Part) {
        if part.bytes > 0 {
            self.0.push_front(part);
        }
    }
}

impl Part {
    /// No event, of a log of so many.
    pub(crate) fn empty(size: u64) -> Self {
        Self { size, ..Self::default() }
    }
}
