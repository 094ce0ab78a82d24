//! Connections of clients that are slow, silent or many.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use cairn_node::api::{Patience, Serving};
use cairn_node::clock::Stopwatch;
use cairn_node::node::Writers;
use cairn_node::settings::Settings;

use crate::kit::{Served, serve_as};

const FIRST: Duration = Duration::from_millis(400);
const IDLE: Duration = Duration::from_millis(800);
/// Much longer than any limit here.
const LONG: Duration = Duration::from_secs(20);
const ASK: &[u8] = b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n";

fn served(max_connections: usize) -> Served {
    let settings = Settings { listen: "127.0.0.1:0".to_owned(), ..Settings::default() };
    let patience = Patience { first: FIRST, idle: IDLE };
    serve_as(Writers::Any, |site| Serving {
        patience,
        max_connections,
        ..Serving::new(&settings, site.clone())
    })
}

fn connect(served: &Served) -> TcpStream {
    let socket = TcpStream::connect(served.url.trim_start_matches("http://")).unwrap();
    socket.set_read_timeout(Some(LONG)).unwrap();
    socket
}

/// What comes until the node closes the connection, and how long that took.
fn until_closed(socket: &mut TcpStream) -> (String, Duration) {
    let (start, mut heard) = (Stopwatch::start(), Vec::new());
    if let Err(error) = socket.read_to_end(&mut heard) {
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
    }
    (String::from_utf8_lossy(&heard).into_owned(), start.elapsed())
}

#[test]
fn a_connection_without_a_request_is_closed() {
    let served = served(100);
    // Nothing, the beginning of a request, and the beginning of HTTP/2.
    for begin in [&b""[..], b"GET /livez HT", b"PRI * HTTP/2.0\r\n\r\nSM"] {
        let mut socket = connect(&served);
        socket.write_all(begin).unwrap();
        let (heard, took) = until_closed(&mut socket);
        assert!(took >= FIRST / 2 && took < LONG / 2, "{begin:?}: {took:?} {heard}");
    }
}

#[test]
fn a_head_that_comes_byte_by_byte_does_not_keep_a_connection() {
    let served = served(100);
    let mut socket = connect(&served);
    let start = Stopwatch::start();
    let mut bytes = b"GET /livez HTTP/1.1\r\nx: ".iter().chain(std::iter::repeat(&b'a'));
    while start.elapsed() < LONG && socket.write_all(&[*bytes.next().unwrap()]).is_ok() {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(start.elapsed() < LONG / 2, "{:?}", start.elapsed());
}

#[test]
fn an_idle_connection_is_closed_and_one_in_use_is_not() {
    let served = served(100);
    let mut socket = connect(&served);
    let start = Stopwatch::start();
    while start.elapsed() < 3 * IDLE {
        socket.write_all(ASK).unwrap();
        let mut answer = [0; 1_024];
        assert!(socket.read(&mut answer).unwrap() > 0);
        assert!(answer.starts_with(b"HTTP/1.1 200"));
        std::thread::sleep(IDLE / 4);
    }
    let (_, took) = until_closed(&mut socket);
    assert!(took < LONG / 2, "{took:?}");
}

/// Whoever asks for much and takes nothing: the answer does not wait for ever.
#[test]
fn a_client_that_takes_no_answer_is_cut() {
    let served = served(100);
    let mut socket = connect(&served);
    let ask = b"GET /v1/openapi.json HTTP/1.1\r\nhost: x\r\n\r\n";
    socket.set_write_timeout(Some(LONG)).unwrap();
    let start = Stopwatch::start();
    // Many at once, so that the answers fill every buffer on the way.
    while start.elapsed() < LONG && socket.write_all(&ask.repeat(64)).is_ok() {}
    assert!(start.elapsed() < LONG, "it is cut");
}

#[test]
fn one_connection_too_many_waits_for_its_turn() {
    let served = served(2);
    let _silent = [connect(&served), connect(&served)];
    std::thread::sleep(FIRST / 4);
    let start = Stopwatch::start();
    let mut socket = connect(&served);
    socket.write_all(ASK).unwrap();
    let mut answer = [0; 12];
    socket.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    assert!(start.elapsed() >= FIRST / 4, "{:?}: it did not wait", start.elapsed());
}
