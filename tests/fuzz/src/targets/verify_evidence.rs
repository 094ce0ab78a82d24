//! Evidence: forks that real validators signed, votes and events of one place, and what is none.

use cairn_verifier::digest::{EventId, HeaderDigest};
use cairn_verifier::event::{EventBody, SignedEvent};
use cairn_verifier::evidence::{Evidence, VerifiedEvidence, verify};
use cairn_verifier::finality::{PublicKey, Role, vote_message};
use cairn_verifier::tree::Proof;
use cairn_verifier::wire::{DecodeError, Writer};
use cairn_verifier::{Budget, TrustAnchor};

use crate::Choices;
use crate::forge::{Forged, forged_event, splice_proof};
use crate::model;
use crate::model::receipt::event_id;
use crate::world::world;
use crate::verdicts::agree;

pub(super) const ROUNDS: usize = 3_000;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    crate::seeds::choices()
}

/// Two logs of one genesis: a fork after the first block.
const FORK: [usize; 2] = [0, 2];

pub(super) fn run(data: &[u8]) {
    let mut choices = Choices::new(data);
    let mut anchor = world().logs[0].kit.anchor();
    let mut bytes = match choices.below(3) {
        0 => fork(&mut anchor, &mut choices),
        1 => culprit(&mut choices),
        _ => conflict(&mut choices),
    };
    let mut budget = Budget::DEFAULT;
    match choices.below(12) {
        8 => anchor = world().logs[1].kit.anchor(),
        9 => budget.signatures = u64::from(choices.byte() % 16),
        10 => budget.hashes = u64::from(choices.byte() % 4),
        11 => {
            let other = bytes.clone();
            choices.splice(&mut bytes, &other);
        }
        _ => (),
    }
    let decoded = Evidence::decode(&bytes);
    let want = decoded.as_ref().map_err(DecodeError::code).and_then(|evidence| {
        model::terms::allows(budget, &bytes, model::terms::of_evidence(evidence))?;
        model::evidence::verify(evidence, anchor)
    });
    let found = verify(&bytes, anchor, budget);
    agree(found.as_ref().map(drop).map_err(|error| error.code()), want);
    if let (Ok(found), Ok(evidence)) = (found, decoded) {
        holds(&found, &evidence);
    }
}

/// What is accepted says who contradicted what.
fn holds(found: &VerifiedEvidence, evidence: &Evidence<'_>) {
    match (found, evidence) {
        (VerifiedEvidence::Fork(found), Evidence::Fork(fork)) => {
            assert_eq!(*found.first(), fork.first.header);
            assert_eq!(*found.second(), fork.second.header);
            assert_eq!(found.instead().height, fork.first.header.height);
            assert_ne!(found.instead().digest(), found.first().digest());
        }
        (VerifiedEvidence::Culprit(found), Evidence::Culprit(culprit)) => {
            assert_eq!((found.log(), found.key()), (culprit.log, culprit.key.id()));
            assert_eq!(found.place(), (culprit.kind, culprit.height, culprit.round));
            assert_eq!(found.headers(), culprit.votes.map(|vote| vote.header));
            assert!(found.headers()[0] < found.headers()[1]);
        }
        (VerifiedEvidence::WriterConflict(found), Evidence::WriterConflict(conflict)) => {
            let [one, two] = conflict.events.each_ref().map(|event| event_id(event.bytes()));
            assert_eq!(found.events(), [one, two]);
            assert_ne!(one, two);
            for event in &conflict.events {
                let body = event.body();
                assert_eq!((found.log(), found.stream()), (body.log, body.stream));
                assert_eq!((found.writer(), found.sequence()), (body.writer, body.sequence));
            }
        }
        _ => panic!("another kind than the file's"),
    }
}

