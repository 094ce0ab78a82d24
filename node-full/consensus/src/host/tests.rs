//! One host, and few, without a simulator.

mod early;
mod flood;

use arc_malachitebft_core_types::LinearTimeouts;
use cairn_verifier::digest::{Hash, LogId};
use cairn_verifier::evidence::{VerifiedEvidence, verify};
use cairn_verifier::finality::{
    Certificate, Header, Parameters, Role, Suite, VOTE_PRECOMMIT, encode_set, vote_message,
};
use cairn_verifier::secret::ValidatorSecret;
use cairn_verifier::tree::TreeSize;
use cairn_verifier::trust::{Base, Genesis, GenesisDraft, TrustAnchor, TrustedValidators};
use cairn_verifier::{Budget, UnixMillis};

use super::*;
use crate::broken::Broken;
use crate::inbox::Limits;
use crate::wire::{Message, Signed};

const GENESIS_TIME: u64 = 1_700_000_000_000;

/// Some validators of one log, equal or weighted.
struct World {
    genesis: Vec<u8>,
    set: Set,
    powers: Vec<u64>,
}

impl World {
    fn new(powers: &[u64]) -> Self {
        let entry = |(seed, power): (u8, &u64)| {
            let secret = secret(seed);
            (secret.suite(), secret.public_key(), *power)
        };
        let entries: Vec<_> = (1..).zip(powers).map(entry).collect();
        let set = encode_set(&entries).unwrap();
        let genesis = GenesisDraft {
            nonce: [7; 32],
            time: UnixMillis(GENESIS_TIME),
            parameters: Parameters { gate: 4, trust_period: 0 },
            sha256_tree: false,
            set: set.clone(),
            members: Vec::new(),
            streams: Vec::new(),
        };
        let genesis = genesis.encode().unwrap();
        Self { genesis, set: Set::decode(&set).unwrap(), powers: powers.to_vec() }
    }

    fn log(&self) -> LogId {
        Genesis::decode(&self.genesis).unwrap().log()
    }

    fn host(&self, seed: u8, record: Option<Record>) -> Host {
        let timeouts = LinearTimeouts::default();
        let (limits, broken) = (Limits::default(), Broken::default());
        let config = Config { log: self.log(), timeouts, limits, broken };
        Host::new(config, Some(Box::new(secret(seed))), record, &self.set).unwrap()
    }

    /// A block without events; different salts are different blocks.
    fn block(&self, height: u64, salt: u8) -> Vec<u8> {
        let header = Header {
            log: self.log(),
            height,
            epoch: 0,
            time: UnixMillis(GENESIS_TIME + height + 1),
            parent: HeaderDigest::from_bytes([u8::from(height > 0); 32]),
            events: TreeSize::EMPTY,
            event_root: Hash::ZERO,
            sha256_root: Hash::ZERO,
            header_root: Hash::from_bytes([salt; 32]),
            epoch_start: 0,
            set: self.set.digest(),
            next_set: self.set.digest(),
            state_root: Hash::ZERO,
            parameters: Parameters { gate: 4, trust_period: 0 },
        };
        header.encode().to_vec()
    }

    /// The seed whose key has this index in the set.
    fn seed_at(&self, index: u8) -> u8 {
        let count = u8::try_from(self.powers.len()).unwrap();
        (1..=count).find(|seed| self.index_of(*seed) == index).unwrap()
    }

    fn index_of(&self, seed: u8) -> u8 {
        self.set.find(&Address(secret(seed).key_id())).unwrap().index
    }

    /// A light client from the genesis accepts what was decided.
    fn accept(&self, decided: &Decided) {
        let genesis = Genesis::decode(&self.genesis).unwrap();
        let anchor = TrustAnchor::Genesis(genesis.log());
        let trusted = TrustedValidators::from_base(anchor, &Base::Genesis(genesis)).unwrap();
        let header = blocks::header_of(&decided.block).unwrap();
        assert_eq!(header.digest(), decided.header);
        let certificate = Certificate::decode(&decided.certificate).unwrap();
        let now = UnixMillis(GENESIS_TIME + 10_000);
        trusted.accept(&header, &certificate, now, &mut ()).unwrap();
    }

