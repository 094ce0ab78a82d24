//! What HTTP itself asks for: methods, caches, other origins, health.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::json;

use crate::kit::{Served, draft, serve};

const FOREVER: &str = "public, max-age=31536000, immutable";

#[test]
fn unknown_paths_and_methods_are_problems() {
    let served = serve();
    for path in ["/v1", "/v1/", "/v1/nothing", "/v1/events/a/b", "/v1/proofs"] {
        assert_eq!(served.get(path).problem(), (404, "no-such-path".to_owned()), "{path}");
    }
    for (method, path) in [("DELETE", "/v1/events"), ("PUT", "/v1/status"), ("POST", "/v1/genesis")]
    {
        let answer = served.request(method, path, &[]);
        assert_eq!(answer.problem(), (405, "method-not-allowed".to_owned()), "{method} {path}");
        assert!(answer.header("allow").contains("GET"), "{answer:?}");
    }
    assert_eq!(served.get("/v1/status?x=1").problem().1, "unknown-parameter");
    assert_eq!(served.get("/v1/events/%ff").problem().0, 400);
    let answer = served.request("HEAD", "/v1/status", &[]);
    assert_eq!((answer.status, answer.body.len()), (200, 0));
}

#[test]
fn final_answers_are_cached_for_ever_and_heads_are_not() {
    let served = serve();
    let id = served.post_final(&json!([draft("a.b"), draft("a.b")]))[0];
    for (path, cache) in [
        ("/v1/genesis".to_owned(), FOREVER),
        ("/v1/blocks/0".to_owned(), FOREVER),
        ("/v1/checkpoints/0".to_owned(), FOREVER),
        ("/v1/proofs/inclusion?index=0&size=2".to_owned(), FOREVER),
        ("/v1/checkpoints/latest".to_owned(), "no-cache"),
        ("/v1/status".to_owned(), "no-cache"),
        ("/v1/events".to_owned(), "no-cache"),
        (format!("/v1/events/{id}"), "no-cache"),
        (format!("/v1/receipts/{id}"), "no-cache"),
        ("/v1/blocks/99999".to_owned(), "no-store"),
    ] {
        assert_eq!(served.get(&path).header("cache-control"), cache, "{path}");
    }

    let path = "/v1/proofs/inclusion?index=0&size=2";
    let (binary, json) = (served.get(path), served.get_json(path));
    assert_eq!(binary.header("vary"), "accept");
    let etag = binary.header("etag");
    assert!(etag.starts_with('"'), "a strong tag");
    assert_ne!(etag, json.header("etag"), "each form has its own");
    let again = served.get_with(path, &[("if-none-match", etag)]);
    assert_eq!((again.status, again.body.len()), (304, 0));
    let other = served.get_with(path, &[("if-none-match", "\"other\"")]);
    assert_eq!(other.body, binary.body);
}

#[test]
fn pages_of_other_origins_may_ask() {
    let served = serve();
    let origin = [("origin", "https://auditor.example")];
    let answer = served.get_with("/v1/status", &origin);
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    for name in ["etag", "content-disposition", "retry-after"] {
        assert!(answer.header("access-control-expose-headers").contains(name), "{name}");
    }
    let problem = served.get_with("/v1/nothing", &origin);
    assert_eq!(problem.header("access-control-allow-origin"), "*");
    let preflight = served.request(
        "OPTIONS",
        "/v1/events",
        &[
            ("origin", "https://auditor.example"),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "authorization,content-type"),
        ],
    );
    assert_eq!(preflight.status, 200);
    let methods = preflight.header("access-control-allow-methods");
    assert_eq!(methods, "GET", "a foreign page may not log through this node");
    for name in ["authorization", "content-type", "accept"] {
        assert!(preflight.header("access-control-allow-headers").contains(name), "{name}");
    }
}

#[test]
fn health_and_status() {
    let served = serve();
    assert_eq!(served.get("/livez").body, b"ok\n");
    assert_eq!(served.get("/readyz").body, b"ok\n");
    served.post_final(&draft("a.b"));
    let status = served.get("/v1/status").json();
    assert_eq!(status["log"], served.node.log().to_string());
    assert_eq!(status["anchor"], format!("genesis:{}", served.node.log()));
    assert_eq!(status["size"], 1);
    assert_eq!(status["healthy"], true);
    assert_eq!(status["streams"][0]["name"], "main");
}

fn raw(served: &Served, request: &[u8]) -> String {
    let address = served.url.strip_prefix("http://").unwrap();
    let mut socket = TcpStream::connect(address).unwrap();
    socket.write_all(request).unwrap();
    socket.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn broken_requests_change_nothing() {
    let served = serve();
    let cut = raw(
        &served,
        b"POST /v1/events HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n\
          content-length: 1000\r\n\r\n{\"type\":",
    );
    assert!(cut.is_empty() || cut.contains("body-incomplete"), "{cut}");
    let _nonsense = raw(&served, b"\x16\x03\x01\x00nonsense\r\n\r\n");
    assert_eq!(served.node.status().accepted, 0);
    assert_eq!(served.get("/livez").status, 200);
}

#[test]
fn many_clients_at_once_lose_nothing() {
    let served = serve();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..20 {
                    assert_eq!(served.post_json(&json!(vec![draft("a.b"); 5])).ids().len(), 5);
                }
            });
        }
    });
    assert_eq!(served.node.status().accepted, 800);
}
