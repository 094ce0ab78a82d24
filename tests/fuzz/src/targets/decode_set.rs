//! Validator sets.

use cairn_verifier::finality::{Suite, ValidatorSet};

use crate::again;
use crate::model::trust::set_digest;

pub(super) const ROUNDS: usize = 100_000;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    crate::seeds::parts().sets.clone()
}

pub(super) fn run(data: &[u8]) {
    let Ok(set) = ValidatorSet::decode(data) else { return };
    assert_eq!(again::set(&set), data);
    assert_eq!(set.bytes(), data);
    assert_eq!(set.digest(), set_digest(&set));
    let powers: Vec<u128> = set.iter().map(|entry| u128::from(entry.power)).collect();
    assert_eq!(powers.len(), usize::from(set.count()));
    assert_eq!(powers.iter().sum::<u128>(), u128::from(set.total_power()));
    assert_eq!(powers.iter().max(), Some(&u128::from(set.largest_power())));
    assert!(set.total_power() < 1 << 62 && powers.iter().all(|power| *power != 0));
    let mut halves: Vec<&[u8]> = Vec::new();
    for entry in set.iter() {
        let (pq, classic) = entry.key.bytes().split_at(entry.key.bytes().len() - 32);
        halves.extend([pq, classic].iter().filter(|half| !half.is_empty()));
    }
    halves.sort_unstable();
    assert!(halves.windows(2).all(|pair| pair[0] != pair[1]), "a key or half twice");
    let post_quantum = set.iter().all(|entry| entry.key.suite() != Suite::Ed25519);
    assert_eq!(set.is_post_quantum(), post_quantum);
}
