use cairn_verifier::digest::HeaderDigest;
use cairn_verifier::evidence::{CulpritProof, CulpritVote, encode_culprit};
use cairn_verifier::finality::{PublicKey, Role, Suite, encode_set, vote_message};
use cairn_verifier::secret::MemberSecret;

use super::*;

mod stake;

const LOG: [u8; 32] = [5; 32];
const GATE: u32 = 4;

fn key(seed: u8) -> MemberSecret {
    MemberSecret::from_seed([seed; 32]).unwrap()
}

/// Validators 1, 2 ... with these powers.
fn epochs(powers: &[u64]) -> Epochs {
    let entries: Vec<_> = (1..)
        .zip(powers)
        .map(|(seed, power)| (Suite::Ed25519, key(seed).public_key().to_vec(), *power))
        .collect();
    let bytes = encode_set(&entries).unwrap();
    Epochs::new((LOG.into(), GATE), &ValidatorSet::decode(&bytes).unwrap()).unwrap()
}

fn add(seed: u8, power: u64) -> Change {
    let key = key(seed);
    let message = candidate_message(&LOG.into(), &key.key_id());
    let proof = key.sign(Role::Candidate, &message).unwrap().to_vec();
    Change::Add { suite: Suite::Ed25519, key: key.public_key().to_vec(), power, proof }
}

fn id(number: u8) -> EventId {
    EventId::from_bytes([number; 32])
}

fn approve(epochs: &mut Epochs, proposal: u8, by: u8) -> Result<bool, Refused> {
    let message = approval_message(&LOG.into(), &epochs.now().set.digest(), &id(proposal));
    let signature = key(by).sign(Role::Approval, &message).unwrap();
    epochs.approve(&id(proposal), key(by).key_id(), &signature)
}

fn powers(set: &Set) -> Vec<u64> {
    let mut powers: Vec<_> = set.entries().map(|(_, power)| power).collect();
    powers.sort_unstable();
    powers
}

fn evidence(epochs: &Epochs, by: u8, height: u64) -> Vec<u8> {
    let log = LOG.into();
    let set = epochs.terms().rev().find(|term| term.first_height <= height).unwrap().set.digest();
    let headers = [[1; 32], [2; 32]].map(HeaderDigest::from_bytes);
    let signed = headers.map(|header| {
        let message = vote_message((&log, &set), (1, height, 0), &header);
        key(by).sign(Role::Vote, &message).unwrap()
    });
    let public = key(by).public_key();
    let votes =
        [0, 1].map(|at: usize| CulpritVote { set, header: headers[at], signature: &signed[at] });
    let key = PublicKey::new(Suite::Ed25519, &public).unwrap();
    encode_culprit(&CulpritProof { log, kind: 1, height, round: 0, key, votes })
}

#[test]
fn more_than_two_thirds_of_the_power_approve() {
    let mut epochs = epochs(&[1, 1, 1]);
    epochs.propose(id(1), &add(4, 7)).unwrap();
    assert_eq!(approve(&mut epochs, 1, 1), Ok(false));
    assert_eq!(approve(&mut epochs, 1, 1), Err(Refused::ApprovedBefore(key(1).key_id())));
    assert_eq!(approve(&mut epochs, 1, 2), Ok(false), "two thirds are not more than two thirds");
    assert_eq!(approve(&mut epochs, 1, 9), Err(Refused::NoVoter(key(9).key_id())));
    assert_eq!(approve(&mut epochs, 1, 4), Err(Refused::NoVoter(key(4).key_id())));
    assert!(!epochs.is_pending());
    assert_eq!(approve(&mut epochs, 1, 3), Ok(true));
    assert_eq!(powers(epochs.next()), [1, 1, 1, 7]);
    assert_eq!(powers(&epochs.now().set), [1, 1, 1]);
}

#[test]
fn the_set_changes_behind_a_gate_alone() {
    let mut epochs = epochs(&[1]);
    let first = epochs.now().set.digest();
    assert_eq!(epochs.close(0), Fields { epoch: 0, epoch_start: 0, set: first, next_set: first });
    epochs.propose(id(1), &add(2, 1)).unwrap();
    approve(&mut epochs, 1, 1).unwrap();
    epochs.propose(id(2), &add(3, 1)).unwrap();
    let next = epochs.next().digest();
    for height in 1..4 {
        assert_eq!(epochs.next_gate(), 4);
        assert_eq!(epochs.close(height).next_set, first);
    }
    assert_eq!(epochs.fields(), Fields { epoch: 0, epoch_start: 0, set: first, next_set: next });
    epochs.close(4);
    assert_eq!(epochs.fields(), Fields { epoch: 1, epoch_start: 5, set: next, next_set: next });
    assert_eq!(epochs.open().len(), 0, "what the old set was asked lapsed");
    assert_eq!(approve(&mut epochs, 2, 1), Err(Refused::NoProposal(id(2))));
    let sets = [0, 4, 5].map(|height| epochs.at(height).unwrap().epoch);
    assert_eq!((sets, epochs.at(6)), ([0, 0, 1], None));
}

