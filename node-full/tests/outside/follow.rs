//! Replicas: what they load, serve and refuse to take.

use std::time::Duration;

use cairn_node::api::{Server, Site, schema};
use cairn_node::check::CheckOptions;
use cairn_node::clock;
use cairn_node::http_client::{Client, ClientError};
use cairn_node::proofs::{BaseChoice, ReceiptWith};
use cairn_node::system::SystemEvent;
use cairn_verifier::event::SignedEvent;
use cairn_verifier::receipt::verify;
use cairn_verifier::{TrustAnchor, UnixMillis};

use crate::kit::{Log, Place, code, drafts, end, followed, log_events, published, wait};

#[test]
fn a_replica_serves_what_the_node_serves() {
    let (log, place) = (Log::new(), Place::new());
    let node = log.publish(&place);
    let ids = log_events(&node, 700);
    published(&node);
    let replica = log.follow(&place);
    followed(&replica, &node.status());
    for id in ids.iter().step_by(97) {
        let with = ReceiptWith { payload: id == &ids[0], wraps: &[] };
        let receipt = replica.receipt(id, BaseChoice::Genesis, with).unwrap();
        verify(&receipt, log.anchor, clock::now(), &mut ()).unwrap();
        assert_eq!(receipt, node.receipt(id, BaseChoice::Genesis, with).unwrap());
    }
    let server = |node: &cairn_node::node::Node| {
        Server::start(node.clone(), "127.0.0.1:0", &Site::default()).unwrap()
    };
    let (ours, theirs) = (server(&node), server(&replica));
    let (original, copy) =
        (Client::new(&ours.url(), None).unwrap(), Client::new(&theirs.url(), None).unwrap());
    for path in [
        "/v1/events?actor=user/user%203&limit=1000",
        "/v1/events?type=test.happened&order=oldest&limit=50",
        "/v1/blocks/3",
        "/v1/proofs/consistency?old=100&new=700",
        "/v1/proofs/inclusion?index=17&size=600",
    ] {
        assert_eq!(copy.json(path).unwrap(), original.json(path).unwrap(), "{path}");
    }
    for path in ["/v1/tiles/event/0/001", "/v1/tiles/sha256/1/000.p/2", "/v1/tiles/blocks/000.p/3"]
    {
        assert_eq!(copy.bytes(path).unwrap(), original.bytes(path).unwrap(), "{path}");
    }
    let draft = br#"{"type":"a","actor":{"kind":"u","id":"a"},"resource":{"kind":"t","id":"b"}}"#;
    match copy.post("/v1/events", "application/json", draft) {
        Err(ClientError::Problem { status: 403, code, detail, .. }) => {
            assert_eq!(code, "read-only");
            assert!(detail.contains("https://log.example"), "{detail}");
        }
        other => panic!("{other:?}"),
    }
    let status: serde_json::Value =
        serde_json::from_str(&copy.json("/v1/status").unwrap()).unwrap();
    assert_eq!(status["replica"]["behind"], 0);
    let read: schema::Status = serde_json::from_value(status.clone()).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap(), status, "as the API's document says");
    assert_eq!(status["replica"]["from"], place.url);
    assert_eq!(copy.bytes("/readyz").unwrap(), b"ok\n");
    ours.stop().unwrap();
    theirs.stop().unwrap();
    let report = replica.check(CheckOptions::default(), &mut |_| true);
    assert!(report.is_clean(), "{report:?}");
    assert_eq!((report.events, report.payloads_absent), (700, 0));
}

#[test]
fn a_replica_says_where_to_write() {
    let (log, place) = (Log::new(), Place::new());
    end(log.publish(&place));
    let replica = log.follow(&place);
    let refused = replica.submit(drafts(0, 1)).unwrap_err();
    assert_eq!(refused.reason.code(), "read-only");
    assert!(refused.to_string().contains("https://log.example"), "{refused}");
}

#[test]
fn a_replica_goes_on_as_the_log_does_and_after_a_restart() {
    let (log, place) = (Log::new(), Place::new());
    let node = log.publish(&place);
    log_events(&node, 50);
    published(&node);
    let replica = log.follow(&place);
    let mut news = replica.watch();
    news.mark_unchanged();
    log_events(&node, 300);
    published(&node);
    followed(&replica, &node.status());
    assert!(news.has_changed().unwrap(), "those who follow the replica are told");
    end(replica);
    log_events(&node, 300);
    let node = end(node);
    let replica = log.follow(&place);
    followed(&replica, &node);
    end(replica);
    // Thrown away and made again.
    std::fs::remove_dir_all(log.path("replica")).unwrap();
    let replica = log.follow(&place);
    followed(&replica, &node);
    assert!(!log.path("replica/keys").exists());
}

#[test]
fn a_replica_serves_what_it_has_while_the_bucket_is_away() {
    let (log, place) = (Log::new(), Place::new());
    let node = log.publish(&place);
    let ids = log_events(&node, 50);
    let node = end(node);
    let replica = log.follow(&place);
    followed(&replica, &node);
    end(replica);
    // A bucket without a head is none that can be followed, but what was checked stays so.
    place.list("head/").iter().for_each(|name| place.remove(name));
    let replica = log.follow(&place);
    assert!(replica.status().followed.unwrap().error.is_some());
    assert_eq!(replica.status().fault(), None);
    assert!(replica.entry(&ids[7]).unwrap().is_some_and(|entry| entry.is_final));
}

