use std::fs;

use super::*;

fn open(dir: &Path) -> Result<(Log, Opened), StoreError> {
    Log::open(dir, 200, 0)
}

fn payload(index: u64) -> Vec<u8> {
    let len = usize::try_from(index % 90).unwrap();
    vec![u8::try_from(index % 251).unwrap(); len]
}

/// Writes of one to four frames, which close a segment every few.
fn filled(dir: &Path, frames: u64) -> Log {
    let (log, _) = open(dir).unwrap();
    let mut next = 0;
    while next < frames {
        let write: Vec<_> = (next..frames.min(next + 1 + next % 4)).map(payload).collect();
        let parts: Vec<&[u8]> = write.iter().map(Vec::as_slice).collect();
        assert_eq!(log.append_batch(&parts).unwrap(), next);
        next += write.len() as u64;
    }
    log
}

fn all(log: &Log) -> Result<Vec<Vec<u8>>, StoreError> {
    let mut seen = Vec::new();
    log.scan(log.begin()..log.end(), |index, bytes| {
        assert_eq!(index, seen.len() as u64);
        seen.push(bytes.to_vec());
        Ok::<_, StoreError>(())
    })?;
    Ok(seen)
}

#[test]
fn frames_are_found_across_segments_before_and_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let log = filled(dir.path(), 100);
    let expected: Vec<_> = (0..100).map(payload).collect();
    let infos = log.segments_info();
    assert!(infos.len() > 10, "{infos:?}");
    assert_eq!(infos.iter().map(|info| info.frames).sum::<u64>(), 100);
    assert!(infos.windows(2).all(|pair| pair[0].first + pair[0].frames == pair[1].first));
    let reopened = || open(dir.path()).unwrap().0;
    for log in [log, reopened()] {
        assert_eq!((log.begin(), log.end()), (0, 100));
        assert_eq!(all(&log).unwrap(), expected);
        for index in 0..100 {
            assert_eq!(log.read(index).unwrap(), payload(index));
        }
        let mut some = Vec::new();
        log.scan(17..61, |index, _| {
            some.push(index);
            Ok::<_, StoreError>(())
        })
        .unwrap();
        assert_eq!(some, (17..61).collect::<Vec<_>>());
        assert!(matches!(log.read(100), Err(StoreError::NoFrame { index: 100, .. })));
        assert_eq!(log.bytes(), disk_bytes(dir.path()));
    }
    let log = reopened();
    assert_eq!(log.append_batch(&[b"goes on"]).unwrap(), 100);
    assert_eq!(log.read(100).unwrap(), b"goes on");
}

fn disk_bytes(dir: &Path) -> u64 {
    fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum()
}

#[test]
fn offsets_are_made_again_when_they_are_lost_cut_or_wrong() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path(), 40));
    let path = dir.path().join(format!("{:020}.off", 0));
    let good = fs::read(&path).unwrap();
    let mut wrong = good.clone();
    wrong[7] ^= 1;
    for bytes in [None, Some(&good[..good.len() - 4]), Some(&wrong[..])] {
        match bytes {
            None => fs::remove_file(&path).unwrap(),
            Some(bytes) => fs::write(&path, bytes).unwrap(),
        }
        let (log, _) = open(dir.path()).unwrap();
        for index in 0..40 {
            assert_eq!(log.read(index).unwrap(), payload(index));
        }
        assert_eq!(fs::read(&path).unwrap(), good);
    }
}

#[test]
fn a_damaged_closed_segment_is_named_and_left_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path(), 40));
    let path = dir.path().join(format!("{:020}.seg", 0));
    let good = fs::read(&path).unwrap();
    for at in 48..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 0x20;
        fs::write(&path, &bad).unwrap();
        let (log, _) = open(dir.path()).unwrap();
        let error = all(&log).unwrap_err();
        assert!(matches!(error, StoreError::Corrupt { .. }), "byte {at}: {error}");
        assert_eq!(fs::read(&path).unwrap(), bad);
    }
    fs::write(&path, &good[..good.len() - 1]).unwrap();
    assert!(all(&open(dir.path()).unwrap().0).is_err());
}

#[test]
fn a_missing_segment_is_a_gap() {
    let dir = tempfile::tempdir().unwrap();
    let second = filled(dir.path(), 40).segments_info()[1].path.clone();
    fs::remove_file(second).unwrap();
    let error = open(dir.path()).unwrap_err();
    assert!(matches!(error, StoreError::Gap { .. }), "{error}");
}

#[test]
fn an_unfinished_tail_is_cut_unless_it_was_durable() {
    let dir = tempfile::tempdir().unwrap();
    let log = filled(dir.path(), 40);
    log.append_batch(&[b"a", b"b"]).unwrap();
    let tail = log.segments_info().pop().unwrap();
    drop(log);
    let bytes = fs::read(&tail.path).unwrap();
    fs::write(&tail.path, &bytes[..bytes.len() - 1]).unwrap();
    let durable = Log::open(dir.path(), 200, 41).unwrap_err();
    assert!(matches!(durable, StoreError::Corrupt { .. }), "{durable}");
    let (log, opened) = Log::open(dir.path(), 200, 40).unwrap();
    assert_eq!((log.end(), opened.cut), (40, 81));
}

#[test]
fn a_copy_takes_what_is_new_and_leaves_the_unfinished_end() {
    let dir = tempfile::tempdir().unwrap();
    let (from, to) = (dir.path().join("log"), dir.path().join("copy"));
    let log = filled(&from, 40);
    let first = copy(&from, &to).unwrap();
    assert_eq!(first.frames, 40);
    log.append_batch(&[b"new"]).unwrap();
    let tail = log.segments_info().pop().unwrap();
    let mut bytes = fs::read(&tail.path).unwrap();
    bytes.extend([0xCA, 0x1F, 0x4A, 0xED, 0, 0, 0, 9]);
    fs::write(&tail.path, &bytes).unwrap();
    let second = copy(&from, &to).unwrap();
    assert_eq!((second.frames, second.bytes), (41, bytes.len() as u64 - 8));
    let (copied, opened) = open(&to).unwrap();
    assert_eq!((opened.cut, all(&copied).unwrap()), (0, all(&log).unwrap()));

    let closed = segment_path(&from, 0);
    let mut bad = fs::read(&closed).unwrap();
    bad[60] ^= 1;
    fs::write(&closed, bad).unwrap();
    copy(&from, &to).unwrap();
    let fresh = copy(&from, &dir.path().join("fresh")).unwrap_err();
    assert!(matches!(fresh, StoreError::Corrupt { .. } | StoreError::Gap { .. }), "{fresh}");
}
