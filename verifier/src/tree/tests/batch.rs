//! One proof for many leaves.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::model::Random;
use super::*;
use crate::wire::{DecodeError, Writer, decode_all};

fn verify<H: TreeHasher>(
    model: &Model<'_, H>,
    n: u64,
    indices: &BTreeSet<u64>,
    proof: &[[u8; 32]],
) -> Result<(), InclusionError> {
    let leaves = model.leaves_at(indices);
    let proof = BatchProof::new(proof);
    verify_batch_inclusion(model.hasher, size(n), &leaves, proof, &model.root(n))
}

/// The members of a set, given as the bits of a number.
fn subset(n: u64, bits: u64) -> BTreeSet<u64> {
    (0..n).filter(|index| bits >> index & 1 == 1).collect()
}

/// The model's proof, the builder's and what the verifier takes are the same.
fn agrees<H: TreeHasher>(model: &Model<'_, H>, n: u64, indices: &BTreeSet<u64>) {
    let proof = model.batch(indices, n);
    assert_eq!(verify(model, n, indices, &proof), Ok(()), "{indices:?} of {n}");
    assert_eq!(batch_proof_len(size(n), &model.leaves_at(indices)), Ok(proof.len()));
    let all: Vec<Hash> = (0..n).map(|index| model.leaf(index)).collect();
    let asked: Vec<u64> = indices.iter().copied().collect();
    assert_eq!(batch_inclusion_of(model.hasher, &all, &asked), Ok(proof));
}

fn refuses<H: TreeHasher>(model: &Model<'_, H>, n: u64, indices: &BTreeSet<u64>) {
    let proof = model.batch(indices, n);
    for (name, altered) in mutations(&proof) {
        assert!(verify(model, n, indices, &altered).is_err(), "{indices:?} of {n}: {name}");
    }
    let mut leaves = model.leaves_at(indices);
    for at in 0..leaves.len() {
        let leaf = leaves[at];
        leaves[at].1 = Hash::from_bytes([3; 32]);
        let proof = BatchProof::new(&proof);
        let found = verify_batch_inclusion(model.hasher, size(n), &leaves, proof, &model.root(n));
        assert!(matches!(found, Err(InclusionError::RootMismatch { .. })));
        leaves[at] = leaf;
    }
}

fn small<H: TreeHasher>(model: &Model<'_, H>) {
    for n in 1..=10 {
        for bits in 1..1 << n {
            agrees(model, n, &subset(n, bits));
            refuses(model, n, &subset(n, bits));
        }
    }
    // The hashes for one set of leaves are for no other set.
    for n in 1..=6 {
        for (bits, others) in (1..1 << n).flat_map(|a| (1..1 << n).map(move |b| (a, b))) {
            let proof = model.batch(&subset(n, bits), n);
            let found = verify(model, n, &subset(n, others), &proof);
            assert_eq!(found.is_ok(), bits == others, "{bits:b} as {others:b} of {n}");
        }
    }
}

fn random<H: TreeHasher>(model: &Model<'_, H>) {
    let mut random = Random(1);
    for _ in 0..600 {
        let n = random.below(130) + 1;
        let count = random.below(n) + 1;
        let indices = (0..count).map(|_| random.below(n)).collect();
        agrees(model, n, &indices);
        if random.below(8) == 0 {
            refuses(model, n, &indices);
        }
    }
}

#[test]
fn blake3_batches_agree_with_the_model() {
    let hasher = event_tree();
    let model = Model::blake3(&hasher, 130);
    small(&model);
    random(&model);
}

#[test]
fn rfc6962_batches_agree_with_the_model() {
    let model = Model::rfc6962(130);
    small(&model);
    random(&model);
}

#[test]
fn a_batch_of_one_is_the_single_proof_in_another_order() {
    let model = Model::rfc6962(130);
    for index in 0..130 {
        let mut batch = model.batch(&BTreeSet::from([index]), 130);
        let mut single = model.inclusion(index, 130);
        batch.sort_unstable();
        single.sort_unstable();
        assert_eq!(batch, single);
    }
}

