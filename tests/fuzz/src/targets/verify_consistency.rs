//! Consistency proofs, in small trees and in the largest.

use cairn_verifier::digest::Hash;
use cairn_verifier::tree::{
    Blake3, MAX_TREE_SIZE, Proof, Rfc6962Sha256, TreeSize, verify_consistency,
};

use super::verify_inclusion::TREES;
use crate::Choices;
use crate::forge::splice_proof;
use crate::model::tree::{Node, Tree};
use crate::verdicts::agree;

pub(super) const ROUNDS: usize = 30_000;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    crate::seeds::choices()
}

pub(super) fn run(data: &[u8]) {
    let mut choices = Choices::new(data);
    let (tree, kind) = TREES[choices.below(4)];
    let mut claim = if choices.flag() { small(&tree, &mut choices) } else { large(&tree, &mut choices) };
    let honest = !choices.more();
    for _ in 0..choices.below(4) {
        match choices.below(8) {
            0 => claim.old = choices.number(claim.old).min(MAX_TREE_SIZE),
            1 => claim.new = choices.number(claim.new).min(MAX_TREE_SIZE),
            2 => claim.old_root[choices.below(32)] ^= 1 << choices.below(8),
            3 => claim.new_root[choices.below(32)] ^= 1 << choices.below(8),
            4 => claim.old_root = claim.new_root,
            _ => splice_proof(&mut claim.proof, &mut choices),
        }
    }
    let Claim { old, new, old_root, new_root, proof } = &claim;
    let want = tree.is_prefix((*old, old_root), (*new, new_root), proof);
    let size = |size: u64| TreeSize::new(size).unwrap();
    let (old_root, new_root) = (Hash::from(*old_root), Hash::from(*new_root));
    let (old, new) = ((size(*old), &old_root), (size(*new), &new_root));
    let proof = Proof::new(proof);
    let found = kind.map_or_else(
        || verify_consistency(&Rfc6962Sha256, old, new, proof),
        |kind| verify_consistency(&Blake3::new(kind, [7; 32]), old, new, proof),
    );
    agree(found.map_err(|error| error.code()), want);
    assert!(!honest || want.is_ok(), "an honest proof: {want:?}");
}

struct Claim {
    old: u64,
    new: u64,
    old_root: Node,
    new_root: Node,
    proof: Vec<Node>,
}

/// Two trees that are all there.
fn small(tree: &Tree, choices: &mut Choices<'_>) -> Claim {
    let new = choices.below(41);
    let old = choices.below(new + 1);
    let leaves = tree.leaves(&(0..40).map(|n| [n; 32]).collect::<Vec<_>>()[..new]);
    let proof = if old == 0 || old == new { Vec::new() } else { tree.prove_prefix(old, &leaves) };
    Claim {
        old: old as u64,
        new: new as u64,
        old_root: tree.root_of(&leaves[..old]),
        new_root: tree.root_of(&leaves),
        proof,
    }
}

/// Two trees of any size, whose nodes are made up.
fn large(tree: &Tree, choices: &mut Choices<'_>) -> Claim {
    let new = 2 + (u64::from_be_bytes(choices.array()) >> (12 + choices.below(52)));
    let old = 1 + choices.number(new / 2) % (new - 1);
    let made_up: Vec<Node> = (0..64).map(|n| [n; 32]).collect();
    let known = (matches!(tree, Tree::Sha256) && old.is_power_of_two()).then_some([0xee; 32]);
    let tops = (0..=made_up.len())
        .find_map(|len| Some((len, tree.rebuild((old, new), known, &made_up[..len])?)));
    let (len, (old_top, new_top)) = tops.unwrap();
    Claim {
        old,
        new,
        old_root: tree.root(old, Some(&old_top)),
        new_root: tree.root(new, Some(&new_top)),
        proof: made_up[..len].to_vec(),
    }
}
