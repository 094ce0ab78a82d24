//! Leaves out of tiles that come from anywhere.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use super::*;

/// What a source of tiles holds: hashes by path.
type Source = BTreeMap<String, Vec<[u8; 32]>>;

fn source<H: TreeHasher>(model: &Model<'_, H>, tiles: impl Iterator<Item = Tile>) -> Source {
    tiles.map(|tile| (tile.to_string(), model.tile(tile))).collect()
}

fn verify<H: TreeHasher>(
    model: &Model<'_, H>,
    leaf: Leaf,
    leaf_hash: Hash,
    source: &Source,
) -> Result<Leaf, TileError> {
    let root = model.root(leaf.size().get());
    let mut asked = Vec::new();
    let found = verify_leaf_in_tiles(model.hasher, leaf, leaf_hash, &root, |tile| {
        asked.push(tile);
        source.get(&tile.to_string()).map(Vec::as_slice)
    });
    // Each tile is read once, so what was checked is what is used.
    let needed: Vec<_> = tiles_of(leaf).collect();
    assert!(needed.starts_with(&asked), "{needed:?} differ from {asked:?}");
    assert!(found.is_err() || needed == asked);
    found
}

fn agrees<H: TreeHasher>(model: &Model<'_, H>, n: u64, index: u64) -> Source {
    let leaf = size(n).leaf(index).unwrap();
    let source = source(model, tiles_of(leaf));
    assert_eq!(verify(model, leaf, model.leaf(index), &source), Ok(leaf), "{index} of {n}");
    source
}

/// Whatever is done to one of the tiles, they are refused.
fn refuses<H: TreeHasher>(model: &Model<'_, H>, n: u64, index: u64) {
    let leaf = size(n).leaf(index).unwrap();
    let honest = agrees(model, n, index);
    let verify = |source: &Source| verify(model, leaf, model.leaf(index), source);
    for (name, hashes) in &honest {
        let mut without = honest.clone();
        without.remove(name);
        assert!(matches!(verify(&without), Err(TileError::Missing { .. })), "{name}");
        for at in 0..hashes.len() {
            let mut flipped = honest.clone();
            flipped.get_mut(name).unwrap()[at][31] ^= 1;
            assert!(verify(&flipped).is_err(), "{index} of {n}: {name} at {at}");
        }
        let (longer, shorter) = ([hashes, &hashes[..1]].concat(), hashes[1..].to_vec());
        for wrong in [longer, shorter, Vec::new()] {
            let resized = [honest.clone(), [(name.clone(), wrong)].into()];
            let resized = resized.into_iter().flatten().collect();
            assert!(matches!(verify(&resized), Err(TileError::Width { .. })), "{name}");
        }
    }
}

#[test]
fn blake3_tiles_agree_with_the_model() {
    let hasher = event_tree();
    let model = Model::blake3(&hasher, 600);
    for n in 1..=130 {
        (0..n).for_each(|index| drop(agrees(&model, n, index)));
    }
    for n in [255, 256, 257, 300, 511, 512, 513, 600] {
        for index in [0, 1, 254, 255, 256, n / 2, n - 2, n - 1] {
            if index < n {
                agrees(&model, n, index);
            }
        }
    }
    refuses(&model, 11, 4);
    refuses(&model, 300, 4);
    refuses(&model, 300, 299);
    refuses(&model, 512, 256);
}

#[test]
fn rfc6962_tiles_agree_with_the_model() {
    let model = Model::rfc6962(600);
    for n in 1..=130 {
        (0..n).for_each(|index| drop(agrees(&model, n, index)));
    }
    for n in [255, 256, 257, 512, 600] {
        agrees(&model, n, 254);
        agrees(&model, n, n - 1);
    }
    refuses(&model, 300, 4);
}

