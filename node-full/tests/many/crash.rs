//! Nodes that stop in the middle, and disks that lost something.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cairn_net::{AllowedPeer, Network, PeerId, PeerStatus};
use cairn_node::validate::{Links, Validating};

use crate::kit::{LIMIT, Town};

#[test]
fn nodes_that_stop_and_come_back_lose_nothing_that_was_accepted() {
    let mut town = Town::new(&[1, 1, 1, 1]);
    let mut all = Vec::new();
    for round in 0..8 {
        let at = round % 4;
        all.extend(town.submit(at, 3, &format!("round {round}")));
        // At once: most of them are not final yet, and nobody else may know them.
        town.stop(at);
        all.extend(town.submit((at + 1) % 4, 2, &format!("meanwhile {round}")));
        town.start(at);
    }
    town.wait_final(&all);
    town.expect_equal();
    assert!(town.links.bans().is_empty(), "{:?}", town.links.bans());
}

#[test]
fn all_of_them_stop_at_once_and_go_on() {
    let mut town = Town::new(&[1, 1, 1, 1]);
    let mut all = Vec::new();
    for round in 0..4 {
        for at in 0..4 {
            all.extend(town.submit(at, 2, &format!("round {round}")));
        }
        (0..4).for_each(|at| town.stop(at));
        (0..4).for_each(|at| town.start(at));
    }
    town.wait_final(&all);
    town.expect_equal();
}

#[test]
fn a_validator_whose_consensus_log_was_lost_goes_on_with_the_next_height() {
    let mut town = Town::new(&[1, 1, 1, 1]);
    let mut all = town.submit(0, 2, "first");
    town.wait_final(&all);
    town.stop(2);
    std::fs::remove_file(town.path(2).join("validator/consensus.log")).unwrap();
    town.start(2);
    for n in 0..4 {
        let ids = town.submit(n, 2, &format!("after {n}"));
        town.wait_final(&ids);
        all.extend(ids);
    }
    town.expect_equal();
}

#[test]
fn one_whose_log_lost_its_tail_gets_it_from_the_others() {
    let mut town = Town::new(&[1, 1, 1, 1]);
    let mut all = town.submit(0, 1, "before");
    town.wait_final(&all);
    town.stop(1);
    let copy = town.dir.path().join("copy");
    copy_dir(&town.path(1), &copy);
    town.start(1);
    for n in 0..5 {
        let ids = town.submit(n % 4, 2, &format!("later {n}"));
        town.wait_final(&ids);
        all.extend(ids);
    }
    town.stop(1);
    // Its log goes back; what it signed is kept, as it is on a disk of its own.
    let signed = std::fs::read(town.path(1).join("validator/signed")).unwrap();
    std::fs::remove_dir_all(town.path(1)).unwrap();
    copy_dir(&copy, &town.path(1));
    std::fs::write(town.path(1).join("validator/signed"), signed).unwrap();
    town.start(1);
    town.wait_final(&all);
    let more = town.submit(1, 2, "again");
    town.wait_final(&more);
    town.expect_equal();
}

fn copy_dir(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_dir(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Links that fail as no links should.
struct Panicking;

impl Network for Panicking {
    fn send(&self, _: PeerId, _: &[u8]) -> bool {
        false
    }

    fn broadcast(&self, message: &[u8]) {
        assert!(message.is_empty(), "no room for another thread");
    }

    fn ban(&self, _: PeerId, _: &str) {}

    fn peers(&self) -> Vec<PeerStatus> {
        Vec::new()
    }

    fn allow(&self, _: Vec<AllowedPeer>) {}
}

#[test]
fn a_panic_of_the_driver_is_said_and_the_node_still_closes() {
    let mut town = Town::down(&[1, 1, 1, 1]);
    let (_open, incoming) = std::sync::mpsc::sync_channel(1);
    let links: Links = (Arc::new(Panicking), incoming);
    let node = town.try_start(0, Validating::new(Box::new(|_| Ok(links)))).unwrap();
    let until = Instant::now() + LIMIT;
    while node.status().is_healthy() {
        assert!(Instant::now() < until, "{:?}", node.status());
        std::thread::sleep(Duration::from_millis(20));
    }
    let (code, why) = node.status().fault().unwrap();
    assert_eq!(code, "validator-stopped");
    assert!(why.contains("no room for another thread"), "{why}");
    drop(node);
    // What is on disk is whole.
    (0..4).for_each(|at| town.start(at));
    let ids = town.submit(0, 1, "again");
    town.wait_final(&ids);
}
