//! Trees read in tiles, from a source that lies.

use cairn_verifier::digest::Hash;
use cairn_verifier::tree::{
    Blake3, Kind, Tile, TileError, TreeSize, verify_leaf_in_tiles, verify_tile,
};
use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::Choices;
use crate::model::tree::{Node, Tree};
use crate::model::{Code, expect};
use crate::verdicts::agree;

pub(super) const ROUNDS: usize = 3_000;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    crate::seeds::choices()
}

const TREE: Tree = Tree::Blake3 { kind: "event", domain: [7; 32] };
/// Enough for three levels of tiles.
const LARGEST: u64 = 66_000;

/// All whole subtrees of the largest tree: by height, then by number.
static NODES: LazyLock<Vec<Vec<Node>>> = LazyLock::new(|| {
    let mut levels = vec![(0..LARGEST).map(|n| TREE.leaf(n, &[n as u8; 32])).collect::<Vec<_>>()];
    while let Some(pairs) = levels.last().filter(|below| below.len() > 1) {
        let mut above = Vec::new();
        for pair in pairs.as_chunks::<2>().0 {
            above.push(node(levels.len() as u32, pair));
        }
        levels.push(above);
    }
    levels
});

/// The node of a height over as many hashes as it takes.
fn node(height: u32, hashes: &[Node]) -> Node {
    let mut peaks = Vec::new();
    // A leaf of this tree is a node of the height below all of the hashes.
    let below = 1_u64 << (height - hashes.len().ilog2());
    for hash in hashes {
        peaks.push((below, *hash));
        TREE.join_equal(&mut peaks);
    }
    let [(_, top)] = peaks[..] else { panic!("a power of two of hashes") };
    top
}

/// Level and number of a tile.
type Place = (u8, u64);
/// What the source gives for a tile, where that is not the truth.
type Lies = BTreeMap<Place, Option<Vec<Node>>>;

/// How many hashes a tile has in a tree of a size.
fn width(size: u64, (level, number): Place) -> u64 {
    (size >> (8 * u32::from(level))).saturating_sub(256 * number).min(256)
}

fn truth(size: u64, place: Place) -> Vec<Node> {
    let (level, number) = place;
    let first = usize::try_from(256 * number).unwrap();
    let count = usize::try_from(width(size, place)).unwrap();
    NODES[8 * usize::from(level)][first..first + count].to_vec()
}

pub(super) fn run(data: &[u8]) {
    let mut choices = Choices::new(data);
    let size = 1 + size(&mut choices) % LARGEST;
    let index = u64::from(u32::from_be_bytes(choices.array())) % size;
    let leaf = TreeSize::new(size).unwrap().leaf(index).unwrap();
    let tile = Tile::of(leaf);
    let needed: Vec<Place> = tile.needed().map(|tile| (tile.level(), tile.number())).collect();
    let mut lies = Lies::new();
    for _ in 0..choices.below(3) {
        let place = *choices.of(&needed);
        lies.insert(place, lie(size, place, &mut choices));
    }
    let (mut root, mut hash) = (root(size), NODES[0][usize::try_from(index).unwrap()]);
    match choices.below(8) {
        6 => root[0] ^= 1,
        7 => hash[0] ^= 1,
        _ => (),
    }
    let served: BTreeMap<Place, Option<Vec<Node>>> = needed
        .iter()
        .map(|place| {
            let honest = || Some(truth(size, *place));
            (*place, lies.get(place).cloned().unwrap_or_else(honest))
        })
        .collect();
    let mut asked = Vec::new();
    let mut read = |tile: Tile| {
        let place = (tile.level(), tile.number());
        assert!(!asked.contains(&place), "a tile is read once");
        assert_eq!(u64::from(tile.width()), width(size, place));
        asked.push(place);
        served[&place].as_deref()
    };
    let hasher = Blake3::new(Kind::Event, [7; 32]);
    let code = |error: TileError| error.code();
    let whole = verify_tile(&hasher, tile, &Hash::from(root), &mut read);
    let want = checked(size, (0, index >> 8), &served, &root);
    agree(whole.as_ref().map(drop).map_err(|error| error.code()), want);
    if let Ok(whole) = whole {
        let found: Vec<_> = whole.iter().map(|(_, hash)| *hash.as_bytes()).collect();
        assert_eq!(found, truth(size, (0, index >> 8)), "hashes that are not the tree's");
        assert_eq!(asked, needed);
    }
    let read = |tile: Tile| served[&(tile.level(), tile.number())].as_deref();
    let one = verify_leaf_in_tiles(&hasher, leaf, Hash::from(hash), &Hash::from(root), read);
    let place = usize::try_from(index % 256).unwrap();
    let want = want.and_then(|()| {
        let tile = served[&(0, index >> 8)].as_ref().unwrap();
        expect(tile[place] == hash, "tile-leaf-mismatch")
    });
    agree(one.map(drop).map_err(code), want);
}

