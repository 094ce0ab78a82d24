//! Batch proofs of many leaves, in small trees and in the largest.

use cairn_verifier::digest::Hash;
use cairn_verifier::tree::{
    BatchProof, Blake3, MAX_TREE_SIZE, Rfc6962Sha256, TreeHasher, TreeSize, batch_inclusion_of,
    batch_proof_len, batch_subtrees, verify_batch_inclusion,
};
use cairn_verifier::wire::{Reader, Writer};

use super::verify_inclusion::TREES;
use crate::Choices;
use crate::forge::splice_proof;
use crate::model::Code;
use crate::model::tree::{Node, Tree};
use crate::verdicts::agree;

pub(super) const ROUNDS: usize = 20_000;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    crate::seeds::choices()
}

/// Leaves, said to be of a tree.
struct Claim {
    size: u64,
    leaves: Vec<(u64, Node)>,
    proof: Vec<Node>,
    root: Node,
}

pub(super) fn run(data: &[u8]) {
    let mut choices = Choices::new(data);
    let (tree, kind) = TREES[choices.below(4)];
    let mut claim = if choices.flag() {
        let claim = small(&tree, &mut choices);
        match kind {
            None => is_what_we_make(&Rfc6962Sha256, &claim, &tree),
            Some(kind) => is_what_we_make(&Blake3::new(kind, [7; 32]), &claim, &tree),
        }
        claim
    } else {
        large(&tree, &mut choices)
    };
    for _ in 0..choices.below(4) {
        bend(&mut claim, &mut choices);
    }
    let Claim { size, leaves, proof, root } = &claim;
    let want = tree.includes_all(*size, leaves, proof, root);
    let found = kind.map_or_else(
        || ours(&Rfc6962Sha256, &claim),
        |kind| ours(&Blake3::new(kind, [7; 32]), &claim),
    );
    agree(found, want);
}

fn ours<H: TreeHasher>(hasher: &H, claim: &Claim) -> Result<(), Code> {
    let leaves: Vec<_> = claim.leaves.iter().map(|(index, leaf)| (*index, (*leaf).into())).collect();
    let (size, root) = (TreeSize::new(claim.size).unwrap(), Hash::from(claim.root));
    let mut writer = Writer::new();
    BatchProof::new(&claim.proof).write(&mut writer);
    let bytes = writer.into_bytes();
    // Whoever knows the indices states the limit; a longer one does not even decode.
    let limit = u32::try_from(claim.proof.len()).unwrap();
    let proof = BatchProof::read(&mut Reader::new(&bytes), limit).unwrap();
    assert!(limit == 0 || BatchProof::read(&mut Reader::new(&bytes), limit - 1).is_err());
    let found = verify_batch_inclusion(hasher, size, &leaves, proof, &root);
    let len = batch_proof_len(size, &leaves);
    assert!(found.is_err() || len == Ok(proof.len()));
    found.map_err(|error| error.code())
}

/// What a node makes is the model's proof.
fn is_what_we_make<H: TreeHasher>(hasher: &H, claim: &Claim, tree: &Tree) {
    let all: Vec<Hash> = leaves_of(tree, claim.size).into_iter().map(Hash::from).collect();
    let indices: Vec<u64> = claim.leaves.iter().map(|(index, _)| *index).collect();
    assert_eq!(batch_inclusion_of(hasher, &all, &indices).unwrap(), claim.proof);
    let parts = batch_subtrees(TreeSize::new(claim.size).unwrap(), &indices).unwrap();
    assert_eq!(parts.len(), claim.proof.len());
}

fn bend(claim: &mut Claim, choices: &mut Choices<'_>) {
    let (one, two) = (choices.below(claim.leaves.len()), choices.below(claim.leaves.len()));
    match choices.below(10) {
        0 => claim.size = choices.number(claim.size).min(MAX_TREE_SIZE),
        1 => claim.root[choices.below(32)] ^= 1 << choices.below(8),
        2..=4 => splice_proof(&mut claim.proof, choices),
        _ if claim.leaves.is_empty() => (),
        5 => claim.leaves.swap(one, two),
        6 => drop(claim.leaves.remove(one)),
        7 => claim.leaves.insert(one, claim.leaves[two]),
        8 => claim.leaves[one].0 = choices.number(claim.leaves[one].0),
        _ => claim.leaves[one].1[0] ^= 1,
    }
}

fn leaves_of(tree: &Tree, size: u64) -> Vec<Node> {
    let entries: Vec<_> = (0..40).map(|n| [n; 32]).collect();
    tree.leaves(&entries[..usize::try_from(size).unwrap()])
}

/// Some leaves of a tree that is all there.
fn small(tree: &Tree, choices: &mut Choices<'_>) -> Claim {
    let size = 1 + choices.below(40) as u64;
    let (first, which) = (choices.below(40) as u64, u64::from_be_bytes(choices.array()));
    let mut wanted: Vec<u64> = (0..size).filter(|index| which >> index & 1 == 1).collect();
    if wanted.is_empty() {
        wanted.push(first % size);
    }
    let all = leaves_of(tree, size);
    let leaf = |index: &u64| (*index, all[usize::try_from(*index).unwrap()]);
    Claim {
        size,
        leaves: wanted.iter().map(leaf).collect(),
        proof: tree.batch(&wanted, &all),
        root: tree.root_of(&all),
    }
}

/// Some leaves of a tree of any size, whose other parts are made up.
fn large(tree: &Tree, choices: &mut Choices<'_>) -> Claim {
    let size = 1 + (u64::from_be_bytes(choices.array()) >> (12 + choices.below(52)));
    let mut leaves: Vec<(u64, Node)> = Vec::new();
    let mut index = choices.number(size / 2) % size;
    for _ in 0..1 + choices.below(4) {
        leaves.push((index, choices.array()));
        index += 1 + choices.number(1) % 300;
        if index >= size {
            break;
        }
    }
    // Each leaf's path has at most 53 siblings.
    let made_up: Vec<Node> = (0..250).map(|n| [n; 32]).collect();
    let top = (0..=made_up.len())
        .find_map(|len| Some((len, tree.top_of_batch(size, &leaves, &made_up[..len])?)));
    let (len, top) = top.unwrap();
    Claim { size, leaves, proof: made_up[..len].to_vec(), root: tree.root(size, Some(&top)) }
}
