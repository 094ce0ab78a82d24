//! Members, streams, grants, redactions: who may do what, and what follows.

use cairn_node::check::CheckOptions;
use std::path::Path;

use cairn_node::ingest::{Refusal, Submission};
use cairn_node::init::public_keys;
use cairn_node::node::{Node, NotAllowed, Options};
use cairn_node::proofs::{BaseChoice, ReceiptWith};
use cairn_node::query::Query;
use cairn_node::system::{StoredPayload, SystemEvent};
use cairn_verifier::digest::{EventId, PayloadDigest, StreamId};
use cairn_verifier::event::{EventBody, Kind, Payload, SignedEvent};
use cairn_verifier::secret::MemberSecret;
use cairn_verifier::state::Roles;
use cairn_verifier::{UnixMillis, receipt};

use crate::open::copy_dir;
use crate::sealed::sealed;
use crate::support::{Log, SECOND, Writer, draft, ids, public_payload};

const BOTH: Roles = Roles { writer: true, reader: true };
const NONE: Roles = Roles { writer: false, reader: false };

fn key(seed: u8) -> MemberSecret {
    MemberSecret::from_seed([seed; 32]).unwrap()
}

fn system_stream(node: &Node) -> StreamId {
    let streams = node.streams();
    assert_eq!(streams.last().unwrap().name, "system");
    streams.last().unwrap().id
}

fn admin(log: &Log, node: &Node) -> Writer {
    Writer::with(node, log.admin(), system_stream(node))
}

fn added(name: &str, secret: &MemberSecret) -> SystemEvent {
    SystemEvent::MemberAdded { name: name.to_owned(), keys: public_keys(secret) }
}

fn removed(name: &str) -> SystemEvent {
    SystemEvent::MemberRemoved { name: name.to_owned() }
}

fn roles(node: &Node, name: &str) -> Vec<String> {
    let member = node.member(name).unwrap();
    node.roles_of(&member).into_iter().map(|(stream, _)| stream.name).collect()
}

/// The reason for which a system event is refused.
fn refusal(writer: &Writer, event: &SystemEvent) -> Refusal {
    let (_, event) = writer.system(event);
    let signed = Submission::Signed { event, payload: None, wraps: vec![], salt: None };
    writer.node.submit(vec![signed]).unwrap_err().reason
}

#[test]
fn a_log_begins_with_an_administrator_and_a_stream_of_its_own() {
    let log = Log::new();
    let node = log.open();
    assert_eq!(roles(&node, "auditor"), ["main", "side"]);
    assert_eq!(roles(&node, "admin"), ["main", "side", "system"]);
    assert_eq!(roles(&node, "ingest"), ["main", "side", "system"]);
}

#[test]
fn members_come_change_keys_and_go() {
    let log = Log::new();
    let node = log.open();
    let mut admin = admin(&log, &node);
    let (first, second) = (key(1), key(2));
    admin.say(&added("ann", &first)).unwrap();
    assert!(roles(&node, "ann").is_empty());
    let stream = node.streams()[0].id;
    admin.say(&SystemEvent::RolesSet { stream, member: "ann".to_owned(), roles: BOTH }).unwrap();
    assert_eq!(roles(&node, "ann"), ["main"]);
    let keys = SystemEvent::KeysAdded { name: "ann".to_owned(), keys: public_keys(&second) };
    admin.say(&keys).unwrap();
    assert_eq!(admin.say(&keys), Err("not-allowed"), "a key is never used twice");
    let end =
        |key: &MemberSecret| SystemEvent::KeyEnded { name: "ann".to_owned(), key: key.key_id() };
    admin.say(&end(&first)).unwrap();
    assert_eq!(admin.say(&end(&first)), Err("not-allowed"));
    assert_eq!(node.member_by_signing_key(&first.public_key()), None);
    assert_eq!(node.member_by_signing_key(&second.public_key()).unwrap().name, "ann");

    drop((admin, node));
    for lost in ["nothing", "index"] {
        let _lost = std::fs::remove_dir_all(log.path().join(lost));
        let node = log.open();
        assert_eq!(roles(&node, "ann"), ["main"]);
        assert_eq!(node.member_by_signing_key(&first.public_key()), None);
        assert!(node.member_by_signing_key(&second.public_key()).is_some());
    }
    let node = log.open();
    let mut admin = Writer::with(&node, log.admin(), system_stream(&node));
    admin.say(&removed("ann")).unwrap();
    assert!(roles(&node, "ann").is_empty() && !node.member("ann").unwrap().active);
    assert_eq!(node.member_by_signing_key(&second.public_key()), None);
    assert_eq!(admin.say(&added("ann", &key(3))), Err("not-allowed"), "nor is a name");
    assert_eq!(admin.say(&removed("ann")), Err("not-allowed"));
    assert_eq!(admin.say(&removed("nobody")), Err("not-allowed"));
}

