//! Answers about the state: what the node serves, the verifier accepts, of every kind.

use cairn_node::clock;
use cairn_verifier::TrustAnchor;
use cairn_verifier::receipt::verify;
use cairn_verifier::state::{Known, Record, RecordKey, StateRecord, verify_answer};
use serde_json::json;

use crate::kit::{Served, draft, serve};

fn path(key: &RecordKey<'_>) -> String {
    match key {
        RecordKey::Member(name) => format!("/v1/state/member?name={name}"),
        RecordKey::Key(id) => format!("/v1/state/key?key={id}"),
        RecordKey::Stream(id) => format!("/v1/state/stream?stream={id}"),
        RecordKey::Membership(stream, name) => {
            format!("/v1/state/membership?stream={stream}&name={name}")
        }
        RecordKey::Parameters => "/v1/state/parameters".to_owned(),
        RecordKey::Set(epoch) => format!("/v1/state/set?epoch={epoch}"),
        RecordKey::Head(stream, key) => format!("/v1/state/head?stream={stream}&key={key}"),
        RecordKey::Stake(id) => format!("/v1/state/stake?key={id}"),
        RecordKey::Power => "/v1/state/power".to_owned(),
        RecordKey::System => "/v1/state/system".to_owned(),
    }
}

fn ask(served: &Served, key: &RecordKey<'_>, base: &str, anchor: TrustAnchor) -> Option<Vec<u8>> {
    let path = path(key);
    let joined = if path.contains('?') { '&' } else { '?' };
    let answer = served.get(&format!("{path}{joined}base={base}"));
    assert_eq!(answer.status, 200, "{answer:?}");
    match verify_answer(&answer.body, key, anchor, clock::now(), &mut ()).unwrap() {
        Known::Present(present) => Some(present.record().bytes().to_vec()),
        Known::Absent(_) => None,
    }
}

#[test]
fn every_kind_is_proven_present_or_absent_from_every_base() {
    let served = serve();
    served.post_final(&json!(vec![draft("a.b"); 3]));
    let first = served.node.block(1).unwrap().unwrap().digest;
    let head = served.node.head().unwrap().digest;
    let (stream, ingest) = (served.node.streams()[0].id, served.node.status().ingest_key);
    let present = [
        RecordKey::Member("ann"),
        RecordKey::Key(served.ann.key_id()),
        RecordKey::Stream(stream),
        RecordKey::Membership(stream, "ann"),
        RecordKey::Parameters,
        RecordKey::Set(0),
        RecordKey::Head(stream, ingest),
    ];
    let absent = [
        RecordKey::Member("nobody"),
        RecordKey::Key([7; 32].into()),
        RecordKey::Stream([7; 32].into()),
        RecordKey::Membership(stream, "nobody"),
        RecordKey::Set(1),
        RecordKey::Stake(served.ann.key_id()),
        RecordKey::Power,
        RecordKey::System,
        RecordKey::Head(stream, served.ann.key_id()),
    ];
    for (base, anchor) in [
        ("genesis".to_owned(), served.node.anchor()),
        (format!("checkpoint:{first}"), TrustAnchor::Checkpoint(first)),
        (format!("header:{head}"), TrustAnchor::Checkpoint(head)),
    ] {
        for key in &present {
            let record = ask(&served, key, &base, anchor).unwrap();
            assert_eq!(Record::decode(&record).unwrap().content().key(), *key);
        }
        for key in &absent {
            assert_eq!(ask(&served, key, &base, anchor), None, "{key:?}");
        }
    }
    let record = ask(&served, &RecordKey::Head(stream, ingest), "genesis", served.node.anchor());
    let record = record.unwrap();
    let StateRecord::Head { next, .. } = *Record::decode(&record).unwrap().content() else {
        panic!("a head");
    };
    assert_eq!(next, 3);
    let view = served.get_json(&path(&RecordKey::Member("ann"))).json();
    assert_eq!((&view["present"], &view["record"]["name"]), (&true.into(), &"ann".into()));
    let view = served.get_json(&path(&RecordKey::Member("nobody"))).json();
    assert_eq!((&view["present"], &view["record"]), (&false.into(), &serde_json::Value::Null));
}

#[test]
fn an_answer_is_the_same_until_the_log_grows() {
    let served = serve();
    served.post_final(&draft("a.b"));
    let path = path(&RecordKey::Member("ann"));
    let answer = served.get(&path);
    let tag = answer.header("etag").to_owned();
    assert!(tag.starts_with('"') && answer.header("cache-control") == "no-cache");
    assert_eq!(served.get_with(&path, &[("if-none-match", &tag)]).status, 304);
    served.post_final(&draft("a.b"));
    assert_eq!(served.get_with(&path, &[("if-none-match", &tag)]).status, 200);
}

#[test]
fn questions_about_nothing_are_refused() {
    let served = serve();
    served.post_final(&draft("a.b"));
    let zeros = "0".repeat(64);
    for (path, status, code) in [
        ("nothing".to_owned(), 400, "bad-parameter"),
        ("member".to_owned(), 400, "bad-parameter"),
        ("member?name=".to_owned(), 400, "bad-parameter"),
        (format!("member?name={}", "x".repeat(65)), 400, "bad-parameter"),
        (format!("member?name=ann&key={zeros}"), 400, "unknown-parameter"),
        ("key?key=7".to_owned(), 400, "bad-parameter"),
        (format!("head?stream={zeros}"), 400, "bad-parameter"),
        ("set?epoch=-1".to_owned(), 400, "bad-parameter"),
        ("set?epoch=9007199254740992".to_owned(), 400, "bad-parameter"),
        ("parameters?base=7".to_owned(), 400, "bad-parameter"),
        (format!("parameters?base=header:{zeros}"), 404, "unknown-base"),
    ] {
        let answer = served.get(&format!("/v1/state/{path}"));
        assert_eq!(answer.problem(), (status, code.to_owned()), "{path}");
    }
}

#[test]
fn receipts_name_the_writer_where_the_state_does() {
    let served = serve();
    let ids = served.post_final(&json!([draft("a.b"), draft("a.b")]));
    let named = |path: &str, anchor: TrustAnchor| {
        let bytes = served.get(path).body;
        let receipt = verify(&bytes, anchor, clock::now(), &mut ()).unwrap();
        receipt.event().writer_name().map(str::to_owned)
    };
    let anchor = served.node.anchor();
    let path = format!("/v1/receipts/{}", ids[0]);
    assert_eq!(named(&path, anchor), Some("ingest".to_owned()));
    assert_eq!(served.get_json(&path).json()["writerName"], "ingest");
    let head = served.node.head().unwrap().digest;
    let under = format!("{path}?base=header:{head}");
    assert_eq!(named(&under, TrustAnchor::Checkpoint(head)), Some("ingest".to_owned()));
    // Under a header of some blocks ago too, by the steps back.
    for _ in 0..4 {
        served.post_final(&draft("a.b"));
        assert_eq!(named(&under, TrustAnchor::Checkpoint(head)), Some("ingest".to_owned()));
        assert_eq!(named(&path, anchor), Some("ingest".to_owned()));
    }
    let stream = served.node.streams()[0].id;
    let key = RecordKey::Head(stream, served.node.status().ingest_key);
    let base = format!("header:{head}");
    let record = ask(&served, &key, &base, TrustAnchor::Checkpoint(head)).unwrap();
    let record = Record::decode(&record).unwrap();
    assert!(matches!(*record.content(), StateRecord::Head { next: 2, .. }));
}
