//! Everything the node proves, the verifier accepts; and only against the right anchor.

use cairn_node::node::Node;
use cairn_node::proofs::{BaseChoice, ProofError, ReceiptWith};
use cairn_verifier::digest::{EventId, HeaderDigest};
use cairn_verifier::fact::FinalHeader;
use cairn_verifier::tree::{Blake3, Kind, Proof, verify_consistency, verify_inclusion};
use cairn_verifier::trust::{ExtendsProof, FinalityProof, TrustAnchor, verify_extends};
use cairn_verifier::{UnixMillis, receipt};

use crate::support::{Log, SECOND, draft, ids};

/// A log of several blocks with several events each.
fn blocks(count: usize) -> (Log, Node, Vec<EventId>) {
    let log = Log::new();
    let node = log.open();
    let mut all = Vec::new();
    for block in 0..count {
        let batch = (0..=block % 4).map(|n| draft(&format!("{block}.{n}"))).collect();
        all.append(&mut ids(&node.submit(batch).unwrap()));
        assert!(node.wait_size_final(all.len() as u64, SECOND));
    }
    (log, node, all)
}

fn now(node: &Node) -> UnixMillis {
    UnixMillis(node.status().head_time)
}

fn checkpoint(
    node: &Node,
    height: Option<u64>,
    base: BaseChoice,
    anchor: TrustAnchor,
) -> FinalHeader {
    let file = node.checkpoint(height, base).unwrap();
    let proof = FinalityProof::decode(&file).unwrap();
    proof.verify(anchor, now(node), &mut ()).unwrap().0
}

fn digest_at(node: &Node, height: u64) -> HeaderDigest {
    node.block(height).unwrap().unwrap().digest
}

#[test]
fn every_event_has_a_receipt_from_the_genesis() {
    let (log, node, ids) = blocks(12);
    for (index, id) in (0..).zip(&ids) {
        let file = node.receipt(id, BaseChoice::Genesis, ReceiptWith::default()).unwrap();
        let verified = receipt::verify(&file, log.anchor, now(&node), &mut ()).unwrap();
        assert_eq!((verified.event().id(), verified.event().index()), (*id, index));
        let time = verified.event().log_time().unwrap();
        let height = node.entry(id).unwrap().unwrap().height.unwrap();
        assert_eq!(time.until, node.block(height).unwrap().unwrap().header.time);
        assert_eq!(time.after, Some(node.block(height - 1).unwrap().unwrap().header.time));
        let other = TrustAnchor::Genesis([1; 32].into());
        assert!(receipt::verify(&file, other, now(&node), &mut ()).is_err());
    }
}

