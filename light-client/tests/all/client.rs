//! The client in a town with one node.

use cairn_light_client::{Client, ClientError};
use cairn_verifier::digest::EventId;
use cairn_verifier::event::Payload;
use cairn_verifier::payload::{Fields, message_key, seal};
use cairn_verifier::pcek::v2;
use cairn_verifier::secret::MemberSecret;

use super::kit::{Kit, four, small_log};
use super::node::{Town, receipt, run};

pub(crate) fn connect(town: &Town) -> Client<Town> {
    run(Client::connect_in(town.clone(), "http://node/", town.anchor())).unwrap()
}

fn id(town: &Town, index: usize) -> EventId {
    town.0.kit.borrow().ids[index]
}

pub(crate) fn code<T>(result: Result<T, ClientError>) -> &'static str {
    result.err().map_or("ok", |error| error.code())
}

#[test]
fn verifies_events_and_syncs_when_it_must() {
    let town = Town::new(small_log(50, four(1)));
    let client = connect(&town);
    assert!(client.head().is_none() && town.asked().is_empty());

    let receipt = run(client.event(&id(&town, 4))).unwrap();
    assert_eq!((receipt.id(), receipt.index()), (id(&town, 4), 4));
    // The base is the head, and the verdict rests on the anchor that the user pinned.
    assert_ne!(receipt.base(), town.anchor());
    assert_eq!(receipt.standing().anchor, town.anchor());
    assert_eq!(receipt.standing().post_quantum, Some(false));
    assert!(receipt.standing().signed.is_some());
    assert!(receipt.view().contains(&town.anchor().to_string()));
    assert!(receipt.view().contains("\"writerName\":\"ada\""), "{}", receipt.view());
    assert_eq!(town.asked().len(), 2);
    run(client.event(&id(&town, 5))).unwrap();
    assert_eq!(town.asked().len(), 1);

    town.grow(3);
    let newest = run(client.event(&id(&town, 12))).unwrap();
    assert_eq!(newest.header().header().height, 3);
    assert_eq!(town.asked().len(), 4, "refused, checkpoint, extends, receipt");
    assert_eq!(code(run(client.event(&EventId::ZERO))), "client-http-status");

    town.0.kit.borrow_mut().push_plain(1);
    let pending = id(&town, 14);
    let error = run(client.event(&pending)).unwrap_err();
    assert_eq!(error, ClientError::NotFinal { event: pending });
    assert_eq!(error.state(), "not-final");
}

#[test]
fn a_portable_receipt_stands_on_the_anchor() {
    let town = Town::new(small_log(51, four(1)));
    let client = connect(&town);
    let receipt = run(client.receipt(&id(&town, 0))).unwrap();
    assert_eq!(receipt.base(), town.anchor());
    // It is held against the history that this client follows.
    assert_eq!(client.head().unwrap().digest(), receipt.header().digest());
}

#[test]
fn another_events_receipt_is_refused() {
    let town = Town::new(small_log(52, four(1)));
    let client = connect(&town);
    let (asked, given) = (id(&town, 1), id(&town, 2));
    let digest = run(client.sync()).unwrap().digest();
    for base in [format!("header:{digest}"), "genesis".to_owned()] {
        let other = receipt(&town.0.kit.borrow(), &given.to_string(), &base).unwrap();
        let path = format!("/v1/receipts/{asked}?base={base}");
        town.0.instead.borrow_mut().insert(path, Some(other));
    }
    let error = ClientError::OtherEvent { expected: asked, found: given };
    assert_eq!(run(client.event(&asked)).unwrap_err(), error);
    assert_eq!(run(client.receipt(&asked)).unwrap_err(), error);
}

#[test]
fn evidence_outlives_the_client() {
    let town = Town::new(small_log(53, four(1)));
    let head = run(connect(&town).sync()).unwrap();
    let again = connect(&town);
    assert_eq!(again.head(), Some(head));
    assert!(again.refused_evidence().is_none());

    let anchor = town.anchor().to_string();
    let last = town.0.store.borrow()[&anchor].len() - 1;
    town.0.store.borrow_mut().get_mut(&anchor).unwrap()[last] ^= 1;
    let again = connect(&town);
    assert_eq!(again.refused_evidence().unwrap().code(), "finality-bad-vote");
    assert!(again.head().is_none());
    assert_eq!(run(again.sync()), Ok(head));
}

