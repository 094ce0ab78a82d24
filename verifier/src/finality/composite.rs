//! id-MLDSA44-Ed25519-SHA512 of draft-ietf-lamps-pq-composite-sigs-19.
//!
//! Both halves sign `M' = Prefix || Label || len(ctx) || ctx || SHA512(M)`; the ML-DSA half
//! has the label as its own context. A composite signature can be altered by who breaks
//! Ed25519, so its bytes are never an identifier.

use ml_dsa::{EncodedSignature, EncodedVerifyingKey, MlDsa44, VerifyingKey};
use sha2::{Digest as _, Sha512};

use super::key::{BadSignature, verify_ed25519};

const PREFIX: &[u8] = b"CompositeAlgorithmSignatures2025";
const LABEL: &[u8] = b"COMPSIG-MLDSA44-Ed25519-SHA512";
const ML_DSA_SIGNATURE_LEN: usize = 2_420;
const MAX_CONTEXT_LEN: usize = 255;
const MAX_LEN: usize = PREFIX.len() + LABEL.len() + 1 + MAX_CONTEXT_LEN + 64;

/// The message representative M' of one signature.
pub(crate) struct Composite {
    bytes: [u8; MAX_LEN],
    len: usize,
}

impl Composite {
    /// Of a message under a context of at most 255 bytes; a longer one is cut, and every
    /// context of ours is a [`super::Role`].
    pub(crate) fn new(context: &[u8], message: &[u8]) -> Self {
        let context = context.get(..MAX_CONTEXT_LEN).unwrap_or(context);
        let context_len = [u8::try_from(context.len()).unwrap_or(u8::MAX)];
        let hash = Sha512::digest(message);
        let mut composite = Self { bytes: [0; MAX_LEN], len: 0 };
        for part in [PREFIX, LABEL, &context_len, context, &hash] {
            let end = composite.len.saturating_add(part.len());
            if let Some(place) = composite.bytes.get_mut(composite.len..end) {
                place.copy_from_slice(part);
                composite.len = end;
            }
        }
        composite
    }

    fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// Both halves or nothing.
    pub(crate) fn verify(
        &self,
        ml_dsa_key: &[u8],
        ed25519_key: &[u8],
        signature: &[u8],
    ) -> Result<(), BadSignature> {
        let (ml_dsa, ed25519) =
            signature.split_at_checked(ML_DSA_SIGNATURE_LEN).ok_or(BadSignature)?;
        verify_ed25519(ed25519_key, self.as_slice(), ed25519)?;
        let key =
            <&EncodedVerifyingKey<MlDsa44>>::try_from(ml_dsa_key).map_err(|_| BadSignature)?;
        let encoded = <&EncodedSignature<MlDsa44>>::try_from(ml_dsa).map_err(|_| BadSignature)?;
        let decoded = ml_dsa::Signature::<MlDsa44>::decode(encoded).ok_or(BadSignature)?;
        let key = VerifyingKey::<MlDsa44>::decode(key);
        if key.verify_with_context(self.as_slice(), LABEL, &decoded) {
            Ok(())
        } else {
            Err(BadSignature)
        }
    }

    /// Signs with both halves.
    #[cfg(feature = "secret")]
    pub(crate) fn sign(
        &self,
        ml_dsa_key: &ml_dsa::ExpandedSigningKey<MlDsa44>,
        ed25519_key: &ed25519_dalek::SigningKey,
    ) -> Option<alloc::vec::Vec<u8>> {
        use ed25519_dalek::Signer as _;
        let ml_dsa = ml_dsa_key.sign_deterministic(self.as_slice(), LABEL).ok()?;
        let ed25519 = ed25519_key.sign(self.as_slice());
        Some([ml_dsa.encode().as_slice(), &ed25519.to_bytes()].concat())
    }
}

#[cfg(test)]
mod tests;
