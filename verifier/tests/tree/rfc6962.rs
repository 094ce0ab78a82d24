//! The standard tree, in the format of github.com/transparency-dev/merkle: `wantErr` says whether
//! a correct verifier refuses, and nothing about why. Each file's name is what was done to a proof
//! that holds. There is none for an empty old tree, which RFC 9162 section 2.1.4.2 leaves open.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use cairn_verifier::digest::Hash;
use cairn_verifier::tree::{
    Proof, Rfc6962Sha256, TreeHasher as _, TreeSize, inclusion_of, root_of_leaves, top_of_leaves,
    verify_consistency, verify_inclusion,
};
use serde_json::{Value, json};

use crate::Cases;

const TREE: Rfc6962Sha256 = Rfc6962Sha256;

fn leaves(size: u8) -> Vec<Hash> {
    (0..size).map(|byte| Rfc6962Sha256::leaf(&[byte])).collect()
}

fn root(size: u64) -> Hash {
    root_of_leaves(&TREE, &leaves(size.try_into().unwrap()))
}

fn base64(hash: &Hash) -> String {
    BASE64.encode(hash.as_bytes())
}

fn list(proof: &[[u8; 32]]) -> Value {
    proof.iter().map(|hash| BASE64.encode(hash)).collect()
}

fn size(size: u64) -> TreeSize {
    TreeSize::new(size).unwrap()
}

#[derive(Clone, PartialEq)]
struct Inclusion {
    index: u64,
    size: u64,
    root: Hash,
    leaf: Hash,
    proof: Vec<[u8; 32]>,
}

impl Inclusion {
    fn honest(index: u64, size: u64) -> Self {
        let leaves = leaves(size.try_into().unwrap());
        let place = usize::try_from(index).unwrap();
        let proof = inclusion_of(&TREE, &leaves, place);
        Self { index, size, root: root(size), leaf: leaves[place], proof }
    }

    /// Whether the verifier agrees is part of making the case.
    fn json(&self, desc: &str, want_err: bool) -> Value {
        let place = (self.index, size(self.size));
        let proof = Proof::new(&self.proof);
        let found = verify_inclusion(&TREE, place, self.leaf, proof, &self.root);
        assert_eq!(found.is_err(), want_err, "inclusion: {desc}");
        json!({
            "leafIdx": self.index, "treeSize": self.size, "root": base64(&self.root),
            "leafHash": base64(&self.leaf), "proof": list(&self.proof), "desc": desc,
            "wantErr": want_err,
        })
    }
}

#[derive(Clone, PartialEq)]
struct Consistency {
    sizes: (u64, u64),
    roots: (Hash, Hash),
    proof: Vec<[u8; 32]>,
}

impl Consistency {
    fn honest(old: u64, new: u64) -> Self {
        let leaves = leaves(new.try_into().unwrap());
        let proof =
            if old == new { Vec::new() } else { subproof(old.try_into().unwrap(), &leaves, true) };
        Self { sizes: (old, new), roots: (root(old), root(new)), proof }
    }

    fn json(&self, desc: &str, want_err: bool) -> Value {
        let old = (size(self.sizes.0), &self.roots.0);
        let new = (size(self.sizes.1), &self.roots.1);
        let found = verify_consistency(&TREE, old, new, Proof::new(&self.proof));
        assert_eq!(found.is_err(), want_err, "consistency: {desc}");
        json!({
            "size1": self.sizes.0, "size2": self.sizes.1, "root1": base64(&self.roots.0),
            "root2": base64(&self.roots.1), "proof": list(&self.proof), "desc": desc,
            "wantErr": want_err,
        })
    }
}

