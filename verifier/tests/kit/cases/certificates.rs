//! Certificates, headers and clocks.

use super::*;

/// A receipt whose header was bent and then signed by the real validators.
pub fn resigned(kit: &Kit, index: u64, bend: impl FnOnce(&mut Header)) -> Parts {
    let mut parts = kit.parts(index);
    bend(&mut parts.header);
    let council = kit.council();
    let certificate = council.certify(&parts.header, 0, &council.quorum());
    parts.finality = [&[1], certificate.as_slice()].concat();
    parts.bracket = vec![0];
    parts
}

pub fn certificates(kit: &Kit, cases: &mut Vec<Case>) {
    let council = kit.council();
    let header = kit.tip().header;
    let precommit = |index, round| council.vote(index, &header, VOTE_PRECOMMIT, round);
    let raw = |votes: &[(u8, Suite, Vec<u8>)]| {
        let mut writer = Writer::new();
        writer.u8(1).u8(1).u32(0).len8(votes.len());
        for (index, suite, signature) in votes {
            writer.u8(*index).u8(suite.byte()).raw(signature);
        }
        writer.into_bytes()
    };
    let quorum: Vec<_> = council.quorum().iter().map(|i| precommit(*i, 0)).collect();
    let mut bent = |name, desc, want, votes: &[_]| {
        let mut parts = kit.parts(4);
        parts.finality = raw(votes);
        cases.push(case(kit, name, desc, want, parts.encode()));
    };
    let first = quorum[0].clone();
    let twice = [std::slice::from_ref(&first), &quorum[..]].concat();
    bent("duplicated-vote", "one vote twice", "decode-not-ascending", &twice);
    let unsorted: Vec<_> = quorum.iter().rev().cloned().collect();
    bent("unsorted-votes", "votes descending", "decode-not-ascending", &unsorted);
    bent("no-votes", "a certificate without votes", "finality-no-quorum", &[]);
    bent("sub-quorum", "two thirds, not more", "finality-no-quorum", &quorum[1..]);
    let everyone: Vec<_> = (0..4).map(|i| precommit(i, 0)).collect();
    bent("surplus-vote", "a quorum and one more", "finality-surplus-vote", &everyone);
    let copies: Vec<_> = council.quorum().iter().map(|i| (*i, first.1, first.2.clone())).collect();
    bent(
        "one-signature-for-all",
        "one validator's signature counted for others",
        "finality-bad-vote",
        &copies,
    );
    let mut mixed = quorum.clone();
    mixed[1] = precommit(mixed[1].0, 1);
    bent("mixed-rounds", "one vote of another round", "finality-bad-vote", &mixed);
    let prevotes: Vec<_> =
        council.quorum().iter().map(|i| council.vote(*i, &header, 1, 0)).collect();
    bent("prevotes", "prevotes as precommits", "finality-bad-vote", &prevotes);
    let mut unknown = quorum.clone();
    unknown.last_mut().unwrap().0 = 4;
    bent("unknown-validator", "an index past the set", "finality-unknown-validator", &unknown);
    let mut suite = quorum;
    suite[0] = (suite[0].0, Suite::MlDsa44Ed25519, vec![0; Suite::MlDsa44Ed25519.signature_len()]);
    bent("wrong-suite", "a vote of another suite than the key", "finality-wrong-suite", &suite);

    let mut forged = kit.parts(4);
    forged.header.event_root = Hash::from_bytes([7; 32]);
    cases.push(case(
        kit,
        "forged-root",
        "another event root under the old certificate",
        "finality-bad-vote",
        forged.encode(),
    ));
    let mut resized = kit.parts(4);
    resized.header.events = TreeSize::new(10).unwrap();
    cases.push(case(
        kit,
        "re-sized",
        "another tree size under the old certificate",
        "finality-bad-vote",
        resized.encode(),
    ));
    type Bend = fn(&mut Header);
    let headers: [(_, _, _, Bend); 7] = [
        ("other-log-header", "a header of another log", "trust-other-log", |h| {
            h.log = LogId::from_bytes([1; 32]);
        }),
        ("other-epoch", "a header of epoch 1 without a handover", "trust-other-epoch", |h| {
            (h.epoch, h.epoch_start) = (1, 1);
        }),
        ("other-set", "a header that names another set", "trust-other-set", |h| {
            h.set = digest::SetDigest::from_bytes([3; 32]);
            h.next_set = h.set;
        }),
        ("other-parameters", "another gate", "trust-other-parameters", |h| h.parameters.gate = 2),
        ("other-trust-period", "no trust period", "trust-other-parameters", |h| {
            h.parameters.trust_period = 0;
        }),
        ("time-before-genesis", "a header as old as the genesis", "trust-time-not-after", |h| {
            h.time = UnixMillis(GENESIS_TIME);
        }),
        ("handover-off-a-gate", "another next set at height 2", "decode-not-canonical", |h| {
            h.next_set = digest::SetDigest::from_bytes([3; 32]);
        }),
    ];
    for (name, desc, want, bend) in headers {
        cases.push(case(kit, name, desc, want, resigned(kit, 4, bend).encode()));
    }
}

