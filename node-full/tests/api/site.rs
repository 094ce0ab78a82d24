//! The page and the package beside the API.

use cairn_node::api::Site;

use crate::kit::{serve, serve_with};

#[test]
fn files_come_with_their_types_and_the_policy() {
    let dir = tempfile::tempdir().unwrap();
    let (ui, pkg) = (dir.path().join("ui"), dir.path().join("pkg"));
    for folder in [&ui, &pkg] {
        std::fs::create_dir(folder).unwrap();
    }
    std::fs::write(ui.join("index.html"), "<!doctype html>page").unwrap();
    std::fs::write(ui.join("app.wasm"), b"\0asm").unwrap();
    std::fs::write(ui.join("app.js"), "1").unwrap();
    std::fs::write(pkg.join("index.mjs"), "2").unwrap();
    std::fs::write(dir.path().join("secret"), "3").unwrap();
    let served = serve_with(&Site { ui: Some(ui), pkg: Some(pkg) });

    for (path, kind, body) in [
        ("/", "text/html", b"<!doctype html>page".as_slice()),
        ("/index.html", "text/html", b"<!doctype html>page"),
        ("/app.wasm", "application/wasm", b"\0asm"),
        ("/app.js", "text/javascript", b"1"),
        ("/pkg/index.mjs", "application/javascript", b"2"),
    ] {
        let answer = served.get(path);
        assert_eq!((answer.status, answer.body.as_slice()), (200, body), "{path}");
        assert!(answer.header("content-type").starts_with(kind), "{path} {answer:?}");
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self' 'wasm-unsafe-eval';"));
        assert!(policy.ends_with("frame-ancestors 'none'"));
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
    }
    for path in ["/nothing", "/pkg/nothing", "/../secret", "/%2e%2e/secret", "/pkg/..%2fsecret"] {
        let answer = served.get(path);
        assert_eq!(answer.status, 404, "{path} {answer:?}");
        assert!(!answer.header("content-security-policy").is_empty(), "{path}");
    }
    assert_eq!(served.get("/v1/nothing").problem().1, "no-such-path");
    assert_eq!(served.get("/v1/status").header("x-content-type-options"), "nosniff");
}

#[test]
fn without_a_page_the_root_says_where_to_look() {
    let served = serve();
    let answer = served.get("/");
    assert_eq!(answer.status, 200);
    assert!(String::from_utf8(answer.body).unwrap().contains("/v1/status"));
    assert_eq!(served.get("/other").status, 404);
}
