//! A node in a temporary directory, a writer with a key of its own, and drafts.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use cairn_node::ingest::{Accepted, Draft, DraftKind, Submission};
use cairn_node::init::{InitOptions, init};
use cairn_node::node::{Node, OpenError, Options};
use cairn_node::system::SystemEvent;
use cairn_verifier::TrustAnchor;
use cairn_verifier::digest::{EventId, KeyId, StreamId};
use cairn_verifier::event::{
    EventBody, Kind, Metadata, Outcome, Party, Payload, Resource, encode_metadata, encode_signed,
};
use cairn_verifier::finality::{PublicKey, Role, Suite};
use cairn_verifier::secret::MemberSecret;
use cairn_verifier::{UnixMillis, digest};
use tempfile::TempDir;

pub(crate) const SECOND: Duration = Duration::from_secs(10);

/// A fresh log with a member `auditor` and the streams `main` and `side`.
pub(crate) struct Log {
    pub(crate) dir: TempDir,
    pub(crate) anchor: TrustAnchor,
    pub(crate) auditor: MemberSecret,
}

impl Log {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let auditor = MemberSecret::from_seed([42; 32]).unwrap();
        let options = InitOptions {
            streams: vec!["side".to_owned(), "main".to_owned()],
            sha256_tree: true,
            ..InitOptions::default()
        };
        let made = init(&dir.path().join("data"), options.with_member("auditor", &auditor));
        Self { dir, anchor: made.unwrap().anchor, auditor }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    pub(crate) fn try_open(&self) -> Result<Node, OpenError> {
        Node::open(
            &self.path(),
            Options { block_time: Duration::from_millis(5), ..Options::default() },
        )
    }

    pub(crate) fn open(&self) -> Node {
        self.try_open().unwrap()
    }

    /// The key of the member `auditor`.
    pub(crate) fn auditor_again(&self) -> MemberSecret {
        MemberSecret::parse(&self.auditor.to_text()).unwrap()
    }

    /// The key of the member `admin`.
    pub(crate) fn admin(&self) -> MemberSecret {
        let text = std::fs::read_to_string(self.path().join("keys/admin.key")).unwrap();
        MemberSecret::parse(&text).unwrap()
    }

    /// A node that makes no block by itself for an hour, so that events stay accepted.
    pub(crate) fn open_slow(&self) -> Node {
        Node::open(
            &self.path(),
            Options { block_time: Duration::from_secs(3_600), ..Options::default() },
        )
        .unwrap()
    }
}

/// A log, open, with `count` drafts that are final.
pub(crate) fn with_events(count: usize) -> (Log, Node, Vec<EventId>) {
    let log = Log::new();
    let node = log.open();
    let batch = (0..count).map(|n| draft(&format!("event {n}"))).collect();
    let ids = ids(&node.submit(batch).unwrap());
    assert!(node.wait_size_final(count as u64, SECOND));
    (log, node, ids)
}

pub(crate) fn ids(accepted: &[Accepted]) -> Vec<EventId> {
    accepted.iter().map(|one| one.id).collect()
}

pub(crate) fn draft_json(text: &str) -> Draft {
    serde_json::from_str(text).unwrap()
}

pub(crate) fn draft(resource: &str) -> Submission {
    let json = serde_json::json!({
        "type": "test.happened",
        "actor": { "kind": "user", "id": "alice" },
        "resource": { "kind": "thing", "id": resource },
        "outcome": "success",
        "metadata": BTreeMap::from([("key", "value")]),
        "time": 1_700_000_000_000_u64,
    });
    Submission::Draft(serde_json::from_value(json).unwrap())
}

/// A writer with a key of its own.
pub(crate) struct Writer {
    pub(crate) secret: MemberSecret,
    pub(crate) node: Node,
    pub(crate) stream: StreamId,
    pub(crate) sequence: u64,
    pub(crate) previous: EventId,
}

impl Writer {
    pub(crate) fn new(node: &Node, seed: u8) -> Self {
        let secret = MemberSecret::from_seed([seed; 32]).unwrap();
        Self::with(node, secret, node.streams()[0].id)
    }

