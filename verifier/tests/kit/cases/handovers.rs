//! Set changes, and both halves of a hybrid signature.

use super::*;

pub fn handovers(cases: &mut Vec<Case>) {
    let mut kit = small_log(11, four(1));
    kit.block(None);
    kit.block(Some(four(20)));
    for _ in 0..3 {
        kit.block(None);
    }
    kit.push_plain(1);
    kit.block(Some(four(40)));
    kit.push_plain(2);
    kit.block(None);
    let parts = kit.parts(12);
    cases.push(case(&kit, "ok-two-handovers", "two set changes followed", "ok", parts.encode()));
    let mut skipped = parts.clone();
    skipped.handovers.remove(0);
    let desc = "the first of two handovers left out";
    cases.push(case(&kit, "skipped-handover", desc, "trust-other-epoch", skipped.encode()));
    let mut none = parts.clone();
    none.handovers.clear();
    let desc = "a later epoch without its handovers";
    cases.push(case(&kit, "no-handovers", desc, "trust-other-epoch", none.encode()));
    let mut swapped = parts.clone();
    swapped.handovers.reverse();
    let desc = "handovers in the wrong order";
    cases.push(case(&kit, "swapped-handovers", desc, "trust-other-epoch", swapped.encode()));

    let gate = &kit.blocks[4];
    let mut other_set = parts.clone();
    other_set.handovers[0] =
        [&gate.header.encode()[..], &gate.certificate, &four(60).bytes].concat();
    let desc = "a real handover with another set beside it";
    cases.push(case(&kit, "handover-other-set", desc, "trust-other-set", other_set.encode()));

    let mut stranger = gate.header;
    stranger.next_set = four(60).set().digest();
    let forged_by = |council: &Council| {
        let certificate = council.certify(&stranger, 0, &kit.councils[0].quorum());
        let mut forged = parts.clone();
        forged.handovers[0] = [&stranger.encode()[..], &certificate, &four(60).bytes].concat();
        forged.encode()
    };
    let desc = "strangers hand over to themselves";
    cases.push(case(&kit, "forged-handover", desc, "finality-bad-vote", forged_by(&four(60))));

    let mut not_one = parts.clone();
    let block = &kit.blocks[3];
    not_one.handovers[0] =
        [&block.header.encode()[..], &block.certificate, &kit.councils[0].bytes].concat();
    let desc = "a header that names no other set, as a handover";
    cases.push(case(&kit, "not-a-handover", desc, "trust-not-a-handover", not_one.encode()));

    after_handover(&kit, &parts, cases);
    // The first set goes on signing after its handover, as if nothing had happened.
    let retired = &kit.councils[0];
    let mut header = kit.tip().header;
    (header.epoch, header.epoch_start) = (0, 0);
    (header.set, header.next_set) = (retired.set().digest(), retired.set().digest());
    let mut on = parts.clone();
    on.bracket = vec![0];
    on.header = header;
    let certificate = retired.certify(&header, 0, &retired.quorum());
    on.finality = [&[1], certificate.as_slice()].concat();
    let desc = "the retired set signs a header of its own epoch after the handover";
    cases.push(case(&kit, "retired-set-signs-on", desc, "trust-other-epoch", on.encode()));
    let mut posing = parts;
    posing.bracket = vec![0];
    let certificate = retired.certify(&posing.header, 0, &kit.council().quorum());
    posing.finality = [&[1], certificate.as_slice()].concat();
    let desc = "the retired set signs a header of the new epoch";
    cases.push(case(&kit, "retired-set-poses", desc, "finality-bad-vote", posing.encode()));
}

/// The last handover's header, what is under it, and when; a handover header as the base.
fn after_handover(kit: &Kit, parts: &Parts, cases: &mut Vec<Case>) {
    let gate = &kit.blocks[8].header;
    let mut last = parts.clone();
    (last.header, last.finality, last.bracket) = (*gate, vec![3], vec![0]);
    last.index = 11;
    last.event.clone_from(&kit.events[11]);
    last.proof = kit.inclusion(11, gate.events.get());
    cases.push(case(
        kit,
        "ok-last-handover",
        "under the last handover's header",
        "ok",
        last.encode(),
    ));
    let mut under = last.clone();
    under.header = kit.blocks[2].header;
    under.index = 4;
    under.event.clone_from(&kit.events[4]);
    under.proof = kit.inclusion(4, under.header.events.get());
    let mut finality = Writer::new();
    Proof::new(&kit.header_proof(2, 8)).write(finality.u8(2));
    under.finality = finality.into_bytes();
    cases.push(case(
        kit,
        "ok-under-handover",
        "an old header under the last handover's",
        "ok",
        under.encode(),
    ));
    // The handovers are young, but trust goes on from the genesis.
    for (name, stale) in [
        ("stale-certificate", parts),
        ("stale-last-handover", &last),
        ("stale-under-handover", &under),
    ] {
        let desc = "the genesis is past the trust period, the handovers are not";
        let mut stale = case(kit, name, desc, "trust-past-trust-period", stale.encode());
        stale.now = UnixMillis(GENESIS_TIME + TRUST_PERIOD + 1);
        cases.push(stale);
    }

    let from = |set: &Council| {
        let mut parts = parts.clone();
        parts.base = [&[2], gate.encode().as_slice(), &set.bytes].concat();
        parts.handovers.clear();
        parts.encode()
    };
    let pinned = |name, desc, want, receipt| {
        let mut case = case(kit, name, desc, want, receipt);
        case.anchor = TrustAnchor::Checkpoint(gate.digest());
        case
    };
    let desc = "going on from a pinned handover header with the set after it";
    cases.push(pinned("ok-from-handover-checkpoint", desc, "ok", from(kit.council())));
    let desc = "a pinned handover header with the set before it";
    cases.push(pinned(
        "handover-checkpoint-old-set",
        desc,
        "trust-other-set",
        from(&kit.councils[1]),
    ));
    let mut start = parts.clone();
    start.bracket = vec![0];
    start.header.epoch_start -= 1;
    let certificate = kit.council().certify(&start.header, 0, &kit.council().quorum());
    start.finality = [&[1], certificate.as_slice()].concat();
    let desc = "a certified header with another first height of its epoch";
    cases.push(case(kit, "other-epoch-start", desc, "trust-other-epoch-start", start.encode()));
}

