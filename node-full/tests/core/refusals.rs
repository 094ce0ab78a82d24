//! Every refusal has its reason, and leaves nothing behind.

use cairn_node::ingest::{Draft, MAX_BATCH, Submission};
use cairn_node::node::Node;
use cairn_verifier::event::Kind;

use crate::support::{Log, SECOND, Writer, draft, draft_json, public_payload, signed};

/// Submits between two good drafts, and expects a refusal that changes nothing.
fn refused(node: &Node, submission: Submission) -> &'static str {
    // A block made meanwhile would change what is compared.
    assert!(node.wait_size_final(node.status().accepted, SECOND));
    let before = node.status();
    let refused = node.submit(vec![draft("before"), submission, draft("after")]).unwrap_err();
    assert_eq!(refused.at, 1, "{refused}");
    let after = node.status();
    assert_eq!((after.accepted, after.storage_bytes), (before.accepted, before.storage_bytes));
    refused.reason.code()
}

#[test]
fn signed_events() {
    let log = Log::new();
    let node = log.open();
    let mut writer = Writer::new(&node, 1);
    let (_, first) = writer.next();
    let (_, second) = writer.next();
    node.submit(vec![first, second]).unwrap();
    let good = writer.body();
    let with = |change: &dyn Fn(&mut cairn_verifier::event::EventBody<'static>)| {
        let mut body = good;
        change(&mut body);
        signed(writer.sign(&body).1)
    };
    let expect = |code: &str, submission| assert_eq!(refused(&node, submission), code);

    expect("other-log", with(&|body| body.log = [1; 32].into()));
    expect("unknown-stream", with(&|body| body.stream = [1; 32].into()));
    expect("bad-system-event", with(&|body| body.kind = Kind::Grant));
    expect("kind-not-accepted", with(&|body| body.kind = Kind::ParameterChange));
    expect("not-the-writer", with(&|body| body.writer = [1; 32].into()));
    expect("sequence-gap", with(&|body| body.sequence = 3));
    expect("sequence-reused", with(&|body| body.sequence = 1));
    expect(
        "sequence-reused",
        with(&|body| {
            body.sequence = 0;
            body.previous = [0; 32].into();
        }),
    );
    expect("previous-mismatch", with(&|body| body.previous = [1; 32].into()));
    expect("payload-missing", with(&|body| body.payload = public_payload(b"somewhere")));

    let (_, bytes) = writer.sign(&good);
    let mut forged = bytes.clone();
    *forged.last_mut().unwrap() ^= 1;
    expect("bad-signature", signed(forged));
    for len in [0, 1, 3, 100, bytes.len() - 1] {
        expect("malformed", signed(bytes[..len].to_vec()));
    }
    expect("malformed", signed([bytes.as_slice(), &[0]].concat()));
    let mut future = bytes.clone();
    future[0] = 2;
    expect("malformed", signed(future));
    // None of that spoiled the sequence.
    node.submit(vec![signed(bytes)]).unwrap();
}

#[test]
fn a_bad_signature_is_refused_even_if_the_event_is_in_the_log() {
    let log = Log::new();
    let node = log.open();
    let writer = Writer::new(&node, 1);
    let (_, bytes) = writer.sign(&writer.body());
    node.submit(vec![signed(bytes.clone())]).unwrap();
    let mut forged = bytes;
    *forged.last_mut().unwrap() ^= 1;
    assert_eq!(refused(&node, signed(forged)), "bad-signature");
}

#[test]
fn payloads_wraps_and_salts() {
    let log = Log::new();
    let node = log.open();
    let writer = Writer::new(&node, 1);
    let wrap_key = log.auditor.wrap().id();
    let submission = |body, payload: Option<&[u8]>, wraps, salt| Submission::Signed {
        event: writer.sign(&body).1,
        payload: payload.map(<[u8]>::to_vec),
        wraps,
        salt,
    };
    let mut public = writer.body();
    public.payload = public_payload(b"right");
    let none = writer.body();
    let expect = |code: &str, submission| assert_eq!(refused(&node, submission), code);
    expect("payload-mismatch", submission(public, Some(b"wrong"), vec![], None));
    expect("payload-mismatch", submission(public, Some(b"too long"), vec![], None));
    expect("payload-mismatch", submission(none, Some(b"uncalled for"), vec![], None));
    expect("payload-mismatch", submission(none, None, vec![(wrap_key, vec![])], None));
    expect("payload-mismatch", submission(none, None, vec![], Some([1; 32])));
}

#[test]
fn drafts() {
    let log = Log::new();
    let node = log.open();
    let expect = |code: &str, change: &dyn Fn(&mut Draft)| {
        let Submission::Draft(mut draft) = draft("x") else { panic!() };
        change(&mut draft);
        assert_eq!(refused(&node, Submission::Draft(draft)), code);
    };
    expect("unknown-stream", &|draft| draft.stream = Some("nowhere".to_owned()));
    expect("malformed", &|draft| draft.event_type = String::new());
    expect("malformed", &|draft| draft.event_type = "x".repeat(129));
    expect("malformed", &|draft| draft.reason = "x".repeat(4_097));
    expect("malformed", &|draft| draft.actor.id = "x".repeat(70_000));
    expect("malformed", &|draft| {
        draft.metadata.insert(String::new(), "empty key".to_owned());
    });
    expect("malformed", &|draft| {
        draft.metadata = (0..65).map(|n| (n.to_string(), String::new())).collect();
    });
    expect("malformed", &|draft| {
        // Each is within its limit; together they are more than a body.
        draft.metadata = (0..20).map(|n| (n.to_string(), "x".repeat(4_096))).collect();
    });
    let payload = |json: &str| {
        draft_json(&format!(
        r#"{{"type":"t","actor":{{"kind":"k","id":"i"}},"resource":{{"kind":"k","id":"i"}},"payload":{json}}}"#
    )).payload
    };
    expect("malformed", &|draft| draft.payload = payload(r#"{"public":"not base64!"}"#));
    expect("unknown-recipient", &|draft| {
        draft.payload = payload(r#"{"sealed":{"fields":{"a":"b"},"recipients":["nobody"]}}"#);
    });
    expect("malformed", &|draft| {
        draft.payload = payload(r#"{"sealed":{"fields":{},"recipients":["auditor"]}}"#);
    });
}

#[test]
fn draft_json_is_strict() {
    let good = r#"{"type":"t","actor":{"kind":"k","id":"i"},"resource":{"kind":"k","id":"i"}}"#;
    assert!(serde_json::from_str::<Draft>(good).is_ok());
    for bad in [
        r#"{}"#.to_owned(),
        good.replace(r#""type":"t""#, r#""type":"t","extra":1"#),
        good.replace(r#""type":"t""#, r#""type":"t","outcome":"maybe""#),
        good.replace(r#""type":"t""#, r#""type":"t","kind":"grant""#),
        good.replace(r#""type":"t""#, r#""type":"t","time":-1"#),
        good.replace(r#""type":"t""#, r#""type":"t","payload":{"secret":"x"}"#),
        good.replace(r#""id":"i"}}"#, r#""id":"i","role":"x"}}"#),
    ] {
        assert!(serde_json::from_str::<Draft>(&bad).is_err(), "{bad}");
    }
}

#[test]
fn batches_have_a_limit_and_may_be_empty() {
    let log = Log::new();
    let node = log.open();
    assert_eq!(node.submit(vec![]).unwrap(), []);
    let batch = vec![draft("x"); MAX_BATCH + 1];
    assert_eq!(node.submit(batch).unwrap_err().reason.code(), "too-large");
}
