//! Checkpoints, `Extends`, genesis and sets outside a receipt.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test crate"
)]

mod kit;

use cairn_verifier::digest::Hash;
use cairn_verifier::finality::{
    Certificate, ExpandedKeys, Suite, ValidatorSet, encode_certificate,
};
use cairn_verifier::tree::{Blake3, Kind, Proof, top_of_leaves};
use cairn_verifier::trust::{ExtendsProof, FinalityProof, TrustedValidators, verify_extends};
use cairn_verifier::wire::Writer;
use cairn_verifier::{FinalHeader, Terms, UnixMillis};
use kit::{Council, Kit, Signer, four, small_log};

fn checkpoint(kit: &Kit, height: usize) -> FinalHeader {
    let bytes = checkpoint_file(kit, height);
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

fn checkpoint_file(kit: &Kit, height: usize) -> Vec<u8> {
    let block = &kit.blocks[height];
    let mut writer = Writer::new();
    writer.u8(1).u8(b'C').raw(&kit.genesis_base()).u16(0).raw(&block.header.encode());
    writer.u8(1).raw(&block.certificate).clone().into_bytes()
}

/// With expanded keys the same certificates hold and the same fail, of every suite.
#[test]
fn expanded_keys_accept_the_same() {
    let signers = vec![
        (Signer::classic(40), 1),
        (Signer::hybrid(41), 1),
        (Signer::hybrid_3(42), 1),
        (Signer::hybrid_3(43), 1),
    ];
    let kit = small_log(31, Council::new(signers));
    let file = checkpoint_file(&kit, 2);
    let set = kit.council().set();
    let keys = ExpandedKeys::of(&set);
    let other = ExpandedKeys::of(&set);
    assert_eq!(keys.expanded(), 0);
    let verify = |file: &[u8], keys: &ExpandedKeys| {
        let proof = FinalityProof::decode(file).unwrap();
        let plain = proof.verify(kit.anchor(), kit.now(), &mut ()).map(|(header, _)| header);
        let fast = proof.verify(kit.anchor(), Terms::at(kit.now()).with_keys(keys), &mut ());
        assert_eq!(plain, fast.map(|(header, _)| header));
        plain
    };
    assert!(verify(&file, &keys).is_ok());
    assert_eq!(keys.expanded(), 3, "one for each vote");
    assert!(verify(&file, &keys).is_ok());
    let certificate = file.len() - kit.blocks[2].certificate.len();
    let mut at = certificate + 6;
    for vote in Certificate::decode(&kit.blocks[2].certificate).unwrap().votes() {
        let signature = at + 2;
        at = signature + vote.signature.len();
        for bit in [signature, signature + 31, signature + 40, at - 64, at - 33, at - 1] {
            let mut bent = file.clone();
            bent[bit] ^= 1;
            assert_eq!(verify(&bent, &keys).unwrap_err().code(), "finality-bad-vote", "{bit}");
            assert_eq!(verify(&bent, &other).unwrap_err().code(), "finality-bad-vote", "{bit}");
        }
    }
    assert_eq!(at, file.len());

    // Keys of another set are not used.
    let strangers = four(50);
    let strangers = ExpandedKeys::of(&strangers.set());
    assert!(verify(&file, &strangers).is_ok());
    assert_eq!(strangers.expanded(), 0);
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
fn no_certificate_is_encoded_that_does_not_decode() {
    let vote = |index| (index, Suite::Ed25519, vec![7; 64]);
    let encode = |votes: &[_]| encode_certificate(0, votes).map_err(|error| error.code());
    assert!(encode(&[vote(0), vote(1)]).is_ok());
    assert_eq!(encode(&[vote(1), vote(1)]), Err("decode-not-ascending"));
    assert_eq!(encode(&[vote(2), vote(1)]), Err("decode-not-ascending"));
    assert_eq!(encode(&[(0, Suite::Ed25519, vec![7; 63])]), Err("decode-truncated"));
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

/// A genesis by hand: what `GenesisDraft` would never write.
fn genesis(bend: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.u8(1).u8(b'G').raw(&[7; 32]).u64(kit::GENESIS_TIME);
    bend(&mut writer);
    writer.into_bytes()
}

#[test]
fn a_genesis_is_strict() {
    use cairn_verifier::trust::Genesis;
    let set = four(1).bytes;
    let refused = |bytes: Vec<u8>| Genesis::decode(&bytes).map_or_else(|e| e.code(), |_| "ok");
    let with = |gate: u32, flag: u8, rest: &[u8]| {
        genesis(|writer| {
            writer.u32(gate).u64(0).u8(flag).raw(&set).raw(rest);
        })
    };
    let stream =
        |id: u8, name: &str| [&[id; 32][..], &[name.len() as u8], name.as_bytes()].concat();
    let member = |name: &str, keys: &[u8]| [&[name.len() as u8], name.as_bytes(), keys].concat();
    let members = |list: &[Vec<u8>]| [&[0, list.len() as u8][..], &list.concat(), &[0, 0]].concat();
    let streams = |list: &[Vec<u8>]| [&[0, 0, 0, list.len() as u8][..], &list.concat()].concat();
    let none = [0; 4];
    assert_eq!(refused(with(4, 0, &none)), "ok");
    assert_eq!(refused(with(4, 1, &none)), "ok");
    assert_eq!(refused(with(4, 2, &none)), "decode-unknown-tag");
    assert_eq!(refused(with(0, 0, &none)), "decode-not-canonical");
    assert_eq!(refused(with((1 << 20) + 1, 0, &none)), "decode-out-of-range");
    assert_eq!(refused(with(4, 0, &[0; 5])), "decode-trailing-bytes");
    assert_eq!(refused(with(4, 0, &[0; 3])), "decode-truncated");
    assert_eq!(refused(with(4, 0, &[0x03, 0xe9])), "decode-out-of-range");
    assert_eq!(refused(with(4, 0, &[0, 0, 0x03, 0xe9])), "decode-out-of-range");
    assert_eq!(refused(with(4, 0, &streams(&[stream(1, "a"), stream(2, "b")]))), "ok");
    let unsorted = streams(&[stream(2, "a"), stream(1, "b")]);
    assert_eq!(refused(with(4, 0, &unsorted)), "decode-not-ascending");
    let long = streams(&[stream(1, &"x".repeat(65))]);
    assert_eq!(refused(with(4, 0, &long)), "decode-out-of-range");
    assert_eq!(refused(with(4, 0, &members(&[member("a", &[0]), member("b", &[0])]))), "ok");
    let unsorted = members(&[member("b", &[0]), member("a", &[0])]);
    assert_eq!(refused(with(4, 0, &unsorted)), "decode-not-ascending");
    let long = members(&[member(&"x".repeat(65), &[0])]);
    assert_eq!(refused(with(4, 0, &long)), "decode-out-of-range");
    let key = |n: u8| [&[1][..], &[n; 32]].concat();
    let twice = members(&[member("a", &[&[2][..], &key(1), &key(1)].concat())]);
    assert_eq!(refused(with(4, 0, &twice)), "decode-not-ascending");
    let suite = members(&[member("a", &[&[1, 4][..], &[1; 32]].concat())]);
    assert_eq!(refused(with(4, 0, &suite)), "decode-unknown-tag");
    assert_eq!(refused(with(4, 0, &members(&[member("a", &[17])]))), "decode-out-of-range");
    assert_eq!(refused(vec![0; (4 << 20) + 1]), "decode-out-of-range");
}

#[test]
fn equal_sizes_need_equal_roots() {
    use cairn_verifier::digest::Hash;
    use cairn_verifier::tree::{TreeSize, verify_consistency};
    let kit = small_log(35, four(1));
    let tree = Blake3::new(Kind::Event, *kit.log.as_bytes());
    let header = kit.tip().header;
    let (size, root) = (header.events, header.event_root);
    let other = Hash::from_bytes([1; 32]);
    let code = |old: (TreeSize, &Hash), new: (TreeSize, &Hash), proof: &[[u8; 32]]| {
        verify_consistency(&tree, old, new, Proof::new(proof)).map_or_else(|e| e.code(), |()| "ok")
    };
    assert_eq!(code((size, &root), (size, &root), &[]), "ok");
    assert_eq!(code((size, &other), (size, &root), &[]), "consistency-old-root-mismatch");
    assert_eq!(code((size, &root), (size, &root), &[[0; 32]]), "consistency-proof-length");
    let smaller = TreeSize::new(7).unwrap();
    assert_eq!(code((size, &root), (smaller, &root), &[]), "consistency-old-is-larger");
    let old = kit.blocks[1].header.event_root;
    let proof = consistency(&tree, 7, &kit.event_leaves());
    assert_eq!(code((smaller, &old), (size, &root), &proof), "ok");
    assert_eq!(code((smaller, &old), (size, &other), &proof), "consistency-new-root-mismatch");
    assert_eq!(code((smaller, &other), (size, &root), &proof), "consistency-old-root-mismatch");
}

#[test]
fn a_log_without_trust_period_never_goes_stale() {
    use cairn_verifier::finality::Parameters;
    use cairn_verifier::trust::GenesisDraft;
    let mut kit = Kit::new(36, four(1));
    kit.genesis = GenesisDraft {
        nonce: [0; 32],
        time: UnixMillis(kit::GENESIS_TIME),
        parameters: Parameters { gate: kit::GATE, trust_period: 0 },
        sha256_tree: false,
        set: kit.council().bytes.clone(),
        members: Vec::new(),
        streams: Vec::new(),
    }
    .encode()
    .unwrap();
    kit.log = cairn_verifier::trust::Genesis::decode(&kit.genesis).unwrap().log();
    let mut header = kit.next_header(None);
    header.parameters.trust_period = 0;
    let certificate = kit.council().certify(&header, 0, &kit.council().quorum());
    kit.blocks.push(kit::Block { header, certificate });
    let block = kit.tip();
    let mut writer = Writer::new();
    writer.u8(1).u8(b'C').raw(&kit.genesis_base()).u16(0).raw(&header.encode());
    let bytes = writer.u8(1).raw(&block.certificate).clone().into_bytes();
    let proof = FinalityProof::decode(&bytes).unwrap();
    let late = UnixMillis(kit::GENESIS_TIME + 100 * kit::TRUST_PERIOD);
    let (fact, _) = proof.verify(kit.anchor(), late, &mut ()).unwrap();
    assert_eq!(fact.standing().trust_period, 0);
}
