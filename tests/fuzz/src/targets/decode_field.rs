//! Field openings.
//!
//! Nobody but a whole opening encodes one, so they are read here a second time, by the table of
//! SPEC.md.

use cairn_verifier::payload::FieldOpening;

use crate::world::world;

pub(super) const ROUNDS: usize = 200_000;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    super::open_field::openings()
}

pub(super) fn run(data: &[u8]) {
    let decoded = FieldOpening::decode(data);
    assert_eq!(decoded.is_ok(), read(data).is_some(), "{decoded:?}");
    if let Ok(opening) = decoded {
        for event in &world().logs.last().unwrap().kit.events {
            // Length of the body, then the body.
            let len = usize::from(u16::from_be_bytes([event[1], event[2]]));
            let _ = opening.verify(&event[3..3 + len]);
        }
    }
}

/// Reads a field opening to its last byte.
fn read(mut bytes: &[u8]) -> Option<()> {
    let mut take = |count: usize| {
        let (taken, left) = bytes.split_at_checked(count)?;
        bytes = left;
        Some(taken)
    };
    let number = |bytes: &[u8]| bytes.iter().fold(0, |number, byte| number << 8 | usize::from(*byte));
    if take(2)? != [1, b'F'] {
        return None;
    }
    let count = number(take(2)?);
    if !(1..=1_024).contains(&count) {
        return None;
    }
    let mut names = Vec::new();
    for _ in 0..count {
        let len = number(take(1)?);
        if !(1..=128).contains(&len) {
            return None;
        }
        names.push(core::str::from_utf8(take(len)?).ok()?);
    }
    if !names.is_sorted_by(|one, next| one < next) {
        return None;
    }
    let hashes = |count: &[u8]| Some(32 * number(count)).filter(|len| *len <= 32 * 63);
    let count = take(1)?;
    take(hashes(count)?)?;
    take(4 + 32)?;
    let len = number(take(4)?);
    if len > 1 << 24 {
        return None;
    }
    take(len)?;
    let count = take(1)?;
    take(hashes(count)?)?;
    bytes.is_empty().then_some(())
}
