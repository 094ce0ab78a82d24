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

pub fn hybrids(cases: &mut Vec<Case>) {
    let kit = small_log(12, Council::new(vec![(Signer::hybrid(5), 1)]));
    let parts = kit.parts(4);
    cases.push(case(&kit, "ok-hybrid", "one validator of suite 2", "ok", parts.encode()));
    let certificate = &kit.tip().certificate;
    let signature = certificate.len() - Suite::MlDsa44Ed25519.signature_len();
    for (name, desc, at) in [
        ("hybrid-ml-dsa-half-broken", "one bit of the ML-DSA half", signature + 40),
        ("hybrid-ed25519-half-broken", "one bit of the Ed25519 half", certificate.len() - 40),
    ] {
        let mut bent = parts.clone();
        bent.finality[at + 1] ^= 1;
        cases.push(case(&kit, name, desc, "finality-bad-vote", bent.encode()));
    }
}
