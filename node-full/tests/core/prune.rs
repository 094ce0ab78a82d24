//! Old events go, and everything that can be proven stays.

use std::time::Duration;

use cairn_node::archive;
use cairn_node::archive::ArchiveChoice;
use cairn_node::backup::{self, BackupWith};
use cairn_node::check::CheckOptions;
use cairn_node::init::public_keys;
use cairn_node::node::{Expired, Node, NodeError, OpenError, Options, Pruned, reindex};
use cairn_node::proofs::{BaseChoice, ReceiptWith};
use cairn_node::query::Query;
use cairn_node::system::SystemEvent;
use cairn_verifier::digest::EventId;
use cairn_verifier::secret::MemberSecret;
use cairn_verifier::{UnixMillis, receipt};

use crate::sealed::sealed;
use crate::support::{Log, SECOND, Writer, draft, ids};
use crate::system::with_public;

const EVENTS: u64 = 700;

fn options() -> Options {
    let block_time = Duration::from_millis(5);
    Options { block_time, segment_bytes: 20_000, ..Options::default() }
}

fn open(log: &Log) -> Node {
    Node::open(&log.path(), options()).unwrap()
}

/// A log of many segments, with a member and a sealed payload among its first events.
struct Long {
    log: Log,
    node: Node,
    ids: Vec<EventId>,
    secret: EventId,
    writer: Writer,
    quiet: Writer,
}

fn long() -> Long {
    let log = Log::new();
    let node = open(&log);
    let system = node.system_stream().unwrap().id;
    let ann = MemberSecret::from_seed([9; 32]).unwrap();
    let added = SystemEvent::MemberAdded { name: "ann".to_owned(), keys: public_keys(&ann) };
    let mut ids = vec![Writer::with(&node, log.admin(), system).say(&added).unwrap()];
    let secret = sealed(&node);
    ids.push(secret);
    let (mut quiet, mut writer) = (Writer::new(&node, 7), Writer::new(&node, 1));
    for _ in 0..3 {
        let (id, event) = quiet.next();
        node.submit(vec![event]).unwrap();
        ids.push(id);
    }
    while (ids.len() as u64) < EVENTS {
        let (more, batch): (Vec<_>, Vec<_>) = (0..50).map(|_| writer.next()).unzip();
        node.submit(batch).unwrap();
        ids.extend(more);
    }
    assert!(node.wait_size_final(ids.len() as u64, SECOND));
    Long { log, node, ids, secret, writer, quiet }
}

/// Prunes what can be, as soon as the tiles are on disk.
fn prune(node: &Node) -> Pruned {
    let later = UnixMillis(u64::MAX);
    while node.prunable(later).unwrap() == node.begin() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let pruned = node.prune_events(later).unwrap();
    assert!(node.wait_size_final(node.status().accepted, SECOND));
    pruned
}

fn code<T>(result: Result<T, NodeError>) -> &'static str {
    result.err().map_or("", |error| error.code())
}

fn holds(log: &Log, node: &Node, id: &EventId) {
    let bytes = node.receipt(id, BaseChoice::Genesis, ReceiptWith::default()).unwrap();
    let now = UnixMillis(node.status().head_time);
    receipt::verify(&bytes, log.anchor, now, &mut ()).unwrap();
}

#[test]
fn what_was_proven_is_proven_and_what_the_log_goes_by_stays() {
    let Long { log, node, ids, secret, writer, quiet } = long();
    let size = ids.len() as u64;
    let before: Vec<_> = (0..size).map(|index| node.inclusion(index, size).unwrap()).collect();
    let early = node.consistency(100, size).unwrap();
    let first_writers = node.begin();
    let pruned = prune(&node);
    let begin = pruned.begin;
    assert!(first_writers == 0 && (100..=size / 256 * 256).contains(&begin), "{begin}");
    // The member, the node's draft and what it said of the payloads are the system's or the last of
    // their writers; so are the quiet writer's third and the busy one's.
    assert_eq!(pruned.events + pruned.kept, begin);
    assert!((4..10).contains(&pruned.kept) && pruned.bytes > 20_000, "{pruned:?}");

    let now_size = node.status().size;
    let check = |node: &Node, writers: &mut [Writer; 2]| {
        check_pruned(&log, node, &ids, &secret, (begin, now_size));
        for (index, proof) in (0..).zip(&before) {
            assert_eq!(&node.inclusion(index, size).unwrap(), proof);
        }
        assert_eq!(node.consistency(100, size).unwrap(), early);
        for writer in writers {
            let (id, event) = writer.next();
            node.submit(vec![event]).unwrap();
            assert!(node.wait_final(&id, SECOND));
            holds(&log, node, &id);
        }
    };
    let mut writers = [writer, quiet];
    check(&node, &mut writers);
    node.shutdown();
    drop((writers, node));
    let node = open(&log);
    check(&node, &mut [Writer::new(&node, 1), Writer::new(&node, 7)]);
}

