//! Filters, order, pages.

use cairn_node::ingest::Submission;
use cairn_node::node::Node;
use cairn_node::query::{Order, Query};

use crate::support::{Log, SECOND, draft, draft_json};

/// Sixty events: actors u0 to u4, resources r0 to r2, two types, times 1000 + n.
fn filled() -> (Log, Node) {
    let log = Log::new();
    let node = log.open();
    let draft = |n: u64| {
        let (actor, resource, parity) = (n % 5, n % 3, n % 2);
        Submission::Draft(draft_json(&format!(
            r#"{{"type":"t.{parity}","actor":{{"kind":"user","id":"u{actor}"}},
                "resource":{{"kind":"doc","id":"r{resource}"}},"time":{}}}"#,
            1_000 + n
        )))
    };
    node.submit((0..60).map(draft).collect()).unwrap();
    assert!(node.wait_size_final(60, SECOND));
    (log, node)
}

fn indices(node: &Node, query: &Query) -> Vec<u64> {
    let page = node.query(query).unwrap();
    assert_eq!(page.complete_to, node.status().size);
    page.entries.iter().map(|entry| entry.index).collect()
}

fn expected(matches: impl Fn(u64) -> bool) -> Vec<u64> {
    (0..60).rev().filter(|n| matches(*n)).collect()
}

#[test]
fn filters_must_all_hold() {
    let (_log, node) = filled();
    let text = |text: &str| Some(text.to_owned());
    let all = || Query { limit: Some(1_000), ..Query::default() };
    assert_eq!(indices(&node, &all()), expected(|_| true));
    for actor in ["u3", "user/u3"] {
        let query = Query { actor: text(actor), ..all() };
        assert_eq!(indices(&node, &query), expected(|n| n % 5 == 3));
    }
    let query = Query { actor: text("u3"), resource: text("doc/r1"), ..all() };
    assert_eq!(indices(&node, &query), expected(|n| n % 5 == 3 && n % 3 == 1));
    let query = Query { event_type: text("t.1"), from: Some(1_010), to: Some(1_020), ..all() };
    assert_eq!(indices(&node, &query), expected(|n| n % 2 == 1 && (10..20).contains(&n)));
    let query = Query { from: Some(1_050), ..all() };
    assert_eq!(indices(&node, &query), expected(|n| n >= 50));
    let (main, side) = (node.streams()[0].id, node.streams()[1].id);
    assert_eq!(indices(&node, &Query { stream: Some(main), ..all() }).len(), 60);
    assert_eq!(indices(&node, &Query { stream: Some(side), ..all() }), [0_u64; 0]);
    let writer = Some(node.status().ingest_key);
    assert_eq!(indices(&node, &Query { writer, ..all() }).len(), 60);
    for nothing in ["u9", "doc/u3", "user/u"] {
        assert_eq!(indices(&node, &Query { actor: text(nothing), ..all() }), [0_u64; 0]);
    }
}

/// Sixty more: resources in folders, with parents, kinds and outcomes.
#[test]
fn beginnings_parents_and_outcomes_are_filters_too() {
    let log = Log::new();
    let node = log.open();
    let draft = |n: u64| {
        let (folder, outcome) = (n % 4, ["success", "denied"][(n % 2) as usize]);
        Submission::Draft(draft_json(&format!(
            r#"{{"type":"t.{}.x","actor":{{"kind":"user","id":"u{n}"}},"outcome":"{outcome}",
                "resource":{{"kind":"doc","id":"f{folder}/{n}","parent":"f{folder}"}},"time":{n}}}"#,
            n % 3
        )))
    };
    node.submit((0..60).map(draft).collect()).unwrap();
    assert!(node.wait_size_final(60, SECOND));
    let read = |parts: &[(&str, &str)]| {
        let parts = parts.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        Query::read(&node, &parts.collect())
    };
    let found = |parts: &[(&str, &str)]| {
        let all = [parts, &[("limit", "1000")]].concat();
        indices(&node, &read(&all).unwrap())
    };
    assert_eq!(found(&[("resource-prefix", "f1/")]), expected(|n| n % 4 == 1));
    assert_eq!(found(&[("resource-prefix", "f1/1")]), expected(|n| [1, 13, 17].contains(&n)));
    assert_eq!(found(&[("parent", "f2"), ("outcome", "success")]), expected(|n| n % 4 == 2));
    assert_eq!(found(&[("parent", "f2"), ("outcome", "denied")]), [0_u64; 0]);
    assert_eq!(found(&[("parent-prefix", "f"), ("type-prefix", "t.2")]), expected(|n| n % 3 == 2));
    assert_eq!(found(&[("actor-prefix", "u5"), ("from", "51")]), expected(|n| n > 50));
    assert_eq!(found(&[("kind", "record"), ("parent", "f3")]), expected(|n| n % 4 == 3));
    assert_eq!(found(&[("kind", "grant")]), [0_u64; 0]);
    assert_eq!(found(&[("type-prefix", "")]), expected(|_| true));
    for (name, text) in [("kind", "none"), ("order", "up"), ("limit", "0"), ("from", "soon")] {
        assert_eq!(read(&[(name, text)]).unwrap_err().name, name);
    }
}

#[test]
fn pages_follow_each_other_while_the_log_grows() {
    let (_log, node) = filled();
    for order in [Order::Newest, Order::Oldest] {
        let mut query =
            Query { resource: Some("r1".to_owned()), limit: Some(7), order, ..Query::default() };
        let mut seen = Vec::new();
        loop {
            let page = node.query(&query).unwrap();
            seen.extend(page.entries.iter().map(|entry| entry.index));
            node.submit(vec![draft("meanwhile")]).unwrap();
            let Some(next) = page.next else { break };
            assert_eq!(page.entries.len(), 7);
            query.cursor = Some(next);
        }
        let mut all = expected(|n| n % 3 == 1);
        if order == Order::Oldest {
            all.reverse();
        }
        assert_eq!(seen, all);
    }
}

#[test]
fn cursors_of_others_are_refused() {
    let (_log, node) = filled();
    for (cursor, order) in [
        ("", Order::Newest),
        ("before-", Order::Newest),
        ("before-x", Order::Newest),
        ("before--1", Order::Newest),
        ("from-3", Order::Newest),
        ("before-3", Order::Oldest),
        ("before-99999999999999999999", Order::Newest),
    ] {
        let query = Query { cursor: Some(cursor.to_owned()), order, ..Query::default() };
        assert_eq!(node.query(&query).unwrap_err().code(), "bad-cursor", "{cursor}");
    }
    let query =
        Query { cursor: Some("from-1000".to_owned()), order: Order::Oldest, ..Query::default() };
    assert_eq!(indices(&node, &query), [0_u64; 0]);
}

#[test]
fn only_final_entries_are_found_and_limits_hold() {
    let (log, node) = filled();
    assert_eq!(indices(&node, &Query::default()).len(), 50);
    assert_eq!(indices(&node, &Query { limit: Some(0), ..Query::default() }).len(), 1);
    drop(node);
    let node = log.open_slow();
    node.submit(vec![draft("not yet")]).unwrap();
    assert_eq!(indices(&node, &Query::default())[0], 59);
}
