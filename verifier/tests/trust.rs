//! Checkpoints, `Extends`, genesis and sets outside a receipt.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test crate"
)]

mod kit;

use cairn_verifier::digest::Hash;
use cairn_verifier::finality::{Suite, ValidatorSet};
use cairn_verifier::tree::{Blake3, Kind, Proof, top_of_leaves};
use cairn_verifier::trust::{ExtendsProof, FinalityProof, TrustedValidators, verify_extends};
use cairn_verifier::wire::Writer;
use cairn_verifier::{FinalHeader, UnixMillis};
use kit::{Council, Kit, Signer, four, small_log};

fn checkpoint(kit: &Kit, height: usize) -> FinalHeader {
    let block = &kit.blocks[height];
    let mut writer = Writer::new();
    writer.u8(1).u8(b'C').raw(&kit.genesis_base()).u16(0).raw(&block.header.encode());
    let bytes = writer.u8(1).raw(&block.certificate).clone().into_bytes();
    let proof = FinalityProof::decode(&bytes).unwrap();
    proof.verify(kit.anchor(), kit.now(), &mut ()).unwrap().0
}

/// By the recursive definition, for a wrapped root.
fn consistency(tree: &Blake3, old: usize, leaves: &[Hash]) -> Vec<[u8; 32]> {
    if old == leaves.len() {
        return vec![*top_of_leaves(tree, leaves).as_bytes()];
    }
    let half = leaves.len().next_power_of_two() / 2;
    let (left, right) = leaves.split_at(half);
    let (mut proof, sibling) = if old <= half {
        (consistency(tree, old, left), top_of_leaves(tree, right))
    } else {
        (consistency(tree, old - half, right), top_of_leaves(tree, left))
    };
    proof.push(*sibling.as_bytes());
    proof
}

#[test]
fn a_new_header_extends_an_old_one() {
    let kit = small_log(30, four(1));
    let tree = Blake3::new(Kind::Event, *kit.log.as_bytes());
    let (old, new) = (checkpoint(&kit, 1), checkpoint(&kit, 2));
    let header = kit.header_proof(1, 2);
    let events = consistency(&tree, 7, &kit.event_leaves());
    let proof = ExtendsProof { header: Proof::new(&header), events: Proof::new(&events) };
    let extends = verify_extends(&old, &new, &proof).unwrap();
    assert_eq!(extends.old().digest(), old.digest());
    assert_eq!(ExtendsProof::decode(&proof.encode()).unwrap(), proof);

    let code = |old, new, proof| verify_extends(old, new, proof).unwrap_err().code();
    assert_eq!(code(&new, &old, &proof), "trust-height-not-above");
    let none = ExtendsProof { header: Proof::new(&[]), events: Proof::new(&[]) };
    assert_eq!(code(&old, &new, &none), "inclusion-proof-length");
    assert!(verify_extends(&old, &old, &none).is_ok());
    assert_eq!(code(&old, &old, &proof), "inclusion-proof-length");
    let surplus = ExtendsProof { header: Proof::new(&[]), events: Proof::new(&events) };
    assert_eq!(code(&old, &old, &surplus), "consistency-proof-length");
    let mut bent = events.clone();
    bent[0][0] ^= 1;
    let bent = ExtendsProof { header: Proof::new(&header), events: Proof::new(&bent) };
    assert_eq!(code(&old, &new, &bent), "consistency-old-root-mismatch");
    let mut bent = events.clone();
    bent[1][0] ^= 1;
    let bent = ExtendsProof { header: Proof::new(&header), events: Proof::new(&bent) };
    assert!(code(&old, &new, &bent).starts_with("consistency-"));
}

