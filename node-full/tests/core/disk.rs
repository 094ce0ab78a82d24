//! A disk without space stops acknowledgement, not the process.
//!
//! The operating system does it for real: a file size limit makes writes fail (and fall short)
//! as a full disk does, without needing to be root. The limit holds for a whole process, so the
//! test runs again in one of its own, with the signal ignored that would end it.

use std::process::Command;
use std::time::Duration;

use cairn_node::ingest::Refusal;
use cairn_node::node::Node;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::support::{Log, SECOND, draft, ids, with_events};

const ENTRIES: &str = "log/entries/00000000000000000000.seg";
const BLOCKS: &str = "log/blocks/00000000000000000000.seg";

const CHILD: &str = "CAIRN_TEST_FULL_DISK";

fn limit_file_size(bytes: Option<u64>) {
    let maximum = getrlimit(Resource::Fsize).maximum;
    setrlimit(Resource::Fsize, Rlimit { current: bytes, maximum }).unwrap();
}

/// Runs a test of this file in a process that survives SIGXFSZ.
fn in_a_process_of_its_own(test: &str) -> bool {
    if std::env::var_os(CHILD).is_some() {
        return true;
    }
    let program = std::env::current_exe().unwrap();
    let run = Command::new("sh")
        .args(["-c", "trap '' XFSZ; exec \"$0\" --exact \"$1\" --nocapture"])
        .arg(program)
        .arg(format!("disk::{test}"))
        .env(CHILD, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success() && said.contains("1 passed"), "{said}{run:?}");
    false
}

fn size_of(log: &Log, file: &str) -> u64 {
    log.path().join(file).metadata().unwrap().len()
}

fn refused(node: &Node, count: usize) -> Refusal {
    node.submit((0..count).map(|n| draft(&format!("full {n}"))).collect()).unwrap_err().reason
}

#[test]
fn a_full_disk_refuses_and_later_goes_on() {
    if !in_a_process_of_its_own("a_full_disk_refuses_and_later_goes_on") {
        return;
    }
    let (log, node, before) = with_events(50);
    let size = size_of(&log, ENTRIES);
    // Room for a part of the next write, but not for all of it.
    limit_file_size(Some(size + 1_000));
    for _ in 0..3 {
        let reason = refused(&node, 20);
        assert_eq!(reason.code(), "disk-full", "{reason}");
        assert!(!reason.is_permanent());
        assert_eq!(size_of(&log, ENTRIES), size, "the part that fit was cut again");
        assert!(!node.status().is_healthy());
        assert_eq!(node.status().accepted, 50);
    }
    // Reading goes on, and what still fits is taken.
    assert!(node.entry(&before[49]).unwrap().is_some());
    let small = ids(&node.submit(vec![draft("small")]).unwrap());
    assert!(node.wait_final(&small[0], SECOND));
    assert!(node.status().is_healthy());

    limit_file_size(None);
    let after = node.submit((0..20).map(|n| draft(&format!("again {n}"))).collect()).unwrap();
    assert_eq!(after[0].index, Some(51));
    assert!(node.wait_final(&after[19].id, SECOND));
    assert!(node.status().is_healthy());
    drop(node);
    let node = log.open();
    assert_eq!((node.status().size, node.status().cut_bytes), (71, 0));
}

#[test]
fn a_full_disk_delays_blocks_and_loses_nothing() {
    if !in_a_process_of_its_own("a_full_disk_delays_blocks_and_loses_nothing") {
        return;
    }
    let log = Log::new();
    let node = log.open();
    // Blocks grow faster than small events: after a while only they do not fit.
    let mut accepted = Vec::new();
    let block = size_of(&log, BLOCKS);
    limit_file_size(Some(block + 100));
    accepted.append(&mut ids(&node.submit(vec![draft("waits")]).unwrap()));
    assert!(!node.wait_final(&accepted[0], Duration::from_millis(300)));
    let status = node.status();
    assert_eq!((status.accepted, status.size, status.height), (1, 0, 0));
    assert!(status.disk_error.unwrap().contains("log/blocks"));
    assert_eq!(size_of(&log, BLOCKS), block);
    limit_file_size(None);
    assert!(node.wait_final(&accepted[0], SECOND));
    assert!(node.status().is_healthy());
}
