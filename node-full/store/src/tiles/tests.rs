use std::fs;

use cairn_verifier::tree::{
    Blake3, Kind, Proof, Rfc6962Sha256, TreeSize, root_of_leaves, verify_consistency,
    verify_inclusion,
};

use super::*;

const LEAVES: u64 = 600;

fn leaves(count: u64) -> Vec<Hash> {
    (0..count).map(|n| Rfc6962Sha256::leaf(&n.to_be_bytes())).collect()
}

fn tree<H: TreeHasher>(hasher: H, dir: &Path, leaves: &[Hash]) -> Tiles<H> {
    let mut tiles = Tiles::new(hasher, dir);
    leaves.iter().for_each(|leaf| tiles.push(*leaf));
    tiles
}

fn size(size: u64) -> TreeSize {
    TreeSize::new(size).unwrap()
}

/// Every root is the model's, and every proof of every size verifies.
fn check_all<H: TreeHasher>(hasher: &H, tiles: &Tiles<H>, leaves: &[Hash], sizes: &[u64]) {
    let roots: Vec<Hash> = (0..=tiles.size())
        .map(|size| {
            let root = tiles.root(size).unwrap();
            assert_eq!(root, root_of_leaves(hasher, &leaves[..size as usize]));
            root
        })
        .collect();
    for &new in sizes {
        for index in 0..new {
            let proof = tiles.inclusion(index, new).unwrap();
            let (leaf, root) = (leaves[index as usize], &roots[new as usize]);
            verify_inclusion(hasher, (index, size(new)), leaf, Proof::new(&proof), root).unwrap();
        }
        for old in 0..=new {
            let proof = tiles.consistency(old, new).unwrap();
            let (small, large) = (&roots[old as usize], &roots[new as usize]);
            let proof = Proof::new(&proof);
            verify_consistency(hasher, (size(old), small), (size(new), large), proof).unwrap();
        }
    }
}

#[test]
fn every_proof_up_to_600_leaves_verifies() {
    let dir = tempfile::tempdir().unwrap();
    let hasher = Blake3::new(Kind::Event, [7; 32]);
    let leaves = leaves(LEAVES);
    let tiles = tree(hasher, dir.path(), &leaves);
    let sizes: Vec<u64> = (1..=LEAVES).collect();
    check_all(&hasher, &tiles, &leaves, &sizes);
}

#[test]
fn the_standard_tree_too_and_from_disk() {
    let dir = tempfile::tempdir().unwrap();
    let leaves = leaves(LEAVES);
    let mut tiles = tree(Rfc6962Sha256, dir.path(), &leaves);
    tiles.store_pending().unwrap();
    tiles.cache = Arc::default();
    check_all(&Rfc6962Sha256, &tiles, &leaves, &[1, 2, 3, 255, 256, 257, 511, 512, 513, 600]);
}

#[test]
fn three_levels_of_tiles() {
    let dir = tempfile::tempdir().unwrap();
    let hasher = Blake3::new(Kind::Header, [9; 32]);
    let leaves = leaves(256 * 256 + 300);
    let mut tiles = tree(hasher, dir.path(), &leaves);
    tiles.store_pending().unwrap();
    tiles.cache = Arc::default();
    assert!(dir.path().join("1/000").is_file());
    assert!(dir.path().join("0/255").is_file());
    let sizes = [65_535, 65_536, 65_537, 65_836];
    for new in sizes {
        let root = root_of_leaves(&hasher, &leaves[..new as usize]);
        assert_eq!(tiles.root(new).unwrap(), root);
        for index in [0, 1, 255, 256, 40_000, new - 1] {
            let proof = tiles.inclusion(index, new).unwrap();
            let leaf = leaves[index as usize];
            verify_inclusion(&hasher, (index, size(new)), leaf, Proof::new(&proof), &root).unwrap();
        }
        for old in [1, 255, 256, 257, 65_536].into_iter().filter(|old| *old <= new) {
            let proof = tiles.consistency(old, new).unwrap();
            let small = root_of_leaves(&hasher, &leaves[..old as usize]);
            let (small, large) = ((size(old), &small), (size(new), &root));
            verify_consistency(&hasher, small, large, Proof::new(&proof)).unwrap();
        }
    }
}

#[test]
fn what_is_outside_has_a_name() {
    let dir = tempfile::tempdir().unwrap();
    let tiles = tree(Rfc6962Sha256, dir.path(), &leaves(5));
    for outside in [
        tiles.root(6).map(|_| ()),
        tiles.inclusion(5, 5).map(|_| ()),
        tiles.inclusion(0, 0).map(|_| ()),
        tiles.inclusion(0, 6).map(|_| ()),
        tiles.consistency(3, 2).map(|_| ()),
        tiles.consistency(3, 6).map(|_| ()),
        tiles.node(1, 2).map(|_| ()),
        tiles.node(9, 0).map(|_| ()),
    ] {
        assert!(matches!(outside, Err(StoreError::OutsideTree { .. })), "{outside:?}");
    }
}