    fn vote(
        &self,
        seed: u8,
        (kind, height, round): (u8, u64, u32),
        header: HeaderDigest,
    ) -> Vec<u8> {
        let secret = secret(seed);
        let message =
            vote_message((&self.log(), &self.set.digest()), (kind, height, round), &header);
        let signature = secret.sign(Role::Vote, &message).unwrap();
        let signed = Signed { index: self.index_of(seed), suite: secret.suite(), signature };
        Message::Vote { height, round, kind, header, signed }.encode()
    }
}

fn secret(seed: u8) -> ValidatorSecret {
    ValidatorSecret::from_seed([seed; 32])
}

fn decided(outputs: &[Output]) -> Option<&Decided> {
    outputs.iter().find_map(|output| match output {
        Output::Decided(decided) => Some(&**decided),
        _ => None,
    })
}

fn entries(outputs: &[Output]) -> Vec<Vec<u8>> {
    let entry = |output: &Output| match output {
        Output::Append { entry, .. } => Some(entry.clone()),
        _ => None,
    };
    outputs.iter().filter_map(entry).collect()
}

fn record(outputs: &[Output]) -> Option<Record> {
    outputs.iter().rev().find_map(|output| match output {
        Output::Record(bytes) => Some(Record::decode(bytes).unwrap()),
        _ => None,
    })
}

fn sent(outputs: &[Output]) -> Vec<Vec<u8>> {
    let bytes = |output: &Output| match output {
        Output::Broadcast(bytes) | Output::Send { bytes, .. } => Some(bytes.clone()),
        _ => None,
    };
    outputs.iter().filter_map(bytes).collect()
}

#[test]
fn a_lone_validator_decides_within_the_call() {
    let world = World::new(&[3]);
    let mut host = world.host(1, None);
    for height in 0..10 {
        let outputs = host.start(height, &world.set).unwrap();
        assert!(outputs.iter().any(|o| matches!(o, Output::Build { round: 0, .. })));
        let outputs = host.built((height, 0), world.block(height, 1)).unwrap();
        let decided = decided(&outputs).expect("decided");
        world.accept(decided);
        assert!(sent(&outputs).is_empty(), "there is nobody to tell");
        // The log is complete and the record is there before the decision leaves.
        let at = outputs.iter().position(|o| matches!(o, Output::Decided(_))).unwrap();
        assert!(outputs[at..].iter().all(|o| !matches!(o, Output::Append { .. })));
        let recorded = record(&outputs[..at]).unwrap();
        assert_eq!(recorded.order(), (height, 0, VOTE_PRECOMMIT));
    }
}

/// Runs hosts against each other, every message delivered in order.
fn run(world: &World, hosts: &mut [(u8, Host)], first: Vec<(usize, Vec<Output>)>) -> Vec<Decided> {
    let mut queue = std::collections::VecDeque::from(first);
    let mut decisions = Vec::new();
    while let Some((from, outputs)) = queue.pop_front() {
        for output in outputs {
            match output {
                Output::Broadcast(bytes) => {
                    for (to, (_, host)) in hosts.iter_mut().enumerate() {
                        if to != from {
                            let peer = Peer(u64::try_from(from).unwrap());
                            queue.push_back((to, host.message(peer, &bytes).unwrap()));
                        }
                    }
                }
                Output::Send { peer, bytes } => {
                    let to = usize::try_from(peer.0).unwrap();
                    let sender = Peer(u64::try_from(from).unwrap());
                    queue.push_back((to, hosts[to].1.message(sender, &bytes).unwrap()));
                }
                Output::Build { height, round, .. } => {
                    let salt = hosts[from].0;
                    let block = world.block(height, salt);
                    let outputs = hosts[from].1.built((height, round), block).unwrap();
                    queue.push_back((from, outputs));
                }
                Output::Check { height, header, .. } => {
                    let outputs = hosts[from].1.checked(height, header, Verdict::Valid).unwrap();
                    queue.push_back((from, outputs));
                }
                Output::Decided(decided) => decisions.push(*decided),
                Output::Ban { peer, fault } => panic!("{peer:?} {fault}"),
                Output::Begin { .. }
                | Output::Append { .. }
                | Output::Record(_)
                | Output::Serve { .. }
                | Output::SetTimer { .. } => {}
            }
        }
    }
    decisions
}

