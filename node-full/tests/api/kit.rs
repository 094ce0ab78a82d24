//! A served node in a directory of its own, a client, and events to send.

use std::path::PathBuf;
use std::time::Duration;

use cairn_node::api::{Server, Serving, Site};
use cairn_node::init::{InitOptions, init};
use cairn_node::node::{Node, Options, Writers};
use cairn_node::settings::Settings;
use cairn_verifier::UnixMillis;
use cairn_verifier::digest::{EventId, StreamId};
use cairn_verifier::event::{
    EventBody, Kind, Metadata, Outcome, Party, Payload, Resource, encode_signed,
};
use cairn_verifier::finality::{PublicKey, Role, Suite};
use cairn_verifier::receipt::{VerifiedReceipt, verify};
use cairn_verifier::secret::MemberSecret;
use serde_json::{Value, json};
use tempfile::TempDir;
use ureq::Agent;

/// A node with the members `ann` and `bob`.
pub(crate) struct Served {
    pub(crate) node: Node,
    pub(crate) url: String,
    pub(crate) ann: MemberSecret,
    pub(crate) bob: MemberSecret,
    pub(crate) server: Option<Server>,
    pub(crate) agent: Agent,
    pub(crate) dir: TempDir,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: ureq::http::HeaderMap,
    pub(crate) body: Vec<u8>,
}

pub(crate) fn serve() -> Served {
    serve_with(&Site::default())
}

pub(crate) fn serve_with(site: &Site) -> Served {
    let settings = Settings { listen: "127.0.0.1:0".to_owned(), ..Settings::default() };
    serve_as(Writers::Any, |_| Serving::new(&settings, site.clone()))
}

pub(crate) fn serve_as(writers: Writers, serving: impl FnOnce(&Site) -> Serving) -> Served {
    let dir = tempfile::tempdir().unwrap();
    let data: PathBuf = dir.path().join("data");
    let ann = MemberSecret::from_seed([1; 32]).unwrap();
    let bob = MemberSecret::from_seed([2; 32]).unwrap();
    let mut options = InitOptions::default().with_member("ann", &ann).with_member("bob", &bob);
    options.streams = vec!["main".to_owned(), "side".to_owned()];
    init(&data, options).unwrap();
    let node = Node::open(
        &data,
        Options { block_time: Duration::from_millis(20), writers, ..Options::default() },
    )
    .unwrap();
    let server = Server::serve(node.clone(), serving(&Site::default())).unwrap();
    // A connection of its own for each request: after a refusal the node closes it when it has an
    // unread body, and a client that reuses it at that moment is cut off.
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_idle_connections(0)
        .proxy(None)
        .build();
    Served { node, url: server.url(), ann, bob, server: Some(server), agent: config.into(), dir }
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop().unwrap();
        }
    }
}

impl Answer {
    fn of(mut answer: ureq::http::Response<ureq::Body>) -> Self {
        let body = answer.body_mut().read_to_vec().unwrap();
        Self { status: answer.status().as_u16(), headers: answer.headers().clone(), body }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Checks that this is a problem with all its members, and gives status and code.
    pub(crate) fn problem(&self) -> (u16, String) {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        let problem = self.json();
        let code = problem["code"].as_str().unwrap().to_owned();
        assert_eq!(problem["type"], format!("/errors/{code}"));
        assert_eq!(problem["status"], self.status);
        assert!(!problem["title"].as_str().unwrap().is_empty());
        assert!(!problem["detail"].as_str().unwrap().is_empty());
        (self.status, code)
    }

    /// Ids of accepted events.
    pub(crate) fn ids(&self) -> Vec<EventId> {
        assert_eq!(self.status, 202, "{}", String::from_utf8_lossy(&self.body));
        let json = self.json();
        let accepted = json["accepted"].as_array().unwrap();
        accepted.iter().map(|event| event["id"].as_str().unwrap().parse().unwrap()).collect()
    }
}

impl Served {
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.get_with(path, &[])
    }