#[test]
fn the_anchor_is_what_a_replica_trusts() {
    let (log, place) = (Log::new(), Place::new());
    let node = log.publish(&place);
    log_events(&node, 500);
    let old = node.block(2).unwrap().unwrap();
    let node = end(node);
    let (found, why) = code(log.try_follow("a", &place, Log::new().anchor));
    assert_eq!(found, "other-log", "{why}");
    assert!(!log.path("a").exists(), "nothing is left of it");
    let anchor = TrustAnchor::Checkpoint(old.digest);
    let replica = log.try_follow("b", &place, anchor).unwrap();
    followed(&replica, &node);
    end(replica);
    // The anchor is in the directory now.
    followed(&log.try_follow("b", &place, anchor).unwrap(), &node);
    let never = TrustAnchor::Checkpoint([7; 32].into());
    let (found, why) = code(log.try_follow("c", &place, never));
    assert_eq!(found, "no-anchor", "{why}");
    // Nor is the directory of that attempt served without the anchor.
    assert_eq!(code(log.try_follow("c", &place, never)).0, "no-anchor");
    // What it loaded is proven by nothing, and no other anchor takes it for proven.
    for other in [log.anchor, anchor] {
        assert_eq!(code(log.try_follow("c", &place, other)).0, "other-anchor");
    }
    assert_eq!(code(log.try_follow("data", &place, log.anchor)).0, "holds-keys");
    std::fs::create_dir(log.path("taken")).unwrap();
    std::fs::write(log.path("taken/file"), b"mine").unwrap();
    assert_eq!(code(log.try_follow("taken", &place, log.anchor)).0, "not-empty");
    assert_eq!(code(log.try_follow("d", &Place::new(), log.anchor)).0, "nothing-published");
}

#[test]
fn a_log_past_its_trust_period_needs_a_newer_anchor() {
    use cairn_node::init::{InitOptions, init};
    use cairn_node::node::{Node, Options};
    let (log, place) = (Log::new(), Place::new());
    let short = InitOptions { trust_period: 300, ..InitOptions::default() };
    let made = init(&log.path("short"), short).unwrap();
    let node =
        Node::open_publishing(&log.path("short"), Options::default(), None, &place.publish());
    let node = node.unwrap();
    std::thread::sleep(Duration::from_millis(400));
    node.submit(drafts(0, 3).split_off(2)).unwrap();
    published(&node);
    let node = end(node);
    let (found, why) = code(log.try_follow("a", &place, made.anchor));
    assert_eq!(found, "trust-past-trust-period");
    assert!(why.contains("--anchor checkpoint:"), "{why}");
    let newest = TrustAnchor::Checkpoint(node.head);
    followed(&log.try_follow("b", &place, newest).unwrap(), &node);
}

/// What is kept for a time only is not kept longer in the bucket.
#[test]
fn payloads_that_expire_go_from_bucket_and_replica_too() {
    let (log, place) = (Log::new(), Place::new());
    let node = log.publish(&place);
    log_events(&node, 6);
    published(&node);
    // The public payload is the same in each event; of those to come one has it still.
    let old = place.list("payloads/");
    assert_eq!(old.len(), 3);
    let replica = log.follow(&place);
    followed(&replica, &node.status());
    let stored = || std::fs::read_dir(log.path("replica/payloads")).unwrap();
    let stored = || stored().map(|sub| count(&sub.unwrap().path())).sum::<usize>();
    assert_eq!(stored(), 3);
    let time = node.head().unwrap().header.time;
    log_events(&node, 1);
    let expired = node.expire_payloads(UnixMillis(time.0 + 1)).unwrap();
    assert_eq!(expired.payloads, 2);
    wait("they are gone", || place.list("payloads/").len() == 1);
    let kept = place.list("payloads/");
    assert!(old.contains(&kept[0]), "the one that a newer event has too stays");
    wait("the replica forgot them too", || stored() == 1);
    assert!(replica.check(CheckOptions::default(), &mut |_| true).is_clean());
}

fn count(dir: &std::path::Path) -> usize {
    std::fs::read_dir(dir).unwrap().count()
}

/// A member added and a payload redacted at the node are so in the bucket and in the replica.
#[test]
fn what_changes_at_the_node_changes_outside() {
    let (log, place) = (Log::new(), Place::new());
    let node = log.publish(&place);
    let ids = log_events(&node, 6);
    published(&node);
    let replica = log.follow(&place);
    followed(&replica, &node.status());
    let payload = |node: &cairn_node::node::Node| {
        let entry = node.entry(&ids[1]).unwrap().unwrap();
        let event = SignedEvent::decode(&entry.signed).unwrap();
        let digest = event.body().payload.stored().unwrap();
        (digest, node.payload(&digest).unwrap())
    };
    let (digest, there) = payload(&replica);
    assert!(there.is_some() && place.get(&format!("payloads/{digest}")).is_some());
    assert_eq!(replica.member("ann"), None);
    let keys = vec![(1, vec![7; 32])];
    log.say(&node, &SystemEvent::MemberAdded { name: "ann".to_owned(), keys });
    log.say(&node, &SystemEvent::Redacted { event: ids[1] });
    wait("the payload is gone", || {
        payload(&replica).1.is_none() && place.get(&format!("payloads/{digest}")).is_none()
    });
    assert_eq!(payload(&node).1, None);
    assert_eq!(replica.member("ann"), node.member("ann"));
    assert!(replica.check(CheckOptions::default(), &mut |_| true).is_clean());
}
