//! Validators come, go and change their power, by events and at gates; proofs follow them.

use std::fs;

use cairn_consensus::epochs::{Change, Penalty, approval_message, candidate_message};
use cairn_node::check::CheckOptions;
use cairn_node::clock;
use cairn_node::init::{InitOptions, init};
use cairn_node::node::Node;
use cairn_node::proofs::{BaseChoice, ReceiptWith};
use cairn_node::system::{SystemEvent, ValidatorEvent};
use cairn_verifier::TrustAnchor;
use cairn_verifier::digest::{EventId, HeaderDigest};
use cairn_verifier::evidence::{CulpritProof, CulpritVote, encode_culprit};
use cairn_verifier::finality::{PublicKey, Role, Suite, vote_message};
use cairn_verifier::receipt;
use cairn_verifier::secret::{MemberSecret, ValidatorSecret};
use cairn_verifier::state::{Known, Record, RecordKey, StateRecord, verify_answer};
use cairn_verifier::trust::{FinalityProof, Genesis};

use crate::open::copy_dir;
use crate::support::{Log, SECOND, Writer, draft, ids};

const GATE: u32 = 2;

/// A log whose only validator has `power`, made of a genesis with power 1 by its first change.
pub(crate) struct Lone {
    pub(crate) log: Log,
    pub(crate) node: Node,
    pub(crate) admin: Writer,
    pub(crate) own: ValidatorSecret,
}

