//! Many events at once: verified, held against the query, proven to be all.

use cairn_light_client::{CheckedEvent, CheckedList, ClientError};
use cairn_verifier::TrustAnchor;
use cairn_verifier::digest::{EventId, KeyId, StreamId};
use cairn_verifier::state::RecordKey;

use super::answers::{ids, list_of, page};
use super::client::{code, connect};
use super::kit::{Kit, STREAM, four, small_log};
use super::node::{Town, run};

fn found(events: &[CheckedEvent]) -> Vec<EventId> {
    events.iter().map(CheckedEvent::id).collect()
}

fn instead(town: &Town, path: &str, body: Vec<u8>) {
    town.0.instead.borrow_mut().insert(path.to_owned(), Some(body));
}

fn stream() -> StreamId {
    StreamId::from_bytes(STREAM)
}

fn writer(town: &Town) -> KeyId {
    town.0.kit.borrow().writer.key_id()
}

#[test]
fn a_page_is_verified_at_once() {
    let town = Town::new(small_log(70, four(1)));
    let client = connect(&town);
    let first = run(client.events("limit=4&actor=user/ada")).unwrap();
    assert_eq!(found(first.events()), ids(&town.0.kit.borrow(), &[0, 1, 2, 3]));
    assert_eq!(first.events()[2].writer_name(), Some("ada"));
    assert!(first.events()[2].view().contains(&town.anchor().to_string()));
    assert_eq!((first.next(), first.all_between()), (Some("from-4"), None));
    assert_eq!(town.asked().len(), 3, "page, checkpoint, list");
    let second = run(client.events("limit=100&cursor=from-4")).unwrap();
    assert_eq!((second.events().len(), second.next()), (7, None));
    assert_eq!(town.asked().len(), 2);

    // Events newer than the head bring a newer head.
    town.grow(2);
    let newest = run(client.events("cursor=from-11")).unwrap();
    assert_eq!(newest.events()[1].index(), 12);
    assert_eq!(newest.header().header().height, 3);
    let nothing = run(client.events("cursor=from-13")).unwrap();
    assert!(nothing.events().is_empty());
    assert_eq!(code(run(client.events("colour=red"))), "client-bad-query");
}

