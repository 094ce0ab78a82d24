//! Certificates.

use cairn_verifier::finality::Certificate;

use crate::again;

pub(super) const ROUNDS: usize = 200_000;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    crate::seeds::parts().certificates.clone()
}

pub(super) fn run(data: &[u8]) {
    let Ok(certificate) = Certificate::decode(data) else { return };
    assert_eq!(again::certificate(&certificate), data);
}
