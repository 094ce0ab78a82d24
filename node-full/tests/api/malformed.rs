//! Bad input: each kind is refused by name, and nothing is changed by it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cairn_verifier::digest::{EventId, LogId, StreamId};
use cairn_verifier::event::{Kind, Payload, SignedEvent};
use serde_json::json;

use crate::kit::{Served, draft, serve};

const EVENT: &str = "application/vnd.cairn.event";
const EVENTS: &str = "application/vnd.cairn.events";

/// Posts, and checks status, code and that the log is as it was.
fn refused(served: &Served, kind: &str, body: &[u8]) -> (u16, String) {
    let before = served.node.status().accepted;
    let problem = served.post(kind, body).problem();
    assert_eq!(served.node.status().accepted, before, "{problem:?}");
    problem
}

#[track_caller]
fn expect(served: &Served, kind: &str, body: &[u8], status: u16, code: &str) {
    assert_eq!(refused(served, kind, body), (status, code.to_owned()));
}

#[test]
fn bytes_that_are_no_signed_event() {
    let served = serve();
    let good = served.signed(&served.ann, 0, EventId::ZERO);

    expect(&served, EVENT, &[], 400, "decode-truncated");
    for len in [1, 3, 40, good.len() / 2, good.len() - 1] {
        let (status, code) = refused(&served, EVENT, &good[..len]);
        assert_eq!((status, code.as_str()), (400, "decode-truncated"), "{len} bytes");
    }
    expect(&served, EVENT, &[&good[..], &[0]].concat(), 400, "decode-trailing-bytes");
    let mut future = good.clone();
    future[0] = 2;
    expect(&served, EVENT, &future, 400, "decode-version");
    let mut future_body = good.clone();
    future_body[3] = 2;
    expect(&served, EVENT, &future_body, 400, "decode-version");
    let mut suite = good.clone();
    suite[4] = 9;
    expect(&served, EVENT, &suite, 400, "decode-unknown-tag");
    // A body length that reaches over the end.
    let mut long = good;
    long[1] = 0xff;
    expect(&served, EVENT, &long, 400, "decode-truncated");
    expect(&served, EVENT, b"{\"type\":\"json\"}", 400, "decode-version");
}

#[test]
fn a_batch_of_bytes_says_which_event_is_bad() {
    let served = serve();
    let first = served.signed(&served.ann, 0, EventId::ZERO);
    let id = SignedEvent::decode(&first).unwrap().id();
    let mut second = served.signed(&served.ann, 1, id);
    let framed = |events: &[&[u8]]| {
        let mut body = Vec::new();
        for event in events {
            body.extend_from_slice(&u32::try_from(event.len()).unwrap().to_be_bytes());
            body.extend_from_slice(event);
        }
        body
    };
    let whole = framed(&[&first, &second]);
    expect(&served, EVENTS, &whole[..whole.len() - 1], 400, "decode-truncated");
    expect(&served, EVENTS, &[&whole[..], &[0]].concat(), 400, "decode-truncated");
    expect(&served, EVENTS, &[0xff; 8], 400, "decode-out-of-range");
    expect(&served, EVENTS, &[], 422, "batch-empty");
    let last = second.len() - 1;
    second[last] ^= 1;
    let answer = served.post(EVENTS, &framed(&[&first, &second]));
    assert_eq!(answer.problem(), (422, "bad-signature".to_owned()));
    assert_eq!(answer.json()["at"], 1);
    assert_eq!(served.node.status().accepted, 0, "all or nothing");
}

#[test]
fn signed_events_that_do_not_fit() {
    let served = serve();
    let zero = EventId::ZERO;
    let good = served.signed(&served.ann, 0, zero);
    let id = SignedEvent::decode(&good).unwrap().id();

    let mut bad = good.clone();
    let last = bad.len() - 1;
    bad[last] ^= 1;
    expect(&served, EVENT, &bad, 422, "bad-signature");
    let by_bob = served.signed_body(&served.bob, &served.body(&served.ann, 0, zero));
    expect(&served, EVENT, &by_bob, 422, "not-the-writer");

    let mut body = served.body(&served.ann, 0, zero);
    body.log = LogId::from_bytes([7; 32]);
    expect(&served, EVENT, &served.signed_body(&served.ann, &body), 422, "other-log");
    let mut body = served.body(&served.ann, 0, zero);
    body.stream = StreamId::from_bytes([7; 32]);
    expect(&served, EVENT, &served.signed_body(&served.ann, &body), 422, "unknown-stream");
    let mut body = served.body(&served.ann, 0, zero);
    body.kind = Kind::ParameterChange;
    expect(&served, EVENT, &served.signed_body(&served.ann, &body), 422, "kind-not-accepted");
    let mut body = served.body(&served.ann, 0, zero);
    body.payload = Payload::Public { digest: [9; 32].into(), len: 3 };
    let unstored = served.signed_body(&served.ann, &body);
    expect(&served, EVENT, &unstored, 422, "payload-missing");
    let other = json!({"signed": STANDARD.encode(&unstored), "payload": STANDARD.encode("abc")});
    expect(&served, "application/json", other.to_string().as_bytes(), 422, "payload-mismatch");

    let gap = served.signed(&served.ann, 1, id);
    expect(&served, EVENT, &gap, 409, "sequence-gap");
    assert_eq!(served.post(EVENT, &good).ids(), [id]);
    let mut body = served.body(&served.ann, 0, zero);
    body.event_type = "test.other";
    let reused = served.signed_body(&served.ann, &body);
    expect(&served, EVENT, &reused, 409, "sequence-reused");
    let wrong = served.signed(&served.ann, 1, EventId::from_bytes([7; 32]));
    expect(&served, EVENT, &wrong, 409, "previous-mismatch");
}

