//! SPEC.md written a second time, for what the verifier should say: slow, from the top, and with
//! all secret keys at hand. It shares decoders with the verifier, which have targets of their own.

pub mod evidence;
pub mod payload;
pub mod receipt;
pub mod signature;
pub mod state;
pub mod terms;
pub mod tree;
pub mod trust;

use cairn_verifier::digest::HeaderDigest;
use cairn_verifier::finality::Header;

/// An error code, as in SPEC.md.
pub type Code = &'static str;

/// Refuses with a code unless something holds.
///
/// # Errors
/// The code.
pub const fn expect(holds: bool, code: Code) -> Result<(), Code> {
    if holds { Ok(()) } else { Err(code) }
}

/// `derive(context, bytes)`.
#[must_use]
pub fn derive(context: &str, parts: &[&[u8]]) -> [u8; 32] {
    *blake3::Hasher::new_derive_key(context).update(&parts.concat()).finalize().as_bytes()
}

/// The digest of a header.
#[must_use]
pub fn header_digest(header: &Header) -> HeaderDigest {
    derive("cairn v1 header", &[&header.encode()]).into()
}
