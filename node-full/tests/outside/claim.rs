//! One writer: a second one, an old copy and another log are told by name.

use crate::kit::{Log, Place, code, drafts, end, log_events, published, wait};

#[test]
fn who_loses_the_head_stops_making_blocks() {
    let (log, place) = (Log::new(), Place::new());
    let first = log.publish(&place);
    log_events(&first, 10);
    published(&first);
    log.copy("copy");
    // The copy claims the head; the first one sees that when it wants to write its next.
    let second = log.try_publish("copy", &place).unwrap();
    let before = first.status();
    first.submit(drafts(10, 1)).unwrap();
    wait("the first has lost the head", || first.status().fault().is_some());
    let (fault, why) = first.status().fault().unwrap();
    assert_eq!(fault, "head-lost");
    assert!(why.contains("another node"), "{why}");
    let refused = first.submit(drafts(11, 1)).unwrap_err();
    assert_eq!(refused.reason.code(), "head-lost");
    let height = first.status().height;
    assert!(height <= before.height + 1);
    std::thread::sleep(std::time::Duration::from_millis(200));
    assert_eq!(first.status().height, height, "it makes no more blocks");
    assert_eq!(second.status().fault(), None);
    end(first);
    end(second);
    assert_eq!(place.head()["size"], 10, "nothing of the loser was published");
}

#[test]
fn of_many_that_claim_at_once_one_wins() {
    let (log, place) = (Log::new(), Place::new());
    let node = log.publish(&place);
    log_events(&node, 10);
    end(node);
    let names: Vec<String> = (0..4).map(|n| format!("copy{n}")).collect();
    names.iter().for_each(|name| log.copy(name));
    let nodes: Vec<_> = std::thread::scope(|scope| {
        let (log, place) = (&log, &place);
        let racers: Vec<_> =
            names.iter().map(|name| scope.spawn(move || log.try_publish(name, place))).collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).collect()
    });
    let (won, lost): (Vec<_>, Vec<_>) = nodes.into_iter().partition(Result::is_ok);
    for lost in lost {
        assert_eq!(code(lost).0, "head-lost");
    }
    // Those that came after one another took over in turn; whoever was overtaken sees it with its
    // next head.
    let nodes: Vec<_> = won.into_iter().map(Result::unwrap).collect();
    for (n, node) in nodes.iter().enumerate() {
        // Some may have lost already.
        let _taken = node.submit(drafts(20 + n, 1));
    }
    wait("one is left", || {
        nodes.iter().filter(|node| node.status().fault().is_none()).count() == 1
    });
    let heads = place.list("head/");
    assert_eq!(heads.len() as u64, place.head()["number"].as_u64().unwrap() + 1);
    nodes.iter().for_each(cairn_node::node::Node::shutdown);
}

#[test]
fn an_old_copy_does_not_start() {
    let (log, place) = (Log::new(), Place::new());
    let node = log.publish(&place);
    log_events(&node, 10);
    published(&node);
    log.copy("old");
    log_events(&node, 10);
    end(node);
    let (found, why) = code(log.try_publish("old", &place));
    assert_eq!(found, "behind-published");
    assert!(why.contains("20 events") && why.contains("old copy"), "{why}");
    // It was refused before it made a block.
    let alone = cairn_node::node::Node::open(&log.path("data"), Default::default()).unwrap();
    end(alone);
}

#[test]
fn a_fork_of_what_is_published_does_not_start() {
    let (log, place) = (Log::new(), Place::new());
    let node = log.publish(&place);
    log_events(&node, 10);
    end(node);
    log.copy("fork");
    let fork = cairn_node::node::Node::open(&log.path("fork"), Default::default()).unwrap();
    log_events(&fork, 30);
    end(fork);
    let node = log.publish(&place);
    log_events(&node, 10);
    end(node);
    let (found, why) = code(log.try_publish("fork", &place));
    assert_eq!(found, "published-fork");
    assert!(why.contains("at height"), "{why}");
}

#[test]
fn another_log_has_its_place_taken() {
    let place = Place::new();
    end(Log::new().publish(&place));
    let (found, why) = code(Log::new().try_publish("data", &place));
    assert_eq!(found, "published-other-log");
    assert!(why.contains(&place.url), "{why}");
}

/// With `CAIRN_TEST_POSTGRES`, the same where a database keeps the head.
#[test]
fn a_database_can_keep_the_head() {
    let Ok(database) = std::env::var("CAIRN_TEST_POSTGRES") else { return };
    let (log, place) = (Log::new(), Place::new());
    let mut options = place.publish();
    options.head = Some(database);
    let open = |data: &str| {
        let path = log.path(data);
        cairn_node::node::Node::open_publishing(&path, Default::default(), None, &options)
    };
    let first = open("data").unwrap();
    log_events(&first, 10);
    published(&first);
    log.copy("copy");
    let second = open("copy").unwrap();
    first.submit(drafts(10, 1)).unwrap();
    wait("the first has lost the head", || first.status().fault().is_some());
    assert_eq!(first.status().fault().unwrap().0, "head-lost");
    end(first);
    log_events(&second, 20);
    end(second);
    assert_eq!(place.head()["size"], 30);
    // A head that did not reach the bucket is copied there from the database.
    let newest = place.list("head/").pop().unwrap();
    place.remove(&newest);
    end(open("copy").unwrap());
    assert!(place.get(&newest).is_some());
    let replica = log.follow(&place);
    assert_eq!(replica.status().size, 30);
}
