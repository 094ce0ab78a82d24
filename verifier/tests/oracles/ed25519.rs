//! Ed25519 by the rule of SPEC.md, and what others say of the same bytes.
//!
//! Ours is strict. Where others differ, it is for one of these reasons:
//!
//! | who | accepts beside ours |
//! |---|---|
//! | `ed25519-dalek`, `verify_strict` | keys in a second encoding |
//! | `ed25519-dalek`, `verify` | these, and keys and R of small order |
//! | `ed25519-compact` | second encodings of key and R; equations that hold only after multiplying by the cofactor |
//!
//! And whatever ours accepts, all of them accept.

use cairn_verifier::finality::{PublicKey, Role, Suite, signing_bytes};
use curve25519_dalek::edwards::CompressedEdwardsY;
use curve25519_dalek::traits::IsIdentity as _;
use curve25519_dalek::{EdwardsPoint, Scalar};
use sha2::{Digest as _, Sha512};

use super::hex;

/// What is to be said of one signature, by the definition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a clause of the definition")]
pub struct Shape {
    /// Key, R and s decode at all, and s is below the group order.
    pub readable: bool,
    /// Key and R are in their only encodings.
    pub key_canonical: bool,
    pub r_canonical: bool,
    /// Key or R is of small order.
    pub key_small: bool,
    pub r_small: bool,
    /// `sB = R + kA`.
    pub exact: bool,
    /// The same, times 8.
    pub cofactored: bool,
}

impl Shape {
    /// Of a signature over these bytes, without a role.
    pub fn of(key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> Self {
        Self::read(key, message, signature).unwrap_or_default()
    }

    fn read(key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> Option<Self> {
        let (r, s) = signature.split_first_chunk::<32>()?;
        let a = CompressedEdwardsY(*key).decompress()?;
        let point = CompressedEdwardsY(*r).decompress()?;
        let s = Option::<Scalar>::from(Scalar::from_canonical_bytes(s.try_into().ok()?))?;
        let k = challenge(r, key, message);
        let difference = EdwardsPoint::mul_base(&s) - point - a * k;
        Some(Self {
            readable: true,
            key_canonical: a.compress().as_bytes() == key,
            r_canonical: point.compress().as_bytes() == r,
            key_small: a.is_small_order(),
            r_small: point.is_small_order(),
            exact: difference.is_identity(),
            cofactored: difference.is_small_order(),
        })
    }

    /// SPEC.md, "Keys and signatures".
    pub fn holds(&self) -> bool {
        let canonical = self.readable && self.key_canonical && self.r_canonical;
        canonical && !self.key_small && !self.r_small && self.exact
    }
}

/// `SHA-512(R || A || M)` as a number.
pub fn challenge(r: &[u8; 32], key: &[u8; 32], message: &[u8]) -> Scalar {
    let hash = Sha512::new().chain_update(r).chain_update(key).chain_update(message);
    Scalar::from_bytes_mod_order_wide(&hash.finalize().into())
}

/// Asks everyone about a signature in a role, and fails where one differs without a reason.
pub fn judge(key: &[u8; 32], role: Role, message: &[u8; 32], signature: &[u8; 64]) -> Shape {
    let signed = signing_bytes(role, message).unwrap();
    let shape = Shape::of(key, signed.as_slice(), signature);
    let ours = PublicKey::new(Suite::Ed25519, key).unwrap().verify(role, message, signature);
    let ours = ours.is_ok();
    let [strict, plain] = dalek(key, signed.as_slice(), signature);
    let compact = ed25519_compact::PublicKey::new(*key)
        .verify(signed.as_slice(), &ed25519_compact::Signature::new(*signature))
        .is_ok();

    let second_encoding = !shape.key_canonical;
    let small = shape.key_small || shape.r_small;
    for (who, said, allowed) in [
        ("the definition", shape.holds(), false),
        ("dalek strict", strict, second_encoding),
        ("dalek plain", plain, second_encoding || small),
        ("compact", compact, second_encoding || !shape.r_canonical || !shape.exact),
    ] {
        let explained = said == ours || (said && allowed && shape.cofactored);
        assert!(
            explained,
            "{who} says {said}, ours {ours}: {shape:?} key {} signed {} signature {}",
            hex(key),
            hex(signed.as_slice()),
            hex(signature)
        );
    }
    shape
}

/// Strictly, and as RFC 8032 leaves it open.
#[expect(clippy::disallowed_methods, reason = "to compare with")]
fn dalek(key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> [bool; 2] {
    use ed25519_dalek::Verifier as _;
    let signature = ed25519_dalek::Signature::from_bytes(signature);
    ed25519_dalek::VerifyingKey::from_bytes(key).map_or([false; 2], |key| {
        [key.verify_strict(message, &signature).is_ok(), key.verify(message, &signature).is_ok()]
    })
}
