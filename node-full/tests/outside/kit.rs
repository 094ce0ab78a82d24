//! A bucket that tests look into, nodes that publish to it, and replicas of them.

use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use cairn_node::ingest::{DraftKind, Submission};
use cairn_node::init::{InitOptions, init};
use cairn_node::node::{Node, OpenError, Options, Status};
use cairn_node::publish::PublishOptions;
use cairn_node::replica::ReplicaOptions;
use cairn_node::system::SystemEvent;
use cairn_verifier::digest::EventId;
use cairn_verifier::event::{
    EventBody, Kind, Metadata, Outcome, Party, Payload, Resource, encode_metadata, encode_signed,
};
use cairn_verifier::finality::{PublicKey, Role, Suite};
use cairn_verifier::secret::MemberSecret;
use cairn_verifier::{TrustAnchor, UnixMillis};
use futures_util::TryStreamExt as _;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ClientOptions, ObjectStore, ObjectStoreExt as _};
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub(crate) const SECOND: Duration = Duration::from_secs(20);
const EVERY: Duration = Duration::from_millis(50);
static PLACES: AtomicU32 = AtomicU32::new(0);

/// A place in a bucket, and a way to look into it that is not the node's.
pub(crate) struct Place {
    pub(crate) url: String,
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    runtime: Runtime,
    _dir: TempDir,
}

impl Place {
    /// A place of its own.
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let number = PLACES.fetch_add(1, Ordering::Relaxed);
        let name = format!("test-{}-{number}", std::process::id());
        let runtime = Runtime::new().unwrap();
        if let Ok(bucket) = std::env::var("CAIRN_TEST_BUCKET") {
            let _chosen = rustls::crypto::ring::default_provider().install_default();
            let store = AmazonS3Builder::from_env()
                .with_url(&bucket)
                .with_client_options(ClientOptions::new().with_allow_http(true))
                .build()
                .unwrap();
            let url = format!("{bucket}/{name}");
            return Self { url, store: Arc::new(store), prefix: name.into(), runtime, _dir: dir };
        }
        let path = dir.path().join(name);
        std::fs::create_dir(&path).unwrap();
        let store = Arc::new(LocalFileSystem::new_with_prefix(&path).unwrap());
        let url = format!("file://{}", path.display());
        Self { url, store, prefix: Path::default(), runtime, _dir: dir }
    }

    fn path(&self, name: &str) -> Path {
        name.split('/').fold(self.prefix.clone(), |above, part| above.join(part))
    }

    pub(crate) fn get(&self, name: &str) -> Option<Vec<u8>> {
        self.runtime.block_on(async {
            let found = self.store.get(&self.path(name)).await.ok()?;
            Some(found.bytes().await.unwrap().to_vec())
        })
    }

    pub(crate) fn put(&self, name: &str, bytes: Vec<u8>) {
        self.runtime.block_on(self.store.put(&self.path(name), bytes.into())).unwrap();
    }

    pub(crate) fn remove(&self, name: &str) {
        self.runtime.block_on(self.store.delete(&self.path(name))).unwrap();
    }

    /// Names of all objects that begin so, ascending.
    pub(crate) fn list(&self, begin: &str) -> Vec<String> {
        let depth = self.prefix.parts().count();
        let listed = self.store.list(Some(&self.prefix)).try_collect::<Vec<_>>();
        let listed = self.runtime.block_on(listed).unwrap();
        let mut names: Vec<String> = listed
            .iter()
            .map(|object| {
                let parts: Vec<_> = object.location.parts().skip(depth).collect();
                parts.iter().map(AsRef::as_ref).collect::<Vec<_>>().join("/")
            })
            .filter(|name| name.starts_with(begin))
            .collect();
        names.sort();
        names
    }

    /// Changes one bit in the middle of an object.
    pub(crate) fn bend(&self, name: &str) {
        let mut bytes = self.get(name).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        self.put(name, bytes);
    }

    /// The newest head, as JSON.
    pub(crate) fn head(&self) -> serde_json::Value {
        let newest = self.list("head/").pop().unwrap();
        serde_json::from_slice(&self.get(&newest).unwrap()).unwrap()
    }

    pub(crate) fn publish(&self) -> PublishOptions {
        PublishOptions { to: self.url.clone(), every: EVERY, head: None }
    }
}

/// A log in a directory of its own.
pub(crate) struct Log {
    dir: TempDir,
    pub(crate) anchor: TrustAnchor,
}

