//! Following the log over a WebSocket, with a client that is not ours.

use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};
use tungstenite::client::IntoClientRequest as _;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Error, Message, WebSocket};

use crate::access::{bearer, serve_keys};
use crate::kit::{Served, draft, serve};

struct Client(WebSocket<MaybeTlsStream<TcpStream>>);

impl Client {
    fn open(served: &Served) -> Self {
        let url = format!("{}/v1/ws", served.url.replace("http://", "ws://"));
        let (socket, _) = tungstenite::connect(url).unwrap();
        let MaybeTlsStream::Plain(stream) = socket.get_ref() else { panic!("no TLS here") };
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        Self(socket)
    }

    fn send(&mut self, message: &Value) {
        self.0.send(Message::text(message.to_string())).unwrap();
    }

    /// The next message; pings are answered on the way.
    fn next(&mut self) -> Value {
        loop {
            match self.0.read().unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other @ (Message::Binary(_) | Message::Close(_) | Message::Frame(_)) => {
                    panic!("{other:?}")
                }
            }
        }
    }

    fn take(&mut self, count: usize) -> Vec<Value> {
        (0..count).map(|_| self.next()).collect()
    }

    fn ask(&mut self, message: &Value) -> Value {
        self.send(message);
        self.next()
    }

    /// Reads until the node closes; its code and reason.
    fn closed(&mut self) -> (CloseCode, String) {
        loop {
            if let Message::Close(frame) = self.0.read().unwrap() {
                let frame = frame.unwrap();
                return (frame.code, frame.reason.to_string());
            }
        }
    }
}

fn indices(messages: &[Value], subscription: &str) -> Vec<u64> {
    let of =
        |message: &&Value| message["subscription"] == subscription && message["topic"] == "event";
    messages.iter().filter(of).map(|message| message["data"]["index"].as_u64().unwrap()).collect()
}

#[test]
fn several_subscriptions_with_filters_go_over_one_socket() {
    let served = serve();
    let mut client = Client::open(&served);
    let subscribed = client.ask(&json!({"subscribe": "b", "topics": "events", "type": "kind.b"}));
    assert_eq!(subscribed["subscribed"], "b");
    let after = subscribed["after"].as_str().unwrap().to_owned();
    client.ask(&json!({"subscribe": "all", "topics": "events,blocks"}));
    served.post_final(&json!([draft("kind.a"), draft("kind.b"), draft("kind.a")]));
    let messages = client.take(5);
    assert_eq!(indices(&messages, "b"), [1]);
    assert_eq!(indices(&messages, "all"), [0, 1, 2]);
    assert_eq!(messages.iter().filter(|message| message["topic"] == "block").count(), 1);

    assert_eq!(client.ask(&json!({"unsubscribe": "all"})), json!({"unsubscribed": "all"}));
    served.post_final(&json!([draft("kind.a"), draft("kind.b")]));
    assert_eq!(indices(&client.take(1), "b"), [4]);
    // The name is free again, and the other one's place is where it can go on.
    client.ask(&json!({"subscribe": "all", "topics": "events", "after": after}));
    assert_eq!(indices(&client.take(5), "all"), [0, 1, 2, 3, 4]);
}

#[test]
fn a_client_that_comes_back_goes_on_where_it_was() {
    let served = serve();
    served.post_final(&json!(vec![draft("a.b"); 600]));
    let subscribe = |after: &str| json!({"subscribe": "s", "topics": "events", "after": after});
    let mut client = Client::open(&served);
    client.send(&subscribe("0-0"));
    client.next();
    let messages = client.take(600);
    assert_eq!(indices(&messages, "s"), (0..600).collect::<Vec<_>>());
    for at in [0, 255, 256, 598] {
        let mut again = Client::open(&served);
        again.ask(&subscribe(messages[at]["id"].as_str().unwrap()));
        assert_eq!(again.take(599 - at), messages[at + 1..]);
    }
}

#[test]
fn the_stream_and_the_socket_say_the_same() {
    let served = serve();
    served.post_final(&json!(vec![draft("a.b"); 3]));
    let mut client = Client::open(&served);
    client.ask(&json!({"subscribe": "s", "topics": "events", "after": "0-0"}));
    for message in client.take(3) {
        let id = message["data"]["id"].as_str().unwrap();
        assert_eq!(message["data"], served.get(&format!("/v1/events/{id}")).json());
    }
}

