//! Opening: what comes back, what is cut, what is refused.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cairn_node::ingest::Submission;
use cairn_node::init::{InitError, InitOptions, init};
use cairn_node::node::{Node, OpenError, Options};
use cairn_node::proofs::{BaseChoice, ReceiptWith};
use cairn_node::query::Query;
use cairn_store::StoreError;
use cairn_verifier::event::SignedEvent;
use cairn_verifier::receipt::verify;
use cairn_verifier::secret::MemberSecret;
use cairn_verifier::tree::{Rfc6962Sha256, root_of_leaves};

use crate::support::{Log, SECOND, draft, draft_json, ids, with_events};

const ENTRIES: &str = "log/entries/00000000000000000000.seg";
const BLOCKS: &str = "log/blocks/00000000000000000000.seg";

fn refused(log: &Log) -> OpenError {
    log.try_open().map(|_| ()).unwrap_err()
}

#[test]
fn a_reopened_node_is_the_same() {
    let (log, node, ids) = with_events(300);
    let before = node.status();
    let receipt = |node: &Node, n: usize| {
        node.receipt(&ids[n], BaseChoice::Genesis, ReceiptWith::default()).unwrap()
    };
    let receipts: Vec<_> = [0, 150, 299].map(|n| receipt(&node, n)).into();
    drop(node);
    let node = log.open();
    let after = node.status();
    assert_eq!((after.head, after.size, after.accepted), (before.head, before.size, 300));
    assert_eq!(after.cut_bytes, 0);
    assert_eq!([0, 150, 299].map(|n| receipt(&node, n)).as_slice(), receipts);
    assert!(log.path().join("tiles/event/0/000").is_file());
    node.submit(vec![draft("goes on")]).unwrap();
    assert!(node.wait_size_final(301, SECOND));
    assert_eq!(node.head().unwrap().header.parent, before.head);
}

#[test]
fn a_log_of_many_segments_is_the_same_after_reopening_and_after_losing_what_is_derived() {
    let log = Log::new();
    let block_time = Duration::from_millis(5);
    let options = || Options { block_time, segment_bytes: 4_000, ..Options::default() };
    let open = || Node::open(&log.path(), options()).unwrap();
    let node = open();
    let mut all = Vec::new();
    for n in 0..60 {
        let batch = (0..10).map(|m| draft(&format!("r{n}.{m}"))).collect();
        all.extend(ids(&node.submit(batch).unwrap()));
    }
    assert!(node.wait_size_final(600, SECOND));
    let root = node.head().unwrap().header.event_root;
    let query = Query { resource_prefix: Some("r4".to_owned()), ..Query::default() };
    let found = |node: &Node| {
        let page = node.query(&query).unwrap();
        page.entries.iter().map(|entry| entry.index).collect::<Vec<_>>()
    };
    let expected = found(&node);
    drop(node);
    assert!(fs::read_dir(log.path().join("log/entries")).unwrap().count() > 20);
    for lost in ["nothing", "index", "tiles", "tiles/event/0", "tiles/sha256"] {
        let _lost = fs::remove_dir_all(log.path().join(lost));
        let node = open();
        assert_eq!(node.head().unwrap().header.event_root, root);
        assert_eq!(found(&node), expected, "without {lost}");
        for (index, id) in (0..).zip(&all) {
            assert_eq!(node.entry(id).unwrap().unwrap().index, index);
        }
        let events = all.iter().map(|id| node.entry(id).unwrap().unwrap().signed);
        let body = |signed: Vec<u8>| SignedEvent::decode(&signed).unwrap().bytes().to_vec();
        let leaves: Vec<_> = events.map(|signed| Rfc6962Sha256::leaf(&body(signed))).collect();
        let sha256_root = node.head().unwrap().header.sha256_root;
        assert_eq!(root_of_leaves(&Rfc6962Sha256, &leaves), sha256_root);
        let receipt = node.receipt(&all[77], BaseChoice::Genesis, ReceiptWith::default());
        let receipt = receipt.unwrap();
        verify(&receipt, node.anchor(), cairn_node::clock::now(), &mut ()).unwrap();
    }
}

#[test]
fn an_index_in_pieces_is_made_again() {
    let (log, node, ids) = with_events(50);
    drop(node);
    for keyspace in fs::read_dir(log.path().join("index/keyspaces")).unwrap() {
        for file in fs::read_dir(keyspace.unwrap().path()).unwrap() {
            let file = file.unwrap().path();
            if file.is_file() {
                fs::write(file, b"").unwrap();
            }
        }
    }
    let node = log.open();
    for (index, id) in (0..).zip(&ids) {
        assert_eq!(node.entry(id).unwrap().unwrap().index, index);
    }
}

