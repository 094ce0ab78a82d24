//! Keys, and sealing under them.

use std::fmt;
use std::io;
use std::path::Path;

use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::StoreError;

/// The length of every key.
pub(super) const KEY_LEN: usize = 32;
/// What sealing adds: a nonce before, a tag behind.
pub(super) const SEAL_LEN: usize = 24 + 16;

/// A key; overwritten in memory when it is dropped.
#[derive(Clone)]
pub(super) struct Key(Zeroizing<[u8; KEY_LEN]>);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

impl Key {
    /// A fresh key for something in the file at `path`.
    pub(super) fn random(path: &Path) -> Result<Self, StoreError> {
        let mut key = Zeroizing::new([0; KEY_LEN]);
        fill(path, key.as_mut_slice())?;
        #[cfg(test)]
        super::tests::keys::made(&key);
        Ok(Self(key))
    }

    pub(super) fn from_bytes(bytes: &[u8; KEY_LEN]) -> Self {
        Self(Zeroizing::new(*bytes))
    }

    pub(super) fn as_bytes(&self) -> &[u8; KEY_LEN] {
        &self.0
    }

    /// Nonce, ciphertext and tag, for the file at `path`.
    pub(super) fn seal(
        &self,
        path: &Path,
        plaintext: &[u8],
        bound_to: &[u8],
    ) -> Result<Vec<u8>, StoreError> {
        let mut nonce = [0; 24];
        fill(path, &mut nonce)?;
        let payload = Payload { msg: plaintext, aad: bound_to };
        let sealed = self.cipher().encrypt(<&XNonce>::from(&nonce), payload);
        // Only a plaintext of 256 GiB is refused.
        let sealed = sealed.map_err(io::Error::other).map_err(StoreError::io("seal for", path))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// The plaintext, if it was sealed under this key and bound to these bytes.
    pub(super) fn open(&self, sealed: &[u8], bound_to: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = sealed.split_first_chunk::<24>()?;
        let payload = Payload { msg: sealed, aad: bound_to };
        self.cipher().decrypt(<&XNonce>::from(nonce), payload).ok().map(Zeroizing::new)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(self.as_bytes().into())
    }
}

/// Fills bytes of the file at `path` with noise.
pub(super) fn fill(path: &Path, bytes: &mut [u8]) -> Result<(), StoreError> {
    let filled = getrandom::fill(bytes).map_err(io::Error::other);
    filled.map_err(StoreError::io("get random bytes for", path))
}
