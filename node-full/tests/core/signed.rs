//! A node signs one block at each height, whatever becomes of its log of blocks.

use std::fs;
use std::path::Path;
use std::process::Command;

use cairn_node::node::{Node, OpenError, Status};
use cairn_verifier::digest::HeaderDigest;

use crate::support::{Log, SECOND, draft, with_events};

const BLOCKS: &str = "log/blocks/00000000000000000000.seg";
const SIGNED: &str = "log/signed";

/// A log whose index is gone, so that nothing but the files says where the blocks end.
fn stopped() -> (Log, Status) {
    let (log, node, _ids) = with_events(3);
    node.submit(vec![draft("the last one")]).unwrap();
    assert!(node.wait_size_final(4, SECOND));
    let status = node.status();
    drop(node);
    fs::remove_dir_all(log.path().join("index")).unwrap();
    (log, status)
}

fn change(log: &Log, file: &str, with: impl FnOnce(&mut Vec<u8>)) {
    let path = log.path().join(file);
    let mut bytes = fs::read(&path).unwrap();
    with(&mut bytes);
    fs::write(&path, bytes).unwrap();
}

/// Where the frames of a segment end: what follows is preallocated zeros.
fn written(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|byte| *byte != 0).unwrap()
}

fn head(node: &Node) -> HeaderDigest {
    node.head().unwrap().digest
}

#[test]
fn a_last_block_that_was_damaged_is_the_same_again() {
    let (log, before) = stopped();
    change(&log, BLOCKS, |bytes| {
        let end = written(bytes);
        bytes[end - 5] ^= 1;
    });
    let node = log.open();
    assert!(node.status().cut_bytes > 0, "the damaged frame was cut");
    assert_eq!(head(&node), before.head);
}

#[test]
fn without_the_block_signed_last_the_log_decides() {
    let (log, before) = stopped();
    change(&log, SIGNED, |bytes| bytes[40] ^= 1);
    assert_eq!(head(&log.open()), before.head);
    fs::remove_file(log.path().join(SIGNED)).unwrap();
    assert_eq!(head(&log.open()), before.head);
}

#[test]
fn a_log_that_lost_blocks_is_not_gone_on_with() {
    let (log, before) = stopped();
    fs::remove_file(log.path().join(BLOCKS)).unwrap();
    let refused = log.try_open().map(|_| ()).unwrap_err();
    let OpenError::BlocksMissing { signed, end } = refused else { panic!("{refused}") };
    assert_eq!((signed, end), (before.height, 0));
}

#[test]
fn a_log_with_another_block_than_was_signed_is_refused() {
    let (one, before) = stopped();
    let other = Log::new();
    copy(&one.path(), &other.path());
    for (log, actor) in [(&one, "one"), (&other, "another")] {
        let node = log.open();
        node.submit(vec![draft(actor)]).unwrap();
        assert!(node.wait_size_final(5, SECOND));
        assert_eq!(node.status().height, before.height + 1);
    }
    fs::copy(other.path().join(SIGNED), one.path().join(SIGNED)).unwrap();
    let refused = one.try_open().map(|_| ()).unwrap_err();
    let OpenError::BadBlock { height, reason } = refused else { panic!("{refused}") };
    assert_eq!(height, before.height + 1);
    assert!(reason.contains("this node signed"), "{reason}");
}

fn copy(from: &Path, to: &Path) {
    fs::remove_dir_all(to).unwrap();
    let copied = Command::new("cp").arg("-a").args([from, to]).status().unwrap();
    assert!(copied.success());
}
