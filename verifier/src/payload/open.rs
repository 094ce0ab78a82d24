//! Opening a whole payload.

use alloc::vec::Vec;

use chacha20poly1305::aead::{Aead as _, Payload as AeadPayload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::{Fields, PayloadError};
use crate::digest::{self, EventId, PayloadDigest};
use crate::event::{Commitment, EventBody, EventError, Payload, context_of};
use crate::fact::VerifiedEvent;

/// Length of the nonce that begins a stored ciphertext.
pub(super) const NONCE_LEN: usize = 24;

/// The key of one payload; wiped when dropped.
#[derive(Clone)]
pub struct MessageKey(Zeroizing<[u8; 32]>);

impl MessageKey {
    /// A key from its bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The key's bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl core::fmt::Debug for MessageKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("MessageKey(..)")
    }
}

/// A payload that opened: authentic to who holds the key, not yet known to be in a log.
#[derive(Clone)]
pub struct OpenedPayload {
    event: EventId,
    plaintext: Zeroizing<Vec<u8>>,
}

impl core::fmt::Debug for OpenedPayload {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("OpenedPayload").field("event", &self.event).finish_non_exhaustive()
    }
}

impl OpenedPayload {
    /// The event it was opened for.
    #[must_use]
    pub const fn event(&self) -> EventId {
        self.event
    }

    /// The fields.
    ///
    /// # Errors
    /// None in practice: they were decoded when the payload was opened.
    pub fn fields(&self) -> Result<Fields<'_>, PayloadError> {
        Ok(Fields::decode(&self.plaintext)?)
    }

    /// Makes it a fact, if the verified event is the one it was opened for.
    ///
    /// # Errors
    /// [`PayloadError::OtherEvent`].
    pub fn verified(self, event: &VerifiedEvent<'_>) -> Result<VerifiedPayload, PayloadError> {
        let (expected, found) = (event.id(), self.event);
        if expected != found {
            return Err(PayloadError::OtherEvent { expected, found });
        }
        Ok(VerifiedPayload(self))
    }
}

/// The payload that was logged: opened, and its event is final.
#[derive(Clone, Debug)]
pub struct VerifiedPayload(OpenedPayload);

impl VerifiedPayload {
    /// The payload.
    #[must_use]
    pub const fn opened(&self) -> &OpenedPayload {
        &self.0
    }
}

/// Opens a stored payload for an event's body with its message key, in the order of SPEC.md,
/// "Opening a payload".
///
/// # Errors
/// The first check that fails.
pub fn open(
    body: &[u8],
    stored: &[u8],
    message_key: &MessageKey,
) -> Result<OpenedPayload, PayloadError> {
    let Payload::Sealed(commitment) = EventBody::decode(body)?.payload else {
        return Err(PayloadError::NotSealed);
    };
    let context = context_of(body).ok_or(PayloadError::NotSealed)?;
    check_key(&commitment, message_key)?;
    check_stored(&commitment, stored)?;
    let (nonce, ciphertext) =
        stored.split_at_checked(NONCE_LEN).ok_or(PayloadError::BadCiphertext)?;
    let plaintext = aead_open(message_key, nonce, ciphertext, context.as_bytes())?;
    if u32::try_from(plaintext.len()) != Ok(commitment.plaintext_len) {
        let (expected, found) = (commitment.plaintext_len, plaintext.len());
        return Err(PayloadError::PlaintextLength { expected, found });
    }
    let found = Fields::decode(&plaintext)?.root(&context, message_key.as_bytes());
    if found != commitment.fields {
        return Err(PayloadError::FieldRoot { expected: commitment.fields, found });
    }
    Ok(OpenedPayload { event: EventBody::id_of(body), plaintext })
}

impl Commitment {
    /// Whether this is the message key that the event committed to.
    #[must_use]
    pub fn opens_with(&self, key: &MessageKey) -> bool {
        check_key(self, key).is_ok()
    }
}

/// Without this check, one ciphertext could open to two texts under two keys.
fn check_key(commitment: &Commitment, key: &MessageKey) -> Result<(), PayloadError> {
    let found = digest::derive(digest::KEY_COMMITMENT, &[key.as_bytes()]).into();
    let expected = commitment.key;
    if expected == found { Ok(()) } else { Err(PayloadError::KeyCommitment { expected, found }) }
}

fn check_stored(commitment: &Commitment, stored: &[u8]) -> Result<(), EventError> {
    let found = PayloadDigest::from_bytes(digest::derive(digest::CIPHERTEXT, &[stored]));
    let expected = commitment.ciphertext;
    if expected == found { Ok(()) } else { Err(EventError::OtherPayload { expected, found }) }
}

/// XChaCha20-Poly1305.
pub(crate) fn aead_open(
    key: &MessageKey,
    nonce: &[u8],
    ciphertext: &[u8],
    associated: &[u8],
) -> Result<Zeroizing<Vec<u8>>, PayloadError> {
    let nonce = <&XNonce>::try_from(nonce).map_err(|_| PayloadError::BadCiphertext)?;
    XChaCha20Poly1305::new(key.as_bytes().into())
        .decrypt(nonce, AeadPayload { msg: ciphertext, aad: associated })
        .map(Zeroizing::new)
        .map_err(|_| PayloadError::BadCiphertext)
}
