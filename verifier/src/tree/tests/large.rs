//! Trees of up to 2^40 leaves, of which all but a few are alike.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::ToString as _;
use alloc::vec::Vec;

use super::model::Random;
use super::*;

const BITS: u64 = 40;
const SEED: u64 = 20_260_901;
const ROUNDS: usize = 400;

/// A tree with some leaves of its own at every magnitude.
fn model<H: TreeHasher>(hasher: &H) -> Model<'_, H> {
    let mut random = Random(SEED);
    let mut leaves = BTreeMap::new();
    for _ in 0..200 {
        let mut leaf = [0; 32];
        leaf[..8].copy_from_slice(&random.next().to_be_bytes());
        leaves.insert(random.size(BITS) - 1, Hash::from_bytes(leaf));
    }
    Model::new(hasher, leaves)
}

/// A leaf unlike its neighbours, or the last one of the tree.
fn some_leaf<H: TreeHasher>(model: &Model<'_, H>, n: u64, random: &mut Random) -> u64 {
    let own: Vec<u64> = model.own_leaves(n).collect();
    let at = random.below(own.len() as u64 + 1) as usize;
    own.get(at).copied().unwrap_or(n - 1)
}

fn single<H: TreeHasher>(model: &Model<'_, H>, n: u64, random: &mut Random) {
    let index = some_leaf(model, n, random);
    let (leaf, proof, root) = (model.leaf(index), model.inclusion(index, n), model.root(n));
    let verify = |index, n, leaf, proof: &[[u8; 32]]| {
        verify_inclusion(model.hasher, (index, size(n)), leaf, Proof::new(proof), &root)
    };
    assert_eq!(verify(index, n, leaf, &proof), Ok(size(n).leaf(index).unwrap()), "{index} of {n}");
    assert!(verify(index, n, Hash::ZERO, &proof).is_err());
    if index.is_multiple_of(2) && proof.first().is_some_and(|next| next != leaf.as_bytes()) {
        assert!(verify(index + 1, n, leaf, &proof).is_err(), "{index} of {n} as the next");
    }
    for (name, proof) in mutations(&proof) {
        assert!(verify(index, n, leaf, &proof).is_err(), "{index} of {n}: {name}");
    }
    if H::ROOT_IS_WRAPPED {
        assert!(verify(index, n + 1, leaf, &proof).is_err());
        assert!(verify(index, n - 1, leaf, &proof).is_err());
    }
}

fn batch<H: TreeHasher>(model: &Model<'_, H>, n: u64, random: &mut Random) {
    let mut indices: BTreeSet<u64> = (0..random.below(30)).map(|_| random.below(n)).collect();
    indices.extend((0..3).map(|_| some_leaf(model, n, random)));
    let (leaves, proof, root) =
        (model.leaves_at(&indices), model.batch(&indices, n), model.root(n));
    let verify = |n, proof: &[[u8; 32]]| {
        verify_batch_inclusion(model.hasher, size(n), &leaves, BatchProof::new(proof), &root)
    };
    assert_eq!(verify(n, &proof), Ok(()), "{indices:?} of {n}");
    let asked: Vec<u64> = indices.iter().copied().collect();
    let parts = batch_subtrees(size(n), &asked).unwrap();
    let served = parts.iter().map(|part| *model.top(part.start, part.end).as_bytes());
    assert!(served.eq(proof.iter().copied()), "{indices:?} of {n}");
    // A part of a tree is a mountain's node, or ends with the tree.
    let perfect = |part: &Subtree| {
        let len = part.end - part.start;
        len.is_power_of_two() && part.start.is_multiple_of(len)
    };
    assert!(parts.iter().all(|part| perfect(part) || part.end == n));
    for (name, proof) in mutations(&proof).iter().step_by(7) {
        assert!(verify(n, proof).is_err(), "{indices:?} of {n}: {name}");
    }
    if H::ROOT_IS_WRAPPED {
        assert!(verify(n + 1, &proof).is_err());
    }
}

