//! Following the log: what comes, in which order, and going on after a break.

use std::io::{BufRead as _, BufReader, Read};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cairn_verifier::trust::FinalityProof;
use serde_json::{Value, json};

use crate::kit::{Served, draft, serve};

/// One message: topic, id and data.
type Message = (String, String, Value);

struct Stream(BufReader<Box<dyn Read>>);

impl Stream {
    fn open(served: &Served, query: &str, last: Option<&str>) -> Self {
        let mut request = served.agent.get(format!("{}/v1/stream?{query}", served.url));
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = request.call().unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let (_, body) = response.into_parts();
        Self(BufReader::new(Box::new(body.into_reader())))
    }

    /// The next message; `None` at the end.
    fn next(&mut self) -> Option<Message> {
        let (mut topic, mut id, mut data) = (String::new(), String::new(), String::new());
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            match line.trim_end().split_once(": ") {
                Some(("event", text)) => text.clone_into(&mut topic),
                Some(("id", text)) => text.clone_into(&mut id),
                Some(("data", text)) => text.clone_into(&mut data),
                _ if line == "\n" && !data.is_empty() => break,
                _ => {}
            }
        }
        Some((topic, id, serde_json::from_str(&data).unwrap()))
    }

    fn take(&mut self, count: usize) -> Vec<Message> {
        (0..count).map(|_| self.next().unwrap()).collect()
    }
}

fn indices(messages: &[Message]) -> Vec<u64> {
    let events = messages.iter().filter(|(topic, ..)| topic == "event");
    events.map(|(_, _, data)| data["index"].as_u64().unwrap()).collect()
}

#[test]
fn what_becomes_final_comes_in_order_and_proves_itself() {
    let served = serve();
    served.post_final(&draft("before"));
    let mut stream = Stream::open(&served, "topics=events,blocks,checkpoints", None);
    served.post_final(&json!(vec![draft("a.b"); 3]));
    served.post_final(&json!(vec![draft("a.b"); 2]));
    let messages = stream.take(9);
    let topics: Vec<_> = messages.iter().map(|(topic, ..)| topic.as_str()).collect();
    let block = |events: usize| [&vec!["event"; events][..], &["block", "checkpoint"]].concat();
    assert_eq!(topics, [block(3), block(2)].concat());
    assert_eq!(indices(&messages), [1, 2, 3, 4, 5]);
    let (_, _, checkpoint) = &messages[8];
    let bytes = STANDARD.decode(checkpoint["checkpoint"].as_str().unwrap()).unwrap();
    let proof = FinalityProof::decode(&bytes).unwrap();
    let now = cairn_node::clock::now();
    let (header, _) = proof.verify(served.node.anchor(), now, &mut ()).unwrap();
    assert_eq!(header.header().events.get(), 6);
    assert_eq!(checkpoint["digest"], header.digest().to_string());
}

#[test]
fn a_client_that_comes_back_goes_on_where_it_was() {
    let served = serve();
    served.post_final(&json!(vec![draft("a.b"); 700]));
    let mut whole = Stream::open(&served, "topics=events,blocks&after=0-0", None);
    // Block 0 has no events.
    let messages = whole.take(702);
    assert_eq!(indices(&messages), (0..700).collect::<Vec<_>>());
    for at in [0, 1, 255, 256, 257, 699] {
        let (_, id, _) = &messages[at];
        let mut rest = Stream::open(&served, "topics=events,blocks", Some(id));
        assert_eq!(rest.take(messages.len() - at - 1), messages[at + 1..]);
    }
}

#[test]
fn only_what_a_query_finds_comes() {
    let served = serve();
    let mut stream = Stream::open(&served, "topics=events&type=kind.b&resource-prefix=r1", None);
    for n in 0..12 {
        let mut event = draft(if n % 2 == 0 { "kind.a" } else { "kind.b" });
        event["resource"]["id"] = json!(format!("r{n}"));
        served.post_final(&event);
    }
    assert_eq!(indices(&stream.take(2)), [1, 11]);
    for (query, code) in [
        ("topics=event", "bad-parameter"),
        ("topics=", "bad-parameter"),
        ("after=yesterday", "bad-parameter"),
        ("limit=3", "unknown-parameter"),
        ("order=newest", "unknown-parameter"),
    ] {
        let problem = served.get(&format!("/v1/stream?{query}")).problem();
        assert_eq!(problem, (400, code.to_owned()), "{query}");
    }
}

#[test]
fn a_node_that_stops_ends_its_streams() {
    let mut served = serve();
    let mut stream = Stream::open(&served, "topics=blocks", None);
    let watch = cairn_node::clock::Stopwatch::start();
    served.server.take().unwrap().stop().unwrap();
    assert_eq!(stream.next(), None);
    assert!(watch.elapsed().as_secs() < 10);
}
