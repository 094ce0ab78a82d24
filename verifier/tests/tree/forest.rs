//! The tree of the vectors, and those about places in one tree: inclusion and batches.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use cairn_verifier::digest::Hash;
use cairn_verifier::tree::{
    BatchProof, Blake3, Kind, Proof, batch_inclusion_of, inclusion_of, root_of_leaves,
    top_of_leaves,
};
use cairn_verifier::wire::Writer;
use serde_json::{Value, json};

use crate::Cases;

const DOMAIN: [u8; 32] = [7; 32];

/// An event tree of some leaves.
pub(crate) struct Tree {
    pub(crate) hasher: Blake3,
    pub(crate) leaves: Vec<Hash>,
}

impl Tree {
    pub(crate) fn new(size: u64) -> Self {
        let hasher = Blake3::new(Kind::Event, DOMAIN);
        let leaf = |index: u64| hasher.leaf(index, &[index.to_be_bytes()[7]; 32]);
        Self { hasher, leaves: (0..size).map(leaf).collect() }
    }

    pub(crate) fn root(&self, size: usize) -> String {
        root_of_leaves(&self.hasher, &self.leaves[..size]).to_string()
    }

    pub(crate) fn top(&self, start: usize, end: usize) -> [u8; 32] {
        *top_of_leaves(&self.hasher, &self.leaves[start..end]).as_bytes()
    }

    pub(crate) fn leaf(&self, index: usize) -> String {
        self.leaves[index].to_string()
    }
}

/// A proof's bytes.
pub(crate) fn wire(hashes: &[[u8; 32]]) -> Vec<u8> {
    let mut writer = Writer::new();
    Proof::new(hashes).write(&mut writer);
    writer.into_bytes()
}

fn batch_wire(hashes: &[[u8; 32]]) -> Vec<u8> {
    let mut writer = Writer::new();
    BatchProof::new(hashes).write(&mut writer);
    writer.into_bytes()
}

pub(crate) fn base64(bytes: &[u8]) -> Value {
    BASE64.encode(bytes).into()
}

/// Starts from a case that holds, and takes changed copies of it.
pub(crate) struct Family {
    pub(crate) name: &'static str,
    pub(crate) honest: Value,
    pub(crate) cases: Cases,
}

impl Family {
    pub(crate) fn new(name: &'static str, check: &str, mut honest: Value) -> Self {
        honest["check"] = check.into();
        honest["tree"] = "event".into();
        honest["domain"] = Hash::from_bytes(DOMAIN).to_string().into();
        Self { name, honest, cases: Cases::new() }
    }

    /// `changes` stand in place of the honest case's members.
    pub(crate) fn case(&mut self, name: &str, desc: &str, want: &str, changes: Value) {
        let mut case = self.honest.clone();
        if let Value::Object(changes) = changes {
            changes.into_iter().for_each(|(name, value)| case[name] = value);
        }
        case["desc"] = desc.into();
        case["want"] = want.into();
        let name = format!("{}-{name}", self.name);
        assert!(self.cases.insert(name.clone(), case).is_none(), "two vectors named {name}");
    }
}

pub(crate) fn cases() -> Cases {
    let tree = Tree::new(11);
    [inclusion(&tree), batch(&tree), batch_places(&tree)].into_iter().flatten().collect()
}