#[test]
fn every_event_has_a_receipt_from_every_header() {
    let (_log, node, ids) = blocks(9);
    let top = node.status().height;
    for height in 0..=top {
        let digest = digest_at(&node, height);
        let size = node.block(height).unwrap().unwrap().header.events.get();
        let anchor = TrustAnchor::Checkpoint(digest);
        for (index, id) in (0..).zip(&ids) {
            let with = ReceiptWith::default();
            let file = node.receipt(id, BaseChoice::Checkpoint(digest), with).unwrap();
            let verified = receipt::verify(&file, anchor, now(&node), &mut ()).unwrap();
            assert_eq!(verified.event().id(), *id);
            // What the base holds needs no certificate and no clock.
            let proven = verified.event().header().header().height;
            assert_eq!(proven, if index < size { height } else { top });

            match node.receipt(id, BaseChoice::Header(digest), with) {
                Ok(file) => {
                    assert!(index < size);
                    let far = UnixMillis(u64::MAX);
                    receipt::verify(&file, anchor, far, &mut ()).unwrap();
                }
                Err(ProofError::NotInBase { base, found }) => {
                    assert!(index >= size);
                    assert_eq!((base, found), (size, index));
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
}

#[test]
fn checkpoints_between_all_heights() {
    let (log, node, _) = blocks(7);
    let top = node.status().height;
    let newest = checkpoint(&node, None, BaseChoice::Genesis, log.anchor);
    assert_eq!(newest.digest(), node.status().head);
    for base in 0..=top {
        let digest = digest_at(&node, base);
        let anchor = TrustAnchor::Checkpoint(digest);
        for height in 0..=top {
            let fact = checkpoint(&node, Some(height), BaseChoice::Genesis, log.anchor);
            assert_eq!(fact.header().height, height);
            let fact = checkpoint(&node, Some(height), BaseChoice::Checkpoint(digest), anchor);
            assert_eq!(fact.digest(), digest_at(&node, height));
            let file = node.checkpoint(Some(height), BaseChoice::Header(digest));
            if height <= base {
                let file = file.unwrap();
                let proof = FinalityProof::decode(&file).unwrap();
                proof.verify(anchor, now(&node), &mut ()).unwrap();
            } else {
                assert!(matches!(file, Err(ProofError::NotInBase { .. })));
            }
        }
    }
}

#[test]
fn every_header_extends_every_older_one() {
    let (log, node, _) = blocks(7);
    let top = node.status().height;
    let facts: Vec<FinalHeader> = (0..=top)
        .map(|height| checkpoint(&node, Some(height), BaseChoice::Genesis, log.anchor))
        .collect();
    for (old_height, old) in (0..).zip(&facts) {
        for (new_height, new) in (0..).zip(&facts) {
            let proof = node.extends(old_height, new_height);
            if old_height > new_height {
                assert_eq!(proof.unwrap_err().code(), "out-of-range");
                continue;
            }
            let file = proof.unwrap();
            verify_extends(old, new, &ExtendsProof::decode(&file).unwrap()).unwrap();
        }
    }
}

#[test]
fn compact_proofs_for_every_size() {
    let (_log, node, ids) = blocks(8);
    let hasher = Blake3::new(Kind::Event, *node.log().as_bytes());
    let heads: Vec<_> = (0..=node.status().height)
        .map(|height| node.block(height).unwrap().unwrap().header)
        .collect();
    for new in &heads {
        let size = new.events.get();
        for index in 0..size {
            let proof = node.inclusion(index, size).unwrap();
            let leaf = hasher.leaf(index, ids[index as usize].as_bytes());
            let place = (index, new.events);
            verify_inclusion(&hasher, place, leaf, Proof::new(&proof), &new.event_root).unwrap();
        }
        for old in heads.iter().filter(|old| old.events <= new.events) {
            let proof = node.consistency(old.events.get(), size).unwrap();
            let (small, large) = ((old.events, &old.event_root), (new.events, &new.event_root));
            verify_consistency(&hasher, small, large, Proof::new(&proof)).unwrap();
        }
    }
    let size = ids.len() as u64;
    for refused in [
        node.inclusion(0, size + 1).unwrap_err(),
        node.inclusion(size, size).unwrap_err(),
        node.inclusion(0, 0).unwrap_err(),
        node.consistency(2, 1).unwrap_err(),
        node.consistency(0, u64::MAX).unwrap_err(),
    ] {
        assert_eq!(refused.code(), "out-of-range");
    }
}

#[test]
fn what_is_not_there_has_a_name() {
    let (log, node, ids) = blocks(2);
    let code = |error: ProofError| error.code();
    let with = ReceiptWith::default();
    let unknown = [9; 32];
    let receipt = |id: &EventId, base, with| node.receipt(id, base, with).map_err(code);
    assert_eq!(receipt(&unknown.into(), BaseChoice::Genesis, with), Err("unknown-event"));
    let elsewhere = BaseChoice::Header(unknown.into());
    assert_eq!(receipt(&ids[0], elsewhere, with), Err("unknown-base"));
    let with_payload = ReceiptWith { payload: true, wraps: &[] };
    assert_eq!(receipt(&ids[0], BaseChoice::Genesis, with_payload), Err("no-payload"));
    let wraps = [log.auditor.wrap().id()];
    let with_wraps = ReceiptWith { payload: false, wraps: &wraps };
    assert_eq!(receipt(&ids[0], BaseChoice::Genesis, with_wraps), Err("no-wrap"));
    let checkpoint = node.checkpoint(Some(99), BaseChoice::Genesis);
    assert_eq!(checkpoint.map_err(code), Err("unknown-height"));
    node.shutdown();
    drop(node);

    let node = log.open_slow();
    let id = super::support::ids(&node.submit(vec![draft("waiting")]).unwrap())[0];
    let refused = node.receipt(&id, BaseChoice::Genesis, with).unwrap_err();
    assert_eq!(refused.code(), "not-final");
}
