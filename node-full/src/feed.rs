//! What becomes final, in order: events, blocks, checkpoints. Whoever follows says where it is and
//! gets what comes after, so nothing is kept for anyone and nothing is lost between two asks.

use std::fmt;
use std::str::FromStr;

use cairn_verifier::event::SignedEvent;

use crate::node::{Block, Entry, Node, NodeError};
use crate::query::Query;

/// How many entries one ask looks at.
const STEP: u64 = 256;

/// What may be followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the topics are these")]
pub struct Topics {
    /// Final events that the query finds.
    pub events: bool,
    /// Blocks.
    pub blocks: bool,
    /// Checkpoints: blocks in a form that proves itself.
    pub checkpoints: bool,
}

/// How far someone is: what comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a place has these two coordinates")]
pub struct Place {
    /// The block that comes next.
    pub height: u64,
    /// The event that comes next. It stands in that block or in a later one.
    pub index: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.height, self.index)
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (height, index) = text.split_once('-').ok_or(())?;
        let number = |text: &str| text.parse().map_err(|_| ());
        Ok(Self { height: number(height)?, index: number(index)? })
    }
}

/// Something that became final.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "one a topic")]
pub enum Item {
    /// An event.
    Event(Entry),
    /// A block.
    Block(Block),
    /// A block that is to be sent as a checkpoint.
    Checkpoint(Block),
}

/// Items with the place behind each, and the place behind all that was looked at.
pub type Items = (Vec<(Place, Item)>, Place);

impl Node {
    /// The place behind everything that is final now.
    #[must_use]
    pub fn feed_end(&self) -> Place {
        let state = self.shared().state();
        let height = state.head.as_ref().map_or(0, |head| head.header.height.saturating_add(1));
        Place { height, index: state.final_size() }
    }

    /// What comes at a place and after it, up to some number of entries. An empty answer that
    /// leaves the place as it was means that nothing came yet.
    ///
    /// # Errors
    /// Something cannot be read.
    pub fn feed(&self, topics: Topics, query: &Query, from: Place) -> Result<Items, NodeError> {
        let (mut items, mut at) = (Vec::new(), from);
        let Some(block) = self.block(at.height)? else { return Ok((items, at)) };
        let size = block.header.events.get();
        if !topics.events {
            at.index = size.max(at.index);
        }
        let end = size.min(at.index.saturating_add(STEP));
        while at.index < end {
            let entry = self.entry_at(at.index)?;
            at.index = at.index.saturating_add(1);
            let Some(entry) = entry else { continue };
            let damaged = |reason| NodeError::Damaged { what: "entry", index: entry.index, reason };
            if query.finds(SignedEvent::decode(&entry.signed).map_err(damaged)?.body()) {
                items.push((at, Item::Event(entry)));
            }
        }
        if at.index >= size {
            at.height = at.height.saturating_add(1);
            if topics.blocks {
                items.push((at, Item::Block(block.clone())));
            }
            if topics.checkpoints {
                items.push((at, Item::Checkpoint(block)));
            }
        }
        Ok((items, at))
    }
}
