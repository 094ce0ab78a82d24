//! Signature suites, public keys, and the one call that checks a signature.

use ed25519_dalek::VerifyingKey;

use super::composite::{Composite, MLDSA44_ED25519, MLDSA65_ED25519, Scheme};
use crate::digest::{self, KeyId};
use crate::wire::{Reader, Refused};

/// What a signature is for. Signed bytes begin with the role and a zero byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Role {
    /// An event, by its writer.
    Event,
    /// A request to a node, by a member.
    Request,
    /// A vote, by a validator.
    Vote,
    /// What a proposer says of a proposal beside its vote: the round it rests on.
    Proposal,
    /// One end of a link between nodes, by whoever is there.
    Link,
    /// By a key that is to become a validator's: that whoever names it holds it.
    Candidate,
    /// A validator's consent to a change of the validator set.
    Approval,
}

impl Role {
    /// The text that begins the signed bytes and is the context of composite signatures.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Event => "cairn v1 event",
            Self::Request => "cairn v1 request",
            Self::Vote => "cairn v1 vote",
            Self::Proposal => "cairn v1 proposal",
            Self::Link => "cairn v1 link",
            Self::Candidate => "cairn v1 candidate",
            Self::Approval => "cairn v1 approval",
        }
    }
}

/// The longest signed bytes: role, zero byte, and at most a proposal's 140 bytes.
const MAX_SIGNED_LEN: usize = 160;

/// Role, zero byte, message: what every signature is over. `None` for a message longer than any
/// role's.
#[must_use]
pub fn signing_bytes(role: Role, message: &[u8]) -> Option<SignedBytes> {
    let mut signed = SignedBytes { bytes: [0; MAX_SIGNED_LEN], len: 0 };
    for part in [role.as_str().as_bytes(), &[0], message] {
        let end = signed.len.checked_add(part.len())?;
        signed.bytes.get_mut(signed.len..end)?.copy_from_slice(part);
        signed.len = end;
    }
    Some(signed)
}

/// Bytes ready to be signed or checked.
#[derive(Clone, Copy, Debug)]
pub struct SignedBytes {
    bytes: [u8; MAX_SIGNED_LEN],
    len: usize,
}

impl SignedBytes {
    /// The bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// The longest public key of any signature suite.
pub const MAX_PUBLIC_KEY_LEN: usize = 1_984;
/// The longest signature of any suite.
pub const MAX_SIGNATURE_LEN: usize = 3_373;

/// A signature suite, fixed by the key's record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Suite {
    /// 1: Ed25519 (RFC 8032), strict verification.
    Ed25519,
    /// 2: ML-DSA-44 and Ed25519 together, as id-MLDSA44-Ed25519-SHA512 of
    /// draft-ietf-lamps-pq-composite-sigs-19; both halves must hold.
    MlDsa44Ed25519,
    /// 3: ML-DSA-65 and Ed25519 together, as id-MLDSA65-Ed25519-SHA512 of the same draft.
    MlDsa65Ed25519,
}

impl Suite {
    /// Every suite, ascending by byte.
    pub const ALL: [Self; 3] = [Self::Ed25519, Self::MlDsa44Ed25519, Self::MlDsa65Ed25519];

    /// The suite's byte.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 1,
            Self::MlDsa44Ed25519 => 2,
            Self::MlDsa65Ed25519 => 3,
        }
    }

    /// Length of a public key in bytes.
    #[must_use]
    pub const fn public_key_len(self) -> usize {
        match self {
            Self::Ed25519 => 32,
            Self::MlDsa44Ed25519 => 1_344,
            Self::MlDsa65Ed25519 => MAX_PUBLIC_KEY_LEN,
        }
    }

    /// Length of a signature in bytes.
    #[must_use]
    pub const fn signature_len(self) -> usize {
        match self {
            Self::Ed25519 => 64,
            Self::MlDsa44Ed25519 => 2_484,
            Self::MlDsa65Ed25519 => MAX_SIGNATURE_LEN,
        }
    }

    /// Whether a forger needs to break a post-quantum signature too.
    #[must_use]
    pub const fn is_post_quantum(self) -> bool {
        self.scheme().is_some()
    }

    /// The suite's name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "Ed25519",
            Self::MlDsa44Ed25519 => "ML-DSA-44 + Ed25519",
            Self::MlDsa65Ed25519 => "ML-DSA-65 + Ed25519",
        }
    }

    /// How its two halves are joined; `None` for a suite without halves.
    pub(crate) const fn scheme(self) -> Option<Scheme> {
        match self {
            Self::Ed25519 => None,
            Self::MlDsa44Ed25519 => Some(MLDSA44_ED25519),
            Self::MlDsa65Ed25519 => Some(MLDSA65_ED25519),
        }
    }

    /// The suite of a byte.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.byte() == byte)
    }

    /// Reads a suite byte.
    ///
    /// # Errors
    /// Truncated or unknown.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        let found = reader.u8()?;
        Self::from_byte(found).ok_or_else(|| reader.unknown("signature suite", found))
    }
}

/// A signature does not hold under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BadSignature;

