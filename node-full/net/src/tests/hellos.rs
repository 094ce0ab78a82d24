//! Who is let in, and what those who are not are told.

use std::sync::Arc;

use cairn_verifier::digest::LogId;
use cairn_verifier::finality::{PublicKey, Suite};
use cairn_verifier::secret::{MemberSecret, ValidatorSecret};

use super::kit::*;
use crate::frame::Kind;
use crate::hello::{End, Hello};
use crate::tls::binding;
use crate::{AllowedPeer, Config, Incoming, Network as _, PeerAddress};

#[test]
fn two_nodes_talk_and_know_each_other() {
    let [a, b] = &keys();
    let (first, second) = pair([a, b]);
    assert!(first.links.send(b.key_id(), b"one"));
    second.links.broadcast(b"two");
    assert_eq!(second.next(), message(a, b"one"));
    assert_eq!(first.next(), message(b, b"two"));
    until("a round trip", || first.of(b).round_trip.is_some());
    let status = first.of(b);
    assert_eq!((status.outbound, status.height, status.links), (false, 42, 1));
    assert_eq!((status.sent, status.received, status.received_bytes), (1, 1, 3));
    assert!(second.of(a).outbound && status.trouble.is_none());
}

#[test]
fn keys_of_every_suite_prove_who_is_there() {
    let ed25519 = Arc::new(MemberSecret::from_seed([1; 32]).unwrap());
    let third = Arc::new(ValidatorSecret::suite_3_from_seed([2; 32]));
    let bytes = ed25519.public_key();
    let peers =
        vec![AllowedPeer::new(&PublicKey::new(Suite::Ed25519, &bytes).unwrap()), allowed(&third)];
    let first = Party::with(Config { identity: ed25519.clone(), ..config(&third, Vec::new()) });
    let at = PeerAddress { id: ed25519.key_id(), at: first.address().to_string() };
    let second = Party::start(&third, vec![at]);
    first.links.allow(peers.clone());
    second.links.allow(peers);
    first.up(&third);
    assert_eq!(second.next(), Incoming::Up(ed25519.key_id()));
}

#[test]
fn a_key_that_the_log_does_not_name_is_turned_away() {
    let [a, b, c] = &keys();
    let first = Party::start(a, Vec::new());
    first.allow(&[a, b]);
    let stranger = Party::start(c, vec![first.at(a)]);
    stranger.allow(&[a, c]);
    stranger.trouble(a, "is no validator or node of this log");
    assert!(first.inbox.try_recv().is_err());
}

#[test]
fn somebody_else_than_was_asked_for_is_named() {
    let [a, b, c] = &keys();
    let first = Party::start(a, Vec::new());
    first.allow(&[a, b]);
    let second = Party::start(b, vec![PeerAddress { id: c.key_id(), ..first.at(a) }]);
    second.allow(&[a, b, c]);
    second.trouble(c, &format!("{} was asked for, {} is there", c.key_id(), a.key_id()));
}

#[test]
fn another_keys_signature_proves_nothing() {
    let [a, b, c] = &keys();
    let first = Party::start(a, Vec::new());
    first.allow(&[a, b]);
    let said = attack(async {
        let mut stream = tls(first.address()).await;
        // Says that it is b, and signs as c.
        let honest = hello(&stream, (b, a.key_id(), about()));
        let mut bytes = hello(&stream, (c, a.key_id(), about())).encode();
        let from = 1 + 2 + 2 + 8 + 8 + 32 + 8 + 8;
        bytes[from..from + 32].copy_from_slice(b.key_id().as_bytes());
        assert_eq!(Hello::decode(&bytes).unwrap().from, honest.from);
        say(&mut stream, Kind::Hello, &bytes).await;
        hear_bye(&mut stream).await
    });
    assert!(said.contains("is not of this connection"), "{said}");
    assert!(first.inbox.try_recv().is_err());
}

#[test]
fn a_proof_of_the_other_end_is_not_one_of_this_end() {
    let [a, b] = &keys();
    let first = Party::start(a, Vec::new());
    first.allow(&[a, b]);
    let said = attack(async {
        let mut stream = tls(first.address()).await;
        let place = (a.key_id(), End::Answered, &binding(&stream).unwrap());
        let hello = Hello::sign(about(), b.as_ref(), place).unwrap();
        say(&mut stream, Kind::Hello, &hello.encode()).await;
        hear_bye(&mut stream).await
    });
    assert!(said.contains("is not of this connection"), "{said}");
}

#[test]
fn versions_features_and_logs_that_do_not_fit_are_told() {
    let [a, b] = &keys();
    let first = Party::with(Config { features: (0b11, 0b10), ..config(a, Vec::new()) });
    first.allow(&[a, b]);
    let mut fits = about();
    (fits.features, fits.needs) = (0b110, 0b1);
    let [mut newer, mut lacks, mut needs, mut other] = std::array::from_fn(|_| fits.clone());
    newer.versions = 2..=3;
    lacks.features = 0b101;
    needs.needs = 0b100;
    other.log = LogId::from_bytes([8; 32]);
    for (about, part) in [
        (newer, "speaks link versions 1..=1, the other one 2..=3"),
        (lacks, "has features 0x5 and the other one needs 0x2"),
        (needs, "has features 0x3 and the other one needs 0x4"),
        (other, "the other one 08080808"),
    ] {
        let said = attack(async {
            let mut stream = tls(first.address()).await;
            let hello = hello(&stream, (b, a.key_id(), about));
            say(&mut stream, Kind::Hello, &hello.encode()).await;
            hear_bye(&mut stream).await
        });
        assert!(said.contains(part), "{said}");
    }
    attack(async {
        let mut stream = tls(first.address()).await;
        let hello = hello(&stream, (b, a.key_id(), fits));
        say(&mut stream, Kind::Hello, &hello.encode()).await;
        assert_eq!(hear(&mut stream).await.unwrap().0, Kind::Hello);
    });
}

#[test]
fn a_hello_is_its_own_bytes_and_nothing_else_is_one() {
    let [a, b] = &keys::<2>();
    let place = (b.key_id(), End::Dialled, &[3; 32]);
    let hello = Hello::sign(about(), a.as_ref(), place).unwrap();
    let bytes = hello.encode();
    assert_eq!(Hello::decode(&bytes).unwrap(), hello);
    // As SPEC.md has it: so many bytes, and then a signature of suite 2.
    assert_eq!(bytes.len(), 133 + 2_484);
    for cut in [0, 1, 20, 133, bytes.len() - 1] {
        assert!(Hello::decode(&bytes[..cut]).is_err());
    }
    assert!(Hello::decode(&[&bytes[..], &[0]].concat()).is_err());
}

#[test]
fn an_address_of_a_peer_is_read_and_written() {
    let [key] = keys();
    for at in ["10.0.0.2:8430", "node-2.example:8430", "[2001:db8::2]:8430"] {
        let text = format!("{}@{at}", key.key_id());
        let read: PeerAddress = text.parse().unwrap();
        assert_eq!((read.to_string(), read.at.as_str()), (text, at));
    }
    for text in ["", "@a:1", "00@a:1", &key.key_id().to_string(), &format!("{}@a", key.key_id())] {
        assert!(text.parse::<PeerAddress>().is_err(), "{text}");
    }
}
