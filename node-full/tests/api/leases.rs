//! Streams end when what let their reader in ends.

use std::io::Read as _;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use base64::Engine as _;
use cairn_node::access::{Access, digest_of, new_key};
use cairn_node::api::Serving;
use cairn_node::api::grpc::proto as p;
use cairn_node::clock::Stopwatch;
use cairn_node::node::Writers;
use cairn_node::settings::{SETTINGS_FILE, Settings};
use serde_json::json;
use tonic::metadata::MetadataValue;
use tonic::{Code, Request};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tungstenite::client::IntoClientRequest as _;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Message, WebSocket};

use crate::access::bearer;
use crate::grpc::run;
use crate::kit::{Served, serve_as};
use crate::tokens::{SECRET, claims_until, hmac, token};

type Live = Arc<ArcSwap<Access>>;

fn access(file: &str) -> (Settings, Access) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(SETTINGS_FILE), file).unwrap();
    let mut settings = Settings::read(dir.path(), None, |_| None, vec![]).unwrap();
    settings.listen = "127.0.0.1:0".to_owned();
    let access = Access::new(&settings, |_| None).unwrap();
    (settings, access)
}

fn served(file: &str) -> (Served, Live) {
    let (settings, access) = access(file);
    let mut live = None;
    let served = serve_as(Writers::Any, |site| {
        let serving = Serving::new(&settings, site.clone());
        serving.access.store(Arc::new(access));
        live = Some(Arc::clone(&serving.access));
        serving
    });
    (served, live.unwrap())
}

/// Settings with two keys that read.
fn keys(names: &[(&str, &str)]) -> String {
    let key = |(name, key): &(&str, &str)| {
        let hash = digest_of(key);
        format!("[[api-key]]\nname = \"{name}\"\nhash = \"{hash}\"\nscopes = [\"read\"]\n")
    };
    format!("read = \"keys\"\n{}", names.iter().map(key).collect::<String>())
}

/// An open stream of server-sent events; joined, how long it lasted.
fn stream(served: &Served, key: &str) -> std::thread::JoinHandle<Duration> {
    let request = served.agent.get(format!("{}/v1/stream", served.url));
    let answer = request.header("authorization", bearer(key)).call().unwrap();
    assert_eq!(answer.status(), 200);
    std::thread::spawn(move || {
        let start = Stopwatch::start();
        // A stream that is cut off would be an error.
        answer.into_body().into_reader().read_to_end(&mut Vec::new()).unwrap();
        start.elapsed()
    })
}

fn socket(served: &Served, key: &str) -> WebSocket<MaybeTlsStream<TcpStream>> {
    let url = format!("{}/v1/ws", served.url.replace("http://", "ws://"));
    let mut request = url.into_client_request().unwrap();
    request.headers_mut().insert("authorization", bearer(key).parse().unwrap());
    let (mut socket, _) = tungstenite::connect(request).unwrap();
    socket.send(Message::text(json!({"subscribe": "a"}).to_string())).unwrap();
    // A ping may come first.
    while !socket.read().unwrap().to_text().unwrap().contains("subscribed") {}
    socket
}

fn with_key<T>(key: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let value = MetadataValue::try_from(bearer(key)).unwrap();
    request.metadata_mut().insert("authorization", value);
    request
}

