//! Whole tiles of the trees, and bundles of events and blocks, as far as they are final.

use cairn_store::StoreError;
use cairn_verifier::tree::TreeSize;

use super::ProofError;
use crate::node::{Node, NodeError, Shared};

/// How many hashes or events a full file has.
const WIDTH: u64 = 256;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "each has its path")]
pub enum TileOf {
    /// Hashes of the tree of events.
    Events,
    /// Hashes of the tree of headers.
    Headers,
    /// Hashes of the RFC 6962 tree of events, if the log has one.
    Sha256,
    /// Signed events, each with its length before it (be32).
    Entries,
    /// Blocks, each a header and its certificate, with their length before them (be32).
    Blocks,
}

/// One file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a plain choice")]
pub struct TileChoice {
    /// What it holds.
    pub of: TileOf,
    /// The level of its hashes; 0 for events and blocks.
    pub level: u8,
    /// Its number on that level.
    pub number: u64,
    /// How many it holds, 1 to 256.
    pub width: u16,
}

impl Node {
    /// A file's bytes; `None` if not so many of its hashes or events are final.
    ///
    /// # Errors
    /// A file of the node cannot be read.
    pub fn tile(&self, choice: TileChoice) -> Result<Option<Vec<u8>>, ProofError> {
        self.shared().tile(choice)
    }
}

impl Shared {
    pub(crate) fn tile(&self, choice: TileChoice) -> Result<Option<Vec<u8>>, ProofError> {
        let TileChoice { of, level, number, width } = choice;
        let state = self.state();
        let leaves = match of {
            TileOf::Events | TileOf::Entries => state.final_size(),
            TileOf::Sha256 => state.sha256.as_ref().map_or(0, |_| state.final_size()),
            // The newest header's own tree is that of the headers before it.
            TileOf::Headers => state.head.as_ref().map_or(0, |head| head.header.height),
            TileOf::Blocks => {
                state.head.as_ref().map_or(0, |head| head.header.height.saturating_add(1))
            }
        };
        let size = TreeSize::new(leaves).unwrap_or(TreeSize::EMPTY);
        if size.tile(level, number).is_none_or(|tile| tile.width() < width) {
            return Ok(None);
        }
        let hashes = match of {
            TileOf::Events => state.events.hashes(level, number, width)?,
            TileOf::Headers => state.headers.hashes(level, number, width)?,
            TileOf::Sha256 => match &state.sha256 {
                Some(tree) => tree.hashes(level, number, width)?,
                None => return Ok(None),
            },
            TileOf::Entries | TileOf::Blocks => {
                drop(state);
                return self.bundle(of, number, width).map(Some);
            }
        };
        Ok(Some(hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()))
    }

    fn bundle(&self, of: TileOf, number: u64, width: u16) -> Result<Vec<u8>, ProofError> {
        let first = number.saturating_mul(WIDTH);
        let range = first..first.saturating_add(width.into());
        let mut bytes = Vec::new();
        let push = |_: u64, frame: &[u8]| {
            let len = u32::try_from(frame.len()).unwrap_or(u32::MAX);
            bytes.extend_from_slice(&len.to_be_bytes());
            bytes.extend_from_slice(frame);
            Ok::<_, StoreError>(())
        };
        if of == TileOf::Blocks {
            self.blocks.scan(range, push)?;
        } else {
            let begin = self.entries.begin();
            if first < begin {
                return Err(NodeError::Pruned { index: first, begin }.into());
            }
            self.entries.scan(range, push)?;
        }
        Ok(bytes)
    }
}
