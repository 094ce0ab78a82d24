//! A header whose time one validator finds too far ahead, and two others do not.

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::log::Entry;

enum Act {
    Hear { from: u8, bytes: Vec<u8> },
    Fire(Timer),
}

/// Three honest validators; the fourth proposed, prevoted, and is never heard of again.
struct Net<'w> {
    world: &'w World,
    hosts: BTreeMap<u8, Host>,
    acts: BTreeMap<(Duration, usize), (u8, Act)>,
    next: usize,
    now: Duration,
    /// Who finds which header too early, whenever it is asked.
    slow: (u8, HeaderDigest),
    logged: Vec<Entry>,
    decided: BTreeMap<u8, Decided>,
}

impl Net<'_> {
    fn put(&mut self, after: Duration, to: u8, act: Act) {
        self.next += 1;
        self.acts.insert((self.now + after, self.next), (to, act));
    }

    fn tell(&mut self, from: u8, to: u8, bytes: &[u8]) {
        let act = Act::Hear { from, bytes: bytes.to_vec() };
        self.put(Duration::from_millis(1), to, act);
    }

    fn perform(&mut self, at: u8, outputs: Vec<Output>) {
        for output in outputs {
            let more = match output {
                Output::Broadcast(bytes) => {
                    let others: Vec<u8> = self.hosts.keys().copied().collect();
                    others.into_iter().filter(|to| *to != at).for_each(|to| {
                        self.tell(at, to, &bytes);
                    });
                    continue;
                }
                Output::Send { peer, bytes } => {
                    self.tell(at, u8::try_from(peer.0).unwrap(), &bytes);
                    continue;
                }
                Output::SetTimer { timer, after } => {
                    self.put(after, at, Act::Fire(timer));
                    continue;
                }
                Output::Append { entry, .. } if at == self.slow.0 => {
                    self.logged.push(Entry::decode(&entry).unwrap());
                    continue;
                }
                Output::Decided(decided) => {
                    self.decided.insert(at, *decided);
                    continue;
                }
                Output::Build { height, round, .. } => {
                    let block = self.world.block(height, at);
                    self.hosts.get_mut(&at).unwrap().built((height, round), block)
                }
                Output::Check { height, header, certified, .. } => {
                    let early = (at, header) == self.slow && !certified;
                    let verdict = if early { Verdict::Early } else { Verdict::Valid };
                    self.hosts.get_mut(&at).unwrap().checked(height, header, verdict)
                }
                Output::Ban { peer, fault } => panic!("{peer:?} {fault}"),
                Output::Append { .. }
                | Output::Begin { .. }
                | Output::Record(_)
                | Output::Serve { .. } => continue,
            };
            self.perform(at, more.unwrap());
        }
    }

    fn run(&mut self, until: Duration) {
        while let Some(((at, _), (to, act))) = self.acts.pop_first() {
            self.now = at;
            if at > until || self.decided.len() == self.hosts.len() {
                return;
            }
            let Some(host) = self.hosts.get_mut(&to) else { continue };
            let outputs = match act {
                Act::Hear { from, bytes } => host.message(Peer(from.into()), &bytes),
                Act::Fire(timer) => host.timer(timer),
            };
            self.perform(to, outputs.unwrap());
        }
    }
}

/// What the slow one knows of the bad one's prevote decides when it learns of the quorum.
fn lock_two_of_three(hears_prevote: bool) {
    let (world, bad, outputs) = proposed();
    let said = sent(&outputs);
    let header = said.iter().find_map(|bytes| match Message::decode(bytes) {
        Ok(Message::Proposal { header, .. }) => Some(header),
        _ => None,
    });
    let header = header.unwrap();
    let honest: Vec<u8> = (1..=4).filter(|seed| *seed != bad).collect();
    let slow = honest[2];
    let mut net = Net {
        world: &world,
        hosts: honest.iter().map(|seed| (*seed, world.host(*seed, None))).collect(),
        acts: BTreeMap::new(),
        next: 0,
        now: Duration::ZERO,
        slow: (slow, header),
        logged: Vec::new(),
        decided: BTreeMap::new(),
    };
    for seed in &honest {
        let outputs = net.hosts.get_mut(seed).unwrap().start(0, &world.set).unwrap();
        net.perform(*seed, outputs);
        for bytes in &said {
            let is_vote = matches!(Message::decode(bytes), Ok(Message::Vote { .. }));
            if *seed != slow || hears_prevote || !is_vote {
                net.tell(bad, *seed, bytes);
            }
        }
    }
    net.run(Duration::from_secs(600));
    assert_eq!(net.decided.len(), 3, "after {:?}", net.now);
    for decided in net.decided.values() {
        assert_eq!(decided.header, header, "two were locked on it");
        world.accept(decided);
    }
    let kept = |entry: &Entry| matches!(entry, Entry::Value { valid: false, .. });
    assert!(!net.logged.iter().any(kept), "that it was early holds for no restart");
}

#[test]
fn a_header_that_is_early_for_one_is_voted_for_once_a_quorum_did() {
    lock_two_of_three(true);
    lock_two_of_three(false);
}

#[test]
fn a_header_that_is_early_for_most_costs_its_round() {
    let (world, bad, outputs) = proposed();
    let slow = (1..=4).find(|seed| *seed != bad).unwrap();
    let mut host = world.host(slow, None);
    host.start(0, &world.set).unwrap();
    for bytes in sent(&outputs) {
        for output in host.message(Peer(bad.into()), &bytes).unwrap() {
            if let Output::Check { height, header, .. } = output {
                let outputs = host.checked(height, header, Verdict::Early).unwrap();
                assert!(sent(&outputs).is_empty() && entries(&outputs).is_empty(), "{outputs:?}");
                assert_eq!(host.checked(height, header, Verdict::Valid).unwrap(), []);
            }
        }
    }
    assert_eq!(host.round(), 0, "the timer of the round goes on");
}