#[test]
fn a_tile_that_the_log_does_not_make_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let leaves = leaves(300);
    tree(Rfc6962Sha256, dir.path(), &leaves).store_pending().unwrap();
    let path = dir.path().join("0/000");
    let good = fs::read(&path).unwrap();
    assert_eq!(good.len(), 8_192);

    // The same log finds its tile again; a lost one is made again.
    tree(Rfc6962Sha256, dir.path(), &leaves).store_pending().unwrap();
    fs::remove_file(&path).unwrap();
    tree(Rfc6962Sha256, dir.path(), &leaves).store_pending().unwrap();
    assert_eq!(fs::read(&path).unwrap(), good);

    let mut bad = good.clone();
    bad[100] ^= 1;
    fs::write(&path, &bad).unwrap();
    let refused = tree(Rfc6962Sha256, dir.path(), &leaves).store_pending();
    assert!(matches!(refused, Err(StoreError::TileMismatch { path: found }) if found == path));
    for short in [&good[..8_191], &[good.as_slice(), &[0]].concat()] {
        fs::write(&path, short).unwrap();
        let refused = tree(Rfc6962Sha256, dir.path(), &leaves).store_pending();
        assert!(matches!(refused, Err(StoreError::TileLength { .. })), "{refused:?}");
    }
}

#[test]
fn names_are_those_of_tlog_tiles() {
    let name = |level, number| TileId { level, number }.path().to_str().unwrap().to_owned();
    assert_eq!(name(0, 0), "0/000");
    assert_eq!(name(1, 999), "1/999");
    assert_eq!(name(0, 1_000), "0/x001/000");
    assert_eq!(name(2, 1_234_067), "2/x001/x234/067");
}

#[test]
fn a_tree_goes_on_from_its_tiles_as_if_it_had_never_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let hasher = Blake3::new(Kind::Event, [7; 32]);
    let leaves = leaves(256 * 256 + 3 * 256 + 9);
    let total = leaves.len() as u64;
    let mut whole = tree(hasher, dir.path(), &leaves);
    let stored = whole.pending();
    stored.iter().for_each(|tile| tile.store().unwrap());
    sync_names(dir.path(), &stored).unwrap();
    whole.stored(&stored);
    for known in [0, 1, 255, 256, 257, 600, 65_535, 65_536, 65_800, total - 10, total] {
        let mut resumed = Tiles::resume(hasher, dir.path(), known).unwrap();
        let from = resumed.size();
        assert_eq!(from, known - known % 256);
        leaves[from as usize..].iter().for_each(|leaf| resumed.push(*leaf));
        resumed.store_pending().unwrap();
        for size in [1, 256, 65_536, 65_537, total - 300, total] {
            assert_eq!(resumed.root(size).unwrap(), whole.root(size).unwrap(), "{known} {size}");
            let index = size / 3;
            let proof = resumed.inclusion(index, size).unwrap();
            assert_eq!(proof, whole.inclusion(index, size).unwrap());
        }
    }
    fs::remove_file(dir.path().join("0/001")).unwrap();
    let missing = Tiles::resume(hasher, dir.path(), 600).map(|_| ());
    assert!(matches!(missing, Err(StoreError::NoTile(_))), "{missing:?}");
}

/// Each tile is the one that the node above it is of, and a changed one is noticed, whichever it is.
#[test]
fn a_tile_fits_under_the_node_above_it() {
    let dir = tempfile::tempdir().unwrap();
    let hasher = Blake3::new(Kind::Event, [7; 32]);
    let width = u64::try_from(WIDTH).unwrap();
    let mut tiles = tree(hasher, dir.path(), &leaves(width * (width + 1)));
    tiles.store_pending().unwrap();
    let tiles = Tiles::resume(hasher, dir.path(), tiles.size()).unwrap();
    for id in [(0, 0), (0, 7), (0, 256), (1, 0)].map(|(level, number)| TileId { level, number }) {
        assert!(tiles.fits(id).unwrap());
        let path = dir.path().join(id.path());
        let bytes = fs::read(&path).unwrap();
        let mut bent = bytes.clone();
        bent[77] ^= 1;
        fs::write(&path, bent).unwrap();
        // The one above is not looked at again, and was right.
        assert!(!tiles.fits(id).unwrap());
        fs::write(&path, bytes).unwrap();
        assert!(tiles.fits(id).unwrap());
    }
    fs::remove_file(dir.path().join(TileId { level: 0, number: 9 }.path())).unwrap();
    assert!(matches!(tiles.fits(TileId { level: 0, number: 9 }), Err(StoreError::NoTile(_))));
}