#[test]
fn what_cannot_be_done_is_said_and_the_rest_goes_on() {
    let served = serve();
    let mut client = Client::open(&served);
    client.ask(&json!({"subscribe": "a"}));
    for (message, code) in [
        (json!({"subscribe": "a"}), "bad-parameter"),
        (json!({"subscribe": ""}), "bad-parameter"),
        (json!({"subscribe": "x".repeat(65)}), "bad-parameter"),
        (json!({"subscribe": "b", "topics": "event"}), "bad-parameter"),
        (json!({"subscribe": "b", "after": "yesterday"}), "bad-parameter"),
        (json!({"subscribe": "b", "limit": 3}), "unknown-parameter"),
        (json!({"unsubscribe": "b"}), "bad-parameter"),
        (json!({"unsubscribe": "a", "topics": "events"}), "unknown-parameter"),
        (json!({"subscribe": "b", "unsubscribe": "b"}), "bad-parameter"),
        (json!({}), "bad-parameter"),
        (json!([]), "bad-parameter"),
    ] {
        let answer = client.ask(&message);
        assert_eq!(answer["error"]["code"], code, "{message} {answer}");
        assert!(answer["error"]["detail"].is_string());
    }
    client.0.send(Message::text("nonsense")).unwrap();
    assert_eq!(client.next()["error"]["code"], "bad-parameter");
    for number in 1..16 {
        assert!(client.ask(&json!({"subscribe": number.to_string()}))["subscribed"].is_string());
    }
    assert_eq!(client.ask(&json!({"subscribe": "16"}))["error"]["code"], "bad-parameter");

    client.0.send(Message::binary(vec![0])).unwrap();
    assert_eq!(client.closed().0, CloseCode::Unsupported);
    assert_eq!(served.get("/v1/ws").problem(), (426, "websocket-required".to_owned()));
    assert_eq!(served.get("/v1/ws?topics=events").problem().1, "unknown-parameter");
}

#[test]
fn where_reading_needs_a_key_a_socket_does() {
    let (served, keys) = serve_keys("read = \"keys\"");
    let connect = |key: Option<&str>| {
        let url = format!("{}/v1/ws", served.url.replace("http://", "ws://"));
        let mut request = url.into_client_request().unwrap();
        if let Some(key) = key {
            request.headers_mut().insert("authorization", bearer(key).parse().unwrap());
        }
        match tungstenite::connect(request) {
            Ok((mut socket, answer)) => {
                socket.send(Message::text(json!({"subscribe": "a"}).to_string())).unwrap();
                // A ping may come first.
                while !socket.read().unwrap().to_text().unwrap().contains("subscribed") {}
                answer.status().as_u16()
            }
            Err(Error::Http(answer)) => answer.status().as_u16(),
            Err(error) => panic!("{error}"),
        }
    };
    assert_eq!(connect(None), 401);
    assert_eq!(connect(Some(&keys.write)), 403);
    assert_eq!(connect(Some(&keys.read)), 101);
}

#[test]
fn pings_are_answered() {
    let served = serve();
    let mut client = Client::open(&served);
    client.0.send(Message::Ping(b"here"[..].into())).unwrap();
    loop {
        if let Message::Pong(bytes) = client.0.read().unwrap() {
            assert_eq!(&bytes[..], b"here");
            return;
        }
    }
}

#[test]
fn a_node_that_stops_says_goodbye() {
    let mut served = serve();
    let mut client = Client::open(&served);
    client.ask(&json!({"subscribe": "s", "topics": "blocks"}));
    let server = served.server.take().unwrap();
    let stopping = std::thread::spawn(move || server.stop().unwrap());
    let (code, reason) = client.closed();
    assert_eq!(code, CloseCode::Away);
    assert!(reason.contains("after"), "{reason}");
    stopping.join().unwrap();
}

/// Messages of 20 MB in all wait for a reader that takes none: the node keeps none of them but the
/// one it is sending, says goodbye and lets go.
#[test]
fn a_reader_that_takes_nothing_is_cut_and_costs_no_memory() {
    let served = serve();
    let mut event = draft("a.b");
    event["reason"] = json!("x".repeat(4_000));
    for _ in 0..5 {
        served.post_final(&json!(vec![event.clone(); 1_000]));
    }
    let mut client = Client::open(&served);
    client.ask(&json!({"subscribe": "s", "topics": "events", "after": "0-0"}));
    std::thread::sleep(Duration::from_secs(22));
    let mut read = 0;
    let end = loop {
        match client.0.read() {
            Ok(Message::Text(_)) => read += 1,
            Ok(Message::Close(frame)) => break frame.map(|frame| frame.code),
            Ok(_) => {}
            Err(_) => break None,
        }
    };
    assert!(read < 5_000, "everything was sent to a reader that took nothing: {read}");
    assert!(end.is_none_or(|code| code == CloseCode::Again), "{end:?}");
    assert_eq!(served.get("/livez").status, 200);
}
