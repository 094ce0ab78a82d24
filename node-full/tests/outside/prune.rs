//! A node that publishes forgets what is published, and no sooner.

use std::time::Duration;

use cairn_node::node::Node;
use cairn_node::publish::PublishOptions;
use cairn_verifier::UnixMillis;

use crate::kit::{Log, Place, end, followed, log_events, options, published, wait};

const LATER: UnixMillis = UnixMillis(u64::MAX);

#[test]
fn what_is_forgotten_of_payloads_is_published_before_their_events_go() {
    let (log, place) = (Log::new(), Place::new());
    let node = log.publish(&place);
    log_events(&node, 700);
    published(&node);
    wait("tiles are stored", || node.prunable(LATER).unwrap() > 0);
    let payloads = place.list("payloads/").len();
    // The bucket removes payloads by looking at these very events, so they stay for it.
    let first = node.prune_events(LATER).unwrap();
    assert_eq!((first.begin, node.begin()), (0, 0));
    wait("payloads are gone there", || place.list("payloads/").len() < payloads - 50);
    published(&node);
    let pruned = node.prune_events(LATER).unwrap();
    assert!(pruned.begin > 100 && node.begin() == pruned.begin, "{pruned:?}");

    log_events(&node, 30);
    published(&node);
    let node = end(node);
    // The bucket has the events still: a replica of it has all of them.
    let replica = log.follow(&place);
    followed(&replica, &node);
    assert!(replica.entry_at(10).unwrap().is_some());
}

#[test]
fn what_is_not_published_stays() {
    let (log, place) = (Log::new(), Place::new());
    let never = PublishOptions { every: Duration::from_secs(3_600), ..place.publish() };
    let node = Node::open_publishing(&log.path("data"), options(), None, &never).unwrap();
    log_events(&node, 700);
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(node.prunable(LATER).unwrap(), 0);
    drop(end(node));
    let node = log.publish(&place);
    published(&node);
    wait("it may go now", || node.prunable(LATER).unwrap() > 0);
}
