//! PCEK v1: must stay openable, is never written.
//!
//! 80 bytes: ephemeral X25519 public key (32), ChaCha20-Poly1305 of the message key (48) under
//! HKDF-SHA256(no salt, X25519 secret, "PCEKv1"), with a nonce of zeros and no associated data.
//!
//! As published it accepts ephemeral keys whose shared secret is zero, and keys with more than
//! one encoding; both are refused here. It has no key commitment, so what it opens never
//! becomes a [`crate::payload::VerifiedPayload`].

use alloc::vec::Vec;

use chacha20poly1305::aead::Aead as _;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit as _, Nonce};
use sha2::Sha256;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use crate::payload::{MessageKey, PayloadError};
use crate::wire::decode_all;

/// The length of a wrap in bytes.
pub const WRAP_LEN: usize = 80;

/// Opens a wrap.
///
/// # Errors
/// [`PayloadError`]: length, non-canonical key, zero secret, or the wrap does not open.
pub fn open_wrap(wrap: &[u8], secret: &[u8; 32]) -> Result<MessageKey, PayloadError> {
    let (ephemeral, sealed) =
        decode_all(wrap, |reader| Ok((reader.array::<32>()?, reader.array::<48>()?)))?;
    if !is_canonical(ephemeral) {
        return Err(PayloadError::NonCanonicalKey);
    }
    let shared = StaticSecret::from(*secret).diffie_hellman(&PublicKey::from(*ephemeral));
    if !shared.was_contributory() {
        return Err(PayloadError::SharedSecretZero);
    }
    let mut key = Zeroizing::new([0; 32]);
    hkdf::Hkdf::<Sha256>::new(None, shared.as_bytes())
        .expand(b"PCEKv1", key.as_mut_slice())
        .map_err(|_| PayloadError::BadWrap)?;
    let opened = ChaCha20Poly1305::new((&*key).into())
        .decrypt(&Nonce::default(), sealed.as_slice())
        .map(Zeroizing::new)
        .map_err(|_| PayloadError::BadWrap)?;
    let bytes = <[u8; 32]>::try_from(opened.as_slice()).map_err(|_| PayloadError::BadWrap)?;
    Ok(MessageKey::from_bytes(bytes))
}

/// Opens a message. `nonce` is be64(epoch), be32(sender), be32(generation) and 8 random bytes;
/// the associated data is the caller's.
///
/// # Errors
/// [`PayloadError::BadCiphertext`].
pub fn open_message(
    key: &MessageKey,
    nonce: &[u8; 24],
    ciphertext: &[u8],
    associated: &[u8],
) -> Result<Zeroizing<Vec<u8>>, PayloadError> {
    crate::payload::aead_open(key, nonce, ciphertext, associated)
}

/// Below 2^255 - 19, with the top bit clear: the one encoding of a coordinate.
fn is_canonical(key: &[u8; 32]) -> bool {
    let [low, middle @ .., high] = key;
    let at_least_prime = *high == 0x7f && middle.iter().all(|byte| *byte == 0xff) && *low >= 0xed;
    *high < 0x80 && !at_least_prime
}

#[cfg(test)]
mod tests;
