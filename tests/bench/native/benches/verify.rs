//! `cargo bench -p cairn-bench`: the verifier's work beside peers that do the same.
//!
//! Every peer first has to say yes to what holds and no to what was bent.

#![expect(clippy::print_stdout, clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench")]
#![expect(clippy::as_conversions, clippy::arithmetic_side_effects, reason = "a bench")]

use std::hint::black_box;
use std::time::Duration;

use cairn_bench::{Pair, measure};
use cairn_verifier::digest::{Hash, HeaderDigest, LogId, SetDigest};
use cairn_verifier::finality::{PublicKey, Role, VOTE_PRECOMMIT, signing_bytes, vote_message};
use cairn_verifier::secret::{MemberSecret, ValidatorSecret};
use cairn_verifier::tree::{
    BatchProof, Blake3, Kind, Proof, TreeSize, batch_inclusion_of, inclusion_of, root_of_leaves,
    verify_batch_inclusion, verify_inclusion,
};
use ml_dsa::{MlDsa44, MlDsa65};

fn main() {
    // `cargo bench -- --quick` takes a tenth of the time.
    let is_quick = std::env::args().any(|arg| arg == "--quick");
    let time = Duration::from_millis(if is_quick { 200 } else { 2_000 });
    println!("| what | ours µs | peer | peer µs | ours / peer |");
    println!("|---|---|---|---|---|");
    let pairs = [ed25519(time), ml_dsa_44(time), ml_dsa_65(time), certificate(time), trees(time)];
    for pair in pairs.into_iter().flatten() {
        println!("{pair}");
    }
}

fn vote() -> [u8; 109] {
    let (log, set) = (LogId::from_bytes([1; 32]), SetDigest::from_bytes([2; 32]));
    vote_message((&log, &set), (VOTE_PRECOMMIT, 7, 0), &HeaderDigest::from_bytes([3; 32]))
}

fn ed25519(time: Duration) -> Vec<Pair> {
    let secret = MemberSecret::from_seed([9; 32]).unwrap();
    let (key, message) = (secret.public_key(), vote());
    let signature = secret.sign(Role::Vote, &message).unwrap();
    let ours = PublicKey::new(cairn_verifier::finality::Suite::Ed25519, &key).unwrap();
    let signed = signing_bytes(Role::Vote, &message).unwrap();
    let theirs = ring::signature::UnparsedPublicKey::new(&ring::signature::ED25519, key);
    let mut bent = signature;
    bent[40] ^= 1;
    assert!(ours.verify(Role::Vote, &message, &signature).is_ok());
    assert!(ours.verify(Role::Vote, &message, &bent).is_err());
    assert!(theirs.verify(signed.as_slice(), &signature).is_ok());
    assert!(theirs.verify(signed.as_slice(), &bent).is_err());
    let pair = measure(
        "Ed25519, strict",
        "ring (not strict)",
        time,
        (&mut || ours.verify(Role::Vote, black_box(&message), &signature).unwrap(), &mut || {
            theirs.verify(black_box(signed.as_slice()), &signature).unwrap()
        }),
    );
    vec![pair]
}

macro_rules! ml_dsa_pairs {
    ($function:ident, $ours:ty, $module:ident, $key:ident, $signature:ident, $name:literal) => {
        fn $function(time: Duration) -> Vec<Pair> {
            use fips204::traits::{SerDes as _, Verifier as _};
            let (message, context) = (vote(), b"context".as_slice());
            let secret = ml_dsa::ExpandedSigningKey::<$ours>::from_seed((&[9; 32]).into());
            let key = secret.verifying_key().encode();
            let signature = secret.sign_deterministic(&message, context).unwrap().encode();
            let expanded = ml_dsa::VerifyingKey::<$ours>::decode(&key);
            let ours = |key: &ml_dsa::VerifyingKey<$ours>, signature: &[u8]| {
                let signature = ml_dsa::Signature::<$ours>::decode(signature.try_into().unwrap());
                signature.is_some_and(|s| key.verify_with_context(&message, context, &s))
            };
            let whole = |signature: &[u8]| {
                ours(&ml_dsa::VerifyingKey::<$ours>::decode(black_box(&key)), signature)
            };
            let libcrux = |signature: &[u8]| {
                let key = libcrux_ml_dsa::$module::$key::new(key.as_slice().try_into().unwrap());
                let signature =
                    libcrux_ml_dsa::$module::$signature::new(signature.try_into().unwrap());
                libcrux_ml_dsa::$module::verify(&key, &message, context, &signature).is_ok()
            };
            let portable = |signature: &[u8]| {
                let key = libcrux_ml_dsa::$module::$key::new(key.as_slice().try_into().unwrap());
                let signature =
                    libcrux_ml_dsa::$module::$signature::new(signature.try_into().unwrap());
                libcrux_ml_dsa::$module::portable::verify(&key, &message, context, &signature)
                    .is_ok()
            };
            let fips204 = |signature: &[u8]| {
                let key = key.as_slice().try_into().unwrap();
                let key = fips204::$module::PublicKey::try_from_bytes(key).unwrap();
                key.verify(&message, signature.try_into().unwrap(), context)
            };
            let mut bent = signature.to_vec();
            bent[100] ^= 1;
            let all: [&dyn Fn(&[u8]) -> bool; 4] = [&whole, &libcrux, &portable, &fips204];
            for verify in all {
                assert!(verify(&signature) && !verify(&bent));
            }
            let call = |verify: &dyn Fn(&[u8]) -> bool| assert!(verify(black_box(&signature)));
            let pair =
                |what, peer, ours: &dyn Fn(&[u8]) -> bool, theirs: &dyn Fn(&[u8]) -> bool| {
                    measure(what, peer, time, (&mut || call(ours), &mut || call(theirs)))
                };
            let cached = |signature: &[u8]| ours(&expanded, signature);
            vec![
                pair($name, "libcrux (fastest here)", &whole, &libcrux),
                pair($name, "libcrux (portable)", &whole, &portable),
                pair($name, "fips204", &whole, &fips204),
                pair(concat!($name, ", key expanded before"), "fips204", &cached, &fips204),
                pair(concat!($name, ", key expanded before"), "ours anew", &cached, &whole),
            ]
        }
    };
}