#[test]
fn a_key_that_is_taken_away_ends_its_streams_and_no_others() {
    let [ann, bob] = [0; 2].map(|_| new_key().unwrap().to_string());
    let (served, live) = served(&keys(&[("ann", &ann), ("bob", &bob)]));
    let (anns, bobs) = (stream(&served, &ann), stream(&served, &bob));
    let (mut ann_socket, mut bob_socket) = (socket(&served, &ann), socket(&served, &bob));
    run(&served, async |mut client| {
        let follow = p::FollowRequest::default;
        let mut ann_calls = client.follow(with_key(&ann, follow())).await.unwrap().into_inner();
        let mut bob_calls = client.follow(with_key(&bob, follow())).await.unwrap().into_inner();
        let channel = tonic::transport::Channel::from_shared(served.url.clone()).unwrap();
        let mut health = HealthClient::new(channel.connect().await.unwrap());
        let watch = with_key(&ann, HealthCheckRequest::default());
        let mut watched = health.watch(watch).await.unwrap().into_inner();
        assert!(watched.message().await.unwrap().is_some());

        // Read again with the same keys: nothing ends.
        live.store(Arc::new(access(&keys(&[("bob", &bob), ("ann", &ann)])).1));
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        assert!(!anns.is_finished());

        live.store(Arc::new(access(&keys(&[("bob", &bob)])).1));
        let ended = ann_calls.message().await.unwrap_err();
        assert_eq!(ended.code(), Code::Unauthenticated);
        assert_eq!(ended.metadata().get("cairn-code").unwrap(), "auth-ended");
        assert_eq!(watched.message().await.unwrap_err().code(), Code::Unauthenticated);
        let taken = serde_json::from_value(crate::kit::draft("a.b")).unwrap();
        served.node.submit(vec![cairn_node::ingest::Submission::Draft(taken)]).unwrap();
        assert!(bob_calls.message().await.unwrap().is_some(), "bob reads on");
    });
    assert!(anns.join().unwrap() < Duration::from_secs(20));
    let code = loop {
        if let Message::Close(frame) = ann_socket.read().unwrap() {
            break frame.unwrap().code;
        }
    };
    assert_eq!(code, CloseCode::Policy);
    while !bob_socket.read().unwrap().is_text() {}
    assert!(!bobs.is_finished());
    drop(bob_socket);
}

/// An archive longer than what lies in the sockets between a node and a reader that waits.
fn long_archive(served: &Served) {
    for _ in 0..3 {
        let mut public = crate::kit::draft("a.b");
        let payload = base64::engine::general_purpose::STANDARD.encode(vec![7; 1 << 20]);
        public["payload"] = json!({ "public": payload });
        let draft = |_| {
            cairn_node::ingest::Submission::Draft(serde_json::from_value(public.clone()).unwrap())
        };
        served.node.submit((0..10).map(draft).collect()).unwrap();
    }
    let size = |status: cairn_node::node::Status| (status.size, status.accepted);
    while size(served.node.status()).0 < size(served.node.status()).1 {
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_key_that_is_taken_away_breaks_its_download_off() {
    let [ann, bob] = [0; 2].map(|_| new_key().unwrap().to_string());
    let (served, live) = served(&keys(&[("ann", &ann), ("bob", &bob)]));
    long_archive(&served);
    let download = |key: &str| {
        let request = served.agent.get(format!("{}/v1/archive?payloads=true", served.url));
        let answer = request.header("authorization", bearer(key)).call().unwrap();
        assert_eq!(answer.status(), 200);
        let mut body = answer.into_body().into_reader();
        body.read_exact(&mut [0; 1_000]).unwrap();
        body
    };
    let (mut anns, mut bobs) = (download(&ann), download(&bob));
    live.store(Arc::new(access(&keys(&[("bob", &bob)])).1));
    let mut whole = Vec::new();
    bobs.read_to_end(&mut whole).unwrap();
    let mut part = Vec::new();
    anns.read_to_end(&mut part).expect_err("a download that is broken off looks like one");
    assert!(part.len() < whole.len(), "{} of {} bytes", part.len(), whole.len());
}

#[test]
fn a_token_that_ends_ends_its_stream() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("secret");
    std::fs::write(&path, SECRET).unwrap();
    let (served, _live) = served(&format!(
        "read = \"keys\"\n[jwt]\nalgorithm = \"HS256\"\nkey = {path:?}\n\
         issuer = \"https://id.example\"\naudience = \"cairn\"\n"
    ));
    // Clocks may be a minute apart.
    let short = token(&json!({"alg": "HS256"}), &claims_until(-57, "read"), &hmac());
    let long = token(&json!({"alg": "HS256"}), &claims_until(600, "read"), &hmac());
    let (short, long) = (stream(&served, &short), stream(&served, &long));
    let lasted = short.join().unwrap();
    assert!(lasted > Duration::from_millis(500) && lasted < Duration::from_secs(15), "{lasted:?}");
    assert!(!long.is_finished());
}
