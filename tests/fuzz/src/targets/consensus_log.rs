//! A validator's log and record of signatures, as a disk gives them back.

use cairn_consensus::{Record, log};

pub(super) const ROUNDS: usize = 100_000;

const HEIGHT: u64 = 7;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let frames = [log::frame(6, b"older"), log::frame(HEIGHT, b""), log::frame(HEIGHT, b"entry")];
    // Version, height, round, type, header, and a check that only the host makes.
    let record = [&[1], &[0; 8][..], &[0; 4], &[1], &[9; 32], &[0; 32]].concat();
    vec![frames.concat(), frames[1].clone(), record]
}

pub(super) fn run(data: &[u8]) {
    if let Ok(record) = Record::decode(data) {
        assert_eq!(record.encode(), data);
    }
    let (entries, whole) = log::read(HEIGHT, data);
    let kept: usize = entries.iter().map(|entry| log::frame(HEIGHT, entry).len()).sum();
    assert!(kept <= whole && whole <= data.len(), "{kept} of {whole} of {}", data.len());
    assert_eq!(log::read(HEIGHT, &data[..whole]), (entries.clone(), whole));
    // What is written behind the whole part is read back, and what was torn off is not.
    let next = [&data[..whole], &log::frame(HEIGHT, data)].concat();
    let (again, all) = log::read(HEIGHT, &next);
    assert_eq!((all, again.len()), (next.len(), entries.len() + 1));
    assert_eq!((&again[..entries.len()], again.last()), (&entries[..], Some(&data.to_vec())));
}