#[test]
fn a_payload_that_the_disk_changed_is_not_served() {
    let log = Log::new();
    let node = log.open();
    let draft = r#"{"type":"a.b","actor":{"kind":"user","id":"x"},
        "resource":{"kind":"doc","id":"1"},"payload":{"public":"cHVibGlj"}}"#;
    let id = ids(&node.submit(vec![Submission::Draft(draft_json(draft))]).unwrap())[0];
    let signed = node.entry(&id).unwrap().unwrap().signed;
    let digest = SignedEvent::decode(&signed).unwrap().body().payload.stored().unwrap();
    assert_eq!(node.payload(&digest).unwrap().as_deref(), Some(b"public".as_slice()));
    let text = digest.to_string();
    fs::write(log.path().join("payloads").join(&text[..2]).join(&text), b"poblic").unwrap();
    let refused = node.payload(&digest).unwrap_err();
    assert_eq!(refused.code(), "damaged");
    assert!(refused.to_string().contains(&text), "{refused}");
}

#[test]
fn a_directory_of_format_1_opens_and_keeps_its_log() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("data");
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/data-1");
    copy_dir(&fixture, &path);
    for _ in 0..2 {
        let node = Node::open(&path, Options::default()).unwrap();
        let status = node.status();
        assert_eq!((status.size, status.accepted, status.cut_bytes), (5, 5, 0));
        let id =
            "f583c41d03ce85f288b67ece53eaa9afe605ca80b2fecc146ea35a46e633b873".parse().unwrap();
        assert_eq!(node.entry(&id).unwrap().unwrap().index, 3);
        let auditor = fs::read_to_string(fixture.join("../auditor.key")).unwrap();
        let auditor = MemberSecret::parse(auditor.trim()).unwrap();
        let wrap = node
            .wrap(&id, &cairn_verifier::pcek::v2::key_id(&auditor.wrap().public_key()))
            .unwrap()
            .unwrap();
        assert!(auditor.wrap().is_recipient(&wrap));
        let receipt = node.receipt(&id, BaseChoice::Genesis, ReceiptWith::default()).unwrap();
        let now = node.head().unwrap().header.time;
        verify(&receipt, node.anchor(), now, &mut ()).unwrap();
    }
    assert_eq!(fs::read_to_string(path.join("FORMAT")).unwrap(), "cairn-data 2\n");
}

#[test]
fn a_directory_is_opened_once_and_only_if_it_is_a_log() {
    let log = Log::new();
    let node = log.open();
    assert!(matches!(refused(&log), OpenError::Locked(_)));
    drop(node);
    drop(log.open());
    let elsewhere = log.dir.path().join("elsewhere");
    let open = |path: &Path| Node::open(path, Options::default()).map(|_| ()).unwrap_err();
    assert!(matches!(open(&elsewhere), OpenError::NotInitialised(_)));
    assert!(!elsewhere.exists());
    fs::write(log.path().join("FORMAT"), "cairn-data 9\n").unwrap();
    assert!(
        matches!(refused(&log), OpenError::OtherFormat { found, .. } if found == "cairn-data 9")
    );
}

#[test]
fn init_refuses_what_is_taken() {
    let log = Log::new();
    let options = InitOptions::default;
    let again = init(&log.path(), options());
    assert!(matches!(again, Err(InitError::NotEmpty(_))));
    let member = MemberSecret::from_seed([1; 32]).unwrap();
    let fresh = log.dir.path().join("fresh");
    for options in [
        options().with_member("ingest", &member),
        InitOptions { streams: vec!["system".to_owned()], ..options() },
        options().with_member("a", &member).with_member("a", &member),
        InitOptions { streams: vec!["s".to_owned(), "s".to_owned()], ..options() },
    ] {
        assert!(matches!(init(&fresh, options), Err(InitError::NameTaken(_))));
        assert!(!fresh.exists());
    }
    let long = InitOptions { streams: vec!["s".repeat(65)], ..options() };
    assert!(matches!(init(&fresh, long), Err(InitError::Genesis(_))));
    assert!(!fresh.exists());
}