/// Sizes near the ends of tiles as often as others.
fn size(choices: &mut Choices<'_>) -> u64 {
    let near = *choices.of(&[255, 256, 511, 512, 65_535, 65_536, 65_792]);
    match choices.below(3) {
        0 => near + choices.below(3) as u64 - 1,
        1 => u64::from(u16::from_be_bytes(choices.array())) % 1_000,
        _ => u64::from(u32::from_be_bytes(choices.array())),
    }
}

fn root(size: u64) -> Node {
    let heights = (0..17).rev().filter(|height| size >> height & 1 == 1);
    let peak = |height: u32| {
        let before = size >> (height + 1) << (height + 1);
        let number = usize::try_from(before >> height).unwrap();
        (1 << height, NODES[usize::try_from(height).unwrap()][number])
    };
    let peaks: Vec<(u64, Node)> = heights.map(peak).collect();
    TREE.root(size, TREE.bagged(&peaks).as_ref())
}

fn lie(size: u64, place: Place, choices: &mut Choices<'_>) -> Option<Vec<Node>> {
    let mut hashes = truth(size, place);
    let at = choices.below(hashes.len());
    match choices.below(6) {
        0 => return None,
        1 => hashes.push([1; 32]),
        2 => drop(hashes.pop()),
        3 => hashes.swap(0, at),
        4 => hashes[at] = NODES[8][0],
        _ => hashes[at][choices.below(32)] ^= 1 << choices.below(8),
    }
    Some(hashes)
}

/// SPEC.md, "Tiles".
fn checked(
    size: u64,
    place: Place,
    served: &BTreeMap<Place, Option<Vec<Node>>>,
    root: &Node,
) -> Result<(), Code> {
    let read = |place: Place| {
        let hashes = served[&place].as_ref().ok_or("tile-missing")?;
        expect(hashes.len() as u64 == width(size, place), "tile-width")?;
        Ok::<_, Code>(hashes)
    };
    let (mut at, mut hashes) = (place, read(place)?);
    while width(size, at) == 256 {
        let parent = (at.0 + 1, at.1 >> 8);
        let above = read(parent)?;
        let own = above[usize::try_from(at.1 % 256).unwrap()];
        expect(node(8 * u32::from(parent.0), hashes) == own, "tile-mismatch")?;
        (at, hashes) = (parent, above);
    }
    let mut peaks: Vec<(u64, Node)> = Vec::new();
    for level in 0..7 {
        let border = (level, size >> (8 * u32::from(level)) >> 8);
        if width(size, border) == 0 {
            continue;
        }
        let own = if border == at { hashes } else { read(border)? };
        // From the right: the lowest mountains first, and before them those of higher levels.
        let mut end = own.len();
        for height in 0..8 {
            if own.len() >> height & 1 == 1 {
                let start = end - (1 << height);
                let total = u32::from(level) * 8 + height;
                let top = if height == 0 { own[start] } else { node(total, &own[start..end]) };
                peaks.insert(0, (1 << total, top));
                end = start;
            }
        }
    }
    let found = TREE.root(size, TREE.bagged(&peaks).as_ref());
    expect(found == *root, "tile-root-mismatch")
}
