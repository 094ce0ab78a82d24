//! Opening payloads and single fields; limits of events; key files.

#![expect(clippy::unwrap_used, reason = "a test crate")]

mod kit;

use std::collections::BTreeMap;

use cairn_verifier::UnixMillis;
use cairn_verifier::digest::{ContextDigest, EventId};
use cairn_verifier::event::{
    EventBody, Metadata, Payload, SignedEvent, context_of, encode_metadata,
};
use cairn_verifier::payload::{FieldOpening, Fields, MessageKey, message_key, open, seal};
use cairn_verifier::receipt::verify;
use cairn_verifier::secret::{MemberSecret, ValidatorSecret};
use kit::{Kit, four};

fn fields(count: u8) -> BTreeMap<String, Vec<u8>> {
    (0..count).map(|n| (format!("field {n:03}"), vec![n; usize::from(n)])).collect()
}

/// A sealed event's body, what is stored, and its key.
fn sealed(kit: &Kit, fields: &BTreeMap<String, Vec<u8>>) -> (Vec<u8>, Vec<u8>, MessageKey) {
    let plaintext = Fields::encode(fields).unwrap();
    let mut body = kit.body();
    let context: ContextDigest = body.context();
    let key = message_key(&[1; 32], &[2; 32], &context);
    let sealed = seal(&plaintext, &context, &key, &[3; 24]).unwrap();
    body.payload = Payload::Sealed(sealed.commitment);
    let bytes = body.encode().unwrap();
    assert_eq!(context_of(&bytes), Some(context), "the context is the same before and after");
    (bytes, sealed.stored, key)
}

#[test]
fn what_was_sealed_opens() {
    let kit = Kit::new(40, four(1));
    for count in [1, 2, 3, 7, 8, 20] {
        let fields = fields(count);
        let (body, stored, key) = sealed(&kit, &fields);
        let opened = open(&body, &stored, &key).unwrap();
        let found: Vec<_> = opened.fields().unwrap().iter().collect();
        assert!(
            found
                .iter()
                .map(|(name, value)| (*name, value.to_vec()))
                .eq(fields.iter().map(|(name, value)| (name.as_str(), value.clone())))
        );
    }
}

#[test]
fn another_events_payload_does_not_open() {
    let mut kit = Kit::new(41, four(1));
    let (first, stored, key) = sealed(&kit, &fields(2));
    kit.push_plain(1);
    let (second, _, _) = sealed(&kit, &fields(2));
    let code = |body: &[u8], key: &MessageKey| open(body, &stored, key).unwrap_err().code();
    assert_eq!(code(&second, &key), "payload-key-commitment");
    assert_eq!(code(&first, &MessageKey::from_bytes([9; 32])), "payload-key-commitment");
    let plain = kit.body().encode().unwrap();
    assert_eq!(code(&plain, &key), "payload-not-sealed");
}

#[test]
fn an_opened_payload_or_field_is_verified_only_beside_its_event() {
    let mut kit = Kit::new(42, four(1));
    let (bytes, stored, key) = sealed(&kit, &fields(2));
    kit.push(&EventBody::decode(&bytes).unwrap());
    kit.push_plain(1);
    kit.block(None);
    let receipts = [kit.parts(0).encode(), kit.parts(1).encode()];
    let [own, other] =
        receipts.each_ref().map(|bytes| verify(bytes, kit.anchor(), kit.now(), &mut ()).unwrap());
    let opened = open(&bytes, &stored, &key).unwrap();
    assert_eq!(opened.clone().verified(other.event()).unwrap_err().code(), "payload-other-event");
    let bytes_of_field = opened.open_field(&bytes, &key, "field 001").unwrap();
    let field = FieldOpening::decode(&bytes_of_field).unwrap().verify(&bytes).unwrap();
    assert_eq!(field.of(other.event()).unwrap_err().code(), "payload-other-event");
    assert_eq!(field.of(own.event()), Ok(field));
    assert_eq!(opened.verified(own.event()).unwrap().opened().event(), own.event().id());
}

#[test]
fn one_field_opens_without_the_others() {
    let kit = Kit::new(43, four(1));
    for count in [1, 2, 3, 7, 8] {
        let fields = fields(count);
        let (body, stored, key) = sealed(&kit, &fields);
        let opened = open(&body, &stored, &key).unwrap();
        for (name, value) in &fields {
            let bytes = opened.open_field(&body, &key, name).unwrap();
            let field = FieldOpening::decode(&bytes).unwrap().verify(&body).unwrap();
            assert_eq!((field.name(), field.value()), (name.as_str(), value.as_slice()));
        }
        let bytes = opened.open_field(&body, &key, "field 000").unwrap();
        for at in 0..bytes.len() {
            let mut bent = bytes.clone();
            bent[at] ^= 1;
            let found = FieldOpening::decode(&bent).map(|opening| opening.verify(&body));
            assert!(!matches!(found, Ok(Ok(_))), "byte {at} of {count} fields");
        }
    }
    assert!(Fields::encode(&BTreeMap::new()).is_err());
}