#[test]
fn four_validators_agree_and_the_certificate_is_minimal() {
    let world = World::new(&[30, 25, 25, 20]);
    let mut hosts: Vec<_> = (1..=4).map(|seed| (seed, world.host(seed, None))).collect();
    for height in 0..6 {
        let start = |(place, (_, host)): (usize, &mut (u8, Host))| {
            (place, host.start(height, &world.set).unwrap())
        };
        let first = hosts.iter_mut().enumerate().map(start).collect();
        let decisions = run(&world, &mut hosts, first);
        assert_eq!(decisions.len(), 4, "height {height}");
        for decided in &decisions {
            assert_eq!(decided.header, decisions[0].header);
            world.accept(decided);
        }
    }
}

/// The first proposer of four, and what it does with its block.
fn proposed() -> (World, u8, Vec<Output>) {
    let world = World::new(&[1, 1, 1, 1]);
    let seed = world.seed_at(world.set.proposer_index(0, 0));
    let mut host = world.host(seed, None);
    host.start(0, &world.set).unwrap();
    let outputs = host.built((0, 0), world.block(0, 1)).unwrap();
    (world, seed, outputs)
}

#[test]
fn a_proposal_is_the_same_again_after_a_restart() {
    let (world, seed, outputs) = proposed();
    let (log, last) = (entries(&outputs), record(&outputs));
    let before = sent(&outputs);
    assert!(before.len() >= 3, "proposal, block, prevote");
    let mut again = world.host(seed, last);
    let outputs = again.resume(0, &world.set, &log).unwrap();
    assert!(!again.is_silent());
    assert!(outputs.iter().all(|o| !matches!(o, Output::Build { .. })), "nothing new is built");
    for bytes in sent(&outputs) {
        assert!(before.contains(&bytes), "{:?}", Message::decode(&bytes));
    }
}

#[test]
fn a_lost_log_silences_the_height_and_a_cut_one_does_not_change_a_vote() {
    let (world, seed, outputs) = proposed();
    let (log, last) = (entries(&outputs), record(&outputs));
    for kept in 0..log.len() {
        let mut again = world.host(seed, last);
        let mut outputs = again.resume(0, &world.set, &log[..kept]).unwrap();
        outputs.extend(again.built((0, 0), world.block(0, 2)).unwrap());
        assert!(again.is_silent(), "{kept} of {}", log.len());
        for bytes in sent(&outputs) {
            let message = Message::decode(&bytes).unwrap();
            let vote = matches!(message, Message::Vote { .. } | Message::Proposal { .. });
            assert!(!vote || sent_before(&log, &message), "{kept}: {message:?}");
        }
    }
}

#[test]
fn a_silent_validator_that_hears_its_own_votes_is_still_silent_after_a_restart() {
    let (world, seed, outputs) = proposed();
    let last = record(&outputs);
    let mut silent = world.host(seed, last);
    let mut log = entries(&silent.resume(0, &world.set, &[]).unwrap());
    for bytes in sent(&outputs) {
        log.extend(entries(&silent.message(Peer(9), &bytes).unwrap()));
    }
    assert!(silent.is_silent());
    let mut again = world.host(seed, last);
    again.resume(0, &world.set, &log).unwrap();
    assert!(again.is_silent(), "its log has {} entries, none of them its own", log.len());
}

#[test]
fn a_vote_whose_entry_was_torn_off_is_logged_before_it_is_sent() {
    let world = World::new(&[1, 1, 1, 1]);
    let seed = world.seed_at(world.set.proposer_index(0, 0));
    let mut host = world.host(seed, None);
    host.start(0, &world.set).unwrap();
    let log = entries(&host.built((0, 0), world.block(0, 1)).unwrap());
    for kept in 1..log.len() {
        let mut again = world.host(seed, None);
        let outputs = again.resume(0, &world.set, &log[..kept]).unwrap();
        let mut known = log[..kept].to_vec();
        for output in outputs {
            match output {
                Output::Append { entry, .. } => known.push(entry),
                Output::Broadcast(bytes) => {
                    let message = Message::decode(&bytes).unwrap();
                    let vote = matches!(message, Message::Vote { .. } | Message::Proposal { .. });
                    assert!(!vote || sent_before(&known, &message), "{kept}: {message:?}");
                }
                _ => {}
            }
        }
    }
}

