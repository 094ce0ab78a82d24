//! Stake on a real node: allotted, bonded, counted, proven, held and cut.

use std::fs;

use cairn_consensus::epochs::{Change, Move, Way};
use cairn_node::check::CheckOptions;
use cairn_node::clock;
use cairn_node::node::Node;
use cairn_node::proofs::BaseChoice;
use cairn_node::system::{SystemEvent, ValidatorEvent};
use cairn_verifier::TrustAnchor;
use cairn_verifier::digest::{EventId, KeyId};
use cairn_verifier::state::{
    Known, Leaving, PowerMode, RecordKey, StakePart, StateRecord, verify_answer,
};

use crate::support::{SECOND, Writer};
use crate::validators::{Lone, evidence, validator};

/// A log whose auditor holds stake.
struct Town {
    lone: Lone,
    holder: Writer,
}

impl Town {
    fn new() -> Self {
        let mut lone = Lone::new();
        let secret = lone.log.auditor_again();
        let id = secret.key_id();
        decide(&mut lone, Change::Allot(id, 100));
        let holder = Writer::with(&lone.node, secret, lone.admin.stream);
        Self { lone, holder }
    }

    fn holder(&self) -> KeyId {
        self.holder.secret.key_id()
    }

    fn moves(&mut self, to: KeyId, amount: u64, way: Way) -> Result<EventId, &'static str> {
        let asked = moved(&self.holder, to, amount, way);
        self.holder.say(&asked)
    }

    fn powers(&self) -> Vec<u64> {
        let mut powers: Vec<_> =
            self.lone.node.validators().unwrap().now.iter().map(|one| one.power).collect();
        powers.sort_unstable();
        powers
    }

    fn epoch(&self) -> u64 {
        self.lone.node.validators().unwrap().epochs.now().epoch
    }

    /// Empty blocks are not made, so heights pass by events.
    fn pass(&mut self, height: u64) {
        while self.lone.node.head().unwrap().header.height < height {
            let id = self.lone.node.submit(vec![crate::support::draft("passes")]).unwrap()[0].id;
            assert!(self.lone.node.wait_final(&id, SECOND));
        }
    }
}

fn moved(by: &Writer, validator: KeyId, amount: u64, way: Way) -> SystemEvent {
    let asked = Move { holder: by.secret.key_id(), validator, amount, way };
    SystemEvent::Validator(Box::new(ValidatorEvent::Moved(asked)))
}

/// A change that is made, whether another set follows from it or not.
fn decide(lone: &mut Lone, change: Change) {
    let proposal = lone.propose(change).unwrap();
    let approval = lone.approval(proposal);
    let event = lone.node.approve(proposal, lone.own.key_id(), approval).unwrap();
    assert!(lone.node.wait_final(&event.id, SECOND));
}

fn proven(node: &Node, anchor: TrustAnchor, key: &RecordKey<'_>) -> Option<Vec<u8>> {
    let answer = node.state(key, BaseChoice::Genesis).unwrap().answer;
    match verify_answer(&answer, key, anchor, clock::now(), &mut ()).unwrap() {
        Known::Present(found) => Some(found.record().bytes().to_vec()),
        Known::Absent(_) => None,
    }
}

/// What the state proves of a holder: its allotment and its parts.
fn stake(town: &Town) -> Option<(u64, Vec<StakePart>)> {
    let key = RecordKey::Stake(town.holder());
    let record = proven(&town.lone.node, town.lone.log.anchor, &key)?;
    let record = cairn_verifier::state::Record::decode(&record).unwrap();
    let StateRecord::Stake { allotted, parts, .. } = *record.content() else { panic!() };
    Some((allotted, parts.iter().collect()))
}

