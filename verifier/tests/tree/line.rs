//! Vectors about a tree that grows: consistency, peaks and ranges.

use serde_json::{Value, json};

use crate::Cases;
use crate::forest::{Family, Tree, base64, changed, wire};

pub(crate) fn cases() -> Cases {
    let tree = Tree::new(11);
    let families = [consistency(&tree), peaks(&tree), ranges(&tree), broken_ranges(&tree)];
    families.into_iter().flatten().collect()
}

/// SUBPROOF of RFC 9162 section 2.1.4.1, with the old tree's lowest peak always there.
fn proof(tree: &Tree, old: usize, (start, end): (usize, usize)) -> Vec<[u8; 32]> {
    if old == end {
        return vec![tree.top(start, end)];
    }
    let middle = start + (end - start).next_power_of_two() / 2;
    let (mut hashes, sibling) = if old <= middle {
        (proof(tree, old, (start, middle)), tree.top(middle, end))
    } else {
        (proof(tree, old, (middle, end)), tree.top(start, middle))
    };
    hashes.push(sibling);
    hashes
}

fn consistency(tree: &Tree) -> Cases {
    let honest_proof = proof(tree, 6, (0, 11));
    let mut family = Family::new(
        "consistency",
        "consistency",
        json!({
            "oldSize": 6, "oldRoot": tree.root(6), "size": 11, "root": tree.root(11),
            "proof": base64(&wire(&honest_proof)),
        }),
    );
    let old = |size: usize, proof: &[[u8; 32]]| {
        json!({
            "oldSize": size, "oldRoot": tree.root(size), "proof": base64(&wire(proof)),
        })
    };
    family.case("ok", "from 6 leaves to 11", "ok", json!({}));
    let perfect = proof(tree, 8, (0, 11));
    family.case("ok-perfect", "the old tree's peak is in the proof", "ok", old(8, &perfect));
    family.case("ok-equal", "nothing between equal trees", "ok", old(11, &[]));
    family.case("ok-empty", "an empty tree is a prefix of all", "ok", old(0, &[]));
    let (old_root, new_root) = ("consistency-old-root-mismatch", "consistency-new-root-mismatch");
    let length = "consistency-proof-length";
    for (name, proof) in changed(&honest_proof) {
        let want = if proof.len() == honest_proof.len() { old_root } else { length };
        family.case(name, "the proof is changed", want, json!({ "proof": base64(&wire(&proof)) }));
    }
    let mut later = honest_proof.clone();
    later[1][0] ^= 1;
    let later = json!({ "proof": base64(&wire(&later)) });
    family.case("flipped-right", "a hash that only the new tree has", new_root, later);
    family.case("peak-left-out", "as in the standard tree", length, old(8, &perfect[1..]));
    family.case("equal-not-empty", "a hash between equal trees", length, old(11, &perfect[..1]));
    family.case("empty-not-empty", "a hash after an empty tree", length, old(0, &perfect[..1]));
    let mut empty = old(0, &[]);
    empty["oldRoot"] = tree.root(1).into();
    family.case("empty-other-root", "an empty tree has one root", old_root, empty);
    family.case("other-old-root", "of 5", old_root, json!({ "oldRoot": tree.root(5) }));
    family.case("other-new-root", "of 10", new_root, json!({ "root": tree.root(10) }));
    let equal = json!({ "oldSize": 11, "proof": base64(&[0]) });
    family.case("equal-other-root", "equal sizes, other roots", old_root, equal);
    let larger = json!({ "oldSize": 12 });
    family.case("old-is-larger", "from 12 to 11", "consistency-old-is-larger", larger);
    family.case("old-size-plus-one", "7 leaves", length, json!({ "oldSize": 7 }));
    family.case("new-size-plus-one", "12 leaves", new_root, json!({ "size": 12 }));
    family.cases
}

/// The peaks of a tree as bytes.
fn peaks_of(tree: &Tree, size: usize) -> Vec<u8> {
    let mut bytes = u64::try_from(size).unwrap().to_be_bytes().to_vec();
    let mut start = 0;
    while start < size {
        let end = start + (1 << (size - start).ilog2());
        bytes.extend(tree.top(start, end));
        start = end;
    }
    bytes
}

