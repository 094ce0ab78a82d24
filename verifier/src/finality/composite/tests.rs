//! The LAMPS draft's own vector, and that neither half is enough.

use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::*;

const VECTOR: &str = include_str!(
    "../../../../tests/vectors/external/composite-mldsa-lamps/mldsa44-ed25519-sha512.json"
);
const KEY_LEN: usize = 1_312;

struct Vector {
    message: Vec<u8>,
    context: Vec<u8>,
    key: Vec<u8>,
    secret: Vec<u8>,
    plain: Vec<u8>,
    with_context: Vec<u8>,
}

fn vector() -> Vector {
    let json: serde_json::Value = serde_json::from_str(VECTOR).unwrap();
    let field = |name: &str| BASE64.decode(json[name].as_str().unwrap()).unwrap();
    Vector {
        message: field("m"),
        context: field("ctx"),
        key: field("pk"),
        secret: field("sk"),
        plain: field("s"),
        with_context: field("sWithContext"),
    }
}

fn verify(vector: &Vector, context: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
    let (ml_dsa, ed25519) = vector.key.split_at(KEY_LEN);
    Composite::new(context, &vector.message).verify(ml_dsa, ed25519, signature)
}

#[test]
fn the_drafts_signatures_hold() {
    let vector = vector();
    assert_eq!(verify(&vector, b"", &vector.plain), Ok(()));
    assert_eq!(verify(&vector, &vector.context, &vector.with_context), Ok(()));
}

#[test]
fn another_context_does_not_hold() {
    let vector = vector();
    assert_eq!(verify(&vector, &vector.context, &vector.plain), Err(BadSignature));
    assert_eq!(verify(&vector, b"", &vector.with_context), Err(BadSignature));
}

#[test]
fn both_halves_are_needed() {
    let vector = vector();
    for at in [0, 100, ML_DSA_SIGNATURE_LEN - 1, ML_DSA_SIGNATURE_LEN, 2_483] {
        let mut bent = vector.plain.clone();
        bent[at] ^= 1;
        assert_eq!(verify(&vector, b"", &bent), Err(BadSignature), "byte {at}");
    }
    assert_eq!(verify(&vector, b"", &vector.plain[1..]), Err(BadSignature));
    assert_eq!(verify(&vector, b"", &[]), Err(BadSignature));
}

#[test]
fn the_drafts_secret_signs_what_holds() {
    let vector = vector();
    // The draft's secret key is the ML-DSA seed, then the Ed25519 seed.
    let (ml_dsa, ed25519) = vector.secret.split_first_chunk::<32>().unwrap();
    let ml_dsa = ml_dsa::ExpandedSigningKey::<MlDsa44>::from_seed(ml_dsa.into());
    let ed25519 = ed25519_dalek::SigningKey::from_bytes(ed25519.try_into().unwrap());
    let composite = Composite::new(&vector.context, &vector.message);
    let signature = composite.sign(&ml_dsa, &ed25519).unwrap();
    assert_eq!(verify(&vector, &vector.context, &signature), Ok(()));
}