#[test]
fn the_leaves_of_a_batch_have_places() {
    let hasher = event_tree();
    let model = Model::blake3(&hasher, 9);
    let verify = |indices: &[u64]| {
        let leaves: Vec<_> = indices.iter().map(|i| (*i, model.leaf(*i))).collect();
        let proof = BatchProof::new(&[]);
        let found = verify_batch_inclusion(&hasher, size(9), &leaves, proof, &model.root(9));
        assert_eq!(found.err(), batch_subtrees(size(9), indices).err());
        found
    };
    assert_eq!(verify(&[]), Err(InclusionError::NoLeaves));
    assert_eq!(verify(&[3, 3]), Err(InclusionError::NotAscending { before: 3, index: 3 }));
    assert_eq!(verify(&[3, 9, 1]), Err(InclusionError::LeafOutOfRange { index: 9, size: 9 }));
    assert_eq!(verify(&[3, 1, 9]), Err(InclusionError::NotAscending { before: 3, index: 1 }));
    assert_eq!(
        verify(&[u64::MAX]),
        Err(InclusionError::LeafOutOfRange { index: u64::MAX, size: 9 })
    );
    assert_eq!(verify(&(0..9).collect::<Vec<_>>()), Ok(()));
}

#[test]
fn a_size_that_is_off_by_one_is_refused() {
    let hasher = event_tree();
    let model = Model::blake3(&hasher, 130);
    for n in 2..130 {
        let indices = BTreeSet::from([0, n / 2, n - 1]);
        let (leaves, proof) = (model.leaves_at(&indices), model.batch(&indices, n));
        for claimed in [n - 1, n + 1] {
            let (root, proof) = (model.root(n), BatchProof::new(&proof));
            let found = verify_batch_inclusion(&hasher, size(claimed), &leaves, proof, &root);
            assert!(found.is_err(), "{n} as {claimed}");
        }
    }
}

#[test]
fn the_largest_tree_is_no_deeper_than_the_stack() {
    let hasher = event_tree();
    let largest = size(MAX_TREE_SIZE);
    let leaves = [(0, Hash::ZERO), (MAX_TREE_SIZE - 1, Hash::ZERO)];
    let expected = batch_proof_len(largest, &leaves).unwrap();
    assert_eq!(expected, 52 + 51);
    let proof = alloc::vec![[5; 32]; expected];
    let proof = BatchProof::new(&proof);
    let found = verify_batch_inclusion(&hasher, largest, &leaves, proof, &Hash::ZERO);
    assert!(matches!(found, Err(InclusionError::RootMismatch { .. })));
}

#[test]
fn a_batch_proof_has_one_encoding_and_a_limit() {
    let hashes = [[1; 32], [2; 32], [3; 32]];
    let mut writer = Writer::new();
    BatchProof::new(&hashes).write(&mut writer);
    let bytes = writer.into_bytes();
    assert_eq!(bytes.len(), 4 + 3 * 32);
    let decode = |bytes, limit| decode_all(bytes, |reader| BatchProof::read(reader, limit));
    assert_eq!(decode(&bytes, 3), Ok(BatchProof::new(&hashes)));
    let over = DecodeError::OutOfRange { what: "batch proof length", limit: 2, found: 3 };
    assert_eq!(decode(&bytes, 2), Err(over));
    let short = decode(&bytes[..bytes.len() - 1], 3);
    assert!(matches!(short, Err(DecodeError::Truncated { .. })));
    let huge = decode(&[0xff; 40], u32::MAX);
    assert!(matches!(huge, Err(DecodeError::Truncated { .. })));
}

#[test]
fn a_proof_is_empty_when_it_has_no_hashes() {
    assert!(BatchProof::new(&[]).is_empty());
    assert!(!BatchProof::new(&[[0; 32]]).is_empty());
}
