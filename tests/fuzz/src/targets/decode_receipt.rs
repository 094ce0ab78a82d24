//! Receipts.

use cairn_verifier::receipt::Receipt;

use crate::again;

pub(super) const ROUNDS: usize = 100_000;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    crate::seeds::parts().receipts.clone()
}

pub(super) fn run(data: &[u8]) {
    let Ok(receipt) = Receipt::decode(data) else { return };
    assert_eq!(again::receipt(&receipt, data), data);
}
