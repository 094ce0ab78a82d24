//! Peaks that are held, and the leaves that follow on them.

use cairn_verifier::digest::Hash;
use cairn_verifier::tree::{
    Blake3, MAX_TREE_SIZE, Peaks, PeaksClaim, Proof, Rfc6962Sha256, TreeHasher, TreeSize,
    verify_range,
};
use cairn_verifier::wire::{Writer, decode_all};

use super::verify_inclusion::TREES;
use crate::Choices;
use crate::forge::splice_proof;
use crate::model::tree::{Node, Tree};
use crate::model::{Code, expect};
use crate::verdicts::agree;

pub(super) const ROUNDS: usize = 20_000;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    crate::seeds::choices()
}

pub(super) fn run(data: &[u8]) {
    let mut choices = Choices::new(data);
    let (tree, kind) = TREES[choices.below(4)];
    let range = choices.flag();
    match (kind, range) {
        (None, true) => a_range(&Rfc6962Sha256, &tree, &mut choices),
        (None, false) => a_claim(&Rfc6962Sha256, &tree, &mut choices),
        (Some(kind), true) => a_range(&Blake3::new(kind, [7; 32]), &tree, &mut choices),
        (Some(kind), false) => a_claim(&Blake3::new(kind, [7; 32]), &tree, &mut choices),
    }
}

/// What somebody says the peaks of a tree are, and what grows on them.
fn a_claim<H: TreeHasher>(hasher: &H, tree: &Tree, choices: &mut Choices<'_>) {
    let mut size = u64::from_be_bytes(choices.array()) >> (11 + choices.below(53));
    if choices.below(8) == 7 {
        size = MAX_TREE_SIZE - choices.below(4) as u64;
    }
    let heights = (0..53).rev().filter(|height| size >> height & 1 == 1);
    let mut peaks: Vec<(u64, Node)> = heights.map(|height| (1 << height, [height; 32])).collect();
    let mut hashes: Vec<Node> = peaks.iter().map(|(_, hash)| *hash).collect();
    let mut root = tree.root(size, tree.bagged(&peaks).as_ref());
    let mut claimed = size;
    match choices.below(8) {
        4 => claimed = choices.number(size).min(MAX_TREE_SIZE),
        5 => splice_proof(&mut hashes, choices),
        6 => root[choices.below(32)] ^= 1 << choices.below(8),
        _ => (),
    }
    let want = expect(claimed == size, "peaks-size")
        .and_then(|()| expect(hashes.len() == peaks.len(), "peaks-count"))
        .and_then(|()| {
            let claimed: Vec<_> =
                peaks.iter().zip(&hashes).map(|((size, _), hash)| (*size, *hash)).collect();
            let found = tree.root(size, tree.bagged(&claimed).as_ref());
            expect(found == root, "peaks-root-mismatch")
        });
    let claim = PeaksClaim::new(TreeSize::new(claimed).unwrap(), &hashes);
    let believed = (TreeSize::new(size).unwrap(), &Hash::from(root));
    let found = Peaks::verify(hasher, claim, believed);
    agree(found.as_ref().map(drop).map_err(|error| error.code()), want);
    let Ok(mut found) = found else { return };
    travels(hasher, &found);
    for _ in 0..choices.below(5) {
        let leaf = choices.array();
        let full = found.size().get() == MAX_TREE_SIZE;
        let grown = found.append(hasher, Hash::from(leaf)).map_err(|error| error.code());
        assert_eq!(grown, expect(!full, "peaks-full"));
        if !full {
            tree.grow(&mut peaks, leaf);
        }
        is(hasher, tree, &found, &peaks);
    }
}

/// Peaks that travel are the same after it.
fn travels<H: TreeHasher>(hasher: &H, peaks: &Peaks) {
    let mut writer = Writer::new();
    peaks.write(&mut writer);
    let bytes = writer.into_bytes();
    let claim = decode_all(&bytes, PeaksClaim::read).unwrap();
    let again = Peaks::verify(hasher, claim, (peaks.size(), &peaks.root(hasher)));
    assert_eq!(again.as_ref(), Ok(peaks));
}

fn is<H: TreeHasher>(hasher: &H, tree: &Tree, found: &Peaks, peaks: &[(u64, Node)]) {
    let size = peaks.iter().map(|(size, _)| size).sum();
    assert_eq!(found.size().get(), size);
    assert!(found.iter().map(|hash| *hash.as_bytes()).eq(peaks.iter().map(|(_, hash)| *hash)));
    assert_eq!(*found.root(hasher).as_bytes(), tree.root(size, tree.bagged(peaks).as_ref()));
}

/// Leaves that follow on a tree that is held, in a new one.
fn a_range<H: TreeHasher>(hasher: &H, tree: &Tree, choices: &mut Choices<'_>) {
    let all = tree.leaves(&(0..40).map(|n| [n; 32]).collect::<Vec<_>>());
    let mut new = choices.below(41);
    let end = choices.below(new + 1);
    let start = choices.below(end + 1);
    let mut held = all[..start].to_vec();
    let mut leaves = all[start..end].to_vec();
    let mut proof = if end == 0 || end == new {
        Vec::new()
    } else {
        tree.prove_prefix(end, &all[..new])
    };
    let mut root = tree.root_of(&all[..new]);
    for _ in 0..choices.below(3) {
        match choices.below(6) {
            0 => splice_proof(&mut proof, choices),
            1 => splice_proof(&mut leaves, choices),
            2 => splice_proof(&mut held, choices),
            3 => new = choices.below(41),
            4 => root[choices.below(32)] ^= 1 << choices.below(8),
            _ => (new, root) = (end, tree.root_of(&all[..end])),
        }
    }
    let mut peaks = Peaks::empty();
    let mut model = Vec::new();
    for leaf in &held {
        peaks.append(hasher, Hash::from(*leaf)).unwrap();
        tree.grow(&mut model, *leaf);
    }
    is(hasher, tree, &peaks, &model);
    let new = new as u64;
    let given: Vec<Hash> = leaves.iter().copied().map(Hash::from).collect();
    let believed = (TreeSize::new(new).unwrap(), &Hash::from(root));
    let found = verify_range(hasher, &peaks, &given, Proof::new(&proof), believed);
    let whole = [held, leaves].concat();
    let want = range(tree, &whole, (new, &root), &proof);
    agree(found.as_ref().map(drop).map_err(|error| error.code()), want);
    if let Ok(found) = found {
        let mut model = Vec::new();
        whole.iter().for_each(|leaf| tree.grow(&mut model, *leaf));
        is(hasher, tree, &found, &model);
    }
}

/// A range holds if all leaves together are a prefix.
fn range(
    tree: &Tree,
    leaves: &[Node],
    (new, root): (u64, &Node),
    proof: &[Node],
) -> Result<(), Code> {
    let old = tree.root_of(leaves);
    tree.is_prefix((leaves.len() as u64, &old), (new, root), proof)
}
