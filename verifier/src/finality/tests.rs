//! The two halves of a signature against vectors from outside.

mod ed25519;
mod ml_dsa;

/// 2^255 - 19 + k, little-endian.
fn above_the_prime(k: u8) -> [u8; 32] {
    let mut bytes = [0xff; 32];
    bytes[0] = 0xed + k;
    bytes[31] = 0x7f;
    bytes
}

#[test]
fn a_key_has_one_encoding() {
    let is_key = |bytes: &[u8]| super::key::Ed25519Key::new(bytes).is_some();
    let (mut small, mut points) = ([0; 32], 0);
    for k in 0..19 {
        small[0] = k;
        // The same y, written below the prime and above it: a point or none, and never a key.
        points += u8::from(is_key(&small));
        let mut second = above_the_prime(k);
        assert!(!is_key(&second), "p + {k}");
        second[31] |= 0x80;
        assert!(!is_key(&second), "p + {k}, negative x");
    }
    assert!(
        points > 5,
        "{points} of the small y are points, so it is the encoding that is refused"
    );
    let mut largest = above_the_prime(0);
    largest[0] -= 1;
    assert!(is_key(&largest), "p - 1");
    assert!(!is_key(&largest[..31]));
}