#[test]
fn tiles_have_the_places_and_names_of_the_c2sp_document() {
    let widths = |n: u64, level| -> Vec<u16> {
        (0..).map_while(|number| size(n).tile(level, number)).map(Tile::width).collect()
    };
    let (full, partial) = (256, |n| n);
    assert_eq!(widths(70_000, 0), [alloc::vec![full; 273], alloc::vec![partial(112)]].concat());
    assert_eq!(widths(70_000, 1), [full, partial(17)]);
    assert_eq!(widths(70_000, 2), [partial(1)]);
    assert!(widths(70_000, 3).is_empty());
    assert_eq!(widths(256, 0), [full]);
    assert_eq!(widths(256, 1), [partial(1)]);
    assert_eq!(size(MAX_TREE_SIZE).tile(6, 0).map(Tile::width), Some(31));
    assert_eq!(size(MAX_TREE_SIZE).tile(7, 0), None);
    assert_eq!(size(MAX_TREE_SIZE).tile(255, 0), None);
    assert_eq!(size(MAX_TREE_SIZE).tile(0, u64::MAX), None);

    let name = |n: u64, level, number| size(n).tile(level, number).unwrap().to_string();
    assert_eq!(name(1 << 40, 0, 1_234_067), "0/x001/x234/067");
    assert_eq!(name(70_000, 0, 5), "0/005");
    assert_eq!(name(70_000, 1, 1), "1/001.p/17");
    assert_eq!(name(1 << 40, 0, 4_294_967_295), "0/x004/x294/x967/295");
    assert_eq!(name(1 << 52, 0, 1_000_000_000_000), "0/x001/x000/x000/x000/000");
}

#[test]
fn a_tile_is_all_its_leaves() {
    let hasher = event_tree();
    let model = Model::blake3(&hasher, 300);
    let tile = size(300).tile(0, 1).unwrap();
    let source = source(&model, tile.needed());
    let read = |tile: Tile| source.get(&tile.to_string()).map(Vec::as_slice);
    let verified = verify_tile(&hasher, tile, &model.root(300), read).unwrap();
    assert_eq!(verified.tile(), tile);
    assert!(verified.iter().eq((256..300).map(|index| (index, model.leaf(index)))));
    assert_eq!(verified.get(299), Some(model.leaf(299)));
    assert_eq!((verified.get(255), verified.get(300)), (None, None));

    let parent = size(300).tile(1, 0).unwrap();
    let verified = verify_tile(&hasher, parent, &model.root(300), read).unwrap();
    assert!(verified.iter().eq([(0, model.top(0, 256))]));
}

#[test]
fn each_refusal_says_which_tile_and_what_it_should_be() {
    let hasher = event_tree();
    let model = Model::blake3(&hasher, 300);
    let leaf = size(300).leaf(4).unwrap();
    let honest = source(&model, tiles_of(leaf));
    let verify = |leaf_hash, source: &Source| verify(&model, leaf, leaf_hash, source);

    let found = verify(model.leaf(5), &honest);
    let (expected, other) = (model.leaf(4), model.leaf(5));
    assert_eq!(found, Err(TileError::LeafMismatch { index: 4, expected, found: other }));

    let mut forged = honest;
    forged.get_mut("0/000").unwrap()[9] = [0; 32];
    let found = verify(model.leaf(4), &forged);
    let expected = model.top(0, 256);
    let Err(TileError::Mismatch { tile, expected: wanted, found }) = found else {
        panic!("{found:?}");
    };
    assert_eq!((tile, wanted), (Tile::of(leaf), expected));

    // A parent that fits the forged tile does not fit the root.
    forged.get_mut("1/000.p/1").unwrap()[0] = *found.as_bytes();
    let found = verify(model.leaf(4), &forged);
    assert!(matches!(found, Err(TileError::RootMismatch { .. })), "{found:?}");
}

#[test]
fn the_largest_tree_has_a_border_on_each_of_seven_levels() {
    let size = TreeSize::new(MAX_TREE_SIZE).unwrap();
    let borders: Vec<_> = size.borders().map(|tile| (tile.level(), tile.width())).collect();
    let expected: Vec<_> = (0..6).map(|level| (level, 255)).chain([(6, 31)]).collect();
    assert_eq!(borders, expected);
}
