use cairn_verifier::state::{PowerMode, StakeParts, StateRecord};

use super::*;

const WINDOW: u64 = 2;

/// Makes a change count, approved by validators 1, 2 ... as far as it takes.
fn decide(epochs: &mut Epochs, change: &Change) -> Result<(), Refused> {
    let number = 200 + u8::try_from(epochs.open().len()).unwrap();
    epochs.propose(id(number), change)?;
    for by in 1..=7 {
        match approve(epochs, number, by) {
            Ok(true) => return Ok(()),
            Ok(false) | Err(Refused::NoVoter(_)) => {}
            Err(other) => return Err(other),
        }
    }
    panic!("no quorum");
}

fn holder(seed: u8) -> KeyId {
    key(seed).key_id()
}

fn moved(by: u8, of: u8, amount: u64, way: Way) -> Move {
    Move { holder: holder(by), validator: key(of).key_id(), amount, way }
}

fn bond(epochs: &mut Epochs, by: u8, to: u8, amount: u64) -> Result<(), Refused> {
    epochs.move_stake(&moved(by, to, amount, Way::Bond))
}

fn unbond(epochs: &mut Epochs, by: u8, from: u8, amount: u64) -> Result<(), Refused> {
    epochs.move_stake(&moved(by, from, amount, Way::Unbond))
}

fn allot(epochs: &mut Epochs, to: u8, amount: u64) -> Result<(), Refused> {
    decide(epochs, &Change::Allot(holder(to), amount))
}

/// Closes blocks up to the next gate, that one too.
fn pass(epochs: &mut Epochs) -> u64 {
    let gate = epochs.next_gate();
    epochs.close(gate);
    gate
}

/// Three validators of weight 1 and a fourth that nothing is bonded to; stake counts.
fn staked() -> Epochs {
    let mut epochs = epochs(&[1, 1, 1, 1]);
    for (by, amount) in [(11, 100), (12, 100), (13, 100)] {
        allot(&mut epochs, by, amount).unwrap();
        bond(&mut epochs, by, by - 10, 60).unwrap();
    }
    decide(&mut epochs, &Change::Mode(PowerMode::Stake, 2)).unwrap();
    pass(&mut epochs);
    pass(&mut epochs);
    pass(&mut epochs);
    epochs
}

#[test]
fn what_is_bonded_counts_where_stake_counts() {
    let mut epochs = epochs(&[3, 2, 1]);
    allot(&mut epochs, 11, 100).unwrap();
    allot(&mut epochs, 12, 50).unwrap();
    bond(&mut epochs, 11, 1, 30).unwrap();
    bond(&mut epochs, 11, 2, 70).unwrap();
    bond(&mut epochs, 12, 2, 5).unwrap();
    assert!(!epochs.is_pending(), "weights count");
    decide(&mut epochs, &Change::Mode(PowerMode::Stake, 2)).unwrap();
    assert_eq!(powers(epochs.next()), [30, 75], "nothing is bonded to the third");
    assert_eq!(powers(&epochs.now().set), [1, 2, 3], "not before the gate");
    pass(&mut epochs);
    assert_eq!(powers(&epochs.now().set), [30, 75]);
    assert_eq!(approve(&mut epochs, 9, 3), Err(Refused::NoProposal(id(9))));
    // Who is admitted has no power before some is bonded.
    decide(&mut epochs, &add(4, 7)).unwrap();
    assert!(!epochs.is_pending());
    pass(&mut epochs);
    bond(&mut epochs, 12, 4, 45).unwrap();
    pass(&mut epochs);
    assert_eq!(powers(&epochs.now().set), [30, 45, 75]);
    decide(&mut epochs, &Change::Mode(PowerMode::Weights, 2)).unwrap();
    pass(&mut epochs);
    assert_eq!(powers(&epochs.now().set), [1, 2, 3, 7]);
}

