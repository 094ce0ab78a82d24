use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use super::*;
use crate::disk::power::{self, Dice};

mod crash;
mod damage;
pub(super) mod keys;
mod model;

fn event(number: u64) -> EventId {
    let mut id = [0xEE; 32];
    id[..8].copy_from_slice(&number.to_be_bytes());
    EventId::from_bytes(id)
}

/// What each test record begins with.
const PLAIN: &[u8] = b"plaintext of record ";

fn record(number: u64) -> Vec<u8> {
    let len = usize::try_from(number % 61).unwrap();
    [PLAIN, number.to_string().as_bytes(), &vec![b'.'; len]].concat()
}

fn try_open(dir: &Path) -> Result<KeyStore, StoreError> {
    let mut next = 0;
    let (store, opened) = KeyStore::open(dir, |number, id| {
        assert_eq!((number, id), (next, event(number)));
        next += 1;
        Ok::<_, StoreError>(())
    })?;
    assert_eq!((opened.frames, store.len()), (next, next));
    Ok(store)
}

fn open(dir: &Path) -> KeyStore {
    try_open(dir).unwrap()
}

/// Puts the next `count` test records as one batch.
fn put(store: &KeyStore, count: u64) -> Result<u64, StoreError> {
    let first = store.len();
    let records: Vec<_> = (first..first + count).map(|n| (event(n), record(n))).collect();
    let batch: Vec<_> = records.iter().map(|(id, record)| (*id, record.as_slice())).collect();
    store.put_batch(&batch)
}

fn kept(number: u64) -> Record {
    Record::Kept(Zeroizing::new(record(number)))
}

fn files_of(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let paths = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    paths.map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

#[test]
fn records_come_back_and_erased_ones_do_not() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("deep/keys");
    let store = open(&path);
    assert!(store.is_empty());
    assert_eq!(store.put_batch(&[]).unwrap(), 0);
    assert_eq!(put(&store, 3).unwrap(), 0);
    assert_eq!(put(&store, 2).unwrap(), 3);
    store.erase(&[1, 4, 1]).unwrap();
    store.erase(&[4]).unwrap();
    store.erase(&[]).unwrap();
    for store in [store, open(&path)] {
        let found: Vec<Record> = (0..5).map(|number| store.get(number).unwrap()).collect();
        assert_eq!(found, [kept(0), Record::Erased, kept(2), kept(3), Record::Erased]);
        assert_eq!(store.event_of(4).unwrap(), event(4));
        let on_disk: usize = files_of(&path).values().map(Vec::len).sum();
        assert!(store.bytes() >= on_disk as u64);
    }
}

#[test]
fn what_is_not_there_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    put(&store, 2).unwrap();
    assert!(matches!(store.get(2), Err(StoreError::NoFrame { index: 2, .. })));
    assert!(matches!(store.event_of(2), Err(StoreError::NoFrame { index: 2, .. })));
    let refused = store.erase(&[0, 7]);
    assert!(matches!(refused, Err(StoreError::NoFrame { index: 7, .. })));
    assert_eq!(store.get(0).unwrap(), kept(0), "all or none");
}

#[test]
fn the_longest_record_is_stored_and_a_longer_one_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let longest = vec![7; usize::try_from(MAX_RECORD_LEN).unwrap()];
    let longer = [longest.as_slice(), &[7]].concat();
    let refused = store.put_batch(&[(event(0), b"short"), (event(1), &longer)]);
    assert!(matches!(refused, Err(StoreError::TooLarge { found: 65_537, .. })));
    assert_eq!(store.len(), 0);
    store.put_batch(&[(event(0), &longest), (event(1), b"")]).unwrap();
    assert_eq!(store.get(0).unwrap(), Record::Kept(Zeroizing::new(longest)));
    assert_eq!(store.get(1).unwrap(), Record::Kept(Zeroizing::new(Vec::new())));
}

#[test]
fn nothing_secret_is_printed() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    put(&store, 1).unwrap();
    assert_eq!(format!("{:?}", store.get(0).unwrap()), "Kept(21 bytes)");
    let root = store.tree.state().root.clone();
    assert!(format!("{root:?}").ends_with("secret: Key(..) }"));
    let node = store.tree.node(&store.tree.state(), root.top().unwrap()).unwrap();
    assert_eq!(format!("{node:?}"), "Node { slot: Some(First), .. }");
}

#[test]
fn only_the_owner_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    put(&open(dir.path()), 1).unwrap();
    for path in files_of(dir.path()).keys() {
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600, "{path:?}");
    }
}

#[test]
fn heights_and_places() {
    let heights = [0, 1, 256, 257, 65_536, 65_537, u64::MAX].map(node::height_over);
    assert_eq!(heights, [0, 1, 1, 2, 2, 3, 8]);
    let place = node::Place::of_record(0x12_3456);
    assert_eq!((place.level, place.number), (0, 0x1234));
    assert_eq!((place.parent().level, place.parent().number), (1, 0x12));
    assert_eq!(node::index_in_parent(0x12_3456), 0x56);
}

#[test]
fn the_layout_is_frozen() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    put(&store, 300).unwrap();
    store.erase(&[0]).unwrap();
    let files = files_of(dir.path());
    let names: Vec<_> = files.keys().map(|path| path.file_name().unwrap()).collect();
    assert_eq!(names, ["level-0.nodes", "level-1.nodes", "records.seg", "root.keys"]);
    let bytes = |name: &str| &files[&dir.path().join(name)];
    assert_eq!(bytes("level-0.nodes")[..17], *b"cairn-keynode 1\n\x00");
    assert_eq!(bytes("level-1.nodes")[..17], *b"cairn-keynode 1\n\x01");
    // Node 0's second slot: the third commit's generation. Node 1 was not touched.
    assert_eq!(bytes("level-0.nodes")[4_096 + 12_288..][..8], 3_u64.to_be_bytes());
    assert_eq!(bytes("level-0.nodes")[4_096 + 24_576..][..8], 2_u64.to_be_bytes());
    let root = bytes("root.keys");
    assert_eq!((root.len(), &root[..16]), (12_288, b"cairn-keyroot 1\n".as_slice()));
    let head = [3_u64.to_be_bytes().as_slice(), &[2], &300_u64.to_be_bytes()].concat();
    assert_eq!(root[4_096..4_096 + 17], head);
    assert_eq!(bytes("records.seg")[48 + 40..][..32], *event(0).as_bytes());
}
