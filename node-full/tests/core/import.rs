//! Archives become a log that can be read again.

use std::fs;
use std::ops::Range;
use std::path::PathBuf;

use cairn_node::archive::{self, ArchiveChoice, ImportError, ImportOptions, Imported};
use cairn_node::node::{Node, OpenError, Options};
use cairn_node::proofs::{BaseChoice, ReceiptWith};
use cairn_node::query::Query;
use cairn_node::system::SystemEvent;
use cairn_verifier::digest::EventId;
use cairn_verifier::error::Meaning;
use cairn_verifier::event::{Payload, SignedEvent};
use cairn_verifier::{TrustAnchor, UnixMillis, receipt};

use crate::open::copy_dir;
use crate::sealed::sealed;
use crate::support::{Log, SECOND, Writer, draft, ids, public_payload};
use crate::system::{wait_erased, with_public};

/// A log with public and sealed payloads in several blocks.
fn filled() -> (Log, Node, Vec<EventId>) {
    let log = Log::new();
    let node = log.open();
    let mut all = Vec::new();
    let mut writer = Writer::new(&node, 1);
    for block in 0..5 {
        let batch = (0..=block).map(|n| draft(&format!("{block}.{n}"))).collect();
        all.append(&mut ids(&node.submit(batch).unwrap()));
        all.push(sealed(&node));
        all.push(with_public(&mut writer, format!("text {block}").as_bytes()));
    }
    (log, node, all)
}

fn end(node: &Node) -> u64 {
    node.head().unwrap().header.height + 1
}

/// Writes an archive beside the log, and says where it is.
fn export(log: &Log, node: &Node, name: &str, blocks: Range<u64>) -> PathBuf {
    let path = log.dir.path().join(name);
    fs::write(&path, exported(node, blocks)).unwrap();
    path
}

fn exported(node: &Node, blocks: Range<u64>) -> Vec<u8> {
    exported_from(node, blocks, BaseChoice::Genesis)
}

fn exported_from(node: &Node, blocks: Range<u64>, base: BaseChoice) -> Vec<u8> {
    let mut bytes = Vec::new();
    let choice = ArchiveChoice { blocks, payloads: true, base };
    node.export(&choice, &mut bytes, &mut |_| {}).unwrap();
    bytes
}

fn import(
    log: &Log,
    files: &[&PathBuf],
    anchor: Option<TrustAnchor>,
) -> Result<Imported, ImportError> {
    let files = files.iter().map(|file| (*file).clone()).collect();
    let options = Options::default();
    let choice = ImportOptions { files, dir: log.dir.path().join("copy"), anchor, options };
    archive::import(&choice, &mut |_| {})
}

fn refused(log: &Log, file: &PathBuf, anchor: Option<TrustAnchor>) -> &'static str {
    import(log, &[file], anchor).unwrap_err().code()
}

fn open_copy(log: &Log) -> Result<Node, OpenError> {
    Node::open_copy(&log.dir.path().join("copy"), Options::default())
}

#[test]
fn what_was_exported_comes_back_to_the_byte() {
    let (log, node, ids) = filled();
    let (end, middle) = (end(&node), end(&node) / 2);
    let first = export(&log, &node, "first", 0..middle);
    let second = export(&log, &node, "second", middle..end);
    let done = import(&log, &[&first, &second], Some(log.anchor)).unwrap();
    let size = node.head().unwrap().header.events.get();
    assert_eq!((done.log, done.blocks, done.events), (node.log(), end, size));
    assert_eq!((done.payloads, done.known, done.height), (10, 0, end - 1));

    let copy = open_copy(&log).unwrap();
    assert_eq!(copy.head().unwrap().digest, node.head().unwrap().digest);
    assert_eq!(exported(&copy, 0..middle), fs::read(&first).unwrap());
    assert_eq!(exported(&copy, middle..end), fs::read(&second).unwrap());
    let page = |node: &Node| {
        let query = Query { resource_prefix: Some("3.".to_owned()), ..Query::default() };
        let page = node.query(&query).unwrap();
        page.entries.iter().map(|entry| entry.id).collect::<Vec<_>>()
    };
    assert_eq!((page(&copy).len(), page(&copy)), (4, page(&node)));
    let now = UnixMillis(node.status().head_time);
    for id in &ids {
        let signed = copy.entry(id).unwrap().unwrap().signed;
        let payload = SignedEvent::decode(&signed).unwrap().body().payload.stored().is_some();
        let file = copy.receipt(id, BaseChoice::Genesis, ReceiptWith { payload, wraps: &[] });
        receipt::verify(&file.unwrap(), log.anchor, now, &mut ()).unwrap();
    }
    assert!(copy.check(Default::default(), &mut |_| true).is_clean());
    let refused = copy.submit(vec![draft("more")]).unwrap_err().reason;
    assert_eq!(refused.code(), "read-only");
    assert!(refused.to_string().contains("copy of the log"), "{refused}");
}

