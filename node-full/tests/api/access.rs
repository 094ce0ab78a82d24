//! Keys, scopes, rates and origins, over HTTP.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use cairn_node::access::{Access, digest_of, new_key};
use cairn_node::api::Serving;
use cairn_node::settings::{SETTINGS_FILE, Settings};
use serde_json::json;

use crate::kit::{Answer, Served, draft, serve, serve_as};

/// Three keys, one for each scope.
pub(crate) struct Keys {
    pub(crate) read: String,
    pub(crate) write: String,
    pub(crate) admin: String,
}

/// A node with three keys, and more settings.
pub(crate) fn serve_keys(more: &str) -> (Served, Keys) {
    let [read, write, admin] = [0; 3].map(|_| new_key().unwrap().to_string());
    let mut file = format!("{more}\n");
    for (scope, key) in [("read", &read), ("write", &write), ("admin", &admin)] {
        let hash = digest_of(key);
        file += &format!(
            "[[api-key]]\nname = \"the-{scope}r\"\nhash = \"{hash}\"\nscopes = [\"{scope}\"]\n"
        );
    }
    (serve_settings(&file), Keys { read, write, admin })
}

/// A node with settings as an operator writes them.
pub(crate) fn serve_settings(file: &str) -> Served {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(SETTINGS_FILE), file).unwrap();
    let mut settings = Settings::read(dir.path(), None, |_| None, vec![]).unwrap();
    settings.listen = "127.0.0.1:0".to_owned();
    let access = Access::new(&settings, |_| None).unwrap();
    let writers = settings.writers;
    serve_as(writers, |site| {
        let serving = Serving::new(&settings, site.clone());
        serving.access.store(Arc::new(access));
        serving
    })
}

pub(crate) fn bearer(key: &str) -> String {
    format!("Bearer {key}")
}

impl Served {
    /// Posts a draft with these headers.
    pub(crate) fn post_with(&self, headers: &[(&str, &str)]) -> Answer {
        let json = [&[("content-type", "application/json")], headers].concat();
        self.send("POST", "/v1/events", &json, draft("a.b").to_string().as_bytes())
    }
}

