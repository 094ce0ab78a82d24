//! Entries that no block of this log has, in the directory of one validator among others.
//!
//! A lone validator gives an event its place when it takes it, and one among others appends events
//! and their block with two writes. So a log that grew from one validator to many, or a crash
//! between the two writes, can leave entries behind the newest block that are nobody else's. Where
//! they stand is not this node's to say any more: they go to the pool and wait for a block, like
//! whatever is accepted here.
//!
//! The pool has them, durable, before the log loses them, so a crash in between does it again.

use std::path::Path;
use std::time::Duration;

use cairn_store::entries::Entries;
use cairn_store::index::{Index, Mark};
use cairn_store::tiles;

use super::OpenError;
use super::open::open_index;
use super::state::Tree;
use crate::validate::pool::{Pending, Pool};

/// Moves the entries from `size` on into the pool, and lets go of what was derived from them.
pub(super) fn set_back(
    dir: &Path,
    (index, entries): (Index, Entries),
    (size, index_memory): (u64, u64),
) -> Result<(Index, Entries), OpenError> {
    if entries.end() <= size {
        return Ok((index, entries));
    }
    let count = entries.end().saturating_sub(size);
    tracing::warn!(count, "events stood in the log that no block has; they wait for one again");
    Pool::put_back(dir, read(&entries, size)?)?;
    for tree in [Tree::Events, Tree::Sha256] {
        tiles::remove_after(&tree.dir(dir), size)?;
    }
    let index = forget(dir, index, (size, index_memory))?;
    Ok((index, entries.cut(size)?))
}

fn read(entries: &Entries, size: u64) -> Result<Vec<Pending>, OpenError> {
    let read = |index| {
        let bad = |reason: String| OpenError::BadEntry { index, reason };
        let pending = Pending::new(entries.read(index)?, true, Duration::ZERO);
        pending.map_err(|error| bad(error.to_string()))
    };
    (size..entries.end()).map(read).collect()
}

/// The index without these entries: it can lose none, so one that has any is made again.
fn forget(dir: &Path, index: Index, (size, memory): (u64, u64)) -> Result<Index, OpenError> {
    for mark in [Mark::Entries, Mark::EventTiles, Mark::Sha256Tiles] {
        if index.mark(mark)? > size {
            drop(index);
            Index::remove(&dir.join("index"))?;
            return Ok(open_index(dir, memory)?);
        }
    }
    Ok(index)
}