fn peaks(tree: &Tree) -> Cases {
    let bytes = peaks_of(tree, 11);
    let honest = json!({ "size": 11, "root": tree.root(11), "peaks": base64(&bytes) });
    let mut family = Family::new("peaks", "peaks", honest);
    family.case("ok", "the three peaks of 11 leaves", "ok", json!({}));
    let empty = json!({ "size": 0, "root": tree.root(0), "peaks": base64(&[0; 8]) });
    family.case("ok-empty", "an empty tree has none", "ok", empty);
    let perfect = json!({ "size": 8, "root": tree.root(8), "peaks": base64(&peaks_of(tree, 8)) });
    family.case("ok-perfect", "one peak, which is the top", "ok", perfect);
    let mismatch = "peaks-root-mismatch";
    let mut flipped = bytes.clone();
    flipped[8] ^= 1;
    family.case("flipped-bit", "of the first", mismatch, json!({ "peaks": base64(&flipped) }));
    let mut exchanged = bytes[..8].to_vec();
    exchanged.extend([&bytes[40..72], &bytes[8..40], &bytes[72..]].concat());
    let exchanged = json!({ "peaks": base64(&exchanged) });
    family.case("exchanged", "the second before the first", mismatch, exchanged);
    family.case("other-root", "of 10", mismatch, json!({ "root": tree.root(10) }));
    let mut larger = bytes.clone();
    larger[7] = 13;
    let size = "peaks-size";
    family.case("other-size", "three peaks too", size, json!({ "peaks": base64(&larger) }));
    let before = json!({ "peaks": base64(&peaks_of(tree, 10)) });
    family.case("of-another-tree", "the peaks of 10 leaves", size, before);
    let cut = json!({ "peaks": base64(&bytes[..bytes.len() - 1]) });
    family.case("truncated", "the last byte is missing", "decode-truncated", cut);
    let more = json!({ "peaks": base64(&[&bytes[..], &[0]].concat()) });
    family.case("trailing-byte", "a byte follows", "decode-trailing-bytes", more);
    let over = json!({ "peaks": base64(&(1_u64 << 53).to_be_bytes()) });
    family.case("size-2-53", "above the largest size", "decode-out-of-range", over);
    family.cases
}

/// Leaves `from` up to `to`, for whoever knows the tree of `from` leaves.
fn range(tree: &Tree, from: usize, to: usize) -> Value {
    let between = if to == 11 || to == 0 { Vec::new() } else { proof(tree, to, (0, 11)) };
    let leaves: Value = (from..to).map(|index| tree.leaf(index)).collect();
    json!({
        "oldSize": from, "oldRoot": tree.root(from), "peaks": base64(&peaks_of(tree, from)),
        "leaves": leaves, "proof": base64(&wire(&between)), "size": 11, "root": tree.root(11),
    })
}

fn ranges(tree: &Tree) -> Cases {
    let mut family = Family::new("range", "range", range(tree, 3, 6));
    family.case("ok", "leaves 3, 4 and 5 of 11", "ok", json!({}));
    family.case("ok-to-the-end", "leaves 3 to 10", "ok", range(tree, 3, 11));
    family.case("ok-from-empty", "leaves 0 to 5", "ok", range(tree, 0, 6));
    family.case("ok-whole-tree", "leaves 0 to 10", "ok", range(tree, 0, 11));
    family.case("ok-no-leaves", "the tree of 3 is a prefix", "ok", range(tree, 3, 3));
    family.case("ok-nothing-new", "the tree of 11 is itself", "ok", range(tree, 11, 11));
    family.cases
}

fn broken_ranges(tree: &Tree) -> Cases {
    let mut family = Family::new("range", "range", range(tree, 3, 6));
    let (old_root, length) = ("consistency-old-root-mismatch", "consistency-proof-length");
    let leaves =
        |indices: &[usize]| indices.iter().map(|index| tree.leaf(*index)).collect::<Value>();
    let other = json!({ "leaves": leaves(&[3, 4, 6]) });
    family.case("other-leaf", "leaf 6 in place of 5", old_root, other);
    let other = json!({ "leaves": leaves(&[4, 3, 5]) });
    family.case("exchanged-leaves", "leaf 4 before leaf 3", old_root, other);
    family.case("leaf-left-out", "leaf 5", length, json!({ "leaves": leaves(&[3, 4]) }));
    family.case("leaf-twice", "leaf 5", length, json!({ "leaves": leaves(&[3, 4, 5, 5]) }));
    let mut last = range(tree, 3, 11);
    last["leaves"][7] = tree.leaf(0).into();
    family.case("other-last-leaf", "leaf 0 in place of 10", old_root, last);
    let honest_proof = proof(tree, 6, (0, 11));
    for (name, proof) in changed(&honest_proof) {
        let want = if proof.len() == honest_proof.len() { old_root } else { length };
        family.case(name, "the proof is changed", want, json!({ "proof": base64(&wire(&proof)) }));
    }
    let beyond: Vec<usize> = (3..11).chain([0]).collect();
    let beyond = json!({ "leaves": leaves(&beyond) });
    family.case("beyond-the-end", "12 of 11 leaves", "consistency-old-is-larger", beyond);
    // A tree of other leaves, which the client believes: its new head is not that of this one.
    let mut fork = Tree::new(11);
    fork.leaves.swap(0, 1);
    let forked = json!({ "oldRoot": fork.root(3), "peaks": base64(&peaks_of(&fork, 3)) });
    family.case("from-a-fork", "the known tree is not a prefix", old_root, forked);
    let forged = json!({ "peaks": base64(&peaks_of(&fork, 3)) });
    family.case("forged-start", "peaks that are not known", "peaks-root-mismatch", forged);
    family.case(
        "other-new-root",
        "of 10",
        "consistency-new-root-mismatch",
        json!({ "root": tree.root(10) }),
    );
    family.cases
}
