//! v1's key agreement over Wycheproof, and a whole wrap and message made by another program.

use super::*;
use crate::outside::{Value, array, bytes, has_flag, load, wycheproof};

/// 2^255 - 19, big-endian.
const PRIME: [u8; 32] = {
    let mut prime = [0xff; 32];
    prime[0] = 0x7f;
    prime[31] = 0xed;
    prime
};

/// What v1 says of a wrap that is sealed under Wycheproof's shared secret. Wycheproof calls a
/// result `acceptable` where a protocol may refuse; v1 refuses two of those and takes the others
/// (points of the twist, points with a small-order part, edge cases of the arithmetic), as X25519
/// is defined for them.
fn expected(public: &[u8; 32], shared: &[u8; 32], case: &Value) -> &'static str {
    let mut big_endian = *public;
    big_endian.reverse();
    // With the top bit set, the number is past the prime too.
    if big_endian >= PRIME {
        return "payload-non-canonical-key";
    }
    assert!(!has_flag(case, "NonCanonicalPublic"), "{}", case["tcId"]);
    assert_eq!(has_flag(case, "ZeroSharedSecret"), *shared == [0; 32], "{}", case["tcId"]);
    if *shared == [0; 32] { "payload-shared-secret-zero" } else { "ok" }
}

#[test]
fn wycheproof_agreements() {
    let mut codes = alloc::collections::BTreeMap::<_, usize>::new();
    let count = wycheproof("x25519", |_, case| {
        let (public, secret, shared) =
            (array(case, "public"), array(case, "private"), array(case, "shared"));
        let agreed = StaticSecret::from(secret).diffie_hellman(&PublicKey::from(public));
        assert_eq!(agreed.as_bytes(), &shared, "{}", case["tcId"]);
        let want = expected(&public, &shared, case);
        let wrap = [public.as_slice(), &sealed(&shared)].concat();
        assert_eq!(code(&wrap, &secret), want, "{}: {}", case["tcId"], case["comment"]);
        *codes.entry(want).or_default() += 1;
    });
    assert_eq!(count, 518);
    let found: Vec<_> = codes.into_iter().collect();
    assert_eq!(
        found,
        [("ok", 474), ("payload-non-canonical-key", 29), ("payload-shared-secret-zero", 15)]
    );
}

#[test]
fn nodes_crypto_makes_the_same() {
    let vector = load("pcek/v1.json");
    let key = open_wrap(&bytes(&vector, "wrap"), &array(&vector, "recipient")).unwrap();
    assert_eq!(key.as_bytes(), &array(&vector, "messageKey"));
    let (nonce, ciphertext) = (array(&vector, "nonce"), bytes(&vector, "ciphertext"));
    let opened = open_message(&key, &nonce, &ciphertext, &bytes(&vector, "associated")).unwrap();
    assert_eq!(*opened, bytes(&vector, "plaintext"));
}