    pub(crate) fn get_json(&self, path: &str) -> Answer {
        self.get_with(path, &[("accept", "application/json")])
    }

    pub(crate) fn get_binary(&self, path: &str) -> Answer {
        self.get_with(path, &[("accept", "application/octet-stream")])
    }

    pub(crate) fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.agent.get(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::of(request.call().unwrap())
    }

    pub(crate) fn request(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request =
            ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::of(self.agent.run(request.body(()).unwrap()).unwrap())
    }

    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let mut request =
            ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::of(self.agent.run(request.body(body).unwrap()).unwrap())
    }

    pub(crate) fn post(&self, kind: &str, body: &[u8]) -> Answer {
        self.post_to("/v1/events", kind, body)
    }

    pub(crate) fn post_to(&self, path: &str, kind: &str, body: &[u8]) -> Answer {
        let request = self.agent.post(format!("{}{path}", self.url)).header("content-type", kind);
        Answer::of(request.send(body).unwrap())
    }

    pub(crate) fn post_json(&self, body: &Value) -> Answer {
        self.post("application/json", body.to_string().as_bytes())
    }

    /// Posts, and waits until it is final.
    pub(crate) fn post_final(&self, body: &Value) -> Vec<EventId> {
        let body = body.to_string();
        let answer = self.post_to("/v1/events?wait=final", "application/json", body.as_bytes());
        assert_eq!(answer.json()["accepted"][0]["status"], "final");
        answer.ids()
    }

    pub(crate) fn stream(&self, name: &str) -> StreamId {
        self.node.streams().iter().find(|stream| stream.name == name).unwrap().id
    }

    /// An event of a member for the main stream, signed.
    pub(crate) fn signed(
        &self,
        secret: &MemberSecret,
        sequence: u64,
        previous: EventId,
    ) -> Vec<u8> {
        self.signed_body(secret, &self.body(secret, sequence, previous))
    }

    pub(crate) fn body(
        &self,
        secret: &MemberSecret,
        sequence: u64,
        previous: EventId,
    ) -> EventBody<'static> {
        EventBody {
            log: self.node.log(),
            stream: self.stream("main"),
            writer: secret.key_id(),
            sequence,
            previous,
            time: UnixMillis(1_700_000_000_000),
            kind: Kind::Record,
            event_type: "test.signed",
            actor: Party { kind: "user", id: "ann" },
            resource: Resource { party: Party { kind: "app", id: "shop" }, parent: "" },
            outcome: Outcome::Success,
            reason: "",
            metadata: Metadata::EMPTY,
            group_epoch: 0,
            generation: 0,
            payload: Payload::None,
        }
    }

    pub(crate) fn signed_body(&self, secret: &MemberSecret, body: &EventBody<'_>) -> Vec<u8> {
        let bytes = body.encode().unwrap();
        let id = EventBody::id_of(&bytes);
        let signature = secret.sign(Role::Event, id.as_bytes()).unwrap();
        let public = secret.public_key();
        let key = PublicKey::new(Suite::Ed25519, &public).unwrap();
        encode_signed(&bytes, &[(key, &signature)]).unwrap()
    }
}

/// Verifies a receipt against the log's genesis, now.
pub(crate) fn verified<'a>(served: &Served, receipt: &'a [u8]) -> VerifiedReceipt<'a> {
    let anchor = served.node.status().anchor;
    verify(receipt, anchor, cairn_node::clock::now(), &mut ()).unwrap()
}

/// A draft of an event.
pub(crate) fn draft(event_type: &str) -> Value {
    json!({
        "type": event_type,
        "actor": {"kind": "user", "id": "ann"},
        "resource": {"kind": "app", "id": "shop"},
    })
}

/// A draft whose payload is sealed to a member.
pub(crate) fn sealed_draft(recipient: &str) -> Value {
    let mut draft = draft("test.sealed");
    draft["payload"] = json!({"sealed": {
        "fields": {"amount": "5100", "reason": "promotion"},
        "recipients": [recipient],
    }});
    draft
}