#[test]
fn what_breaks_a_rule_of_stake_changes_nothing() {
    let mut epochs = staked();
    let before = epochs.stakes().clone();
    let mode = |window| Change::Mode(PowerMode::Stake, window);
    let total = (1 << 62) - 200;
    for (change, expected) in [
        (mode(0), Refused::NoWindow),
        (mode(2), Refused::Nothing),
        (Change::Allot(holder(11), 100), Refused::Nothing),
        (Change::Allot(holder(14), 0), Refused::Nothing),
        (Change::Allot(holder(11), 59), Refused::StakeHeld { asked: 59, held: 60 }),
        (Change::Allot(holder(11), total), Refused::TooMuchStake { total: 1 << 62 }),
        (Change::Allot(holder(11), u64::MAX), Refused::TooMuchStake { total: u64::MAX }),
    ] {
        assert_eq!(epochs.propose(id(1), &change), Err(expected), "{change:?}");
    }
    let own = key(4).key_id();
    for (asked, expected) in [
        (moved(14, 1, 1, Way::Bond), Refused::NoStake(holder(14))),
        (moved(11, 1, 0, Way::Bond), Refused::Nothing),
        (moved(11, 1, 0, Way::Unbond), Refused::Nothing),
        (moved(11, 9, 1, Way::Bond), Refused::NotAValidator(key(9).key_id())),
        (moved(11, 1, 41, Way::Bond), Refused::NotFree { asked: 41, free: 40 }),
        (moved(11, 4, 1, Way::Unbond), Refused::NotBonded { validator: own, asked: 1, bonded: 0 }),
        (
            moved(12, 2, 61, Way::Unbond),
            Refused::NotBonded { validator: key(2).key_id(), asked: 61, bonded: 60 },
        ),
    ] {
        assert_eq!(epochs.move_stake(&asked), Err(expected), "{asked:?}");
    }
    assert_eq!(*epochs.stakes(), before);
    assert!(!epochs.is_pending());
}

#[test]
fn somebody_always_has_power() {
    let mut one = epochs(&[1, 1]);
    let stake = Change::Mode(PowerMode::Stake, 1);
    assert_eq!(one.propose(id(1), &stake), Err(Refused::NothingBonded));
    allot(&mut one, 11, 5).unwrap();
    bond(&mut one, 11, 1, 5).unwrap();
    decide(&mut one, &stake).unwrap();
    assert_eq!(unbond(&mut one, 11, 1, 5), Err(Refused::NothingBonded));
    assert_eq!(one.propose(id(1), &Change::Allot(holder(11), 0)), Err(Refused::NothingBonded));
    let leave = Change::Remove(key(1).key_id());
    assert_eq!(one.propose(id(1), &leave), Err(Refused::NothingBonded));
    assert_eq!(powers(one.next()), [5]);
}

#[test]
fn stake_that_leaves_is_held_for_the_window() {
    let mut epochs = staked();
    unbond(&mut epochs, 11, 1, 50).unwrap();
    assert_eq!(powers(epochs.next()), [10, 60, 60]);
    let gate = pass(&mut epochs);
    assert_eq!(powers(&epochs.now().set), [10, 60, 60], "it counts no more");
    let end = gate + WINDOW * u64::from(GATE);
    let moved = gate;
    while epochs.height() <= end {
        let stakes = epochs.stakes();
        assert_eq!(stakes.holders()[&holder(11)].free(epochs.height()), 40);
        if epochs.next_gate() < end {
            let behind = end - u64::from(GATE);
            let refused = Refused::MovedBefore { gate: moved, behind };
            assert_eq!(bond(&mut epochs, 11, 2, 1), Err(refused));
        } else {
            let refused = Refused::NotFree { asked: 41, free: 40 };
            assert_eq!(bond(&mut epochs.clone(), 11, 2, 41), Err(refused));
        }
        epochs.close(epochs.height());
    }
    bond(&mut epochs, 11, 4, 90).unwrap();
    assert_eq!(powers(epochs.next()), [10, 60, 60, 90]);
}

#[test]
fn a_holder_moves_stake_for_one_gate_of_a_window() {
    let mut epochs = staked();
    let at = epochs.next_gate();
    for to in [1, 2, 3] {
        bond(&mut epochs, 12, to, 5).unwrap();
    }
    unbond(&mut epochs, 12, 3, 5).unwrap();
    pass(&mut epochs);
    let refused = Refused::MovedBefore { gate: at, behind: at + u64::from(GATE) };
    assert_eq!(bond(&mut epochs, 12, 1, 1), Err(refused.clone()));
    assert_eq!(unbond(&mut epochs, 12, 1, 1), Err(refused));
    bond(&mut epochs, 11, 1, 1).unwrap();
    pass(&mut epochs);
    bond(&mut epochs, 12, 1, 1).unwrap();
}

#[test]
fn a_holder_is_in_so_many_places() {
    let mut epochs = epochs(&[1; 40]);
    epochs.propose(id(1), &Change::Allot(holder(111), 100)).unwrap();
    for by in 1..=27 {
        assert_eq!(approve(&mut epochs, 1, by), Ok(by == 27));
    }
    for to in 1..=32 {
        bond(&mut epochs, 111, to, 1).unwrap();
    }
    assert_eq!(bond(&mut epochs, 111, 33, 1), Err(Refused::TooManyParts));
    bond(&mut epochs, 111, 32, 1).unwrap();
    encodes(&epochs);
}

