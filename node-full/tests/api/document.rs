//! The OpenAPI document says what the node does: every method, every form, every answer.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cairn_node::access::{digest_of, new_key};
use cairn_node::api::schema;
use cairn_node::query::NAMES;
use cairn_verifier::finality::Role;
use cairn_verifier::request;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::access::{bearer, serve_settings};
use crate::kit::{Answer, Served, draft, sealed_draft, serve};

/// Paths, each with its operations by method.
fn paths(document: &Value) -> BTreeMap<String, BTreeMap<String, Value>> {
    serde_json::from_value(document["paths"].clone()).unwrap()
}

/// A path with something in place of its variables.
fn filled(path: &str) -> String {
    path.replace("{of}", "event").replace("{path}", "0/000").replace(['{', '}'], "")
}

#[test]
fn the_node_takes_the_methods_that_are_documented_and_no_other() {
    let key = new_key().unwrap();
    let served = serve_settings(&format!(
        "[[api-key]]\nname = \"all\"\nhash = \"{}\"\nscopes = [\"read\", \"write\", \"admin\"]",
        digest_of(&key)
    ));
    let key = bearer(&key);
    let document = served.get("/v1/openapi.json").json();
    assert_eq!(document["openapi"], "3.1.0");
    let mut count = 0;
    for (path, operations) in paths(&document) {
        let answer = served.request("TRACE", &filled(&path), &[("authorization", &key)]);
        assert_eq!(answer.status, 405, "{path}");
        let allowed: BTreeSet<_> =
            answer.header("allow").split(',').map(str::to_lowercase).collect();
        let mut documented: BTreeSet<_> = operations.keys().cloned().collect();
        if documented.contains("get") {
            documented.insert("head".to_owned());
        }
        assert_eq!(allowed, documented, "{path}");
        count += operations.len();
    }
    assert!(count > 20, "{count} operations");
}

#[test]
fn every_operation_says_what_it_refuses_and_in_which_form() {
    let served = serve();
    for (path, operations) in paths(&served.get("/v1/openapi.json").json()) {
        for (method, operation) in operations {
            let responses = operation["responses"].as_object().unwrap();
            assert!(!operation["summary"].as_str().unwrap().is_empty(), "{method} {path}");
            for status in ["400", "408", "500", "503"] {
                assert!(responses.contains_key(status), "{method} {path} {status}");
            }
            for status in ["401", "403", "429"] {
                let is_held = path.starts_with("/v1/");
                assert_eq!(responses.contains_key(status), is_held, "{method} {path} {status}");
            }
            for (status, response) in responses {
                assert!(!response["description"].as_str().unwrap().is_empty());
                let problem = &response["content"]["application/problem+json"]["schema"]["$ref"];
                let is_refusal = status.starts_with(['4', '5']);
                assert_eq!(
                    problem == "#/components/schemas/Problem",
                    is_refusal,
                    "{path} {status}"
                );
            }
        }
    }
}

#[test]
fn the_filters_that_are_documented_are_those_of_queries() {
    let document = serve().get("/v1/openapi.json").json();
    let operation = &document["paths"]["/v1/events"]["get"];
    let parameters = operation["parameters"].as_array().unwrap();
    let documented: BTreeSet<_> =
        parameters.iter().map(|parameter| parameter["name"].as_str().unwrap()).collect();
    assert_eq!(documented, NAMES.into_iter().collect());
    let body = &document["components"]["schemas"]["QueryBody"];
    let names: BTreeSet<_> = body["properties"].as_object().unwrap().keys().collect();
    assert_eq!(names.len(), NAMES.len());
    assert_eq!(body["additionalProperties"], false);
}

/// Reads an answer as its type, strictly, and sees that nothing is lost.
#[track_caller]
fn is<T: DeserializeOwned + Serialize>(answer: &Answer) {
    assert!(answer.status < 300, "{answer:?}");
    let json = answer.json();
    let read: T = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), json);
}

fn wrap_of(served: &Served, id: &str) -> Answer {
    let (path, time) = (format!("/v1/wraps/{id}"), cairn_node::clock::now());
    let message = request::message(&served.node.log(), time, &path);
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let signature = hex(&served.ann.sign(Role::Request, &message).unwrap());
    let key = hex(&served.ann.public_key());
    let header = format!("Cairn key={key}, time={}, signature={signature}", time.0);
    served.get_with(&path, &[("accept", "application/json"), ("authorization", &header)])
}

