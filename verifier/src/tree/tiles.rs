//! Reading a tree in tiles, as C2SP tlog-tiles lays them out, from a source that is not trusted.
//!
//! A tile of level *l* and number *n* has the nodes of height 8*l* whose numbers are 256*n* up to
//! 256*n* + 255, as far as the tree has them. Whoever fetches a whole tile does not say which of
//! its 256 leaves is wanted.
//!
//! On each level at most one tile is not full, the *border*. All peaks stand over the hashes of
//! the borders, so the borders make the root, and the root vouches for every hash in them. A full
//! tile has one hash in a tile of the level above, its *parent*, and so on up to a border.

use core::fmt;

use super::tile::HEIGHTS;
use super::{Join, Leaf, Tile, TreeHasher};
use crate::digest::Hash;

/// Why tiles were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TileError {
    /// The leaf's place in its tile holds another hash.
    LeafMismatch {
        /// The leaf's index.
        index: u64,
        /// What the tile has there.
        expected: Hash,
        /// The leaf given.
        found: Hash,
    },
    /// A tile is not what its parent says.
    Mismatch {
        /// The tile.
        tile: Tile,
        /// What its parent has for it.
        expected: Hash,
        /// Where its hashes lead.
        found: Hash,
    },
    /// A tile that is needed was not given.
    Missing {
        /// The tile.
        tile: Tile,
    },
    /// The tiles of the right border lead to another root.
    RootMismatch {
        /// The root of the tree.
        expected: Hash,
        /// Where the tiles lead.
        found: Hash,
    },
    /// A tile has another number of hashes than the tree gives it.
    Width {
        /// The tile.
        tile: Tile,
        /// How many hashes were given.
        found: usize,
    },
}

impl TileError {
    /// The stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::LeafMismatch { .. } => "tile-leaf-mismatch",
            Self::Mismatch { .. } => "tile-mismatch",
            Self::Missing { .. } => "tile-missing",
            Self::RootMismatch { .. } => "tile-root-mismatch",
            Self::Width { .. } => "tile-width",
        }
    }
}

impl fmt::Display for TileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LeafMismatch { index, expected, found } => {
                write!(f, "leaf {index} is {expected} in its tile, not {found}")
            }
            Self::Mismatch { tile, expected, found } => {
                write!(f, "tile {tile} leads to {found}, its parent has {expected}")
            }
            Self::Missing { tile } => write!(f, "tile {tile} is missing"),
            Self::RootMismatch { expected, found } => {
                write!(f, "the tiles of the border lead to root {found}, the tree has {expected}")
            }
            Self::Width { tile, found } => {
                write!(f, "tile {tile} has {found} hashes, the tree gives it {}", tile.width())
            }
        }
    }
}

impl core::error::Error for TileError {}

/// A tile whose hashes are those of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifiedTile<'a> {
    tile: Tile,
    hashes: &'a [[u8; 32]],
}

impl<'a> VerifiedTile<'a> {
    /// Its place.
    #[must_use]
    pub const fn tile(&self) -> Tile {
        self.tile
    }

    /// Its hashes, each with its number among the nodes of the tile's height; on level 0, that is
    /// each leaf with its index.
    pub fn iter(&self) -> impl Iterator<Item = (u64, Hash)> + use<'a> {
        let hashes = self.hashes.iter().map(|hash| Hash::from_bytes(*hash));
        (self.tile.first()..).zip(hashes)
    }

    /// The node of the tile's height with this number, if the tile has it.
    #[must_use]
    pub fn get(&self, number: u64) -> Option<Hash> {
        let place = usize::try_from(number.checked_sub(self.tile.first())?).ok()?;
        self.hashes.get(place).map(|hash| Hash::from_bytes(*hash))
    }
}

