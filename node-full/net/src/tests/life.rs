//! Links that are made, doubled, lost and made again.

use std::sync::Arc;
use std::time::Duration;

use super::kit::*;
use crate::table::{Offer, Table};
use crate::{Config, Incoming, Limits, Network as _, PeerAddress};

/// A port that is free now.
fn free() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

#[test]
fn two_that_dial_each_other_at_once_keep_one_link() {
    let [a, b] = &keys();
    for _ in 0..10 {
        let at = [free(), free()];
        let [first, second] = [(a, b, 0), (b, a, 1)].map(|(key, other, place)| {
            let peer = PeerAddress { id: other.key_id(), at: at[1 - place].clone() };
            let listen = Some(at[place].clone());
            let party = Party::with(Config { listen, ..config(key, vec![peer]) });
            party.allow(&[a, b]);
            party
        });
        until("links", || first.of(b).address.is_some() && second.of(a).address.is_some());
        std::thread::sleep(Duration::from_millis(300));
        let (one, other) = (first.of(b), second.of(a));
        assert!(one.outbound != other.outbound, "both keep the same link: {one:?} {other:?}");
        assert!(one.links <= 3 && other.links <= 3, "and nothing goes on: {one:?} {other:?}");
        assert!(first.links.send(b.key_id(), b"hello"));
        until("the message", || second.inbox.recv() == Ok(message(a, b"hello")));
    }
}

#[test]
fn of_two_links_both_ends_keep_the_one_that_the_smaller_key_dialled() {
    let [a, b] = &keys();
    for order in [[true, false], [false, true]] {
        for (me, peer) in [(a, b), (b, a)] {
            let table = Arc::new(Table::new(me.key_id(), quick()));
            table.allow(vec![allowed(a), allowed(b)]);
            let seats = order.map(|by_a| {
                let outbound = by_a == (me.key_id() == a.key_id());
                let address = "127.0.0.1:1".parse().unwrap();
                let offer = Offer { peer: peer.key_id(), outbound, process: 1, height: 0, address };
                table.take_in(offer)
            });
            assert!(table.status()[0].outbound == (me.key_id() == a.key_id()));
            drop(seats);
            assert_eq!(table.status()[0].address, None, "a seat is given back");
        }
    }
}

#[test]
fn the_larger_key_waits_so_that_there_is_one_link_at_once() {
    let [a, b] = &keys();
    let at = [free(), free()];
    let limits = Limits { patience: Duration::from_secs(1), ..quick() };
    let [first, second] = [(a, b, 0), (b, a, 1)].map(|(key, other, place)| {
        let peer = PeerAddress { id: other.key_id(), at: at[1 - place].clone() };
        let listen = Some(at[place].clone());
        let party = Party::with(Config { listen, limits, ..config(key, vec![peer]) });
        party.allow(&[a, b]);
        party
    });
    first.up(b);
    second.up(a);
    std::thread::sleep(Duration::from_millis(1_200));
    assert_eq!((first.of(b).links, second.of(a).links), (1, 1));
}

#[test]
fn a_node_that_is_started_again_is_linked_again() {
    let [a, b] = &keys();
    let at = free();
    let listen = || Config { listen: Some(at.clone()), ..config(a, Vec::new()) };
    let first = Party::with(listen());
    let second = Party::start(b, vec![first.at(a)]);
    first.allow(&[a, b]);
    second.allow(&[a, b]);
    second.up(a);
    drop(first);
    assert_eq!(second.next(), Incoming::Down(a.key_id()));
    assert!(!second.links.send(a.key_id(), b"lost"));
    let mut first = None;
    until("the port", || {
        first = crate::Links::start(listen()).ok();
        first.is_some()
    });
    let (links, inbox) = first.unwrap();
    links.allow(vec![allowed(a), allowed(b)]);
    second.up(a);
    assert!(second.links.send(a.key_id(), b"found"));
    assert_eq!(inbox.recv(), Ok(Incoming::Up(b.key_id())));
    assert_eq!(inbox.recv(), Ok(message(b, b"found")));
}

#[test]
fn whoever_was_started_again_replaces_the_link_that_this_end_thinks_it_has() {
    let [a, b] = &keys();
    let first = Party::start(a, Vec::new());
    first.allow(&[a, b]);
    attack(async {
        let old = link(first.address(), (b, a)).await;
        first.up(b);
        // The smaller key dialled neither, and the process is another one.
        let mut stream = tls(first.address()).await;
        let again = crate::hello::About { process: 10, ..about() };
        let hello = hello(&stream, (b, a.key_id(), again));
        say(&mut stream, crate::frame::Kind::Hello, &hello.encode()).await;
        assert_eq!(first.next(), Incoming::Down(b.key_id()));
        assert_eq!(first.next(), Incoming::Up(b.key_id()));
        drop(old);
        assert!(first.links.send(b.key_id(), b"to the new one"));
        loop {
            let (kind, body) = hear(&mut stream).await.unwrap();
            if kind == crate::frame::Kind::Message {
                assert_eq!(body, b"to the new one");
                break;
            }
        }
    });
}

#[test]
fn who_is_not_named_any_more_is_cut_off_and_who_is_named_comes() {
    let [a, b] = &keys();
    let (first, second) = pair([a, b]);
    first.allow(&[a]);
    assert_eq!(first.next(), Incoming::Down(b.key_id()));
    assert_eq!(second.next(), Incoming::Down(a.key_id()));
    second.trouble(a, "is no validator or node");
    first.allow(&[a, b]);
    first.up(b);
    second.up(a);
}

#[test]
fn who_falls_silent_is_given_up() {
    let [a, b] = &keys();
    let first = Party::start(a, Vec::new());
    first.allow(&[a, b]);
    attack(async {
        // Takes part, but never says that it is alive.
        let mut stream = link(first.address(), (b, a)).await;
        first.up(b);
        let said = hear_bye(&mut stream).await;
        assert_eq!(said, "hearing anything took longer than 1s");
    });
    assert_eq!(first.next(), Incoming::Down(b.key_id()));
}