/// A signer's public key: suite and bytes of that suite's length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey<'a> {
    suite: Suite,
    bytes: &'a [u8],
}

impl<'a> PublicKey<'a> {
    /// A key of this suite, or `None` if the length is another suite's.
    #[must_use]
    pub const fn new(suite: Suite, bytes: &'a [u8]) -> Option<Self> {
        if bytes.len() == suite.public_key_len() { Some(Self { suite, bytes }) } else { None }
    }

    /// Reads suite byte and key.
    ///
    /// # Errors
    /// Truncated or unknown suite.
    pub fn read(reader: &mut Reader<'a>) -> Result<Self, Refused> {
        let suite = Suite::read(reader)?;
        Ok(Self { suite, bytes: reader.take(suite.public_key_len())? })
    }

    /// Appends suite byte and key.
    #[cfg(feature = "alloc")]
    pub fn write(&self, writer: &mut crate::wire::Writer) {
        writer.u8(self.suite.byte()).raw(self.bytes);
    }

    /// The suite.
    #[must_use]
    pub const fn suite(&self) -> Suite {
        self.suite
    }

    /// The key's bytes, without the suite.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The key's id.
    #[must_use]
    pub fn id(&self) -> KeyId {
        digest::derive(digest::KEY, &[&[self.suite.byte()], self.bytes]).into()
    }

    /// Whether two keys share a key or half of one.
    #[must_use]
    pub fn shares_half_with(&self, other: &PublicKey<'_>) -> bool {
        let (pq, classic) = self.halves();
        let (other_pq, other_classic) = other.halves();
        classic == other_classic || (!pq.is_empty() && pq == other_pq)
    }

    /// The ML-DSA half (empty in suite 1) and the Ed25519 half.
    fn halves(&self) -> (&'a [u8], &'a [u8]) {
        let pq_len = self.bytes.len().saturating_sub(32);
        self.bytes.split_at_checked(pq_len).unwrap_or((&[], self.bytes))
    }

    /// Checks a signature over role and message.
    ///
    /// # Errors
    /// [`BadSignature`], for whatever reason it does not hold.
    pub fn verify(&self, role: Role, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        let signed = signing_bytes(role, message).ok_or(BadSignature)?;
        let (pq, classic) = self.halves();
        let classic = Ed25519Key::new(classic).ok_or(BadSignature)?;
        match self.suite.scheme() {
            None => classic.verify(signed.as_slice(), signature),
            Some(scheme) => Composite::new(scheme, role.as_str().as_bytes(), signed.as_slice())
                .verify(&classic, || scheme.expand(pq), signature),
        }
    }
}

/// A public key ready to check many signatures: what [`PublicKey::verify`] makes each time is
/// made once. It accepts exactly the same signatures.
#[cfg(feature = "alloc")]
#[derive(Clone, Debug)]
pub(super) struct ExpandedKey {
    classic: Ed25519Key,
    pq: Option<(Scheme, super::ml_dsa::MlDsaKey)>,
}

#[cfg(feature = "alloc")]
impl ExpandedKey {
    /// Expands a key; `None` if no signature can hold under it.
    pub(super) fn new(key: &PublicKey<'_>) -> Option<Self> {
        let (pq, classic) = key.halves();
        let pq = match key.suite.scheme() {
            None => None,
            Some(scheme) => Some((scheme, scheme.expand(pq)?)),
        };
        Some(Self { classic: Ed25519Key::new(classic)?, pq })
    }

    /// As [`PublicKey::verify`].
    pub(super) fn verify(
        &self,
        role: Role,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), BadSignature> {
        let signed = signing_bytes(role, message).ok_or(BadSignature)?;
        match &self.pq {
            None => self.classic.verify(signed.as_slice(), signature),
            Some((scheme, key)) => Composite::new(
                *scheme,
                role.as_str().as_bytes(),
                signed.as_slice(),
            )
            .verify(&self.classic, || Some(key), signature),
        }
    }
}

/// An Ed25519 public key in its only encoding.
#[derive(Clone, Debug)]
pub(super) struct Ed25519Key(VerifyingKey);

impl Ed25519Key {
    /// Decodes a key; `None` if it is no point, or a second encoding of one.
    pub(super) fn new(bytes: &[u8]) -> Option<Self> {
        let bytes = <&[u8; 32]>::try_from(bytes).ok().filter(|bytes| is_canonical(bytes))?;
        VerifyingKey::from_bytes(bytes).ok().map(Self)
    }

    /// Always strict: no keys or R of small order, no second encodings. The library refuses a
    /// second encoding of R and of s, [`Ed25519Key::new`] one of the key.
    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        let signature = <&[u8; 64]>::try_from(signature).map_err(|_| BadSignature)?;
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        self.0.verify_strict(message, &signature).map_err(|_| BadSignature)
    }
}

/// Whether the y coordinate is below 2^255 - 19. (The sign bit of x = 0 needs no check: those
/// points are of small order.)
fn is_canonical(key: &[u8; 32]) -> bool {
    let [low, middle @ .., high] = key;
    !(*high & 0x7f == 0x7f && middle.iter().all(|byte| *byte == 0xff) && *low >= 0xed)
}