#[test]
fn json_that_is_no_event() {
    let served = serve();
    let json = "application/json";
    expect(&served, json, b"", 400, "malformed-json");
    expect(&served, json, b"{\"type\":", 400, "malformed-json");
    expect(&served, json, b"{} trailing", 400, "malformed-json");
    expect(&served, json, "[".repeat(100_000).as_bytes(), 400, "malformed-json");
    expect(&served, json, b"\xff\xfe", 400, "malformed-json");
    expect(&served, json, b"{}", 422, "malformed-draft");
    expect(&served, json, b"7", 422, "malformed-draft");
    expect(&served, json, b"[]", 422, "batch-empty");
    expect(&served, "application/x-ndjson", b"\n \n", 422, "batch-empty");

    let mut unknown = draft("a.b");
    unknown["colour"] = "red".into();
    expect(&served, json, unknown.to_string().as_bytes(), 422, "malformed-draft");
    let mut empty = draft("");
    expect(&served, json, empty.to_string().as_bytes(), 400, "decode-not-canonical");
    empty["type"] = "x".repeat(129).into();
    expect(&served, json, empty.to_string().as_bytes(), 400, "decode-out-of-range");
    let mut reason = draft("a.b");
    reason["reason"] = "x".repeat(4_097).into();
    expect(&served, json, reason.to_string().as_bytes(), 400, "decode-out-of-range");
    let mut stream = draft("a.b");
    stream["stream"] = "nowhere".into();
    expect(&served, json, stream.to_string().as_bytes(), 422, "unknown-stream");
    let mut public = draft("a.b");
    public["payload"] = json!({"public": "not base64!"});
    expect(&served, json, public.to_string().as_bytes(), 400, "malformed");
    let mut sealed = draft("a.b");
    sealed["payload"] = json!({"sealed": {"fields": {"a": "b"}, "recipients": ["nobody"]}});
    expect(&served, json, sealed.to_string().as_bytes(), 422, "unknown-recipient");

    for signed in [
        json!({"signed": "!"}),
        json!({"signed": "AA==", "salt": "short"}),
        json!({"signed": "AA==", "wraps": [{"key": "00", "wrap": "AA=="}]}),
        json!({"signed": "AA==", "more": 1}),
    ] {
        expect(&served, json, signed.to_string().as_bytes(), 422, "malformed-draft");
    }
}

#[test]
fn a_batch_of_json_says_which_event_is_bad() {
    let served = serve();
    let mut bad = draft("a.b");
    bad["stream"] = "nowhere".into();
    let cases = [
        ("application/json", json!([draft("a.b"), {"type": 7}]).to_string(), "malformed-draft"),
        ("application/json", json!([draft("a.b"), bad]).to_string(), "unknown-stream"),
        ("application/x-ndjson", format!("{}\n\n{{", draft("a.b")), "malformed-json"),
    ];
    for (kind, body, code) in cases {
        let answer = served.post(kind, body.as_bytes());
        assert_eq!(answer.problem().1, code);
        assert_eq!(answer.json()["at"], 1, "{code}");
    }
    assert_eq!(served.node.status().accepted, 0, "all or nothing");
}

#[test]
fn cloud_events_that_are_none() {
    let served = serve();
    let (one, batch) = ("application/cloudevents+json", "application/cloudevents-batch+json");
    let good = json!({"specversion": "1.0", "id": "1", "source": "/s", "type": "t"});
    expect(&served, one, b"{}", 422, "not-a-cloudevent");
    expect(&served, one, b"{", 400, "malformed-json");
    expect(&served, batch, good.to_string().as_bytes(), 400, "malformed-json");
    let answer = served.post(batch, json!([good, {"specversion": "2.0"}]).to_string().as_bytes());
    assert_eq!(answer.problem(), (422, "not-a-cloudevent".to_owned()));
    assert_eq!(answer.json()["at"], 1);
}

#[test]
fn bodies_have_limits() {
    let served = serve();
    let many = vec![draft("a.b"); 1_001];
    let body = json!(many).to_string();
    expect(&served, "application/json", body.as_bytes(), 422, "batch-too-large");
    let lines = format!("{}\n", draft("a.b")).repeat(1_001);
    expect(&served, "application/x-ndjson", lines.as_bytes(), 422, "batch-too-large");
    let small = [&[0, 0, 0, 1, 0][..]; 1_001].concat();
    expect(&served, EVENTS, &small, 422, "batch-too-large");
    assert_eq!(served.post_json(&json!(many[..1_000])).ids().len(), 1_000);

    let zeros = format!("[{}0]", "0,".repeat(200_000));
    expect(&served, "application/json", zeros.as_bytes(), 422, "too-many-values");
    let mut commas = draft("a.b");
    commas["reason"] = format!("\"\\{}", ",[{".repeat(100_000)).into();
    let text = commas.to_string();
    expect(&served, "application/json", text.as_bytes(), 400, "decode-out-of-range");

    let large = vec![b' '; (16 << 20) + 1];
    expect(&served, "application/json", &large, 413, "body-too-large");
    expect(&served, "text/plain", b"hello", 415, "unsupported-media-type");
    expect(&served, "", b"hello", 415, "unsupported-media-type");
}
