//! The LAMPS draft's own vectors, and that neither half is enough.

use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::super::ml_dsa::MlDsaKey;
use super::*;

macro_rules! external {
    ($name:literal) => {
        include_str!(concat!(
            "../../../../tests/vectors/external/composite-mldsa-lamps/",
            $name,
            "-ed25519-sha512.json"
        ))
    };
}

const VECTORS: [(Scheme, &str); 2] =
    [(MLDSA44_ED25519, external!("mldsa44")), (MLDSA65_ED25519, external!("mldsa65"))];

struct Vector {
    scheme: Scheme,
    message: Vec<u8>,
    context: Vec<u8>,
    key: Vec<u8>,
    secret: Vec<u8>,
    plain: Vec<u8>,
    with_context: Vec<u8>,
}

fn vectors() -> [Vector; 2] {
    VECTORS.map(|(scheme, text)| {
        let json: serde_json::Value = serde_json::from_str(text).unwrap();
        let field = |name: &str| BASE64.decode(json[name].as_str().unwrap()).unwrap();
        Vector {
            scheme,
            message: field("m"),
            context: field("ctx"),
            key: field("pk"),
            secret: field("sk"),
            plain: field("s"),
            with_context: field("sWithContext"),
        }
    })
}

fn verify(vector: &Vector, context: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
    let (ml_dsa, ed25519) = vector.key.split_at(vector.key.len() - 32);
    let key: Option<MlDsaKey> = vector.scheme.expand(ml_dsa);
    Composite::new(vector.scheme, context, &vector.message).verify(
        &Ed25519Key::new(ed25519).unwrap(),
        || key,
        signature,
    )
}

#[test]
fn the_drafts_signatures_hold() {
    for vector in vectors() {
        assert_eq!(verify(&vector, b"", &vector.plain), Ok(()));
        assert_eq!(verify(&vector, &vector.context, &vector.with_context), Ok(()));
    }
}

#[test]
fn another_context_does_not_hold() {
    for vector in vectors() {
        assert_eq!(verify(&vector, &vector.context, &vector.plain), Err(BadSignature));
        assert_eq!(verify(&vector, b"", &vector.with_context), Err(BadSignature));
    }
}

#[test]
fn both_halves_are_needed() {
    for vector in vectors() {
        let (between, last) = (vector.scheme.signature_len, vector.plain.len() - 1);
        for at in [0, 100, between - 1, between, last] {
            let mut bent = vector.plain.clone();
            bent[at] ^= 1;
            assert_eq!(verify(&vector, b"", &bent), Err(BadSignature), "byte {at}");
        }
        assert_eq!(verify(&vector, b"", &vector.plain[1..]), Err(BadSignature));
        assert_eq!(verify(&vector, b"", &[]), Err(BadSignature));
    }
}

#[test]
fn one_suites_signature_is_not_the_others() {
    let [first, second] = vectors();
    let crossed = Vector { scheme: second.scheme, ..first };
    assert_eq!(verify(&crossed, b"", &crossed.plain), Err(BadSignature));
}

#[test]
fn the_drafts_secrets_sign_what_holds() {
    fn signed<P: ml_dsa::MlDsaParams>(vector: &Vector) -> Vec<u8> {
        // The draft's secret key is the ML-DSA seed, then the Ed25519 seed.
        let (ml_dsa, ed25519) = vector.secret.split_first_chunk::<32>().unwrap();
        let ml_dsa = ml_dsa::ExpandedSigningKey::<P>::from_seed(ml_dsa.into());
        let ed25519 = ed25519_dalek::SigningKey::from_bytes(ed25519.try_into().unwrap());
        let composite = Composite::new(vector.scheme, &vector.context, &vector.message);
        composite.sign(&ml_dsa, &ed25519).unwrap()
    }
    let [first, second] = vectors();
    let signature = signed::<ml_dsa::MlDsa44>(&first);
    assert_eq!(verify(&first, &first.context, &signature), Ok(()));
    let signature = signed::<ml_dsa::MlDsa65>(&second);
    assert_eq!(verify(&second, &second.context, &signature), Ok(()));
}
