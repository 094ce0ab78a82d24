//! Headers whose state root is not that of their events, signed by the validator: whoever makes the
//! state again refuses them.

use std::fs;
use std::time::Duration;

use cairn_node::archive::{self, ArchiveChoice};
use cairn_node::check::CheckOptions;
use cairn_node::node::{Node, OpenError, Options};
use cairn_node::proofs::{BaseChoice, ReceiptWith};
use cairn_node::publish::PublishOptions;
use cairn_node::replica::{FollowError, ReplicaOptions};
use cairn_verifier::digest::{Hash, HeaderDigest};
use cairn_verifier::finality::{
    HEADER_LEN, Header, Role, VOTE_PRECOMMIT, encode_certificate, vote_message,
};
use cairn_verifier::receipt;
use cairn_verifier::secret::ValidatorSecret;
use cairn_verifier::tree::{Blake3, Kind, root_of_leaves};

use crate::support::{Log, SECOND, draft};

/// A log of a few blocks, none of them open.
fn log() -> Log {
    let log = Log::new();
    let node = log.open();
    for n in 1..6 {
        node.submit(vec![draft(&format!("event {n}"))]).unwrap();
        assert!(node.wait_size_final(n, SECOND));
    }
    log
}

/// Bends headers and signs them again, each with the one before it.
fn forge(log: &Log, mut bend: impl FnMut(&mut Header)) {
    let dir = log.path().join("log/blocks");
    let text = fs::read_to_string(log.path().join("keys/validator.key")).unwrap();
    let validator = ValidatorSecret::parse(&text).unwrap();
    let (old, _) = cairn_store::log::Log::open(&dir, 1 << 20, 0).unwrap();
    let (mut parent, mut leaves, mut blocks) = (HeaderDigest::ZERO, Vec::new(), Vec::new());
    for height in 0..old.end() {
        let bytes = old.read(height).unwrap();
        let mut header = Header::decode(&bytes[..HEADER_LEN]).unwrap();
        let hasher = Blake3::new(Kind::Header, *header.log.as_bytes());
        (header.parent, header.header_root) = (parent, root_of_leaves(&hasher, &leaves));
        bend(&mut header);
        parent = header.digest();
        leaves.push(hasher.leaf(height, parent.as_bytes()));
        let message =
            vote_message((&header.log, &header.set), (VOTE_PRECOMMIT, height, 0), &parent);
        let vote = validator.sign(Role::Vote, &message).unwrap();
        let certificate = encode_certificate(0, &[(0, validator.suite(), vote)]).unwrap();
        blocks.push([header.encode().as_slice(), &certificate].concat());
    }
    drop(old);
    fs::remove_dir_all(&dir).unwrap();
    let (new, _) = cairn_store::log::Log::open(&dir, 1 << 20, 0).unwrap();
    let blocks: Vec<&[u8]> = blocks.iter().map(Vec::as_slice).collect();
    new.append_batch(&blocks).unwrap();
    // It would show that this node signed other headers.
    fs::remove_file(log.path().join("log/signed")).unwrap();
    // What was derived from the blocks.
    for lost in ["index", "tiles/header"] {
        fs::remove_dir_all(log.path().join(lost)).unwrap();
    }
}

fn newest(log: &Log) -> u64 {
    let (blocks, _) =
        cairn_store::log::Log::open(&log.path().join("log/blocks"), 1 << 20, 0).unwrap();
    blocks.end() - 1
}

/// A replica that follows what this log publishes.
fn replica(log: &Log, name: &str) -> Result<Node, OpenError> {
    let every = Duration::from_millis(20);
    let url = format!("file://{}", log.dir.path().join(name).display());
    fs::create_dir_all(log.dir.path().join(name)).unwrap();
    let publish = PublishOptions { to: url.clone(), every, head: None };
    let options = || Options { block_time: Duration::from_millis(5), ..Options::default() };
    drop(Node::open_publishing(&log.path(), options(), None, &publish).unwrap());
    let following = ReplicaOptions { from: url, anchor: log.anchor, write_to: None, every };
    Node::follow(&log.dir.path().join(format!("{name}-replica")), options(), following)
}

