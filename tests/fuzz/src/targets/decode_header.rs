//! Headers.

use cairn_verifier::finality::Header;

use crate::model::header_digest;

pub(super) const ROUNDS: usize = 200_000;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    crate::seeds::parts().headers.clone()
}

pub(super) fn run(data: &[u8]) {
    let Ok(header) = Header::decode(data) else { return };
    assert_eq!(header.encode(), data);
    assert_eq!(header.digest(), header_digest(&header));
    assert_eq!(header.is_handover(), header.next_set != header.set);
    assert_eq!(header.is_at_gate(), header.height % u64::from(header.parameters.gate) == 0);
}
