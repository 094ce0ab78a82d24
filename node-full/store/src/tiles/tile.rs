//! One tile: its file, and the nodes that follow from it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cairn_verifier::digest::Hash;
use cairn_verifier::tree::TreeHasher;

use super::{HEIGHTS, WIDTH, join_row};
use crate::StoreError;
use crate::files::{self, Secrecy};

/// The length of a tile's file in bytes.
const TILE_LEN: usize = WIDTH * 32;

/// A tile's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_structs, reason = "a place has these two coordinates")]
pub struct TileId {
    /// Level: its hashes are nodes of height 8 * level.
    pub level: u8,
    /// Number within its level, from 0.
    pub number: u64,
}

impl TileId {
    /// The tile's path below the tree's directory, as in C2SP tlog-tiles.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        let mut rest = self.number;
        let mut name = format!("{:03}", rest % 1_000);
        while rest >= 1_000 {
            rest /= 1_000;
            name = format!("x{:03}/{name}", rest % 1_000);
        }
        PathBuf::from(self.level.to_string()).join(name)
    }
}

/// 256 hashes and all 255 nodes above them.
#[derive(Debug)]
pub(super) struct Tile {
    /// One row a height, from 256 hashes to one.
    rows: Vec<Vec<Hash>>,
}

impl Tile {
    /// The tile of a level with these hashes.
    pub(super) fn new<H: TreeHasher>(hasher: &H, level: u8, hashes: &[Hash]) -> Self {
        let mut rows = vec![hashes.to_vec()];
        for height in 1..=HEIGHTS {
            let row = rows.last().map(|row| join_row(hasher, level * HEIGHTS + height, row));
            rows.extend(row);
        }
        Self { rows }
    }

    /// Reads a tile's file.
    pub(super) fn read<H: TreeHasher>(
        hasher: &H,
        dir: &Path,
        id: TileId,
    ) -> Result<Self, StoreError> {
        let path = dir.join(id.path());
        let bytes = read_file(&path)?.ok_or_else(|| StoreError::NoTile(path.clone()))?;
        let (hashes, _) = bytes.as_chunks::<32>();
        let hashes: Vec<Hash> = hashes.iter().map(|hash| Hash::from_bytes(*hash)).collect();
        Ok(Self::new(hasher, id.level, &hashes))
    }

    /// The node above all of it.
    pub(super) fn top(&self) -> Hash {
        self.node(HEIGHTS, 0).unwrap_or(Hash::ZERO)
    }

    /// A node, by its height above the tile's hashes and its place in that row.
    pub(super) fn node(&self, height: u8, place: usize) -> Option<Hash> {
        self.rows.get(usize::from(height))?.get(place).copied()
    }

    /// All of its hashes.
    pub(super) fn hashes(&self) -> &[Hash] {
        self.rows.first().map(Vec::as_slice).unwrap_or_default()
    }

    fn bytes(&self) -> Vec<u8> {
        self.hashes().iter().flat_map(|hash| *hash.as_bytes()).collect()
    }
}

/// Reads a tile's file, if there is one; it has one length.
fn read_file(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    let limit = u64::try_from(TILE_LEN).unwrap_or(u64::MAX);
    match files::read(path, limit) {
        Err(StoreError::TooLarge { path, found, .. }) => {
            let found = usize::try_from(found).unwrap_or(usize::MAX);
            Err(StoreError::TileLength { path, expected: TILE_LEN, found })
        }
        Ok(Some(bytes)) if bytes.len() != TILE_LEN => Err(StoreError::TileLength {
            path: path.to_owned(),
            expected: TILE_LEN,
            found: bytes.len(),
        }),
        read => read,
    }
}

/// A full tile on its way to disk.
#[derive(Debug)]
pub struct PendingTile {
    id: TileId,
    path: PathBuf,
    tile: Arc<Tile>,
}

impl PendingTile {
    pub(super) fn new(dir: &Path, id: TileId, tile: Arc<Tile>) -> Self {
        Self { id, path: dir.join(id.path()), tile }
    }

    /// The tile's place.
    #[must_use]
    pub const fn id(&self) -> TileId {
        self.id
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The tile as its file has it.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.tile.bytes()
    }

    /// Writes the tile, or compares it with the one that is there. Its bytes are synced, so that
    /// a tile with a name is a whole one; its name is not, because a lost tile is made again.
    ///
    /// # Errors
    /// [`StoreError::TileMismatch`], [`StoreError::TileLength`] or [`StoreError::Io`].
    pub fn store(&self) -> Result<(), StoreError> {
        if self.compare()? {
            return Ok(());
        }
        if let Some(folder) = self.path.parent() {
            let created = std::fs::create_dir_all(folder);
            created.map_err(StoreError::io("create directory", folder))?;
        }
        files::replace(&self.path, &self.tile.bytes(), Secrecy::Public, true)
    }

    /// Compares the tile with the one on disk; `false` if there is none.
    ///
    /// # Errors
    /// [`StoreError::TileMismatch`], [`StoreError::TileLength`] or [`StoreError::Io`].
    pub fn compare(&self) -> Result<bool, StoreError> {
        match read_file(&self.path)? {
            Some(found) if found == self.tile.bytes() => Ok(true),
            Some(_) => Err(StoreError::TileMismatch { path: self.path.clone() }),
            None => Ok(false),
        }
    }
}