fn check_pruned(
    log: &Log,
    node: &Node,
    ids: &[EventId],
    secret: &EventId,
    (begin, size): (u64, u64),
) {
    assert_eq!(node.begin(), begin);
    let member = node.entry_at(0).unwrap().unwrap();
    assert_eq!(member.id, ids[0]);
    holds(log, node, &ids[0]);
    assert!(node.member("ann").unwrap().active);
    assert_eq!(code(node.entry_at(10)), "pruned");
    assert_eq!(code(node.entry(&ids[10])), "pruned");
    assert!(node.entry(&EventId::from([9; 32])).unwrap().is_none());
    let receipt = node.receipt(&ids[10], BaseChoice::Genesis, ReceiptWith::default());
    assert_eq!(receipt.unwrap_err().code(), "pruned");
    assert!(node.wrap(secret, &log.auditor.wrap().id()).unwrap().is_none());
    holds(log, node, &ids[usize::try_from(begin).unwrap()]);
    let query = Query { limit: Some(1_000), ..Query::default() };
    let page = node.query(&query).unwrap();
    assert_eq!(page.complete_from, begin);
    assert!(page.complete_to >= size);
    assert_eq!(page.entries.len() as u64, page.complete_to - begin);
    let kept = Query { kind: Some(cairn_verifier::event::Kind::Member), ..Query::default() };
    assert!(node.query(&kept).unwrap().entries.iter().all(|entry| entry.index >= begin));
    let report = node.check(CheckOptions::default(), &mut |_| true);
    assert!(report.is_clean(), "{:?}", report.findings);
    assert!(report.pruned > 90 && report.events > 100, "{report:?}");
}

#[test]
fn the_index_is_made_again_from_what_is_left() {
    let Long { log, node, ids, .. } = long();
    let begin = prune(&node).begin;
    node.shutdown();
    drop(node);
    let node = reindex(&log.path(), options(), None).unwrap();
    assert_eq!(node.begin(), begin);
    assert!(node.member("ann").unwrap().active);
    assert_eq!(code(node.entry_at(10)), "pruned");
    assert_eq!(node.entry(&ids[0]).unwrap().unwrap().index, 0);
    // Writers go on from where they were: also one that wrote nothing since.
    for seed in [1, 7] {
        let mut writer = Writer::new(&node, seed);
        assert!(writer.sequence >= 3, "{}", writer.sequence);
        let (id, event) = writer.next();
        node.submit(vec![event]).unwrap();
        assert!(node.wait_final(&id, SECOND));
    }
    assert!(node.check(CheckOptions::default(), &mut |_| true).is_clean());
}

#[test]
fn a_pruned_event_is_not_taken_again() {
    let Long { log: _log, node, .. } = long();
    prune(&node);
    let mut again = Writer { sequence: 0, previous: EventId::ZERO, ..Writer::new(&node, 1) };
    let (_, event) = again.next();
    let refused = node.submit(vec![event]).unwrap_err();
    assert_eq!(refused.reason.code(), "sequence-reused");
}

#[test]
fn a_backup_of_a_pruned_log_has_what_cannot_be_made_again() {
    let Long { log, node, ids, .. } = long();
    let begin = prune(&node).begin;
    let (copy, back) = (log.dir.path().join("backup"), log.dir.path().join("back"));
    let with = BackupWith { keys: true, key_store: false };
    backup::backup(&log.path(), &copy, with, &mut |_| {}).unwrap();
    node.shutdown();
    drop(node);
    backup::restore(&copy, &back, None, &mut |_| {}).unwrap();
    let node = Node::open(&back, options()).unwrap();
    assert_eq!(node.begin(), begin);
    holds(&log, &node, &ids[usize::try_from(begin).unwrap()]);
    assert!(node.check(CheckOptions::default(), &mut |_| true).is_clean());
    node.shutdown();
    drop(node);

    std::fs::remove_dir_all(back.join("tiles")).unwrap();
    let refused = Node::open(&back, options()).unwrap_err();
    assert!(matches!(refused, OpenError::Pruned { .. }), "{refused}");
    assert!(refused.to_string().contains("restore"), "{refused}");
}