#[test]
fn each_scope_is_for_its_requests() {
    let (served, keys) = serve_keys("read = \"keys\"");
    let get = |key: &str| served.get_with("/v1/status", &[("authorization", &bearer(key))]);
    let post = |key: &str| served.post_with(&[("authorization", &bearer(key))]);
    let query = |key: &str| {
        let headers = [("authorization", bearer(key)), ("content-type", "application/json".into())];
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        served.send("POST", "/v1/query", &headers, b"{}")
    };
    assert_eq!(get(&keys.read).status, 200);
    assert_eq!(query(&keys.read).status, 200);
    assert_eq!(post(&keys.write).ids().len(), 1);
    for answer in [
        get(&keys.write),
        get(&keys.admin),
        query(&keys.write),
        post(&keys.read),
        post(&keys.admin),
    ] {
        assert_eq!(answer.problem(), (403, "auth-scope".to_owned()));
        assert_eq!(answer.header("www-authenticate"), "Bearer error=\"insufficient_scope\"");
    }
    for path in ["/v1/status", "/v1/events", "/v1/stream", "/v1/tiles/event/0/000"] {
        let answer = served.get(path);
        assert_eq!(answer.problem(), (401, "auth-missing".to_owned()), "{path}");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
    assert_eq!(served.post_with(&[]).problem(), (401, "auth-missing".to_owned()));
    let wrong = get(&new_key().unwrap());
    assert_eq!(wrong.problem(), (401, "auth-unknown-key".to_owned()));
    assert_eq!(wrong.header("www-authenticate"), "Bearer error=\"invalid_token\"");
    assert_eq!(get("a.b.c").problem(), (401, "auth-unknown-key".to_owned()));
    let good = bearer(&keys.read);
    let twice = [("authorization", good.as_str()), ("authorization", good.as_str())];
    assert_eq!(served.get_with("/v1/status", &twice).problem().1, "auth-malformed");
    let small = good.replace("Bearer", "bearer");
    assert_eq!(served.get_with("/v1/status", &[("authorization", &small)]).status, 200);
    for path in ["/livez", "/readyz", "/"] {
        assert_eq!(served.get(path).status, 200, "{path}");
    }
    assert_eq!(served.node.status().accepted, 1);
}

#[test]
fn reading_stays_open_unless_it_is_said_otherwise() {
    let (served, keys) = serve_keys("");
    assert_eq!(served.get("/v1/status").status, 200);
    assert_eq!(served.post_with(&[]).problem(), (401, "auth-missing".to_owned()));
    assert_eq!(served.post_with(&[("authorization", &bearer(&keys.write))]).status, 202);
    let unknown = new_key().unwrap();
    let answer = served.get_with("/v1/status", &[("authorization", &bearer(&unknown))]);
    assert_eq!(answer.problem().1, "auth-unknown-key", "a caller should know that its key is none");
}

#[test]
fn administration_needs_a_key_in_any_case() {
    let open = serve();
    let reload = |served: &Served, headers: &[(&str, &str)]| {
        served.send("POST", "/v1/admin/reload", headers, b"").problem()
    };
    assert_eq!(reload(&open, &[]), (401, "auth-missing".to_owned()));
    let (served, keys) = serve_keys("");
    assert_eq!(reload(&served, &[]), (401, "auth-missing".to_owned()));
    let show = |key: &str| reload(&served, &[("authorization", &bearer(key))]);
    assert_eq!(show(&keys.write), (403, "auth-scope".to_owned()));
    assert_eq!(show(&keys.admin), (404, "nothing-to-reload".to_owned()));
}

#[test]
fn who_asks_too_fast_is_told_when_to_come_back() {
    let (served, keys) = serve_keys("rate = 3");
    let answers: Vec<_> = (0..30).map(|_| served.get("/v1/status")).collect();
    let refused = answers.iter().find(|answer| answer.status != 200).unwrap();
    assert_eq!(refused.problem(), (429, "rate-limited".to_owned()));
    assert_eq!(refused.header("retry-after"), "1");
    assert!(refused.json()["detail"].as_str().unwrap().contains("3 requests a second"));
    for _ in 0..10 {
        let key = [("authorization", bearer(&keys.read))];
        let key = key.each_ref().map(|(name, value)| (*name, value.as_str()));
        assert_eq!(served.get_with("/v1/status", &key).status, 200, "a key has its own rate");
        assert_eq!(served.get("/livez").status, 200, "health is not counted");
    }
    std::thread::sleep(Duration::from_millis(1_100));
    assert_eq!(served.get("/v1/status").status, 200);
}

#[test]
fn who_is_refused_reads_why_even_while_it_sends() {
    let (served, _) = serve_keys("");
    let long = vec![b' '; 8 << 20];
    for _ in 0..5 {
        let answer = served.post("application/json", &long);
        assert_eq!(answer.problem(), (401, "auth-missing".to_owned()));
    }
}

#[test]
fn limits_are_settings() {
    let served = serve_settings("max-body = 65536\nmax-requests = 1");
    let long = json!([draft(&"x".repeat(70_000))]).to_string();
    let answer = served.post("application/json", long.as_bytes());
    assert_eq!(answer.problem(), (413, "body-too-large".to_owned()));
    assert_eq!(served.get("/v1/status").status, 200);
}

/// Begins a request whose body does not come, and gives the answer.
fn stalled(served: &Served) -> std::thread::JoinHandle<String> {
    let address = served.url.strip_prefix("http://").unwrap().to_owned();
    std::thread::spawn(move || {
        let mut socket = TcpStream::connect(address).unwrap();
        let head = "POST /v1/events HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n\
                    content-length: 100\r\n\r\n{";
        socket.write_all(head.as_bytes()).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let mut answer = [0; 1_024];
        let read = socket.read(&mut answer).unwrap();
        String::from_utf8_lossy(&answer[..read]).into_owned()
    })
}

#[test]
fn a_request_has_its_time_and_its_place() {
    let served = serve_settings("time-limit = 5\nmax-requests = 2");
    let waiting = [stalled(&served), stalled(&served)];
    let busy = (0..400).find_map(|_| {
        std::thread::sleep(Duration::from_millis(10));
        let answer = served.get("/v1/status");
        (answer.status == 503).then_some(answer)
    });
    let busy = busy.unwrap();
    assert_eq!(busy.problem().1, "overloaded");
    assert!(busy.json()["detail"].as_str().unwrap().starts_with("2 requests"));
    for answer in waiting {
        let answer = answer.join().unwrap();
        assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("timed-out"), "{answer}");
    }
    assert_eq!(served.get("/v1/status").status, 200);
}

