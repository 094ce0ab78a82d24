//! Signatures by other hands: the files of the verifier's own test.
#![expect(missing_docs, reason = "shared with a test crate")]

#[path = "../../../verifier/tests/oracles/composite.rs"]
pub mod composite;
#[path = "../../../verifier/tests/oracles/ed25519.rs"]
pub mod ed25519;
#[path = "../../../verifier/tests/oracles/ml_dsa.rs"]
pub mod ml_dsa;

/// Bytes as people read them.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
