//! What is derived from the log cannot be written: the log goes on all the same.

use std::time::{Duration, Instant};

use cairn_node::ingest::Submission;
use cairn_node::node::Node;
use cairn_node::system::SystemEvent;
use cairn_verifier::UnixMillis;
use cairn_verifier::digest::{EventId, StreamId};
use cairn_verifier::event::{
    EventBody, Kind, Metadata, Outcome, Party, Payload, Resource, encode_metadata, encode_signed,
};
use cairn_verifier::finality::{PublicKey, Role, Suite};
use cairn_verifier::secret::MemberSecret;

use crate::kit::{LIMIT, Town, draft};

/// An administrator's first event.
fn say(node: &Node, secret: &MemberSecret, event: &SystemEvent) -> Submission {
    let draft = event.draft("tester", "", "because");
    let metadata = encode_metadata(&draft.metadata).unwrap();
    let body = EventBody {
        log: node.log(),
        stream: StreamId::from_bytes([2; 32]),
        writer: secret.key_id(),
        sequence: 0,
        previous: EventId::ZERO,
        time: UnixMillis(1_700_000_000_001),
        kind: Kind::Member,
        event_type: &draft.event_type,
        actor: Party { kind: &draft.actor.kind, id: &draft.actor.id },
        resource: Resource {
            party: Party { kind: &draft.resource.kind, id: &draft.resource.id },
            parent: "",
        },
        outcome: Outcome::Success,
        reason: &draft.reason,
        metadata: Metadata::decode(&metadata).unwrap(),
        group_epoch: 0,
        generation: 0,
        payload: Payload::None,
    };
    let bytes = body.encode().unwrap();
    let public = secret.public_key();
    let key = PublicKey::new(Suite::Ed25519, &public).unwrap();
    let signature = secret.sign(Role::Event, EventBody::id_of(&bytes).as_bytes()).unwrap();
    let event = encode_signed(&bytes, &[(key, &signature)]).unwrap();
    Submission::Signed { event, payload: None, wraps: Vec::new(), salt: None }
}

#[test]
fn a_stream_of_a_block_whose_tile_could_not_be_written_is_known_to_the_next() {
    let town = Town::new(&[1]);
    let node = town.node(0);
    let before = town.submit(0, 250, "before");
    assert!(node.wait_final(before.last().unwrap(), LIMIT));
    // In the way of the first tile, which this block makes full.
    let tiles = town.path(0).join("tiles/event/0");
    std::fs::write(&tiles, "in the way").unwrap();
    let text = std::fs::read_to_string(town.path(0).join("keys/admin.key")).unwrap();
    let admin = MemberSecret::parse(&text).unwrap();
    let added = SystemEvent::StreamAdded { id: [9; 32].into(), name: "payroll".to_owned() };
    let mut batch = vec![say(node, &admin, &added)];
    batch.extend((0..10).map(|n| draft(&format!("fills the tile {n}"))));
    node.submit(batch).unwrap();
    let until = Instant::now() + LIMIT;
    while node.status().size < 261 || node.status().validator.unwrap().stopped.is_none() {
        assert!(Instant::now() < until, "{:#?}", node.status());
        std::thread::sleep(Duration::from_millis(5));
    }
    let of_payroll = serde_json::json!({
        "type": "test.happened",
        "stream": "payroll",
        "actor": { "kind": "user", "id": "alice" },
        "resource": { "kind": "thing", "id": "in the new stream" },
    });
    let of_payroll = Submission::Draft(serde_json::from_value(of_payroll).unwrap());
    let taken = node.submit(vec![of_payroll]).unwrap();
    std::fs::remove_file(&tiles).unwrap();
    assert!(node.wait_final(&taken[0].id, LIMIT), "{:#?}", node.status());
}
