//! Sealed payloads: stored for all, opened by the recipient, wraps given to nobody else.

use cairn_node::clock;
use cairn_verifier::UnixMillis;
use cairn_verifier::digest::{EventId, Hash};
use cairn_verifier::finality::Role;
use cairn_verifier::payload;
use cairn_verifier::request;
use cairn_verifier::secret::MemberSecret;

use crate::kit::{Answer, Served, draft, sealed_draft, serve, verified};

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn header(
    served: &Served,
    secret: &MemberSecret,
    time: UnixMillis,
    path: &str,
) -> String {
    let message = request::message(&served.node.log(), time, path);
    let signature = secret.sign(Role::Request, &message).unwrap();
    let (key, signature) = (hex(&secret.public_key()), hex(&signature));
    format!("Cairn key={key}, time={}, signature={signature}", time.0)
}

fn ask(served: &Served, secret: &MemberSecret, event: &EventId) -> Answer {
    let path = format!("/v1/wraps/{event}");
    let header = header(served, secret, clock::now(), &path);
    served.get_with(&path, &[("authorization", &header)])
}

#[test]
fn the_recipient_opens_the_payload_and_nobody_else() {
    let served = serve();
    let id = served.post_final(&sealed_draft("ann"))[0];
    let receipt = served.get(&format!("/v1/receipts/{id}?payload=1")).body;
    let fact = verified(&served, &receipt);
    assert_eq!(fact.wraps().count(), 0, "wraps stand in no public answer");

    let answer = ask(&served, &served.ann, &id);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("cache-control"), "no-store");
    let log = served.node.log();
    let key = served.ann.wrap().open_wrap(&answer.body, &log, &id).unwrap();
    let opened = payload::open(fact.body(), fact.payload().unwrap(), &key).unwrap();
    let opened = opened.verified(fact.event()).unwrap();
    let fields = opened.opened().fields().unwrap();
    let fields: Vec<_> = fields.iter().collect();
    assert_eq!(fields, [("amount", b"5100".as_slice()), ("reason", b"promotion")]);
    assert!(served.bob.wrap().open_wrap(&answer.body, &log, &id).is_err());

    let stranger = MemberSecret::from_seed([3; 32]).unwrap();
    for secret in [&served.bob, &stranger] {
        let problem = ask(&served, secret, &id).problem();
        assert_eq!(problem, (404, "no-wrap-for-this-key".to_owned()));
    }
    let plain = served.post_final(&draft("a.b"))[0];
    assert_eq!(ask(&served, &served.ann, &plain).problem().0, 404);
    assert_eq!(ask(&served, &served.ann, &EventId::ZERO).problem().0, 404);
}

#[test]
fn requests_must_be_signed_for_this_moment_and_path() {
    let served = serve();
    let id = served.post_final(&sealed_draft("ann"))[0];
    let path = format!("/v1/wraps/{id}");
    let now = clock::now();
    let sign = |time, path: &str| header(&served, &served.ann, time, path);
    let good = sign(now, &path);
    let other_key = hex(&served.bob.public_key());
    let (_, after_key) = good.split_once(", ").unwrap();
    let zero = Hash::ZERO;

    let cases = [
        (sign(UnixMillis(now.0 - 61_000), &path), "auth-time"),
        (sign(UnixMillis(now.0 + 120_000), &path), "auth-time"),
        (sign(UnixMillis(0), &path), "auth-time"),
        (sign(now, &format!("{path}?a=b")), "auth-bad-signature"),
        (sign(now, &format!("/v1/wraps/{}", EventId::ZERO)), "auth-bad-signature"),
        (sign(now, "/"), "auth-bad-signature"),
        (format!("Cairn key={other_key}, {after_key}"), "auth-bad-signature"),
        (format!("Cairn key={zero}, {after_key}"), "auth-bad-signature"),
        ("Bearer abc".to_owned(), "auth-malformed"),
        ("Cairn".to_owned(), "auth-malformed"),
        (good.replace("key=", "kei="), "auth-malformed"),
        (format!("{good}, time={}", now.0), "auth-malformed"),
        (good.replace("time=", "time=x"), "auth-malformed"),
        (good.get(..good.len() - 1).unwrap().to_owned(), "auth-malformed"),
        (format!("Cairn {after_key}"), "auth-malformed"),
    ];
    for (header, code) in cases {
        let answer = served.get_with(&path, &[("authorization", &header)]);
        assert_eq!(answer.problem(), (401, code.to_owned()), "{header}");
        assert_eq!(answer.header("www-authenticate"), "Cairn");
    }
    assert_eq!(served.get(&path).problem(), (401, "auth-missing".to_owned()));
    let twice = [("authorization", good.as_str()), ("authorization", good.as_str())];
    assert_eq!(served.get_with(&path, &twice).problem().1, "auth-malformed");
    assert_eq!(served.get("/v1/wraps/abc").problem(), (400, "bad-parameter".to_owned()));
    assert_eq!(served.get_with(&path, &[("authorization", &good)]).status, 200);
}

#[test]
fn a_request_for_another_log_is_not_valid_here() {
    let (served, other) = (serve(), serve());
    let id = served.post_final(&sealed_draft("ann"))[0];
    let path = format!("/v1/wraps/{id}");
    let header = header(&other, &served.ann, clock::now(), &path);
    let answer = served.get_with(&path, &[("authorization", &header)]);
    assert_eq!(answer.problem().1, "auth-bad-signature");
}
