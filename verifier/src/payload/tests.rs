//! The primitives of payloads and wraps over Wycheproof.

use alloc::vec::Vec;

use chacha20poly1305::aead::{Aead as _, Payload as AeadPayload};
use chacha20poly1305::{ChaCha20Poly1305, KeyInit as _, Nonce};
use sha2::Sha256;

use super::{MessageKey, aead_open};
use crate::outside::{Value, array, bytes, is_valid, wycheproof};

fn check_opened(opened: Option<&[u8]>, case: &Value) {
    let want = is_valid(case).then(|| bytes(case, "msg"));
    assert!(opened == want.as_deref(), "{}: {}", case["tcId"], case["comment"]);
}

fn sealed(case: &Value) -> Vec<u8> {
    [bytes(case, "ct"), bytes(case, "tag")].concat()
}

#[test]
fn xchacha20_poly1305_opens_payloads() {
    let count = wycheproof("xchacha20_poly1305", |_, case| {
        let key = MessageKey::from_bytes(array(case, "key"));
        let opened = aead_open(&key, &bytes(case, "iv"), &sealed(case), &bytes(case, "aad"));
        check_opened(opened.as_ref().map(|opened| opened.as_slice()).ok(), case);
    });
    assert_eq!(count, 315);
}

#[test]
fn chacha20_poly1305_opens_wraps() {
    let count = wycheproof("chacha20_poly1305", |_, case| {
        // A nonce of another length is no `Nonce`.
        let nonce = bytes(case, "iv");
        let opened = <&Nonce>::try_from(nonce.as_slice()).ok().and_then(|nonce| {
            let sealed = AeadPayload { msg: &sealed(case), aad: &bytes(case, "aad") };
            ChaCha20Poly1305::new((&array::<32>(case, "key")).into()).decrypt(nonce, sealed).ok()
        });
        check_opened(opened.as_deref(), case);
    });
    assert_eq!(count, 325);
}

#[test]
fn hkdf_sha256_makes_keys() {
    let count = wycheproof("hkdf_sha256", |_, case| {
        // PCEK v1 has no salt, which is the same as an empty one.
        let salt = bytes(case, "salt");
        let salt = (!salt.is_empty()).then_some(salt);
        let mut okm = alloc::vec![0; usize::try_from(case["size"].as_u64().unwrap()).unwrap()];
        let made = hkdf::Hkdf::<Sha256>::new(salt.as_deref(), &bytes(case, "ikm"))
            .expand(&bytes(case, "info"), &mut okm);
        assert_eq!(made.is_ok(), is_valid(case), "{}", case["tcId"]);
        assert!(made.is_err() || okm == bytes(case, "okm"), "{}", case["tcId"]);
    });
    assert_eq!(count, 86);
}
