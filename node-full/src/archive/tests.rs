#![expect(clippy::arithmetic_side_effects, reason = "tests")]

use std::time::Duration;

use cairn_verifier::TrustAnchor;
use cairn_verifier::digest;
use cairn_verifier::event::{EventBody, Payload, encode_signed};
use cairn_verifier::finality::{
    PublicKey, Role, Suite, VOTE_PRECOMMIT, encode_certificate, vote_message,
};
use cairn_verifier::secret::MemberSecret;
use cairn_verifier::tree::{Blake3, Kind, TreeSize, root_of_leaves};
use cairn_verifier::trust::{Base, FinalityBytes, FinalityDraft};

use super::*;
use crate::clock;
use crate::ingest::Submission;
use crate::init::{InitOptions, init};
use crate::node::Options;

/// A log of some blocks, each with a few events of which some have a payload.
fn log() -> (tempfile::TempDir, Node, TrustAnchor) {
    let dir = tempfile::tempdir().unwrap();
    let anchor = init(&dir.path().join("data"), InitOptions::default()).unwrap().anchor;
    let options = Options { block_time: Duration::from_millis(5), ..Options::default() };
    let node = Node::open(&dir.path().join("data"), options).unwrap();
    for batch in 0..6_u64 {
        let draft = |n: u64| {
            let payload = (n == 1).then_some(serde_json::json!({ "public": "cHVibGlj" }));
            let draft = serde_json::json!({
                "type": "test.archive", "actor": { "kind": "a", "id": "b" },
                "resource": { "kind": "c", "id": format!("{batch}.{n}") }, "payload": payload,
            });
            Submission::Draft(serde_json::from_value(draft).unwrap())
        };
        let taken = node.submit((0..batch).map(draft).collect()).unwrap();
        let size = taken.last().and_then(|last| last.index).map_or(0, |index| index + 1);
        assert!(node.wait_size_final(size, Duration::from_secs(10)));
    }
    (dir, node, anchor)
}

fn export(node: &Node, blocks: Range<u64>) -> Vec<u8> {
    export_from(node, blocks, BaseChoice::Genesis)
}

fn export_from(node: &Node, blocks: Range<u64>, base: BaseChoice) -> Vec<u8> {
    let choice = ArchiveChoice { blocks, payloads: true, base };
    let mut bytes = Vec::new();
    node.export(&choice, &mut bytes, &mut |_| {}).unwrap();
    bytes
}

fn check(bytes: &[u8], anchor: TrustAnchor) -> Result<ArchiveFact, &'static str> {
    verify(bytes, (anchor, clock::now()), &mut |_| {}).map_err(|error| error.code())
}

#[test]
fn every_range_of_blocks_holds_and_says_what_it_has() {
    let (_dir, node, anchor) = log();
    let newest = node.head().unwrap().header.height;
    assert!(newest >= 3, "{newest}");
    let size = |height: u64| node.block(height).unwrap().unwrap().header.events.get();
    for from in 0..=newest {
        for to in from..=newest {
            let fact = check(&export(&node, from..to + 1), anchor).unwrap();
            assert_eq!(fact.blocks(), from..=to);
            let first = from.checked_sub(1).map_or(0, size);
            assert_eq!(fact.events(), first..size(to));
        }
    }
    let whole = check(&export(&node, 0..newest + 1), anchor).unwrap();
    assert_eq!((whole.events(), whole.payloads()), (0..15, 4));
    for blocks in [1..1, 0..newest + 2, newest + 1..newest + 2] {
        let choice = ArchiveChoice { blocks, payloads: false, base: BaseChoice::Genesis };
        assert!(node.export(&choice, &mut Vec::new(), &mut |_| {}).is_err());
    }
    let other = TrustAnchor::Genesis([7; 32].into());
    assert_eq!(check(&export(&node, 0..1), other).unwrap_err(), "trust-other-anchor");
}