/// Exactly two thirds, and powers near the limit.
pub fn powers(cases: &mut Vec<Case>) {
    let equal = small_log(16, Council::new((0..3).map(|n| (Signer::classic(30 + n), 1)).collect()));
    let council = equal.council();
    let mut two = equal.parts(4);
    two.finality = [&[1], council.certify(&equal.tip().header, 0, &[0, 1]).as_slice()].concat();
    let desc = "exactly two thirds of the power";
    cases.push(case(&equal, "exactly-two-thirds", desc, "finality-no-quorum", two.encode()));
    cases.push(case(&equal, "ok-three-of-three", "all of it", "ok", equal.parts(4).encode()));

    let third = ((1_u64 << 62) - 1) / 3;
    let heavy = Council::new((0..3).map(|n| (Signer::classic(33 + n), third)).collect());
    let kit = small_log(17, heavy);
    cases.push(case(
        &kit,
        "ok-largest-powers",
        "powers up to 2^62 - 1",
        "ok",
        kit.parts(4).encode(),
    ));
    let mut two = kit.parts(4);
    two.finality = [&[1], kit.council().certify(&kit.tip().header, 0, &[0, 1]).as_slice()].concat();
    let desc = "two thirds of 2^62 - 1";
    cases.push(case(&kit, "largest-powers-two-thirds", desc, "finality-no-quorum", two.encode()));
}

pub fn hybrids(cases: &mut Vec<Case>) {
    let kit = small_log(12, Council::new(vec![(Signer::hybrid(5), 1)]));
    let parts = kit.parts(4);
    cases.push(case(&kit, "ok-hybrid", "one validator of suite 2", "ok", parts.encode()));
    let mut classic = parts;
    classic.finality = [&[1_u8, 1, 0, 0, 0, 0, 1, 0, 1][..], &[0; 64]].concat();
    let desc = "a vote of suite 1 for a key of suite 2";
    cases.push(case(&kit, "wrong-suite-classic", desc, "finality-wrong-suite", classic.encode()));
    let halves = [
        ("hybrid-ml-dsa-half-broken", "one bit of the ML-DSA half"),
        ("hybrid-ed25519-half-broken", "one bit of the Ed25519 half"),
    ];
    broken_halves(&kit, halves, cases);

    let kit = small_log(18, Council::new(vec![(Signer::hybrid_3(5), 1)]));
    let parts = kit.parts(4);
    cases.push(case(&kit, "ok-suite-3", "one validator of suite 3", "ok", parts.encode()));
    let halves = [
        ("suite-3-ml-dsa-half-broken", "one bit of the ML-DSA-65 half"),
        ("suite-3-ed25519-half-broken", "one bit of the Ed25519 half of suite 3"),
    ];
    broken_halves(&kit, halves, cases);
    let suite_2 = Suite::MlDsa44Ed25519;
    let head = [1_u8, 1, 0, 0, 0, 0, 1, 0, suite_2.byte()];
    let mut other = parts;
    other.finality = [&head[..], &vec![0; suite_2.signature_len()]].concat();
    let desc = "a vote of suite 2 for a key of suite 3";
    cases.push(case(&kit, "wrong-suite-hybrid", desc, "finality-wrong-suite", other.encode()));

    let signers = vec![
        (Signer::classic(40), 1),
        (Signer::hybrid(41), 1),
        (Signer::hybrid_3(42), 1),
        (Signer::hybrid_3(43), 1),
    ];
    let kit = small_log(19, Council::new(signers));
    let desc = "a set of keys of all three suites";
    cases.push(case(&kit, "ok-mixed-suites", desc, "ok", kit.parts(4).encode()));
}

/// The certificate's only vote with a bit of each half flipped: the ML-DSA half stands first.
fn broken_halves(
    kit: &Kit,
    [ml_dsa, ed25519]: [(&'static str, &'static str); 2],
    cases: &mut Vec<Case>,
) {
    let certificate = &kit.tip().certificate;
    let (signer, _) = &kit.council().signers[0];
    let signature = certificate.len() - signer.suite().signature_len();
    for ((name, desc), at) in [(ml_dsa, signature + 40), (ed25519, certificate.len() - 40)] {
        let mut bent = kit.parts(4);
        bent.finality[at + 1] ^= 1;
        cases.push(case(kit, name, desc, "finality-bad-vote", bent.encode()));
    }
}