impl Log {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let auditor = MemberSecret::from_seed([42; 32]).unwrap();
        let options = InitOptions { sha256_tree: true, ..InitOptions::default() };
        let made = init(&dir.path().join("data"), options.with_member("auditor", &auditor));
        Self { dir, anchor: made.unwrap().anchor }
    }

    /// A path beside the log's own.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn publish(&self, place: &Place) -> Node {
        self.try_publish("data", place).unwrap()
    }

    pub(crate) fn try_publish(&self, data: &str, place: &Place) -> Result<Node, OpenError> {
        Node::open_publishing(&self.path(data), options(), None, &place.publish())
    }

    pub(crate) fn follow(&self, place: &Place) -> Node {
        self.try_follow("replica", place, self.anchor).unwrap()
    }

    pub(crate) fn try_follow(
        &self,
        dir: &str,
        place: &Place,
        anchor: TrustAnchor,
    ) -> Result<Node, OpenError> {
        let write_to = Some("https://log.example".to_owned());
        let from = place.url.clone();
        let following = ReplicaOptions { from, anchor, write_to, every: EVERY };
        Node::follow(&self.path(dir), options(), following)
    }

    /// Logs a system event as the administrator.
    pub(crate) fn say(&self, node: &Node, event: &SystemEvent) {
        let text = std::fs::read_to_string(self.path("data/keys/admin.key")).unwrap();
        let admin = MemberSecret::parse(&text).unwrap();
        let stream = node.streams().last().unwrap().id;
        let (sequence, previous) = node.next_sequence(&stream, &admin.key_id()).unwrap();
        let draft = event.draft("admin", "system", "");
        let metadata = encode_metadata(&draft.metadata).unwrap();
        let kind = match draft.kind {
            DraftKind::Redaction => Kind::Redaction,
            DraftKind::Grant => Kind::Grant,
            DraftKind::ValidatorChange => Kind::ValidatorChange,
            DraftKind::Evidence => Kind::Evidence,
            DraftKind::Record | DraftKind::Import | DraftKind::Member => Kind::Member,
        };
        let body = EventBody {
            log: node.log(),
            stream,
            writer: admin.key_id(),
            sequence,
            previous,
            time: UnixMillis(1),
            kind,
            event_type: &draft.event_type,
            actor: Party { kind: "member", id: "admin" },
            resource: Resource {
                party: Party { kind: &draft.resource.kind, id: &draft.resource.id },
                parent: "",
            },
            outcome: Outcome::Success,
            reason: "",
            metadata: Metadata::decode(&metadata).unwrap(),
            group_epoch: 0,
            generation: 0,
            payload: Payload::None,
        };
        let bytes = body.encode().unwrap();
        let id = EventBody::id_of(&bytes);
        let public = admin.public_key();
        let key = PublicKey::new(Suite::Ed25519, &public).unwrap();
        let signature = admin.sign(Role::Event, id.as_bytes()).unwrap();
        let event = encode_signed(&bytes, &[(key, &signature)]).unwrap();
        let signed = Submission::Signed { event, payload: None, wraps: vec![], salt: None };
        node.submit(vec![signed]).unwrap();
    }

    /// A copy of the data directory, as one makes by mistake.
    pub(crate) fn copy(&self, to: &str) {
        copy(&self.path("data"), &self.path(to));
    }
}

fn copy(from: &FilePath, to: &FilePath) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

pub(crate) fn options() -> Options {
    // Small segments, so that tests pass the moment when one is closed.
    Options { block_time: Duration::from_millis(5), segment_bytes: 100_000, ..Options::default() }
}

/// Events, one in three with a public payload and one in three with a sealed one.
pub(crate) fn drafts(from: usize, count: usize) -> Vec<Submission> {
    let draft = |n: usize| {
        let mut draft = serde_json::json!({
            "type": "test.happened",
            "actor": { "kind": "user", "id": format!("user {}", n % 7) },
            "resource": { "kind": "thing", "id": format!("thing {n}") },
        });
        match n % 3 {
            0 => draft["payload"] = serde_json::json!({ "public": "cHVibGlj" }),
            1 => {
                let fields = serde_json::json!({ "n": n.to_string() });
                draft["payload"] = serde_json::json!({ "sealed": { "fields": fields, "recipients": ["auditor"] } });
            }
            _ => {}
        }
        Submission::Draft(serde_json::from_value(draft).unwrap())
    };
    (from..from + count).map(draft).collect()
}

/// Logs events in batches of a hundred, each final before the next, so that there are many blocks.
pub(crate) fn log_events(node: &Node, count: usize) -> Vec<EventId> {
    let mut ids = Vec::new();
    while ids.len() < count {
        let some = (count - ids.len()).min(100);
        let taken = node.submit(drafts(ids.len(), some)).unwrap();
        ids.extend(taken.iter().map(|event| event.id));
        let last = taken.last().unwrap().index.unwrap();
        assert!(node.wait_size_final(last + 1, SECOND));
    }
    ids
}

/// Waits until something is so.
pub(crate) fn wait(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..400 {
        if is_so() {
            return;
        }
        std::thread::sleep(EVERY);
    }
    panic!("it did not come to this in time: {what}");
}

/// Waits until everything of a node is published.
pub(crate) fn published(node: &Node) {
    wait("all is published", || {
        let status = node.status();
        let published = status.published.clone().unwrap();
        assert_eq!(published.lost, None);
        published.blocks == status.height + 1
    });
}

/// Ends a node, lets go of its directory, and tells how it was.
pub(crate) fn end(node: Node) -> Status {
    node.shutdown();
    let status = node.status();
    drop(node);
    status
}

/// Waits until a replica has what a node has.
pub(crate) fn followed(replica: &Node, node: &Status) {
    wait("the replica has followed", || {
        let here = replica.status();
        let followed = here.followed.unwrap();
        assert_eq!(followed.refused, None, "{:?}", followed.error);
        here.head == node.head
    });
}

/// Waits until a replica has refused something, and says what.
pub(crate) fn refused(replica: &Node) -> (&'static str, String) {
    let mut refused = None;
    wait("the replica has refused", || {
        let followed = replica.status().followed.unwrap();
        refused = followed.refused.map(|code| (code, followed.error.unwrap_or_default()));
        refused.is_some()
    });
    refused.unwrap()
}

/// The code of why a replica did not start.
pub(crate) fn code(opened: Result<Node, OpenError>) -> (&'static str, String) {
    match opened.map(|node| node.status()) {
        Err(OpenError::Follow(error)) => (error.code(), error.to_string()),
        Err(OpenError::Publish(error)) => (error.code(), error.to_string()),
        other => panic!("{other:?}"),
    }
}
