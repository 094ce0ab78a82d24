//! What is submitted anywhere is final everywhere, once.

use std::collections::BTreeSet;
use std::time::Duration;

use cairn_node::clock;
use cairn_node::proofs::{BaseChoice, ReceiptWith};
use cairn_verifier::receipt;

use crate::kit::{LIMIT, Town, draft, ids};

#[test]
fn events_of_every_node_are_final_in_every_log_once() {
    let town = Town::new(&[1, 1, 1, 1]);
    let mut all = Vec::new();
    for round in 0..5 {
        for at in 0..4 {
            all.extend(town.submit(at, 3, &format!("round {round}")));
        }
    }
    town.wait_final(&all);
    town.expect_equal();
    let head = town.node(0).head().unwrap();
    assert_eq!(head.header.events.get(), 60);
    let known: BTreeSet<_> =
        (0..60).map(|index| town.node(3).entry_at(index).unwrap().unwrap().id).collect();
    assert_eq!(known, all.iter().copied().collect());
    assert!(town.links.bans().is_empty(), "{:?}", town.links.bans());
}

#[test]
fn a_client_anchored_at_the_genesis_accepts_receipts_of_each_node() {
    let town = Town::new(&[1, 1, 1, 1]);
    let id = town.submit(1, 1, "one")[0];
    town.wait_final(&[id]);
    for node in town.up() {
        let bytes = node.receipt(&id, BaseChoice::Genesis, ReceiptWith::default()).unwrap();
        let verified = receipt::verify(&bytes, town.anchor, clock::now(), &mut ()).unwrap();
        assert_eq!(verified.event().id(), id);
    }
}

#[test]
fn waiting_for_finality_gives_the_place_that_all_agreed_on() {
    let town = Town::new(&[1, 1, 1, 1]);
    let mut accepted = town.node(2).submit(vec![draft("a"), draft("b")]).unwrap();
    assert!(accepted.iter().all(|one| one.index.is_none() && !one.duplicate));
    assert!(town.node(2).wait_accepted(&mut accepted, LIMIT));
    let indices: Vec<_> = accepted.iter().map(|one| one.index.unwrap()).collect();
    assert_eq!(indices, [0, 1]);
    town.wait_final(&ids(&accepted));
    assert_eq!(town.node(0).entry_at(0).unwrap().unwrap().id, accepted[0].id);
}

#[test]
fn nothing_happens_while_nothing_waits() {
    let town = Town::new(&[1, 1, 1, 1]);
    let id = town.submit(0, 1, "one");
    town.wait_final(&id);
    town.expect_equal();
    let before = town.node(0).status().height;
    std::thread::sleep(Duration::from_millis(1_500));
    assert!(town.node(0).status().height <= before + 1, "no empty blocks");
    let id = town.submit(3, 1, "another");
    town.wait_final(&id);
    town.expect_equal();
}

#[test]
fn one_of_four_may_be_away_and_comes_back() {
    let mut town = Town::new(&[1, 1, 1, 1]);
    let first = town.submit(0, 2, "first");
    town.wait_final(&first);
    town.stop(3);
    let mut all = first;
    for n in 0..6 {
        let ids = town.submit(n % 3, 2, &format!("without {n}"));
        town.wait_final(&ids);
        all.extend(ids);
    }
    town.start(3);
    town.wait_final(&all);
    all.extend(town.submit(3, 2, "again"));
    town.wait_final(&all);
    town.expect_equal();
    assert!(town.links.bans().is_empty(), "{:?}", town.links.bans());
}

#[test]
fn two_of_four_make_nothing_final_and_lose_nothing() {
    let town = Town::new(&[1, 1, 1, 1]);
    let first = town.submit(0, 1, "first");
    town.wait_final(&first);
    town.expect_equal();
    town.links.cut(town.ids[2]);
    town.links.cut(town.ids[3]);
    let waiting = town.submit(1, 2, "waits");
    assert!(!town.node(1).wait_final(&waiting[0], Duration::from_secs(2)));
    assert!(town.node(1).entry(&waiting[0]).unwrap().is_none());
    town.links.mend(town.ids[2]);
    town.links.mend(town.ids[3]);
    town.wait_final(&waiting);
    town.expect_equal();
}