/// Whether a message of ours is in the log: saying the same again is no contradiction.
fn sent_before(log: &[Vec<u8>], message: &Message) -> bool {
    log.iter().any(|entry| entry.get(1..) == Some(&message.encode()))
}

#[test]
fn two_votes_of_one_validator_come_out_as_evidence() {
    let world = World::new(&[1, 1, 1, 1]);
    let proposer = world.set.proposer_index(0, 0);
    let mut hosts: Vec<_> = (1..=4).map(|seed| (seed, world.host(seed, None))).collect();
    let culprit = world.seed_at((proposer + 1) % 4);
    let others = hosts.iter().position(|(seed, _)| *seed != culprit).unwrap();
    let mut first = Vec::new();
    for (place, (_, host)) in hosts.iter_mut().enumerate() {
        let mut outputs = host.start(0, &world.set).unwrap();
        if place == others {
            for header in [[8; 32], [9; 32]] {
                let header = HeaderDigest::from_bytes(header);
                let vote = world.vote(culprit, (1, 0, 0), header);
                outputs.extend(host.message(Peer(3), &vote).unwrap());
            }
        }
        first.push((place, outputs));
    }
    let decisions = run(&world, &mut hosts, first);
    let files: Vec<_> = decisions.iter().flat_map(|decided| &decided.evidence).collect();
    assert!(!files.is_empty());
    for file in files {
        let anchor = TrustAnchor::Genesis(world.log());
        let found = verify(file, anchor, Budget::DEFAULT).unwrap();
        let VerifiedEvidence::Culprit(found) = found else { panic!("{found:?}") };
        assert_eq!(found.key(), secret(culprit).key_id());
        assert_eq!(found.place(), (1, 0, 0));
    }
}

#[test]
fn bad_bytes_and_bad_signatures_cost_the_peer_its_connection() {
    let world = World::new(&[1, 1, 1, 1]);
    let good = world.vote(2, (VOTE_PRECOMMIT, 0, 0), HeaderDigest::from_bytes([3; 32]));
    let mut bent = good.clone();
    *bent.last_mut().unwrap() ^= 1;
    let banned = |bytes: &[u8]| {
        let mut host = world.host(1, None);
        host.start(0, &world.set).unwrap();
        let outputs = host.message(Peer(9), bytes).unwrap();
        outputs.iter().find_map(|output| match output {
            Output::Ban { fault, .. } => Some(*fault),
            _ => None,
        })
    };
    assert_eq!(banned(&good), None);
    assert_eq!(banned(&bent), Some(Fault::BadSignature));
    assert!(matches!(banned(&good[..40]), Some(Fault::Malformed(_))));
    assert!(matches!(banned(&[]), Some(Fault::Malformed(_))));
    let Ok(Message::Vote { height, round, kind, header, mut signed }) = Message::decode(&good)
    else {
        panic!()
    };
    (signed.suite, signed.signature) = (Suite::Ed25519, vec![0; 64]);
    let other = Message::Vote { height, round, kind, header, signed }.encode();
    assert_eq!(banned(&other), Some(Fault::BadSignature));
}

#[test]
fn the_round_that_a_proposal_rests_on_cannot_be_altered_on_the_way() {
    let world = World::new(&[1, 1, 1, 1]);
    let proposer = world.seed_at(world.set.proposer_index(0, 2));
    let other = (1..=4).find(|seed| *seed != proposer).unwrap();
    let header = HeaderDigest::from_bytes([3; 32]);
    let domain = (&world.log(), &world.set.digest());
    let vote = vote_message(domain, (0, 0, 2), &header);
    let second = crate::proposal_message(domain, (0, 2, 1), &header);
    let signature = |role, message: &[u8]| secret(proposer).sign(role, message).unwrap();
    let banned = |rests_on| {
        let mut host = world.host(other, None);
        host.start(0, &world.set).unwrap();
        let signed = Signed {
            index: world.index_of(proposer),
            suite: Suite::MlDsa44Ed25519,
            signature: signature(Role::Vote, &vote),
        };
        let second = signature(Role::Proposal, &second);
        let message = Message::Proposal { height: 0, round: 2, header, rests_on, signed, second };
        let outputs = host.message(Peer(9), &message.encode()).unwrap();
        outputs.iter().any(|output| matches!(output, Output::Ban { .. }))
    };
    assert!(!banned(1));
    assert!(banned(0));
    assert!(banned(2));
}