impl Lone {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let auditor = MemberSecret::from_seed([42; 32]).unwrap();
        let options = InitOptions { gate: GATE, ..InitOptions::default() };
        let made = init(&dir.path().join("data"), options.with_member("auditor", &auditor));
        Self::open(Log { dir, anchor: made.unwrap().anchor, auditor })
    }

    pub(crate) fn open(log: Log) -> Self {
        let node = log.open();
        let text = fs::read_to_string(log.path().join("keys/validator.key")).unwrap();
        let own = ValidatorSecret::parse(&text).unwrap();
        let stream = node.system_stream().unwrap().id;
        let admin = Writer::with(&node, log.admin(), stream);
        Self { log, node, admin, own }
    }

    pub(crate) fn reopen(self) -> Self {
        let Self { log, node, admin, own: _ } = self;
        drop(admin);
        drop(node);
        Self::open(log)
    }

    pub(crate) fn propose(&mut self, change: Change) -> Result<EventId, &'static str> {
        self.admin.say(&proposed(change))
    }

    pub(crate) fn approval(&self, proposal: EventId) -> Vec<u8> {
        let set = self.node.validators().unwrap().epochs.now().set.digest();
        let message = approval_message(&self.node.log(), &set, &proposal);
        self.own.sign(Role::Approval, &message).unwrap()
    }

    /// A change that counts, and the blocks up to the gate.
    pub(crate) fn change(&mut self, change: Change) {
        let epoch = self.node.validators().unwrap().epochs.now().epoch;
        let proposal = self.propose(change).unwrap();
        let approval = self.approval(proposal);
        self.node.approve(proposal, self.own.key_id(), approval).unwrap();
        self.wait_for(epoch + 1);
    }

    pub(crate) fn wait_for(&self, epoch: u64) {
        for _ in 0..2_000 {
            if self.node.validators().unwrap().epochs.now().epoch == epoch {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        panic!("epoch {epoch} did not come");
    }

    pub(crate) fn add(&self, seed: u8, power: u64) -> Change {
        added(&self.node, &validator(seed), power)
    }

    fn total(&self) -> u64 {
        self.node.validators().unwrap().now.iter().map(|one| one.power).sum()
    }
}

fn proposed(change: Change) -> SystemEvent {
    SystemEvent::Validator(Box::new(ValidatorEvent::Proposed(change)))
}

pub(crate) fn validator(seed: u8) -> ValidatorSecret {
    ValidatorSecret::from_seed([seed; 32])
}

fn added(node: &Node, secret: &ValidatorSecret, power: u64) -> Change {
    let message = candidate_message(&node.log(), &secret.key_id());
    let proof = secret.sign(Role::Candidate, &message).unwrap();
    Change::Add { suite: secret.suite(), key: secret.public_key(), power, proof }
}

/// Two votes of one key at one place.
pub(crate) fn evidence(node: &Node, secret: &ValidatorSecret, height: u64) -> Vec<u8> {
    let log = node.log();
    let epochs = node.validators().unwrap().epochs;
    let set = epochs.at(height).unwrap().set.digest();
    let headers = [HeaderDigest::from_bytes([1; 32]), HeaderDigest::from_bytes([2; 32])];
    let signatures = headers.map(|header| {
        let message = vote_message((&log, &set), (2, height, 7), &header);
        secret.sign(Role::Vote, &message).unwrap()
    });
    let votes =
        [0, 1].map(|at| CulpritVote { set, header: headers[at], signature: &signatures[at] });
    let public = secret.public_key();
    let key = PublicKey::new(secret.suite(), &public).unwrap();
    encode_culprit(&CulpritProof { log, kind: 2, height, round: 7, key, votes })
}

#[test]
fn sets_change_at_gates_and_proofs_follow() {
    let mut lone = Lone::new();
    let first = ids(&lone.node.submit(vec![draft("first")]).unwrap())[0];
    assert!(lone.node.wait_final(&first, SECOND));
    lone.change(Change::Weight(lone.own.key_id(), 1_000));
    for seed in 1..=7 {
        lone.change(lone.add(seed, u64::from(seed)));
    }
    lone.change(Change::Remove(validator(3).key_id()));
    lone.change(Change::Weight(validator(7).key_id(), 70));
    assert_eq!(lone.total(), 1_000 + 1 + 2 + 4 + 5 + 6 + 70);
    let epochs = lone.node.validators().unwrap().epochs;
    assert_eq!(epochs.now().epoch, 10);
    for term in epochs.terms().skip(1) {
        assert_eq!((term.first_height - 1) % u64::from(GATE), 0);
    }
    let last = ids(&lone.node.submit(vec![draft("last")]).unwrap())[0];
    assert!(lone.node.wait_final(&last, SECOND));
    check_proofs(&lone.node, lone.log.anchor, [first, last]);

    // From index and log alone, and with the index made again.
    let lone = lone.reopen();
    assert_eq!(lone.node.validators().unwrap().epochs.now().epoch, 10);
    let report = lone.node.check(CheckOptions::default(), &mut |_| true);
    assert_eq!(report.findings, Vec::<String>::new());
    lone.node.shutdown();
    let path = lone.log.path();
    let Lone { log, node, admin, .. } = lone;
    drop((node, admin));
    fs::remove_dir_all(path.join("index")).unwrap();
    let lone = Lone::open(log);
    assert_eq!(lone.total(), 1_088);
    check_proofs(&lone.node, lone.log.anchor, [first, last]);
}

/// Receipts, checkpoints and state from the genesis, and from every header.
fn check_proofs(node: &Node, anchor: TrustAnchor, events: [EventId; 2]) {
    for event in events {
        let file = node.receipt(&event, BaseChoice::Genesis, ReceiptWith::default()).unwrap();
        receipt::verify(&file, anchor, clock::now(), &mut ()).unwrap();
    }
    let newest = node.head().unwrap().header.height;
    for height in 0..=newest {
        let block = node.block(height).unwrap().unwrap();
        let trusted = TrustAnchor::Checkpoint(block.digest);
        let base = BaseChoice::Checkpoint(block.digest);
        let file = node.checkpoint(None, base).unwrap();
        let proof = FinalityProof::decode(&file).unwrap();
        proof.verify(trusted, clock::now(), &mut ()).unwrap();
        let file = node.checkpoint(Some(height), BaseChoice::Genesis).unwrap();
        let proof = FinalityProof::decode(&file).unwrap();
        let (fact, _) = proof.verify(anchor, clock::now(), &mut ()).unwrap();
        assert_eq!(fact.digest(), block.digest);
    }
    for term in node.validators().unwrap().epochs.terms() {
        let key = RecordKey::Set(term.epoch);
        let answer = node.state(&key, BaseChoice::Genesis).unwrap().answer;
        let Known::Present(found) =
            verify_answer(&answer, &key, anchor, clock::now(), &mut ()).unwrap()
        else {
            panic!("no record of epoch {}", term.epoch);
        };
        let (epoch, digest, first_height) = (term.epoch, term.set.digest(), term.first_height);
        let expected = StateRecord::Set { epoch, digest, first_height }.encode().unwrap();
        assert_eq!(found.record().bytes(), Record::decode(&expected).unwrap().bytes());
    }
}

/// What is changed of a candidate: key, proof, power.
type Bend<'a> = &'a dyn Fn(&mut Vec<u8>, &mut Vec<u8>, &mut u64);

#[test]
fn what_breaks_a_rule_is_refused_and_changes_nothing() {
    let mut lone = Lone::new();
    let own = lone.own.key_id();
    lone.change(Change::Weight(own, 10));
    // No proof of possession, another log's, another key's.
    let good = lone.add(1, 1);
    let bent = |with: Bend<'_>| {
        let Change::Add { suite, mut key, mut power, mut proof } = good.clone() else { panic!() };
        with(&mut key, &mut proof, &mut power);
        Change::Add { suite, key, power, proof }
    };
    let other = validator(2);
    for change in [
        bent(&|_, proof, _| proof[9] ^= 1),
        bent(&|key, _, _| key.clone_from(&other.public_key())),
        bent(&|_, proof, _| {
            let message = candidate_message(&[9; 32].into(), &validator(1).key_id());
            *proof = validator(1).sign(Role::Candidate, &message).unwrap();
        }),
        bent(&|_, _, power| *power = 0),
        bent(&|_, _, power| *power = 1 << 62),
        Change::Remove(own),
        Change::Remove(other.key_id()),
        Change::Weight(own, 10),
        Change::Weight(own, 0),
        Change::Weight(other.key_id(), 3),
        Change::Penalty(Penalty::Remove),
        added(&lone.node, &lone.own, 5),
    ] {
        assert_eq!(lone.propose(change.clone()), Err("not-allowed"), "{change:?}");
    }
    // A member's key.
    let admin = lone.log.admin();
    let message = candidate_message(&lone.node.log(), &admin.key_id());
    let proof = admin.sign(Role::Candidate, &message).unwrap().to_vec();
    let key = admin.public_key().to_vec();
    let members = Change::Add { suite: Suite::Ed25519, key, power: 1, proof };
    assert_eq!(lone.propose(members), Err("not-allowed"));
    // Not by who is no administrator, and not in another stream.
    let mut eve = Writer::with(&lone.node, lone.log.auditor_again(), lone.admin.stream);
    assert_eq!(eve.say(&proposed(good.clone())), Err("not-allowed"));

    let proposal = lone.propose(good).unwrap();
    let approval = lone.approval(proposal);
    let node = lone.node.clone();
    let refused = |proposal, validator, signature: &[u8]| {
        node.approve(proposal, validator, signature.to_vec()).unwrap_err().reason.code()
    };
    let mut bent = approval.clone();
    bent[0] ^= 1;
    assert_eq!(refused(proposal, own, &bent), "not-allowed");
    assert_eq!(refused(proposal, validator(1).key_id(), &approval), "not-allowed");
    assert_eq!(refused([7; 32].into(), own, &approval), "not-allowed");
    assert!(!lone.node.validators().unwrap().epochs.is_pending());
    lone.node.approve(proposal, own, approval.clone()).unwrap();
    lone.wait_for(2);
    // Decided, and for another set.
    assert_eq!(refused(proposal, own, &approval), "not-allowed");
}

