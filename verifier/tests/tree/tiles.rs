//! Vectors about tiles.

use cairn_verifier::tree::{Tile, TreeSize, tiles_of};
use serde_json::{Map, Value, json};

use crate::Cases;
use crate::forest::{Family, Tree, base64};

pub(crate) fn cases() -> Cases {
    let families = [leaves(&Tree::new(11)), two_levels(&Tree::new(300)), places()];
    families.into_iter().flatten().collect()
}

/// A tile's hashes, by the formula of C2SP tlog-tiles.
fn hashes(tree: &Tree, tile: Tile) -> Vec<u8> {
    let span = 256_usize.pow(tile.level().into());
    let first = usize::try_from(tile.first()).unwrap();
    let numbers = first..first + usize::from(tile.width());
    numbers.flat_map(|number| tree.top(number * span, (number + 1) * span)).collect()
}

fn all(tree: &Tree, tiles: impl Iterator<Item = Tile>) -> Value {
    let tiles = tiles.map(|tile| (tile.to_string(), base64(&hashes(tree, tile))));
    Value::Object(tiles.collect::<Map<_, _>>())
}

fn size(tree: &Tree) -> TreeSize {
    TreeSize::new(tree.leaves.len().try_into().unwrap()).unwrap()
}

/// Leaf `index`, with all tiles that it needs.
fn honest(tree: &Tree, index: usize) -> Value {
    let leaf = size(tree).leaf(index.try_into().unwrap()).unwrap();
    json!({
        "size": tree.leaves.len(), "root": tree.root(tree.leaves.len()), "index": index,
        "leaf": tree.leaf(index), "tiles": all(tree, tiles_of(leaf)),
    })
}

fn leaves(tree: &Tree) -> Cases {
    let mut family = Family::new("tiles-one", "leafInTiles", honest(tree, 5));
    family.case("ok", "leaf 5 of 11, all in one tile", "ok", json!({}));
    let other = json!({ "leaf": tree.leaf(4) });
    family.case("other-leaf", "leaf 4 at index 5", "tile-leaf-mismatch", other);
    let other = json!({ "index": 4 });
    family.case("other-index", "leaf 5 at index 4", "tile-leaf-mismatch", other);
    let tile = hashes(tree, size(tree).tile(0, 0).unwrap());
    let with = |tile: &[u8]| json!({ "tiles": { "0/000.p/11": base64(tile) } });
    let mut flipped = tile.clone();
    flipped[10 * 32] ^= 1;
    let mismatch = "tile-root-mismatch";
    family.case("flipped-bit", "of another leaf", mismatch, with(&flipped));
    let mut exchanged = tile.clone();
    exchanged.rotate_left(32);
    family.case("moved", "every leaf one place on", mismatch, with(&exchanged));
    family.case("narrow", "the last hash is missing", "tile-width", with(&tile[..10 * 32]));
    let wide = [&tile[..], &[0; 32]].concat();
    family.case("wide", "a tile of a later tree must be cut", "tile-width", with(&wide));
    family.case("empty", "no hashes", "tile-width", with(&[]));
    family.case("missing", "no tiles", "tile-missing", json!({ "tiles": {} }));
    family.case("other-root", "of 10", mismatch, json!({ "root": tree.root(10) }));
    family.case(
        "other-log",
        "the root says the log",
        mismatch,
        json!({ "domain": "08".repeat(32) }),
    );
    family.cases
}

const FULL: &str = "0/000";
const BORDER: &str = "0/001.p/44";
const PARENT: &str = "1/000.p/1";

fn two_levels(tree: &Tree) -> Cases {
    let mut family = Family::new("tiles-two", "leafInTiles", honest(tree, 4));
    family.case("ok-full", "leaf 4 of 300: a full tile, its parent, a border", "ok", json!({}));
    family.case("ok-border", "leaf 299 of 300: two borders", "ok", honest(tree, 299));
    let tiles = family.honest["tiles"].clone();
    let changed = |name: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let number = u64::from(name == BORDER);
        let tile = size(tree).tile(u8::from(name == PARENT), number).unwrap();
        let mut bytes = hashes(tree, tile);
        change(&mut bytes);
        let mut tiles = tiles.clone();
        tiles[name] = base64(&bytes);
        json!({ "tiles": tiles })
    };
    let flipped = |name: &str| changed(name, &|bytes| bytes[9] ^= 1);
    family.case("flipped-full", "its parent differs", "tile-mismatch", flipped(FULL));
    family.case("flipped-parent", "it differs", "tile-mismatch", flipped(PARENT));
    family.case("flipped-border", "the root differs", "tile-root-mismatch", flipped(BORDER));
    let mut forged = Tree::new(300);
    forged.leaves[4] = forged.leaves[5];
    let mut forged = honest(&forged, 4);
    forged["root"] = tree.root(300).into();
    family.case("forged-both", "the parent fits the tile", "tile-root-mismatch", forged);
    for (name, desc) in [(FULL, "full"), (PARENT, "parent"), (BORDER, "border")] {
        let mut without = tiles.clone();
        without.as_object_mut().unwrap().remove(name);
        let without = json!({ "tiles": without });
        family.case(&format!("missing-{desc}"), "one is not there", "tile-missing", without);
    }
    let narrow = changed(FULL, &|bytes| bytes.truncate(255 * 32));
    family.case("narrow-full", "255 hashes", "tile-width", narrow);
    let wide = changed(PARENT, &|bytes| bytes.extend([0; 32]));
    family.case("wide-parent", "the border is not hashed into it", "tile-width", wide);
    family.cases
}

fn places() -> Cases {
    let tree = Tree::new(300);
    let tile = |tree: &Tree, level, number| {
        let tile = size(tree).tile(level, number).unwrap();
        json!({
            "size": tree.leaves.len(), "root": tree.root(tree.leaves.len()), "level": level,
            "number": number, "tiles": all(tree, tile.needed()),
        })
    };
    let mut family = Family::new("tile", "tile", tile(&tree, 0, 1));
    family.case("ok-border", "all leaves from 256 to 299", "ok", json!({}));
    family.case("ok-level-1", "the node over 256 leaves", "ok", tile(&tree, 1, 0));
    family.case("ok-256", "a tree of one full tile", "ok", tile(&Tree::new(256), 0, 0));
    let three = tile(&Tree::new(65_537), 0, 255);
    family.case("ok-three-levels", "two full tiles and two borders", "ok", three);
    family.cases
}
