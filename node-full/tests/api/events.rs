//! Submitting in every form, and reading back.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cairn_verifier::digest::EventId;
use cairn_verifier::event::SignedEvent;
use serde_json::{Value, json};

use crate::kit::{draft, serve, verified};

#[test]
fn drafts_in_every_form_are_accepted_and_become_final() {
    let served = serve();
    let mut expected = Vec::new();
    let one = served.post_json(&draft("form.object"));
    assert_eq!(one.json()["accepted"][0]["status"], "accepted");
    assert_eq!(one.json()["accepted"][0]["duplicate"], false);
    assert_eq!(one.json()["accepted"][0]["index"], 0);
    expected.extend(one.ids());
    expected.extend(served.post_json(&json!([draft("form.array"), draft("form.array")])).ids());
    let lines = format!("{}\n\n{}\r\n", draft("form.line"), draft("form.line"));
    expected.extend(served.post("application/x-ndjson", lines.as_bytes()).ids());
    let cloud = json!({"specversion": "1.0", "id": "1", "source": "/s", "type": "form.cloud"});
    let json_kind = "application/cloudevents+json; charset=utf-8";
    expected.extend(served.post(json_kind, cloud.to_string().as_bytes()).ids());
    let batch = json!([cloud, cloud]).to_string();
    expected.extend(served.post("application/cloudevents-batch+json", batch.as_bytes()).ids());
    expected.extend(served.post_final(&draft("form.last")));
    assert_eq!(expected.len(), 9);

    for (index, id) in expected.iter().enumerate() {
        let event = served.get(&format!("/v1/events/{id}")).json();
        assert_eq!(event["id"], id.to_string());
        assert_eq!(event["index"], index);
        assert_eq!(event["status"], "final");
        assert!(event["height"].is_u64());
        let receipt = served.get(&format!("/v1/receipts/{id}")).body;
        assert_eq!(verified(&served, &receipt).event().id(), *id);
    }
}

#[test]
fn the_node_signs_drafts_with_a_key_that_shows() {
    let served = serve();
    let id = served.post_final(&draft("test.draft"))[0];
    let event = served.get(&format!("/v1/events/{id}")).json();
    let ingest = served.get("/v1/status").json()["ingestKey"].clone();
    assert_eq!(event["event"]["writer"], ingest);
    assert_eq!(event["signatures"][0]["key"], ingest);
    let genesis = served.get_json("/v1/genesis").json();
    let members = genesis["members"].as_array().unwrap();
    let member = members.iter().find(|member| member["name"] == "ingest").unwrap();
    assert!(member["keys"].as_array().unwrap().iter().any(|key| key["id"] == ingest));
}

#[test]
fn signed_events_are_accepted_one_by_one_and_in_batches() {
    let served = serve();
    let first = served.signed(&served.ann, 0, EventId::ZERO);
    let first_id = SignedEvent::decode(&first).unwrap().id();
    assert_eq!(served.post("application/vnd.cairn.event", &first).ids(), [first_id]);

    let again = served.post("application/vnd.cairn.event", &first);
    assert_eq!(again.ids(), [first_id]);
    assert_eq!(again.json()["accepted"][0]["duplicate"], true);

    let second = served.signed(&served.ann, 1, first_id);
    let second_id = SignedEvent::decode(&second).unwrap().id();
    let third = served.signed(&served.ann, 2, second_id);
    let third_id = SignedEvent::decode(&third).unwrap().id();
    let mut body = Vec::new();
    for event in [&second, &third] {
        body.extend_from_slice(&u32::try_from(event.len()).unwrap().to_be_bytes());
        body.extend_from_slice(event);
    }
    let answer = served.post_to("/v1/events?wait=final", "application/vnd.cairn.events", &body);
    assert_eq!(answer.ids(), [second_id, third_id]);

    let binary = served.get_binary(&format!("/v1/events/{third_id}"));
    assert_eq!(binary.header("content-type"), "application/octet-stream");
    assert_eq!(binary.body, third);

    let writer = served.get(&format!("/v1/writers/{}?stream=main", served.ann.key_id())).json();
    assert_eq!(writer["next"], 3);
    assert_eq!(writer["previous"], third_id.to_string());
    let stream = served.stream("side");
    let other = served.get(&format!("/v1/writers/{}?stream={stream}", served.ann.key_id())).json();
    assert_eq!(other["next"], 0);
    assert_eq!(other["previous"], EventId::ZERO.to_string());
}

#[test]
fn signed_events_come_as_json_with_what_belongs_to_them() {
    let served = serve();
    let signed = served.signed(&served.ann, 0, EventId::ZERO);
    let body = json!([{"signed": STANDARD.encode(&signed)}, draft("beside")]);
    assert_eq!(served.post_json(&body).ids().len(), 2);
}

