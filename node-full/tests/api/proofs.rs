//! Proofs, checkpoints and receipts: what the node serves, the verifier accepts.

use cairn_node::clock;
use cairn_verifier::digest::{EventId, Hash};
use cairn_verifier::finality::{Certificate, HEADER_LEN, Header};
use cairn_verifier::receipt::verify;
use cairn_verifier::tree::{
    BatchProof, Blake3, Kind, Proof, TreeSize, verify_batch_inclusion, verify_consistency,
    verify_inclusion,
};
use cairn_verifier::trust::{ExtendsProof, FinalityProof, Genesis};
use cairn_verifier::wire::decode_all;
use cairn_verifier::{TrustAnchor, VerifiedEvent, list};
use serde_json::{Value, json};

use crate::kit::{Served, draft, serve};

/// A node with blocks of one, three and six events.
fn filled() -> (Served, Vec<EventId>) {
    let served = serve();
    let mut ids = served.post_final(&draft("a.b"));
    ids.extend(served.post_final(&json!(vec![draft("a.b"); 3])));
    ids.extend(served.post_final(&json!(vec![draft("a.b"); 6])));
    (served, ids)
}

fn hashes(bytes: &[u8]) -> Vec<[u8; 32]> {
    let proof = decode_all(bytes, Proof::read).unwrap();
    proof.iter().map(|hash| *hash.as_bytes()).collect()
}

fn root(served: &Served, size: u64) -> Hash {
    let heights = 0..=served.node.status().height;
    let headers = heights.map(|height| served.node.block(height).unwrap().unwrap().header);
    headers.into_iter().find(|header| header.events.get() == size).unwrap().event_root
}

#[test]
fn inclusion_and_consistency_verify() {
    let (served, ids) = filled();
    let hasher = Blake3::new(Kind::Event, *served.node.log().as_bytes());
    for (index, id) in (0_u64..).zip(&ids) {
        let path = format!("/v1/proofs/inclusion?index={index}&size=10");
        let answer = served.get(&path);
        let proof = hashes(&answer.body);
        let size = TreeSize::new(10).unwrap();
        let leaf = hasher.leaf(index, id.as_bytes());
        verify_inclusion(&hasher, (index, size), leaf, Proof::new(&proof), &root(&served, 10))
            .unwrap();
        let view = served.get_json(&path).json();
        assert_eq!(view["index"], index);
        assert_eq!(view["size"], 10);
        assert_eq!(view["hashes"][0], Hash::from_bytes(proof[0]).to_string());
    }
    for (old, new) in [(1, 4), (4, 10), (1, 10), (10, 10)] {
        let path = format!("/v1/proofs/consistency?old={old}&new={new}");
        let proof = hashes(&served.get(&path).body);
        let size = |size| TreeSize::new(size).unwrap();
        let (old_root, new_root) = (root(&served, old), root(&served, new));
        verify_consistency(
            &hasher,
            (size(old), &old_root),
            (size(new), &new_root),
            Proof::new(&proof),
        )
        .unwrap();
        assert_eq!(served.get_json(&path).json()["old"], old);
    }
}

#[test]
fn a_list_proves_many_events_at_once() {
    let (served, ids) = filled();
    let log = TrustAnchor::Genesis(served.node.log());
    let whole = served.get("/v1/receipts?indices=0-9").body;
    let list = list::verify(&whole, log, clock::now(), &mut ()).unwrap();
    assert_eq!(list.events().iter().map(VerifiedEvent::id).collect::<Vec<_>>(), ids);
    assert!(list.events().iter().all(|event| event.writer_name() == Some("ingest")));

    let digest = list.header().digest();
    let some = served.get(&format!("/v1/receipts?indices=1,4-5&base=header:{digest}")).body;
    let under = TrustAnchor::Checkpoint(digest);
    let list = list::verify(&some, under, clock::now(), &mut ()).unwrap();
    let places: Vec<u64> = list.events().iter().map(VerifiedEvent::index).collect();
    assert_eq!(places, [1, 4, 5]);
    assert_eq!(list.header().digest(), digest);

    let first = served.node.block(0).unwrap().unwrap().digest;
    for (query, status, code) in [
        (format!("indices=0-4&base=header:{first}"), 409, "not-in-base"),
        ("indices=4,3".to_owned(), 422, "not-ascending"),
        ("indices=9-10".to_owned(), 422, "out-of-range"),
        ("indices=".to_owned(), 400, "bad-parameter"),
        ("indices=1&more=1".to_owned(), 400, "unknown-parameter"),
    ] {
        let problem = served.get(&format!("/v1/receipts?{query}")).problem();
        assert_eq!(problem, (status, code.to_owned()), "{query}");
    }
}