#[test]
fn it_goes_on_where_it_ended_and_compares_what_is_there() {
    let (log, node, _) = filled();
    let (end, anchor) = (end(&node), Some(log.anchor));
    let whole = export(&log, &node, "whole", 0..end);
    let part = export(&log, &node, "part", 0..3);
    let late = export(&log, &node, "late", 5..end);
    assert_eq!(refused(&log, &late, None), "import-no-anchor");
    assert_eq!(refused(&log, &late, anchor), "import-gap");
    assert_eq!(import(&log, &[&part], anchor).unwrap().blocks, 3);
    let gap = import(&log, &[&late], None).unwrap_err();
    assert!(gap.to_string().contains("blocks 3 to 4 goes between"), "{gap}");

    // One that breaks off is taken as far as whole steps go, here not at all, and then the rest is.
    let bytes = fs::read(&whole).unwrap();
    let cut = log.dir.path().join("cut");
    fs::write(&cut, &bytes[..bytes.len() - 9]).unwrap();
    assert_eq!(refused(&log, &cut, None), "archive-broken");
    let done = import(&log, &[&whole], None).unwrap();
    assert_eq!((done.blocks, done.known), (end - 3, 3));
    let again = import(&log, &[&late, &whole], None).unwrap();
    assert_eq!((again.blocks, again.events, again.payloads), (0, 0, 0));
    assert_eq!(again.known, 2 * end - 5);

    // A later archive of the same log goes on from there.
    let mut writer = Writer::new(&node, 1);
    with_public(&mut writer, b"more");
    let more = export(&log, &node, "more", end..end + 1);
    assert_eq!(import(&log, &[&more], None).unwrap().blocks, 1);
    assert_eq!(open_copy(&log).unwrap().status().size, node.status().size);
}

#[test]
fn what_does_not_hold_is_refused_by_name_and_keeps_what_was_there() {
    let (log, node, _) = filled();
    let (end, anchor) = (end(&node), Some(log.anchor));
    let good = fs::read(export(&log, &node, "good", 0..end)).unwrap();
    let bad = log.dir.path().join("bad");
    let refuse = |bytes: &[u8], anchor| {
        fs::write(&bad, bytes).unwrap();
        refused(&log, &bad, anchor)
    };
    let block = node.block(4).unwrap().unwrap();
    let place = |needle: &[u8]| {
        let mut windows = good.windows(needle.len());
        windows.rposition(|part| part == needle).unwrap() + needle.len()
    };
    let flipped = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        bytes
    };
    assert_eq!(refuse(&flipped(place(&block.certificate) - 1), anchor), "archive-certificate");
    let entry = node.entry_at(3).unwrap().unwrap();
    assert_eq!(refuse(&flipped(place(&entry.signed) - 1), anchor), "bent-event");
    assert_eq!(refuse(&flipped(place(b"text 2") - 1), anchor), "archive-other-payload");
    let other = TrustAnchor::Genesis([7; 32].into());
    assert_eq!(refuse(&good, Some(other)), "other-log");
    assert_eq!(refuse(&[good.as_slice(), b"x"].concat(), anchor), "archive-trailing");
    let pinned = exported_from(&node, 0..end, BaseChoice::Header(node.head().unwrap().digest));
    assert_eq!(refuse(&pinned, anchor), "import-no-votes");
    let checkpoint = BaseChoice::Checkpoint(node.head().unwrap().digest);
    let checkpoint = exported_from(&node, 0..end, checkpoint);
    // The directory has the genesis by now, and needs it in no archive.
    assert_eq!(refuse(b"cairn-archive 2 and so on", anchor), "not-an-archive");
    assert_eq!(refuse(&exported_from(&node, 1..2, BaseChoice::Genesis), anchor), "import-gap");

    let (_stranger, theirs, _) = filled();
    assert_eq!(refuse(&exported(&theirs, 0..2), anchor), "import-other-log");
    fs::write(&bad, checkpoint).unwrap();
    assert_eq!(import(&log, &[&bad], anchor).unwrap().blocks, end);
}

#[test]
fn a_new_directory_needs_the_genesis() {
    let (log, node, _) = filled();
    let base = BaseChoice::Checkpoint(node.head().unwrap().digest);
    let path = log.dir.path().join("headless");
    fs::write(&path, exported_from(&node, 0..2, base)).unwrap();
    assert_eq!(refused(&log, &path, Some(log.anchor)), "import-no-genesis");
    let whole = export(&log, &node, "whole", 0..1);
    let files = vec![whole];
    let choice = |dir| ImportOptions {
        files: files.clone(),
        dir,
        anchor: Some(log.anchor),
        options: Options::default(),
    };
    let code = |dir| archive::import(&choice(dir), &mut |_| {}).unwrap_err().code();
    assert_eq!(code(log.path()), "holds-keys");
    let taken = log.dir.path().join("taken");
    fs::create_dir(&taken).unwrap();
    fs::write(taken.join("a file"), "x").unwrap();
    assert_eq!(code(taken), "not-empty");
}

