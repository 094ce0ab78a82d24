//! A model of the rules of one height, apart from any code of ours: every order of events that four
//! validators of equal power can see in three rounds is walked through.
//!
//! One validator is bad: its votes are there for every value wherever they help. Messages take any
//! time, so an honest validator may vote or leave a vote out, and go on to any later round, whenever
//! its rules let it. (A vote for nil helps no value, so it is a vote left out here.) One of them may lose its log, and with it its lock; its record keeps it from a second vote
//! in a place, and nothing else does. What the model shows is why such a validator is silent.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a handful of small numbers"
)]

use std::collections::BTreeSet;

const ROUNDS: usize = 3;
const HONEST: usize = 3;
/// Votes of three of four are a quorum, and the bad one always helps.
const HONEST_QUORUM: usize = 2;

/// A vote: 0 for no value, 1 and 2 for the two values.
type Vote = u8;
const NONE: Vote = 0;
const VALUES: [Vote; 2] = [1, 2];

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Validator {
    prevotes: [Vote; ROUNDS],
    precommits: [Vote; ROUNDS],
    /// Value and round that it is locked on.
    lock: Option<(Vote, usize)>,
    silent: bool,
}

impl Validator {
    /// The latest round it voted in: it never goes back.
    fn round(&self) -> usize {
        let voted =
            |round: &usize| self.prevotes[*round] != NONE || self.precommits[*round] != NONE;
        (0..ROUNDS).rev().find(voted).unwrap_or(0)
    }

    fn may_still_prevote(&self, round: usize) -> bool {
        self.prevotes[round] == NONE && self.precommits[round] == NONE
    }
}

/// Honest validators in any order: they are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct State {
    validators: [Validator; HONEST],
    losses: u8,
}

/// Which rules hold.
#[derive(Clone, Copy)]
struct Rules {
    locks: bool,
    silence: bool,
    losses: u8,
}

impl State {
    fn prevotes(&self, value: Vote, round: usize) -> usize {
        self.validators.iter().filter(|v| v.prevotes[round] == value).count()
    }

    fn has_polka(&self, value: Vote, round: usize) -> bool {
        self.prevotes(value, round) >= HONEST_QUORUM
    }

    fn is_decided(&self, value: Vote) -> bool {
        (0..ROUNDS).any(|round| {
            let votes = self.validators.iter().filter(|v| v.precommits[round] == value).count();
            votes >= HONEST_QUORUM
        })
    }

    fn agrees(&self) -> bool {
        !VALUES.iter().all(|value| self.is_decided(*value))
    }

    /// Whether a validator may prevote a value in a round (lines 22 and 28 of the algorithm).
    fn may_prevote(&self, validator: &Validator, value: Vote, round: usize) -> bool {
        match validator.lock {
            None => true,
            Some((locked, _)) if locked == value => true,
            Some((_, since)) => (since..round).any(|earlier| self.has_polka(value, earlier)),
        }
    }

    fn with(mut self, at: usize, change: impl FnOnce(&mut Validator)) -> Self {
        change(&mut self.validators[at]);
        self.validators.sort_unstable();
        self
    }

    fn next(&self, rules: Rules) -> Vec<Self> {
        let mut next = Vec::new();
        for (at, validator) in self.validators.iter().enumerate() {
            for round in if validator.silent { ROUNDS } else { validator.round() }..ROUNDS {
                for value in VALUES {
                    let free = !rules.locks || self.may_prevote(validator, value, round);
                    if validator.may_still_prevote(round) && free {
                        next.push(self.with(at, |v| v.prevotes[round] = value));
                    }
                    if validator.precommits[round] == NONE && self.has_polka(value, round) {
                        next.push(self.with(at, |v| {
                            v.precommits[round] = value;
                            v.lock = Some((value, round));
                        }));
                    }
                }
            }
            if self.losses < rules.losses {
                let lost = self.with(at, |v| (v.lock, v.silent) = (None, rules.silence));
                next.push(Self { losses: self.losses + 1, ..lost });
            }
        }
        next
    }
}

/// Walks through every state; how many there are, or the first in which two values are decided.
fn explore(rules: Rules) -> Result<usize, Box<State>> {
    let first = State { validators: Default::default(), losses: 0 };
    let mut seen = BTreeSet::from([first]);
    let mut open = vec![first];
    while let Some(state) = open.pop() {
        if !state.agrees() {
            return Err(Box::new(state));
        }
        for next in state.next(rules) {
            if seen.insert(next) {
                open.push(next);
            }
        }
    }
    Ok(seen.len())
}

const GOOD: Rules = Rules { locks: true, silence: true, losses: 0 };

#[test]
fn two_values_are_never_decided() {
    let states = explore(GOOD).expect("agreement");
    assert!(states > 10_000, "{states}");
}

#[test]
fn nor_are_they_when_a_validator_loses_its_log_and_is_silent() {
    let states = explore(Rules { losses: 1, ..GOOD }).expect("agreement");
    assert!(states > 10_000, "{states}");
}

#[test]
fn a_record_of_votes_alone_is_not_enough() {
    let rules = Rules { silence: false, losses: 1, ..GOOD };
    let broken = explore(rules).expect_err("one lost lock decides two values");
    assert_eq!(broken.losses, 1);
}

#[test]
fn without_locks_two_values_are_decided() {
    assert!(explore(Rules { locks: false, ..GOOD }).is_err());
}