#[test]
fn a_public_payload_is_stored_and_served() {
    let served = serve();
    let mut event = draft("test.public");
    event["payload"] = json!({"public": STANDARD.encode("open to all")});
    let id = served.post_final(&event)[0];
    let view = served.get(&format!("/v1/events/{id}")).json();
    assert_eq!(view["event"]["payload"]["kind"], "public");
    let digest = view["event"]["payload"]["digest"].as_str().unwrap().to_owned();
    assert_eq!(served.get(&format!("/v1/payloads/{digest}")).body, b"open to all");
    let view = served.get_json(&format!("/v1/payloads/{digest}")).json();
    assert_eq!(view["payload"], STANDARD.encode("open to all"));
    let receipt = served.get(&format!("/v1/receipts/{id}?payload=1")).body;
    assert_eq!(verified(&served, &receipt).payload().unwrap(), b"open to all");
    assert!(verified(&served, &served.get(&format!("/v1/receipts/{id}")).body).payload().is_none());
}

fn found(answer: &Value) -> Vec<u64> {
    answer["events"].as_array().unwrap().iter().map(|e| e["index"].as_u64().unwrap()).collect()
}

#[test]
fn queries_filter_page_and_order() {
    let served = serve();
    let mut batch = Vec::new();
    for (number, (actor, resource)) in
        [("ann", "shop"), ("bob", "shop"), ("ann", "till"), ("ann", "shop")].into_iter().enumerate()
    {
        let mut event = draft(if number == 3 { "kind.b" } else { "kind.a" });
        event["actor"]["id"] = actor.into();
        event["resource"]["id"] = resource.into();
        event["time"] = json!(1_700_000_000_000_u64 + u64::try_from(number).unwrap() * 1_000);
        batch.push(event);
    }
    batch[2]["stream"] = "side".into();
    served.post_final(&Value::Array(batch));

    let query = |text: &str| served.get(&format!("/v1/events?{text}")).json();
    assert_eq!(found(&query("")), [3, 2, 1, 0]);
    assert_eq!(query("")["completeTo"], 4);
    assert_eq!(query("")["next"], Value::Null);
    assert_eq!(found(&query("order=oldest")), [0, 1, 2, 3]);
    assert_eq!(found(&query("actor=ann")), [3, 2, 0]);
    assert_eq!(found(&query("actor=user/ann&resource=shop")), [3, 0]);
    assert_eq!(found(&query("type=kind.b")), [3]);
    assert_eq!(found(&query("stream=side")), [2]);
    assert_eq!(found(&query(&format!("stream={}", served.stream("side")))), [2]);
    assert_eq!(found(&query(&format!("writer={}", served.ann.key_id()))), [0_u64; 0]);
    assert_eq!(found(&query("from=1700000001000&to=1700000003000")), [2, 1]);
    assert_eq!(found(&query("from=2023-11-14T22:13:22Z")), [3, 2]);
    assert_eq!(found(&query("from=2023-11-14T23:13:22%2B01:00")), [3, 2]);
    assert_eq!(found(&query("actor=nobody")), [0_u64; 0]);

    let first = query("actor=ann&limit=2");
    assert_eq!(found(&first), [3, 2]);
    let cursor = first["next"].as_str().unwrap();
    let second = query(&format!("actor=ann&limit=2&cursor={cursor}"));
    assert_eq!(found(&second), [0]);
    assert_eq!(second["next"], Value::Null);
}

#[test]
fn a_query_as_json_is_the_same_query() {
    let served = serve();
    for n in 0..6 {
        let mut draft = draft("test.query");
        draft["resource"]["id"] = json!(format!("r{}/{n}", n % 2));
        served.post_final(&draft);
    }
    let by_url = served.get("/v1/events?resource-prefix=r1%2F&limit=2&order=oldest").json();
    let query = json!({ "resource-prefix": "r1/", "limit": 2, "order": "oldest" });
    let body = query.to_string();
    let by_json = served.post_to("/v1/query", "application/json", body.as_bytes()).json();
    assert_eq!(by_url, by_json);
    assert_eq!(by_json["events"].as_array().unwrap().len(), 2);
    assert_eq!(by_json["next"], "from-5");
    for (body, code) in [
        ("[]", "bad-parameter"),
        (r#"{"resource":null}"#, "bad-parameter"),
        (r#"{"resources":"r"}"#, "unknown-parameter"),
    ] {
        let problem = served.post_to("/v1/query", "application/json", body.as_bytes()).problem();
        assert_eq!(problem, (400, code.to_owned()), "{body}");
    }
}

#[test]
fn what_a_query_cannot_mean_is_a_problem() {
    let served = serve();
    for (query, code) in [
        ("limit=0", "bad-parameter"),
        ("limit=1001", "bad-parameter"),
        ("limit=many", "bad-parameter"),
        ("from=yesterday", "bad-parameter"),
        ("to=-1", "bad-parameter"),
        ("order=random", "bad-parameter"),
        ("writer=xyz", "bad-parameter"),
        ("actor=a&actor=b", "bad-parameter"),
        ("acter=ann", "unknown-parameter"),
        ("cursor=!!!", "bad-cursor"),
    ] {
        let problem = served.get(&format!("/v1/events?{query}")).problem();
        assert_eq!(problem, (400, code.to_owned()), "{query}");
    }
    let nowhere = served.get("/v1/events?stream=nowhere").problem();
    assert_eq!(nowhere, (422, "unknown-stream".to_owned()));
}
