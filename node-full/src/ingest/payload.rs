//! A payload and the event that commits to it.

use cairn_verifier::digest::{self, PayloadDigest};
use cairn_verifier::event::{EventError, Payload};

/// What a ciphertext has over its plaintext: nonce and tag.
const SEAL_OVERHEAD: u32 = 24 + 16;

/// A payload, as it is stored, that is the one which an event commits to.
#[derive(Debug)]
pub(crate) struct FitPayload {
    digest: PayloadDigest,
    bytes: Vec<u8>,
}

impl FitPayload {
    /// Checks length and digest.
    pub(crate) fn check(committed: &Payload, bytes: Vec<u8>) -> Result<Self, EventError> {
        let (context, expected, len) = match committed {
            Payload::None => return Err(EventError::UnexpectedPayload),
            Payload::Public { digest, len } => (digest::PUBLIC_PAYLOAD, *digest, *len),
            Payload::Sealed(commitment) => {
                let len = commitment.plaintext_len.saturating_add(SEAL_OVERHEAD);
                (digest::CIPHERTEXT, commitment.ciphertext, len)
            }
        };
        if u32::try_from(bytes.len()) != Ok(len) {
            return Err(EventError::PayloadLength { expected: len, found: bytes.len() });
        }
        let found = PayloadDigest::from_bytes(digest::derive(context, &[&bytes]));
        if found != expected {
            return Err(EventError::OtherPayload { expected, found });
        }
        Ok(Self { digest: expected, bytes })
    }

    pub(crate) const fn digest(&self) -> PayloadDigest {
        self.digest
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}
