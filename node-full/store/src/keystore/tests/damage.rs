//! Damage is an error that names the file, and nothing is changed.

use super::*;
use crate::disk::power::without_syncs;

/// 300 records on two levels, number 7 erased; and where the live bytes of each file are.
fn filled(dir: &Path) -> Vec<(PathBuf, Vec<usize>)> {
    let store = open(dir);
    put(&store, 299).unwrap();
    store.erase(&[7]).unwrap();
    put(&store, 1).unwrap();
    let state = store.tree.state().clone();
    let mut live = Vec::new();
    for (level, nodes) in [(0, 2), (1, 1)] {
        let mut places: Vec<usize> = (0..17).collect();
        for number in 0..nodes {
            let node = store.tree.node(&state, node::Place { level, number }).unwrap();
            let slot = node.slot.unwrap().index() * 12_288;
            let start = usize::try_from(4_096 + number * 24_576 + slot).unwrap();
            places.extend((start..start + 32).chain((start + 32..start + 8_240).step_by(229)));
            places.push(start + 8_239);
        }
        live.push((Level::path(dir, level), places));
    }
    // Four commits: the newest root stands in the second slot.
    assert_eq!(state.root.generation, 4);
    live.push((dir.join("root.keys"), (0..16).chain(8_192..8_192 + 81).collect()));
    let records = dir.join("records.seg");
    let len = fs::metadata(&records).unwrap().len();
    let places = (0..48).chain((48..usize::try_from(len).unwrap()).step_by(211));
    live.push((records, places.collect()));
    live
}

fn read_all(dir: &Path) -> Result<(), StoreError> {
    let store = try_open(dir)?;
    (0..store.len()).try_for_each(|number| store.get(number).map(drop))
}

fn path_in(error: StoreError) -> PathBuf {
    if let StoreError::KeysDamaged { path, .. } | StoreError::Corrupt { path, .. } = error {
        return path;
    }
    panic!("{error}");
}

#[test]
fn every_flipped_bit_is_an_error_with_its_file() {
    let dir = tempfile::tempdir().unwrap();
    let _power = without_syncs();
    for (path, places) in filled(dir.path()) {
        let bytes = fs::read(&path).unwrap();
        for at in places {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << (at % 8);
            fs::write(&path, &changed).unwrap();
            let before = files_of(dir.path());
            let opened = try_open(dir.path());
            if opened.is_err() {
                assert!(files_of(dir.path()) == before, "byte {at} of {path:?}");
            }
            let error = opened.map(drop).and_then(|()| read_all(dir.path())).unwrap_err();
            assert_eq!(path_in(error), path, "byte {at}");
        }
        fs::write(&path, bytes).unwrap();
        read_all(dir.path()).unwrap();
    }
}

#[test]
fn an_error_says_the_place_and_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path());
    let path = Level::path(dir.path(), 0);
    let mut bytes = fs::read(&path).unwrap();
    bytes[4_096 + 24_576..].fill(0);
    fs::write(&path, bytes).unwrap();
    let store = open(dir.path());
    assert_eq!(store.get(255).unwrap(), kept(255));
    let said = store.get(256).unwrap_err().to_string();
    assert!(said.contains("level-0.nodes is damaged at byte 28672: its node"), "{said}");
    assert!(said.contains("restore the whole key store from one backup"), "{said}");
    // Nor can it be written over.
    assert!(matches!(store.erase(&[256]), Err(StoreError::KeysDamaged { .. })));
    assert!(matches!(put(&store, 1), Err(StoreError::KeysDamaged { .. })));
    assert_eq!(store.len(), 300);
    store.erase(&[255]).unwrap();
}

#[test]
fn a_file_cut_short_or_missing_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let _power = without_syncs();
    for (path, _) in filled(dir.path()) {
        let bytes = fs::read(&path).unwrap();
        for len in [0, 10, 48, 4_000, 4_150, 8_200] {
            fs::write(&path, &bytes[..len]).unwrap();
            assert_eq!(path_in(read_all(dir.path()).unwrap_err()), path, "{len} bytes");
        }
        fs::remove_file(&path).unwrap();
        assert!(matches!(read_all(dir.path()), Err(StoreError::Io { .. })), "{path:?}");
        assert!(!path.exists(), "no file is made in place of a lost one");
        fs::write(&path, bytes).unwrap();
    }
    read_all(dir.path()).unwrap();
}

#[test]
fn an_older_root_opens_nothing_after_an_erase() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path());
    let path = dir.path().join("root.keys");
    let older = fs::read(&path).unwrap();
    open(dir.path()).erase(&[20]).unwrap();
    fs::write(&path, older).unwrap();
    assert!(matches!(try_open(dir.path()), Err(StoreError::KeysDamaged { .. })));
}

#[test]
fn a_record_that_another_key_sealed_is_an_error() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    put(&open(one.path()), 3).unwrap();
    put(&open(two.path()), 3).unwrap();
    // Every frame checks, and none was sealed under the keys of this store.
    fs::copy(two.path().join("records.seg"), one.path().join("records.seg")).unwrap();
    let store = open(one.path());
    let said = store.get(1).unwrap_err().to_string();
    assert!(said.contains("its record cannot be opened"), "{said}");
}
