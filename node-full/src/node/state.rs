//! What the node keeps in memory: the right border of both trees, and the newest block. It holds
//! only what is durable, and is made again from the files when the node opens.

use std::sync::Arc;

use cairn_store::tiles::Tiles;
use cairn_verifier::digest::{KeyId, StreamId};
use cairn_verifier::tree::Blake3;

use super::Block;

/// Whose sequence numbers: a writer's, in a stream.
pub(crate) type Place = (StreamId, KeyId);

/// All of it.
#[derive(Debug)]
pub(crate) struct State {
    /// The tree of accepted events.
    pub(crate) events: Tiles<Blake3>,
    /// The tree of all headers.
    pub(crate) headers: Tiles<Blake3>,
    /// The newest block.
    pub(crate) head: Option<Arc<Block>>,
}

impl State {
    /// How many events are final.
    pub(crate) fn final_size(&self) -> u64 {
        self.head.as_ref().map_or(0, |head| head.header.events.get())
    }
}
