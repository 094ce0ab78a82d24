//! Crashes at every byte, and records that are damaged.

use cairn_consensus::log::frame;
use cairn_verifier::wire::Writer;

use super::*;

/// A record of `cairn_consensus`, whose fields are its own: version, height, round, type, header,
/// check.
fn record(height: u64) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.u8(1).u64(height).u32(0).u8(1).raw(&[7; 32]);
    let mut bytes = writer.into_bytes();
    let check = cairn_verifier::digest::derive("cairn v1 consensus record", &[&bytes]);
    bytes.extend_from_slice(&check);
    bytes
}

fn paths(dir: &Path) -> (PathBuf, PathBuf) {
    let dir = dir.join(VALIDATOR_DIR);
    (dir.join(LOG), dir.join(RECORD))
}

#[test]
fn entries_and_records_come_back() {
    let dir = tempfile::tempdir().unwrap();
    let (mut files, found) = JournalFiles::open(dir.path()).unwrap();
    assert!(found.record.is_none() && found.log.is_empty());
    files.begin(5).unwrap();
    files.append(5, b"one").unwrap();
    files.append(5, b"two").unwrap();
    files.sync().unwrap();
    for height in 1..=5 {
        files.record(&record(height)).unwrap();
        drop(files);
        let (again, found) = JournalFiles::open(dir.path()).unwrap();
        assert_eq!(found.record.unwrap().height(), height);
        assert_eq!(log::read(5, &found.log).0, [b"one", b"two"]);
        files = again;
    }
    files.begin(6).unwrap();
    files.append(6, b"three").unwrap();
    drop(files);
    let (_, found) = JournalFiles::open(dir.path()).unwrap();
    assert_eq!(log::read(6, &found.log).0, [b"three"]);
    assert_eq!(found.record.unwrap().height(), 5, "the record outlives the log");
}

#[test]
fn a_log_that_was_torn_at_any_byte_goes_on_from_its_whole_frames() {
    let dir = tempfile::tempdir().unwrap();
    let (path, _) = paths(dir.path());
    drop(JournalFiles::open(dir.path()).unwrap());
    let (one, two) = (frame(3, b"a first entry"), frame(3, b"a second one"));
    let whole = [one.clone(), two].concat();
    for cut in 0..=whole.len() {
        for bent in [false, true] {
            let mut bytes = whole[..cut].to_vec();
            if let Some(last) = bytes.last_mut().filter(|_| bent) {
                *last ^= 0x55;
            }
            std::fs::write(&path, &bytes).unwrap();
            let (mut files, found) = JournalFiles::open(dir.path()).unwrap();
            let left = [0, one.len(), whole.len()]
                .into_iter()
                .rfind(|len| *len <= cut - usize::from(bent && cut > 0));
            assert_eq!(found.log.len(), left.unwrap(), "{cut} {bent}");
            files.append(3, b"after").unwrap();
            drop(files);
            let (_, found) = JournalFiles::open(dir.path()).unwrap();
            assert_eq!(log::read(3, &found.log).0.last().unwrap(), b"after", "{cut} {bent}");
        }
    }
}

#[test]
fn a_record_that_was_torn_at_any_byte_leaves_the_one_before() {
    let dir = tempfile::tempdir().unwrap();
    let (_, path) = paths(dir.path());
    let (mut files, _) = JournalFiles::open(dir.path()).unwrap();
    files.record(&record(1)).unwrap();
    let before = std::fs::read(&path).unwrap();
    files.record(&record(2)).unwrap();
    let after = std::fs::read(&path).unwrap();
    drop(files);
    let changed = (0..after.len()).rfind(|at| before[*at] != after[*at]).unwrap();
    for cut in 0..=changed {
        let torn = [&after[..cut], &before[cut..]].concat();
        std::fs::write(&path, &torn).unwrap();
        let (mut files, found) = JournalFiles::open(dir.path()).unwrap();
        assert_eq!(found.record.unwrap().height(), 1, "{cut}");
        files.record(&record(3)).unwrap();
        let (_, found) = JournalFiles::open(dir.path()).unwrap();
        assert_eq!(found.record.unwrap().height(), 3, "{cut}");
    }
}

#[test]
fn a_damaged_record_is_not_taken_for_none() {
    let dir = tempfile::tempdir().unwrap();
    let (_, path) = paths(dir.path());
    let (mut files, _) = JournalFiles::open(dir.path()).unwrap();
    files.record(&record(1)).unwrap();
    drop(files);
    let whole = std::fs::read(&path).unwrap();
    for at in 0..79 {
        let mut bent = whole.clone();
        bent[at] ^= 1;
        std::fs::write(&path, &bent).unwrap();
        let opened = JournalFiles::open(dir.path());
        assert!(matches!(opened, Err(OpenError::SignaturesDamaged { .. })), "{at}");
    }
}
