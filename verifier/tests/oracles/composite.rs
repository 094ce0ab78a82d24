//! Suites 2 and 3 from their definition: two halves by other hands, over one message representative.

use cairn_verifier::finality::{PublicKey, Role, Suite, signing_bytes};
use sha2::{Digest as _, Sha512};

use super::hex;
use super::ml_dsa::Scheme;

/// `M'` of draft-ietf-lamps-pq-composite-sigs-19, with the role as context.
fn representative(label: &[u8], role: Role, message: &[u8]) -> Vec<u8> {
    let context = role.as_str().as_bytes();
    let hash = Sha512::digest(signing_bytes(role, message).unwrap().as_slice());
    let len = [u8::try_from(context.len()).unwrap()];
    [b"CompositeAlgorithmSignatures2025", label, &len, context, &hash].concat()
}

/// Asks ours and both halves, and fails where they differ. `ed25519` says whether a key, a
/// message and a signature are accepted strictly.
pub fn judge(
    scheme: &Scheme,
    ed25519: impl FnOnce(&[u8; 32], &[u8], &[u8; 64]) -> bool,
    (key, signature): (&[u8], &[u8]),
    (role, message): (Role, &[u8]),
) -> bool {
    let (suite, label): (_, &[u8]) = match scheme.name {
        "ML-DSA-44" => (Suite::MlDsa44Ed25519, b"COMPSIG-MLDSA44-Ed25519-SHA512"),
        _ => (Suite::MlDsa65Ed25519, b"COMPSIG-MLDSA65-Ed25519-SHA512"),
    };
    let ours = PublicKey::new(suite, key).unwrap();
    let ours = ours.verify(role, message, signature).is_ok();
    let representative = representative(label, role, message);
    let (pq_key, classic_key) = key.split_last_chunk().unwrap();
    let (pq, classic) = signature.split_last_chunk().unwrap();
    let pq = scheme.holds(pq_key, &representative, label, pq);
    let classic = ed25519(classic_key, &representative, classic);
    assert!(
        ours == (pq && classic),
        "ours {ours}, ML-DSA half {pq}, Ed25519 half {classic}: message {} key {} signature {}",
        hex(message),
        hex(key),
        hex(signature)
    );
    ours
}
