//! The fast proofs against a slow, obvious tree: exhaustively for small sizes, and at random
//! for sizes up to 2^40.

mod batch;
mod exhaustive;
mod large;
mod model;
mod peaks;
mod tiles;

use super::*;
use model::{Model, mutations};

fn event_tree() -> Blake3 {
    Blake3::new(Kind::Event, [7; 32])
}

fn size(size: u64) -> TreeSize {
    TreeSize::new(size).unwrap()
}

#[test]
fn every_flipped_bit_of_a_proof_is_refused() {
    let hasher = event_tree();
    let model = Model::blake3(&hasher, 11);
    let proof = model.inclusion(9, 11);
    for at in 0..proof.len() * 256 {
        let mut flipped = proof.clone();
        flipped[at / 256][at / 8 % 32] ^= 1 << (at % 8);
        let found = verify_inclusion(
            &hasher,
            (9, size(11)),
            model.leaf(9),
            Proof::new(&flipped),
            &model.root(11),
        );
        assert!(matches!(found, Err(InclusionError::RootMismatch { .. })));
    }
}

#[test]
fn nothing_is_in_an_empty_tree() {
    let hasher = event_tree();
    let root = hasher.root(TreeSize::EMPTY, None);
    let found = verify_inclusion(&hasher, (0, TreeSize::EMPTY), root, Proof::new(&[]), &root);
    assert_eq!(found, Err(InclusionError::EmptyTree));
    let leaves = [(0, root)];
    let found =
        verify_batch_inclusion(&hasher, TreeSize::EMPTY, &leaves, BatchProof::new(&[]), &root);
    assert_eq!(found, Err(InclusionError::EmptyTree));
    assert_eq!(TreeSize::EMPTY.tile(0, 0), None);
}

#[test]
fn an_empty_tree_is_a_prefix_of_all() {
    let hasher = event_tree();
    let empty = hasher.root(TreeSize::EMPTY, None);
    let other = hasher.leaf(0, &[0; 32]);
    let new = (size(5), &other);
    let found = verify_consistency(&hasher, (TreeSize::EMPTY, &empty), new, Proof::new(&[]));
    assert_eq!(found, Ok(()));
    let forged = verify_consistency(&hasher, (TreeSize::EMPTY, &other), new, Proof::new(&[]));
    assert!(matches!(forged, Err(ConsistencyError::OldRootMismatch { .. })));
}

/// A tree of nodes, given as one of leaves, has another root where the root says the size; the
/// standard tree's does not, and there the size must come from the head, as everywhere here.
#[test]
fn a_node_is_no_leaf() {
    let hasher = event_tree();
    let model = Model::blake3(&hasher, 8);
    let proof = model.inclusion(4, 8);
    let node = model.top(4, 6);
    let as_leaf = |place, proof: &[[u8; 32]]| {
        verify_inclusion(&hasher, place, node, Proof::new(proof), &model.root(8))
    };
    let short = as_leaf((4, size(8)), &proof[1..]);
    assert_eq!(short, Err(InclusionError::ProofLength { expected: 3, found: 2 }));
    let padded = as_leaf((4, size(8)), &[&proof[1..2], &proof[1..]].concat());
    assert!(matches!(padded, Err(InclusionError::RootMismatch { .. })));
    let smaller = as_leaf((2, size(4)), &proof[1..]);
    assert!(matches!(smaller, Err(InclusionError::RootMismatch { .. })));
}