/// Each part of an archive, type and bytes.
fn parts(bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let (mut rest, mut parts) = (&bytes[16..], Vec::new());
    while let Some((header, more)) = rest.split_at_checked(5) {
        let length = u32::from_be_bytes(header[1..].try_into().unwrap());
        let (bytes, more) = more.split_at(usize::try_from(length).unwrap());
        parts.push((header[0], bytes.to_vec()));
        rest = more;
    }
    parts
}

fn join(parts: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    parts.iter().for_each(|(kind, part)| super::part(&mut bytes, *kind, part).unwrap());
    bytes
}

#[test]
fn no_part_can_be_left_out_doubled_moved_or_changed() {
    let (_dir, node, anchor) = log();
    let newest = node.head().unwrap().header.height;
    let good = export(&node, newest - 2..newest);
    let all = parts(&good);
    assert_eq!(join(&all), good);
    assert!(check(&good, anchor).is_ok());
    let is_payload = |at: usize| all[at].0 == b'D';
    for at in 0..all.len() {
        let mut less = all.clone();
        less.remove(at);
        // A payload may be missing: it may have been erased.
        assert_eq!(check(&join(&less), anchor).is_ok(), is_payload(at), "without part {at}");
        let mut double = all.clone();
        double.insert(at, all[at].clone());
        assert!(check(&join(&double), anchor).is_err(), "part {at} twice");
        if at > 0 && all[at] != all[at - 1] {
            let mut moved = all.clone();
            moved.swap(at, at - 1);
            assert!(check(&join(&moved), anchor).is_err(), "part {at} moved");
        }
    }
    // A prime, so that every kind of place is met.
    for at in (0..good.len()).step_by(23) {
        let mut changed = good.clone();
        changed[at] ^= 1;
        assert!(check(&changed, anchor).is_err(), "byte {at} of {}", good.len());
        assert!(check(&good[..at], anchor).is_err(), "cut at {at}");
    }
    assert_eq!(check(&[good.as_slice(), &[0]].concat(), anchor).unwrap_err(), "archive-trailing");
    assert_eq!(check(b"something else that is long", anchor).unwrap_err(), "not-an-archive");
}

#[test]
fn another_logs_events_and_another_start_do_not_pass() {
    let (_dir, node, anchor) = log();
    let (_other_dir, other, _) = log();
    let (ours, theirs) = (parts(&export(&node, 0..4)), parts(&export(&other, 0..4)));
    let mixed: Vec<_> = ours[..3].iter().chain(&theirs[3..]).cloned().collect();
    assert_eq!(check(&join(&mixed), anchor).unwrap_err(), "archive-does-not-follow");
    // A start that was made up leads to no block that is final.
    let mut late = parts(&export(&node, 3..5));
    late[2].1.clear();
    assert_eq!(check(&join(&late), anchor).unwrap_err(), "archive-does-not-follow");
    let mut peaks = parts(&export(&node, 4..5));
    *peaks[2].1.last_mut().unwrap() ^= 1;
    assert_eq!(check(&join(&peaks), anchor).unwrap_err(), "peaks-root-mismatch");
}

#[test]
fn under_a_pinned_header_an_archive_holds_for_ever() {
    let (_dir, node, _) = log();
    let head = node.head().unwrap();
    let bytes = export_from(&node, 0..head.header.height, BaseChoice::Header(head.digest));
    let late = UnixMillis(clock::now().0 + 100 * 365 * 24 * 60 * 60 * 1_000);
    let pinned = TrustAnchor::Checkpoint(head.digest);
    let fact = verify(bytes.as_slice(), (pinned, late), &mut |_| {}).unwrap();
    assert_eq!(fact.blocks(), 0..=head.header.height - 1);
    let bytes = export(&node, 0..head.header.height);
    let genesis = TrustAnchor::Genesis(node.log());
    let stale = verify(bytes.as_slice(), (genesis, late), &mut |_| {}).unwrap_err();
    assert_eq!(stale.meaning(), cairn_verifier::error::Meaning::Stale);
}