/// Two copies of one node: what each makes final is a fork.
#[test]
fn an_overlap_that_differs_is_a_fork_with_its_evidence() {
    let (log, node, _) = filled();
    let height = end(&node);
    drop(node);
    let twin = log.dir.path().join("twin");
    copy_dir(&log.path(), &twin);
    let more = |node: &Node, text: &str| {
        let mut writer = Writer::new(node, 2);
        with_public(&mut writer, text.as_bytes());
        with_public(&mut writer, b"and more");
    };
    let node = log.open();
    more(&node, "one history");
    let other = Node::open(&twin, Options::default()).unwrap();
    more(&other, "another");
    let ours = export(&log, &node, "ours", 0..height + 2);
    let theirs = export(&log, &other, "theirs", 0..height + 2);
    import(&log, &[&ours], Some(log.anchor)).unwrap();
    let forked = import(&log, &[&theirs], None).unwrap_err();
    assert_eq!(forked.code(), "fork");
    let evidence = log.dir.path().join(format!("copy/evidence/fork-{height}.cairn"));
    assert!(evidence.is_file() && forked.to_string().contains("proves it"), "{forked}");
    let later = export(&log, &other, "later", height + 1..height + 2);
    assert_eq!(refused(&log, &later, None), "import-other-block");
}

#[test]
fn a_pinned_header_proves_what_is_before_it_and_nothing_is_served_until_then() {
    let (log, node, _) = filled();
    let end = end(&node);
    let pinned = TrustAnchor::Checkpoint(node.block(5).unwrap().unwrap().digest);
    let first = export(&log, &node, "first", 0..4);
    let second = export(&log, &node, "second", 4..end);
    let early = import(&log, &[&first], Some(pinned)).unwrap_err();
    assert_eq!((early.code(), early.meaning()), ("anchor-not-reached", Meaning::CouldNotCheck));
    let Err(OpenError::Follow(unproven)) = open_copy(&log) else { panic!("it opened") };
    assert_eq!(unproven.code(), "anchor-not-reached");
    assert_eq!(refused(&log, &second, Some(log.anchor)), "other-anchor");
    assert_eq!(import(&log, &[&second], Some(pinned)).unwrap().size, node.status().size);
    assert_eq!(open_copy(&log).unwrap().status().size, node.status().size);
}

#[test]
fn payloads_that_were_erased_do_not_come_back() {
    let (log, node, _) = filled();
    let mut writer = Writer::new(&node, 1);
    let text = b"what should not have been written down";
    let gone = with_public(&mut writer, text);
    let early = export(&log, &node, "early", 0..end(&node));
    writer.say(&SystemEvent::Redacted { event: gone }).unwrap();
    wait_erased(&node, 1);
    let size = node.status().accepted;
    assert!(node.wait_size_final(size, SECOND));
    let late = export(&log, &node, "late", 0..end(&node));
    let Payload::Public { digest, .. } = public_payload(text) else { panic!() };
    assert_eq!(node.payload(&digest).unwrap(), None);

    // The archive from before has the payload, the log that follows says that it is erased.
    import(&log, &[&early], Some(log.anchor)).unwrap();
    assert!(open_copy(&log).unwrap().payload(&digest).unwrap().is_some());
    import(&log, &[&late], None).unwrap();
    assert_eq!(open_copy(&log).unwrap().payload(&digest).unwrap(), None);
    assert_eq!(import(&log, &[&early], None).unwrap().payloads, 0);
    let copy = open_copy(&log).unwrap();
    assert_eq!(copy.payload(&digest).unwrap(), None);
    let receipt = copy.receipt(&gone, BaseChoice::Genesis, ReceiptWith::default()).unwrap();
    let now = UnixMillis(node.status().head_time);
    assert_eq!(receipt::verify(&receipt, log.anchor, now, &mut ()).unwrap().event().id(), gone);
}

/// The same archive with payloads later brings them.
#[test]
fn payloads_can_follow_their_events() {
    let (log, node, _) = filled();
    let end = end(&node);
    let bare = log.dir.path().join("bare");
    let choice = ArchiveChoice { blocks: 0..end, payloads: false, base: BaseChoice::Genesis };
    let mut bytes = Vec::new();
    node.export(&choice, &mut bytes, &mut |_| {}).unwrap();
    fs::write(&bare, bytes).unwrap();
    let full = export(&log, &node, "full", 0..end);
    assert_eq!(import(&log, &[&bare], Some(log.anchor)).unwrap().payloads, 0);
    assert_eq!(import(&log, &[&full], None).unwrap().payloads, 10);
}