fn consistency<H: TreeHasher>(model: &Model<'_, H>, n: u64, random: &mut Random) {
    let old = random.size(n.ilog2().max(1).into()).min(n);
    let (old_root, new_root, proof) = (model.root(old), model.root(n), model.consistency(old, n));
    let verify = |old, n, proof: &[[u8; 32]]| {
        let (old, new) = ((size(old), &old_root), (size(n), &new_root));
        verify_consistency(model.hasher, old, new, Proof::new(proof))
    };
    assert_eq!(verify(old, n, &proof), Ok(()), "{old} of {n}");
    for (name, proof) in mutations(&proof) {
        assert!(verify(old, n, &proof).is_err(), "{old} of {n}: {name}");
    }
    if H::ROOT_IS_WRAPPED {
        assert!(verify(old - 1, n, &proof).is_err());
        assert!(verify(old + 1, n, &proof).is_err());
        assert!(verify(old, n + 1, &proof).is_err());
    }
}

fn range<H: TreeHasher>(model: &Model<'_, H>, n: u64, random: &mut Random) {
    let a = random.below(n + 1);
    let b = (a + random.below(60)).min(n);
    let hashes = model.peaks(a);
    let claim = PeaksClaim::new(size(a), &hashes);
    let peaks = Peaks::verify(model.hasher, claim, (size(a), &model.root(a))).unwrap();
    let leaves: Vec<Hash> = (a..b).map(|index| model.leaf(index)).collect();
    let (proof, root) = (model.consistency(b, n), model.root(n));
    let verify = |leaves: &[Hash], proof: &[[u8; 32]]| {
        verify_range(model.hasher, &peaks, leaves, Proof::new(proof), (size(n), &root))
    };
    let found = verify(&leaves, &proof).unwrap();
    assert!(found.iter().map(|peak| *peak.as_bytes()).eq(model.peaks(b)), "{a} to {b} of {n}");
    if let [rest @ .., _] = leaves.as_slice() {
        assert!(verify(&[rest, &[Hash::ZERO]].concat(), &proof).is_err(), "{a} to {b} of {n}");
        let sized = H::ROOT_IS_WRAPPED && b > 1;
        assert!(!sized || verify(rest, &proof).is_err(), "{a} to {b} of {n}");
    }
    for (name, proof) in mutations(&proof) {
        assert!(verify(&leaves, &proof).is_err(), "{a} to {b} of {n}: {name}");
    }
}

fn tiles<H: TreeHasher>(model: &Model<'_, H>, n: u64, random: &mut Random) {
    let index = some_leaf(model, n, random);
    let leaf = size(n).leaf(index).unwrap();
    let needed: Vec<Tile> = tiles_of(leaf).collect();
    let mut source: BTreeMap<_, _> =
        needed.iter().map(|tile| (tile.to_string(), model.tile(*tile))).collect();
    let verify = |source: &BTreeMap<_, Vec<[u8; 32]>>| {
        let read = |tile: Tile| source.get(&tile.to_string()).map(Vec::as_slice);
        verify_leaf_in_tiles(model.hasher, leaf, model.leaf(index), &model.root(n), read)
    };
    assert_eq!(verify(&source), Ok(leaf), "{index} of {n}");
    for tile in needed {
        let name = tile.to_string();
        let honest = source[&name].clone();
        let at = random.below(honest.len() as u64) as usize;
        source.get_mut(&name).unwrap()[at][0] ^= 1;
        assert!(verify(&source).is_err(), "{index} of {n}: {name} at {at}");
        source.insert(name, honest);
    }
}

fn agrees<H: TreeHasher>(hasher: &H) {
    let model = model(hasher);
    let mut random = Random(SEED);
    for round in 0..ROUNDS {
        // Also the sizes at which a tree is perfect, or just is not.
        let n = match round % 4 {
            0 => (1 << random.below(BITS)) + random.below(3),
            _ => random.size(BITS),
        };
        single(&model, n, &mut random);
        batch(&model, n, &mut random);
        consistency(&model, n, &mut random);
        range(&model, n, &mut random);
        if round % 5 == 0 {
            tiles(&model, n, &mut random);
        }
    }
}

#[test]
fn blake3_agrees_with_the_large_model() {
    agrees(&event_tree());
}

#[test]
fn rfc6962_agrees_with_the_large_model() {
    agrees(&Rfc6962Sha256);
}

#[test]
fn a_thousand_events_in_a_row_cost_less_than_three_bytes_each() {
    let mut random = Random(SEED);
    let mut most = 0;
    for _ in 0..2_000 {
        let n = random.size(BITS) + 1_000;
        let start = random.below(n - 999);
        let indices: Vec<u64> = (start..start + 1_000).collect();
        most = most.max(batch_subtrees(size(n), &indices).unwrap().len());
    }
    assert!(4 + most * 32 <= 3 * 1_000, "{most} hashes");
}
