//! Secret keys: what a member or a validator holds. One 32-byte seed each; every key is derived
//! from it under a context of its own, so no key serves two suites or roles.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use ed25519_dalek::{Signer as _, SigningKey};
use ml_dsa::{ExpandedSigningKey, MlDsa44, MlDsa65};
use zeroize::Zeroizing;

use crate::digest::{self, KeyId};
use crate::finality::{Composite, PublicKey, Role, Suite, signing_bytes};
use crate::pcek::v2::WrapSecret;

const MEMBER: &str = "cairn-secret-member:";
const VALIDATOR: &str = "cairn-secret-validator:";
const VALIDATOR_1: &str = "cairn-secret-validator-1:";
const VALIDATOR_3: &str = "cairn-secret-validator-3:";

/// The text is not a secret key file of the wanted kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BadSecret;

impl fmt::Display for BadSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a key file has one line `cairn-secret-member:` (or -validator:) and 64 hex digits",
        )
    }
}

impl core::error::Error for BadSecret {}

/// Reads the one line of a key file that is neither empty nor a `#` comment.
fn parse_seed(text: &str, prefix: &str) -> Result<Zeroizing<[u8; 32]>, BadSecret> {
    let mut lines = text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#'));
    let (Some(line), None) = (lines.next(), lines.next()) else {
        return Err(BadSecret);
    };
    let hex = line.strip_prefix(prefix).ok_or(BadSecret)?;
    digest::parse_hex(hex).map(Zeroizing::new).map_err(|_| BadSecret)
}

fn seed_text(prefix: &str, seed: &[u8; 32]) -> Zeroizing<String> {
    Zeroizing::new(alloc::format!("{prefix}{}", digest::Hash::from_bytes(*seed)))
}

fn derive(context: &str, seed: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(digest::derive(context, &[seed]))
}

/// A member's keys: an Ed25519 key that signs events and requests, an X-Wing key that wraps are
/// made for.
#[derive(Clone)]
pub struct MemberSecret {
    seed: Zeroizing<[u8; 32]>,
    signing: SigningKey,
    wrap: WrapSecret,
}

impl fmt::Debug for MemberSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemberSecret").field("key", &self.key_id()).finish_non_exhaustive()
    }
}

impl MemberSecret {
    /// The keys of a seed.
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> Option<Self> {
        let seed = Zeroizing::new(seed);
        let signing = SigningKey::from_bytes(&derive("cairn v1 secret member ed25519", &seed));
        let wrap = WrapSecret::from_seed(*derive("cairn v1 secret member x-wing", &seed))?;
        Some(Self { seed, signing, wrap })
    }

    /// Reads a member's key file.
    ///
    /// # Errors
    /// [`BadSecret`].
    pub fn parse(text: &str) -> Result<Self, BadSecret> {
        Self::from_seed(*parse_seed(text, MEMBER)?).ok_or(BadSecret)
    }

    /// The line of the key file.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        seed_text(MEMBER, &self.seed)
    }

    /// The Ed25519 public key (suite 1).
    #[must_use]
    pub fn public_key(&self) -> [u8; 32] {
        self.signing.verifying_key().to_bytes()
    }

    /// The id of the Ed25519 public key.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        let key = self.public_key();
        digest::derive(digest::KEY, &[&[Suite::Ed25519.byte()], &key]).into()
    }

    /// The wrap key.
    #[must_use]
    pub const fn wrap(&self) -> &WrapSecret {
        &self.wrap
    }

    /// Signs a message in a role; `None` for a message longer than any role has.
    #[must_use]
    pub fn sign(&self, role: Role, message: &[u8]) -> Option<[u8; 64]> {
        let signed = signing_bytes(role, message)?;
        Some(self.signing.sign(signed.as_slice()).to_bytes())
    }
}

/// A validator's key.
pub struct ValidatorSecret {
    seed: Zeroizing<[u8; 32]>,
    ed25519: SigningKey,
    ml_dsa: MlDsaSecret,
}

/// The ML-DSA half of a validator's key.
enum MlDsaSecret {
    /// Suite 1 has none.
    None,
    Set44(Box<ExpandedSigningKey<MlDsa44>>),
    Set65(Box<ExpandedSigningKey<MlDsa65>>),
}

impl fmt::Debug for ValidatorSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ValidatorSecret(..)")
    }
}

