//! The records of the state belong to a block. Whatever a crash leaves of them, behind, ahead, of
//! nothing or bent, the node opens with those of the newest block.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use cairn_node::check::CheckOptions;
use cairn_node::node::Node;
use cairn_store::index::{Index, MEMORY, Mark};
use cairn_store::sparse::Leaves;
use cairn_verifier::state::{RecordKey, StateRecord, hasher};

use crate::open::copy_dir;
use crate::support::{Log, SECOND, Writer, draft};

fn write(node: &Node, seeds: std::ops::Range<u8>) {
    for seed in seeds {
        let (id, event) = Writer::new(node, seed).next();
        node.submit(vec![draft("between"), event]).unwrap();
        assert!(node.wait_final(&id, SECOND));
    }
}

fn index(path: &Path) -> Arc<Index> {
    Arc::new(Index::open(&path.join("index"), MEMORY).unwrap())
}

/// Opens the log with an index that was changed; everything is as it must be.
fn expect_whole(log: &Log, what: &str) {
    let node = log.open();
    let report = node.check(CheckOptions::default(), &mut |_| true);
    assert_eq!(report.findings, Vec::<String>::new(), "{what}");
    write(&node, 100..102);
    let report = node.check(CheckOptions::default(), &mut |_| true);
    assert_eq!(report.findings, Vec::<String>::new(), "{what}, and going on");
    let blocks = node.head().unwrap().header.height + 1;
    drop(node);
    assert_eq!(index(&log.path()).mark(Mark::State).unwrap(), blocks, "{what}");
}

/// The log as it was, with an index of some days before.
#[test]
fn records_of_an_older_block_are_brought_forward() {
    let log = Log::new();
    let node = log.open();
    write(&node, 1..4);
    drop(node);
    copy_dir(&log.path().join("index"), &log.dir.path().join("older"));
    let node = log.open();
    write(&node, 3..9);
    drop(node);
    fs::remove_dir_all(log.path().join("index")).unwrap();
    copy_dir(&log.dir.path().join("older"), &log.path().join("index"));
    expect_whole(&log, "an older index");
}

/// Between the block and its records: entries and blocks are indexed, the records are not.
#[test]
fn a_block_without_its_records_is_made_good() {
    let log = Log::new();
    let node = log.open();
    write(&node, 1..4);
    let before = node.head().unwrap().header.height + 1;
    drop(node);
    copy_dir(&log.path().join("index"), &log.dir.path().join("older"));
    let node = log.open();
    write(&node, 2..6);
    drop(node);
    // The newest index, with the records of the older one.
    let new = index(&log.path());
    let older = Arc::new(Index::open(&log.dir.path().join("older"), MEMORY).unwrap());
    new.forget_state().unwrap();
    let mut records = BTreeMap::new();
    older
        .each(&mut |path, leaf| {
            records.insert(path, Some((leaf, older.record(&path).unwrap().unwrap())));
        })
        .unwrap();
    assert!(records.len() > 5);
    Arc::clone(&new).put(&records, before).unwrap();
    drop(new);
    expect_whole(&log, "records of a block before");
}

#[test]
fn records_that_are_ahead_bent_or_half_there_are_made_again() {
    let log = Log::new();
    let node = log.open();
    write(&node, 1..6);
    let (blocks, stream) = (node.head().unwrap().header.height + 1, node.streams()[0].id);
    drop(node);
    for what in ["ahead", "bent", "half"] {
        let mut index = index(&log.path());
        let mark = index.mark(Mark::State).unwrap();
        assert!(mark >= blocks);
        match what {
            "ahead" => index.set_mark(Mark::State, mark + 1_000).unwrap(),
            "half" => index.set_mark(Mark::State, 0).unwrap(),
            _ => {
                let writer = [7; 32].into();
                let record = StateRecord::Head { stream, writer, next: 9, last: [1; 32].into() };
                let path = RecordKey::Head(stream, writer).path();
                let bytes = record.encode().unwrap();
                let leaf = (hasher::leaf(&path, &bytes), bytes);
                index.put(&BTreeMap::from([(path, Some(leaf))]), mark).unwrap();
            }
        }
        drop(index);
        expect_whole(&log, what);
    }
}
