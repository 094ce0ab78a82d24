use std::fs;

use super::*;

fn payload(index: u64) -> Vec<u8> {
    format!("entry {index} {}", "x".repeat(usize::try_from(index % 50).unwrap())).into_bytes()
}

fn open(dir: &Path) -> Result<Entries, StoreError> {
    Entries::open((dir, Of::Entries), 500, 0).map(|(entries, _)| entries)
}

fn filled(dir: &Path, count: u64) -> Entries {
    let entries = open(dir).unwrap();
    for index in 0..count {
        assert_eq!(entries.append_batch(&[&payload(index)]).unwrap(), index);
    }
    entries
}

/// Pruned ones are known as pruned, kept ones and all others are as they were.
fn check(entries: &Entries, border: u64, keep: &[u64], end: u64) {
    assert_eq!((entries.begin(), entries.end()), (border, end));
    let before: Vec<u64> = keep.iter().copied().filter(|index| *index < border).collect();
    assert_eq!(entries.kept_indices(), before);
    for index in 0..end {
        let is_there = index >= border || before.contains(&index);
        assert_eq!(entries.has(index), is_there, "{index}");
        match entries.read(index) {
            Ok(bytes) => assert!(is_there && bytes == payload(index), "{index}"),
            Err(StoreError::NoFrame { index: found, .. }) => assert!(!is_there && found == index),
            Err(error) => panic!("{index}: {error}"),
        }
    }
    let mut seen = border;
    entries
        .scan(border..end, |index, bytes| {
            assert_eq!((index, bytes), (seen, payload(index).as_slice()));
            seen += 1;
            Ok::<_, StoreError>(())
        })
        .unwrap();
    assert_eq!(seen, end);
}

#[test]
fn whole_segments_are_forgotten_but_for_what_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let entries = filled(dir.path(), 100);
    check(&entries, 0, &[], 100);
    assert!(!dir.path().join("kept").exists());
    assert_eq!((entries.border(0), entries.border(1)), (0, 0));
    let border = entries.border(40);
    assert!((20..=40).contains(&border), "{border}");
    for wrong in [border + 1, 100] {
        assert!(matches!(entries.prune(wrong, &[]), Err(StoreError::NoFrame { .. })));
    }
    let before = entries.bytes();
    let removed = entries.prune(border, &[3, 7]).unwrap();
    assert!(removed > 500 && entries.bytes() < before, "{removed}");
    check(&entries, border, &[3, 7], 100);
    let second = entries.border(80);
    assert!(second > border);
    entries.prune(second, &[3, border + 2]).unwrap();
    check(&entries, second, &[3, 7, border + 2], 100);
    drop(entries);
    let entries = open(dir.path()).unwrap();
    check(&entries, second, &[3, 7, border + 2], 100);
    assert_eq!(entries.append_batch(&[&payload(100)]).unwrap(), 100);
    let last = entries.border(u64::MAX);
    assert!(last < 101, "the last segment stays");
    entries.prune(last, &[]).unwrap();
    check(&open_after(entries, dir.path()), last, &[3, 7, border + 2], 101);
}

fn open_after(entries: Entries, dir: &Path) -> Entries {
    drop(entries);
    open(dir).unwrap()
}

#[test]
fn a_crash_while_files_are_removed_is_finished_by_the_next_opening() {
    let dir = tempfile::tempdir().unwrap();
    let entries = filled(dir.path(), 60);
    let copy = tempfile::tempdir().unwrap();
    let files = |dir: &Path| {
        let names = fs::read_dir(dir.join("entries")).unwrap();
        let mut names: Vec<_> = names.map(|entry| entry.unwrap().path()).collect();
        names.sort();
        names
    };
    let old = files(dir.path());
    fs::create_dir_all(copy.path().join("entries")).unwrap();
    let save = |path: &PathBuf| {
        fs::copy(path, copy.path().join("entries").join(path.file_name().unwrap())).unwrap();
    };
    old.iter().for_each(save);
    let border = entries.border(50);
    entries.prune(border, &[5]).unwrap();
    drop(entries);
    let new = files(dir.path());
    assert!(new.len() + 4 <= old.len());
    // Any of the files may be there still, in any order.
    let removed: Vec<_> = old.iter().filter(|path| !new.contains(path)).collect();
    for left in 0..1_u32 << removed.len().min(8) {
        for (bit, path) in removed.iter().take(8).enumerate() {
            let saved = copy.path().join("entries").join(path.file_name().unwrap());
            if left & (1 << bit) != 0 {
                fs::copy(&saved, path).unwrap();
            }
        }
        check(&open(dir.path()).unwrap(), border, &[5], 60);
        assert_eq!(files(dir.path()), new);
    }
}

#[test]
fn missing_entries_are_damage_and_not_pruning() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path(), 60));
    let first = dir.path().join("entries").join(format!("{:020}.seg", 0));
    let saved = fs::read(&first).unwrap();
    fs::remove_file(&first).unwrap();
    assert!(matches!(open(dir.path()), Err(StoreError::Gap { found: 0, .. })));
    fs::write(&first, saved).unwrap();
    let entries = open(dir.path()).unwrap();
    let border = entries.border(20);
    entries.prune(border, &[]).unwrap();
    drop(entries);
    let first = dir.path().join("entries").join(format!("{border:020}.seg"));
    fs::remove_file(&first).unwrap();
    assert!(matches!(open(dir.path()), Err(StoreError::Gap { .. })));
}

#[test]
fn a_log_can_begin_later_with_what_is_needed_of_before() {
    let dir = tempfile::tempdir().unwrap();
    let at = (dir.path(), Of::Blocks);
    let kept = [(3, b"three".to_vec()), (511, b"before".to_vec())];
    Entries::begin_at(at, 512, &kept).unwrap();
    let open = || Entries::open(at, 500, 0).map(|(entries, _)| entries);
    let entries = open().unwrap();
    assert_eq!((entries.begin(), entries.end(), entries.kept_indices()), (512, 512, vec![3, 511]));
    assert_eq!(entries.append_batch(&[b"one", b"two"]).unwrap(), 512);
    drop(entries);
    let entries = open().unwrap();
    assert_eq!((entries.begin(), entries.end()), (512, 514));
    let read = |index| entries.read(index).ok();
    assert_eq!(
        [3, 511, 512, 513].map(read),
        [&b"three"[..], b"before", b"one", b"two"].map(|it| Some(it.to_vec()))
    );
    assert!(!entries.has(4) && read(4).is_none());
    // What is there is never begun anew, and without its mark it is damage.
    assert!(Entries::begin_at(at, 512, &kept).is_err());
    drop(entries);
    fs::remove_dir_all(dir.path().join("kept-blocks")).unwrap();
    assert!(matches!(open(), Err(StoreError::Gap { .. })));
}
