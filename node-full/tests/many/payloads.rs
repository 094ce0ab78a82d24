//! What stands behind events is with every validator, and is forgotten by every one.

use std::time::{Duration, Instant};

use cairn_consensus::behind::Behind;
use cairn_consensus::gossip::Gossip;
use cairn_node::check::CheckOptions;
use cairn_node::ingest::Submission;
use cairn_node::node::{Node, NodeError, SaltAnswer};
use cairn_node::proofs::{BaseChoice, ReceiptWith};
use cairn_node::system::SystemEvent;
use cairn_verifier::digest::{EventId, KeyId, PayloadDigest};
use cairn_verifier::event::{
    EventBody, Kind, Metadata, SignedEvent, encode_metadata, encode_signed,
};
use cairn_verifier::event::{Outcome, Party, Payload, Resource};
use cairn_verifier::finality::{PublicKey, Role, Suite};
use cairn_verifier::secret::MemberSecret;
use cairn_verifier::{UnixMillis, payload, receipt};

use crate::kit::{LIMIT, Town, ids};

const SHORT: Duration = Duration::from_millis(700);

/// An event whose payload is sealed to the member `admin`, or public.
fn submit(town: &Town, at: usize, payload: &serde_json::Value) -> EventId {
    let json = serde_json::json!({
        "type": "salary.changed",
        "actor": { "kind": "user", "id": "alice" },
        "resource": { "kind": "person", "id": "bob" },
        "payload": payload,
    });
    let draft = Submission::Draft(serde_json::from_value(json).unwrap());
    let id = ids(&town.node(at).submit(vec![draft]).unwrap())[0];
    town.wait_final(&[id]);
    id
}

fn sealed(town: &Town, at: usize) -> EventId {
    let fields = serde_json::json!({ "from": "100", "to": "200" });
    let sealed = serde_json::json!({ "fields": fields, "recipients": ["admin"] });
    submit(town, at, &serde_json::json!({ "sealed": sealed }))
}

fn public(town: &Town, at: usize) -> EventId {
    submit(town, at, &serde_json::json!({ "public": "aGVsbG8=" }))
}

fn admin(town: &Town) -> MemberSecret {
    let text = std::fs::read_to_string(town.dir.path().join("0/keys/admin.key"));
    MemberSecret::parse(&text.unwrap()).unwrap()
}

