//! What the node keeps in memory: the right border of both trees, and the newest block. It holds
//! only what is durable, and is made again from the files when the node opens.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cairn_store::index::Mark;
use cairn_store::tiles::Tiles;
use cairn_verifier::digest::{EventId, KeyId, StreamId};
use cairn_verifier::event::SignedEvent;
use cairn_verifier::tree::{Blake3, Rfc6962Sha256};

use super::{Block, Waiting};

/// Whose sequence numbers: a writer's, in a stream.
pub(crate) type Place = (StreamId, KeyId);

/// One of the log's trees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tree {
    Events,
    Headers,
    Sha256,
}

impl Tree {
    /// Where its tiles are in a data directory.
    pub(crate) fn dir(self, data: &Path) -> PathBuf {
        data.join("tiles").join(match self {
            Self::Events => "event",
            Self::Headers => "header",
            Self::Sha256 => "sha256",
        })
    }

    /// What says how many of its leaves have their tiles stored.
    pub(crate) const fn mark(self) -> Mark {
        match self {
            Self::Events => Mark::EventTiles,
            Self::Headers => Mark::HeaderTiles,
            Self::Sha256 => Mark::Sha256Tiles,
        }
    }
}

/// All of it.
#[derive(Debug)]
pub(crate) struct State {
    /// The tree of accepted events.
    pub(crate) events: Tiles<Blake3>,
    /// The same as RFC 6962 has it, if the genesis says so.
    pub(crate) sha256: Option<Tiles<Rfc6962Sha256>>,
    /// The tree of all headers.
    pub(crate) headers: Tiles<Blake3>,
    /// The newest block.
    pub(crate) head: Option<Arc<Block>>,
    /// The events after it, and what they change in the state. A replica keeps none.
    pub(crate) waiting: Waiting,
}

impl State {
    /// Takes in the next event, of which the encoding with its signatures has `len` bytes.
    pub(crate) fn push_event(&mut self, id: &EventId, event: &SignedEvent<'_>, len: usize) {
        self.waiting.push((self.events.size(), id), event, len);
        let leaf = self.events.hasher().leaf(self.events.size(), id.as_bytes());
        self.events.push(leaf);
        if let Some(tree) = &mut self.sha256 {
            tree.push(Rfc6962Sha256::leaf(event.bytes()));
        }
    }

    /// How many events are final.
    pub(crate) fn final_size(&self) -> u64 {
        self.head.as_ref().map_or(0, |head| head.header.events.get())
    }
}
