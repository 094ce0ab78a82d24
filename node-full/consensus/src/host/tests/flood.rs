//! A proposer that signs more than one header of a round.

use super::*;
use crate::log::Entry;

/// What whoever proposes in a round signs.
fn proposal(world: &World, (round, rests_on): (u32, u32), header: HeaderDigest) -> Vec<u8> {
    let proposer = world.seed_at(world.set.proposer_index(0, round));
    let domain = (&world.log(), &world.set.digest());
    let vote = vote_message(domain, (0, 0, round), &header);
    let signature = |role, message: &[u8]| secret(proposer).sign(role, message).unwrap();
    let signed = Signed {
        index: world.index_of(proposer),
        suite: Suite::MlDsa44Ed25519,
        signature: signature(Role::Vote, &vote),
    };
    let second = crate::proposal_message(domain, (0, round, rests_on), &header);
    let second = signature(Role::Proposal, &second);
    Message::Proposal { height: 0, round, header, rests_on, signed, second }.encode()
}

fn checks(outputs: &[Output]) -> Vec<HeaderDigest> {
    let header = |output: &Output| match output {
        Output::Check { header, .. } => Some(*header),
        _ => None,
    };
    outputs.iter().filter_map(header).collect()
}

#[test]
fn two_headers_of_a_round_are_looked_at_and_bad_blocks_are_not_kept() {
    let world = World::new(&[1, 1, 1, 1]);
    let bad = world.seed_at(world.set.proposer_index(0, 0));
    let other = world.seed_at(world.set.proposer_index(0, 1));
    let own = (1..=4).find(|seed| ![bad, other].contains(seed)).unwrap();
    let mut host = world.host(own, None);
    host.start(0, &world.set).unwrap();
    let big = |salt| [world.block(0, salt), vec![0; 100_000]].concat();
    let digest = |block: &[u8]| blocks::header_of(block).unwrap().digest();
    let blocks: Vec<_> = (1..=10).map(big).collect();
    let (mut asked, mut logged) = (Vec::new(), Vec::new());
    for block in &blocks {
        let mut outputs = host.message(Peer(1), &proposal(&world, (0, 0), digest(block))).unwrap();
        let message = Message::Block { height: 0, block: block.clone() };
        outputs.extend(host.message(Peer(1), &message.encode()).unwrap());
        for header in checks(&outputs) {
            asked.push(header);
            outputs.extend(host.checked(0, header, Verdict::Invalid).unwrap());
        }
        logged.extend(entries(&outputs));
    }
    assert_eq!(asked, [digest(&blocks[0]), digest(&blocks[1])]);
    let limits = Limits::default();
    assert!(host.kept_bytes() <= limits.blocks * big(1).len(), "{}", host.kept_bytes());
    for entry in &logged {
        let entry = Entry::decode(entry).unwrap();
        assert!(!matches!(entry, Entry::Block { .. }), "{entry:?}");
    }
    // What was found is known after a restart too: nothing is asked for or checked again.
    let mut again = world.host(own, None);
    let outputs = again.resume(0, &world.set, &logged).unwrap();
    assert_eq!(checks(&outputs), []);
    let message = Message::Block { height: 0, block: blocks[0].clone() };
    assert_eq!(checks(&again.message(Peer(2), &message.encode()).unwrap()), []);
    // Others may have seen another one first: a later round that rests on it brings it back.
    let third = digest(&blocks[2]);
    let outputs = host.message(Peer(2), &proposal(&world, (1, 1), third)).unwrap();
    let message = Message::Block { height: 0, block: blocks[2].clone() };
    let more = host.message(Peer(2), &message.encode()).unwrap();
    assert_eq!([checks(&outputs), checks(&more)].concat(), [third]);
}

#[test]
fn an_invalid_block_that_is_certified_all_the_same_stops_the_node() {
    let world = World::new(&[1, 1, 1, 1]);
    let bad = world.seed_at(world.set.proposer_index(0, 0));
    let own = (1..=4).find(|seed| *seed != bad).unwrap();
    let mut host = world.host(own, None);
    host.start(0, &world.set).unwrap();
    let block = world.block(0, 5);
    let header = blocks::header_of(&block).unwrap().digest();
    host.message(Peer(1), &proposal(&world, (0, 0), header)).unwrap();
    let message = Message::Block { height: 0, block: block.clone() }.encode();
    assert_eq!(checks(&host.message(Peer(1), &message).unwrap()), [header]);
    host.checked(0, header, Verdict::Invalid).unwrap();
    let certificate = certificate(&world, header, [1, 2, 3]);
    let message = Message::Final { height: 0, block, certificate }.encode();
    assert_eq!(checks(&host.message(Peer(2), &message).unwrap()), [header]);
    let stopped = host.checked(0, header, Verdict::Invalid);
    assert!(matches!(stopped, Err(HostError::CertifiedInvalid { height: 0, .. })));
}