#[test]
fn stake_is_bonded_counted_held_and_proven() {
    let mut town = Town::new();
    let own = town.lone.own.key_id();
    let anchor = town.lone.log.anchor;
    assert_eq!(stake(&town), Some((100, vec![])));
    assert_eq!(proven(&town.lone.node, anchor, &RecordKey::Power), None);
    town.moves(own, 60, Way::Bond).unwrap();
    assert_eq!(town.powers(), [1], "weights count");
    town.lone.change(Change::Mode(PowerMode::Stake, 4));
    assert_eq!(town.powers(), [60]);
    let power = StateRecord::Power { mode: PowerMode::Stake, window: 4 }.encode().unwrap();
    assert_eq!(proven(&town.lone.node, anchor, &RecordKey::Power), Some(power));
    let bonded = StakePart { validator: own, amount: 60, leaving: None };
    assert_eq!(stake(&town), Some((100, vec![bonded])));

    // Four gates of two heights later it can move again.
    let moves =
        town.lone.node.validators().unwrap().epochs.stakes().holders()[&town.holder()].moved();
    assert_eq!(town.moves(own, 20, Way::Unbond), Err("not-allowed"));
    town.pass(moves + 5);
    let epoch = town.epoch();
    town.moves(own, 20, Way::Unbond).unwrap();
    town.lone.wait_for(epoch + 1);
    assert_eq!(town.powers(), [40]);
    let (allotted, parts) = stake(&town).unwrap();
    let Some(Leaving { epoch: last, until }) = parts[0].leaving else { panic!("{parts:?}") };
    assert_eq!((allotted, last, parts[0].amount, parts[1].amount), (100, epoch, 20, 40));
    town.pass(until - 2);
    assert_eq!(town.moves(own, 61, Way::Bond), Err("not-allowed"), "20 are still held");
    town.pass(until);
    town.moves(own, 60, Way::Bond).unwrap();
    town.lone.wait_for(epoch + 2);
    assert_eq!(town.powers(), [100]);

    // From index and log, and with the index made again; and with everything looked at.
    let before = stake(&town);
    let Town { lone, holder } = town;
    let secret = holder.secret;
    drop(holder.node);
    let lone = lone.reopen();
    let report = lone.node.check(CheckOptions::default(), &mut |_| true);
    assert_eq!(report.findings, Vec::<String>::new());
    lone.node.shutdown();
    let path = lone.log.path();
    let Lone { log, node, admin, .. } = lone;
    drop((node, admin));
    fs::remove_dir_all(path.join("index")).unwrap();
    let lone = Lone::open(log);
    let holder = Writer::with(&lone.node, secret, lone.admin.stream);
    let town = Town { lone, holder };
    assert_eq!((town.powers(), stake(&town)), (vec![100], before));
}

#[test]
fn only_the_key_that_holds_stake_moves_it() {
    let mut town = Town::new();
    let own = town.lone.own.key_id();
    // An administrator proposes, and has no stake.
    let asked = moved(&town.lone.admin, own, 1, Way::Bond);
    assert_eq!(town.lone.admin.say(&asked), Err("not-allowed"));
    for (to, amount) in [(own, 101), (own, 0), (validator(9).key_id(), 1)] {
        assert_eq!(town.moves(to, amount, Way::Bond), Err("not-allowed"), "{amount} to {to}");
    }
    assert_eq!(town.moves(own, 1, Way::Unbond), Err("not-allowed"));
    let stream = town.lone.node.streams()[0].id;
    assert_ne!(stream, town.lone.admin.stream);
    let mut elsewhere = Writer::with(&town.lone.node, town.lone.log.auditor_again(), stream);
    let asked = moved(&elsewhere, own, 1, Way::Bond);
    assert_eq!(elsewhere.say(&asked), Err("not-allowed"));
    assert_eq!(town.lone.propose(Change::Mode(PowerMode::Stake, 1)), Err("not-allowed"));
    assert_eq!(town.lone.propose(Change::Mode(PowerMode::Weights, 0)), Err("not-allowed"));
    assert_eq!(stake(&town), Some((100, vec![])));
    town.moves(own, 1, Way::Bond).unwrap();
    // A quorum takes it away whole, whatever the holder says.
    let all = Change::Allot(town.holder(), 0);
    decide(&mut town.lone, all);
    assert_eq!(stake(&town), None);
    assert_eq!(town.moves(own, 1, Way::Bond), Err("not-allowed"));
}

#[test]
fn evidence_cuts_stake() {
    let mut town = Town::new();
    let own = town.lone.own.key_id();
    let added = town.lone.add(1, 1);
    town.lone.change(Change::Weight(own, 10));
    town.lone.change(added);
    town.moves(own, 60, Way::Bond).unwrap();
    town.moves(validator(1).key_id(), 15, Way::Bond).unwrap();
    let epoch = town.epoch();
    town.lone.change(Change::Mode(PowerMode::Stake, 2));
    assert_eq!(town.powers(), [15, 60]);
    let height = town.lone.node.head().unwrap().header.height;
    let file = evidence(&town.lone.node, &validator(1), height);
    town.lone.node.accuse(file).unwrap();
    town.lone.wait_for(epoch + 2);
    assert_eq!(town.powers(), [60]);
    let accused = town.lone.node.accused();
    assert_eq!((accused[0].sentence.name(), accused[0].cut), ("removed", 15));
    let bonded = StakePart { validator: own, amount: 60, leaving: None };
    assert_eq!(stake(&town), Some((85, vec![bonded])));
    let registered = town.lone.node.validators().unwrap().registered;
    assert_eq!(
        registered.iter().map(|one| (one.weight, one.bonded)).collect::<Vec<_>>(),
        [(10, 60)]
    );
}