/// What a proof becomes by one change; all are refused.
pub(crate) fn changed(proof: &[[u8; 32]]) -> [(&'static str, Vec<[u8; 32]>); 4] {
    let mut flipped = proof.to_vec();
    flipped[0][31] ^= 1;
    let mut exchanged = proof.to_vec();
    exchanged.swap(0, 1);
    [
        ("flipped-bit", flipped),
        ("exchanged-hashes", exchanged),
        ("dropped-hash", proof[1..].to_vec()),
        ("added-hash", [proof, &proof[..1]].concat()),
    ]
}

fn inclusion(tree: &Tree) -> Cases {
    let proof = inclusion_of(&tree.hasher, &tree.leaves, 5);
    let mut family = Family::new(
        "inclusion",
        "inclusion",
        json!({
            "size": 11, "root": tree.root(11), "index": 5, "leaf": tree.leaf(5),
            "proof": base64(&wire(&proof)),
        }),
    );
    family.case("ok", "leaf 5 of 11", "ok", json!({}));
    let last = wire(&inclusion_of(&tree.hasher, &tree.leaves, 10));
    let last = json!({ "index": 10, "leaf": tree.leaf(10), "proof": base64(&last) });
    family.case("ok-last-leaf", "a peak of one leaf: two hashes", "ok", last);
    let alone = json!({
        "size": 1, "root": tree.root(1), "index": 0, "leaf": tree.leaf(0), "proof": base64(&[0]),
    });
    family.case("ok-only-leaf", "a tree of one leaf has an empty proof", "ok", alone);
    let mismatch = "inclusion-root-mismatch";
    let length = "inclusion-proof-length";
    for (name, proof) in changed(&proof) {
        let want = if proof.len() == 4 { mismatch } else { length };
        family.case(name, "the proof is changed", want, json!({ "proof": base64(&wire(&proof)) }));
    }
    family.case("other-index", "leaf 5 as leaf 4", mismatch, json!({ "index": 4 }));
    family.case("other-leaf", "leaf 4 at index 5", mismatch, json!({ "leaf": tree.leaf(4) }));
    family.case("size-plus-one", "the root says the size", mismatch, json!({ "size": 12 }));
    family.case("size-minus-one", "the root says the size", mismatch, json!({ "size": 10 }));
    family.case(
        "other-log",
        "the root says the log",
        mismatch,
        json!({ "domain": "08".repeat(32) }),
    );
    family.case(
        "other-kind",
        "a header tree has other keys",
        mismatch,
        json!({ "tree": "header" }),
    );
    let out = "inclusion-leaf-out-of-range";
    family.case("index-at-size", "leaf 11 of 11", out, json!({ "index": 11 }));
    family.case("index-2-64", "the largest index", out, json!({ "index": u64::MAX }));
    let empty = json!({ "size": 0, "root": tree.root(0), "index": 0, "proof": base64(&[0]) });
    family.case("empty-tree", "nothing is in an empty tree", "inclusion-empty-tree", empty);
    let node = Hash::from_bytes(tree.top(4, 6)).to_string();
    let node = json!({ "leaf": node, "proof": base64(&wire(&proof[1..])) });
    family.case("node-as-leaf", "the node over leaves 4 and 5 as leaf 5", length, node.clone());
    let smaller = [("index", json!(2)), ("size", json!(6)), ("leaf", node["leaf"].clone())];
    let smaller = smaller.into_iter().chain([("proof", node["proof"].clone())]).collect();
    family.case("nodes-as-leaves", "height 1 as the leaves of a tree of 6", mismatch, smaller);
    let over = [&[64][..], &[0; 64 * 32]].concat();
    family.case("too-many", "64 hashes", "decode-out-of-range", json!({ "proof": base64(&over) }));
    let bytes = wire(&proof);
    let cut = json!({ "proof": base64(&bytes[..bytes.len() - 1]) });
    family.case("truncated", "the last byte is missing", "decode-truncated", cut);
    let more = json!({ "proof": base64(&[&bytes[..], &[0]].concat()) });
    family.case("trailing-byte", "a byte follows", "decode-trailing-bytes", more);
    family.cases
}

fn at(tree: &Tree, indices: &[usize]) -> Value {
    indices.iter().map(|index| json!({ "index": index, "leaf": tree.leaf(*index) })).collect()
}

fn batch_family(tree: &Tree) -> (Family, Vec<[u8; 32]>) {
    let proof = batch_inclusion_of(&tree.hasher, &tree.leaves, &[2, 3, 9]).unwrap();
    let honest = json!({
        "size": 11, "root": tree.root(11), "leaves": at(tree, &[2, 3, 9]), "limit": 8,
        "proof": base64(&batch_wire(&proof)),
    });
    (Family::new("batch", "batch", honest), proof)
}

fn batch(tree: &Tree) -> Cases {
    let (mut family, proof) = batch_family(tree);
    family.case("ok", "leaves 2, 3 and 9 of 11: four hashes", "ok", json!({}));
    let all: Vec<usize> = (0..11).collect();
    let all = json!({ "leaves": at(tree, &all), "proof": base64(&[0; 4]) });
    family.case("ok-all-leaves", "all leaves need no hashes", "ok", all.clone());
    let one = batch_inclusion_of(&tree.hasher, &tree.leaves, &[5]).unwrap();
    let one = json!({ "leaves": at(tree, &[5]), "proof": base64(&batch_wire(&one)) });
    family.case("ok-one-leaf", "the hashes go from left to right, not upwards", "ok", one);
    let alone = json!({
        "size": 1, "root": tree.root(1), "leaves": at(tree, &[0]), "proof": base64(&[0; 4]),
    });
    family.case("ok-only-leaf", "a tree of one leaf", "ok", alone);
    let many = Tree::new(300);
    let indices: Vec<u64> = (100..140).collect();
    let row = batch_inclusion_of(&many.hasher, &many.leaves, &indices).unwrap();
    let places: Vec<usize> = (100..140).collect();
    let row = json!({
        "size": 300, "root": many.root(300), "leaves": at(&many, &places), "limit": row.len(),
        "proof": base64(&batch_wire(&row)),
    });
    family.case("ok-row", "40 leaves in a row of 300, and the limit is just met", "ok", row);

    let (mismatch, length) = ("inclusion-root-mismatch", "inclusion-proof-length");
    for (name, proof) in changed(&proof) {
        let want = if proof.len() == 4 { mismatch } else { length };
        let proof = base64(&batch_wire(&proof));
        family.case(name, "the proof is changed", want, json!({ "proof": proof }));
    }
    let upwards = batch_wire(&inclusion_of(&tree.hasher, &tree.leaves, 5));
    let upwards = json!({ "leaves": at(tree, &[5]), "proof": base64(&upwards) });
    family.case("upwards", "the order of a single proof", mismatch, upwards);
    let doubled = [proof[0], proof[0], proof[1], proof[2], proof[3]];
    let doubled = json!({ "proof": base64(&batch_wire(&doubled)) });
    family.case("shared-hash-twice", "no hash stands in it twice", length, doubled);
    let mut superfluous = all;
    superfluous["proof"] = base64(&batch_wire(&[tree.top(0, 11)]));
    family.case("superfluous-hash", "all leaves, and a hash", length, superfluous);
    let over = json!({ "limit": 3 });
    family.case("over-limit", "four hashes, the limit is three", "decode-out-of-range", over);
    let bytes = batch_wire(&proof);
    let cut = json!({ "proof": base64(&bytes[..bytes.len() - 1]) });
    family.case("truncated", "the last byte is missing", "decode-truncated", cut);
    let more = json!({ "proof": base64(&[&bytes[..], &[0]].concat()) });
    family.case("trailing-byte", "a byte follows", "decode-trailing-bytes", more);
    family.cases
}

fn batch_places(tree: &Tree) -> Cases {
    let (mut family, _) = batch_family(tree);
    let (mismatch, length) = ("inclusion-root-mismatch", "inclusion-proof-length");
    let mut exchanged = at(tree, &[2, 3, 9]);
    exchanged[0]["leaf"] = tree.leaf(3).into();
    exchanged[1]["leaf"] = tree.leaf(2).into();
    let exchanged = json!({ "leaves": exchanged });
    family.case("exchanged-leaves", "leaves 2 and 3 in each other's place", mismatch, exchanged);
    let mut moved = at(tree, &[2, 3, 9]);
    moved[2]["index"] = 8.into();
    family.case("other-index", "leaf 9 as leaf 8", mismatch, json!({ "leaves": moved }));
    let fewer = json!({ "leaves": at(tree, &[2, 9]) });
    family.case("fewer-leaves", "its proof has one hash more", length, fewer);
    let more = json!({ "leaves": at(tree, &[2, 3, 8, 9]) });
    family.case("more-leaves", "its proof has one hash less", length, more);
    let ascending = "inclusion-not-ascending";
    let backwards = json!({ "leaves": at(tree, &[3, 2, 9]) });
    family.case("not-ascending", "leaf 3 before leaf 2", ascending, backwards);
    let twice = json!({ "leaves": at(tree, &[2, 3, 3, 9]) });
    family.case("leaf-twice", "leaf 3 after leaf 3", ascending, twice);
    let mut outside = at(tree, &[2, 3, 9]);
    outside[2]["index"] = 11.into();
    let outside = json!({ "leaves": outside });
    family.case("index-at-size", "leaf 11 of 11", "inclusion-leaf-out-of-range", outside);
    family.case("no-leaves", "a batch of none", "inclusion-no-leaves", json!({ "leaves": [] }));
    let empty = json!({ "size": 0, "root": tree.root(0) });
    family.case("empty-tree", "nothing is in an empty tree", "inclusion-empty-tree", empty);
    family.case("size-plus-one", "the root says the size", mismatch, json!({ "size": 12 }));
    family.case("size-minus-one", "leaves 8 and 9 are a peak", length, json!({ "size": 10 }));
    family.case(
        "other-log",
        "the root says the log",
        mismatch,
        json!({ "domain": "08".repeat(32) }),
    );
    family.cases
}