#[test]
fn streams_are_added_and_written_to() {
    let log = Log::new();
    let node = log.open();
    let mut admin = admin(&log, &node);
    let id = StreamId::from([9; 32]);
    let event = SystemEvent::StreamAdded { id, name: "payroll".to_owned() };
    admin.say(&event).unwrap();
    assert_eq!(admin.say(&event), Err("not-allowed"));
    let taken = SystemEvent::StreamAdded { id: [8; 32].into(), name: "payroll".to_owned() };
    assert_eq!(admin.say(&taken), Err("not-allowed"));
    let unknown =
        SystemEvent::RolesSet { stream: [7; 32].into(), member: "auditor".to_owned(), roles: BOTH };
    assert_eq!(admin.say(&unknown), Err("not-allowed"));
    assert_eq!(roles(&node, "auditor"), ["main", "side"]);
    let mut writer = Writer::with(&node, key(1), id);
    let (event, submission) = writer.next();
    node.submit(vec![submission]).unwrap();
    drop((admin, writer, node));
    let node = log.open();
    assert_eq!(node.streams().last().unwrap().name, "system");
    assert!(node.entry(&event).unwrap().is_some());
}

#[test]
fn only_administrators_change_members_and_the_last_one_stays() {
    let log = Log::new();
    let node = log.open();
    let system = system_stream(&node);
    let mut auditor = Writer::with(&node, log.auditor.clone(), system);
    assert_eq!(auditor.say(&added("ann", &key(1))), Err("not-allowed"));
    let mut elsewhere = Writer::with(&node, log.admin(), node.streams()[0].id);
    assert_eq!(elsewhere.say(&added("ann", &key(1))), Err("not-allowed"));

    let mut admin = admin(&log, &node);
    let set = |member: &str, roles| SystemEvent::RolesSet {
        stream: system,
        member: member.to_owned(),
        roles,
    };
    assert_eq!(admin.say(&removed("admin")), Err("not-allowed"));
    assert_eq!(admin.say(&set("admin", NONE)), Err("not-allowed"));
    for event in [removed("ingest"), set("ingest", NONE)] {
        assert_eq!(admin.say(&event), Err("not-allowed"), "the node needs its own member");
    }
    admin.say(&set("auditor", BOTH)).unwrap();
    auditor.say(&removed("admin")).unwrap();
    assert_eq!(admin.say(&added("ann", &key(1))), Err("not-allowed"), "its keys have ended");
    auditor.say(&added("ann", &key(1))).unwrap();
    let erased = SystemEvent::Erased {
        event: [1; 32].into(),
        redaction: [2; 32].into(),
        records: 0,
        payload: StoredPayload::Removed,
    };
    assert_eq!(auditor.say(&erased), Err("not-allowed"), "only a node says that it erased");
}