#[test]
fn a_final_block_comes_by_sync_and_only_under_its_certificate() {
    let world = World::new(&[1, 1, 1, 1]);
    let block = world.block(0, 5);
    let header = blocks::header_of(&block).unwrap().digest();
    let votes = |seeds: [u8; 3]| {
        let mut votes: Vec<_> = seeds
            .iter()
            .map(|seed| {
                let place = (VOTE_PRECOMMIT, 0, 1);
                let message = vote_message((&world.log(), &world.set.digest()), place, &header);
                let signature = secret(*seed).sign(Role::Vote, &message).unwrap();
                (world.index_of(*seed), Suite::MlDsa44Ed25519, signature)
            })
            .collect();
        votes.sort_by_key(|(index, ..)| *index);
        votes
    };
    let certificate = |votes: &[_]| cairn_verifier::finality::encode_certificate(1, votes).unwrap();
    let good = votes([2, 3, 4]);
    let mut host = world.host(1, None);
    host.start(0, &world.set).unwrap();
    let message =
        |certificate| Message::Final { height: 0, block: block.clone(), certificate }.encode();
    let mut bent = good.clone();
    bent[1].2[80] ^= 1;
    for bad in [certificate(&bent), certificate(&good[..2])] {
        let mut host = world.host(1, None);
        host.start(0, &world.set).unwrap();
        let outputs = host.message(Peer(7), &message(bad)).unwrap();
        let fault = Fault::BadCertificate;
        assert!(outputs.contains(&Output::Ban { peer: Peer(7), fault }), "{outputs:?}");
        assert!(!outputs.iter().any(|o| matches!(o, Output::Check { .. })));
    }
    let outputs = host.message(Peer(7), &message(certificate(&good))).unwrap();
    assert!(
        outputs.iter().any(|o| matches!(o, Output::Check { certified: true, .. })),
        "{outputs:?}"
    );
    let outputs = host.checked(0, header, Verdict::Valid).unwrap();
    world.accept(decided(&outputs).unwrap());
    // A certified block that breaks a rule stops the node.
    let mut host = world.host(1, None);
    host.start(0, &world.set).unwrap();
    host.message(Peer(7), &message(certificate(&good))).unwrap();
    let stopped = host.checked(0, header, Verdict::Invalid);
    assert!(matches!(stopped, Err(HostError::CertifiedInvalid { height: 0, .. })));
}

#[test]
fn hostile_bytes_never_stop_a_host() {
    let world = World::new(&[1, 1, 1, 1]);
    let proposer = world.set.proposer_index(0, 0);
    let own = world.seed_at(proposer);
    let mut host = world.host(own, None);
    let mut examples = sent(&host.start(0, &world.set).unwrap());
    examples.extend(sent(&host.built((0, 0), world.block(0, 1)).unwrap()));
    let header = blocks::header_of(&world.block(0, 1)).unwrap().digest();
    for seed in (1..=4).filter(|seed| *seed != own) {
        for kind in [1, VOTE_PRECOMMIT] {
            examples.push(world.vote(seed, (kind, 0, 1), header));
            examples.push(world.vote(seed, (kind, 1, 0), HeaderDigest::ZERO));
        }
    }
    examples.extend([
        Message::Status { height: 70 }.encode(),
        Message::Want { height: 0 }.encode(),
        Message::WantBlock { height: 0, header }.encode(),
    ]);
    let other = world.seed_at((proposer + 1) % 4);
    let mut host = world.host(other, None);
    host.start(0, &world.set).unwrap();
    let mut state = 1_u64;
    let mut next = |limit: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(state >> 33).unwrap() % limit
    };
    for peer in 0..3_000 {
        let mut bytes = examples[next(examples.len())].clone();
        match next(4) {
            0 => bytes.truncate(next(bytes.len())),
            1 => bytes.extend([0; 3]),
            2 => {
                let at = next(bytes.len().min(80));
                bytes[at] ^= 1 << next(8);
            }
            _ => {}
        }
        for output in host.message(Peer(peer), &bytes).unwrap() {
            if let Output::Check { height, header, .. } = output {
                host.checked(height, header, Verdict::Valid).unwrap();
            }
        }
    }
}