/// SUBPROOF of RFC 9162 section 2.1.4.1.
fn subproof(old: usize, leaves: &[Hash], whole: bool) -> Vec<[u8; 32]> {
    let top = |leaves: &[Hash]| *top_of_leaves(&TREE, leaves).as_bytes();
    if old == leaves.len() {
        return if whole { Vec::new() } else { vec![top(leaves)] };
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    let (mut proof, sibling) = match old.checked_sub(left.len()).filter(|rest| *rest != 0) {
        None => (subproof(old, left, whole), top(right)),
        Some(rest) => (subproof(rest, right, false), top(left)),
    };
    proof.push(sibling);
    proof
}

/// Everything that one change makes of a proof's hashes.
fn changed(proof: &[[u8; 32]]) -> Vec<(String, Vec<[u8; 32]>)> {
    let mut made = vec![("added-hash".into(), [proof, &[[9; 32]]].concat())];
    for at in 0..proof.len() {
        let mut flipped = proof.to_vec();
        flipped[at][at] ^= 1 << at;
        made.push((format!("flipped-hash-{at}"), flipped));
    }
    if proof.len() > 1 {
        let mut exchanged = proof.to_vec();
        exchanged.swap(0, 1);
        made.push(("exchanged-hashes".into(), exchanged));
        made.push(("empty-proof".into(), Vec::new()));
    }
    if let [_, rest @ ..] = proof {
        made.push(("dropped-first-hash".into(), rest.to_vec()));
    }
    made
}

fn inclusion(cases: &mut Cases, index: u64, n: u64) {
    let honest = Inclusion::honest(index, n);
    let mut case = |name: &str, changed: &Inclusion| {
        let desc = format!("leaf {index} of {n}: {}", name.replace('-', " "));
        let name = format!("inclusion/{index}-of-{n}/{name}");
        cases.insert(name, changed.json(&desc, *changed != honest));
    };
    case("happy-path", &honest);
    for (name, proof) in changed(&honest.proof) {
        case(&name, &Inclusion { proof, ..honest.clone() });
    }
    case("leafIdx-plus-1", &Inclusion { index: index + 1, ..honest.clone() });
    case("leafIdx-at-size", &Inclusion { index: n, ..honest.clone() });
    case("treeSize-times-4", &Inclusion { size: n * 4, ..honest.clone() });
    case("treeSize-0", &Inclusion { size: 0, ..honest.clone() });
    case("other-leaf", &Inclusion { leaf: Rfc6962Sha256::leaf(b"other"), ..honest.clone() });
    case("other-root", &Inclusion { root: root(n + 1), ..honest.clone() });
    case("empty-root", &Inclusion { root: TREE.root(TreeSize::EMPTY, None), ..honest.clone() });
}

fn consistency(cases: &mut Cases, old: u64, new: u64) {
    let honest = Consistency::honest(old, new);
    let mut case = |name: &str, changed: &Consistency| {
        let desc = format!("{old} to {new}: {}", name.replace('-', " "));
        let name = format!("consistency/{old}-to-{new}/{name}");
        cases.insert(name, changed.json(&desc, *changed != honest));
    };
    case("happy-path", &honest);
    for (name, proof) in changed(&honest.proof) {
        case(&name, &Consistency { proof, ..honest.clone() });
    }
    let ((size1, size2), (root1, root2)) = (honest.sizes, honest.roots);
    let sizes = |sizes| Consistency { sizes, ..honest.clone() };
    case("size1-above-size2", &sizes((size2 + 1, size2)));
    if size1 < size2 {
        case("size1-plus-1", &sizes((size1 + 1, size2)));
    }
    case("size2-times-4", &sizes((size1, size2 * 4)));
    let roots = |roots| Consistency { roots, ..honest.clone() };
    case("other-root1", &roots((root(size1 + 1), root2)));
    case("other-root2", &roots((root1, root(size2 + 1))));
    if root1 != root2 {
        case("exchanged-roots", &roots((root2, root1)));
    }
}

pub(crate) fn cases() -> Cases {
    let mut cases = Cases::new();
    for (index, size) in [(0, 1), (5, 7), (10, 11)] {
        inclusion(&mut cases, index, size);
    }
    for (old, new) in [(1, 1), (4, 8), (7, 11)] {
        consistency(&mut cases, old, new);
    }
    cases
}