/// One batch is one place in the log after another: the second event sees what the first one did.
#[test]
fn a_batch_sees_its_own_changes_and_leaves_none_if_it_is_refused() {
    let log = Log::new();
    let node = log.open();
    let mut admin = admin(&log, &node);
    let submit = |batch: Vec<Vec<u8>>| {
        let signed = |event| Submission::Signed { event, payload: None, wraps: vec![], salt: None };
        node.submit(batch.into_iter().map(signed).collect()).map_err(|r| (r.at, r.reason.code()))
    };
    let add = admin.system(&added("ann", &key(1)));
    admin.sequence += 1;
    admin.previous = add.0;
    let twice = admin.system(&added("ann", &key(2)));
    assert_eq!(submit(vec![add.1.clone(), twice.1]).unwrap_err(), (1, "not-allowed"));
    assert_eq!(node.member("ann"), None);
    let remove = admin.system(&removed("ann"));
    submit(vec![add.1, remove.1]).unwrap();
    assert!(!node.member("ann").unwrap().active);
}

#[test]
fn what_is_no_system_event_is_refused() {
    let log = Log::new();
    let node = log.open();
    let admin = admin(&log, &node);
    let refused = |change: &dyn Fn(&mut EventBody<'_>)| {
        let (_, bytes) = admin.system(&SystemEvent::Redacted { event: [1; 32].into() });
        let event = SignedEvent::decode(&bytes).unwrap();
        let mut body = *event.body();
        change(&mut body);
        let (_, event) = admin.sign(&body);
        let signed = Submission::Signed { event, payload: None, wraps: vec![], salt: None };
        node.submit(vec![signed]).unwrap_err().reason.code()
    };
    assert_eq!(refused(&|_| {}), "no-such-event");
    assert_eq!(refused(&|body| body.event_type = "cairn.payload.redact"), "bad-system-event");
    assert_eq!(refused(&|body| body.kind = Kind::Grant), "bad-system-event");
    assert_eq!(refused(&|body| body.kind = Kind::ParameterChange), "kind-not-accepted");
    assert_eq!(refused(&|body| body.resource.party.kind = "thing"), "bad-system-event");
    assert_eq!(refused(&|body| body.resource.party.id = "abc"), "bad-system-event");
    assert_eq!(refused(&|body| body.resource.parent = "x"), "bad-system-event");
    let metadata =
        cairn_verifier::event::encode_metadata(&[("a".to_owned(), "b".to_owned())].into());
    let metadata: &'static [u8] = metadata.unwrap().leak();
    assert_eq!(
        refused(&|body| {
            body.metadata = cairn_verifier::event::Metadata::decode(metadata).unwrap();
        }),
        "bad-system-event"
    );
    let payload = public_payload(b"x");
    assert_eq!(refused(&|body| body.payload = payload), "payload-missing");
    for name in ["", "a\nb", &"n".repeat(65)] {
        let mut admin = Writer::with(&node, log.admin(), system_stream(&node));
        assert_eq!(admin.say(&added(name, &key(1))), Err("bad-system-event"), "{name:?}");
    }
    // A client without a key does not have them signed by the node.
    let Submission::Draft(mut draft) = draft("x") else { panic!() };
    draft.kind = cairn_node::ingest::DraftKind::Redaction;
    let refused = node.submit(vec![Submission::Draft(draft)]).unwrap_err();
    assert_eq!(refused.reason.code(), "kind-not-accepted");
}

/// All bytes of a directory.
fn raw(dir: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        bytes.extend(if path.is_dir() { raw(&path) } else { std::fs::read(&path).unwrap() });
    }
    bytes
}

/// The node's receipts for erasures.
fn erasures(node: &Node) -> Vec<SystemEvent> {
    let query = Query { event_type: Some("cairn.payload.erased".to_owned()), ..Query::default() };
    let page = node.query(&query).unwrap();
    let read = page.entries.iter().map(|entry| {
        SystemEvent::read(SignedEvent::decode(&entry.signed).unwrap().body()).unwrap()
    });
    read.collect()
}

