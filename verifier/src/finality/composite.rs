//! Composite signatures of draft-ietf-lamps-pq-composite-sigs-19: id-MLDSA44-Ed25519-SHA512 and
//! id-MLDSA65-Ed25519-SHA512.
//!
//! Both halves sign `M' = Prefix || Label || len(ctx) || ctx || SHA512(M)`; the ML-DSA half
//! has the label as its own context. A composite signature can be altered by who breaks
//! Ed25519, so its bytes are never an identifier.

use sha2::{Digest as _, Sha512};

use super::key::{BadSignature, Ed25519Key};
use super::ml_dsa::{MlDsaKey, ParameterSet};

const PREFIX: &[u8] = b"CompositeAlgorithmSignatures2025";
const MAX_CONTEXT_LEN: usize = 255;
const LABEL_LEN: usize = 30;
const MAX_LEN: usize = PREFIX.len() + LABEL_LEN + 1 + MAX_CONTEXT_LEN + 64;

/// What differs between the two composites.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scheme {
    label: &'static [u8; LABEL_LEN],
    signature_len: usize,
    set: ParameterSet,
}

/// Suite 2.
pub(crate) const MLDSA44_ED25519: Scheme = Scheme {
    label: b"COMPSIG-MLDSA44-Ed25519-SHA512",
    signature_len: 2_420,
    set: ParameterSet::Set44,
};

/// Suite 3.
pub(crate) const MLDSA65_ED25519: Scheme = Scheme {
    label: b"COMPSIG-MLDSA65-Ed25519-SHA512",
    signature_len: 3_309,
    set: ParameterSet::Set65,
};

impl Scheme {
    /// Expands the ML-DSA half of a public key.
    pub(super) fn expand(self, ml_dsa_key: &[u8]) -> Option<MlDsaKey> {
        MlDsaKey::expand(self.set, ml_dsa_key)
    }
}

/// The message representative M' of one signature.
pub(crate) struct Composite {
    scheme: Scheme,
    bytes: [u8; MAX_LEN],
    len: usize,
}

impl Composite {
    /// Of a message under a context of at most 255 bytes; a longer one is cut, and every
    /// context of ours is a [`super::Role`].
    pub(crate) fn new(scheme: Scheme, context: &[u8], message: &[u8]) -> Self {
        let context = context.get(..MAX_CONTEXT_LEN).unwrap_or(context);
        let context_len = [u8::try_from(context.len()).unwrap_or(u8::MAX)];
        let hash = Sha512::digest(message);
        let mut composite = Self { scheme, bytes: [0; MAX_LEN], len: 0 };
        for part in [PREFIX, scheme.label, &context_len, context, &hash] {
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

    /// Both halves or nothing. The cheap half goes first; the ML-DSA key is asked for after it.
    pub(super) fn verify<K: core::borrow::Borrow<MlDsaKey>>(
        &self,
        ed25519_key: &Ed25519Key,
        ml_dsa_key: impl FnOnce() -> Option<K>,
        signature: &[u8],
    ) -> Result<(), BadSignature> {
        let (ml_dsa, ed25519) =
            signature.split_at_checked(self.scheme.signature_len).ok_or(BadSignature)?;
        ed25519_key.verify(self.as_slice(), ed25519)?;
        let key = ml_dsa_key().ok_or(BadSignature)?;
        key.borrow().verify(self.as_slice(), self.scheme.label, ml_dsa)
    }

    /// Signs with both halves.
    #[cfg(feature = "secret")]
    pub(crate) fn sign<P: ml_dsa::MlDsaParams>(
        &self,
        ml_dsa_key: &ml_dsa::ExpandedSigningKey<P>,
        ed25519_key: &ed25519_dalek::SigningKey,
    ) -> Option<alloc::vec::Vec<u8>> {
        use ed25519_dalek::Signer as _;
        let ml_dsa = ml_dsa_key.sign_deterministic(self.as_slice(), self.scheme.label).ok()?;
        let ed25519 = ed25519_key.sign(self.as_slice());
        Some([ml_dsa.encode().as_slice(), &ed25519.to_bytes()].concat())
    }
}

#[cfg(test)]
mod tests;
