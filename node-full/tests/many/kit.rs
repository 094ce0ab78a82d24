//! A log with several validators, each with a directory of its own.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use cairn_net::PeerId;
use cairn_node::ingest::{Accepted, Submission};
use cairn_node::init::{InitOptions, init, public_keys};
use cairn_node::node::{Node, OpenError, Options};
use cairn_node::validate::Validating;
use cairn_verifier::TrustAnchor;
use cairn_verifier::UnixMillis;
use cairn_verifier::digest::{EventId, Hash, StreamId};
use cairn_verifier::finality::{Parameters, encode_set};
use cairn_verifier::secret::{MemberSecret, ValidatorSecret};
use cairn_verifier::trust::{Genesis, GenesisDraft, MemberDraft};
use tempfile::TempDir;

use crate::links::Links;

pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// Validators of one log; a node that is `None` is down.
pub(crate) struct Town {
    pub(crate) dir: TempDir,
    pub(crate) links: Links,
    pub(crate) nodes: Vec<Option<Node>>,
    pub(crate) ids: Vec<PeerId>,
    pub(crate) anchor: TrustAnchor,
}

fn read(path: PathBuf) -> String {
    std::fs::read_to_string(path).unwrap()
}

impl Town {
    /// All of them are up.
    pub(crate) fn new(powers: &[u64]) -> Self {
        let mut town = Self::down(powers);
        (0..powers.len()).for_each(|at| town.start(at));
        town
    }

    pub(crate) fn down(powers: &[u64]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = |at: usize| dir.path().join(at.to_string());
        let (mut set, mut ingest, mut ids) = (Vec::new(), Vec::new(), Vec::new());
        for (at, power) in powers.iter().enumerate() {
            init(&path(at), InitOptions::default()).unwrap();
            let key = ValidatorSecret::parse(&read(path(at).join("keys/validator.key"))).unwrap();
            set.push((key.key_id(), (key.suite(), key.public_key(), *power)));
            ids.push(key.key_id());
            let member = MemberSecret::parse(&read(path(at).join("keys/ingest.key"))).unwrap();
            ingest.extend(public_keys(&member));
        }
        set.sort_by_key(|(id, _)| *id);
        let set: Vec<_> = set.into_iter().map(|(_, entry)| entry).collect();
        let admin = MemberSecret::parse(&read(path(0).join("keys/admin.key"))).unwrap();
        let member = |name: &str, keys| MemberDraft { name: name.to_owned(), keys };
        let genesis = GenesisDraft {
            nonce: [7; 32],
            time: UnixMillis(1_700_000_000_000),
            parameters: Parameters { gate: 1_024, trust_period: 0 },
            sha256_tree: true,
            set: encode_set(&set).unwrap(),
            members: vec![member("ingest", ingest), member("admin", public_keys(&admin))],
            streams: vec![
                (StreamId::from_bytes([1; 32]), "main".to_owned()),
                (StreamId::from_bytes([2; 32]), "system".to_owned()),
            ],
        };
        let genesis = genesis.encode().unwrap();
        let log = Genesis::decode(&genesis).unwrap().log();
        for at in 0..powers.len() {
            std::fs::write(path(at).join("genesis.cairn"), &genesis).unwrap();
        }
        let nodes = powers.iter().map(|_| None).collect();
        let anchor = TrustAnchor::Genesis(log);
        Self { links: Links::new(), nodes, ids, anchor, dir }
    }

    pub(crate) fn path(&self, at: usize) -> PathBuf {
        self.dir.path().join(at.to_string())
    }

    pub(crate) fn validating(&self, at: usize) -> Validating {
        let (links, id) = (self.links.clone(), self.ids[at]);
        let connect = move |local: &cairn_node::validate::Local| {
            assert_eq!(cairn_consensus::Signer::key(&local.signer()), id);
            Ok(links.join(id))
        };
        let mut validating = Validating::new(Box::new(connect));
        let times = &mut validating.timeouts;
        (times.propose, times.prevote, times.precommit) =
            (Duration::from_millis(400), Duration::from_millis(200), Duration::from_millis(200));
        times.rebroadcast = Duration::from_millis(500);
        validating
    }

    pub(crate) fn try_start(&self, at: usize, validating: Validating) -> Result<Node, OpenError> {
        let options = Options { block_time: Duration::from_millis(20), ..Options::default() };
        Node::open_validating(&self.path(at), options, None, validating)
    }

    pub(crate) fn start(&mut self, at: usize) {
        let node = self.try_start(at, self.validating(at)).unwrap();
        self.nodes[at] = Some(node);
    }

    /// The node is gone without having said goodbye to anyone.
    pub(crate) fn stop(&mut self, at: usize) {
        self.nodes[at] = None;
    }

    pub(crate) fn node(&self, at: usize) -> &Node {
        self.nodes[at].as_ref().unwrap()
    }

    pub(crate) fn up(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().flatten()
    }

    /// Events of `at`, accepted.
    pub(crate) fn submit(&self, at: usize, count: usize, what: &str) -> Vec<EventId> {
        let batch = (0..count).map(|n| draft(&format!("{what} {n} of {at}"))).collect();
        ids(&self.node(at).submit(batch).unwrap())
    }

    /// Waits until every node that is up has all of these, final.
    pub(crate) fn wait_final(&self, ids: &[EventId]) {
        let until = Instant::now() + LIMIT;
        for (at, node) in self.nodes.iter().enumerate() {
            let Some(node) = node else { continue };
            for id in ids {
                while !is_final(node, id) {
                    assert!(Instant::now() < until, "{id} at node {at}: {:#?}", node.status());
                    std::thread::sleep(Duration::from_millis(5));
                }
            }
        }
    }

    /// Every node that is up has the same log, once they are at one height.
    pub(crate) fn expect_equal(&self) {
        let until = Instant::now() + LIMIT;
        loop {
            let heads: Vec<_> = self.up().map(|node| node.head().map(|head| head.digest)).collect();
            if heads.windows(2).all(|pair| pair[0] == pair[1]) {
                break;
            }
            assert!(Instant::now() < until, "{heads:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
        let logs: Vec<_> = self.up().map(log_of).collect();
        assert!(logs.windows(2).all(|pair| pair[0] == pair[1]));
    }

    pub(crate) fn wait_height(&self, at: usize, height: u64) {
        let until = Instant::now() + LIMIT;
        while self.node(at).status().height < height {
            assert!(Instant::now() < until, "{:#?}", self.node(at).status());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn is_final(node: &Node, id: &EventId) -> bool {
    node.entry(id).unwrap().is_some_and(|entry| entry.is_final)
}

/// Ids of all events, with the root over them and the state's.
fn log_of(node: &Node) -> (Vec<EventId>, Hash, Hash) {
    let head = node.head().unwrap().header;
    let ids = (0..head.events.get()).map(|index| node.entry_at(index).unwrap().unwrap().id);
    (ids.collect(), head.event_root, head.state_root)
}

pub(crate) fn ids(accepted: &[Accepted]) -> Vec<EventId> {
    accepted.iter().map(|one| one.id).collect()
}

pub(crate) fn draft(resource: &str) -> Submission {
    let json = serde_json::json!({
        "type": "test.happened",
        "actor": { "kind": "user", "id": "alice" },
        "resource": { "kind": "thing", "id": resource },
    });
    Submission::Draft(serde_json::from_value(json).unwrap())
}
