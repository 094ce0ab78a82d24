//! v1 opens what was sealed, and refuses the two things it once accepted.

use alloc::vec::Vec;

use super::*;

mod outside;

const SECRET: [u8; 32] = [0x42; 32];
const KEY: [u8; 32] = [0x33; 32];

fn sealing_key(shared: &[u8; 32]) -> [u8; 32] {
    let mut key = [0; 32];
    hkdf::Hkdf::<Sha256>::new(None, shared).expand(b"PCEKv1", &mut key).unwrap();
    key
}

fn sealed(shared: &[u8; 32]) -> Vec<u8> {
    ChaCha20Poly1305::new((&sealing_key(shared)).into())
        .encrypt(&Nonce::default(), KEY.as_slice())
        .unwrap()
}

fn wrap() -> Vec<u8> {
    let ephemeral = StaticSecret::from([0x24; 32]);
    let shared = ephemeral.diffie_hellman(&PublicKey::from(&StaticSecret::from(SECRET)));
    [PublicKey::from(&ephemeral).as_bytes().as_slice(), &sealed(shared.as_bytes())].concat()
}

fn code(wrap: &[u8], secret: &[u8; 32]) -> &'static str {
    open_wrap(wrap, secret).map_or_else(|error| error.code(), |_| "ok")
}

#[test]
fn a_wrap_opens_for_its_recipient_alone() {
    assert_eq!(wrap().len(), WRAP_LEN);
    assert_eq!(open_wrap(&wrap(), &SECRET).unwrap().as_bytes(), &KEY);
    assert_eq!(code(&wrap(), &[0x43; 32]), "payload-bad-wrap");
}

#[test]
fn every_flipped_bit_is_refused() {
    for at in 0..WRAP_LEN * 8 {
        let mut bent = wrap();
        bent[at / 8] ^= 1 << (at % 8);
        assert_ne!(code(&bent, &SECRET), "ok", "bit {at}");
    }
}

#[test]
fn the_top_bit_of_the_ephemeral_key_is_refused() {
    let mut bent = wrap();
    bent[31] ^= 0x80;
    assert_eq!(code(&bent, &SECRET), "payload-non-canonical-key");
}

#[test]
fn a_coordinate_at_or_past_the_prime_is_refused() {
    for low in [0xed, 0xee, 0xff] {
        let mut bent = wrap();
        bent[..32].fill(0xff);
        (bent[0], bent[31]) = (low, 0x7f);
        assert_eq!(code(&bent, &SECRET), "payload-non-canonical-key");
    }
}

#[test]
fn an_all_zero_key_opens_for_nobody() {
    // Without the check anyone could make a wrap that every recipient opens.
    let forged = [[0; 32].as_slice(), &sealed(&[0; 32])].concat();
    assert_eq!(code(&forged, &SECRET), "payload-shared-secret-zero");
}

#[test]
fn lengths_are_exact() {
    assert_eq!(code(&wrap()[..79], &SECRET), "decode-truncated");
    assert_eq!(code(&[wrap(), Vec::from([0])].concat(), &SECRET), "decode-trailing-bytes");
}

#[test]
fn a_message_opens_under_its_nonce_and_data() {
    use chacha20poly1305::aead::Payload;
    use chacha20poly1305::{XChaCha20Poly1305, XNonce};
    let nonce = [7; 24];
    let key = MessageKey::from_bytes(KEY);
    let text = Payload { msg: b"text", aad: b"header" };
    let ciphertext =
        XChaCha20Poly1305::new((&KEY).into()).encrypt(<&XNonce>::from(&nonce), text).unwrap();
    assert_eq!(open_message(&key, &nonce, &ciphertext, b"header").unwrap().as_slice(), b"text");
    assert!(open_message(&key, &nonce, &ciphertext, b"other").is_err());
    assert!(open_message(&key, &[8; 24], &ciphertext, b"header").is_err());
}