#[test]
fn a_field_opening_is_strict() {
    let kit = Kit::new(43, four(1));
    let (body, stored, key) = sealed(&kit, &fields(2));
    let good = open(&body, &stored, &key).unwrap().open_field(&body, &key, "field 000").unwrap();
    let code =
        |bytes: &[u8]| FieldOpening::decode(bytes).map_or_else(|error| error.code(), |_| "ok");
    let with = |at: usize, byte: u8| {
        let mut bent = good.clone();
        bent[at] = byte;
        bent
    };
    assert_eq!(code(&good), "ok");
    assert_eq!(code(&with(0, 2)), "decode-version");
    assert_eq!(code(&with(1, b'R')), "decode-file-type");
    // The last byte of the first name: after version, type, count and the name's length.
    let last_of_name = 2 + 2 + 1 + "field 00".len();
    assert_eq!(good[last_of_name], b'0');
    assert_eq!(code(&with(last_of_name, b'1')), "decode-not-ascending");
    assert_eq!(code(&with(last_of_name, b'2')), "decode-not-ascending");
}

#[test]
fn a_body_keeps_its_limits() {
    let kit = Kit::new(44, four(1));
    let refused = |bend: &dyn Fn(&mut EventBody<'static>)| {
        let mut body = kit.body();
        bend(&mut body);
        body.encode().map_or_else(|error| error.code(), |_| "ok")
    };
    let long: &'static str = Box::leak("x".repeat(4_097).into_boxed_str());
    assert_eq!(refused(&|_| ()), "ok");
    assert_eq!(refused(&|body| body.event_type = ""), "decode-not-canonical");
    assert_eq!(refused(&|body| body.event_type = &long[..129]), "decode-out-of-range");
    assert_eq!(refused(&|body| body.actor.kind = &long[..129]), "decode-out-of-range");
    assert_eq!(refused(&|body| body.actor.id = long), "decode-out-of-range");
    assert_eq!(refused(&|body| body.resource.party.kind = &long[..129]), "decode-out-of-range");
    assert_eq!(refused(&|body| body.resource.party.id = long), "decode-out-of-range");
    assert_eq!(refused(&|body| body.resource.parent = long), "decode-out-of-range");
    assert_eq!(refused(&|body| body.reason = long), "decode-out-of-range");
    assert_eq!(refused(&|body| body.reason = &long[1..]), "ok");
    assert_eq!(refused(&|body| body.sequence = 1), "decode-not-canonical");
    let previous = EventId::from_bytes([1; 32]);
    assert_eq!(refused(&|body| body.previous = previous), "decode-not-canonical");

    let entries: BTreeMap<String, String> =
        (0..20).map(|n| (format!("{n}"), "x".repeat(4_000))).collect();
    let metadata = encode_metadata(&entries).unwrap();
    let mut large = kit.body();
    large.metadata = Metadata::decode(&metadata).unwrap();
    assert_eq!(large.encode().unwrap_err().code(), "decode-out-of-range");
    let many: BTreeMap<String, String> = (0..65).map(|n| (format!("{n}"), String::new())).collect();
    assert!(encode_metadata(&many).is_err());
    assert!(encode_metadata(&[(String::new(), String::new())].into()).is_err());
}

#[test]
fn every_flipped_byte_of_an_event_is_refused() {
    let kit = Kit::new(45, four(1));
    let signed = kit.sign(&kit.body());
    assert!(SignedEvent::decode(&signed).unwrap().verify().is_ok());
    for at in 0..signed.len() {
        let mut bent = signed.clone();
        bent[at] ^= 1;
        let found = SignedEvent::decode(&bent).map(|event| event.verify());
        assert!(!matches!(found, Ok(Ok(_))), "byte {at}");
    }
}

#[test]
fn key_files_have_one_form() {
    let member = MemberSecret::from_seed([7; 32]).unwrap();
    let text = member.to_text();
    assert_eq!(MemberSecret::parse(&text).unwrap().key_id(), member.key_id());
    let commented = format!("# keep this\n\n  {}  \n", text.as_str());
    assert_eq!(MemberSecret::parse(&commented).unwrap().key_id(), member.key_id());
    let validator = ValidatorSecret::from_seed([7; 32]).to_text();
    assert!(MemberSecret::parse(&validator).is_err());
    assert!(ValidatorSecret::parse(&text).is_err());
    assert!(ValidatorSecret::parse(&validator).is_ok());
    for bad in ["", "# nothing", &text[..text.len() - 1], &text.to_uppercase()] {
        assert!(MemberSecret::parse(bad).is_err(), "{bad}");
    }
    assert!(MemberSecret::parse(&format!("{0}\n{0}", text.as_str())).is_err());
}

#[test]
fn a_bad_signature_is_no_ones() {
    // A member's request signature is no event signature: roles differ.
    use cairn_verifier::finality::{PublicKey, Role, Suite};
    let member = MemberSecret::from_seed([7; 32]).unwrap();
    let key = member.public_key();
    let key = PublicKey::new(Suite::Ed25519, &key).unwrap();
    let message = cairn_verifier::request::message(
        &cairn_verifier::digest::LogId::ZERO,
        UnixMillis(5),
        "/v1/wraps/00",
    );
    let signature = member.sign(Role::Request, &message).unwrap();
    assert!(key.verify(Role::Request, &message, &signature).is_ok());
    assert!(key.verify(Role::Event, &message, &signature).is_err());
}

