//! Sealed payloads: for the recipient, and for nobody else.

use cairn_node::ingest::Submission;
use cairn_node::node::Node;
use cairn_node::proofs::{BaseChoice, ReceiptWith};
use cairn_verifier::digest::EventId;
use cairn_verifier::event::{Payload, SignedEvent};
use cairn_verifier::payload::{self, PayloadError};
use cairn_verifier::secret::MemberSecret;
use cairn_verifier::{UnixMillis, receipt};

use crate::support::{Log, SECOND, Writer, draft_json, ids};

pub(crate) fn sealed(node: &Node) -> EventId {
    let draft = draft_json(
        r#"{"type":"salary.changed","actor":{"kind":"user","id":"alice"},
            "resource":{"kind":"person","id":"bob"},
            "payload":{"sealed":{"fields":{"from":"100","to":"200"},"recipients":["auditor","auditor"]}}}"#,
    );
    let id = ids(&node.submit(vec![Submission::Draft(draft)]).unwrap())[0];
    assert!(node.wait_final(&id, SECOND));
    id
}

#[test]
fn the_auditor_opens_it_and_another_does_not() {
    let log = Log::new();
    let node = log.open();
    let id = sealed(&node);
    let key = log.auditor.wrap();
    let wraps = [key.id()];
    let with = ReceiptWith { payload: true, wraps: &wraps };
    let file = node.receipt(&id, BaseChoice::Genesis, with).unwrap();
    let now = UnixMillis(node.status().head_time);
    let verified = receipt::verify(&file, log.anchor, now, &mut ()).unwrap();
    let wrap = verified.wraps().iter().next().unwrap();

    let message_key = key.open_wrap(wrap, &node.log(), &id).unwrap();
    let opened = payload::open(verified.body(), verified.payload().unwrap(), &message_key).unwrap();
    let opened = opened.verified(verified.event()).unwrap();
    let fields = opened.opened().fields().unwrap();
    let fields: Vec<_> = fields.iter().collect();
    assert_eq!(fields, [("from", b"100".as_slice()), ("to", b"200")]);

    let other = MemberSecret::from_seed([43; 32]).unwrap();
    let refused = other.wrap().open_wrap(wrap, &node.log(), &id).unwrap_err();
    assert!(matches!(refused, PayloadError::NotTheRecipient { .. }));
    let mut flipped = wrap.to_vec();
    *flipped.last_mut().unwrap() ^= 1;
    let refused = key.open_wrap(&flipped, &node.log(), &id).unwrap_err();
    assert_eq!(refused, PayloadError::BadWrap);
}

#[test]
fn wraps_are_found_by_recipient_and_survive_a_restart() {
    let log = Log::new();
    let node = log.open();
    let (one, two) = (sealed(&node), sealed(&node));
    let key = log.auditor.wrap();
    let first = node.wrap(&one, &key.id()).unwrap().unwrap();
    assert_ne!(Some(&first), node.wrap(&two, &key.id()).unwrap().as_ref());
    assert_eq!(node.wrap(&one, &[1; 32].into()).unwrap(), None);
    assert_eq!(node.wrap(&[1; 32].into(), &key.id()).unwrap(), None);
    drop(node);
    let node = log.open();
    assert_eq!(node.wrap(&one, &key.id()).unwrap().as_ref(), Some(&first));
    // The chain key is the same after the restart, and the salt another for every event.
    let three = sealed(&node);
    let wrap = node.wrap(&three, &key.id()).unwrap().unwrap();
    assert!(key.open_wrap(&wrap, &node.log(), &three).is_ok());
    let member = node.member_by_signing_key(&log.auditor.public_key()).unwrap();
    let wraps: Vec<_> = member.keys.iter().filter(|key| !key.signs).map(|key| key.id).collect();
    assert_eq!((member.name.as_str(), wraps), ("auditor", vec![key.id()]));
    assert_eq!(node.member_by_signing_key(&[1; 32]), None);
}

#[test]
fn neither_wraps_nor_plaintext_are_in_the_log() {
    let log = Log::new();
    let node = log.open();
    let id = sealed(&node);
    let wrap = node.wrap(&id, &log.auditor.wrap().id()).unwrap().unwrap();
    drop(node);
    let entries = std::fs::read(log.path().join("log/entries/00000000000000000000.seg")).unwrap();
    let contains = |needle: &[u8]| entries.windows(needle.len()).any(|window| window == needle);
    assert!(contains(b"salary.changed"));
    assert!(!contains(&wrap[..64]));
    let chain = std::fs::read_dir(log.path().join("keys/chain")).unwrap().count();
    assert_eq!(chain, 1);
}

#[cfg(unix)]
#[test]
fn key_files_are_for_the_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let log = Log::new();
    let node = log.open();
    sealed(&node);
    let chain = format!("keys/chain/{}.key", node.streams()[0].id);
    let records = "keystore/records.seg";
    for file in ["keys/validator.key", "keys/ingest.key", &chain, records] {
        let mode = log.path().join(file).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

/// A client that seals by itself sends ciphertext, wraps and salt; each is checked.
#[test]
fn a_writer_seals_for_itself() {
    let log = Log::new();
    let node = log.open();
    let writer = Writer::new(&node, 1);
    let plaintext = [("raw".to_owned(), b"secret".to_vec())].into();
    let plaintext = payload::Fields::encode(&plaintext).unwrap();
    let mut body = writer.body();
    let (salt, context) = ([7; 32], body.context());
    let key = payload::message_key(&[8; 32], &salt, &context);
    let sealed = payload::seal(&plaintext, &context, &key, &[9; 24]).unwrap();
    body.payload = Payload::Sealed(sealed.commitment);
    let (id, event) = writer.sign(&body);
    assert!(SignedEvent::decode(&event).is_ok());
    // The node's own wrap of another event has the right shape, but is not checked further:
    // only the recipient can see that it does not open.
    let recipient = log.auditor.wrap().id();
    let other = super::sealed::sealed(&node);
    let wrap = node.wrap(&other, &recipient).unwrap().unwrap();

    let submit = |payload: Vec<u8>, wraps| {
        let event = event.clone();
        let salt = Some(salt);
        let signed = Submission::Signed { event, payload: Some(payload), wraps, salt };
        node.submit(vec![signed]).map_err(|refused| refused.reason.code())
    };
    let stored = sealed.stored;
    let mut changed = stored.clone();
    changed[30] ^= 1;
    assert_eq!(submit(changed, vec![]), Err("payload-mismatch"));
    assert_eq!(submit(stored[1..].to_vec(), vec![]), Err("payload-mismatch"));
    let stranger = MemberSecret::from_seed([77; 32]).unwrap().wrap().id();
    assert_eq!(submit(stored.clone(), vec![(stranger, wrap.clone())]), Err("unknown-recipient"));
    assert_eq!(submit(stored.clone(), vec![(recipient, wrap[1..].to_vec())]), Err("bad-wrap"));
    let twice = vec![(recipient, wrap.clone()), (recipient, wrap.clone())];
    assert_eq!(submit(stored.clone(), twice), Err("bad-wrap"));
    assert!(submit(stored, vec![(recipient, wrap.clone())]).is_ok());
    assert_eq!(node.wrap(&id, &recipient).unwrap(), Some(wrap));
}
