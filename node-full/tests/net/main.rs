//! Validators as they run in earnest: processes, sockets, and signals that end or stop them.
#![expect(
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test crate, which says how it goes"
)]

mod cables;
mod join;
mod kit;
mod load;
mod payloads;
mod proxy;
mod stake;
mod wires;

use std::time::Duration;

use cairn_node::testnet::Plan;
use rustix::process::Signal;

use kit::{Net, plan};

/// A number that `cargo xtask kill9` gives; what it is otherwise.
fn setting(name: &str, otherwise: usize) -> usize {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap(),
        Err(_) => otherwise,
    }
}

#[test]
fn what_any_of_four_takes_is_final_everywhere_and_holds_for_an_auditor() {
    let net = Net::start(&plan(4));
    let ids: Vec<_> =
        (0..4).map(|node| net.submit_final(node, &format!("{node}")).unwrap()).collect();
    let head = net.wait_equal(&[0, 1, 2, 3], 4);
    assert!(head.height >= 1, "{head:?}");
    for (node, id) in ids.iter().enumerate().flat_map(|(node, id)| [(node, id), (3 - node, id)]) {
        net.verify_receipt(node, id);
    }
    let keys: std::collections::BTreeSet<_> =
        (0..4).map(|node| net.status(node).unwrap()["ingestKey"].clone().to_string()).collect();
    assert_eq!(keys.len(), 4, "each node signs drafts with its own key");
    // Equal weights are not what makes it work, nor one suite.
    drop(net);
    let weights = Plan { weights: vec![3, 1, 1], ..plan(3) };
    let net = Net::start(&weights);
    net.submit_final(2, "weights").unwrap();
    net.wait_equal(&[0, 1, 2], 1);
}

#[test]
fn nothing_that_was_said_to_be_final_is_lost_by_kills() {
    let validators = setting("CAIRN_KILL9_VALIDATORS", 4);
    let mut net = Net::start(&plan(validators));
    let mut known = load::Known::default();
    for round in 0..setting("CAIRN_NET_KILL9_ROUNDS", 3) {
        let victim = round % validators;
        let new = load::until_killed(&mut net, victim, &format!("{round}"));
        known.add(new);
        net.run(victim);
        eprintln!("round {round}: node {} killed, {} known to be final", victim + 1, known.len());
        known.check(&net, victim);
    }
    let all: Vec<_> = (0..validators).collect();
    net.submit_final(0, "the last one").unwrap();
    net.wait_equal(&all, 0);
    for node in all {
        known.check(&net, node);
    }
    net.check_offline();
}

#[test]
fn a_stopped_process_is_waited_for_by_nobody_and_catches_up() {
    let net = Net::start(&plan(4));
    net.submit_final(0, "before").unwrap();
    net.signal(3, Signal::STOP);
    for at in 0..5 {
        net.submit_final(at % 3, &format!("stopped {at}")).unwrap();
    }
    net.signal(3, Signal::CONT);
    net.wait_equal(&[0, 1, 2, 3], 6);
    net.submit_final(3, "after").unwrap();
}

#[test]
fn two_of_four_make_no_block_and_say_nothing_wrong_until_a_third_is_there() {
    let mut net = Net::start(&plan(4));
    net.submit_final(0, "before").unwrap();
    let head = net.wait_equal(&[0, 1, 2, 3], 1);
    net.kill(2);
    net.kill(3);
    let (id, is_final) = net.submit(0, "without a quorum").unwrap();
    assert!(!is_final, "two of four are no quorum");
    for node in [0, 1] {
        assert_eq!(net.head(node).unwrap(), head, "nothing was decided");
    }
    net.run(2);
    net.wait_final(0, &id);
    net.run(3);
    net.wait_equal(&[0, 1, 2, 3], 2);
}

#[test]
fn a_minority_that_is_cut_off_stands_still_and_comes_back() {
    let net = Net::between_proxies(&plan(4));
    net.submit_final(0, "before").unwrap();
    let head = net.wait_equal(&[0, 1, 2, 3], 1);
    net.cut(3);
    for at in 0..3 {
        net.submit_final(at, &format!("while node 4 is away {at}")).unwrap();
    }
    let (id, is_final) = net.submit(3, "on the other side").unwrap();
    assert!(!is_final);
    assert_eq!(net.head(3).unwrap(), head, "a minority decides nothing");
    net.mend();
    net.wait_final(3, &id);
    let healed = net.wait_equal(&[0, 1, 2, 3], 5);
    assert!(healed.height > head.height);
}

#[test]
fn halves_of_a_network_decide_nothing_and_both_go_on_when_it_heals() {
    let net = Net::between_proxies(&plan(4));
    net.submit_final(1, "before").unwrap();
    let head = net.wait_equal(&[0, 1, 2, 3], 1);
    net.split(&[0, 1], &[2, 3]);
    let waiting: Vec<_> =
        [0, 2].iter().map(|node| net.submit(*node, &format!("half {node}")).unwrap()).collect();
    assert!(waiting.iter().all(|(_, is_final)| !is_final));
    for node in 0..4 {
        assert_eq!(net.head(node).unwrap(), head);
    }
    net.mend();
    for (node, (id, _)) in [3, 1].into_iter().zip(&waiting) {
        net.wait_final(node, id);
    }
    net.wait_equal(&[0, 1, 2, 3], 3);
    std::thread::sleep(Duration::from_millis(100));
}