/// Checks all hashes of a tile against the root of its tree, by way of other tiles.
///
/// `read` gives a tile's hashes, or `None` if it has none; nothing it gives is trusted, and it is
/// asked for each of [`Tile::needed`] once.
///
/// # Errors
/// Every variant of [`TileError`] but the first.
pub fn verify_tile<'a, H: TreeHasher>(
    hasher: &H,
    tile: Tile,
    root: &Hash,
    mut read: impl FnMut(Tile) -> Option<&'a [[u8; 32]]>,
) -> Result<VerifiedTile<'a>, TileError> {
    let mut read = |tile| expect_width(tile, read(tile).ok_or(TileError::Missing { tile })?);
    let hashes = read(tile)?;
    let (mut at, mut below) = (tile, hashes);
    while let Some(parent) = at.parent() {
        let above = read(parent)?;
        expect_child(hasher, at, below, above)?;
        (at, below) = (parent, above);
    }
    // The border above is not read again: what was compared is what makes the root.
    let mut bagged = None;
    for border in tile.size().borders() {
        let hashes = if border == at { below } else { read(border)? };
        bagged = bag(hasher, border, hashes, bagged);
    }
    let found = hasher.root(tile.size(), bagged.as_ref());
    if found != *root {
        return Err(TileError::RootMismatch { expected: *root, found });
    }
    Ok(VerifiedTile { tile, hashes })
}

/// Checks that `leaf_hash` is this leaf of the tree with this root, by way of whole tiles; see
/// [`verify_tile`] for `read`.
///
/// # Errors
/// Every variant of [`TileError`].
pub fn verify_leaf_in_tiles<'a, H: TreeHasher>(
    hasher: &H,
    leaf: Leaf,
    leaf_hash: Hash,
    root: &Hash,
    read: impl FnMut(Tile) -> Option<&'a [[u8; 32]]>,
) -> Result<Leaf, TileError> {
    let tile = Tile::of(leaf);
    let verified = verify_tile(hasher, tile, root, read)?;
    let expected = verified.get(leaf.index()).ok_or(TileError::Missing { tile })?;
    if expected != leaf_hash {
        let index = leaf.index();
        return Err(TileError::LeafMismatch { index, expected, found: leaf_hash });
    }
    Ok(leaf)
}

fn expect_width(tile: Tile, hashes: &[[u8; 32]]) -> Result<&[[u8; 32]], TileError> {
    let found = hashes.len();
    if found == usize::from(tile.width()) {
        Ok(hashes)
    } else {
        Err(TileError::Width { tile, found })
    }
}

/// The parent has the hash that the tile's hashes lead to.
fn expect_child<H: TreeHasher>(
    hasher: &H,
    tile: Tile,
    hashes: &[[u8; 32]],
    parent: &[[u8; 32]],
) -> Result<(), TileError> {
    let expected = parent.get(tile.place_in_parent()).ok_or(TileError::Missing { tile })?;
    let expected = Hash::from_bytes(*expected);
    let found = mountain(hasher, hashes, tile.height().saturating_add(HEIGHTS));
    if expected == found { Ok(()) } else { Err(TileError::Mismatch { tile, expected, found }) }
}

/// Bags the peaks over a border's hashes, the lowest first, onto what stands right of them.
fn bag<H: TreeHasher>(
    hasher: &H,
    border: Tile,
    mut hashes: &[[u8; 32]],
    mut bagged: Option<Hash>,
) -> Option<Hash> {
    for above in 0..HEIGHTS {
        let len = 1_usize << above;
        if hashes.len() & len == 0 {
            continue;
        }
        let (left, last) = hashes.split_at_checked(hashes.len().saturating_sub(len))?;
        let peak = mountain(hasher, last, border.height().saturating_add(above));
        bagged = Some(bagged.map_or(peak, |right| hasher.join(Join::Bag, &peak, &right)));
        hashes = left;
    }
    bagged
}

/// The node of height `height` over a power of two of hashes. At most eight deep.
fn mountain<H: TreeHasher>(hasher: &H, hashes: &[[u8; 32]], height: u8) -> Hash {
    match hashes {
        [] => Hash::ZERO,
        [one] => Hash::from_bytes(*one),
        more => {
            let (left, right) = more.split_at(more.len() >> 1);
            let below = height.saturating_sub(1);
            let (left, right) = (mountain(hasher, left, below), mountain(hasher, right, below));
            hasher.join(Join::Node { height }, &left, &right)
        }
    }
}