#[test]
fn a_page_of_a_named_origin_may_write_and_no_other() {
    let (served, keys) = serve_keys("allow-origin = [\"https://app.example\"]");
    let ask = |origin: &str| {
        served.request(
            "OPTIONS",
            "/v1/events",
            &[
                ("origin", origin),
                ("access-control-request-method", "POST"),
                ("access-control-request-headers", "authorization,content-type"),
            ],
        )
    };
    let allowed = ask("https://app.example");
    assert_eq!(allowed.status, 200);
    assert_eq!(allowed.header("access-control-allow-methods"), "GET,POST");
    assert!(allowed.header("access-control-allow-headers").contains("authorization"));
    for origin in
        ["https://app.example.evil", "http://app.example", "null", "https://other.example"]
    {
        assert_eq!(ask(origin).header("access-control-allow-methods"), "GET", "{origin}");
        assert!(ask(origin).header("vary").contains("origin"));
    }
    let key = bearer(&keys.write);
    let page = [("origin", "https://app.example"), ("authorization", key.as_str())];
    let answer = served.post_with(&page);
    assert_eq!(answer.status, 202);
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(
        served.post_with(&[page[0]]).problem().1,
        "auth-missing",
        "it needs a key all the same"
    );
}

#[test]
fn a_page_that_a_browser_on_this_machine_shows_is_no_one_on_this_machine() {
    let served = serve();
    let from = |origin: &str| served.post_with(&[("origin", origin)]);
    // To a browser the second is of the node's own origin, if its name was made to point here.
    for origin in
        ["https://evil.example", "http://evil.example:8420", "null", "http://127.0.0.1.evil"]
    {
        assert_eq!(from(origin).problem(), (403, "foreign-page".to_owned()), "{origin}");
    }
    let own = served.url.clone();
    for origin in [own.as_str(), "http://localhost:8420", "http://[::1]:8420", "https://127.0.0.2"]
    {
        assert_eq!(from(origin).status, 202, "{origin}");
    }
    assert_eq!(served.get_with("/v1/status", &[("origin", "https://evil.example")]).status, 200);
    let named = serve_settings("allow-origin = [\"https://app.example\"]");
    assert_eq!(named.post_with(&[("origin", "https://app.example")]).status, 202);
    let open = serve_settings("write = \"any\"");
    assert_eq!(open.post_with(&[("origin", "https://app.example")]).status, 202);
}

#[test]
fn only_members_may_write_where_that_is_set() {
    use cairn_verifier::digest::EventId;
    use cairn_verifier::secret::MemberSecret;
    let served = serve_settings("writers = \"members\"");
    let stranger = MemberSecret::from_seed([9; 32]).unwrap();
    let kind = "application/vnd.cairn.event";
    let refused = served.post(kind, &served.signed(&stranger, 0, EventId::ZERO));
    assert_eq!(refused.problem(), (403, "not-a-writer".to_owned()));
    assert_eq!(served.post(kind, &served.signed(&served.ann, 0, EventId::ZERO)).ids().len(), 1);
    assert_eq!(served.post_json(&draft("a.b")).ids().len(), 1, "drafts are the node's own");
    let open = serve();
    assert_eq!(open.post(kind, &open.signed(&stranger, 0, EventId::ZERO)).ids().len(), 1);
}