#[test]
fn a_node_that_lies_about_a_page_is_found_out() {
    let town = Town::new(small_log(71, four(1)));
    let client = connect(&town);
    let head = run(client.sync()).unwrap().digest();
    let list_path = format!("/v1/receipts?indices=0-1&base=header:{head}");
    let kit = town.0.kit.borrow();
    let good = list_of(&kit, &[0, 1], kit.tip(), false);
    for at in 0..good.len() {
        let mut bent = good.clone();
        bent[at] ^= 1;
        instead(&town, &list_path, bent);
        let result = run(client.events("limit=2"));
        assert!(result.is_err(), "byte {at}");
    }
    // True events, but not those asked for; or under an older header.
    instead(&town, &list_path, list_of(&kit, &[0, 2], kit.tip(), false));
    assert_eq!(code(run(client.events("limit=2"))), "client-bad-answer");
    instead(&town, &list_path, list_of(&kit, &[0, 1], &kit.blocks[1], false));
    assert_eq!(code(run(client.events("limit=2"))), "trust-other-anchor");
    town.0.instead.borrow_mut().clear();

    // Ids at other places, events that the query does not find, and pages that are none.
    let swapped = format!(r#"{{"events":[{{"id":"{}","index":1}}],"next":null}}"#, kit.ids[0]);
    instead(&town, "/v1/events?limit=1", swapped.into_bytes());
    assert_eq!(code(run(client.events("limit=1"))), "client-other-event");
    instead(&town, "/v1/events?actor=eve", page(&kit, "limit=3").into_bytes());
    let error = run(client.events("actor=eve")).unwrap_err();
    let asked = ClientError::NotAsked { event: kit.ids[0], filter: "actor".to_owned() };
    assert_eq!((&error, error.state()), (&asked, "failed"));
    for body in ["", "[]", "{}", r#"{"events":[{"id":"x","index":0}]}"#, r#"{"events":[{}]}"#] {
        instead(&town, "/v1/events?limit=9", body.as_bytes().to_vec());
        assert_eq!(code(run(client.events("limit=9"))), "client-bad-answer", "{body}");
    }
}

#[test]
fn a_list_is_a_file_to_keep() {
    let kit = small_log(72, four(1));
    let file = list_of(&kit, &[0, 3, 4, 10], kit.tip(), true);
    let list = CheckedList::check(file.clone(), kit.anchor(), kit.now()).unwrap();
    assert_eq!(found(list.events()), ids(&kit, &[0, 3, 4, 10]));
    assert_eq!(list.with(|list| list.events().len()).unwrap(), 4);
    assert_eq!(list.standing().anchor, kit.anchor());
    let other = TrustAnchor::Genesis(small_log(73, four(1)).log);
    let refused = CheckedList::check(file, other, kit.now());
    assert_eq!(refused.unwrap_err().code(), "trust-other-anchor");
}

#[test]
fn a_history_is_all_or_an_error() {
    let town = Town::new(small_log(74, four(1)));
    let client = connect(&town);
    let history = run(client.history(stream(), writer(&town))).unwrap();
    assert_eq!(history.events().len(), 11);
    assert_eq!(history.header().header().events.get(), 11);

    // Absence is proven too.
    let nobody = KeyId::from_bytes([9; 32]);
    let none = run(client.history(stream(), nobody)).unwrap();
    assert!(none.events().is_empty());

    let kit = town.0.kit.borrow();
    let path =
        format!("/v1/events?stream={}&writer={}&order=oldest&limit=1000", stream(), writer(&town));
    let whole = page(&kit, "limit=1000");
    let entry = |index: usize| format!(r#"{{"index":{index},"id":"{}"}}"#, kit.ids[index]);
    for (left_out, expected) in [
        (0, "state-history-sequence"),
        (5, "state-history-sequence"),
        (10, "state-history-incomplete"),
    ] {
        let lie = whole.replace(&entry(left_out), "").replace(",,", ",");
        let lie = lie.replace("[,", "[").replace(",]", "]");
        instead(&town, &path, lie.into_bytes());
        assert_eq!(code(run(client.history(stream(), writer(&town)))), expected, "{left_out}");
    }
    let turned = format!(r#"{{"events":[{},{}],"next":null}}"#, entry(3), entry(2));
    instead(&town, &path, turned.into_bytes());
    assert_eq!(code(run(client.history(stream(), writer(&town)))), "client-bad-answer");
}

#[test]
fn the_state_is_told_with_its_proof() {
    let town = Town::new(small_log(75, four(1)));
    let client = connect(&town);
    let known = run(client.state(&RecordKey::Key(writer(&town)))).unwrap();
    assert!(known.record().unwrap().contains("\"member\":\"ada\""));
    let nobody = run(client.state(&RecordKey::Member("nobody"))).unwrap();
    assert!(!nobody.is_present());

    // An answer to another question.
    let head = client.head().unwrap().digest();
    let path = format!("/v1/state/member?name=ada&base=header:{head}");
    instead(&town, &path, nobody.bytes().to_vec());
    let error = run(client.state(&RecordKey::Member("ada"))).unwrap_err();
    assert_eq!(error.code(), "state-other-answer");

    // The node keeps the newest states only, so an older head brings a newer one.
    town.0.instead.borrow_mut().clear();
    town.grow(1);
    let known = run(client.state(&RecordKey::Parameters)).unwrap();
    assert_eq!(known.header().header().height, 3);
}

#[test]
fn private_reading_names_no_event() {
    let mut kit = Kit::new(76, four(1));
    kit.push_plain(300);
    kit.block(None);
    let town = Town::new(kit);
    let client = connect(&town);
    let id = |index: usize| town.0.kit.borrow().ids[index];
    let (list, place) = run(client.event_in_private(&id(7), Some(7))).unwrap();
    assert_eq!((list.events()[place].id(), list.events().len()), (id(7), 256));
    let (list, place) = run(client.event_in_private(&id(9), None)).unwrap();
    assert_eq!(list.events()[place].index(), 9);
    let error = run(client.event_in_private(&id(7), Some(8))).unwrap_err();
    assert_eq!(error, ClientError::OtherEvent { expected: id(7), found: id(8) });
    let error = run(client.event_in_private(&EventId::ZERO, None)).unwrap_err();
    assert_eq!(error, ClientError::NotFound { event: EventId::ZERO, size: 300 });

    // A query runs here, and what it finds is all there is.
    let first = run(client.events_in_private("actor=ada&limit=5")).unwrap();
    assert_eq!((first.events().len(), first.all_between()), (44, Some((256, 300))));
    assert_eq!((first.events()[0].index(), first.next()), (299, Some("before-256")));
    let rest = run(client.events_in_private("cursor=before-256&actor=ada")).unwrap();
    assert_eq!((rest.events().len(), rest.all_between(), rest.next()), (256, Some((0, 256)), None));
    let none = run(client.events_in_private("actor=eve")).unwrap();
    assert_eq!((none.events().len(), none.all_between()), (0, Some((256, 300))));
    for path in town.asked() {
        assert!(!path.contains("ada") && !path.contains(&id(7).to_string()), "{path}");
        let is_whole = path.contains("indices=0-255&") || path.contains("indices=256-299&");
        assert!(is_whole || !path.contains("indices"), "{path}");
    }
}
