//! What the base is, against what is pinned.

use super::*;

pub fn anchors(kit: &Kit, cases: &mut Vec<Case>) {
    let mut other = case(
        kit,
        "other-anchor",
        "pinned to another log",
        "trust-other-anchor",
        kit.parts(4).encode(),
    );
    other.anchor = TrustAnchor::Genesis(LogId::from_bytes([9; 32]));
    cases.push(other);
    let mut checkpoint = case(
        kit,
        "other-anchor-kind",
        "pinned to a checkpoint with the genesis' digest",
        "trust-other-anchor",
        kit.parts(4).encode(),
    );
    checkpoint.anchor =
        TrustAnchor::Checkpoint(digest::HeaderDigest::from_bytes(*kit.log.as_bytes()));
    cases.push(checkpoint);
    let mut forged = kit.parts(4);
    let last = forged.base.len() - 1;
    forged.base[last] ^= 1;
    cases.push(case(
        kit,
        "forged-genesis",
        "the genesis altered in one bit",
        "trust-other-anchor",
        forged.encode(),
    ));
    key_twice(kit, cases);
}

/// A genesis whose set names a key, or half of one, twice.
fn key_twice(kit: &Kit, cases: &mut Vec<Case>) {
    let Signer::Classic(classic) = Signer::classic(1) else {
        return;
    };
    let hybrid = Signer::hybrid(2);
    let mut shared = hybrid.public();
    let half = shared.len() - 32;
    shared[half..].copy_from_slice(&classic.public_key());
    let mut pq_shared = hybrid.public();
    let other = Signer::hybrid(3).public();
    let at = other.len() - 32;
    pq_shared[at..].copy_from_slice(&other[at..]);
    let pq = [(Suite::MlDsa44Ed25519, hybrid.public()), (Suite::MlDsa44Ed25519, pq_shared)];
    let twice = vec![(Suite::Ed25519, classic.public_key().to_vec()); 2];
    let half = [(Suite::Ed25519, classic.public_key().to_vec()), (Suite::MlDsa44Ed25519, shared)];
    for (name, desc, want, mut keys) in [
        ("key-listed-twice", "one key, two entries", "decode-not-ascending", twice),
        (
            "half-key-listed-twice",
            "the Ed25519 half of an entry is another entry",
            "decode-not-canonical",
            half.to_vec(),
        ),
        (
            "ml-dsa-half-listed-twice",
            "two entries with one ML-DSA half",
            "decode-not-canonical",
            pq.to_vec(),
        ),
    ] {
        keys.sort_by_key(|(suite, key)| PublicKey::new(*suite, key).unwrap().id());
        let mut set = Writer::new();
        set.u8(2);
        for (suite, key) in &keys {
            set.u8(suite.byte()).raw(key).u64(1);
        }
        let mut parts = kit.parts(4);
        let old = &kit.council().bytes;
        let at = kit.genesis.windows(old.len()).position(|window| window == old).unwrap();
        let (before, after) = (&kit.genesis[..at], &kit.genesis[at + old.len()..]);
        let mut base = Writer::new();
        base.u8(1).bytes32(&[before, &set.into_bytes(), after].concat());
        parts.base = base.into_bytes();
        cases.push(case(kit, name, desc, want, parts.encode()));
    }
}