#[test]
fn who_sends_the_right_block_does_not_answer_for_bytes_that_came_before() {
    let world = World::new(&[1, 1, 1, 1]);
    let own = world.seed_at(world.set.proposer_index(0, 1));
    let mut host = world.host(own, None);
    host.start(0, &world.set).unwrap();
    let block = world.block(0, 5);
    let header = blocks::header_of(&block).unwrap().digest();
    let other = Message::Block { height: 0, block: [&block[..], &[1]].concat() };
    host.message(Peer(1), &other.encode()).unwrap();
    let certificate = certificate(&world, header, [1, 2, 3]);
    let message = Message::Final { height: 0, block, certificate }.encode();
    assert_eq!(checks(&host.message(Peer(2), &message).unwrap()), [header]);
    let outputs = host.checked(0, header, Verdict::NotTheBlock).unwrap();
    let banned = outputs.iter().filter_map(|output| match output {
        Output::Ban { peer, .. } => Some(*peer),
        _ => None,
    });
    assert_eq!(banned.collect::<Vec<_>>(), [Peer(1)]);
    // Sent again, its own bytes are looked at.
    assert_eq!(checks(&host.message(Peer(2), &message).unwrap()), [header]);
    let outputs = host.checked(0, header, Verdict::Valid).unwrap();
    world.accept(decided(&outputs).expect("decided"));
}

/// Of round 0.
fn certificate(world: &World, header: HeaderDigest, seeds: [u8; 3]) -> Vec<u8> {
    let message =
        vote_message((&world.log(), &world.set.digest()), (VOTE_PRECOMMIT, 0, 0), &header);
    let vote = |seed: u8| {
        let signature = secret(seed).sign(Role::Vote, &message).unwrap();
        (world.index_of(seed), Suite::MlDsa44Ed25519, signature)
    };
    let mut votes = seeds.map(vote).to_vec();
    votes.sort_by_key(|(index, ..)| *index);
    cairn_verifier::finality::encode_certificate(0, &votes).unwrap()
}

#[test]
fn a_peer_that_comes_and_goes_has_one_share() {
    let world = World::new(&[1, 1, 1, 1]);
    let own = world.seed_at(world.set.proposer_index(0, 1));
    let mut host = world.host(own, None);
    host.start(0, &world.set).unwrap();
    let later = Message::Block { height: 1, block: world.block(1, 1) }.encode();
    let (mut salt, mut most) = (0_u8, 0);
    for _ in 0..100 {
        for _ in 0..4 {
            host.message(Peer(1), &later).unwrap();
            salt = salt.wrapping_add(1);
            let block = [world.block(0, salt), vec![0; 10_000]].concat();
            let message = Message::Block { height: 0, block };
            host.message(Peer(1), &message.encode()).unwrap();
        }
        host.message(Peer(1), &Message::Status { height: 9 }.encode()).unwrap();
        most = most.max(host.kept_bytes());
        host.gone(Peer(1));
        assert_eq!(host.kept_bytes(), 0);
    }
    assert!(most < 30_000, "{most}");
    // It had 900 messages to say and said 512; another peer is not concerned.
    host.message(Peer(1), &later).unwrap();
    assert_eq!(host.kept_bytes(), 0);
    host.message(Peer(2), &later).unwrap();
    assert_eq!(host.kept_bytes(), later.len());
    // One that was banned is heard again when it is connected again, in the next window.
    host.renew();
    let banned = |outputs: &[Output]| outputs.iter().any(|o| matches!(o, Output::Ban { .. }));
    assert!(banned(&host.message(Peer(1), &[]).unwrap()));
    assert!(!banned(&host.message(Peer(1), &[]).unwrap()), "it is not heard any more");
    host.gone(Peer(1));
    assert!(banned(&host.message(Peer(1), &[]).unwrap()));
}
