//! Inclusion proofs, in small trees and in the largest.

use cairn_verifier::digest::Hash;
use cairn_verifier::tree::{
    Blake3, Kind, MAX_TREE_SIZE, Proof, Rfc6962Sha256, TreeSize, verify_inclusion,
};

use crate::Choices;
use crate::forge::splice_proof;
use crate::model::tree::{Node, Tree};
use crate::verdicts::agree;

pub(super) const ROUNDS: usize = 30_000;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    crate::seeds::choices()
}

/// The trees that a choice is made from.
pub(super) const TREES: [(Tree, Option<Kind>); 4] = [
    (Tree::Blake3 { kind: "event", domain: [7; 32] }, Some(Kind::Event)),
    (Tree::Blake3 { kind: "header", domain: [7; 32] }, Some(Kind::Header)),
    (Tree::Blake3 { kind: "field", domain: [7; 32] }, Some(Kind::Field)),
    (Tree::Sha256, None),
];

pub(super) fn run(data: &[u8]) {
    let mut choices = Choices::new(data);
    let (tree, kind) = TREES[choices.below(4)];
    let mut claim = if choices.flag() { small(&tree, &mut choices) } else { large(&tree, &mut choices) };
    let honest = !choices.more();
    for _ in 0..choices.below(4) {
        match choices.below(6) {
            0 => claim.index = choices.number(claim.index),
            1 => claim.size = choices.number(claim.size).min(MAX_TREE_SIZE),
            2 => claim.leaf = choices.array(),
            3 => claim.root[choices.below(32)] ^= 1 << choices.below(8),
            _ => splice_proof(&mut claim.proof, &mut choices),
        }
    }
    let Claim { index, size, leaf, proof, root } = &claim;
    let want = tree.includes((*index, *size), *leaf, proof, root);
    let place = (*index, TreeSize::new(*size).unwrap());
    let (leaf, root, proof) = (Hash::from(*leaf), Hash::from(*root), Proof::new(proof));
    let found = kind.map_or_else(
        || verify_inclusion(&Rfc6962Sha256, place, leaf, proof, &root),
        |kind| verify_inclusion(&Blake3::new(kind, [7; 32]), place, leaf, proof, &root),
    );
    agree(found.map(drop).map_err(|error| error.code()), want);
    assert!(!honest || want.is_ok(), "an honest proof: {want:?}");
}

struct Claim {
    index: u64,
    size: u64,
    leaf: Node,
    proof: Vec<Node>,
    root: Node,
}

/// A leaf of a tree that is all there.
fn small(tree: &Tree, choices: &mut Choices<'_>) -> Claim {
    let size = 1 + choices.below(40);
    let index = choices.below(size);
    let leaves = tree.leaves(&(0..40).map(|n| [n; 32]).collect::<Vec<_>>()[..size]);
    Claim {
        index: index as u64,
        size: size as u64,
        leaf: leaves[index],
        proof: tree.path(index, &leaves),
        root: tree.root_of(&leaves),
    }
}

/// A leaf of a tree of any size, whose other nodes are made up.
fn large(tree: &Tree, choices: &mut Choices<'_>) -> Claim {
    let size = 1 + (u64::from_be_bytes(choices.array()) >> (12 + choices.below(52)));
    let index = choices.number(size / 2) % size;
    let leaf = choices.array();
    let made_up: Vec<Node> = (0..64).map(|n| [n; 32]).collect();
    let path = (0..=made_up.len())
        .find_map(|len| Some((len, tree.climb((index, size), leaf, &made_up[..len])?)));
    let (len, top) = path.unwrap();
    let root = tree.root(size, Some(&top));
    Claim { index, size, leaf, proof: made_up[..len].to_vec(), root }
}