#[test]
fn a_rewritten_history_is_no_extension() {
    // Two logs of one genesis whose validators signed both: a fork.
    let kit = small_log(31, four(1));
    let mut fork = Kit::new(31, four(1));
    fork.push_plain(3);
    fork.block(None);
    fork.push_plain(5);
    fork.block(None);
    fork.push_plain(4);
    fork.block(None);
    let (old, new) = (checkpoint(&kit, 1), checkpoint(&fork, 2));
    let header = fork.header_proof(1, 2);
    let tree = Blake3::new(Kind::Event, *kit.log.as_bytes());
    let events = consistency(&tree, 7, &fork.event_leaves());
    let proof = ExtendsProof { header: Proof::new(&header), events: Proof::new(&events) };
    let error = verify_extends(&old, &new, &proof).unwrap_err();
    assert_eq!(error.code(), "inclusion-root-mismatch");
    let none = ExtendsProof { header: Proof::new(&[]), events: Proof::new(&[]) };
    let same_height = verify_extends(&checkpoint(&kit, 1), &checkpoint(&fork, 1), &none);
    assert_eq!(same_height.unwrap_err().code(), "trust-other-parent");
    let other_log = small_log(32, four(1));
    let other = verify_extends(&old, &checkpoint(&other_log, 2), &proof);
    assert_eq!(other.unwrap_err().code(), "trust-other-log");
}

#[test]
fn sets_are_strict() {
    let entry = |seed: u8, power| (Suite::Ed25519, Signer::classic(seed).public(), power);
    let refused = |entries: &[_]| cairn_verifier::finality::encode_set(entries).unwrap_err().code();
    assert_eq!(refused(&[]), "decode-not-canonical");
    assert_eq!(refused(&[entry(1, 0)]), "decode-not-canonical");
    assert_eq!(refused(&[entry(1, 1 << 62)]), "decode-out-of-range");
    assert_eq!(refused(&[entry(1, 1 << 61), entry(2, 1 << 61)]), "decode-out-of-range");
    assert_eq!(refused(&[entry(1, 1), entry(1, 1)]), "decode-not-ascending");
    let many: Vec<_> = (0..101).map(|n| entry(n, 1)).collect();
    assert_eq!(refused(&many), "decode-out-of-range");
    let bytes = Council::new((0..100).map(|n| (Signer::classic(n), 1)).collect()).bytes;
    let set = ValidatorSet::decode(&bytes).unwrap();
    assert_eq!((set.count(), set.total_power()), (100, 100));
    let longer = [&bytes[..], &[0]].concat();
    assert_eq!(ValidatorSet::decode(&longer).unwrap_err().code(), "decode-trailing-bytes");
}

#[test]
fn one_entry_with_a_third_is_said_so() {
    for (powers, third) in [([1, 1, 1, 1], false), ([2, 2, 1, 1], true), ([9, 1, 1, 1], true)] {
        let signers = (1..).zip(powers).map(|(n, power)| (Signer::classic(n), power)).collect();
        let kit = small_log(33, Council::new(signers));
        let standing = checkpoint(&kit, 2).standing();
        assert_eq!(standing.concentrated.is_some(), third, "{powers:?}");
    }
}

#[test]
fn a_followed_handover_retires_the_old_set() {
    let mut kit = small_log(34, four(1));
    kit.block(None);
    kit.block(Some(four(20)));
    kit.block(None);
    let bytes = kit.parts(0).encode();
    let receipt = cairn_verifier::receipt::Receipt::decode(&bytes).unwrap();
    let now: UnixMillis = kit.now();
    let trusted = TrustedValidators::from_base(kit.anchor(), &receipt.finality.base).unwrap();
    assert_eq!((trusted.epoch(), trusted.newest().is_none()), (0, true));
    let handover = receipt.finality.handovers.iter().next().unwrap();
    let next = trusted.follow(&handover, now, &mut ()).unwrap();
    assert_eq!((next.epoch(), next.newest().unwrap().header().height), (1, 4));
    let again = next.follow(&handover, now, &mut ()).unwrap_err();
    assert_eq!(again.code(), "trust-height-not-above");
}