impl ValidatorSecret {
    /// The suite 1 key of a seed: half the work of suite 2, and no match for a quantum computer.
    #[must_use]
    pub fn suite_1_from_seed(seed: [u8; 32]) -> Self {
        let seed = Zeroizing::new(seed);
        let ed25519 = SigningKey::from_bytes(&derive("cairn v1 secret validator 1 ed25519", &seed));
        Self { seed, ed25519, ml_dsa: MlDsaSecret::None }
    }

    /// The suite 2 key of a seed.
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> Self {
        let seed = Zeroizing::new(seed);
        let ed25519 = SigningKey::from_bytes(&derive("cairn v1 secret validator ed25519", &seed));
        let ml_dsa = derive("cairn v1 secret validator ml-dsa-44", &seed);
        let ml_dsa = Box::new(ExpandedSigningKey::from_seed((&*ml_dsa).into()));
        Self { seed, ed25519, ml_dsa: MlDsaSecret::Set44(ml_dsa) }
    }

    /// The suite 3 key of a seed. It shares no half with the suite 2 key.
    #[must_use]
    pub fn suite_3_from_seed(seed: [u8; 32]) -> Self {
        let seed = Zeroizing::new(seed);
        let ed25519 = SigningKey::from_bytes(&derive("cairn v1 secret validator 3 ed25519", &seed));
        let ml_dsa = derive("cairn v1 secret validator 3 ml-dsa-65", &seed);
        let ml_dsa = Box::new(ExpandedSigningKey::from_seed((&*ml_dsa).into()));
        Self { seed, ed25519, ml_dsa: MlDsaSecret::Set65(ml_dsa) }
    }

    /// Reads a validator's key file, of any suite.
    ///
    /// # Errors
    /// [`BadSecret`].
    pub fn parse(text: &str) -> Result<Self, BadSecret> {
        parse_seed(text, VALIDATOR)
            .map(|seed| Self::from_seed(*seed))
            .or_else(|_| parse_seed(text, VALIDATOR_3).map(|seed| Self::suite_3_from_seed(*seed)))
            .or_else(|_| parse_seed(text, VALIDATOR_1).map(|seed| Self::suite_1_from_seed(*seed)))
    }

    /// The line of the key file.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        let prefix = match self.ml_dsa {
            MlDsaSecret::None => VALIDATOR_1,
            MlDsaSecret::Set44(_) => VALIDATOR,
            MlDsaSecret::Set65(_) => VALIDATOR_3,
        };
        seed_text(prefix, &self.seed)
    }

    /// The suite of its signatures.
    #[must_use]
    pub const fn suite(&self) -> Suite {
        match self.ml_dsa {
            MlDsaSecret::None => Suite::Ed25519,
            MlDsaSecret::Set44(_) => Suite::MlDsa44Ed25519,
            MlDsaSecret::Set65(_) => Suite::MlDsa65Ed25519,
        }
    }

    /// The public key: ML-DSA if the suite has it, then Ed25519.
    #[must_use]
    pub fn public_key(&self) -> Vec<u8> {
        let classic = self.ed25519.verifying_key();
        match &self.ml_dsa {
            MlDsaSecret::None => classic.as_bytes().to_vec(),
            MlDsaSecret::Set44(key) => {
                [key.verifying_key().encode().as_slice(), classic.as_bytes()].concat()
            }
            MlDsaSecret::Set65(key) => {
                [key.verifying_key().encode().as_slice(), classic.as_bytes()].concat()
            }
        }
    }

    /// The id of the public key.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        let key = self.public_key();
        PublicKey::new(self.suite(), &key).map_or(KeyId::ZERO, |key| key.id())
    }

    /// Signs a message in a role; `None` for a message longer than any role has.
    #[must_use]
    pub fn sign(&self, role: Role, message: &[u8]) -> Option<Vec<u8>> {
        let signed = signing_bytes(role, message)?;
        let context = role.as_str().as_bytes();
        let composite = || Some(Composite::new(self.suite().scheme()?, context, signed.as_slice()));
        match &self.ml_dsa {
            MlDsaSecret::None => Some(self.ed25519.sign(signed.as_slice()).to_bytes().to_vec()),
            MlDsaSecret::Set44(key) => composite()?.sign(key, &self.ed25519),
            MlDsaSecret::Set65(key) => composite()?.sign(key, &self.ed25519),
        }
    }
}
