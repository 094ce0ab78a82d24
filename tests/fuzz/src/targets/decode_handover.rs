//! Handovers: parts of a finality proof, without a file of their own.

use cairn_verifier::trust::Handover;
use cairn_verifier::wire::Reader;

use crate::again;

pub(super) const ROUNDS: usize = 100_000;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    crate::seeds::parts().handovers.clone()
}

pub(super) fn run(data: &[u8]) {
    let mut reader = Reader::new(data);
    let Ok(handover) = Handover::read(&mut reader) else { return };
    assert_eq!(again::handover(&handover), data[..reader.at()]);
    assert_eq!(reader.rest(), &data[reader.at()..]);
}