#[test]
fn no_set_grows_past_its_limits() {
    let mut few = epochs(&[1]);
    let refused = [
        (Change::Remove(key(1).key_id()), Refused::Empty),
        (Change::Remove(key(2).key_id()), Refused::NotAValidator(key(2).key_id())),
        (Change::Weight(key(1).key_id(), 1), Refused::Nothing),
        (add(1, 1), Refused::IsValidator(key(1).key_id())),
    ];
    for (change, expected) in refused {
        assert_eq!(few.propose(id(1), &change), Err(expected));
    }
    for power in [0, 1 << 62, u64::MAX] {
        assert!(matches!(few.propose(id(1), &add(2, power)), Err(Refused::Set(_))), "{power}");
    }
    let mut all = epochs(&[1; 100]);
    assert_eq!(all.propose(id(1), &add(101, 1)), Err(Refused::TooMany { found: 101 }));
    for number in 0..64 {
        few.propose(id(number), &add(number + 2, 1)).unwrap();
    }
    assert_eq!(few.propose(id(64), &add(99, 1)), Err(Refused::TooManyOpen));
}

#[test]
fn a_change_that_fits_no_more_is_not_made() {
    let mut epochs = epochs(&[5, 1]);
    epochs.propose(id(1), &Change::Remove(key(2).key_id())).unwrap();
    epochs.propose(id(2), &Change::Weight(key(2).key_id(), 2)).unwrap();
    assert_eq!(approve(&mut epochs, 1, 1), Ok(true));
    assert_eq!(approve(&mut epochs, 2, 1), Err(Refused::NotAValidator(key(2).key_id())));
    assert_eq!(powers(epochs.next()), [5]);
}

#[test]
fn punishments_of_an_epoch_stay_below_a_third() {
    let mut epochs = epochs(&[1; 7]);
    for (by, sentence) in [
        (1, Sentence::Punished(Penalty::Remove)),
        (2, Sentence::Punished(Penalty::Remove)),
        (3, Sentence::TooMuchPower),
    ] {
        let file = evidence(&epochs, by, 0);
        assert_eq!(epochs.accuse(id(by), &file).unwrap().sentence, sentence);
        let again = epochs.accuse(id(9), &file);
        assert_eq!(again, Err(Refused::AccusedBefore { event: id(by), epoch: 0 }));
    }
    assert_eq!(powers(epochs.next()), [1; 5]);
    epochs.close(0);
    // It was a validator then and is none now.
    let late = evidence(&epochs, 4, 0);
    assert_eq!(epochs.accuse(id(4), &late).unwrap().sentence, Sentence::Punished(Penalty::Remove));
    let gone = evidence(&epochs, 1, 1);
    assert_eq!(
        epochs.accuse(id(5), &gone),
        Err(Refused::NotThen { key: key(1).key_id(), height: 1 })
    );
    assert_eq!(powers(epochs.next()), [1; 4]);
}

#[test]
fn evidence_of_another_log_or_set_is_refused() {
    let mut one = epochs(&[1, 1, 1, 1]);
    let file = evidence(&one, 1, 3);
    let mut other = epochs(&[2, 1, 1, 1]);
    assert!(matches!(other.accuse(id(1), &file), Err(Refused::OtherSet { .. })));
    other.log = [6; 32].into();
    assert!(matches!(other.accuse(id(1), &file), Err(Refused::OtherLog { .. })));
    for at in 0..file.len() {
        let mut bent = file.clone();
        bent[at] ^= 1;
        assert!(one.clone().accuse(id(1), &bent).is_err(), "byte {at}");
    }
    one.accuse(id(1), &file).unwrap();
}

fn byte(number: u64) -> u8 {
    number.try_into().unwrap()
}

/// Whether blocks are closed one by one, or many between two gates at once, makes no difference.
#[test]
fn blocks_between_gates_may_be_taken_together() {
    let mut random = 1_u64;
    let mut next = move |below: u64| {
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    let (mut single, mut merged) = (epochs(&[9, 2, 2]), epochs(&[9, 2, 2]));
    let mut advanced = single.clone();
    for height in 0..80 {
        for number in 0..next(3) {
            let event =
                EventId::from_bytes([byte(height), byte(number)].repeat(16).try_into().unwrap());
            let seed = 1 + byte(next(8));
            let change = match next(3) {
                0 => add(seed, 1 + next(3)),
                1 => Change::Remove(key(seed).key_id()),
                _ => Change::Weight(key(seed).key_id(), 1 + next(9)),
            };
            let file = evidence(&single, seed, height);
            let accuse = next(20) == 0;
            let set = single.now().set.digest();
            let message = approval_message(&LOG.into(), &set, &event);
            advanced.advance(height.saturating_sub(1));
            for epochs in [&mut single, &mut merged, &mut advanced] {
                let _refused = epochs.propose(event, &change);
                for by in 1..6 {
                    let signature = key(by).sign(Role::Approval, &message).unwrap();
                    let _refused = epochs.approve(&event, key(by).key_id(), &signature);
                }
                if accuse {
                    let _refused = epochs.accuse(event, &file);
                }
            }
        }
        let fields = single.close(height);
        if merged.is_gate(height) {
            assert_eq!(merged.close(height), fields);
            assert_eq!(merged.fields(), single.fields());
        }
    }
    advanced.advance(79);
    assert_eq!(advanced.fields(), single.fields());
    assert!(single.now().epoch > 4, "{}", single.now().epoch);
    assert_eq!(advanced.terms().collect::<Vec<_>>(), single.terms().collect::<Vec<_>>());
}
