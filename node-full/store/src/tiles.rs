//! A Merkle tree in tiles.
//!
//! A tile of level *l* and number *n* holds 256 hashes: the nodes of height 8*l* whose numbers
//! are 256*n* to 256*n* + 255. The nodes between are hashed again when a tile is read. Full tiles
//! are files, written once, named as in C2SP tlog-tiles (`<level>/x001/x234/067`); the right
//! border of each level is in memory.
//!
//! Tiles are derived: the leaves stand in the log, and [`Tiles::push`] makes a tile again whose
//! leaves are shown again. A tile on disk that is another one is an error with its name.
//! [`Tiles::resume`] goes on from tiles that were stored before, and needs no leaf of those.
//!
//! Proofs are for any size up to the current one, because a full node never changes.

mod cache;
mod proof;
mod tile;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use cairn_verifier::digest::Hash;
use cairn_verifier::tree::{Join, TreeHasher};

use crate::{StoreError, files};
use cache::Cache;
use tile::Tile;

pub use tile::{PendingTile, TileId};

/// How many hashes a tile has.
pub const WIDTH: usize = 256;
/// How many levels of nodes are between one level of tiles and the next: log2 of the width.
const HEIGHTS: u8 = 8;

/// A tree, all of it: the right border here, the rest on disk. A clone is a cheap copy that can be
/// pushed to and thrown away, as long as nothing of it is stored.
#[derive(Clone, Debug)]
pub struct Tiles<H> {
    hasher: H,
    dir: PathBuf,
    size: u64,
    levels: Vec<Level>,
    /// Full tiles that are not on disk yet.
    pending: BTreeMap<TileId, Arc<Tile>>,
    /// Tiles as they are on disk, so it is shared with clones.
    cache: Arc<Mutex<Cache>>,
}

/// One level's right border.
#[derive(Clone, Debug, Default)]
struct Level {
    /// How many full tiles are left of it.
    full: u64,
    /// Fewer than 256 hashes.
    edge: Vec<Hash>,
}

impl<H: TreeHasher> Tiles<H> {
    /// An empty tree, whose tiles will be in `dir`.
    #[must_use]
    pub fn new(hasher: H, dir: &Path) -> Self {
        Self {
            hasher,
            dir: dir.to_owned(),
            size: 0,
            levels: Vec::new(),
            pending: BTreeMap::new(),
            cache: Arc::default(),
        }
    }

    /// The tree whose first `size` leaves have all their full tiles in `dir`; what a last tile
    /// lacks to be full must be pushed again, from [`Tiles::size`] on.
    ///
    /// # Errors
    /// A tile of the right border cannot be read.
    pub fn resume(hasher: H, dir: &Path, size: u64) -> Result<Self, StoreError> {
        let mut tree = Self::new(hasher, dir);
        // Nodes of each level of tiles, from the leaves that fill tiles upwards.
        let width = u64::try_from(WIDTH).unwrap_or(u64::MAX);
        let mut nodes = size - size % width;
        tree.size = nodes;
        for level in 0_u8.. {
            if nodes == 0 {
                break;
            }
            let full = nodes / width;
            let mut edge = Vec::new();
            for number in full * width..nodes {
                // Only levels above the leaves have an edge here.
                let below = TileId { level: level.saturating_sub(1), number };
                edge.push(Tile::read(&tree.hasher, dir, below)?.top());
            }
            tree.levels.push(Level { full, edge });
            nodes = full;
        }
        Ok(tree)
    }

    /// The number of leaves.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The tree's hasher.
    #[must_use]
    pub const fn hasher(&self) -> &H {
        &self.hasher
    }

    /// Appends a leaf's hash. Cannot fail: a tile that becomes full waits in memory until
    /// [`Tiles::pending`] is stored.
    pub fn push(&mut self, leaf: Hash) {
        self.size = self.size.saturating_add(1);
        let mut carry = leaf;
        for level in 0_u8.. {
            let place = usize::from(level);
            if self.levels.len() <= place {
                self.levels.push(Level::default());
            }
            let Some(border) = self.levels.get_mut(place) else { return };
            border.edge.push(carry);
            if border.edge.len() < WIDTH {
                return;
            }
            let id = TileId { level, number: border.full };
            let tile = Tile::new(&self.hasher, level, &border.edge);
            border.edge.clear();
            border.full = border.full.saturating_add(1);
            carry = tile.top();
            self.pending.insert(id, Arc::new(tile));
        }
    }

    /// Full tiles that are not on disk yet; [`PendingTile::store`] each, without holding a lock
    /// on the tree, and say so with [`Tiles::stored`].
    #[must_use]
    pub fn pending(&self) -> Vec<PendingTile> {
        let tiles = self.pending.iter();
        tiles.map(|(id, tile)| PendingTile::new(&self.dir, *id, Arc::clone(tile))).collect()
    }

    /// Takes note that tiles are on disk.
    pub fn stored(&mut self, tiles: &[PendingTile]) {
        for tile in tiles {
            if let Some(tile_in_memory) = self.pending.remove(&tile.id()) {
                self.lock_cache().insert(tile.id(), tile_in_memory);
            }
        }
    }

    /// Lets go of a tile that stands on disk already; it is read from there if it is needed.
    pub fn forget(&mut self, tile: TileId) {
        self.pending.remove(&tile);
    }

