//! Geneses.

use cairn_verifier::trust::Genesis;

use crate::again;

pub(super) const ROUNDS: usize = 100_000;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    crate::seeds::parts().geneses.clone()
}

pub(super) fn run(data: &[u8]) {
    let Ok(genesis) = Genesis::decode(data) else { return };
    assert_eq!(again::genesis(&genesis), data);
}