#[test]
fn an_unfinished_tail_is_cut_and_the_final_part_never() {
    let (log, node, _) = with_events(3);
    drop(node);
    let entries = log.path().join(ENTRIES);
    let final_bytes = fs::read(&entries).unwrap();
    // One more event that no block holds yet: its only write may be unfinished.
    let node = log.open_slow();
    let last = ids(&node.submit(vec![draft("last")]).unwrap())[0];
    let all_bytes = fs::read(&entries).unwrap();
    std::mem::forget(node.clone());
    drop(node);
    let copy = log.dir.path().join("copy");
    for len in (final_bytes.len()..all_bytes.len()).step_by(7).chain([all_bytes.len() - 1]) {
        copy_dir(&log.path(), &copy);
        fs::write(copy.join(ENTRIES), &all_bytes[..len]).unwrap();
        let node = Node::open(&copy, Options::default()).unwrap();
        let status = node.status();
        assert_eq!((status.accepted, status.size), (3, 3), "cut to {len}");
        assert_eq!(status.cut_bytes, (len - final_bytes.len()) as u64);
        assert!(node.entry(&last).unwrap().is_none());
        // The event can be submitted again, and the log goes on.
        node.submit(vec![draft("last")]).unwrap();
        drop(node);
        fs::remove_dir_all(&copy).unwrap();
    }
    for len in [final_bytes.len() - 1, final_bytes.len() / 2, 48] {
        copy_dir(&log.path(), &copy);
        fs::write(copy.join(ENTRIES), &final_bytes[..len]).unwrap();
        let error = Node::open(&copy, Options::default()).map(|_| ()).unwrap_err();
        assert!(matches!(error, OpenError::Storage(StoreError::Corrupt { .. })), "{error}");
        assert_eq!(fs::read(copy.join(ENTRIES)).unwrap().len(), len);
        fs::remove_dir_all(&copy).unwrap();
    }
}

#[test]
fn flipped_bits_are_found_with_their_place_and_nothing_is_changed() {
    let (log, node, _) = with_events(2);
    node.submit(vec![draft("in a write of its own")]).unwrap();
    assert!(node.wait_size_final(3, SECOND));
    drop(node);
    let copy = log.dir.path().join("copy");
    for file in [ENTRIES, BLOCKS] {
        let good = fs::read(log.path().join(file)).unwrap();
        for at in (0..good.len() * 6 / 10).step_by(37) {
            copy_dir(&log.path(), &copy);
            let mut bad = good.clone();
            bad[at] ^= 0x10;
            fs::write(copy.join(file), &bad).unwrap();
            let error = Node::open(&copy, Options::default()).map(|_| ()).unwrap_err();
            let OpenError::Storage(StoreError::Corrupt { offset, .. }) = error else {
                panic!("{file} byte {at}: {error}")
            };
            assert!(offset <= at as u64);
            assert_eq!(fs::read(copy.join(file)).unwrap(), bad);
            fs::remove_dir_all(&copy).unwrap();
        }
    }
}

#[test]
fn damaged_or_foreign_files_are_refused_by_name() {
    let (log, node, _) = with_events(300);
    drop(node);
    let with = |file: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let path = log.path().join(file);
        let good = fs::read(&path).unwrap();
        let mut bad = good.clone();
        change(&mut bad);
        fs::write(&path, bad).unwrap();
        let error = refused(&log);
        fs::write(&path, good).unwrap();
        error
    };
    let tile = with("tiles/event/0/000", &|bytes| bytes[5] ^= 1);
    assert!(matches!(tile, OpenError::Storage(StoreError::TileMismatch { .. })), "{tile}");
    let genesis = with("genesis.cairn", &|bytes| bytes.truncate(100));
    assert!(matches!(genesis, OpenError::BadGenesis { .. }), "{genesis}");
    // Another nonce makes another log, to which the blocks do not belong.
    let genesis = with("genesis.cairn", &|bytes| bytes[10] ^= 1);
    assert!(matches!(genesis, OpenError::BadBlock { .. }), "{genesis}");
    for key in ["keys/validator.key", "keys/ingest.key"] {
        let error = with(key, &|bytes| bytes.truncate(30));
        assert!(matches!(error, OpenError::BadKey { .. }), "{error}");
        let other = with(key, &|bytes| {
            let last = bytes.len() - 2;
            bytes[last] = if bytes[last] == b'0' { b'1' } else { b'0' };
        });
        assert!(matches!(other, OpenError::BadKey { .. }), "{other}");
    }
    drop(log.open());
}

#[test]
fn entries_of_another_log_are_refused() {
    let (log, node, _) = with_events(2);
    let (other, other_node, _) = with_events(2);
    drop((node, other_node));
    fs::copy(other.path().join(ENTRIES), log.path().join(ENTRIES)).unwrap();
    assert!(matches!(refused(&log), OpenError::BadEntry { index: 0, .. }));
}

#[test]
fn tiles_and_payload_leftovers_are_made_good() {
    let (log, node, _) = with_events(300);
    drop(node);
    fs::remove_dir_all(log.path().join("tiles")).unwrap();
    fs::create_dir_all(log.path().join("payloads/ab")).unwrap();
    fs::write(log.path().join("payloads/ab/half.1-1.tmp"), b"half").unwrap();
    let node = log.open();
    assert_eq!(node.status().size, 300);
    assert!(log.path().join("tiles/event/0/000").is_file());
    assert!(!log.path().join("payloads/ab/half.1-1.tmp").exists());
}

pub(crate) fn copy_dir(from: &Path, to: &PathBuf) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_dir(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}
