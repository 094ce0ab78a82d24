use crate::{Calm, Flaw, Kind, Options, Seen, run};

const fn options(seed: u64) -> Options {
    Options::new(seed, 8)
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
        // Stake that is taken back is held for gates.
        let heights = if seed % 4 == 0 { 30 } else { 8 };
        seen.add(&run(Options::new(seed, heights)).seen);
    }
    for (what, count) in [
        ("handovers", seen.handovers),
        ("heights by stake", seen.staked),
        ("moves of stake", seen.moves),
        ("stake that is free again", seen.freed),
        ("contradictions that cost stake", seen.cuts),
        ("late rounds", seen.late_rounds),
        ("proposals resting on a round before", seen.resting),
        ("blocks by sync", seen.synced),
        ("replays", seen.replays),
        ("torn logs", seen.torn),
        ("silent heights", seen.silent),
        ("evidence", seen.evidence),
        ("disconnected peers", seen.bans),
        ("refused writes", seen.failed_writes),
        ("refused syncs", seen.failed_syncs),
        ("refused reads", seen.failed_reads),
        ("full disks", seen.full_disks),
    ] {
        assert!(count > 0, "{what}: {seen}");
    }
}

/// `cargo xtask sim --broken all` has all of them; these are missed at once.
#[test]
fn a_defence_that_is_left_out_is_missed() {
    for flaw in [
        Flaw::Accusation,
        Flaw::Allotment,
        Flaw::Approvals,
        Flaw::Cut,
        Flaw::Gate,
        Flaw::Limits,
        Flaw::LogSync,
        Flaw::Minimal,
        Flaw::PowerCap,
        Flaw::Timers,
        Flaw::Validation,
    ] {
        let missed = (0..30).any(|seed| {
            let outcome = run(Options { flaw: Some(flaw), ..options(seed) });
            outcome.violation.is_some_and(|found| flaw.expected().contains(&found.failure))
        });
        assert!(missed, "{}", flaw.name());
    }
}

#[test]
fn every_villain_has_a_defence_that_is_missed() {
    for kind in Kind::ALL {
        let missed = Flaw::ALL.into_iter().filter(|flaw| flaw.villain() == Some(kind)).count();
        assert!(missed > 0, "{}", kind.name());
    }
}

#[test]
fn finality_takes_three_delays_and_the_signatures() {
    for (validators, signature) in [(4, 0), (7, 100), (25, 1_000)] {
        let calm = Calm { delay: 50_000, signature };
        let (calm, validators) = (Some(calm), Some(validators));
        let outcome = run(Options { calm, validators, ..Options::new(1, 3) });
        assert_eq!(outcome.violation, None);
        let measured = outcome.finality.unwrap();
        assert_eq!(measured.heights(), 3, "{measured}");
        if signature == 0 {
            assert_eq!(measured.slowest(), Some(150_000), "{measured}");
        }
    }
}