#[test]
fn proofs_about_what_is_not_there() {
    let (served, _) = filled();
    for (path, status, code) in [
        ("inclusion?index=10&size=10", 422, "out-of-range"),
        ("inclusion?index=0&size=0", 422, "out-of-range"),
        ("inclusion?index=0&size=11", 422, "out-of-range"),
        ("inclusion?index=0&size=18446744073709551615", 422, "out-of-range"),
        ("inclusion?index=0&size=18446744073709551616", 400, "bad-parameter"),
        ("inclusion?index=-1&size=10", 400, "bad-parameter"),
        ("inclusion?index=1", 400, "bad-parameter"),
        ("inclusion?index=1&size=10&more=1", 400, "unknown-parameter"),
        ("consistency?old=5&new=4", 422, "out-of-range"),
        ("consistency?old=5&new=11", 422, "out-of-range"),
        ("consistency", 400, "bad-parameter"),
        ("extends?from=0&to=1000000", 404, "unknown-height"),
        ("extends?from=0", 400, "bad-parameter"),
    ] {
        let problem = served.get(&format!("/v1/proofs/{path}")).problem();
        assert_eq!(problem, (status, code.to_owned()), "{path}");
    }
}

#[test]
fn the_newest_checkpoint_extends_the_first_block() {
    let (served, _) = filled();
    let head = served.node.head().unwrap().header.height;
    let anchor = served.node.status().anchor;
    let latest = served.get("/v1/checkpoints/latest");
    let proof = FinalityProof::decode(&latest.body).unwrap();
    let (new, _) = proof.verify(anchor, clock::now(), &mut ()).unwrap();
    let first = served.get("/v1/checkpoints/0").body;
    let first = FinalityProof::decode(&first).unwrap();
    let (old, _) = first.verify(anchor, clock::now(), &mut ()).unwrap();

    let path = format!("/v1/proofs/extends?from=0&to={}", new.header().height);
    let answer = served.get(&path);
    let extends = ExtendsProof::decode(&answer.body).unwrap();
    cairn_verifier::trust::verify_extends(&old, &new, &extends).unwrap();
    let view = served.get_json(&path).json();
    assert_eq!(view["events"].as_array().unwrap().len(), extends.events.len());
    assert!(new.header().height >= head);

    let view = served.get_json("/v1/checkpoints/latest").json();
    assert_eq!(view["base"]["kind"], "genesis");
    assert_eq!(view["finality"]["kind"], "certificate");
    let (status, code) = served.get("/v1/checkpoints/1000000").problem();
    assert_eq!((status, code.as_str()), (404, "unknown-height"));
    assert_eq!(served.get("/v1/checkpoints/newest").problem().0, 400);
}

#[test]
fn genesis_blocks_and_handovers() {
    let (served, _) = filled();
    let bytes = served.get("/v1/genesis").body;
    let genesis = Genesis::decode(&bytes).unwrap();
    assert_eq!(genesis.log(), served.node.log());
    let view = served.get_json("/v1/genesis").json();
    assert_eq!(view["anchor"], format!("genesis:{}", genesis.log()));

    let view = served.get("/v1/blocks/0").json();
    assert_eq!(view["header"]["height"], 0);
    assert_eq!(view["certificate"]["votes"].as_array().unwrap().len(), 1);
    let block = served.get_binary("/v1/blocks/0").body;
    let (header, certificate) = block.split_at(HEADER_LEN);
    assert_eq!(Header::decode(header).unwrap().digest().to_string(), view["header"]["digest"]);
    Certificate::decode(certificate).unwrap();
    assert_eq!(served.get("/v1/blocks/1000000").problem().1, "no-such-block");
    assert_eq!(served.get("/v1/blocks/-1").problem().1, "bad-parameter");

    assert_eq!(served.get("/v1/handovers?from=0").body, [0, 0]);
    assert_eq!(served.get_json("/v1/handovers").json(), json!({"handovers": []}));
    assert_eq!(served.get("/v1/handovers?from=x").problem().1, "bad-parameter");
}

#[test]
fn receipts_hold_from_every_base() {
    let (served, ids) = filled();
    let head = served.node.head().unwrap().digest;
    let genesis = served.node.status().anchor;
    let checkpoint = TrustAnchor::Checkpoint(head);
    for (base, anchor) in [
        ("genesis".to_owned(), genesis),
        (format!("checkpoint:{head}"), checkpoint),
        (format!("header:{head}"), checkpoint),
    ] {
        for id in &ids {
            let answer = served.get(&format!("/v1/receipts/{id}?base={base}"));
            assert_eq!(answer.status, 200, "{answer:?}");
            let disposition = format!("attachment; filename=\"{id}.cairn\"");
            assert_eq!(answer.header("content-disposition"), disposition);
            let fact = verify(&answer.body, anchor, clock::now(), &mut ()).unwrap();
            assert_eq!(fact.event().id(), *id);
            assert!(fact.event().log_time().is_some());
        }
    }
    let view = served.get_json(&format!("/v1/receipts/{}", ids[4])).json();
    assert_eq!(view["id"], ids[4].to_string());
    assert_eq!(view["index"], 4);
    assert_eq!(view["event"]["type"], "a.b");
    assert_eq!(view["payloadIncluded"], Value::Bool(false));
}