#[test]
fn answers_are_of_the_documented_types() {
    let served = serve();
    let mut public = draft("test.public");
    public["payload"] = json!({"public": STANDARD.encode("open to all")});
    public["metadata"] = json!({"a": "b"});
    let batch = json!([draft("a.b"), sealed_draft("ann"), public]);
    let submitted =
        served.post_to("/v1/events?wait=final", "application/json", batch.to_string().as_bytes());
    is::<schema::Submitted>(&submitted);
    let ids = submitted.ids();
    for id in &ids {
        is::<schema::Entry>(&served.get(&format!("/v1/events/{id}")));
        is::<schema::Receipt>(&served.get_json(&format!("/v1/receipts/{id}")));
    }
    let view = served.get(&format!("/v1/events/{}", ids[2])).json();
    let digest = view["event"]["payload"]["digest"].as_str().unwrap();
    is::<schema::StoredPayload>(&served.get_json(&format!("/v1/payloads/{digest}")));
    is::<schema::Wrap>(&wrap_of(&served, &ids[1].to_string()));
    let status = served.get("/v1/status").json();
    let (stream, key) = (status["streams"][0]["id"].as_str().unwrap(), served.ann.key_id());
    for path in [
        "member?name=ann",
        "member?name=nobody",
        &format!("key?key={key}"),
        &format!("stream?stream={stream}"),
        &format!("membership?stream={stream}&name=ann"),
        "parameters",
        "set?epoch=0",
        &format!("head?stream={stream}&key={}", status["ingestKey"].as_str().unwrap()),
    ] {
        is::<schema::StateAnswer>(&served.get_json(&format!("/v1/state/{path}")));
    }
    let head = served.get("/v1/status").json()["head"].as_str().unwrap().to_owned();
    for base in ["genesis", &format!("header:{head}"), &format!("checkpoint:{head}")] {
        let path = format!("/v1/receipts/{}?base={base}&payload=1", ids[2]);
        is::<schema::Receipt>(&served.get_json(&path));
        is::<schema::Checkpoint>(&served.get_json(&format!("/v1/checkpoints/0?base={base}")));
    }
    is::<schema::Page>(&served.get("/v1/events?limit=2"));
    is::<schema::Page>(&served.get("/v1/events?actor=nobody"));
    is::<schema::Writer>(&served.get(&format!("/v1/writers/{}", served.ann.key_id())));
    is::<schema::Status>(&served.get("/v1/status"));
    is::<schema::Members>(&served.get("/v1/members"));
    is::<schema::Member>(&served.get("/v1/members/ann"));
    is::<schema::Genesis>(&served.get_json("/v1/genesis"));
    is::<schema::Block>(&served.get_json("/v1/blocks/1"));
    is::<schema::Checkpoint>(&served.get_json("/v1/checkpoints/latest"));
    is::<schema::Handovers>(&served.get_json("/v1/handovers"));
    is::<schema::Inclusion>(&served.get_json("/v1/proofs/inclusion?index=1&size=3"));
    is::<schema::Batch>(&served.get_json("/v1/proofs/batch?indices=0,2&size=3"));
    is::<schema::Consistency>(&served.get_json("/v1/proofs/consistency?old=1&new=3"));
    is::<schema::Extends>(&served.get_json("/v1/proofs/extends?from=0&to=1"));
    let problem = served.post_json(&json!([draft("a.b"), {}]));
    let read: schema::Problem = serde_json::from_slice(&problem.body).unwrap();
    assert_eq!((read.status, read.at), (422, Some(1)));
}

#[test]
fn the_page_for_people_names_every_path_and_loads_nothing() {
    let served = serve();
    let answer = served.get("/v1/docs");
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    assert!(answer.header("content-security-policy").starts_with("default-src 'none';"));
    let page = String::from_utf8(answer.body).unwrap();
    for path in paths(&served.get("/v1/openapi.json").json()).keys() {
        assert!(page.contains(&format!("</span>{path}</code>")), "{path}");
    }
    for outside in ["<script", "src=", "http://", "https://", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
    // Every name that is linked stands on the page.
    for link in page.split("href='#").skip(1) {
        let name = link.split('\'').next().unwrap();
        assert!(page.contains(&format!("id='{name}'")), "{name}");
    }
}