/// What no header can say of itself. The validators sign all of it.
pub fn impossible_headers(kit: &Kit, cases: &mut Vec<Case>) {
    type Bend = fn(&mut Header);
    let (canonical, range) = ("decode-not-canonical", "decode-out-of-range");
    let headers: [(_, _, _, Bend); 10] = [
        ("header-parent-zero", "no parent above height 0", canonical, |h| {
            h.parent = digest::HeaderDigest::ZERO;
        }),
        ("header-parent-at-0", "a parent at height 0", canonical, |h| h.height = 0),
        ("header-epoch-0-later", "epoch 0 from height 1", canonical, |h| h.epoch_start = 1),
        ("header-epoch-early", "epoch 2 from height 1", range, |h| {
            (h.epoch, h.epoch_start) = (2, 1);
        }),
        ("header-epoch-ahead", "an epoch from height 3 at height 2", range, |h| {
            (h.epoch, h.epoch_start) = (1, 3);
        }),
        ("header-gate-0", "a gate of 0", canonical, |h| h.parameters.gate = 0),
        ("header-gate-limit", "a gate of 2^20 + 1", range, |h| {
            h.parameters.gate = (1 << 20) + 1;
        }),
        ("header-trust-period", "a trust period of 2^53", range, |h| {
            h.parameters.trust_period = 1 << 53;
        }),
        ("header-time", "a time of 2^53", range, |h| h.time = UnixMillis(1 << 53)),
        ("header-height", "a height of 2^53", range, |h| h.height = 1 << 53),
    ];
    for (name, desc, want, bend) in headers {
        cases.push(case(kit, name, desc, want, resigned(kit, 4, bend).encode()));
    }
    // Its size has a type that cannot hold 2^53: bend the bytes.
    let parts = kit.parts(4);
    let mut receipt = parts.encode();
    let header = receipt.windows(309).position(|at| at == parts.header.encode()).unwrap();
    receipt[header + 89 + 1] = 0x20;
    let desc = "a tree of more than 2^53 - 1 leaves";
    cases.push(case(kit, "header-tree-size", desc, range, receipt));
}

pub fn clocks(kit: &Kit, cases: &mut Vec<Case>) {
    let header = kit.tip().header.time.0;
    for (name, desc, want, now) in [
        ("future-header", "the clock is 120.001 s behind", "trust-future-header", header - 120_001),
        ("ok-clock-behind", "the clock is 120 s behind", "ok", header - 120_000),
        (
            "past-trust-period",
            "the genesis is a millisecond older than the trust period",
            "trust-past-trust-period",
            GENESIS_TIME + TRUST_PERIOD + 1,
        ),
        (
            "ok-end-of-trust-period",
            "the last moment of the trust period",
            "ok",
            GENESIS_TIME + TRUST_PERIOD,
        ),
    ] {
        let mut clock = case(kit, name, desc, want, kit.parts(4).encode());
        clock.now = UnixMillis(now);
        cases.push(clock);
    }
}
