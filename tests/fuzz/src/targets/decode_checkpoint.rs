//! Checkpoint files.

use cairn_verifier::trust::FinalityProof;

use crate::again;

pub(super) const ROUNDS: usize = 100_000;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    crate::seeds::parts().checkpoints.clone()
}

pub(super) fn run(data: &[u8]) {
    let Ok(proof) = FinalityProof::decode(data) else { return };
    assert_eq!(again::checkpoint(&proof), data);
}
