//! What the node says of its own API, in the stream `system`.

use std::time::Duration;

use cairn_verifier::digest::EventId;
use cairn_verifier::finality::Role;
use cairn_verifier::request;
use cairn_verifier::secret::MemberSecret;
use serde_json::{Value, json};

use crate::access::{bearer, serve_keys};
use crate::kit::{Served, draft, sealed_draft, serve};

/// Events of the system stream, of one type, oldest first.
fn system(served: &Served, event_type: &str) -> Vec<Value> {
    let path = format!("/v1/events?stream=system&type={event_type}&order=oldest");
    let answer = served.get_json(&path);
    assert_eq!(answer.status, 200, "{answer:?}");
    let json = answer.json();
    let events = json["events"].as_array().unwrap();
    events.iter().map(|event| event["event"].clone()).collect()
}

/// The same, once there are `count` of them.
pub(crate) fn wait(served: &Served, event_type: &str, count: usize) -> Vec<Value> {
    for _ in 0..100 {
        let found = system(served, event_type);
        if found.len() >= count {
            return found;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("not {count} events {event_type} within five seconds");
}

fn read_wrap(served: &Served, secret: &MemberSecret, event: &EventId) -> u16 {
    let (path, now) = (format!("/v1/wraps/{event}"), cairn_node::clock::now());
    let message = request::message(&served.node.log(), now, &path);
    let signature = secret.sign(Role::Request, &message).unwrap();
    let hex = cairn_node::http_client::hex;
    let (key, signature) = (hex(&secret.public_key()), hex(&signature));
    let header = format!("Cairn key={key}, time={}, signature={signature}", now.0);
    served.get_with(&path, &[("authorization", &header)]).status
}

#[test]
fn writes_are_logged_once_a_second_for_each_caller() {
    let (served, keys) = serve_keys("");
    let key = bearer(&keys.write);
    for _ in 0..5 {
        assert_eq!(served.post_with(&[("authorization", &key)]).status, 202);
    }
    let mut sums = (0, 0);
    for _ in 0..100 {
        let found = system(&served, "cairn.api.write");
        sums = found.iter().fold((0, 0), |(requests, events), event| {
            assert_eq!(event["actor"], json!({"kind": "api-key", "id": "the-writer"}));
            assert_eq!(event["resource"]["id"], served.node.log().to_string());
            let figure =
                |name: &str| event["metadata"][name].as_str().unwrap().parse::<u64>().unwrap();
            assert!(figure("first") <= figure("last"));
            (requests + figure("requests"), events + figure("events"))
        });
        if sums == (5, 5) {
            assert!(found.len() <= 3, "grouped");
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(sums, (5, 5));
    let before = served.node.status().accepted;
    for path in ["/v1/status", "/v1/events", "/v1/genesis"] {
        assert_eq!(served.get(path).status, 200);
    }
    std::thread::sleep(Duration::from_millis(1_500));
    assert_eq!(served.node.status().accepted, before, "reading grows nothing, nor does the audit");
}

#[test]
fn what_was_not_logged_yet_is_when_the_node_stops() {
    let (mut served, keys) = serve_keys("");
    assert_eq!(served.post_with(&[("authorization", &bearer(&keys.write))]).status, 202);
    served.server.take().unwrap().stop().unwrap();
    let status = served.node.status();
    assert_eq!((status.accepted, status.size), (2, 2));
}

#[test]
fn a_key_is_read_only_when_that_is_durable() {
    let served = serve();
    let id = served.post_final(&sealed_draft("ann"))[0];
    let before = served.node.status().accepted;
    assert_eq!(read_wrap(&served, &served.ann, &id), 200);
    assert_eq!(served.node.status().accepted, before + 1, "accepted is durable");
    let found = wait(&served, "cairn.key.read", 1);
    assert_eq!(found[0]["actor"], json!({"kind": "member", "id": "ann"}));
    assert_eq!(found[0]["resource"]["id"], id.to_string());
    assert_eq!(found[0]["outcome"], "success");
    // Who tries a key of another is seen, if it is a member; strangers cannot grow the log, nor can
    // events that are not there.
    let stranger = MemberSecret::from_seed([7; 32]).unwrap();
    assert_eq!(read_wrap(&served, &stranger, &id), 404);
    assert_eq!(read_wrap(&served, &served.bob, &EventId::ZERO), 404);
    assert_eq!(served.node.status().accepted, before + 1);
    assert_eq!(read_wrap(&served, &served.bob, &id), 404);
    let found = wait(&served, "cairn.key.read", 2);
    assert_eq!(found[1]["actor"], json!({"kind": "member", "id": "bob"}));
    assert_eq!(found[1]["outcome"], "denied");
    // A node that takes no more events gives no more keys.
    served.node.shutdown();
    assert_eq!(read_wrap(&served, &served.ann, &id), 503);
}

#[test]
fn only_the_node_writes_into_its_stream() {
    let served = serve();
    let mut own = draft("a.b");
    own["stream"] = json!("system");
    assert_eq!(served.post_json(&own).problem(), (403, "system-stream".to_owned()));
    let batch = served.post_json(&json!([draft("a.b"), own]));
    assert_eq!((batch.problem().0, batch.json()["at"].clone()), (403, json!(1)));
    let mut body = served.body(&served.ann, 0, EventId::ZERO);
    body.stream = served.stream("system");
    let signed = served.signed_body(&served.ann, &body);
    let answer = served.post("application/vnd.cairn.event", &signed);
    assert_eq!(answer.problem(), (403, "system-stream".to_owned()));
    assert_eq!(served.node.status().accepted, 0);
    assert_eq!(served.get("/v1/status").json()["streams"][0]["name"], "main");
}