fn archived(log: &Log, node: &Node, from: u64) -> Result<bool, &'static str> {
    let end = node.head().unwrap().header.height + 1;
    let choice = ArchiveChoice { blocks: from..end, payloads: true, base: BaseChoice::Genesis };
    let mut bytes = Vec::new();
    node.export(&choice, &mut bytes, &mut |_| {}).unwrap();
    let now = cairn_node::clock::now();
    let fact = archive::verify(bytes.as_slice(), (log.anchor, now), &mut |_| {});
    fact.map(|fact| fact.has_state()).map_err(|error| error.code())
}

fn findings(node: &Node) -> Vec<String> {
    node.check(CheckOptions::default(), &mut |_| true).findings
}

#[test]
fn a_forged_newest_header_keeps_the_node_from_opening() {
    for root in [Hash::from_bytes([1; 32]), Hash::ZERO] {
        let log = log();
        let height = newest(&log);
        forge(&log, |header| {
            if header.height == height {
                header.state_root = root;
            }
        });
        let refused = log.try_open().map(|_| ()).unwrap_err();
        assert!(matches!(refused, OpenError::BadBlock { height: at, .. } if at == height));
        let why = refused.to_string();
        assert!(why.contains("state root") && why.contains(&root.to_string()), "{why}");
    }
}

#[test]
fn a_forged_older_header_is_found_by_all_who_make_the_state_again() {
    for root in [Hash::from_bytes([1; 32]), Hash::ZERO] {
        let log = log();
        forge(&log, |header| {
            if header.height == 2 {
                header.state_root = root;
            }
        });
        let node = log.open();
        assert_eq!(findings(&node), ["block 2 has another state root than the log"]);
        assert_eq!(archived(&log, &node, 0), Err("archive-other-state"));
        assert_eq!(archived(&log, &node, 1), Ok(false), "which cannot be seen from there");
        drop(node);
        let refused = replica(&log, "bucket").map(|_| ()).unwrap_err();
        let OpenError::Follow(error @ FollowError::OtherRoot { height: 2, .. }) = refused else {
            panic!("{refused}");
        };
        assert!(error.to_string().contains("the root of the state"), "{error}");
    }
}

/// A log that was begun by a program without the state: its headers name none, up to the first one
/// that this program makes.
#[test]
fn a_log_without_a_state_begins_to_carry_it() {
    let log = log();
    let old = newest(&log);
    forge(&log, |header| header.state_root = Hash::ZERO);
    let node = log.open();
    assert_eq!(findings(&node), Vec::<String>::new());
    let ids = node.submit(vec![draft("new")]).unwrap();
    assert!(node.wait_final(&ids[0].id, SECOND));
    let root = |height| node.block(height).unwrap().unwrap().header.state_root;
    assert_eq!((root(old), root(old + 1) == Hash::ZERO), (Hash::ZERO, false));
    assert_eq!(findings(&node), Vec::<String>::new());
    assert_eq!(archived(&log, &node, 0), Ok(true));
    // The old events' names are proven by the new header.
    let first = node.entry_at(0).unwrap().unwrap().id;
    let bytes = node.receipt(&first, BaseChoice::Genesis, ReceiptWith::default()).unwrap();
    let verified = receipt::verify(&bytes, log.anchor, cairn_node::clock::now(), &mut ()).unwrap();
    assert_eq!(verified.event().writer_name(), Some("ingest"));
    drop(node);
    let node = log.open();
    let head = node.head().unwrap().digest;
    drop(node);
    let replica = replica(&log, "bucket").unwrap();
    assert!(replica.head().unwrap().header.height > old);
    assert_eq!(replica.block(old + 1).unwrap().unwrap().digest, head);
    assert_eq!(findings(&replica), Vec::<String>::new());
}