ml_dsa_pairs!(ml_dsa_44, MlDsa44, ml_dsa_44, MLDSA44VerificationKey, MLDSA44Signature, "ML-DSA-44");
ml_dsa_pairs!(ml_dsa_65, MlDsa65, ml_dsa_65, MLDSA65VerificationKey, MLDSA65Signature, "ML-DSA-65");

/// 67 votes of suite 2, as in a quorum of 100 equal validators, beside the same 134 checks by
/// ring and libcrux.
fn certificate(time: Duration) -> Vec<Pair> {
    use libcrux_ml_dsa::ml_dsa_44;
    let message = vote();
    let signed = signing_bytes(Role::Vote, &message).unwrap();
    let votes: Vec<_> = (0..67_u8)
        .map(|n| {
            let secret = ValidatorSecret::from_seed([n; 32]);
            (secret.suite(), secret.public_key(), secret.sign(Role::Vote, &message).unwrap())
        })
        .collect();
    // The peers check plain signatures over the same bytes, by keys of the same number.
    let plain: Vec<_> = (0..67_u8)
        .map(|n| {
            let classic = MemberSecret::from_seed([n; 32]).unwrap();
            let pq = ml_dsa_44::generate_key_pair([n; 32]);
            let signature =
                ml_dsa_44::sign(&pq.signing_key, signed.as_slice(), b"", [0; 32]).unwrap();
            let ed25519 = classic.sign(Role::Vote, &message).unwrap();
            (classic.public_key(), ed25519, pq.verification_key, signature)
        })
        .collect();
    let mut ours = || {
        for (suite, key, signature) in &votes {
            let key = PublicKey::new(*suite, key).unwrap();
            key.verify(Role::Vote, black_box(&message), signature).unwrap();
        }
    };
    let mut theirs = || {
        for (classic, ed25519, pq, signature) in &plain {
            let key = ring::signature::UnparsedPublicKey::new(&ring::signature::ED25519, classic);
            key.verify(black_box(signed.as_slice()), ed25519).unwrap();
            ml_dsa_44::verify(pq, signed.as_slice(), b"", signature).unwrap();
        }
    };
    vec![measure("67 votes of suite 2", "ring and libcrux", time, (&mut ours, &mut theirs))]
}

fn trees(time: Duration) -> Vec<Pair> {
    let tree = Blake3::new(Kind::Event, [5; 32]);
    let leaves: Vec<Hash> = (0..10_000).map(|i| tree.leaf(i, &[i as u8; 32])).collect();
    let root = root_of_leaves(&tree, &leaves);
    let size = TreeSize::new(leaves.len() as u64).unwrap();
    let one = inclusion_of(&tree, &leaves, 4_321);
    let one = Proof::new(&one);
    // What the path cannot do without: its leaf, one hash a step, and the root.
    let bare = |hashes: usize| {
        let mut block = [7; 64];
        for _ in 0..hashes {
            let hash = blake3::keyed_hash(&[1; 32], black_box(&block));
            block[..32].copy_from_slice(hash.as_bytes());
        }
        black_box(block);
    };
    let hashes = one.len() + 2;
    let single = measure(
        "inclusion of one leaf among 10,000",
        "its hashes alone",
        time,
        (
            &mut || {
                let leaf = tree.leaf(4_321, &[4_321_u64 as u8; 32]);
                verify_inclusion(&tree, (4_321, size), leaf, black_box(one), &root).unwrap();
            },
            &mut || bare(hashes),
        ),
    );
    let indices: Vec<u64> = (0..10_000).collect();
    let proof = batch_inclusion_of(&tree, &leaves, &indices).unwrap();
    let proof = BatchProof::new(&proof);
    let batch = measure(
        "inclusion of 10,000 leaves in one batch",
        "its hashes alone",
        time,
        (
            &mut || {
                let leaves: Vec<_> =
                    indices.iter().map(|i| (*i, tree.leaf(*i, &[*i as u8; 32]))).collect();
                verify_batch_inclusion(&tree, size, black_box(&leaves), proof, &root).unwrap();
            },
            &mut || bare(20_000),
        ),
    );
    vec![single, batch]
}