#[test]
fn evidence_cuts_what_is_bonded_and_what_left_since() {
    let mut epochs = staked();
    let first = epochs.now().epoch;
    let early = evidence(&epochs, 1, epochs.now().first_height);
    unbond(&mut epochs, 11, 1, 50).unwrap();
    let gate = pass(&mut epochs);
    // What left before does not answer for what was signed after.
    let late = evidence(&epochs, 1, gate + 1);
    let mut after = epochs.clone();
    let accused = after.accuse(id(1), &late).unwrap();
    assert_eq!((accused.epoch, accused.cut), (first + 1, 10));
    assert_eq!(after.stakes().holders()[&holder(11)].allotted(), 90);
    assert_eq!(powers(after.next()), [60, 60]);
    assert!(!after.roster().has(&key(1).key_id()));
    // What left then does: it is still held.
    let mut then = epochs.clone();
    assert_eq!(then.accuse(id(1), &early).unwrap().cut, 60);
    assert_eq!(then.stakes().holders()[&holder(11)].allotted(), 40);
    encodes(&then);
    // Behind the window it is free.
    for _ in 0..WINDOW {
        pass(&mut epochs);
    }
    assert_eq!(epochs.accuse(id(1), &early).unwrap().cut, 10);
}

#[test]
fn stake_answers_after_its_validator_left() {
    let mut epochs = staked();
    let file = evidence(&epochs, 1, epochs.now().first_height);
    decide(&mut epochs, &Change::Remove(key(1).key_id())).unwrap();
    assert_eq!(powers(epochs.next()), [60, 60]);
    pass(&mut epochs);
    let mut late = epochs.clone();
    let accused = epochs.accuse(id(1), &file).unwrap();
    assert_eq!((accused.sentence, accused.cut), (Sentence::Punished(Penalty::Remove), 60));
    assert_eq!(powers(epochs.next()), [60, 60]);
    for _ in 0..WINDOW {
        pass(&mut late);
    }
    assert_eq!(late.accuse(id(1), &file).unwrap().sentence, Sentence::Gone);
    assert_eq!(late.stakes().holders()[&holder(11)].free(late.height()), 100);
}

#[test]
fn penalties_cut_as_they_say_and_never_a_third() {
    // 50 leave, 10 and 1 are bonded: halved they are 25, 5 and 1.
    for (penalty, cut, left) in
        [(Penalty::None, 0, [11, 60, 60]), (Penalty::Halve, 30, [6, 60, 60])]
    {
        let mut epochs = staked();
        decide(&mut epochs, &Change::Penalty(penalty)).unwrap();
        unbond(&mut epochs, 11, 1, 50).unwrap();
        unbond(&mut epochs, 13, 3, 1).unwrap();
        bond(&mut epochs, 13, 3, 1).unwrap();
        bond(&mut epochs, 13, 1, 1).unwrap();
        let file = evidence(&epochs, 1, epochs.now().first_height);
        assert_eq!(epochs.accuse(id(1), &file).unwrap().cut, cut);
        assert_eq!(powers(epochs.next()), left);
    }
    let mut epochs = staked();
    let file = evidence(&epochs, 1, epochs.now().first_height);
    let accused = epochs.accuse(id(1), &file).unwrap();
    assert_eq!((accused.sentence, accused.cut), (Sentence::TooMuchPower, 0));
    assert_eq!(powers(epochs.next()), [60, 60, 60]);
}

/// Every holder's record is one that the state can have.
fn encodes(epochs: &Epochs) {
    for (id, holder) in epochs.stakes().holders() {
        let parts: Vec<_> = holder.parts().map(cairn_verifier::state::StakePart::encode).collect();
        let (allotted, moved) = (holder.allotted(), holder.moved());
        let parts = StakeParts::new(&parts);
        StateRecord::Stake { holder: *id, allotted, moved, parts }.encode().unwrap();
    }
}

/// One unit of stake, as the slow model knows it.
#[derive(Clone, Copy, PartialEq)]
enum Unit {
    Free,
    Bonded(u8),
    Leaving { of: u8, epoch: u64, until: u64 },
}

/// Stake unit by unit: obvious, and too slow for more than a test.
#[derive(Clone, Default)]
struct Model {
    units: BTreeMap<u8, Vec<Unit>>,
    moved: BTreeMap<u8, u64>,
}