#[test]
fn another_stored_payload_does_not_open() {
    let kit = Kit::new(46, four(1));
    let (body, stored, key) = sealed(&kit, &fields(3));
    for at in [0, 24, stored.len() - 1] {
        let mut bent = stored.clone();
        bent[at] ^= 1;
        assert_eq!(open(&body, &bent, &key).unwrap_err().code(), "event-other-payload");
    }
    // Committed to, but never a ciphertext.
    for garbage in [vec![0; 60], vec![0; 10], Vec::new()] {
        let mut claim = kit.body();
        let context = claim.context();
        let key = message_key(&[1; 32], &[2; 32], &context);
        let plaintext = Fields::encode(&fields(1)).unwrap();
        let mut commitment = seal(&plaintext, &context, &key, &[3; 24]).unwrap().commitment;
        let digest =
            cairn_verifier::digest::derive(cairn_verifier::digest::CIPHERTEXT, &[&garbage]);
        commitment.ciphertext = digest.into();
        claim.payload = Payload::Sealed(commitment);
        let found = open(&claim.encode().unwrap(), &garbage, &key);
        assert_eq!(found.unwrap_err().code(), "payload-bad-ciphertext");
    }
}

#[test]
fn plaintexts_have_one_form() {
    let refused = |bytes: &[u8]| Fields::decode(bytes).unwrap_err().code();
    let field = |name: &[u8]| [&[u8::try_from(name.len()).unwrap()], name, &[0; 4]].concat();
    let plain = |count: u8, fields: &[Vec<u8>]| [&[1, 0, count][..], &fields.concat()].concat();
    assert!(Fields::decode(&plain(2, &[field(b"a"), field(b"b")])).is_ok());
    assert_eq!(refused(&plain(2, &[field(b"b"), field(b"a")])), "decode-not-ascending");
    assert_eq!(refused(&plain(2, &[field(b"a"), field(b"a")])), "decode-not-ascending");
    assert_eq!(refused(&plain(1, &[field(b"")])), "decode-not-canonical");
    assert_eq!(refused(&plain(0, &[])), "decode-not-canonical");
    assert_eq!(refused(&plain(1, &[field(b"a"), field(b"b")])), "decode-trailing-bytes");
    assert_eq!(refused(&[2, 0, 1]), "decode-version");
    assert_eq!(refused(&[1, 4, 1]), "decode-out-of-range");
    assert_eq!(refused(&plain(1, &[field(&[b'a'; 129])])), "decode-out-of-range");
    let mut long = BTreeMap::new();
    long.insert("x".repeat(300), Vec::new());
    assert_eq!(Fields::encode(&long).unwrap_err().code(), "decode-out-of-range");
}

#[test]
fn what_no_length_can_hold_is_not_encoded() {
    let kit = Kit::new(47, four(1));
    let long: &'static str = Box::leak("x".repeat(70_000).into_boxed_str());
    let refused = |bend: &dyn Fn(&mut EventBody<'static>)| {
        let mut body = kit.body();
        bend(&mut body);
        body.encode().unwrap_err().code()
    };
    assert_eq!(refused(&|body| body.event_type = &long[..300]), "decode-out-of-range");
    assert_eq!(refused(&|body| body.actor.kind = &long[..300]), "decode-out-of-range");
    assert_eq!(refused(&|body| body.actor.id = long), "decode-out-of-range");
    assert_eq!(refused(&|body| body.resource.party.kind = &long[..300]), "decode-out-of-range");
    assert_eq!(refused(&|body| body.resource.party.id = long), "decode-out-of-range");
    assert_eq!(refused(&|body| body.resource.parent = long), "decode-out-of-range");
    assert_eq!(refused(&|body| body.reason = long), "decode-out-of-range");
    let entry = |key: &str, value: &str| [(key.to_string(), value.to_string())].into();
    assert!(encode_metadata(&entry(&long[..300], "")).is_err());
    assert!(encode_metadata(&entry("key", long)).is_err());
}

#[test]
fn a_json_view_is_json() {
    use cairn_verifier::json;
    let kit = Kit::new(48, four(1));
    let text = "\"\\\n\t\u{1}\u{7f}\u{2028}</script>é🦀";
    let entries: BTreeMap<String, String> = [("__proto__".into(), text.into())].into();
    let metadata = encode_metadata(&entries).unwrap();
    let mut body = kit.body();
    body.metadata = Metadata::decode(&metadata).unwrap();
    body.reason = text;
    let view = json::event(&body);
    assert!(!view.contains('<') && !view.contains('\u{2028}') && !view.contains('\n'));
    let value: serde_json::Value = serde_json::from_str(&view).unwrap();
    assert_eq!(value["reason"], text);
    assert_eq!(value["metadata"]["__proto__"], text);
    assert_eq!(value["type"], "door.opened");
}
