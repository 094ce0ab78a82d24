//! What is taken, and that it stays.

use std::thread;

use cairn_node::ingest::{Accepted, Submission};
use cairn_verifier::event::{Outcome, Payload, SignedEvent};

use crate::support::{Log, SECOND, Writer, draft, ids, public_payload, with_events};

#[test]
fn a_new_log_has_a_block_at_once() {
    let log = Log::new();
    let node = log.open();
    let status = node.status();
    assert_eq!((status.height, status.size, status.accepted), (0, 0, 0));
    assert!(status.is_healthy());
    assert_eq!(node.block_by_digest(&status.head).unwrap(), Some(0));
    assert_eq!(status.anchor, log.anchor);
    assert_eq!(node.streams()[0].name, "main");
}

#[test]
fn drafts_are_signed_by_the_ingest_key_and_become_final() {
    let (_log, node, ids) = with_events(3);
    for (index, id) in (0..).zip(&ids) {
        let entry = node.entry(id).unwrap().unwrap();
        assert_eq!((entry.index, entry.id, entry.is_final), (index, *id, true));
        let height = entry.height.unwrap();
        assert!(node.block(height).unwrap().unwrap().header.events.get() > index);
        let event = SignedEvent::decode(&entry.signed).unwrap();
        assert_eq!(event.verify().map(|(id, _)| id), Ok(*id));
        assert_eq!(event.body().writer, node.status().ingest_key);
        assert_eq!((event.body().sequence, event.body().outcome), (index, Outcome::Success));
        assert_eq!(event.body().metadata.iter().collect::<Vec<_>>(), [("key", "value")]);
    }
    let member = node.genesis().unwrap().members().map(|member| member.name).collect::<Vec<_>>();
    assert_eq!(member, ["admin", "auditor", "ingest"]);
}

#[test]
fn signed_events_are_taken_in_sequence_and_once() {
    let log = Log::new();
    let node = log.open();
    let mut writer = Writer::new(&node, 1);
    let (first, one) = writer.next();
    let (second, two) = writer.next();
    let accepted = node.submit(vec![one.clone(), two, one.clone()]).unwrap();
    let expected = |id, index, duplicate| Accepted { id, index: Some(index), duplicate };
    assert_eq!(
        accepted,
        [expected(first, 0, false), expected(second, 1, false), expected(first, 0, true)]
    );
    assert_eq!(node.submit(vec![one]).unwrap(), [expected(first, 0, true)]);
    assert_eq!(node.status().accepted, 2);
    assert_eq!(node.next_sequence(&writer.stream, &writer.secret.key_id()).unwrap(), (2, second));
    // The other stream has a sequence of its own.
    writer.stream = node.streams()[1].id;
    writer.sequence = 0;
    writer.previous = [0; 32].into();
    let (_, other) = writer.next();
    assert_eq!(node.submit(vec![other]).unwrap()[0].index, Some(2));
}

#[test]
fn public_payloads_come_back() {
    let log = Log::new();
    let node = log.open();
    let writer = Writer::new(&node, 1);
    let mut body = writer.body();
    body.payload = public_payload(b"for all to read");
    let (_, event) = writer.sign(&body);
    let Payload::Public { digest, .. } = body.payload else { panic!() };
    let submission = Submission::Signed {
        event,
        payload: Some(b"for all to read".to_vec()),
        wraps: Vec::new(),
        salt: None,
    };
    node.submit(vec![submission]).unwrap();
    assert_eq!(node.payload(&digest).unwrap().unwrap(), b"for all to read");
    assert_eq!(node.payload(&[9; 32].into()).unwrap(), None);
}

#[test]
fn many_submitters_share_the_log() {
    let log = Log::new();
    let node = log.open();
    let workers: Vec<_> = (1..=8)
        .map(|seed| {
            let node = node.clone();
            thread::spawn(move || {
                let mut writer = Writer::new(&node, seed);
                let mut all = Vec::new();
                for _ in 0..5 {
                    let (ids, batch): (Vec<_>, Vec<_>) = (0..4).map(|_| writer.next()).unzip();
                    let mut accepted = node.submit(batch).unwrap();
                    assert_eq!(super::support::ids(&accepted), ids);
                    accepted.append(&mut node.submit(vec![draft("shared")]).unwrap());
                    all.append(&mut accepted);
                }
                all
            })
        })
        .collect();
    let mut all: Vec<Accepted> = workers.into_iter().flat_map(|w| w.join().unwrap()).collect();
    all.sort_by_key(|accepted| accepted.index);
    assert!((0..).zip(&all).all(|(index, one)| one.index == Some(index)), "each has its own place");
    assert_eq!(all.len(), 8 * 5 * 5);
    assert!(node.wait_final(&all.last().unwrap().id, SECOND));
    for one in &all {
        assert_eq!(Some(node.entry(&one.id).unwrap().unwrap().index), one.index);
    }
}

#[test]
fn accepted_becomes_final_at_shutdown_and_nothing_is_taken_after() {
    let log = Log::new();
    let node = log.open_slow();
    let id = ids(&node.submit(vec![draft("late")]).unwrap())[0];
    let entry = node.entry(&id).unwrap().unwrap();
    assert_eq!((entry.is_final, entry.height), (false, None));
    node.shutdown();
    assert_eq!(node.entry(&id).unwrap().unwrap().height, Some(1));
    let refused = node.submit(vec![draft("too late")]).unwrap_err();
    assert_eq!((refused.at, refused.reason.code()), (0, "shutting-down"));
}

#[test]
fn what_waits_becomes_blocks_that_can_travel_to_others() {
    let log = Log::new();
    let node = log.open_slow();
    let metadata = (0..12).map(|n| (format!("key {n:02}"), "x".repeat(4_096)));
    let metadata: std::collections::BTreeMap<_, _> = metadata.collect();
    let long = |n: usize| {
        let json = serde_json::json!({
            "type": "test.happened",
            "actor": { "kind": "user", "id": "alice" },
            "resource": { "kind": "thing", "id": format!("long {n}") },
            "metadata": metadata,
        });
        Submission::Draft(serde_json::from_value(json).unwrap())
    };
    for batch in 0..4 {
        node.submit((0..50).map(|n| long(batch * 50 + n)).collect()).unwrap();
    }
    let first = node.status().height;
    // The last blocks are made when it closes.
    drop(node);
    let node = log.open();
    let bytes_of = |height: u64| {
        let size = |height| node.block(height).unwrap().unwrap().header.events.get();
        let events = size(height - 1)..size(height);
        events.map(|index| node.entry_at(index).unwrap().unwrap().signed.len()).sum::<usize>()
    };
    let status = node.status();
    let sizes: Vec<_> = (first + 1..=status.height).map(bytes_of).collect();
    assert_eq!((status.size, status.accepted), (200, 200));
    assert!(sizes.len() == 2 && sizes.iter().all(|bytes| *bytes <= 8 << 20), "{sizes:?}");
    assert!(sizes.iter().sum::<usize>() > 9 << 20);
}
