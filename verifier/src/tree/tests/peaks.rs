//! Trees that grow, known by their peaks.

use alloc::vec::Vec;

use super::*;
use crate::wire::{DecodeError, Writer, decode_all};

const LARGEST: u64 = 130;

fn growth<H: TreeHasher>(model: &Model<'_, H>) {
    let mut peaks = Peaks::empty();
    for n in 0..=LARGEST {
        let (head, hashes) = ((size(n), &model.root(n)), model.peaks(n));
        assert_eq!(peaks.size(), size(n));
        assert_eq!(peaks.root(model.hasher), *head.1);
        assert!(peaks.iter().map(|peak| *peak.as_bytes()).eq(hashes.iter().copied()));

        let mut writer = Writer::new();
        peaks.write(&mut writer);
        let bytes = writer.into_bytes();
        let claim = decode_all(&bytes, PeaksClaim::read).unwrap();
        assert_eq!(claim, PeaksClaim::new(size(n), &hashes));
        assert_eq!(Peaks::verify(model.hasher, claim, head), Ok(peaks.clone()));

        for (name, altered) in mutations(&hashes) {
            let claim = PeaksClaim::new(size(n), &altered);
            assert!(Peaks::verify(model.hasher, claim, head).is_err(), "{n}: {name}");
        }
        let other = Peaks::verify(model.hasher, PeaksClaim::new(size(n + 1), &hashes), head);
        assert_eq!(other, Err(PeaksError::Size { expected: n, found: n + 1 }));
        peaks.append(model.hasher, model.leaf(n)).unwrap();
    }
}

fn ranges<H: TreeHasher>(model: &Model<'_, H>) {
    let mut before = Vec::from([Peaks::empty()]);
    for n in 0..LARGEST {
        let mut next = before[n as usize].clone();
        next.append(model.hasher, model.leaf(n)).unwrap();
        before.push(next);
    }
    for n in 0..=LARGEST {
        let new = (size(n), &model.root(n));
        for b in 0..=n {
            let proof = model.consistency(b, n);
            for a in (0..=b).step_by(if n < 40 { 1 } else { 13 }) {
                let leaves: Vec<Hash> = (a..b).map(|index| model.leaf(index)).collect();
                let proof = Proof::new(&proof);
                let found = verify_range(model.hasher, &before[a as usize], &leaves, proof, new);
                assert_eq!(found.as_ref(), Ok(&before[b as usize]), "{a} to {b} of {n}");
            }
        }
    }
}

fn refusals<H: TreeHasher>(model: &Model<'_, H>) {
    let (a, b) = (11, 17);
    let mut peaks = Peaks::empty();
    for index in 0..a {
        peaks.append(model.hasher, model.leaf(index)).unwrap();
    }
    let leaves: Vec<Hash> = (a..b).map(|index| model.leaf(index)).collect();
    for n in b..40 {
        let (root, proof) = (model.root(n), model.consistency(b, n));
        let verify = |peaks: &Peaks, leaves: &[Hash], proof: &[[u8; 32]], n| {
            verify_range(model.hasher, peaks, leaves, Proof::new(proof), (size(n), &root))
        };
        for (name, altered) in mutations(&proof) {
            assert!(verify(&peaks, &leaves, &altered, n).is_err(), "{n}: proof {name}");
        }
        let bytes: Vec<_> = leaves.iter().map(|leaf| *leaf.as_bytes()).collect();
        for (name, altered) in mutations(&bytes) {
            let altered: Vec<_> = altered.into_iter().map(Hash::from_bytes).collect();
            assert!(verify(&peaks, &altered, &proof, n).is_err(), "{n}: leaves {name}");
        }
        let mut other = Peaks::empty();
        for index in 0..a {
            other.append(model.hasher, model.leaf(index ^ 1)).unwrap();
        }
        assert!(verify(&other, &leaves, &proof, n).is_err(), "{n}: from another tree");
        if H::ROOT_IS_WRAPPED {
            assert!(verify(&peaks, &leaves, &proof, n + 1).is_err(), "{n}: a larger head");
        }
    }
    let (root, none) = (model.root(16), Proof::new(&[]));
    let shrunk = verify_range(model.hasher, &peaks, &leaves, none, (size(16), &root));
    assert_eq!(shrunk, Err(ConsistencyError::OldIsLarger { old: 17, new: 16 }));
}

#[test]
fn blake3_peaks_agree_with_the_model() {
    let hasher = event_tree();
    let model = Model::blake3(&hasher, LARGEST + 1);
    growth(&model);
    ranges(&model);
    refusals(&model);
}

#[test]
fn rfc6962_peaks_agree_with_the_model() {
    let model = Model::rfc6962(LARGEST + 1);
    growth(&model);
    ranges(&model);
    refusals(&model);
}

#[test]
fn a_full_tree_does_not_grow() {
    let hasher = event_tree();
    let largest = size(MAX_TREE_SIZE);
    let hashes = [[9; 32]; MAX_PEAKS];
    let peaks = hashes.iter().map(|hash| Hash::from_bytes(*hash));
    let bagged = peaks.rev().reduce(|bag, peak| hasher.join(Join::Bag, &peak, &bag));
    let root = hasher.root(largest, bagged.as_ref());
    let claim = PeaksClaim::new(largest, &hashes);
    let mut peaks = Peaks::verify(&hasher, claim, (largest, &root)).unwrap();
    let before = peaks.clone();
    let full = PeaksError::Full { size: MAX_TREE_SIZE };
    assert_eq!(peaks.append(&hasher, Hash::ZERO), Err(full));
    assert_eq!(peaks, before);
    let none = Proof::new(&[]);
    let found = verify_range(&hasher, &peaks, &[Hash::ZERO], none, (largest, &root));
    let larger = ConsistencyError::OldIsLarger { old: MAX_TREE_SIZE + 1, new: MAX_TREE_SIZE };
    assert_eq!(found, Err(larger));
}

#[test]
fn peaks_are_counted_by_their_size() {
    let hasher = event_tree();
    let model = Model::blake3(&hasher, 11);
    let head = (size(11), &model.root(11));
    let claim = PeaksClaim::new(size(11), &[[0; 32]; 2]);
    let few = Err(PeaksError::Count { expected: 3, found: 2 });
    assert_eq!(Peaks::verify(&hasher, claim, head), few);
    let mut bytes = Vec::from((MAX_TREE_SIZE + 1).to_be_bytes());
    let over = decode_all(&bytes, PeaksClaim::read);
    assert!(matches!(over, Err(DecodeError::OutOfRange { .. })));
    bytes[..8].copy_from_slice(&3_u64.to_be_bytes());
    bytes.extend([0; 63]);
    let short = decode_all(&bytes, PeaksClaim::read);
    assert!(matches!(short, Err(DecodeError::Truncated { .. })));
}
