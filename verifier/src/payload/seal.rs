//! Sealing a payload: the writer's side, so that both sides of the format stand together.

use alloc::vec::Vec;

use chacha20poly1305::aead::{Aead as _, Payload as AeadPayload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::open::NONCE_LEN;
use super::{Fields, MessageKey, PayloadError};
use crate::digest::{self, ContextDigest};
use crate::event::Commitment;

/// A sealed payload and what the event's body must say of it.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a plain pair")]
pub struct Sealed {
    /// Goes into the body.
    pub commitment: Commitment,
    /// Nonce and ciphertext, to be stored.
    pub stored: Vec<u8>,
}

/// The message key of one event: without its salt, not even the chain key gives it back.
#[must_use]
pub fn message_key(chain_key: &[u8; 32], salt: &[u8; 32], context: &ContextDigest) -> MessageKey {
    let mut key = Zeroizing::new([0; 32]);
    let info = [b"cairn v1 message key".as_slice(), context.as_bytes()].concat();
    // 32 bytes are within HKDF-SHA256's limit of 255 blocks, so this cannot fail.
    let expanded =
        hkdf::Hkdf::<Sha256>::new(Some(salt), chain_key).expand(&info, key.as_mut_slice());
    debug_assert!(expanded.is_ok(), "HKDF gives up to 8,160 bytes");
    MessageKey::from_bytes(*key)
}

/// Seals an encoded plaintext for the event with this context. `nonce` must be random.
///
/// # Errors
/// [`PayloadError::Decode`] if the plaintext is not in its format.
pub fn seal(
    plaintext: &[u8],
    context: &ContextDigest,
    key: &MessageKey,
    nonce: &[u8; NONCE_LEN],
) -> Result<Sealed, PayloadError> {
    let fields = Fields::decode(plaintext)?;
    let ciphertext = XChaCha20Poly1305::new(key.as_bytes().into())
        .encrypt(<&XNonce>::from(nonce), AeadPayload { msg: plaintext, aad: context.as_bytes() })
        .map_err(|_| PayloadError::BadCiphertext)?;
    let stored = [nonce.as_slice(), &ciphertext].concat();
    let commitment = Commitment {
        key: digest::derive(digest::KEY_COMMITMENT, &[key.as_bytes()]).into(),
        fields: fields.root(context, key.as_bytes()),
        ciphertext: digest::derive(digest::CIPHERTEXT, &[&stored]).into(),
        plaintext_len: u32::try_from(plaintext.len()).unwrap_or(u32::MAX),
    };
    Ok(Sealed { commitment, stored })
}
