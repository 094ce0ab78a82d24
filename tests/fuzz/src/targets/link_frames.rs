//! Frames of a link, and the key share that a stranger begins it with.

use cairn_net::fuzz::{answer_share, frames, take_share};

pub(super) const ROUNDS: usize = 5_000;

/// Kind and length.
const HEAD: usize = 5;
/// An encapsulation key or a ciphertext of ML-KEM-768, and a key of X25519.
const SHARES: [usize; 2] = [1_184 + 32, 1_088 + 32];

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let frame = |kind: u8, body: &[u8]| {
        [&[kind], &u32::try_from(body.len()).unwrap().to_be_bytes()[..], body].concat()
    };
    let all: Vec<_> = (1..=5).map(|kind| frame(kind, &[kind; 8])).collect();
    let shares = SHARES.map(|len| vec![1; len]);
    [&[all.concat(), frame(2, &[7; 3_000])], &shares[..]].concat()
}

pub(super) fn run(data: &[u8]) {
    let read = frames(data);
    let taken: usize = read.iter().map(|(_, body)| HEAD + body.len()).sum();
    assert!(taken <= data.len(), "{taken} of {}", data.len());
    let mut at = 0;
    for (kind, body) in read {
        let len = u32::try_from(body.len()).unwrap().to_be_bytes();
        let again = [&[kind], &len[..], &body].concat();
        assert_eq!(again, data[at..at + again.len()]);
        assert!(matches!(kind, 2) || body.len() <= 4_096, "kind {kind} of {} bytes", body.len());
        at += again.len();
    }
    let [key, ciphertext] = SHARES;
    assert!(!answer_share(data) || data.len() == key, "{}", data.len());
    assert!(!take_share(data) || data.len() == ciphertext, "{}", data.len());
}