fn fork(anchor: &mut TrustAnchor, choices: &mut Choices<'_>) -> Vec<u8> {
    let mut sides = FORK.map(|log| {
        let kit = &world().logs[log].kit;
        let height = choices.below(kit.blocks.len());
        let block = &kit.blocks[height];
        let mut forged = Forged::by(&mut Choices::new(&[]));
        forged.parts = kit.parts(0);
        forged.parts.header = block.header;
        forged.parts.finality = [&[1], block.certificate.as_slice()].concat();
        (kit, height, forged)
    });
    if choices.flag() {
        sides.swap(0, 1);
    }
    if choices.below(4) == 3 {
        let forged = Forged::by(&mut Choices::new(choices.take(24)));
        *anchor = forged.anchor;
        sides[choices.below(2)].2 = forged;
    }
    let [(_, low, _), (kit, high, _)] = &sides;
    let at = if choices.below(4) == 3 { choices.below(kit.blocks.len()) } else { *low };
    let mut proof = if at < *high { kit.header_proof(at, *high) } else { Vec::new() };
    if choices.below(4) == 3 {
        splice_proof(&mut proof, choices);
    }
    let mut writer = Writer::new();
    writer.u8(1).u8(b'E').u8(1);
    for (_, _, forged) in &sides {
        // A checkpoint file is version, type, and a finality proof.
        writer.raw(&forged.checkpoint()[2..]);
    }
    if (low == high) == (choices.below(4) != 3) {
        writer.u8(0);
    } else {
        Proof::new(&proof).write(writer.u8(1).raw(&kit.blocks[at].header.encode()));
    }
    writer.into_bytes()
}

fn culprit(choices: &mut Choices<'_>) -> Vec<u8> {
    let signers: Vec<_> = world().signers.values().collect();
    let signer = choices.of(&signers);
    let (log, kind) = (world().logs[0].kit.log, [2, 2, 1, 0, 3][choices.below(5)]);
    let (height, round) = (choices.number(3) % (1 << 54), u32::from(choices.byte() % 2));
    let headers: Vec<HeaderDigest> = world().headers.keys().copied().collect();
    let mut votes = [0; 2].map(|_: u8| {
        let header = if choices.below(4) == 3 { HeaderDigest::ZERO } else { *choices.of(&headers) };
        let council = &choices.of(&world().logs).kit.councils[0];
        let set = council.set().digest();
        let place = match choices.below(8) {
            5 => (kind, height, round + 1),
            6 => (kind, height ^ 1, round),
            7 => (kind ^ 1, height, round),
            _ => (kind, height, round),
        };
        let voter = if choices.below(8) == 7 { choices.of(&signers) } else { signer };
        let message = vote_message((&log, &set), place, &header);
        let mut signature = voter.sign(Role::Vote, &message);
        signature.resize(signer.suite().signature_len(), 0);
        (header, set, signature)
    });
    if choices.below(8) != 7 {
        votes.sort();
    }
    let public = signer.public();
    let mut writer = Writer::new();
    writer.u8(1).u8(b'E').u8(2).raw(log.as_bytes()).u8(kind).u64(height).u32(round);
    PublicKey::new(signer.suite(), &public).unwrap().write(&mut writer);
    for (header, set, signature) in votes {
        writer.raw(set.as_bytes()).raw(header.as_bytes()).raw(&signature);
    }
    writer.into_bytes()
}

fn conflict(choices: &mut Choices<'_>) -> Vec<u8> {
    let mut events = FORK.map(|log| {
        let kit = &world().logs[log].kit;
        let at = choices.byte();
        let honest = &kit.events[usize::from(at % 4) + 3];
        let honest = SignedEvent::decode(honest).unwrap();
        let mut body: EventBody<'_> = *honest.body();
        match choices.below(4) {
            0 => body.reason = ["one", "two"][choices.below(2)],
            1 => body.sequence = 3 + u64::from(choices.byte() % 2),
            _ => (),
        }
        let signed = kit.sign(&body);
        if choices.below(8) == 7 {
            return forged_event(&SignedEvent::decode(&signed).unwrap(), choices);
        }
        signed
    });
    if choices.below(8) != 7 {
        events.sort_by_key(|event| {
            SignedEvent::decode(event).map_or(EventId::ZERO, |event| event_id(event.bytes()))
        });
    }
    [&[1, b'E', 3], events.concat().as_slice()].concat()
}