fn digest_of(node: &Node, id: &EventId) -> PayloadDigest {
    let entry = node.entry(id).unwrap().unwrap();
    SignedEvent::decode(&entry.signed).unwrap().body().payload.stored().unwrap()
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let until = Instant::now() + LIMIT;
    while !done() {
        assert!(Instant::now() < until, "still waiting for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn has(node: &Node, id: &EventId, wrap: Option<&KeyId>) -> bool {
    let payload = node.payload(&digest_of(node, id));
    let wrapped = wrap.is_none_or(|key| matches!(node.wrap(id, key), Ok(Some(_))));
    matches!(payload, Ok(Some(_))) && wrapped
}

fn wait_has(town: &Town, id: &EventId, wrap: Option<&KeyId>) {
    for node in town.up() {
        until("a payload at every node", || has(node, id, wrap));
    }
}

/// Whether anything of a payload is on a node's disk.
fn is_stored(town: &Town, at: usize, digest: &PayloadDigest) -> bool {
    let name = digest.to_string();
    town.path(at).join("payloads").join(&name[..2]).join(&name).exists()
}

fn open(town: &Town, at: usize, id: &EventId, secret: &MemberSecret) -> Vec<(String, Vec<u8>)> {
    let (node, key) = (town.node(at), secret.wrap());
    let wraps = [key.id()];
    let with = ReceiptWith { payload: true, wraps: &wraps };
    let file = node.receipt(id, BaseChoice::Genesis, with).unwrap();
    let now = UnixMillis(node.status().head_time);
    let verified = receipt::verify(&file, town.anchor, now, &mut ()).unwrap();
    let wrap = verified.wraps().iter().next().unwrap();
    let message_key = key.open_wrap(wrap, &node.log(), id).unwrap();
    let opened = payload::open(verified.body(), verified.payload().unwrap(), &message_key).unwrap();
    let opened = opened.verified(verified.event()).unwrap();
    let fields = opened.opened().fields().unwrap();
    fields.iter().map(|(name, value)| (name.to_owned(), value.to_vec())).collect()
}

/// The admin has a payload forgotten.
fn redact(town: &Town, at: usize, secret: &MemberSecret, event: EventId) {
    say(town, at, secret, (&SystemEvent::Redacted { event }, Kind::Redaction));
}

/// An event of the admin about another one; it is final everywhere.
fn say(town: &Town, at: usize, secret: &MemberSecret, (event, kind): (&SystemEvent, Kind)) {
    let node = town.node(at);
    let stream = node.system_stream().unwrap().id;
    let (sequence, previous) = node.next_sequence(&stream, &secret.key_id()).unwrap();
    let draft = event.draft("admin", "", "asked for");
    let metadata = encode_metadata(&draft.metadata).unwrap();
    let body = EventBody {
        log: node.log(),
        stream,
        writer: secret.key_id(),
        sequence,
        previous,
        time: UnixMillis(1_700_000_000_000),
        kind,
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
    let id = EventBody::id_of(&bytes);
    let public = secret.public_key();
    let key = PublicKey::new(Suite::Ed25519, &public).unwrap();
    let signature = secret.sign(Role::Event, id.as_bytes()).unwrap();
    let event = encode_signed(&bytes, &[(key, &signature)]).unwrap();
    let signed = Submission::Signed { event, payload: None, wraps: Vec::new(), salt: None };
    node.submit(vec![signed]).unwrap();
    town.wait_final(&[id]);
}

/// The keys of those nodes of which a node has a receipt for an erasure.
fn receipts(node: &Node, of: &EventId) -> Vec<KeyId> {
    let size = node.head().unwrap().header.events.get();
    let mut keys = Vec::new();
    for index in 0..size {
        let entry = node.entry_at(index).unwrap().unwrap();
        let event = SignedEvent::decode(&entry.signed).unwrap();
        if let Ok(SystemEvent::Erased { event: erased, .. }) = SystemEvent::read(event.body())
            && erased == *of
        {
            keys.push(event.body().writer);
        }
    }
    keys.sort_unstable();
    keys
}

#[test]
fn what_a_host_that_burnt_took_opens_at_every_other_node() {
    let mut town = Town::new(&[1, 1, 1, 1]);
    let secret = admin(&town);
    let key = secret.wrap().id();
    let (secrets, open_to_all) = (sealed(&town, 0), public(&town, 0));
    wait_has(&town, &secrets, Some(&key));
    wait_has(&town, &open_to_all, None);
    // Who reads the stream gets a salt where the event was taken, and nowhere else: it never left.
    let member = town.node(1).member("admin").unwrap();
    let salt = |at: usize| town.node(at).salt_for(&secrets, &member, None).unwrap();
    assert!(matches!(salt(0), SaltAnswer::Sealed(_)));
    assert_eq!(salt(1), SaltAnswer::NotTheirs);
    town.stop(0);
    std::fs::remove_dir_all(town.path(0)).unwrap();
    for at in 1..4 {
        let fields = open(&town, at, &secrets, &secret);
        assert_eq!(fields[1], ("to".to_owned(), b"200".to_vec()));
        let digest = digest_of(town.node(at), &open_to_all);
        assert_eq!(town.node(at).payload(&digest).unwrap().unwrap(), b"hello");
    }
    // It is kept: after a restart it is there without anyone to be asked.
    (1..4).for_each(|at| town.links.cut(town.ids[at]));
    town.stop(2);
    let stored = digest_of(town.node(1), &secrets);
    assert!(is_stored(&town, 2, &stored));
    (1..4).for_each(|at| town.links.mend(town.ids[at]));
    town.start(2);
    until("node 2", || has(town.node(2), &secrets, Some(&key)));
    assert_eq!(open(&town, 2, &secrets, &secret)[0].1, b"100");
    assert!(town.links.bans().is_empty(), "{:?}", town.links.bans());
}

#[test]
fn a_redaction_is_carried_out_by_all_also_by_one_that_was_away() {
    let mut town = Town::new(&[1, 1, 1, 1]);
    let secret = admin(&town);
    let key = secret.wrap().id();
    let (gone, kept) = (sealed(&town, 1), sealed(&town, 1));
    wait_has(&town, &gone, Some(&key));
    wait_has(&town, &kept, Some(&key));
    let digest = digest_of(town.node(0), &gone);
    town.stop(3);
    redact(&town, 0, &secret, gone);
    until("three receipts", || receipts(town.node(0), &gone).len() == 3);
    for at in 0..3 {
        assert!(!is_stored(&town, at, &digest), "node {at}");
        assert_eq!(town.node(at).wrap(&gone, &key).unwrap(), None);
    }
    assert!(is_stored(&town, 3, &digest), "it was away");

    // Alone it cannot know what was redacted, and gives out nothing, redacted or not.
    (0..3).for_each(|at| town.links.cut(town.ids[at]));
    town.start(3);
    let stale = digest_of(town.node(3), &kept);
    for refused in [
        town.node(3).payload(&digest).map(drop),
        town.node(3).payload(&stale).map(drop),
        town.node(3).wrap(&kept, &key).map(drop),
    ] {
        assert!(matches!(refused, Err(NodeError::CatchingUp)), "{refused:?}");
    }
    (0..3).for_each(|at| town.links.mend(town.ids[at]));
    // From the moment on in which it gives out anything, it gives out nothing of that.
    until("node 3 to serve", || has(town.node(3), &kept, Some(&key)));
    assert!(town.node(3).payload(&digest).unwrap().is_none());
    assert_eq!(town.node(3).wrap(&gone, &key).unwrap(), None);
    until("its own receipt", || receipts(town.node(3), &gone).len() == 4);
    assert!(!is_stored(&town, 3, &digest));
    let mut of = receipts(town.node(3), &gone);
    of.dedup();
    assert_eq!(of.len(), 4, "one of each node");
    assert_eq!(open(&town, 3, &kept, &secret)[0].1, b"100");
    assert!(town.links.bans().is_empty(), "{:?}", town.links.bans());
}

#[test]
fn wraps_of_a_grant_are_with_every_node_and_go_with_what_they_open() {
    let mut town = Town::down(&[1, 1, 1, 1]);
    (0..3).for_each(|at| town.start(at));
    let secret = admin(&town);
    let text = std::fs::read_to_string(town.path(1).join("keys/ingest.key")).unwrap();
    let reader = MemberSecret::parse(&text).unwrap().wrap().id();
    let (one, two) = (sealed(&town, 0), sealed(&town, 0));
    for event in [one, two] {
        let grant = SystemEvent::Granted { event, readers: vec![reader] };
        say(&town, 0, &secret, (&grant, Kind::Grant));
        wait_has(&town, &event, Some(&reader));
    }
    redact(&town, 2, &secret, one);
    until("three receipts", || receipts(town.node(0), &one).len() == 3);
    // What a late joiner asks for of the first grant nobody gives.
    town.start(3);
    town.wait_final(&[one, two]);
    wait_has(&town, &two, Some(&reader));
    for node in town.up() {
        assert_eq!(node.wrap(&one, &reader).unwrap(), None);
        let report = node.check(CheckOptions::default(), &mut |_| true);
        assert!(report.is_clean(), "{report:?}");
    }
    std::thread::sleep(SHORT);
    let report = town.node(3).check(CheckOptions::default(), &mut |_| true);
    assert_eq!(report.key_records, 2, "of the event and the grant that are kept");
}

#[test]
fn a_late_joiner_gets_what_is_kept_and_nothing_of_what_was_redacted() {
    let mut town = Town::down(&[1, 1, 1, 1]);
    (0..3).for_each(|at| town.start(at));
    let secret = admin(&town);
    let key = secret.wrap().id();
    let (gone, kept) = (sealed(&town, 0), sealed(&town, 2));
    wait_has(&town, &gone, Some(&key));
    redact(&town, 0, &secret, gone);
    until("three receipts", || receipts(town.node(0), &gone).len() == 3);
    town.start(3);
    town.wait_final(&[kept]);
    wait_has(&town, &kept, Some(&key));
    let digest = digest_of(town.node(3), &gone);
    assert!(!is_stored(&town, 3, &digest));
    std::thread::sleep(SHORT);
    assert_eq!(receipts(town.node(0), &gone).len(), 3, "it had nothing to forget");
}

#[test]
fn how_long_one_node_keeps_payloads_is_its_own_affair() {
    let town = Town::new(&[1, 1, 1, 1]);
    let secret = admin(&town);
    let key = secret.wrap().id();
    let id = sealed(&town, 0);
    wait_has(&town, &id, Some(&key));
    let digest = digest_of(town.node(0), &id);
    let size = town.node(0).head().unwrap().header.events.get();
    let expired = town.node(0).expire_payloads(UnixMillis(u64::MAX >> 1)).unwrap();
    assert_eq!((expired.payloads, expired.records), (1, 1));
    // That is logged, and everyone has it.
    until("the event that says so", || {
        town.up().all(|node| node.head().unwrap().header.events.get() > size)
    });
    std::thread::sleep(SHORT);
    assert!(!is_stored(&town, 0, &digest), "it is not fetched again");
    for at in 1..4 {
        assert!(has(town.node(at), &id, Some(&key)), "node {at}");
    }
}

fn bend(message: &[u8], bend: fn(&mut Behind)) -> Vec<u8> {
    match Gossip::decode(message) {
        Ok(Gossip::Behind { height, mut behind }) => {
            behind.iter_mut().for_each(bend);
            Gossip::Behind { height, behind }.encode()
        }
        _ => message.to_vec(),
    }
}

fn bend_payload(message: &[u8]) -> Vec<u8> {
    bend(message, |behind| {
        if let Some(last) = behind.payload.as_mut().and_then(|bytes| bytes.last_mut()) {
            *last ^= 1;
        }
    })
}

fn cut_payload(message: &[u8]) -> Vec<u8> {
    bend(message, |behind| _ = behind.payload.as_mut().and_then(Vec::pop))
}

fn bend_hint(message: &[u8]) -> Vec<u8> {
    bend(message, |behind| behind.wraps.values_mut().for_each(|wrap| wrap[1] ^= 1))
}

fn cut_wrap(message: &[u8]) -> Vec<u8> {
    bend(message, |behind| behind.wraps.values_mut().for_each(|wrap| _ = wrap.pop()))
}

fn other_event(message: &[u8]) -> Vec<u8> {
    bend(message, |behind| behind.event = [9; 32].into())
}

#[test]
fn a_peer_whose_payloads_or_wraps_do_not_hold_is_banned_and_others_are_asked() {
    for lie in [bend_payload, cut_payload, bend_hint, cut_wrap, other_event] {
        let mut town = Town::down(&[1, 1, 1, 1]);
        (0..3).for_each(|at| town.start(at));
        let secret = admin(&town);
        let key = secret.wrap().id();
        let id = sealed(&town, 1);
        wait_has(&town, &id, Some(&key));
        let liar = town.ids[0];
        let honest = [town.ids[1], town.ids[2]];
        honest.iter().for_each(|id| town.links.cut(*id));
        town.links.bend(liar, lie);
        town.start(3);
        until("a ban", || !town.links.bans().is_empty());
        let digest = digest_of(town.node(3), &id);
        assert!(!is_stored(&town, 3, &digest));
        honest.iter().for_each(|id| town.links.mend(*id));
        until("the payload", || has(town.node(3), &id, Some(&key)));
        assert_eq!(open(&town, 3, &id, &secret)[0].1, b"100");
        let bans = town.links.bans();
        assert!(bans.iter().all(|(by, of, _)| (*by, *of) == (town.ids[3], liar)), "{bans:?}");
    }
}

#[test]
fn who_answers_without_being_asked_is_not_heard() {
    let town = Town::new(&[1, 1, 1, 1]);
    let answer = Behind { event: [1; 32].into(), known: true, payload: None, wraps: [].into() };
    let message = Gossip::Behind { height: 1, behind: vec![answer] }.encode();
    for _ in 0..100 {
        town.links.say(town.ids[0], town.ids[1], &message);
    }
    let id = sealed(&town, 0);
    let secret = admin(&town);
    wait_has(&town, &id, Some(&secret.wrap().id()));
    assert!(town.links.bans().is_empty(), "{:?}", town.links.bans());
}
