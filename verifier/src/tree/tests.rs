//! The fast proofs against a slow, obvious tree, for every size up to 70.

use alloc::vec::Vec;

use super::*;

/// The recursive definition of RFC 9162 section 2.1, with the hasher's node, bag and root.
struct Model<'a, H> {
    hasher: &'a H,
    leaves: Vec<Hash>,
}

impl<H: TreeHasher> Model<'_, H> {
    fn split(len: usize) -> usize {
        let half = len.next_power_of_two() / 2;
        if half == len { len / 2 } else { half }
    }

    fn join(&self, len: usize, left: &Hash, right: &Hash) -> Hash {
        let height = u8::try_from(len.trailing_zeros()).unwrap();
        let join = if len.is_power_of_two() { Join::Node { height } } else { Join::Bag };
        self.hasher.join(join, left, right)
    }

    fn top(&self, leaves: &[Hash]) -> Hash {
        if let [one] = leaves {
            return *one;
        }
        let (left, right) = leaves.split_at(Self::split(leaves.len()));
        self.join(leaves.len(), &self.top(left), &self.top(right))
    }

    fn root(&self, size: usize) -> Hash {
        let bagged = (size > 0).then(|| self.top(&self.leaves[..size]));
        self.hasher.root(TreeSize(size as u64), bagged.as_ref())
    }

    fn inclusion(&self, index: usize, leaves: &[Hash]) -> Vec<Hash> {
        if leaves.len() == 1 {
            return Vec::new();
        }
        let half = Self::split(leaves.len());
        let (left, right) = leaves.split_at(half);
        let (mut proof, sibling) = if index < half {
            (self.inclusion(index, left), self.top(right))
        } else {
            (self.inclusion(index - half, right), self.top(left))
        };
        proof.push(sibling);
        proof
    }

    /// SUBPROOF of RFC 9162 section 2.1.4.1; `whole` as there, never set for a wrapped root.
    fn consistency(&self, old: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
        if old == leaves.len() {
            return if whole { Vec::new() } else { alloc::vec![self.top(leaves)] };
        }
        let half = Self::split(leaves.len());
        let (left, right) = leaves.split_at(half);
        let (mut proof, sibling) = if old <= half {
            (self.consistency(old, left, whole), self.top(right))
        } else {
            (self.consistency(old - half, right, false), self.top(left))
        };
        proof.push(sibling);
        proof
    }
}

const LARGEST: usize = 70;

fn bytes(hashes: &[Hash]) -> Vec<[u8; 32]> {
    hashes.iter().map(|hash| *hash.as_bytes()).collect()
}

fn agrees<H: TreeHasher>(hasher: &H, leaves: Vec<Hash>) {
    let model = Model { hasher, leaves };
    for size in 1..=LARGEST {
        let root = model.root(size);
        let tree = TreeSize(size as u64);
        for index in 0..size {
            let proof = bytes(&model.inclusion(index, &model.leaves[..size]));
            for claimed in 0..size as u64 + 2 {
                let found = verify_inclusion(
                    hasher,
                    (claimed, tree),
                    model.leaves[index],
                    Proof::new(&proof),
                    &root,
                );
                assert_eq!(
                    found.is_ok(),
                    claimed == index as u64,
                    "{index} of {size} as {claimed}"
                );
            }
        }
        for old in 1..size {
            let proof = bytes(&model.consistency(old, &model.leaves[..size], !H::ROOT_IS_WRAPPED));
            for claimed in 0..size as u64 + 2 {
                let old_root = model.root(old);
                let head = (TreeSize(claimed), &old_root);
                let found = verify_consistency(hasher, head, (tree, &root), Proof::new(&proof));
                assert_eq!(
                    found.is_ok(),
                    claimed == old as u64,
                    "{old} of {size} as {claimed}: {found:?}"
                );
            }
        }
    }
}

#[test]
fn blake3_agrees_with_the_model() {
    let hasher = Blake3::new(Kind::Event, [7; 32]);
    agrees(&hasher, (0..LARGEST as u64).map(|i| hasher.leaf(i, &[i as u8; 32])).collect());
}

#[test]
fn rfc6962_agrees_with_the_model() {
    agrees(&Rfc6962Sha256, (0..LARGEST as u8).map(|i| Rfc6962Sha256::leaf(&[i])).collect());
}

#[test]
fn every_flipped_bit_of_a_proof_is_refused() {
    let hasher = Blake3::new(Kind::Event, [7; 32]);
    let leaves = (0..11).map(|i| hasher.leaf(i, &[i as u8; 32])).collect();
    let model = Model { hasher: &hasher, leaves };
    let proof = bytes(&model.inclusion(9, &model.leaves));
    let place = (9, TreeSize(11));
    for at in 0..proof.len() * 256 {
        let mut flipped = proof.clone();
        flipped[at / 256][at / 8 % 32] ^= 1 << (at % 8);
        let found = verify_inclusion(
            &hasher,
            place,
            model.leaves[9],
            Proof::new(&flipped),
            &model.root(11),
        );
        assert!(matches!(found, Err(InclusionError::RootMismatch { .. })));
    }
    let longer = [proof.clone(), proof.clone()].concat();
    let found =
        verify_inclusion(&hasher, place, model.leaves[9], Proof::new(&longer), &model.root(11));
    assert_eq!(
        found,
        Err(InclusionError::ProofLength { expected: proof.len(), found: longer.len() })
    );
}

#[test]
fn nothing_is_in_an_empty_tree() {
    let hasher = Blake3::new(Kind::Event, [7; 32]);
    let root = hasher.root(TreeSize::EMPTY, None);
    let found = verify_inclusion(&hasher, (0, TreeSize::EMPTY), root, Proof::new(&[]), &root);
    assert_eq!(found, Err(InclusionError::EmptyTree));
}

#[test]
fn an_empty_tree_is_a_prefix_of_all() {
    let hasher = Blake3::new(Kind::Event, [7; 32]);
    let empty = hasher.root(TreeSize::EMPTY, None);
    let other = hasher.leaf(0, &[0; 32]);
    let new = (TreeSize(5), &other);
    assert_eq!(
        verify_consistency(&hasher, (TreeSize::EMPTY, &empty), new, Proof::new(&[])),
        Ok(())
    );
    let forged = verify_consistency(&hasher, (TreeSize::EMPTY, &other), new, Proof::new(&[]));
    assert!(matches!(forged, Err(ConsistencyError::OldRootMismatch { .. })));
}
