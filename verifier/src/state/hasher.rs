//! How the state tree is hashed: BLAKE3 with a key for each role.
//!
//! ```text
//! leaf = keyed(K_leaf, path || record digest)
//! node = keyed(K_node, left || right)
//! root = keyed(K_root, log id || top)
//! ```

use super::Path;
use crate::digest::{self, Hash, LogId};

/// BLAKE3 `derive_key` under "cairn v1 state <role>", over no bytes. A test derives them again.
const LEAF: [u8; 32] = [
    202, 101, 0, 243, 142, 203, 115, 87, 233, 13, 58, 113, 138, 117, 183, 185, 234, 216, 172, 62,
    195, 152, 10, 102, 96, 193, 124, 69, 168, 44, 145, 29,
];
const NODE: [u8; 32] = [
    102, 137, 56, 102, 155, 20, 208, 32, 154, 124, 91, 133, 171, 174, 238, 163, 227, 122, 208, 133,
    59, 173, 150, 3, 161, 16, 246, 230, 198, 152, 17, 230,
];
const ROOT: [u8; 32] = [
    35, 141, 215, 14, 42, 29, 27, 5, 81, 7, 58, 120, 120, 244, 70, 163, 242, 60, 200, 104, 231,
    199, 242, 0, 59, 67, 149, 248, 141, 61, 171, 190,
];

/// The leaf of an encoded record at its path.
#[must_use]
pub fn leaf(path: &Path, record: &[u8]) -> Hash {
    leaf_of_digest(path, &digest::derive(digest::STATE_RECORD, &[record]))
}

/// The leaf of a record known by its digest.
pub(super) fn leaf_of_digest(path: &Path, record: &[u8; 32]) -> Hash {
    keyed(&LEAF, path.as_bytes(), record)
}

/// The node of two halves, of which either may be empty: 32 zero bytes.
#[must_use]
pub fn node(left: &Hash, right: &Hash) -> Hash {
    keyed(&NODE, left.as_bytes(), right.as_bytes())
}

/// What a header of a log carries, of the subtree of all records.
#[must_use]
pub fn root(log: &LogId, top: &Hash) -> Hash {
    keyed(&ROOT, log.as_bytes(), top.as_bytes())
}

fn keyed(key: &[u8; 32], left: &[u8; 32], right: &[u8; 32]) -> Hash {
    let mut block = [0; 64];
    let (first, second) = block.split_at_mut(32);
    first.copy_from_slice(left);
    second.copy_from_slice(right);
    Hash::from_bytes(*blake3::keyed_hash(key, &block).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::derive;

    #[test]
    fn keys_are_what_the_spec_says() {
        for (context, key) in [
            ("cairn v1 state leaf", LEAF),
            ("cairn v1 state node", NODE),
            ("cairn v1 state root", ROOT),
        ] {
            assert_eq!(derive(context, &[]), key, "{context}");
        }
    }
}
