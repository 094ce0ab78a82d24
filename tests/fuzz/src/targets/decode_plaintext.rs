//! Plaintexts of sealed payloads: fields.

use cairn_verifier::payload::Fields;

use crate::again;

pub(super) const ROUNDS: usize = 200_000;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let fields = |count: u8, len: usize| {
        let field = |n| (format!("field {n:03}"), vec![n; len]);
        Fields::encode(&(0..count).map(field).collect()).unwrap()
    };
    vec![fields(1, 0), fields(2, 300), fields(20, 3), fields(200, 0)]
}

pub(super) fn run(data: &[u8]) {
    let Ok(fields) = Fields::decode(data) else { return };
    assert_eq!(again::fields(&fields), data);
    assert_ne!(fields.iter().count(), 0);
}
