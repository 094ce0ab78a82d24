//! The ML-DSA half of suites 2 and 3. No other file names the implementation for verifying, so
//! another one is a change of this file alone.

use ml_dsa::{EncodedSignature, EncodedVerifyingKey, MlDsa44, MlDsa65, MlDsaParams, VerifyingKey};

use super::key::BadSignature;

/// A parameter set of FIPS 204.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ParameterSet {
    /// ML-DSA-44, category 2.
    Set44,
    /// ML-DSA-65, category 3.
    Set65,
}

/// A public key whose matrix is expanded: half of the work of one verification, done once.
#[derive(Clone, Debug)]
#[cfg_attr(
    not(feature = "alloc"),
    expect(clippy::large_enum_variant, reason = "boxing needs an allocator")
)]
pub(super) enum MlDsaKey {
    /// Of ML-DSA-44.
    Set44(VerifyingKey<MlDsa44>),
    /// Of ML-DSA-65.
    Set65(VerifyingKey<MlDsa65>),
}

impl MlDsaKey {
    /// Expands a key; `None` if it has another length than the set's keys.
    pub(super) fn expand(set: ParameterSet, key: &[u8]) -> Option<Self> {
        match set {
            ParameterSet::Set44 => decode(key).map(Self::Set44),
            ParameterSet::Set65 => decode(key).map(Self::Set65),
        }
    }

    /// ML-DSA.Verify (FIPS 204, algorithm 3).
    pub(super) fn verify(
        &self,
        message: &[u8],
        context: &[u8],
        signature: &[u8],
    ) -> Result<(), BadSignature> {
        match self {
            Self::Set44(key) => verify(key, message, context, signature),
            Self::Set65(key) => verify(key, message, context, signature),
        }
    }
}

fn decode<P: MlDsaParams>(key: &[u8]) -> Option<VerifyingKey<P>> {
    let key = <&EncodedVerifyingKey<P>>::try_from(key).ok()?;
    Some(VerifyingKey::decode(key))
}

fn verify<P: MlDsaParams>(
    key: &VerifyingKey<P>,
    message: &[u8],
    context: &[u8],
    signature: &[u8],
) -> Result<(), BadSignature> {
    let encoded = <&EncodedSignature<P>>::try_from(signature).map_err(|_| BadSignature)?;
    let decoded = ml_dsa::Signature::<P>::decode(encoded).ok_or(BadSignature)?;
    if key.verify_with_context(message, context, &decoded) { Ok(()) } else { Err(BadSignature) }
}
