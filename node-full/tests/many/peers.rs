//! Peers that send what no honest node sends.

use std::time::{Duration, Instant};

use cairn_consensus::gossip::Gossip;

use crate::kit::{LIMIT, Town};

/// Alters the last event of final blocks.
fn bend_blocks(message: &[u8]) -> Vec<u8> {
    let Ok(Gossip::Blocks { height, mut blocks }) = Gossip::decode(message) else {
        return message.to_vec();
    };
    if let Some((block, _)) = blocks.last_mut() {
        let last = block.len() - 1;
        block[last] ^= 1;
    }
    Gossip::Blocks { height, blocks }.encode()
}

/// Claims that other blocks are under the same certificates.
fn shift_blocks(message: &[u8]) -> Vec<u8> {
    let Ok(Gossip::Blocks { height, mut blocks }) = Gossip::decode(message) else {
        return message.to_vec();
    };
    let certificates: Vec<_> = blocks.iter().map(|(_, certificate)| certificate.clone()).collect();
    for ((_, certificate), other) in blocks.iter_mut().zip(certificates.into_iter().rev()) {
        *certificate = other;
    }
    Gossip::Blocks { height, blocks }.encode()
}

/// Alters the last byte of events: of their signatures.
fn bend_events(message: &[u8]) -> Vec<u8> {
    let Ok(Gossip::Events { height, mut events }) = Gossip::decode(message) else {
        return message.to_vec();
    };
    for event in &mut events {
        let last = event.len() - 1;
        event[last] ^= 1;
    }
    Gossip::Events { height, events }.encode()
}

fn garbage(message: &[u8]) -> Vec<u8> {
    [message, &[0]].concat()
}

#[test]
fn whoever_lies_to_a_late_joiner_is_banned_and_others_are_asked() {
    for bend in [bend_blocks, shift_blocks] {
        let mut town = Town::down(&[1, 1, 1, 1]);
        (0..3).for_each(|at| town.start(at));
        let mut all = Vec::new();
        for n in 0..8 {
            let ids = town.submit(n % 3, 1, &format!("event {n}"));
            town.wait_final(&ids);
            all.extend(ids);
        }
        // At first there is none but the liar to be asked.
        let liar = town.ids[0];
        let honest = [town.ids[1], town.ids[2]];
        town.links.bend(liar, bend);
        honest.iter().for_each(|id| town.links.cut(*id));
        town.start(3);
        let until = Instant::now() + LIMIT;
        while town.links.bans().is_empty() {
            assert!(Instant::now() < until, "{:#?}", town.node(3).status());
            std::thread::sleep(Duration::from_millis(5));
        }
        honest.iter().for_each(|id| town.links.mend(*id));
        town.wait_final(&all);
        let bans = town.links.bans();
        assert!(bans.iter().all(|(by, of, _)| (*by, *of) == (town.ids[3], liar)), "{bans:?}");
        assert_eq!(bans.len(), 1, "{bans:?}");
    }
}

#[test]
fn a_peer_whose_events_do_not_hold_is_banned_and_theirs_are_not_kept() {
    let town = Town::new(&[1, 1, 1, 1]);
    let first = town.submit(1, 1, "first");
    town.wait_final(&first);
    town.links.bend(town.ids[0], bend_events);
    let bad = town.submit(0, 1, "bent on its way");
    let good = town.submit(1, 3, "good");
    town.wait_final(&good);
    let bans = town.links.bans();
    assert!(!bans.is_empty() && bans.iter().all(|(_, of, _)| *of == town.ids[0]), "{bans:?}");
    drop(bad);
}

#[test]
fn a_peer_that_sends_garbage_is_banned_by_everyone() {
    let town = Town::new(&[1, 1, 1, 1]);
    let first = town.submit(1, 1, "first");
    town.wait_final(&first);
    town.links.bend(town.ids[3], garbage);
    let ids = town.submit(0, 2, "second");
    for at in 0..3 {
        assert!(town.node(at).wait_final(&ids[1], LIMIT));
    }
    let mut by: Vec<_> = town.links.bans().into_iter().filter(|ban| ban.1 == town.ids[3]).collect();
    by.sort();
    by.dedup_by_key(|ban| ban.0);
    assert_eq!(by.len(), 3, "{by:?}");
}
