//! PCEK v2: what is written. HPKE base mode (RFC 9180) with X-Wing (0x647a), HKDF-SHA256 and
//! ChaCha20-Poly1305; info = "PCEKv2" || log id || recipient's key id, associated data = event id.

use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::XWing;
use hpke::{Deserializable as _, Kem as _, OpModeR, Serializable as _};
use zeroize::Zeroizing;

use crate::digest::{self, EventId, KeyId, LogId};
use crate::payload::{MessageKey, PayloadError};
use crate::trust::WRAP_X_WING;
use crate::wire::{DecodeError, decode_all};

/// The length of a wrap in bytes: version, key id hint, encapsulation, sealed key.
pub const WRAP_LEN: usize = 1 + 8 + 1_120 + 48;

const VERSION: u8 = 2;
const SALT_VERSION: u8 = 1;

/// What was sealed: one never opens as the other.
#[derive(Clone, Copy)]
struct Use {
    version: u8,
    label: &'static [u8; 6],
}

const WRAP: Use = Use { version: VERSION, label: b"PCEKv2" };
const SALT: Use = Use { version: SALT_VERSION, label: b"SALTv1" };

/// An X-Wing key pair, made from its 32-byte seed.
#[derive(Clone)]
pub struct WrapSecret {
    seed: Zeroizing<[u8; 32]>,
    id: KeyId,
}

impl core::fmt::Debug for WrapSecret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("WrapSecret").field("id", &self.id).finish_non_exhaustive()
    }
}

impl WrapSecret {
    /// The key pair of a seed.
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> Option<Self> {
        let seed = Zeroizing::new(seed);
        let id = key_id(&public_of(&seed)?);
        Some(Self { seed, id })
    }

    /// The public key, 1,216 bytes.
    #[must_use]
    pub fn public_key(&self) -> alloc::vec::Vec<u8> {
        public_of(&self.seed).unwrap_or_default()
    }

    /// The id of the public key.
    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// Whether a wrap says that it is for this key.
    #[must_use]
    pub fn is_recipient(&self, wrap: &[u8]) -> bool {
        wrap.get(1..9).is_some_and(|hint| self.id.as_bytes().starts_with(hint))
    }

    /// Opens a wrap made for this key and this event.
    ///
    /// # Errors
    /// [`PayloadError::NotTheRecipient`], [`PayloadError::BadWrap`], or the bytes are no wrap.
    pub fn open_wrap(
        &self,
        wrap: &[u8],
        log: &LogId,
        event: &EventId,
    ) -> Result<MessageKey, PayloadError> {
        let opened = self.open(WRAP, wrap, (log, event))?;
        Ok(MessageKey::from_bytes(*opened))
    }

    /// Opens the salt of an event's message key, sealed for this key.
    ///
    /// # Errors
    /// As [`WrapSecret::open_wrap`].
    pub fn open_salt(
        &self,
        sealed: &[u8],
        log: &LogId,
        event: &EventId,
    ) -> Result<Zeroizing<[u8; 32]>, PayloadError> {
        self.open(SALT, sealed, (log, event))
    }

    fn open(
        &self,
        of: Use,
        wrap: &[u8],
        (log, event): (&LogId, &EventId),
    ) -> Result<Zeroizing<[u8; 32]>, PayloadError> {
        let (encapsulated, sealed) = decode_all(wrap, |reader| {
            reader.version(of.version)?;
            let _hint = reader.take(8)?;
            Ok((reader.take(1_120)?, reader.take(48)?))
        })?;
        if !self.is_recipient(wrap) {
            return Err(PayloadError::NotTheRecipient { key: self.id });
        }
        let secret = <XWing as hpke::Kem>::PrivateKey::from_bytes(self.seed.as_slice());
        let encapsulated = <XWing as hpke::Kem>::EncappedKey::from_bytes(encapsulated);
        let (Ok(secret), Ok(encapsulated)) = (secret, encapsulated) else {
            return Err(PayloadError::BadWrap);
        };
        let opened = hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, XWing>(
            &OpModeR::Base,
            &secret,
            &encapsulated,
            &info(of, log, &self.id),
            sealed,
            event.as_bytes(),
        );
        let opened = Zeroizing::new(opened.map_err(|_| PayloadError::BadWrap)?);
        let bytes = <[u8; 32]>::try_from(opened.as_slice()).map_err(|_| PayloadError::BadWrap)?;
        Ok(Zeroizing::new(bytes))
    }
}

