//! Every place in every tree up to a size, and every wrong claim about it.

use super::*;

const LARGEST: u64 = 130;

fn inclusion<H: TreeHasher>(model: &Model<'_, H>) {
    for n in 1..=LARGEST {
        let root = model.root(n);
        for index in 0..n {
            let proof = model.inclusion(index, n);
            assert_eq!(proof.len(), inclusion_proof_len(size(n).leaf(index).unwrap()));
            let proof = Proof::new(&proof);
            for claimed in 0..n + 2 {
                let place = (claimed, size(n));
                let found = verify_inclusion(model.hasher, place, model.leaf(index), proof, &root);
                assert_eq!(found.is_ok(), claimed == index, "{index} of {n} as {claimed}");
            }
        }
    }
}

fn consistency<H: TreeHasher>(model: &Model<'_, H>) {
    for n in 0..=LARGEST {
        let new_root = model.root(n);
        for old in 0..=n {
            let proof = model.consistency(old, n);
            assert_eq!(Ok(proof.len()), consistency_proof_len::<H>(size(old), size(n)));
            let proof = Proof::new(&proof);
            let old_root = model.root(old);
            for claimed in 0..n + 2 {
                let (old_head, new_head) = ((size(claimed), &old_root), (size(n), &new_root));
                let found = verify_consistency(model.hasher, old_head, new_head, proof);
                // The standard tree's root does not say its size: one leaf's root is its hash.
                assert_eq!(found.is_ok(), claimed == old, "{old} of {n} as {claimed}: {found:?}");
            }
        }
    }
}

fn altered<H: TreeHasher>(model: &Model<'_, H>) {
    for n in 1..=40 {
        let root = model.root(n);
        for index in 0..n {
            let place = (index, size(n));
            for (name, proof) in mutations(&model.inclusion(index, n)) {
                let proof = Proof::new(&proof);
                let found = verify_inclusion(model.hasher, place, model.leaf(index), proof, &root);
                assert!(found.is_err(), "{index} of {n}: {name}");
            }
        }
        for old in 0..=n {
            let old_root = model.root(old);
            for (name, proof) in mutations(&model.consistency(old, n)) {
                let (old_head, new_head) = ((size(old), &old_root), (size(n), &root));
                let proof = Proof::new(&proof);
                let found = verify_consistency(model.hasher, old_head, new_head, proof);
                assert!(found.is_err(), "{old} of {n}: {name}");
            }
        }
    }
}

#[test]
fn blake3_agrees_with_the_model() {
    let hasher = event_tree();
    let model = Model::blake3(&hasher, LARGEST);
    inclusion(&model);
    consistency(&model);
    altered(&model);
}

#[test]
fn rfc6962_agrees_with_the_model() {
    let model = Model::rfc6962(LARGEST);
    inclusion(&model);
    consistency(&model);
    altered(&model);
}
