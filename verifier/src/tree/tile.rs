//! Where the tiles of a tree are.

use core::fmt;

use super::{Leaf, TreeSize};

/// How many hashes a full tile has.
pub const TILE_WIDTH: u16 = 256;
/// How many heights there are from one level of tiles to the next: log2 of the width.
pub(super) const HEIGHTS: u8 = 8;
/// The last level on which a tree can have a tile.
const LAST_LEVEL: u8 = 6;

/// A tile's place in a tree of a size, which has it. Shown as its path in C2SP tlog-tiles, such
/// as `0/x001/x234/067` or, if it is not full, `1/000.p/17`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tile {
    level: u8,
    number: u64,
    width: u16,
    size: TreeSize,
}

impl TreeSize {
    /// The tile of this level and number, or `None` if a tree of this size has none of its hashes.
    #[must_use]
    pub fn tile(self, level: u8, number: u64) -> Option<Tile> {
        let hashes = self.at_level(level).checked_sub(number.checked_mul(TILE_WIDTH.into())?)?;
        let width = u16::try_from(hashes).unwrap_or(u16::MAX).min(TILE_WIDTH);
        (width != 0).then_some(Tile { level, number, width, size: self })
    }

    /// The tile of this level that is not full, if there is one.
    fn border(self, level: u8) -> Option<Tile> {
        self.tile(level, self.at_level(level) >> HEIGHTS)
    }

    /// The borders of all levels, the lowest first. They stand side by side in the tree, the
    /// lowest to the right.
    pub(super) fn borders(self) -> impl Iterator<Item = Tile> {
        (0..=LAST_LEVEL).filter_map(move |level| self.border(level))
    }

    /// How many nodes stand on a level of tiles.
    fn at_level(self, level: u8) -> u64 {
        let height = u32::from(level).saturating_mul(HEIGHTS.into());
        self.get().checked_shr(height).unwrap_or(0)
    }
}

impl Tile {
    /// The tile that has a leaf.
    #[must_use]
    pub fn of(leaf: Leaf) -> Self {
        let (level, number) = (0, leaf.index() >> HEIGHTS);
        let place = Self { level, number, width: TILE_WIDTH, size: leaf.size() };
        // A leaf is in its tree, so the tree has its tile.
        leaf.size().tile(level, number).unwrap_or(place)
    }

    /// Its level: its hashes are nodes of height `8 * level`.
    #[must_use]
    pub const fn level(self) -> u8 {
        self.level
    }

    /// Its number among the tiles of its level, from 0.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.number
    }

    /// How many hashes it has in this tree, 1 to [`TILE_WIDTH`]. A tile from a larger tree has
    /// them first, and then more.
    #[must_use]
    pub const fn width(self) -> u16 {
        self.width
    }

    /// The tree it is a part of.
    #[must_use]
    pub const fn size(self) -> TreeSize {
        self.size
    }

    /// The number of its first hash among the nodes of its height; for level 0, a leaf index.
    #[must_use]
    pub const fn first(self) -> u64 {
        self.number.saturating_mul(256)
    }

    /// All tiles that [`super::verify_tile`] asks for: itself, its parents up to a border, and
    /// the other borders.
    pub fn needed(self) -> impl Iterator<Item = Self> {
        let line = core::iter::successors(Some(self), |tile| tile.parent());
        let border = line.clone().last();
        line.chain(self.size.borders().filter(move |tile| Some(*tile) != border))
    }

    /// The tile that has the hash of all of it; `None` for a border.
    pub(super) fn parent(self) -> Option<Self> {
        let full = self.width == TILE_WIDTH;
        full.then(|| self.size.tile(self.level.checked_add(1)?, self.number >> HEIGHTS)).flatten()
    }

    /// Its hash's place in its parent.
    pub(super) fn place_in_parent(self) -> usize {
        usize::try_from(self.number & 0xff).unwrap_or(usize::MAX)
    }

    /// The height of its hashes.
    pub(super) const fn height(self) -> u8 {
        self.level.saturating_mul(HEIGHTS)
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/", self.level)?;
        for digits in [12, 9, 6, 3] {
            let thousands = self.number.checked_div(10_u64.saturating_pow(digits)).unwrap_or(0);
            if thousands != 0 {
                write!(f, "x{:03}/", thousands % 1_000)?;
            }
        }
        write!(f, "{:03}", self.number % 1_000)?;
        if self.width < TILE_WIDTH { write!(f, ".p/{}", self.width) } else { Ok(()) }
    }
}

/// The tiles that [`super::verify_leaf_in_tiles`] asks for, in this order and each once: at most
/// one full and one border a level.
pub fn tiles_of(leaf: Leaf) -> impl Iterator<Item = Tile> {
    Tile::of(leaf).needed()
}