#[test]
fn a_node_that_fails_changes_nothing() {
    let town = Town::new(small_log(54, four(1)));
    let client = connect(&town);
    let head = run(client.sync()).unwrap();
    let checkpoint = "/v1/checkpoints/latest?base=genesis".to_owned();
    for (body, expected) in [
        (None, "client-network"),
        (Some(Vec::new()), "decode-truncated"),
        (Some(b"<html>".to_vec()), "decode-file-type"),
    ] {
        town.0.instead.borrow_mut().insert(checkpoint.clone(), body);
        assert_eq!(code(run(client.sync())), expected);
        assert_eq!(client.head(), Some(head));
    }
    town.0.instead.borrow_mut().clear();
    town.grow(1);
    town.0.instead.borrow_mut().insert("/v1/proofs/extends?from=2&to=3".to_owned(), None);
    assert_eq!(code(run(client.sync())), "client-network");
    assert_eq!(client.head(), Some(head));
}

#[test]
fn addresses_are_plain() {
    let town = Town::new(small_log(55, four(1)));
    for node in [
        "",
        "node",
        "ftp://node",
        "http://",
        "http:///x",
        "http://a b",
        "http://n?x",
        "http://u@n",
        "javascript:1",
    ] {
        let connected = run(Client::connect_in(town.clone(), node, town.anchor()));
        assert_eq!(code(connected), "client-bad-node", "{node}");
    }
}

/// An RNG that counts.
struct Counter(u8);

impl rand_core::TryRng for Counter {
    type Error = core::convert::Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        self.0 = self.0.wrapping_add(1);
        Ok(u32::from(self.0))
    }
    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        self.try_next_u32().map(u64::from)
    }
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        for byte in bytes {
            self.0 = self.0.wrapping_add(1);
            *byte = self.0;
        }
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Counter {}

/// A log whose event 0 has a payload sealed to the auditor.
pub(crate) fn sealed() -> Town {
    let mut kit = Kit::new(56, four(1));
    let plaintext = Fields::encode(&[("amount".to_owned(), b"12".to_vec())].into()).unwrap();
    let mut body = kit.body();
    let context = body.context();
    let key = message_key(&[3; 32], &[4; 32], &context);
    let sealed = seal(&plaintext, &context, &key, &[5; 24]).unwrap();
    body.payload = Payload::Sealed(sealed.commitment);
    kit.push(&body);
    kit.push_plain(1);
    kit.block(None);
    let (public, event) = (kit.auditor.wrap().public_key(), kit.ids[0]);
    let wrap = v2::wrap(&key, &public, (&kit.log, &event), &mut Counter(0)).unwrap();
    let auditor = kit.auditor.public_key();
    let town = Town::new(kit);
    let digest = sealed.commitment.ciphertext.to_string();
    town.0.payloads.borrow_mut().insert(digest, sealed.stored);
    town.0.wraps.borrow_mut().insert((event.to_string(), auditor), wrap);
    town
}

#[test]
fn opens_for_the_recipient_only() {
    let town = sealed();
    let client = connect(&town);
    let auditor = town.0.kit.borrow().auditor.clone();
    let payload = run(client.open(&id(&town, 0), &auditor)).unwrap();
    let fields: Vec<_> = payload.opened().fields().unwrap().iter().collect();
    assert_eq!(fields, [("amount", b"12".as_slice())]);
    assert_eq!(code(run(client.open(&id(&town, 1), &auditor))), "payload-not-sealed");

    let stranger = MemberSecret::from_seed([0xb0; 32]).unwrap();
    assert_eq!(code(run(client.open(&id(&town, 0), &stranger))), "client-no-wrap");
    // A node that hands out a wrap that is someone else's helps no stranger.
    let wrap = town.0.wraps.borrow().values().next().unwrap().clone();
    let key = (id(&town, 0).to_string(), stranger.public_key());
    town.0.wraps.borrow_mut().insert(key, wrap.clone());
    assert_eq!(code(run(client.open(&id(&town, 0), &stranger))), "payload-not-the-recipient");

    let key = (id(&town, 0).to_string(), auditor.public_key());
    for at in 9..wrap.len() {
        let mut bent = wrap.clone();
        bent[at] ^= 1;
        town.0.wraps.borrow_mut().insert(key.clone(), bent);
        assert_eq!(code(run(client.open(&id(&town, 0), &auditor))), "payload-bad-wrap", "{at}");
        if at == 40 {
            break;
        }
    }
    town.0.wraps.borrow_mut().insert(key, wrap);
    for payload in town.0.payloads.borrow_mut().values_mut() {
        payload[30] ^= 1;
    }
    assert_eq!(code(run(client.open(&id(&town, 0), &auditor))), "event-other-payload");
}