#[test]
fn an_archive_begins_where_the_events_do() {
    let Long { log, node, .. } = long();
    let begin = prune(&node).begin;
    let newest = node.head().unwrap().header.height;
    let export = |from: u64| {
        let choice =
            ArchiveChoice { blocks: from..newest + 1, payloads: true, base: BaseChoice::Genesis };
        let mut bytes = Vec::new();
        node.export(&choice, &mut bytes, &mut |_| {}).map(|()| bytes)
    };
    let refused = export(0).unwrap_err();
    assert!(refused.to_string().contains("is not kept here any more"), "{refused}");
    let first = node.first_kept_block().unwrap();
    let size = |height: u64| node.block(height).unwrap().unwrap().header.events.get();
    assert!(size(first - 2) < begin && size(first - 1) >= begin);
    assert!(export(first - 1).is_err());
    let now = UnixMillis(node.status().head_time);
    let bytes = export(first).unwrap();
    let fact = archive::verify(bytes.as_slice(), (log.anchor, now), &mut |_| {}).unwrap();
    assert!(fact.events().start >= begin);
}

#[test]
fn nothing_goes_that_is_not_in_a_tile_or_not_old_enough() {
    let log = Log::new();
    let node = Node::open(&log.path(), Options { segment_bytes: 2_000, ..options() }).unwrap();
    let batch: Vec<_> = (0..200).map(|n| draft(&format!("{n}"))).collect();
    let ids = ids(&node.submit(batch).unwrap());
    assert!(node.wait_size_final(ids.len() as u64, SECOND));
    let later = UnixMillis(u64::MAX);
    assert_eq!(node.prune_events(later).unwrap(), Pruned::default());
    let batch: Vec<_> = (0..200).map(|n| draft(&format!("more {n}"))).collect();
    node.submit(batch).unwrap();
    let head = node.head().unwrap().header;
    assert_eq!(node.prune_events(UnixMillis(0)).unwrap(), Pruned::default());
    let begin = prune(&node).begin;
    assert!(begin <= 256, "{begin} is beyond the last full tile");
    assert!(head.events.get() >= 200);
}

#[test]
fn payloads_that_were_kept_long_enough_go_and_everything_else_stays() {
    let log = Log::new();
    let node = log.open();
    let mut writer = Writer::new(&node, 1);
    let secret = sealed(&node);
    let (old, shared) = (with_public(&mut writer, b"old"), with_public(&mut writer, b"shared"));
    let head = node.head().unwrap().header.time;
    let again = with_public(&mut writer, b"shared");
    let before = UnixMillis(head.0 + 1);
    let expired = node.expire_payloads(before).unwrap();
    // The ciphertext and "old"; "shared" is a newer event's as well.
    assert_eq!((expired.payloads, expired.records), (2, 1));
    let receipt = |id: &EventId, payload| {
        let with = ReceiptWith { payload, wraps: &[] };
        node.receipt(id, BaseChoice::Genesis, with).map_err(|error| error.code())
    };
    for id in [&secret, &old] {
        assert_eq!(receipt(id, true), Err("no-payload"));
        assert!(receipt(id, false).is_ok());
    }
    assert!(receipt(&shared, true).is_ok() && receipt(&again, true).is_ok());
    assert_eq!(node.wrap(&secret, &log.auditor.wrap().id()).unwrap(), None);
    assert_eq!(node.expire_payloads(before).unwrap(), Expired::default());
    let said = || {
        let event_type = Some("cairn.retention.applied".to_owned());
        node.query(&Query { event_type, ..Query::default() }).unwrap().entries.len()
    };
    while said() == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(said(), 1);
    assert!(node.check(CheckOptions::default(), &mut |_| true).is_clean());
}
