//! Verifies receipts and all other proofs on a machine without an operating system, the standard library or an
//! allocator. That this links for a bare target is the test: if any crate below needed an
//! allocator, the linker would ask for one.
#![forbid(unsafe_code)]
#![cfg_attr(target_os = "none", no_std)]

use cairn_verifier::digest::Hash;
use cairn_verifier::evidence::{self, VerifiedEvidence};
use cairn_verifier::state::{End, Record, RecordKey, StateProof, verify_absent, verify_present};
use cairn_verifier::tree::{
    BatchProof, Blake3, InclusionError, Kind, Leaf, Peaks, TileError, TreeSize,
    verify_batch_inclusion, verify_leaf_in_tiles,
};
use cairn_verifier::{Budget, Error, FinalHeader, TrustAnchor, UnixMillis, receipt};

/// The whole check, so that all of its code is linked.
///
/// # Errors
/// Whatever the verifier finds.
pub fn check(bytes: &[u8], anchor: TrustAnchor, now: UnixMillis) -> Result<u64, Error> {
    receipt::verify(bytes, anchor, now, &mut ()).map(|receipt| receipt.event().index())
}

/// Evidence, from any kind of it.
///
/// # Errors
/// Whatever the verifier finds.
pub fn contradiction(bytes: &[u8], anchor: TrustAnchor) -> Result<VerifiedEvidence, Error> {
    evidence::verify(bytes, anchor, Budget::DEFAULT)
}

/// A record that is in the state, and a key that is not.
///
/// # Errors
/// Whatever the verifier finds.
pub fn state(
    header: &FinalHeader,
    (record, proof): (&[u8], &[u8]),
    (key, end, absence): (&[u8], &[u8], &[u8]),
) -> Result<(), Error> {
    verify_present(header, &Record::decode(record)?, &StateProof::decode(proof)?)?;
    let (key, end) = (RecordKey::decode(key)?, End::decode(end)?);
    verify_absent(header, &key, &end, &StateProof::decode(absence)?).map(drop)
}

/// Many leaves at once, and the peaks they leave behind.
///
/// # Errors
/// Whatever the verifier finds.
pub fn batch(
    tree: &Blake3,
    leaves: &[(u64, Hash)],
    (size, root): (TreeSize, &Hash),
    proof: BatchProof<'_>,
) -> Result<Hash, InclusionError> {
    verify_batch_inclusion(tree, size, leaves, proof, root)?;
    let mut peaks = Peaks::empty();
    for (_, leaf) in leaves {
        let _grown = peaks.append(tree, *leaf);
    }
    Ok(peaks.root(tree))
}

/// A leaf out of whole tiles.
///
/// # Errors
/// Whatever the verifier finds.
pub fn tile(leaf: Leaf, hash: Hash, root: &Hash, tile: &[[u8; 32]]) -> Result<Leaf, TileError> {
    let tree = Blake3::new(Kind::Event, [0; 32]);
    verify_leaf_in_tiles(&tree, leaf, hash, root, |_| Some(tile))
}

#[cfg(target_os = "none")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
