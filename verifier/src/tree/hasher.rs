//! The two ways to hash a tree.

use sha2::{Digest as _, Sha256};

use super::keys::{EVENT, FIELD, HEADER, Keys};
use super::{Join, TreeSize};
use crate::digest::{DIGEST_LEN, Hash};

/// How inner nodes and the root are made. Leaves differ in what they hash, so each hasher has
/// its own `leaf`.
pub trait TreeHasher {
    /// Whether the root is more than the bagged peaks. Then an old root cannot stand for an
    /// old node, and every consistency proof carries the old tree's first node.
    const ROOT_IS_WRAPPED: bool;

    /// Joins two hashes.
    fn join(&self, join: Join, left: &Hash, right: &Hash) -> Hash;

    /// The root of a tree of `size` leaves whose bagged peaks are `bagged` (`None` when empty).
    fn root(&self, size: TreeSize, bagged: Option<&Hash>) -> Hash;
}

/// Which tree: each kind has keys of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "version 1 has three trees")]
pub enum Kind {
    /// All events of a log. Entry digest: the event id. Domain: the log id.
    Event,
    /// All earlier headers. Entry digest: the header digest. Domain: the log id.
    Header,
    /// The fields of one payload. Domain: the context digest.
    Field,
}

/// BLAKE3 in keyed mode, one key for every role and height.
///
/// ```text
/// leaf  = keyed(K_leaf, be64(index) || entry digest)
/// node  = keyed(K_node with its last byte XOR height, left || right)
/// bag   = keyed(K_bag, peak || rest)
/// root  = keyed(K_root, domain || be64(size) || bagged peaks)     nothing after the size when empty
/// ```
#[derive(Clone, Copy)]
pub struct Blake3 {
    keys: &'static Keys,
    domain: [u8; DIGEST_LEN],
}

impl core::fmt::Debug for Blake3 {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Blake3").finish_non_exhaustive()
    }
}

impl Blake3 {
    /// The tree of this kind for one log (or, for fields, one payload).
    #[must_use]
    pub const fn new(kind: Kind, domain: [u8; DIGEST_LEN]) -> Self {
        let keys = match kind {
            Kind::Event => &EVENT,
            Kind::Header => &HEADER,
            Kind::Field => &FIELD,
        };
        Self { keys, domain }
    }

    /// The leaf at `index` for an entry's digest.
    #[must_use]
    pub fn leaf(&self, index: u64, entry: &[u8; DIGEST_LEN]) -> Hash {
        let mut block = [0; 40];
        let (place, digest) = block.split_at_mut(8);
        place.copy_from_slice(&index.to_be_bytes());
        digest.copy_from_slice(entry);
        keyed(&self.keys.leaf, &block)
    }
}

impl TreeHasher for Blake3 {
    const ROOT_IS_WRAPPED: bool = true;

    fn join(&self, join: Join, left: &Hash, right: &Hash) -> Hash {
        let mut block = [0; 64];
        let (first, second) = block.split_at_mut(32);
        first.copy_from_slice(left.as_bytes());
        second.copy_from_slice(right.as_bytes());
        match join {
            Join::Bag => keyed(&self.keys.bag, &block),
            Join::Node { height } => {
                let mut key = self.keys.node;
                let [.., last] = &mut key;
                *last ^= height;
                keyed(&key, &block)
            }
        }
    }

    fn root(&self, size: TreeSize, bagged: Option<&Hash>) -> Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.keys.root);
        hasher.update(&self.domain).update(&size.get().to_be_bytes());
        if let Some(bagged) = bagged {
            hasher.update(bagged.as_bytes());
        }
        Hash::from_bytes(*hasher.finalize().as_bytes())
    }
}

fn keyed(key: &[u8; 32], input: &[u8]) -> Hash {
    Hash::from_bytes(*blake3::keyed_hash(key, input).as_bytes())
}

/// The tree of RFC 6962 section 2.1 and RFC 9162 section 2.1, for the witness ecosystem.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "the standard tree has no parameters")]
pub struct Rfc6962Sha256;

impl Rfc6962Sha256 {
    /// The leaf for an entry's bytes.
    #[must_use]
    pub fn leaf(data: &[u8]) -> Hash {
        sha256(&[&[0], data])
    }
}

impl TreeHasher for Rfc6962Sha256 {
    const ROOT_IS_WRAPPED: bool = false;

    fn join(&self, _join: Join, left: &Hash, right: &Hash) -> Hash {
        sha256(&[&[1], left.as_bytes(), right.as_bytes()])
    }

    fn root(&self, _size: TreeSize, bagged: Option<&Hash>) -> Hash {
        bagged.copied().unwrap_or_else(|| sha256(&[]))
    }
}

fn sha256(parts: &[&[u8]]) -> Hash {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    Hash::from_bytes(hasher.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::derive;
    use crate::outside::{array, list, load};

    #[test]
    fn keys_are_what_the_spec_says() {
        for (kind, keys) in [("event", &EVENT), ("header", &HEADER), ("field", &FIELD)] {
            let roles =
                [("leaf", keys.leaf), ("node", keys.node), ("bag", keys.bag), ("root", keys.root)];
            for (role, key) in roles {
                let context = alloc::format!("cairn v1 {kind} {role}");
                assert_eq!(derive(&context, &[]), key, "{context}");
            }
        }
    }

    #[test]
    fn keyed_hashes_are_blake3s() {
        let file = load("external/blake3/test_vectors.json");
        let key = file["key"].as_str().unwrap().as_bytes().try_into().unwrap();
        let cases = list(&file, "cases");
        for case in cases {
            // Their input is the bytes 0 to 250 over and over.
            let len = usize::try_from(case["input_len"].as_u64().unwrap()).unwrap();
            let input: alloc::vec::Vec<u8> = (0..=250).cycle().take(len).collect();
            assert_eq!(keyed(key, &input).as_bytes(), &array(case, "keyed_hash"), "{len}");
        }
        assert_eq!(cases.len(), 35);
    }
}
