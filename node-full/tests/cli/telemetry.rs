//! Traces: what a collector gets, byte for byte.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;

use crate::kit::Folder;

/// Takes what is posted to it, as a collector would: path, content type and body.
fn collector() -> (String, Receiver<(String, ExportTraceServiceRequest)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, received) = channel();
    std::thread::spawn(move || {
        for socket in listener.incoming() {
            while let Some(request) = take(socket.as_ref().unwrap()) {
                if sender.send(request).is_err() {
                    return;
                }
            }
        }
    });
    (url, received)
}

/// One request; `None` when the client closed.
fn take(mut socket: &TcpStream) -> Option<(String, ExportTraceServiceRequest)> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        socket.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    let header = |name: &str| {
        let line = head.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("{name} in {head}")).trim().to_owned()
    };
    assert_eq!(header("content-type:"), "application/x-protobuf");
    let mut body = vec![0; header("content-length:").parse().unwrap()];
    socket.read_exact(&mut body).unwrap();
    socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
    let request = ExportTraceServiceRequest::decode(&body[..]).unwrap();
    Some((head.lines().next().unwrap().to_owned(), request))
}

fn attribute(span: &Span, name: &str) -> Option<String> {
    let found = span.attributes.iter().find(|attribute| attribute.key == name)?;
    let value = found.value.clone()?.value?;
    if let Value::IntValue(number) = value {
        return Some(number.to_string());
    }
    let Value::StringValue(text) = value else { panic!("{name}: {value:?}") };
    Some(text)
}

#[test]
fn requests_are_spans_with_their_ids_below_those_of_the_client() {
    let folder = Folder::new();
    folder.json(&["init", "--dir", "data"]);
    let (url, received) = collector();
    let node = folder.start(&["start", "--dir", "data", "--block-time", "20", "--otlp", &url]);
    let event = ["--type", "t", "--actor", "a:b", "--resource", "c:d", "--wait", "final"];
    let submitted = folder.json(&[&["submit", "--node", node.url()], &event[..]].concat());
    let id = submitted["id"].as_str().unwrap();
    let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).build().into();
    let (trace, parent) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
    let answer = agent
        .get(format!("{}/v1/receipts/{id}", node.url()))
        .header("x-request-id", "my-request")
        .header("traceparent", format!("00-{trace}-{parent}-01"))
        .call()
        .unwrap();
    assert_eq!(answer.headers()["x-request-id"], "my-request");
    // A node that stops sends what it has.
    assert_eq!(node.stop(), 0);

    let mut spans = Vec::new();
    while let Ok((line, request)) = received.try_recv() {
        assert!(line.starts_with("post /v1/traces "), "{line}");
        for resource in request.resource_spans {
            let named = &resource.resource.unwrap().attributes;
            assert!(named.iter().any(|a| a.key == "service.name"), "{named:?}");
            spans.extend(resource.scope_spans.into_iter().flat_map(|scope| scope.spans));
        }
    }
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let of = |name: &str| {
        let found = spans.iter().find(|span| span.name == name);
        found.unwrap_or_else(|| panic!("no {name} in {spans:#?}"))
    };
    let receipt = of("GET /v1/receipts/{id}");
    assert_eq!(attribute(receipt, "id").unwrap(), "my-request");
    assert_eq!(attribute(receipt, "http.route").unwrap(), "/v1/receipts/{id}");
    assert_eq!(attribute(receipt, "http.response.status_code").unwrap(), "200");
    assert_eq!(
        (hex(&receipt.trace_id), hex(&receipt.parent_span_id)),
        (trace.into(), parent.into())
    );
    // What had to be proven stands below the request.
    let proof = spans.iter().find(|span| attribute(span, "kind").is_some_and(|k| k == "receipt"));
    let proof = proof.unwrap();
    assert_eq!(proof.name, "cairn_proof_seconds");
    assert_eq!((&proof.trace_id, &proof.parent_span_id), (&receipt.trace_id, &receipt.span_id));
    let submit = of("POST /v1/events");
    assert_ne!(submit.trace_id, receipt.trace_id);
    assert_eq!(attribute(submit, "http.response.status_code").unwrap(), "202");
}

#[test]
fn a_collector_that_is_not_there_stops_nothing() {
    let folder = Folder::new();
    folder.json(&["init", "--dir", "data"]);
    let node = folder.start(&["start", "--dir", "data", "--otlp", "http://127.0.0.1:9"]);
    let event = ["--type", "t", "--actor", "a:b", "--resource", "c:d", "--wait", "final"];
    folder.json(&[&["submit", "--node", node.url()], &event[..]].concat());
    assert_eq!(node.stop(), 0);
    let refused = folder.fails(&["start", "--dir", "data", "--otlp", "no url"], 1);
    assert!(refused.err.contains("http://127.0.0.1:4318"), "{refused:?}");
}
