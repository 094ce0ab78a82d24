//! Salts: for readers of the event's stream who have the chain key, sealed to them, and erased with
//! the payload. And signed requests that say which node they are for.

use std::sync::Arc;

use cairn_node::access::Access;
use cairn_node::api::Serving;
use cairn_node::clock;
use cairn_node::ingest::{DraftKind, Submission};
use cairn_node::init::public_keys;
use cairn_node::node::Writers;
use cairn_node::query::Query;
use cairn_node::settings::Settings;
use cairn_node::system::SystemEvent;
use cairn_verifier::digest::{EventId, StreamId};
use cairn_verifier::event::{
    EventBody, Kind, Metadata, Party, Payload, Resource, SignedEvent, encode_metadata,
};
use cairn_verifier::finality::Role;
use cairn_verifier::payload::{self, message_key};
use cairn_verifier::request;
use cairn_verifier::secret::MemberSecret;
use cairn_verifier::state::Roles;

use crate::kit::{Answer, Served, draft, serve, serve_as, verified};
use crate::wraps::{header, hex};

const CHAIN: [u8; 32] = [8; 32];
const SALT: [u8; 32] = [9; 32];

fn submit(served: &Served, event: Vec<u8>, payload: Option<Vec<u8>>, salt: Option<[u8; 32]>) {
    let submission = Submission::Signed { event, payload, wraps: vec![], salt };
    let index = served.node.submit(vec![submission]).unwrap()[0].index.unwrap();
    assert!(
        served.node.wait_size_final(index.saturating_add(1), std::time::Duration::from_secs(10))
    );
}

/// An event that ann sealed with her own chain key, and nobody has a wrap of.
fn sealed(served: &Served) -> EventId {
    let mut body = served.body(&served.ann, 0, EventId::ZERO);
    let context = body.context();
    let key = message_key(&CHAIN, &SALT, &context);
    let plain = payload::Fields::encode(&[("amount".to_owned(), b"5100".to_vec())].into()).unwrap();
    let sealed = payload::seal(&plain, &context, &key, &[4; 24]).unwrap();
    body.payload = Payload::Sealed(sealed.commitment);
    let signed = served.signed_body(&served.ann, &body);
    let id = SignedEvent::decode(&signed).unwrap().id();
    submit(served, signed, Some(sealed.stored), Some(SALT));
    id
}

fn ask(served: &Served, secret: &MemberSecret, event: &EventId) -> Answer {
    let path = format!("/v1/salts/{event}");
    let header = header(served, secret, clock::now(), &path);
    served.get_with(&path, &[("authorization", &header)])
}

/// What the administrator does.
fn administer(served: &Served, event: &SystemEvent) {
    let key = served.dir.path().join("data/keys/admin.key");
    let admin = MemberSecret::parse(&std::fs::read_to_string(key).unwrap()).unwrap();
    let stream = served.stream("system");
    let (sequence, previous) = served.node.next_sequence(&stream, &admin.key_id()).unwrap();
    let draft = event.draft("admin", "", "");
    let metadata = encode_metadata(&draft.metadata).unwrap();
    let kind = if draft.kind == DraftKind::Redaction { Kind::Redaction } else { Kind::Member };
    let body = EventBody {
        stream,
        kind,
        event_type: &draft.event_type,
        actor: Party { kind: &draft.actor.kind, id: &draft.actor.id },
        resource: Resource {
            party: Party { kind: &draft.resource.kind, id: &draft.resource.id },
            parent: "",
        },
        metadata: Metadata::decode(&metadata).unwrap(),
        ..served.body(&admin, sequence, previous)
    };
    submit(served, served.signed_body(&admin, &body), None, None);
}

fn reads(served: &Served) -> Vec<(String, String)> {
    let event_type = Some("cairn.key.read".to_owned());
    let page = served.node.query(&Query { event_type, ..Query::default() }).unwrap();
    let entry = |signed: &[u8]| {
        let event = SignedEvent::decode(signed).unwrap();
        let what = event.body().metadata.iter().find(|(key, _)| *key == "what").unwrap().1;
        (event.body().actor.id.to_owned(), what.to_owned())
    };
    page.entries.iter().map(|found| entry(&found.signed)).collect()
}

fn set_roles(served: &Served, stream: StreamId, member: &str, reader: bool) {
    let roles = Roles { writer: true, reader };
    administer(served, &SystemEvent::RolesSet { stream, member: member.to_owned(), roles });
}

#[test]
fn a_reader_with_the_chain_key_opens_the_payload() {
    let served = serve();
    let id = sealed(&served);
    let receipt = served.get(&format!("/v1/receipts/{id}?payload=1")).body;
    let fact = verified(&served, &receipt);
    let answer = ask(&served, &served.bob, &id);
    assert_eq!((answer.status, answer.body.len()), (200, 1_177), "{answer:?}");
    assert_eq!(answer.header("cache-control"), "no-store");
    let log = served.node.log();
    let salt = served.bob.wrap().open_salt(&answer.body, &log, &id).unwrap();
    assert_eq!(*salt, SALT);
    let key = message_key(&CHAIN, &salt, &fact.event().event().context());
    let opened = payload::open(fact.body(), fact.payload().unwrap(), &key).unwrap();
    assert!(opened.verified(fact.event()).is_ok());
    // Who hears the answer, or sends the request again, has nothing; and it is no wrap.
    assert!(served.ann.wrap().open_salt(&answer.body, &log, &id).is_err());
    assert!(served.bob.wrap().open_wrap(&answer.body, &log, &id).is_err());
    let json = served.get_json("/v1/openapi.json").json();
    assert!(json["paths"]["/v1/salts/{event}"]["get"].is_object());
    assert!(served.node.wait_size_final(2, std::time::Duration::from_secs(10)));
    assert_eq!(reads(&served), [("bob".to_owned(), "salt".to_owned())]);
}