#[test]
fn blocks_are_found_by_their_time() {
    let (_dir, node, _) = log();
    let time = |height| node.block(height).unwrap().unwrap().header.time.0;
    assert_eq!(node.blocks_between(time(1)..time(3)).unwrap(), 1..3);
    assert_eq!(node.blocks_between(0..u64::MAX).unwrap().start, 0);
    assert!(node.blocks_between(0..1).unwrap().is_empty());
}

#[test]
fn an_archive_without_a_block_shows_nothing() {
    let (_dir, node, anchor) = log();
    let (four, five) = (parts(&export(&node, 4..5)), parts(&export(&node, 5..6)));
    let end = (b'Z', vec![0; 16]);
    let none = [four[0].clone(), four[1].clone(), five[2].clone(), end];
    assert_eq!(check(&join(&none), anchor).unwrap_err(), "archive-empty");
}

/// An archive of one block with one event, which the log's own validator made final.
fn forged(node: &Node, change: impl FnOnce(&mut EventBody<'_>), payload: Option<&[u8]>) -> Vec<u8> {
    let entry = node.entry_at(0).unwrap().unwrap();
    let model = SignedEvent::decode(&entry.signed).unwrap();
    let secret = MemberSecret::from_seed([3; 32]).unwrap();
    let mut body = EventBody { writer: secret.key_id(), ..*model.body() };
    change(&mut body);
    let body = body.encode().unwrap();
    let id = EventBody::id_of(&body);
    let public = secret.public_key();
    let key = PublicKey::new(Suite::Ed25519, &public).unwrap();
    let signature = secret.sign(Role::Event, id.as_bytes()).unwrap();
    let event = encode_signed(&body, &[(key, &signature)]).unwrap();

    let hasher = Blake3::new(Kind::Event, *node.log().as_bytes());
    let root = root_of_leaves(&hasher, &[hasher.leaf(0, id.as_bytes())]);
    let first = node.block(0).unwrap().unwrap().header;
    let events = TreeSize::new(1).unwrap();
    // Zeros say that it carries no state, as a log's first header may.
    let header = Header { events, event_root: root, state_root: digest::Hash::ZERO, ..first };
    let message =
        vote_message((&header.log, &header.set), (VOTE_PRECOMMIT, 0, 0), &header.digest());
    let validator = &node.shared().keys().unwrap().validator;
    let vote = validator.sign(Role::Vote, &message).unwrap();
    let certificate = encode_certificate(0, &[(0, validator.suite(), vote)]).unwrap();
    let proof = FinalityDraft {
        base: Base::Genesis(node.genesis().unwrap()),
        handovers: &[],
        header: &header.encode(),
        finality: FinalityBytes::Certificate(&certificate),
    };
    let block = [header.encode().as_slice(), &certificate].concat();
    let mut all = vec![(b'F', proof.encode()), (b'L', header.encode().to_vec()), (b'P', vec![])];
    all.extend([(b'B', block), (b'E', event)]);
    all.extend(payload.map(|payload| (b'D', payload.to_vec())));
    all.push((b'Z', [1_u64.to_be_bytes(), 1_u64.to_be_bytes()].concat()));
    join(&all)
}

/// A validator that breaks the rules does not get around those that an archive is checked by.
#[test]
fn an_event_of_another_log_and_a_payload_of_another_length_do_not_pass() {
    let (_dir, node, anchor) = log();
    let code = |bytes: &[u8]| check(bytes, anchor).map(|_| ());
    assert_eq!(code(&forged(&node, |_| {}, None)), Ok(()));
    let elsewhere = |body: &mut EventBody<'_>| body.log = [7; 32].into();
    assert_eq!(code(&forged(&node, elsewhere, None)), Err("event-other-log"));
    let public = |len| {
        move |body: &mut EventBody<'_>| {
            let digest = digest::derive(digest::PUBLIC_PAYLOAD, &[b"text"]).into();
            body.payload = Payload::Public { digest, len };
        }
    };
    assert_eq!(code(&forged(&node, public(4), Some(b"text"))), Ok(()));
    for len in [3, 5] {
        let forged = forged(&node, public(len), Some(b"text"));
        assert_eq!(code(&forged), Err("archive-other-payload"));
    }
}
