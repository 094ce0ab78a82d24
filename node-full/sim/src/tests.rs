use crate::{Flaw, Kind, Options, Seen, run};

const fn options(seed: u64) -> Options {
    Options { seed, heights: 8, flaw: None, villain: None, trace: false }
}

#[test]
fn a_seed_runs_the_same_way_each_time() {
    for seed in [3, 49] {
        let (first, second) = (run(options(seed)), run(options(seed)));
        assert_eq!(first.violation, None);
        assert_eq!((first.hash, first.seen), (second.hash, second.seen));
        assert_ne!(run(options(seed + 1)).hash, run(options(seed)).hash);
    }
}

#[test]
fn no_villain_stops_or_divides_the_others() {
    for kind in Kind::ALL {
        for seed in 100..104 {
            let outcome = run(Options { villain: Some(kind), ..options(seed) });
            assert_eq!(outcome.violation, None, "{} in seed {seed}", kind.name());
            assert!(outcome.heights >= 8);
        }
    }
}

#[test]
fn an_equivocator_leaves_evidence() {
    let equivocator = |seed| run(Options { villain: Some(Kind::Equivocator), ..options(seed) });
    let files: u64 = (0..4).map(|seed| equivocator(seed).seen.evidence).sum();
    assert!(files > 0);
}

#[test]
fn everything_that_can_happen_does() {
    let mut seen = Seen::default();
    for seed in 0..40 {
        seen.add(&run(options(seed)).seen);
    }
    for (what, count) in [
        ("handovers", seen.handovers),
        ("late rounds", seen.late_rounds),
        ("proposals resting on a round before", seen.resting),
        ("blocks by sync", seen.synced),
        ("replays", seen.replays),
        ("torn logs", seen.torn),
        ("silent heights", seen.silent),
        ("evidence", seen.evidence),
        ("disconnected peers", seen.bans),
    ] {
        assert!(count > 0, "{what}: {seen}");
    }
}

/// `cargo xtask sim --broken all` has all of them; these are missed at once.
#[test]
fn a_defence_that_is_left_out_is_missed() {
    for flaw in [Flaw::LogSync, Flaw::Minimal, Flaw::Limits, Flaw::Validation] {
        let missed = (0..30).any(|seed| {
            let outcome = run(Options { flaw: Some(flaw), ..options(seed) });
            outcome.violation.is_some_and(|found| flaw.expected().contains(&found.failure))
        });
        assert!(missed, "{}", flaw.name());
    }
}