#[test]
fn proposals_lapse_with_the_set_that_was_asked() {
    let mut lone = Lone::new();
    lone.change(Change::Weight(lone.own.key_id(), 10));
    let late = lone.propose(lone.add(1, 1)).unwrap();
    let approval = lone.approval(late);
    lone.change(lone.add(2, 1));
    assert!(lone.node.validators().unwrap().epochs.open().is_empty());
    let refused = lone.node.approve(late, lone.own.key_id(), approval).unwrap_err();
    assert_eq!(refused.reason.code(), "not-allowed");
}

#[test]
fn evidence_is_logged_once_and_punished_at_the_gate() {
    let mut lone = Lone::new();
    lone.change(Change::Weight(lone.own.key_id(), 100));
    lone.change(lone.add(1, 10));
    lone.change(lone.add(2, 10));
    let height = lone.node.head().unwrap().header.height;
    let file = evidence(&lone.node, &validator(1), height);
    let refused = |file: Vec<u8>| lone.node.accuse(file).unwrap_err().reason.code();
    let mut bent = file.clone();
    *bent.last_mut().unwrap() ^= 1;
    assert_eq!(refused(bent), "not-allowed");
    assert_eq!(refused(file[..40].to_vec()), "malformed");
    assert_eq!(refused(evidence(&lone.node, &validator(9), height)), "not-allowed");
    // The key of an epoch to come: it was not in the set at that height.
    assert_eq!(refused(evidence(&lone.node, &validator(2), 0)), "not-allowed");

    let event = lone.node.accuse(file.clone()).unwrap().id;
    assert!(lone.node.wait_final(&event, SECOND));
    lone.wait_for(4);
    assert_eq!(lone.total(), 110);
    assert_eq!(lone.node.evidence_file(&event).unwrap(), Some(file.clone()));
    let accused = lone.node.accused();
    assert_eq!((accused.len(), accused[0].sentence.name()), (1, "removed"));
    assert_eq!(accused[0].key, validator(1).key_id());
    assert_eq!(lone.node.accuse(file).unwrap_err().reason.code(), "not-allowed");

    // Who holds a third or more is not punished: people must decide.
    let height = lone.node.head().unwrap().header.height;
    let own = evidence(&lone.node, &lone.own, height);
    let event = lone.node.accuse(own).unwrap().id;
    assert!(lone.node.wait_final(&event, SECOND));
    let sentences: Vec<_> = lone.node.accused().iter().map(|one| one.sentence.name()).collect();
    assert!(sentences.contains(&"too-much-power"));
    assert!(!lone.node.validators().unwrap().epochs.is_pending());

    // The penalty can be another one.
    let proposal = lone.propose(Change::Penalty(Penalty::Halve)).unwrap();
    let approval = lone.approval(proposal);
    lone.node.approve(proposal, lone.own.key_id(), approval).unwrap();
    let file = evidence(&lone.node, &validator(2), lone.node.head().unwrap().header.height);
    for _ in 0..2_000 {
        if lone.node.validators().unwrap().epochs.penalty() == Penalty::Halve {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    lone.node.accuse(file).unwrap();
    lone.wait_for(5);
    assert_eq!(lone.total(), 105);
}

#[test]
fn a_validator_that_is_no_quorum_makes_no_block() {
    let mut lone = Lone::new();
    lone.change(lone.add(1, 1));
    assert_eq!(lone.total(), 2);
    let height = lone.node.head().unwrap().header.height;
    // Nor does it take what it could make no block of.
    let refused = lone.node.submit(vec![draft("waits")]).unwrap_err();
    assert_eq!(refused.reason.code(), "catching-up");
    assert!(refused.to_string().contains("2 validators"), "{refused}");
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert_eq!(lone.node.head().unwrap().header.height, height);
}

#[test]
fn a_directory_without_its_state_is_made_again() {
    let mut lone = Lone::new();
    lone.change(Change::Weight(lone.own.key_id(), 10));
    let proposal = lone.propose(lone.add(1, 1)).unwrap();
    lone.node.shutdown();
    let copy = lone.log.dir.path().join("copy");
    copy_dir(&lone.log.path(), &copy);
    fs::remove_dir_all(copy.join("index")).unwrap();
    let node = Node::open_to_look(&copy, cairn_node::node::Options::default(), None).unwrap();
    let epochs = node.validators().unwrap().epochs;
    assert_eq!(epochs.open().keys().copied().collect::<Vec<_>>(), [proposal]);
    assert_eq!(epochs.now().epoch, 1);
    let genesis = node.genesis().unwrap();
    assert_eq!(Genesis::log(&genesis), node.log());
}