#[test]
fn others_get_no_salt() {
    let served = serve();
    let main = served.stream("main");
    let nothing = (404, "no-salt-for-this-key".to_owned());
    // Whoever comes to read later needs a grant: the group was another one.
    set_roles(&served, main, "bob", false);
    let id = sealed(&served);
    assert_eq!(ask(&served, &served.bob, &id).problem(), nothing);
    set_roles(&served, main, "bob", true);
    assert_eq!(ask(&served, &served.bob, &id).problem(), nothing);
    let carol = MemberSecret::from_seed([7; 32]).unwrap();
    assert_eq!(ask(&served, &carol, &id).problem(), nothing);
    let (name, keys) = ("carol".to_owned(), public_keys(&carol));
    administer(&served, &SystemEvent::MemberAdded { name, keys });
    set_roles(&served, main, "carol", true);
    assert_eq!(ask(&served, &carol, &id).problem(), nothing);
    // Whoever reads no more has read.
    assert_eq!(ask(&served, &served.ann, &id).status, 200);
    set_roles(&served, main, "ann", false);
    assert_eq!(ask(&served, &served.ann, &id).problem(), nothing);
    let plain = served.post_final(&draft("a.b"))[0];
    set_roles(&served, main, "ann", true);
    assert_eq!(ask(&served, &served.ann, &plain).problem(), nothing);
    assert_eq!(ask(&served, &served.ann, &EventId::ZERO).problem(), nothing);
}

#[test]
fn the_key_to_seal_to_is_one_of_the_members_and_is_signed() {
    let served = serve();
    let id = sealed(&served);
    let asked = |key: &str, signed: &str| {
        let (path, signed) =
            (format!("/v1/salts/{id}?key={key}"), format!("/v1/salts/{id}?key={signed}"));
        let header = header(&served, &served.bob, clock::now(), &signed);
        served.get_with(&path, &[("authorization", &header)])
    };
    let (bobs, anns) = (served.bob.wrap().id().to_string(), served.ann.wrap().id().to_string());
    assert_eq!(asked(&bobs, &bobs).status, 200);
    assert_eq!(asked(&anns, &bobs).problem().1, "auth-bad-signature");
    assert_eq!(asked(&anns, &anns).problem().1, "no-salt-for-this-key");
    assert_eq!(asked("ab", "ab").problem().1, "bad-parameter");
    assert_eq!(served.get(&format!("/v1/salts/{id}")).problem().1, "auth-missing");
}

#[test]
fn an_erased_salt_is_said_to_be_erased() {
    let served = serve();
    let id = sealed(&served);
    assert_eq!(ask(&served, &served.bob, &id).status, 200);
    administer(&served, &SystemEvent::Redacted { event: id });
    assert_eq!(ask(&served, &served.bob, &id).problem(), (410, "erased".to_owned()));
    let stranger = MemberSecret::from_seed([3; 32]).unwrap();
    assert_eq!(ask(&served, &stranger, &id).problem().1, "no-salt-for-this-key");
}

/// A request for a node of this origin.
fn header_for(served: &Served, origin: &str, path: &str) -> String {
    let (time, secret) = (clock::now(), &served.bob);
    let message = request::message(&served.node.log(), time, &format!("{origin}{path}"));
    let signature = hex(&secret.sign(Role::Request, &message).unwrap());
    let key = hex(&secret.public_key());
    format!("Cairn key={key}, time={}, origin={origin}, signature={signature}", time.0)
}

#[test]
fn a_request_for_another_node_is_not_taken_from_who_passes_it_on() {
    let served = serve();
    let id = sealed(&served);
    let path = format!("/v1/salts/{id}");
    let ask = |header: &str| served.get_with(&path, &[("authorization", header)]);
    assert_eq!(ask(&header_for(&served, &served.url, &path)).status, 200);
    let other = header_for(&served, "https://other.example", &path);
    assert_eq!(ask(&other).problem(), (401, "auth-other-node".to_owned()));
    // The origin is signed.
    let changed = other.replace("https://other.example", &served.url);
    assert_eq!(ask(&changed).problem().1, "auth-bad-signature");
    let (before, after) = other.split_once("origin=").unwrap();
    let without = format!("{before}{}", after.split_once(", ").unwrap().1);
    assert_eq!(ask(&without).problem().1, "auth-bad-signature");
}

#[test]
fn a_node_that_knows_its_origins_takes_no_others() {
    let origin = "https://log.example".to_owned();
    let settings = Settings {
        listen: "127.0.0.1:0".to_owned(),
        origin: vec![origin.clone(), "http://node.lan:8420".to_owned()],
        ..Settings::default()
    };
    let access = Access::new(&settings, |_| None).unwrap();
    let served = serve_as(Writers::Any, |site| {
        let serving = Serving::new(&settings, site.clone());
        serving.access.store(Arc::new(access));
        serving
    });
    let id = sealed(&served);
    let path = format!("/v1/salts/{id}");
    let ask = |header: &str| served.get_with(&path, &[("authorization", header)]);
    for own in [&origin, "http://node.lan:8420"] {
        assert_eq!(ask(&header_for(&served, own, &path)).status, 200);
    }
    let refused = ask(&header_for(&served, &served.url, &path));
    assert_eq!(refused.problem().1, "auth-other-node");
    assert!(String::from_utf8_lossy(&refused.body).contains("this is https://log.example"));
    let none = header(&served, &served.bob, clock::now(), &path);
    assert_eq!(ask(&none).problem().1, "auth-other-node");
}
