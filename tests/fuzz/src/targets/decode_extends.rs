//! Proofs that a header extends another.

use cairn_verifier::trust::ExtendsProof;

pub(super) const ROUNDS: usize = 200_000;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let file = |header: usize, events: usize| {
        let lists = [header, events].map(|count| [vec![count as u8], vec![7; 32 * count]].concat());
        [&[1, b'X'], lists.concat().as_slice()].concat()
    };
    vec![file(0, 0), file(1, 3), file(63, 63), file(64, 0)]
}

pub(super) fn run(data: &[u8]) {
    let Ok(proof) = ExtendsProof::decode(data) else { return };
    assert_eq!(proof.encode(), data);
}