#[test]
fn receipts_that_cannot_be_given() {
    let (served, ids) = filled();
    let zero = EventId::ZERO;
    let first = served.node.block(0).unwrap().unwrap().digest;
    let last = ids.last().unwrap();
    for (path, status, code) in [
        (format!("{zero}"), 404, "unknown-event"),
        ("abc".to_owned(), 400, "bad-parameter"),
        (last.to_string().to_uppercase(), 400, "bad-parameter"),
        (format!("{last}?base=nothing"), 400, "bad-parameter"),
        (format!("{last}?base=header:12"), 400, "bad-parameter"),
        (format!("{last}?base=header:{zero}"), 404, "unknown-base"),
        (format!("{last}?base=header:{first}"), 409, "not-in-base"),
        (format!("{last}?payload=yes"), 400, "bad-parameter"),
        (format!("{last}?payload=1"), 404, "no-payload"),
    ] {
        let problem = served.get(&format!("/v1/receipts/{path}")).problem();
        assert_eq!(problem, (status, code.to_owned()), "{path}");
    }
    assert_eq!(served.get(&format!("/v1/events/{zero}")).problem().1, "unknown-event");
    assert_eq!(served.get(&format!("/v1/payloads/{zero}")).problem().1, "no-such-payload");
    assert_eq!(served.get("/v1/payloads/xyz").problem().1, "bad-parameter");
    assert_eq!(served.get("/v1/writers/xyz").problem().1, "bad-parameter");
}

#[test]
fn a_batch_proves_any_leaves_of_any_final_size() {
    let (served, ids) = filled();
    let hasher = Blake3::new(Kind::Event, *served.node.log().as_bytes());
    for (text, indices) in [
        ("0", vec![0_u64]),
        ("0,3,9", vec![0, 3, 9]),
        ("2-4,7", vec![2, 3, 4, 7]),
        ("0-9", (0..10).collect()),
    ] {
        let path = format!("/v1/proofs/batch?indices={text}&size=10");
        let answer = served.get(&path);
        let proof = decode_all(&answer.body, |r| {
            BatchProof::read(r, 64).map(|p| p.iter().collect::<Vec<_>>())
        });
        let proof: Vec<[u8; 32]> = proof.unwrap().iter().map(|hash| *hash.as_bytes()).collect();
        let leaf = |index: &u64| {
            (*index, hasher.leaf(*index, ids[usize::try_from(*index).unwrap()].as_bytes()))
        };
        let leaves: Vec<_> = indices.iter().map(leaf).collect();
        let (size, root) = (TreeSize::new(10).unwrap(), root(&served, 10));
        verify_batch_inclusion(&hasher, size, &leaves, BatchProof::new(&proof), &root).unwrap();
        assert_eq!(served.get_json(&path).json()["leaves"], indices.len());
        assert_eq!(served.get_json(&path).json()["hashes"].as_array().unwrap().len(), proof.len());
    }
    for (query, status, code) in [
        ("indices=&size=10", 400, "bad-parameter"),
        ("indices=3,x&size=10", 400, "bad-parameter"),
        ("indices=3,3&size=10", 422, "not-ascending"),
        ("indices=4,3&size=10", 422, "not-ascending"),
        ("indices=10&size=10", 422, "out-of-range"),
        ("indices=1&size=11", 422, "out-of-range"),
        ("indices=0-99999999999&size=10", 422, "out-of-range"),
    ] {
        let problem = served.get(&format!("/v1/proofs/batch?{query}")).problem();
        assert_eq!(problem, (status, code.to_owned()), "{query}");
    }
}

#[test]
fn tiles_are_the_final_trees_and_stay() {
    let (served, ids) = filled();
    let hasher = Blake3::new(Kind::Event, *served.node.log().as_bytes());
    let answer = served.get("/v1/tiles/event/0/000.p/10");
    assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
    for (index, (leaf, id)) in (0_u64..).zip(answer.body.chunks(32).zip(&ids)) {
        assert_eq!(leaf, hasher.leaf(index, id.as_bytes()).as_bytes());
    }
    assert_eq!(answer.body.len(), 320);
    assert_eq!(served.get("/v1/tiles/event/0/000.p/3").body, &answer.body[..96]);
    let mut bundle = served.get("/v1/tiles/entries/000.p/10").body.as_slice().to_vec();
    for id in &ids {
        let len = u32::from_be_bytes(bundle[..4].try_into().unwrap());
        let len = usize::try_from(len).unwrap();
        let entry: Vec<u8> = bundle.drain(..4 + len).skip(4).collect();
        assert_eq!(entry, served.node.entry(id).unwrap().unwrap().signed);
    }
    assert!(bundle.is_empty());
    let height = served.node.status().height;
    let headers = served.get(&format!("/v1/tiles/header/0/000.p/{height}"));
    assert_eq!(u64::try_from(headers.body.len()).unwrap(), 32 * height);
    for missing in [
        "event/0/000",
        "event/0/000.p/11",
        "event/1/000.p/1",
        "sha256/0/000.p/10",
        "entries/001",
        "nothing/0/000",
    ] {
        let problem = served.get(&format!("/v1/tiles/{missing}")).problem();
        assert_eq!(problem, (404, "no-such-tile".to_owned()), "{missing}");
    }
}
