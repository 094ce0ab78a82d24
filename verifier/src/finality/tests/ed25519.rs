//! Ed25519 as strict as SPEC.md says, over Wycheproof and CCTV.

use super::super::key::Ed25519Key;
use crate::outside::{Value, bytes, has_flag, is_valid, load, wycheproof};

fn holds(key: &[u8], case: &Value) -> bool {
    Ed25519Key::new(key)
        .is_some_and(|key| key.verify(&bytes(case, "msg"), &bytes(case, "sig")).is_ok())
}

#[test]
fn wycheproof_verdicts() {
    let count = wycheproof("ed25519", |group, case| {
        let key = bytes(&group["publicKey"], "pk");
        assert_eq!(holds(&key, case), is_valid(case), "{}", case["tcId"]);
    });
    assert_eq!(count, 151);
}

/// Strict verification refuses a signature for any of these, and for nothing else that CCTV knows:
///
/// - the key or R is of small order, so the signature says nothing of the message or the signer;
/// - the key or R is not in its only encoding;
/// - the small-order parts of R and \[k\]A do not cancel: such a signature holds only when multiplied
///   by the cofactor, which we do not.
///
/// A small-order *part* of a key or R is no reason by itself. `reencoded_k` hashes another encoding
/// than it carries, so it always comes with a second encoding.
const REASONS: [&str; 5] =
    ["low_order_A", "low_order_R", "non_canonical_A", "non_canonical_R", "low_order_residue"];
const NO_REASONS: [&str; 3] = ["low_order_component_A", "low_order_component_R", "reencoded_k"];

#[test]
fn cctv_edge_cases_are_refused_by_rule() {
    let file = load("external/cctv/ed25519.json");
    let cases = file.as_array().unwrap();
    let mut held = 0;
    for case in cases {
        for flag in case["flags"].as_array().into_iter().flatten() {
            let flag = flag.as_str().unwrap();
            assert!(REASONS.contains(&flag) || NO_REASONS.contains(&flag), "{flag} is new");
        }
        let refused = REASONS.iter().any(|reason| has_flag(case, reason));
        assert!(refused || !has_flag(case, "reencoded_k"), "{}", case["number"]);
        // Their messages are text, not hex.
        let message = case["msg"].as_str().unwrap().as_bytes();
        let found = Ed25519Key::new(&bytes(case, "key"))
            .is_some_and(|key| key.verify(message, &bytes(case, "sig")).is_ok());
        assert_eq!(found, !refused, "{}: {}", case["number"], case["flags"]);
        held += usize::from(found);
    }
    assert_eq!((cases.len(), held), (914, 43));
}