pub(crate) fn wait_erased(node: &Node, count: usize) {
    for _ in 0..1_000 {
        if erasures(node).len() == count {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert_eq!(erasures(node).len(), count, "erased within 10 s");
}

#[test]
fn a_redacted_payload_opens_for_nobody_and_its_event_stays_proven() {
    let log = Log::new();
    let node = log.open();
    let (gone, kept) = (sealed(&node), sealed(&node));
    let key = log.auditor.wrap();
    let wrap = |node: &Node, id| node.wrap(id, &key.id()).unwrap();
    let taken = wrap(&node, &gone).unwrap();
    // Nothing outside of the key store ever held it in the clear, nor does the key store.
    let contains = |needle: &[u8]| raw(&log.path()).windows(24).any(|part| part == &needle[..24]);
    assert!(!contains(&taken[20..]));
    let with = ReceiptWith { payload: true, wraps: &[] };
    let file = node.receipt(&gone, BaseChoice::Genesis, with).unwrap();
    let now = UnixMillis(node.status().head_time);
    let ciphertext = receipt::verify(&file, log.anchor, now, &mut ()).unwrap();
    let ciphertext = ciphertext.payload().unwrap().to_vec();
    assert!(contains(&ciphertext));

    let mut admin = admin(&log, &node);
    let redaction = admin.say(&SystemEvent::Redacted { event: gone }).unwrap();
    assert_eq!(admin.say(&SystemEvent::Redacted { event: gone }), Err("already-redacted"));
    let grant = SystemEvent::Granted { event: gone, readers: vec![key.id()] };
    assert_eq!(admin.say(&grant), Err("already-redacted"));
    wait_erased(&node, 1);
    let expected =
        SystemEvent::Erased { event: gone, redaction, records: 1, payload: StoredPayload::Removed };
    assert_eq!(erasures(&node), [expected]);
    drop((admin, node));
    assert!(!contains(&ciphertext));
    for lost in ["nothing", "index"] {
        let _lost = std::fs::remove_dir_all(log.path().join(lost));
        let node = log.open();
        assert_eq!(wrap(&node, &gone), None);
        assert!(key.open_wrap(&wrap(&node, &kept).unwrap(), &node.log(), &kept).is_ok());
        let file = node.receipt(&gone, BaseChoice::Genesis, ReceiptWith::default()).unwrap();
        let verified = receipt::verify(&file, log.anchor, now, &mut ()).unwrap();
        assert_eq!(verified.event().id(), gone);
        let wraps = [key.id()];
        let with = ReceiptWith { payload: false, wraps: &wraps };
        assert_eq!(node.receipt(&gone, BaseChoice::Genesis, with).unwrap_err().code(), "no-wrap");
        let report = node.check(CheckOptions::default(), &mut |_| true);
        assert!(report.is_clean() && report.key_records == 2, "{report:?}");
        assert_eq!(erasures(&node).len(), 1, "once");
    }
    // What was taken before still opens: no node can take that back.
    assert!(key.open_wrap(&taken, &log.open().log(), &gone).is_ok());
}

/// A node that stops between a redaction and its erasure goes on when it opens.
#[test]
fn an_erasure_that_a_stop_came_before_is_made_up_for() {
    let log = Log::new();
    let node = log.open();
    let gone = sealed(&node);
    drop(node);
    let node = log.open_slow();
    let admin = admin(&log, &node);
    let (_, event) = admin.system(&SystemEvent::Redacted { event: gone });
    let signed = Submission::Signed { event, payload: None, wraps: vec![], salt: None };
    node.submit(vec![signed]).unwrap();
    // The last block makes it final, when nothing is erased any more.
    drop((admin, node));
    let node = log.open();
    wait_erased(&node, 1);
    assert_eq!(node.wrap(&gone, &log.auditor.wrap().id()).unwrap(), None);
}

pub(crate) fn with_public(writer: &mut Writer, bytes: &[u8]) -> EventId {
    let body = EventBody { payload: public_payload(bytes), ..writer.body() };
    let (id, event) = writer.sign(&body);
    let payload = Some(bytes.to_vec());
    let signed = Submission::Signed { event, payload, wraps: vec![], salt: None };
    writer.node.submit(vec![signed]).unwrap();
    writer.sequence += 1;
    writer.previous = id;
    assert!(writer.node.wait_final(&id, SECOND));
    id
}

#[test]
fn writers_redact_their_own_and_what_others_share_stays() {
    let log = Log::new();
    let node = log.open();
    let (mut one, mut two) = (Writer::new(&node, 1), Writer::new(&node, 2));
    let text = b"a name that should not have been written down";
    let (first, second) = (with_public(&mut one, text), with_public(&mut two, text));
    let Payload::Public { digest, .. } = public_payload(text) else { panic!() };
    let redact = |event| SystemEvent::Redacted { event };
    assert_eq!(two.say(&redact(first)), Err("not-allowed"));
    let side = node.streams()[1].id;
    let mut elsewhere = Writer::with(&node, key(1), side);
    assert_eq!(elsewhere.say(&redact(first)), Err("not-allowed"));
    one.say(&redact(first)).unwrap();
    wait_erased(&node, 1);
    assert!(matches!(
        erasures(&node)[0],
        SystemEvent::Erased { payload: StoredPayload::Shared, .. }
    ));
    assert!(node.payload(&digest).unwrap().is_some());
    two.say(&redact(second)).unwrap();
    wait_erased(&node, 2);
    assert_eq!(node.payload(&digest).unwrap(), None);
    let found = raw(&log.path().join("payloads")).windows(text.len()).any(|part| part == text);
    assert!(!found, "the bytes are gone");
    // The same payload can be logged anew, by whoever still has it.
    let missing = EventBody { payload: public_payload(text), ..one.body() };
    let (_, event) = one.sign(&missing);
    let signed = Submission::Signed { event, payload: None, wraps: vec![], salt: None };
    assert_eq!(node.submit(vec![signed]).unwrap_err().reason.code(), "payload-missing");
    with_public(&mut one, text);
    assert!(node.payload(&digest).unwrap().is_some());
    let digest = PayloadDigest::from([1; 32]);
    assert_eq!(node.payload(&digest).unwrap(), None);
    let plain = ids(&node.submit(vec![draft("x")]).unwrap())[0];
    assert_eq!(admin(&log, &node).say(&redact(plain)), Err("nothing-sealed"));
}

/// What the node sealed it can wrap for more readers; what others sealed they must.
#[test]
fn grants_give_wraps_to_named_readers() {
    let log = Log::new();
    let node = log.open();
    let id = sealed(&node);
    let lawyer = key(5);
    let mut admin = admin(&log, &node);
    let grant = |readers| SystemEvent::Granted { event: id, readers };
    let to_lawyer = grant(vec![lawyer.wrap().id()]);
    assert_eq!(admin.say(&to_lawyer), Err("unknown-recipient"));
    admin.say(&added("lawyer", &lawyer)).unwrap();
    let mut auditor = Writer::with(&node, log.auditor.clone(), node.streams()[0].id);
    assert_eq!(auditor.say(&to_lawyer), Err("not-allowed"), "a reader gives no one else access");
    assert_eq!(node.wrap(&id, &lawyer.wrap().id()).unwrap(), None);
    admin.say(&to_lawyer).unwrap();
    let opens = |node: &Node, secret: &MemberSecret| {
        let wrap = node.wrap(&id, &secret.wrap().id()).unwrap().unwrap();
        secret.wrap().open_wrap(&wrap, &node.log(), &id).unwrap()
    };
    let expected = *opens(&node, &log.auditor).as_bytes();
    assert_eq!(opens(&node, &lawyer).as_bytes(), &expected);

    let other = key(6);
    admin.say(&added("other", &other)).unwrap();
    let wrap = node.wrap(&id, &lawyer.wrap().id()).unwrap().unwrap();
    let to_other = grant(vec![other.wrap().id()]);
    let wrong = vec![(lawyer.wrap().id(), wrap)];
    assert_eq!(admin.say_with(&to_other, wrong), Err("wraps-mismatch"));
    let mut both = vec![other.wrap().id(), lawyer.wrap().id()];
    both.sort();
    both.reverse();
    assert_eq!(admin.say(&grant(both)), Err("bad-system-event"), "ascending");

    drop((admin, auditor, node));
    let _lost = std::fs::remove_dir_all(log.path().join("index"));
    let node = log.open();
    assert_eq!(opens(&node, &lawyer).as_bytes(), &expected);
    let mut admin = Writer::with(&node, log.admin(), system_stream(&node));
    admin.say(&SystemEvent::Redacted { event: id }).unwrap();
    wait_erased(&node, 1);
    assert!(matches!(erasures(&node)[0], SystemEvent::Erased { records: 2, .. }));
    assert_eq!(node.wrap(&id, &lawyer.wrap().id()).unwrap(), None);
}

#[test]
fn a_key_that_was_given_up_redacts_nothing() {
    let log = Log::new();
    let node = log.open();
    let mut admin = admin(&log, &node);
    admin.say(&added("ann", &key(1))).unwrap();
    let mut ann = Writer::new(&node, 1);
    let (first, second) = (with_public(&mut ann, b"one"), with_public(&mut ann, b"two"));
    ann.say(&SystemEvent::Redacted { event: first }).unwrap();
    let key = ann.secret.key_id();
    admin.say(&SystemEvent::KeyEnded { name: "ann".to_owned(), key }).unwrap();
    let redaction = SystemEvent::Redacted { event: second };
    assert!(matches!(refusal(&ann, &redaction), Refusal::NotAllowed(NotAllowed::Signer { .. })));
    admin.say(&redaction).unwrap();
    wait_erased(&node, 2);
}

#[test]
fn a_member_has_64_keys_at_most() {
    let log = Log::new();
    let node = log.open();
    let mut admin = admin(&log, &node);
    let some = |from: u8, to: u8| -> Vec<_> {
        (from..to).map(|seed| (1, key(seed).public_key().to_vec())).collect()
    };
    let more = |keys| SystemEvent::KeysAdded { name: "ann".to_owned(), keys };
    let ann = SystemEvent::MemberAdded { name: "ann".to_owned(), keys: some(100, 132) };
    admin.say(&ann).unwrap();
    let found = refusal(&admin, &more(some(132, 164).into_iter().chain(some(164, 165)).collect()));
    assert_eq!(found.code(), "bad-system-event", "32 keys are named at a time: {found}");
    admin.say(&more(some(132, 164))).unwrap();
    assert_eq!(node.member("ann").unwrap().keys.len(), 64);
    let found = refusal(&admin, &more(some(164, 165)));
    let expected = NotAllowed::TooManyKeys { found: 65, limit: 64 };
    assert!(matches!(&found, Refusal::NotAllowed(why) if *why == expected), "{found}");
    assert_eq!(node.member("ann").unwrap().keys.len(), 64);
}

#[test]
fn wraps_come_with_a_grant_only() {
    let log = Log::new();
    let node = log.open();
    let id = sealed(&node);
    let mut admin = admin(&log, &node);
    let reader = log.auditor.wrap().id();
    let wrap = node.wrap(&id, &reader).unwrap().unwrap();
    let redaction = SystemEvent::Redacted { event: id };
    assert_eq!(admin.say_with(&redaction, vec![(reader, wrap)]), Err("wraps-mismatch"));
    assert!(node.wrap(&id, &reader).unwrap().is_some());
}

/// A log from before there was a stream for them.
#[test]
fn a_log_without_the_systems_stream_changes_no_members() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("data");
    copy_dir(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/data-1"), &path);
    let node = Node::open(&path, Options::default()).unwrap();
    assert_eq!(node.system_stream(), None);
    let writer = Writer::new(&node, 1);
    let found = refusal(&writer, &added("ann", &key(1)));
    assert!(matches!(&found, Refusal::NotAllowed(NotAllowed::NoSystemStream)), "{found}");
    assert!(found.to_string().contains("cairn init"), "{found}");
}