    /// Stores all pending tiles durably, for when nobody else uses the tree.
    ///
    /// # Errors
    /// [`StoreError`]; what was stored is.
    pub fn store_pending(&mut self) -> Result<(), StoreError> {
        let pending = self.pending();
        for tile in &pending {
            tile.store()?;
        }
        sync_names(&self.dir, &pending)?;
        self.stored(&pending);
        Ok(())
    }

    /// The hash of a full node.
    ///
    /// # Errors
    /// [`StoreError::OutsideTree`], or its tile cannot be read.
    pub fn node(&self, height: u8, number: u64) -> Result<Hash, StoreError> {
        let outside = || StoreError::OutsideTree { what: "such node", size: self.size };
        let (level, height) = (height / HEIGHTS, height % HEIGHTS);
        let border = self.levels.get(usize::from(level)).ok_or_else(outside)?;
        let tile = number >> (HEIGHTS - height);
        // The node's place among the nodes of its height in its tile.
        let place = number & ((1_u64 << (HEIGHTS - height)) - 1);
        let place = usize::try_from(place).map_err(|_| outside())?;
        if tile < border.full {
            let id = TileId { level, number: tile };
            return self.tile(id)?.node(height, place).ok_or_else(outside);
        }
        let width = 1_usize << height;
        let start = place * width;
        let hashes = border.edge.get(start..start + width).filter(|_| tile == border.full);
        let base = level * HEIGHTS;
        Ok(fold(&self.hasher, base, hashes.ok_or_else(outside)?))
    }

    /// The first `width` hashes of a tile, at most 256.
    ///
    /// # Errors
    /// [`StoreError::OutsideTree`], or the tile cannot be read.
    pub fn hashes(&self, level: u8, number: u64, width: u16) -> Result<Vec<Hash>, StoreError> {
        let outside = || StoreError::OutsideTree { what: "such tile", size: self.size };
        let border = self.levels.get(usize::from(level)).ok_or_else(outside)?;
        let width = usize::from(width);
        if number < border.full {
            let tile = self.tile(TileId { level, number })?;
            return tile.hashes().get(..width).map(<[Hash]>::to_vec).ok_or_else(outside);
        }
        let hashes = border.edge.get(..width).filter(|_| number == border.full);
        hashes.map(<[Hash]>::to_vec).ok_or_else(outside)
    }

    /// Whether a full tile on disk is the one under the node above it. Where that is right, this one
    /// is.
    ///
    /// # Errors
    /// [`StoreError`], if one of the two cannot be read.
    pub fn fits(&self, id: TileId) -> Result<bool, StoreError> {
        let above = self.node((id.level + 1) * HEIGHTS, id.number)?;
        Ok(Tile::read(&self.hasher, &self.dir, id)?.top() == above)
    }

    fn tile(&self, id: TileId) -> Result<Arc<Tile>, StoreError> {
        if let Some(tile) = self.pending.get(&id) {
            return Ok(Arc::clone(tile));
        }
        if let Some(tile) = self.lock_cache().get(id) {
            return Ok(tile);
        }
        let tile = Arc::new(Tile::read(&self.hasher, &self.dir, id)?);
        self.lock_cache().insert(id, Arc::clone(&tile));
        Ok(tile)
    }

    fn lock_cache(&self) -> std::sync::MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes the names of stored tiles durable, so that [`Tiles::resume`] finds them whatever happens to
/// the machine.
///
/// # Errors
/// [`StoreError::Io`].
pub fn sync_names(dir: &Path, tiles: &[PendingTile]) -> Result<(), StoreError> {
    let mut folders = BTreeSet::new();
    for tile in tiles {
        let above = tile.path().ancestors().skip(1);
        folders.extend(above.take_while(|folder| folder.starts_with(dir)));
    }
    folders.into_iter().try_for_each(files::sync_dir)
}

/// Removes the tiles in `dir` that a tree of `size` leaves does not fill.
///
/// # Errors
/// [`StoreError::Io`].
pub fn remove_after(dir: &Path, size: u64) -> Result<(), StoreError> {
    let width = u64::try_from(WIDTH).unwrap_or(u64::MAX);
    let mut full = size;
    for level in 0_u8.. {
        full /= width;
        for number in full.. {
            let path = dir.join(TileId { level, number }.path());
            match std::fs::remove_file(&path) {
                Ok(()) => {}
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => break,
                Err(error) => return Err(StoreError::io("remove", &path)(error)),
            }
        }
        if full == 0 {
            break;
        }
    }
    Ok(())
}

/// The node above a power of two of nodes of height `base`.
fn fold<H: TreeHasher>(hasher: &H, base: u8, hashes: &[Hash]) -> Hash {
    let mut row = hashes.to_vec();
    let mut height = base;
    while row.len() > 1 {
        height += 1;
        row = join_row(hasher, height, &row);
    }
    row.first().copied().unwrap_or(Hash::ZERO)
}

/// The nodes of `height` above a row of nodes one below.
fn join_row<H: TreeHasher>(hasher: &H, height: u8, row: &[Hash]) -> Vec<Hash> {
    let (pairs, _) = row.as_chunks::<2>();
    let join = |[left, right]: &[Hash; 2]| hasher.join(Join::Node { height }, left, right);
    pairs.iter().map(join).collect()
}

#[cfg(test)]
mod tests;
