//! What one validator writes about others' events, members and sets changes nothing that is not its
//! own: its key signs events like anybody's, and its peers put them into blocks.

use std::time::{Duration, Instant};

use cairn_consensus::epochs::Change;
use cairn_node::ingest::Submission;
use cairn_node::node::{Node, Options};
use cairn_node::publish::PublishOptions;
use cairn_node::query::Query;
use cairn_node::replica::ReplicaOptions;
use cairn_node::system::{StoredPayload, SystemEvent, ValidatorEvent};
use cairn_verifier::UnixMillis;
use cairn_verifier::digest::{EventId, KeyId, PayloadDigest};
use cairn_verifier::event::SignedEvent;
use cairn_verifier::secret::MemberSecret;

use crate::hand::{Hand, MAIN, Mallory, SYSTEM, signed};
use crate::kit::{LIMIT, Town, ids};

const APPLIED: &str = "cairn.retention.applied";

/// A sealed event of node 0, and what opens it.
struct Sealed {
    id: EventId,
    payload: PayloadDigest,
    reader: KeyId,
}

impl Sealed {
    fn new(town: &Town) -> Self {
        let json = serde_json::json!({
            "type": "salary.changed",
            "actor": { "kind": "user", "id": "alice" },
            "resource": { "kind": "person", "id": "bob" },
            "payload": { "sealed": { "fields": { "to": "200" }, "recipients": ["admin"] } },
        });
        let draft = Submission::Draft(serde_json::from_value(json).unwrap());
        let id = ids(&town.node(0).submit(vec![draft]).unwrap())[0];
        town.wait_final(&[id]);
        let entry = town.node(0).entry(&id).unwrap().unwrap();
        let payload = SignedEvent::decode(&entry.signed).unwrap().body().payload.stored().unwrap();
        let admin = std::fs::read_to_string(town.path(0).join("keys/admin.key")).unwrap();
        let reader = MemberSecret::parse(&admin).unwrap().wrap().id();
        Self { id, payload, reader }
    }

    /// Whether keys and bytes are at a node.
    fn at(&self, node: &Node) -> (bool, bool) {
        let wrap = node.wrap(&self.id, &self.reader).unwrap();
        // While its bytes are overwritten, they are neither there nor gone.
        (wrap.is_some(), !matches!(node.payload(&self.payload), Ok(None)))
    }

