//! Metadata of events.

use cairn_verifier::event::{Metadata, encode_metadata};

pub(super) const ROUNDS: usize = 200_000;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let entries = |count: usize, value: usize| {
        let entry = |n| (format!("key {n:02}"), "x".repeat(value));
        encode_metadata(&(0..count).map(entry).collect()).unwrap()
    };
    vec![entries(0, 0), entries(1, 0), entries(3, 300), entries(64, 2)]
}

pub(super) fn run(data: &[u8]) {
    let Ok(metadata) = Metadata::decode(data) else { return };
    let entries: Vec<_> = metadata.iter().collect();
    assert_eq!(entries.len(), usize::from(data[0]));
    assert!(entries.is_sorted_by(|one, next| one.0 < next.0));
    let owned = entries.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!(encode_metadata(&owned.collect()).unwrap(), data);
}
