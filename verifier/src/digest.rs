//! 32-byte digests, one type per thing digested, and the hash that makes them.
//!
//! Every digest is BLAKE3 in `derive_key` mode under a context string of its own, so a digest
//! of one kind can never stand for another.

use core::fmt;
use core::str::FromStr;

/// The length of every digest in bytes.
pub const DIGEST_LEN: usize = 32;

/// Context of the log id: the digest of the genesis bytes.
pub const GENESIS: &str = "cairn v1 genesis";
/// Context of a header digest, which is also the block id that validators sign.
pub const HEADER: &str = "cairn v1 header";
/// Context of a validator set's digest.
pub const VALIDATOR_SET: &str = "cairn v1 validator set";
/// Context of a key id: suite byte, then public key.
pub const KEY: &str = "cairn v1 key";
/// Context of an event id: the digest of the event body.
pub const EVENT: &str = "cairn v1 event";
/// Context of the digest of a public payload.
pub const PUBLIC_PAYLOAD: &str = "cairn v1 public payload";
/// Context of the digest of a sealed payload's nonce and ciphertext.
pub const CIPHERTEXT: &str = "cairn v1 ciphertext";
/// Context of the digest that a sealed payload is bound to.
pub const CONTEXT: &str = "cairn v1 context";
/// Context of a key commitment: the digest of a message key.
pub const KEY_COMMITMENT: &str = "cairn v1 key commitment";
/// Context of the blind of one field: message key, then the field's number.
pub const FIELD_BLIND: &str = "cairn v1 field blind";
/// Context of the entry digest of a field tree's first leaf, the list of names.
pub const FIELD_NAMES: &str = "cairn v1 field names";
/// Context of the entry digest of one field.
pub const FIELD: &str = "cairn v1 field";
/// Context of the digest of a signed request.
pub const REQUEST: &str = "cairn v1 request";
/// Context of a state record's path: over its kind and key.
pub const STATE_PATH: &str = "cairn v1 state path";
/// Context of a state record's digest.
pub const STATE_RECORD: &str = "cairn v1 state record";

/// Context of the digest over all system events.
pub const STATE_SYSTEM: &str = "cairn v1 state system";

/// BLAKE3 `derive_key` over the concatenation of `parts`.
#[must_use]
pub fn derive(context: &str, parts: &[&[u8]]) -> [u8; DIGEST_LEN] {
    let mut hasher = blake3::Hasher::new_derive_key(context);
    for part in parts {
        hasher.update(part);
    }
    *hasher.finalize().as_bytes()
}

/// Writes bytes as lower-case hex.
pub(crate) fn write_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

/// The text was not the hex form of a digest: exactly 64 lower-case hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotHex;

impl fmt::Display for NotHex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected 64 lower-case hex digits")
    }
}

impl core::error::Error for NotHex {}

/// Reads 64 lower-case hex digits; upper case is refused, so one digest has one text.
///
/// # Errors
/// [`NotHex`] for any other text.
pub fn parse_hex(text: &str) -> Result<[u8; DIGEST_LEN], NotHex> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != DIGEST_LEN || !rest.is_empty() {
        return Err(NotHex);
    }
    let mut bytes = [0; DIGEST_LEN];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        let high = hex_digit(*high).ok_or(NotHex)?;
        *byte = high << 4 | hex_digit(*low).ok_or(NotHex)?;
    }
    Ok(bytes)
}

const fn hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => digit.checked_sub(b'0'),
        b'a'..=b'f' => digit.checked_sub(b'a' - 10),
        _ => None,
    }
}

macro_rules! digest_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; DIGEST_LEN]);

        impl $name {
            /// All bits zero: stands for "there is none" where the spec says so.
            pub const ZERO: Self = Self([0; DIGEST_LEN]);

            /// Takes the bytes as they are; whether they are the digest of anything is a claim.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; DIGEST_LEN]) -> Self {
                Self(bytes)
            }

            /// The 32 bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; DIGEST_LEN] {
                &self.0
            }
        }

        impl From<[u8; DIGEST_LEN]> for $name {
            fn from(bytes: [u8; DIGEST_LEN]) -> Self {
                Self(bytes)
            }
        }

        impl FromStr for $name {
            type Err = NotHex;
            fn from_str(text: &str) -> Result<Self, NotHex> {
                parse_hex(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_hex(f, &self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    };
}

digest_type! {
    /// Identity of a log: the digest of its genesis.
    LogId
}
digest_type! {
    /// Identity of a header, and so of a block and a checkpoint.
    HeaderDigest
}
digest_type! {
    /// Identity of a validator set.
    SetDigest
}
digest_type! {
    /// Identity of a public key under its suite.
    KeyId
}
digest_type! {
    /// Identity of an event: the digest of its body.
    EventId
}
digest_type! {
    /// A stream's id, chosen when the stream is made.
    StreamId
}
digest_type! {
    /// Any node of a Merkle tree, leaf hashes and roots included.
    Hash
}
digest_type! {
    /// Digest of a payload as stored: a public payload's bytes, or a nonce and ciphertext.
    PayloadDigest
}
digest_type! {
    /// Digest of a message key.
    KeyCommitment
}
digest_type! {
    /// What a sealed payload is bound to: the event body up to its payload tag.
    ContextDigest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outside::{array, list, load};

    #[test]
    fn derived_digests_are_blake3s() {
        let file = load("external/blake3/test_vectors.json");
        let context = file["context_string"].as_str().unwrap();
        let cases = list(&file, "cases");
        for case in cases {
            // Their input is the bytes 0 to 250 over and over; in how many parts is no matter.
            let len = usize::try_from(case["input_len"].as_u64().unwrap()).unwrap();
            let input: alloc::vec::Vec<u8> = (0..=250).cycle().take(len).collect();
            let want = array(case, "derive_key");
            assert_eq!(derive(context, &[&input]), want, "{len}");
            let (first, rest) = input.split_at(len / 3);
            assert_eq!(derive(context, &[first, &[], rest]), want, "{len}");
        }
        assert_eq!(cases.len(), 35);
    }

    #[test]
    fn hex_has_one_form() {
        let text = "00ff0123456789abcdef00ff0123456789abcdef00ff0123456789abcdef0000";
        let id: LogId = text.parse().unwrap();
        assert_eq!(alloc::format!("{id}"), text);
        assert_eq!(text.to_uppercase().parse::<LogId>(), Err(NotHex));
        assert_eq!(text[1..].parse::<LogId>(), Err(NotHex));
        assert_eq!("".parse::<LogId>(), Err(NotHex));
    }
}
