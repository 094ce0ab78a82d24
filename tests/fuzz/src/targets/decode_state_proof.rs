//! State proofs, and what stands at the end of a path.
//!
//! Nothing encodes them but a whole tree, so they are read here a second time.

use cairn_verifier::state::{End, StateProof};

use crate::forge::{KEYS, any_key};
use crate::model::state::siblings;
use crate::world::world;

pub(super) const ROUNDS: usize = 200_000;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let logs = world().logs.iter();
    let parts = logs.flat_map(|log| {
        (0..KEYS).flat_map(|choice| {
            let choice = [u8::try_from(choice).unwrap()];
            let key = any_key(&log.kit, &mut crate::Choices::new(&choice));
            let (end, proof) = log.kit.state.prove(&key);
            [end, proof]
        })
    });
    parts.collect()
}

pub(super) fn run(data: &[u8]) {
    let (proof, read) = (StateProof::decode(data), siblings(data));
    assert_eq!(proof.map(|proof| proof.depth()).ok(), read.map(|siblings| siblings.len()));
    match End::decode(data) {
        Ok(End::Empty) => assert_eq!(data, [0]),
        Ok(End::Leaf { path, record }) => {
            assert_eq!(data, [&[1], &path.as_bytes()[..], record.as_bytes()].concat());
        }
        Err(_) => assert!(data != [0] && (data.first(), data.len()) != (Some(&1), 65)),
    }
}
