//! Peers that send too much, and peers that take too little.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::kit::*;
use crate::frame::{Kind, MAX_MESSAGE_LEN};
use crate::{Config, Incoming, Limits, Network as _};

#[test]
fn the_longest_message_arrives() {
    let [a, b] = &keys();
    let (first, second) = pair([a, b]);
    let long = vec![5; usize::try_from(MAX_MESSAGE_LEN).unwrap()];
    assert!(first.links.send(b.key_id(), &long));
    assert!(second.next() == message(a, &long));
}

#[test]
fn a_peer_that_floods_waits_for_itself_alone() {
    let [a, b, c] = &keys();
    let limits = Limits { messages: 200, ..quick() };
    let first = Party::with(Config { limits, ..config(a, Vec::new()) });
    first.allow(&[a, b, c]);
    let at = first.address();
    let (one, other) = (b.clone(), a.clone());
    let flood = std::thread::spawn(move || {
        attack(async {
            let mut stream = link(at, (&one, &other)).await;
            let until = Instant::now() + Duration::from_secs(3);
            while Instant::now() < until {
                let sent = crate::frame::write(&mut stream, Kind::Message, &[0; 2_000]);
                if tokio::time::timeout_at(until, sent).await.is_err() {
                    break;
                }
            }
        });
    });
    first.up(b);
    let second = Party::start(c, vec![first.at(a)]);
    second.allow(&[a, b, c]);
    second.up(a);
    let began = Instant::now();
    assert!(second.links.send(a.key_id(), b"through"));
    let (mut floods, mut took) = (0_u32, None);
    while began.elapsed() < Duration::from_secs(2) {
        match first.inbox.recv_timeout(Duration::from_millis(100)) {
            Ok(Incoming::Message { from, .. }) if from == b.key_id() => floods += 1,
            Ok(Incoming::Message { .. }) => took = Some(began.elapsed()),
            _ => {}
        }
    }
    flood.join().unwrap();
    assert!(took.is_some_and(|took| took < Duration::from_secs(1)), "{took:?}");
    assert!((1..=1_000).contains(&floods), "200 a second, and 200 at once: {floods}");
}

#[test]
fn a_peer_that_stops_reading_costs_a_bounded_queue_and_no_time() {
    let [a, b, c] = &keys();
    let limits = Limits { queue_bytes: 1 << 20, ..quick() };
    let first = Party::with(Config { limits, ..config(a, Vec::new()) });
    let second = Party::start(c, vec![first.at(a)]);
    first.allow(&[a, b, c]);
    second.allow(&[a, b, c]);
    second.up(a);
    first.up(c);
    attack(async {
        let mut stream = link(first.address(), (b, a)).await;
        first.up(b);
        let began = Instant::now();
        let mut longest = Duration::ZERO;
        let mut queued = 0;
        // It says that it is alive, and reads nothing.
        while began.elapsed() < Duration::from_secs(4) && first.of(b).address.is_some() {
            let now = Instant::now();
            first.links.broadcast(&[1; 50_000]);
            longest = longest.max(now.elapsed());
            queued = queued.max(first.of(b).queued);
            drop(crate::frame::write(&mut stream, Kind::Pong, &[0; 8]).await);
            sleep(Duration::from_millis(5)).await;
        }
        let status = first.of(b);
        assert!(longest < Duration::from_millis(500), "nothing blocks: {longest:?}");
        assert!(queued <= 1 << 20 && status.dropped > 0, "{queued} {status:?}");
        assert_eq!(status.address, None, "and then it is given up");
    });
    until("what the other peer was sent", || {
        second.of(a).received > 100 && second.next() == message(a, &[1; 50_000])
    });
}

#[test]
fn an_application_that_fetches_nothing_holds_a_bounded_part_of_what_is_sent() {
    let [a, b] = &keys();
    let limits = Limits { waiting_kib: 256, ..quick() };
    let first = Party::with(Config { limits, ..config(a, Vec::new()) });
    first.allow(&[a, b]);
    let limits = Limits { queue_bytes: 1 << 20, ..quick() };
    let second = Party::with(Config { limits, ..config(b, vec![first.at(a)]) });
    second.allow(&[a, b]);
    second.up(a);
    let mut refused = false;
    until("no room", || {
        refused = !second.links.send(a.key_id(), &[2; 100_000]);
        refused
    });
    // What is fetched is whole and in order.
    first.up(b);
    let Incoming::Message { bytes, .. } = first.next() else { panic!("a message") };
    assert_eq!(bytes.len(), 100_000);
    assert!(first.of(b).received < 20, "{:?}", first.of(b));
}

#[test]
fn an_application_that_queues_what_it_fetched_holds_no_more_of_it() {
    let [a, b] = &keys();
    let limits = Limits { waiting_kib: 256, ..quick() };
    let first = Party::with(Config { limits, ..config(a, Vec::new()) });
    first.allow(&[a, b]);
    let second = Party::start(b, vec![first.at(a)]);
    second.allow(&[a, b]);
    second.up(a);
    first.up(b);
    for _ in 0..40 {
        assert!(second.links.send(a.key_id(), &[2; 100_000]));
    }
    let mut queue = Vec::new();
    while let Ok(incoming) = first.inbox.recv_timeout(Duration::from_secs(1)) {
        queue.push(incoming);
    }
    assert_eq!(queue.len(), 2, "of 98 KiB each in 256 KiB");
    queue.clear();
    for _ in 2..40 {
        assert_eq!(first.next(), message(b, &[2; 100_000]));
    }
}