    fn wait_gone(&self, node: &Node) {
        let until = Instant::now() + LIMIT;
        while self.at(node) != (false, false) {
            assert!(Instant::now() < until, "{:?}", self.at(node));
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Three nodes that are up; the fourth validator is the test's.
fn town() -> Town {
    let mut town = Town::down(&[1, 1, 1, 1]);
    (0..3).for_each(|at| town.start(at));
    town
}

fn of_type(node: &Node, event_type: &str) -> usize {
    let event_type = Some(event_type.to_owned());
    node.query(&Query { event_type, ..Query::default() }).unwrap().entries.len()
}

#[test]
fn nobody_says_for_others_how_long_payloads_are_kept() {
    let town = town();
    let (sealed, mallory) = (Sealed::new(&town), Mallory::join(&town, 3));
    let all = [("before", "9999999"), ("from", "0")];
    let json = serde_json::json!({
        "type": APPLIED,
        "actor": { "kind": "member", "id": "ingest" },
        "resource": { "kind": "log", "id": "it" },
        "metadata": { "from": "0", "before": "9999999" },
    });
    let draft = Submission::Draft(serde_json::from_value(json).unwrap());
    let refused = town.node(1).submit(vec![draft]).unwrap_err();
    assert_eq!(refused.reason.code(), "reserved-type");

    for stream in [MAIN, SYSTEM] {
        let mut hand = Hand::of(&town, (3, "ingest.key"), stream);
        mallory.tell(&town, vec![hand.record(town.node(0), APPLIED, &all)]);
    }
    // Each node forgets its own copy, and says so for itself.
    let time = UnixMillis(town.node(0).head().unwrap().header.time.0 + 1);
    let until = Instant::now() + LIMIT;
    while sealed.at(town.node(1)) != (true, true) {
        assert!(Instant::now() < until, "node 1 gets its copy");
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(town.node(1).expire_payloads(time).unwrap().records, 1);
    assert_eq!(sealed.at(town.node(1)), (false, false));
    assert_eq!(sealed.at(town.node(0)), (true, true));
    let before = of_type(town.node(2), APPLIED);
    assert_eq!(town.node(0).expire_payloads(time).unwrap().records, 1);
    assert_eq!(sealed.at(town.node(0)), (false, false));
    let until = Instant::now() + LIMIT;
    while of_type(town.node(2), APPLIED) == before {
        assert!(Instant::now() < until, "what a node says of itself is final with the others too");
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(town.links.bans().is_empty(), "{:?}", town.links.bans());
}

#[test]
fn a_replica_forgets_nothing_because_one_of_many_says_so() {
    let mut town = Town::down(&[1, 1, 1, 1]);
    let bucket = town.dir.path().join("bucket");
    std::fs::create_dir(&bucket).unwrap();
    let (to, every) = (format!("file://{}", bucket.display()), Duration::from_millis(50));
    let publish = PublishOptions { to: to.clone(), every, head: None };
    let options = Options { block_time: Duration::from_millis(20), ..Options::default() };
    let with = (town.validating(0), &publish);
    let node = Node::open_validating_publishing(&town.path(0), options, None, with).unwrap();
    town.nodes[0] = Some(node);
    (1..3).for_each(|at| town.start(at));
    let (sealed, mallory) = (Sealed::new(&town), Mallory::join(&town, 3));
    let following = ReplicaOptions { from: to, anchor: town.anchor, write_to: None, every };
    let path = town.dir.path().join("replica");
    let replica = Node::follow(&path, Options::default(), following).unwrap();
    let followed = |size: u64| {
        let until = Instant::now() + LIMIT;
        while replica.status().size < size {
            assert!(Instant::now() < until, "{:#?}", replica.status());
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    followed(1);
    assert!(sealed.at(&replica).1);
    let mut hand = Hand::of(&town, (3, "ingest.key"), SYSTEM);
    let all = [("before", "9999999"), ("from", "0")];
    mallory.tell(&town, vec![hand.record(town.node(0), APPLIED, &all)]);
    mallory.tell(&town, vec![hand.record(town.node(0), "test.later", &[])]);
    followed(3);
    assert!(sealed.at(&replica).1, "the replica has it still");
    assert_eq!(sealed.at(town.node(0)), (true, true));
    drop(replica);
}

#[test]
fn only_those_who_may_have_a_payload_forgotten_and_then_it_is() {
    let town = town();
    let (sealed, mallory) = (Sealed::new(&town), Mallory::join(&town, 3));
    let (node, redacted) = (town.node(0), SystemEvent::Redacted { event: sealed.id });
    // A key of nobody; the node's own key, which is of the same member as the writer's, there and
    // in `system`.
    let mut hands = [
        Hand::stranger(&town, 77, MAIN),
        Hand::stranger(&town, 78, SYSTEM),
        Hand::of(&town, (3, "ingest.key"), MAIN),
        Hand::of(&town, (3, "ingest.key"), SYSTEM),
    ];
    mallory.tell(&town, hands.iter_mut().map(|hand| hand.say(node, &redacted)).collect());
    let later = town.submit(0, 1, "later");
    town.wait_final(&later);
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(sealed.at(node), (true, true));
    assert_eq!(of_type(node, "cairn.payload.erased"), 0);

    // Said to be done before it was, by keys of nobody and of a node.
    let (redaction, event) = Hand::of(&town, (0, "admin.key"), SYSTEM).say(node, &redacted);
    let erased = SystemEvent::Erased {
        event: sealed.id,
        redaction,
        records: 1,
        payload: StoredPayload::Removed,
    };
    mallory.tell(&town, hands.iter_mut().map(|hand| hand.say(node, &erased)).collect());
    assert_eq!(sealed.at(node), (true, true));
    town.node(1).submit(vec![signed(event)]).unwrap();
    sealed.wait_gone(node);
}

#[test]
fn the_key_of_a_node_asks_for_no_other_set_and_changes_no_member() {
    let town = town();
    let (node, mallory) = (town.node(0), Mallory::join(&town, 3));
    let weigh = |power| {
        let change = Change::Weight(town.ids[0], power);
        SystemEvent::Validator(Box::new(ValidatorEvent::Proposed(change)))
    };
    let mut hand = Hand::of(&town, (3, "ingest.key"), SYSTEM);
    let mut events: Vec<_> = (2..66).map(|power| hand.say(node, &weigh(power))).collect();
    let secret = MemberSecret::from_seed([9; 32]).unwrap();
    let keys = cairn_node::init::public_keys(&secret);
    events.push(hand.say(node, &SystemEvent::MemberAdded { name: "eve".to_owned(), keys }));
    mallory.tell(&town, events);
    for node in town.up() {
        assert!(node.validators().unwrap().epochs.open().is_empty());
        assert_eq!(node.member("eve"), None);
    }
    // There is room for the administrator's.
    let (id, event) = Hand::of(&town, (0, "admin.key"), SYSTEM).say(node, &weigh(5));
    town.node(1).submit(vec![signed(event)]).unwrap();
    town.wait_final(&[id]);
    let open = node.validators().unwrap().epochs.open().keys().copied().collect::<Vec<_>>();
    assert_eq!(open, [id]);
}
