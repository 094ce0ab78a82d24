//! Pinned and older headers.

use super::*;

fn header_base(header: &Header) -> Vec<u8> {
    [&[3], header.encode().as_slice()].concat()
}

fn checkpoint_base(header: &Header, set: &Council) -> Vec<u8> {
    [&[2], header.encode().as_slice(), &set.bytes].concat()
}

pub fn older_headers(kit: &Kit, cases: &mut Vec<Case>) {
    let (old, tip) = (&kit.blocks[1], kit.tip());
    let pinned = |header: &Header, mut case: Case| {
        case.anchor = TrustAnchor::Checkpoint(header.digest());
        // No clock is needed for these; a year later they hold.
        case.now = UnixMillis(case.now.0 + 365 * 86_400_000);
        case
    };
    let mut same = kit.parts(4);
    (same.base, same.finality) = (header_base(&tip.header), vec![3]);
    let name = "ok-pinned-header";
    cases.push(pinned(&tip.header, case(kit, name, "the header is pinned", "ok", same.encode())));

    let mut other = same.clone();
    other.header = old.header;
    cases.push(pinned(
        &tip.header,
        case(
            kit,
            "not-the-pinned-header",
            "another header said to be the pinned one",
            "trust-not-the-trusted-header",
            other.encode(),
        ),
    ));
    let certificate = [&[1], tip.certificate.as_slice()].concat();
    let mut bare = same;
    bare.finality.clone_from(&certificate);
    cases.push(pinned(
        &tip.header,
        case(
            kit,
            "certificate-without-set",
            "a certificate, but the base has no set",
            "trust-no-trusted-set",
            bare.encode(),
        ),
    ));

    let mut older = kit.parts(4);
    older.base = header_base(&tip.header);
    older.header = old.header;
    older.proof = kit.inclusion(4, old.header.events.get());
    older.bracket = vec![0];
    let proof = |hashes: &[[u8; 32]]| {
        let mut writer = Writer::new();
        Proof::new(hashes).write(writer.u8(2));
        writer.into_bytes()
    };
    older.finality = proof(&kit.header_proof(1, 2));
    let name = "ok-older-header";
    cases.push(pinned(&tip.header, case(kit, name, "under an older header", "ok", older.encode())));
    let mut forged = older.clone();
    forged.header.state_root = Hash::from_bytes([1; 32]);
    cases.push(pinned(
        &tip.header,
        case(
            kit,
            "forged-older-header",
            "an older header that is not in the header tree",
            "inclusion-root-mismatch",
            forged.encode(),
        ),
    ));
    let mut equal = older;
    equal.header = tip.header;
    cases.push(pinned(
        &tip.header,
        case(
            kit,
            "header-tree-not-older",
            "the pinned header proven under itself",
            "inclusion-leaf-out-of-range",
            equal.encode(),
        ),
    ));

    for (name, desc, finality) in [
        ("genesis-has-no-header", "the trusted header, where there is only a genesis", vec![3]),
        (
            "genesis-has-no-header-tree",
            "a header proof, where there is only a genesis",
            proof(&kit.header_proof(1, 2)),
        ),
    ] {
        let mut parts = kit.parts(4);
        parts.finality = finality;
        cases.push(case(kit, name, desc, "trust-no-trusted-header", parts.encode()));
    }
    from_checkpoint(kit, old, cases);
}

/// A pinned base altered in one bit is another.
pub fn forged_bases(kit: &Kit, cases: &mut Vec<Case>) {
    let tip = kit.tip();
    for (name, desc, base) in [
        ("forged-header-base", "the pinned header altered in one bit", header_base(&tip.header)),
        (
            "forged-checkpoint-base",
            "the pinned checkpoint altered in one bit",
            checkpoint_base(&tip.header, kit.council()),
        ),
    ] {
        let mut parts = kit.parts(4);
        parts.base = base;
        // The last byte of the event root.
        parts.base[160] ^= 1;
        parts.header = Header::decode(&parts.base[1..310]).unwrap();
        parts.finality = vec![3];
        let mut forged = case(kit, name, desc, "trust-other-anchor", parts.encode());
        forged.anchor = TrustAnchor::Checkpoint(tip.header.digest());
        cases.push(forged);
    }
}

/// Going on from a checkpoint with certificates.
fn from_checkpoint(kit: &Kit, old: &Block, cases: &mut Vec<Case>) {
    let pinned = |mut case: Case| {
        case.anchor = TrustAnchor::Checkpoint(old.header.digest());
        case
    };
    let mut next = kit.parts(4);
    next.base = checkpoint_base(&old.header, kit.council());
    let ok =
        case(kit, "ok-from-checkpoint", "a certificate above a pinned header", "ok", next.encode());
    cases.push(pinned(ok));
    let mut wrong = next.clone();
    wrong.base = checkpoint_base(&old.header, &four(60));
    let desc = "the pinned header with another set beside it";
    let bad = case(kit, "checkpoint-other-set", desc, "trust-other-set", wrong.encode());
    cases.push(pinned(bad));
    type Bend = fn(&mut Header);
    let bends: [(_, _, _, Bend); 3] = [
        (
            "height-not-above",
            "a certified header at the pinned height",
            "trust-height-not-above",
            |h| h.height = 1,
        ),
        ("tree-shrank", "a certified header with fewer events", "trust-tree-shrank", |h| {
            h.events = TreeSize::new(6).unwrap()
        }),
        (
            "time-not-after",
            "a certified header with the pinned header's time",
            "trust-time-not-after",
            |h| h.time = UnixMillis(h.time.0 - 10_000),
        ),
    ];
    for (name, desc, want, bend) in bends {
        let mut parts = certificates::resigned(kit, 4, bend);
        parts.base.clone_from(&next.base);
        cases.push(pinned(case(kit, name, desc, want, parts.encode())));
    }
}
