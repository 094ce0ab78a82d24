//! Whatever is bent in the bucket is refused by its name, and what was checked before is served on.

use cairn_node::node::{Node, Status};
use cairn_verifier::evidence::{self, VerifiedEvidence};
use cairn_verifier::terms::Budget;

use crate::kit::{Log, Place, code, end, followed, log_events, published, refused};

/// A log that is published, and ended.
fn published_log(events: usize) -> (Log, Place, Status) {
    let (log, place) = (Log::new(), Place::new());
    let node = log.publish(&place);
    log_events(&node, events);
    let node = end(node);
    (log, place, node)
}

#[test]
fn a_bent_object_is_refused_by_its_name() {
    let (log, place, node) = published_log(300);
    let payload = place.list("payloads/").pop().unwrap();
    let blocks = place.list("tiles/blocks/").pop().unwrap();
    for (object, codes) in [
        ("tiles/entries/000", &["bent-object", "bent-event", "other-root", "event-order"][..]),
        ("tiles/event/0/000", &["bent-object"]),
        ("tiles/sha256/0/000", &["bent-object"]),
        (payload.as_str(), &["bent-payload"]),
        (
            blocks.as_str(),
            &["bent-object", "does-not-follow", "other-root", "finality-bad-signature"],
        ),
        ("genesis", &["bad-genesis", "other-log"]),
    ] {
        let good = place.get(object).unwrap();
        place.bend(object);
        let dir = object.replace('/', "-");
        let (found, why) = code(log.try_follow(&dir, &place, log.anchor));
        assert!(codes.contains(&found), "{object}: {found}: {why}");
        if ["bent-object", "bent-payload"].contains(&found) {
            assert!(why.contains(object), "{why}");
        }
        place.put(object, good);
        // The directory holds nothing bad: it goes on from where it was.
        followed(&log.try_follow(&dir, &place, log.anchor).unwrap(), &node);
    }
}

/// Every byte of a short log's events and blocks matters.
#[test]
fn any_bit_of_events_and_blocks_is_noticed() {
    let (log, place, _) = published_log(3);
    for kind in ["tiles/entries/", "tiles/blocks/"] {
        let object = place.list(kind).pop().unwrap();
        let good = place.get(&object).unwrap();
        for at in (0..good.len()).step_by(good.len() / 40) {
            let mut bent = good.clone();
            bent[at] ^= 1 << (at % 8);
            place.put(&object, bent);
            let opened = log.try_follow(&format!("{}-{at}", kind.len()), &place, log.anchor);
            assert!(opened.is_err(), "bit {} of byte {at} of {object}", at % 8);
        }
        place.put(&object, good);
    }
}

#[test]
fn a_missing_object_is_said_and_waited_for() {
    let (log, place, node) = published_log(300);
    let good = place.get("tiles/entries/000").unwrap();
    place.remove("tiles/entries/000");
    let (found, why) = code(log.try_follow("a", &place, log.anchor));
    assert_eq!(found, "object-missing");
    assert!(why.contains("tiles/entries/000"), "{why}");
    place.put("tiles/entries/000", good);
    followed(&log.try_follow("a", &place, log.anchor).unwrap(), &node);
}

#[test]
fn a_head_that_goes_back_is_refused() {
    let (log, place) = (Log::new(), Place::new());
    let node = log.publish(&place);
    log_events(&node, 50);
    published(&node);
    let replica = log.follow(&place);
    followed(&replica, &node.status());
    end(node);
    let (mut old, number) = (place.head(), place.head()["number"].as_u64().unwrap());
    old["number"] = (number + 1).into();
    old["blocks"] = 1.into();
    let name = format!("head/{:020}", number + 1);
    place.put(&name, old.to_string().into_bytes());
    let (found, why) = refused(&replica);
    assert_eq!(found, "head-went-back");
    assert!(why.contains("1 blocks"), "{why}");
    assert_eq!(replica.status().fault().unwrap().0, "head-went-back");
    assert_eq!(replica.status().size, 50, "what was checked is served on");
}

#[test]
fn a_fork_is_refused_and_kept_as_evidence() {
    let (log, place, node) = published_log(50);
    let replica = log.follow(&place);
    followed(&replica, &node);
    end(replica);
    // The same key in a copy that does not know the last block.
    log.copy("fork");
    let fork = Node::open(&log.path("fork"), Default::default()).unwrap();
    let common = fork.status().height;
    log_events(&fork, 20);
    let node = log.publish(&place);
    log_events(&node, 10);
    let node = end(node);
    let replica = log.follow(&place);
    followed(&replica, &node);
    end(replica);
    end(fork);
    let other = Place::new();
    let fork = log.try_publish("fork", &other).unwrap();
    log_events(&fork, 400);
    end(fork);
    let (found, why) = code(log.try_follow("replica", &other, log.anchor));
    assert_eq!(found, "fork");
    let height = node.height;
    assert!(height > common);
    let path = log.path(&format!("replica/evidence/fork-{height}.cairn"));
    assert!(why.contains(path.to_str().unwrap()), "{why}");
    let file = std::fs::read(path).unwrap();
    let proven = evidence::verify(&file, log.anchor, Budget::DEFAULT).unwrap();
    let VerifiedEvidence::Fork(proven) = proven else { panic!("{proven:?}") };
    assert_eq!(proven.first().digest(), node.head);
    assert_eq!(proven.second().height, height);
}

/// A tile of headers that becomes full with the newest block is published with the next one.
#[test]
fn a_tile_of_headers_is_compared_when_it_is_published() {
    let (log, place) = (Log::new(), Place::new());
    let node = log.publish(&place);
    let mut at = 0;
    while node.status().height < 255 {
        let next = node.submit(crate::kit::drafts(at, 1)).unwrap();
        assert!(node.wait_size_final(next[0].index.unwrap() + 1, crate::kit::SECOND));
        at += 1;
    }
    published(&node);
    let end_of_tile = end(node);
    assert_eq!(end_of_tile.height, 255);
    assert!(place.get("tiles/header/0/000").is_none(), "the newest header is in no tree yet");
    let replica = log.follow(&place);
    followed(&replica, &end_of_tile);
    end(replica);

    let node = log.publish(&place);
    log_events(&node, 1);
    published(&node);
    let newer = end(node);
    let good = place.get("tiles/header/0/000").unwrap();
    place.bend("tiles/header/0/000");
    let (found, why) = code(log.try_follow("replica", &place, log.anchor));
    assert!(found == "bent-object" && why.contains("tiles/header/0/000"), "{found}: {why}");
    place.put("tiles/header/0/000", good);
    followed(&log.follow(&place), &newer);
}