fn public_of(seed: &[u8; 32]) -> Option<alloc::vec::Vec<u8>> {
    let secret = <XWing as hpke::Kem>::PrivateKey::from_bytes(seed).ok()?;
    Some(XWing::sk_to_pk(&secret).to_bytes().to_vec())
}

/// The id of an X-Wing public key.
#[must_use]
pub fn key_id(public_key: &[u8]) -> KeyId {
    digest::derive(digest::KEY, &[&[WRAP_X_WING], public_key]).into()
}

fn info(of: Use, log: &LogId, recipient: &KeyId) -> [u8; 70] {
    let mut info = [0; 70];
    let (label, ids) = info.split_at_mut(6);
    label.copy_from_slice(of.label);
    let (first, second) = ids.split_at_mut(32);
    first.copy_from_slice(log.as_bytes());
    second.copy_from_slice(recipient.as_bytes());
    info
}

/// Wraps a message key for a recipient's public key and one event. The randomness is the
/// caller's.
///
/// # Errors
/// [`DecodeError::NotCanonical`] if the public key is none.
#[cfg(feature = "secret")]
pub fn wrap(
    message_key: &MessageKey,
    public_key: &[u8],
    (log, event): (&LogId, &EventId),
    rng: &mut impl rand_core::CryptoRng,
) -> Result<alloc::vec::Vec<u8>, DecodeError> {
    seal(WRAP, message_key.as_bytes(), public_key, (log, event), rng)
}

/// Seals the salt of an event's message key for a reader who has the sender's chain key. The
/// randomness is the caller's.
///
/// # Errors
/// [`DecodeError::NotCanonical`] if the public key is none.
#[cfg(feature = "secret")]
pub fn seal_salt(
    salt: &[u8; 32],
    public_key: &[u8],
    (log, event): (&LogId, &EventId),
    rng: &mut impl rand_core::CryptoRng,
) -> Result<alloc::vec::Vec<u8>, DecodeError> {
    seal(SALT, salt, public_key, (log, event), rng)
}

#[cfg(feature = "secret")]
fn seal(
    of: Use,
    plain: &[u8; 32],
    public_key: &[u8],
    (log, event): (&LogId, &EventId),
    rng: &mut impl rand_core::CryptoRng,
) -> Result<alloc::vec::Vec<u8>, DecodeError> {
    let bad_key = DecodeError::NotCanonical { what: "X-Wing public key" };
    let recipient = <XWing as hpke::Kem>::PublicKey::from_bytes(public_key).map_err(|_| bad_key)?;
    let id = key_id(public_key);
    let (encapsulated, sealed) =
        hpke::single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, XWing>(
            &hpke::OpModeS::Base,
            &recipient,
            &info(of, log, &id),
            plain,
            event.as_bytes(),
            rng,
        )
        .map_err(|_| bad_key)?;
    let hint = id.as_bytes().get(..8).unwrap_or_default();
    Ok([&[of.version], hint, &encapsulated.to_bytes(), &sealed].concat())
}

/// A wrap's length is fixed, so a reader can say early that bytes are none.
///
/// # Errors
/// [`DecodeError`] for any other length or version.
pub fn check_shape(wrap: &[u8]) -> Result<(), DecodeError> {
    decode_all(wrap, |reader| {
        reader.version(VERSION)?;
        reader.take(WRAP_LEN.saturating_sub(1)).map(drop)
    })
}

#[cfg(test)]
mod tests;