    /// With a key, in a stream; it goes on from what the node has of it.
    pub(crate) fn with(node: &Node, secret: MemberSecret, stream: StreamId) -> Self {
        let (sequence, previous) = node.next_sequence(&stream, &secret.key_id()).unwrap();
        Self { secret, node: node.clone(), stream, sequence, previous }
    }

    /// A system event; it is not counted.
    pub(crate) fn system(&self, event: &SystemEvent) -> (EventId, Vec<u8>) {
        let draft = event.draft("tester", "", "because");
        let metadata = encode_metadata(&draft.metadata).unwrap();
        let kind = match draft.kind {
            DraftKind::Grant => Kind::Grant,
            DraftKind::Redaction => Kind::Redaction,
            DraftKind::ValidatorChange => Kind::ValidatorChange,
            DraftKind::Evidence => Kind::Evidence,
            DraftKind::Record | DraftKind::Import | DraftKind::Member => Kind::Member,
        };
        self.sign(&EventBody {
            kind,
            event_type: &draft.event_type,
            actor: Party { kind: &draft.actor.kind, id: &draft.actor.id },
            resource: Resource {
                party: Party { kind: &draft.resource.kind, id: &draft.resource.id },
                parent: "",
            },
            reason: &draft.reason,
            metadata: Metadata::decode(&metadata).unwrap(),
            ..self.body()
        })
    }

    /// Submits a system event with wraps; the code of its refusal.
    pub(crate) fn say_with(
        &mut self,
        event: &SystemEvent,
        wraps: Vec<(KeyId, Vec<u8>)>,
    ) -> Result<EventId, &'static str> {
        let (id, bytes) = self.system(event);
        let submission = Submission::Signed { event: bytes, payload: None, wraps, salt: None };
        let taken = self.node.submit(vec![submission]);
        taken.map_err(|refused| refused.reason.code())?;
        self.sequence += 1;
        self.previous = id;
        assert!(self.node.wait_final(&id, SECOND));
        Ok(id)
    }

    pub(crate) fn say(&mut self, event: &SystemEvent) -> Result<EventId, &'static str> {
        self.say_with(event, Vec::new())
    }

    /// The next body; it is not counted.
    pub(crate) fn body(&self) -> EventBody<'static> {
        EventBody {
            log: self.node.log(),
            stream: self.stream,
            writer: self.secret.key_id(),
            sequence: self.sequence,
            previous: self.previous,
            time: UnixMillis(1_700_000_000_000 + self.sequence),
            kind: Kind::Record,
            event_type: "test.signed",
            actor: Party { kind: "user", id: "bob" },
            resource: Resource { party: Party { kind: "thing", id: "one" }, parent: "" },
            outcome: Outcome::Success,
            reason: "",
            metadata: Metadata::EMPTY,
            group_epoch: 0,
            generation: 0,
            payload: Payload::None,
        }
    }

    pub(crate) fn sign(&self, body: &EventBody<'_>) -> (EventId, Vec<u8>) {
        let bytes = body.encode().unwrap();
        let id = EventBody::id_of(&bytes);
        let public = self.secret.public_key();
        let key = PublicKey::new(Suite::Ed25519, &public).unwrap();
        let signature = self.secret.sign(Role::Event, id.as_bytes()).unwrap();
        (id, encode_signed(&bytes, &[(key, &signature)]).unwrap())
    }

    /// The next event, counted.
    pub(crate) fn next(&mut self) -> (EventId, Submission) {
        let (id, event) = self.sign(&self.body());
        self.sequence += 1;
        self.previous = id;
        (id, signed(event))
    }
}

pub(crate) const fn signed(event: Vec<u8>) -> Submission {
    Submission::Signed { event, payload: None, wraps: Vec::new(), salt: None }
}

pub(crate) fn public_payload(bytes: &[u8]) -> Payload {
    Payload::Public {
        digest: digest::derive(digest::PUBLIC_PAYLOAD, &[bytes]).into(),
        len: u32::try_from(bytes.len()).unwrap(),
    }
}