impl Model {
    /// Does what a move says, if it may; says whether.
    fn moves(&mut self, epochs: &Epochs, (by, of, amount, way): (u8, u8, usize, Way)) -> bool {
        let gate = epochs.next_gate();
        let Some(units) = self.units.get_mut(&by) else { return false };
        let early = self
            .moved
            .get(&by)
            .is_some_and(|last| *last != gate && gate < *last + WINDOW * u64::from(GATE));
        if amount == 0 || early {
            return false;
        }
        let until = gate + WINDOW * u64::from(GATE);
        let (from, to) = match way {
            Way::Bond => (Unit::Free, Unit::Bonded(of)),
            Way::Unbond => {
                (Unit::Bonded(of), Unit::Leaving { of, epoch: epochs.now().epoch, until })
            }
        };
        let mut after = units.clone();
        for unit in &mut after {
            if matches!(unit, Unit::Leaving { until, .. } if *until < epochs.height()) {
                *unit = Unit::Free;
            }
        }
        let fit: Vec<_> = after.iter_mut().filter(|unit| **unit == from).take(amount).collect();
        if fit.len() < amount {
            return false;
        }
        fit.into_iter().for_each(|unit| *unit = to);
        let others = self.units.iter().filter(|(other, _)| **other != by);
        let mut all = others.flat_map(|(_, units)| units).chain(&after);
        if !all.any(|unit| matches!(unit, Unit::Bonded(_))) {
            return false;
        }
        self.units.insert(by, after);
        self.moved.insert(by, gate);
        true
    }

    fn cut(&mut self, of: u8, (epoch, height): (u64, u64)) {
        for units in self.units.values_mut() {
            units.retain(|unit| match unit {
                Unit::Free => true,
                Unit::Bonded(to) => *to != of,
                Unit::Leaving { of: from, epoch: last, until } => {
                    *from != of || *last < epoch || *until < height
                }
            });
        }
    }

    fn powers(&self) -> Vec<u64> {
        let mut powers = BTreeMap::new();
        for unit in self.units.values().flatten() {
            if let Unit::Bonded(to) = unit {
                *powers.entry(*to).or_insert(0) += 1;
            }
        }
        let mut powers: Vec<_> = powers.into_values().collect();
        powers.sort_unstable();
        powers
    }
}

/// Whether blocks are closed one by one or many at once makes no difference, and the slow model
/// says the same.
#[test]
fn all_who_read_the_log_derive_the_same_stake() {
    for seed in 1..=4_u64 {
        let mut random = seed;
        let mut next = move |below: u64| {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) % below
        };
        let mut single = epochs(&[1; 6]);
        let mut model = Model::default();
        for by in 11..=14_u8 {
            allot(&mut single, by, 20).unwrap();
            bond(&mut single, by, by - 10, 10).unwrap();
            let units = [vec![Unit::Bonded(by - 10); 10], vec![Unit::Free; 10]].concat();
            model.units.insert(by, units);
            model.moved.insert(by, 0);
        }
        decide(&mut single, &Change::Mode(PowerMode::Stake, 2)).unwrap();
        let (mut merged, mut advanced) = (single.clone(), single.clone());
        let (mut taken, mut cuts) = (0, 0);
        for height in 0..120_u64 {
            if let Some(before) = height.checked_sub(1) {
                advanced.advance(before);
            }
            for _ in 0..next(3) {
                let (by, of) = (11 + byte(next(5)), 1 + byte(next(6)));
                let way = if next(2) == 0 { Way::Bond } else { Way::Unbond };
                let amount = next(8);
                let asked = moved(by, of, amount, way);
                let said = single.move_stake(&asked);
                // Who was punished is no validator any more.
                if !matches!(said, Err(Refused::NotAValidator(_))) {
                    let did = model.moves(&single, (by, of, amount.try_into().unwrap(), way));
                    assert_eq!(said.is_ok(), did, "seed {seed} height {height}: {said:?}");
                }
                assert_eq!(merged.move_stake(&asked), said);
                assert_eq!(advanced.move_stake(&asked), said);
                taken += u32::from(said.is_ok());
            }
            if next(40) == 0 {
                let by = 1 + byte(next(6));
                let file = evidence(&single, by, next(height + 1));
                let said = single.accuse(id(byte(height)), &file);
                assert_eq!(merged.accuse(id(byte(height)), &file), said);
                assert_eq!(advanced.accuse(id(byte(height)), &file), said);
                if let Ok(accused) = said
                    && accused.sentence == Sentence::Punished(Penalty::Remove)
                {
                    model.cut(by, (accused.epoch, single.height()));
                    cuts += u32::from(accused.cut > 0);
                }
            }
            assert_eq!(powers(single.next()), model.powers(), "seed {seed} height {height}");
            encodes(&single);
            let fields = single.close(height);
            if merged.is_gate(height) {
                assert_eq!(merged.close(height), fields);
                assert_eq!(merged.stakes(), single.stakes());
                assert_eq!(merged.fields(), single.fields());
            }
        }
        advanced.advance(119);
        assert_eq!(advanced.fields(), single.fields());
        assert_eq!(advanced.stakes(), single.stakes());
        assert!(taken > 10 && single.now().epoch > 4, "seed {seed}: {taken} moves, {cuts} cuts");
    }
}
