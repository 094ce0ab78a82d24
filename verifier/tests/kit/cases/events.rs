//! Inclusion, events and brackets.

use super::*;

pub fn inclusion(kit: &Kit, cases: &mut Vec<Case>) {
    let mut bent = |name, desc, want, bend: &dyn Fn(&mut Parts)| {
        let mut parts = kit.parts(4);
        parts.bracket = vec![0];
        bend(&mut parts);
        cases.push(case(kit, name, desc, want, parts.encode()));
    };
    bent("swapped-proof", "two hashes of the proof swapped", "inclusion-root-mismatch", &|p| {
        p.proof.swap(0, 1);
    });
    bent("re-indexed", "the neighbour's index", "inclusion-root-mismatch", &|p| p.index = 5);
    bent(
        "re-indexed-past-the-tree",
        "an index past the tree",
        "inclusion-leaf-out-of-range",
        &|p| {
            p.index = 11;
        },
    );
    bent("shorter-proof", "one hash too few", "inclusion-proof-length", &|p| {
        p.proof.pop();
    });
    bent("longer-proof", "one hash too many", "inclusion-proof-length", &|p| {
        p.proof.push([0; 32]);
    });
    let neighbour = kit.events[5].clone();
    bent("other-event", "the neighbour in its place", "inclusion-root-mismatch", &|p| {
        p.event.clone_from(&neighbour);
    });
    let never = kit.sign(&kit.body());
    bent(
        "never-logged",
        "an event of the writer that is in no log",
        "inclusion-root-mismatch",
        &|p| {
            p.event.clone_from(&never);
        },
    );
    let empty = Kit::new(9, four(1));
    let mut empty_log = certificates::resigned(kit, 4, |header| header.events = TreeSize::EMPTY);
    empty_log.proof.clear();
    assert_eq!(empty.log, kit.log);
    let desc = "an event in a log without events";
    cases.push(case(kit, "empty-tree", desc, "inclusion-empty-tree", empty_log.encode()));
}

pub fn events(kit: &Kit, cases: &mut Vec<Case>) {
    let other = small_log(13, four(1));
    let mut foreign = kit.parts(4);
    foreign.event.clone_from(&other.events[4]);
    let desc = "an event written for another log";
    cases.push(case(kit, "other-log-event", desc, "event-other-log", foreign.encode()));
    let mut bent = kit.parts(4);
    let last = bent.event.len() - 1;
    bent.event[last] ^= 1;
    let desc = "one bit of the writer's signature";
    cases.push(case(kit, "bad-signature", desc, "event-bad-signature", bent.encode()));

    let body = kit.body();
    let bytes = body.encode().unwrap();
    let stranger = MemberSecret::from_seed([0x66; 32]).unwrap();
    let key = stranger.public_key();
    let signature = stranger.sign(Role::Event, EventBody::id_of(&bytes).as_bytes()).unwrap();
    let stranger_key = PublicKey::new(Suite::Ed25519, &key).unwrap();
    let mut posed = kit.parts(4);
    posed.event = encode_signed(&bytes, &[(stranger_key, &signature)]).unwrap();
    let desc = "a stranger signs in the writer's name";
    cases.push(case(kit, "not-the-writer", desc, "event-not-the-writer", posed.encode()));

    // The neutral point as key and as R, s = 0: plain Ed25519 accepts it for every message.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let weak = PublicKey::new(Suite::Ed25519, &neutral).unwrap();
    let mut body = kit.body();
    body.writer = weak.id();
    (body.sequence, body.previous) = (0, digest::EventId::ZERO);
    let signature = [neutral, [0; 32]].concat();
    let mut small = kit.parts(4);
    small.event = encode_signed(&body.encode().unwrap(), &[(weak, &signature)]).unwrap();
    let desc = "a small-order key whose signature fits every message";
    cases.push(case(kit, "small-order-key", desc, "event-bad-signature", small.encode()));
}

pub fn brackets(kit: &Kit, cases: &mut Vec<Case>) {
    let headers: Vec<_> = kit.blocks.iter().map(|block| block.header).collect();
    let tip = |before: &Header| [&[1], before.encode().as_slice()].concat();
    let older = |block: &Header, proof: &[[u8; 32]], before: &Header| {
        let mut writer = Writer::new();
        Proof::new(proof).write(writer.u8(2).raw(&block.encode()));
        writer.raw(&before.encode());
        writer.into_bytes()
    };
    let proof = kit.header_proof(1, 2);
    let mut bent = |name, desc, want, index, bracket| {
        let mut parts = kit.parts(index);
        parts.bracket = bracket;
        cases.push(case(kit, name, desc, want, parts.encode()));
    };
    bent(
        "bracket-other-parent",
        "the header before is not the block's parent",
        "trust-other-parent",
        4,
        older(&headers[1], &proof, &headers[2]),
    );
    let mut forged = headers[1];
    forged.time = UnixMillis(forged.time.0 + 1);
    bent(
        "bracket-forged-block",
        "the block's time altered",
        "inclusion-root-mismatch",
        4,
        older(&forged, &proof, &headers[0]),
    );
    bent(
        "bracket-too-late",
        "a block that came after the event's",
        "inclusion-leaf-out-of-range",
        4,
        tip(&headers[1]),
    );
    bent(
        "bracket-too-early",
        "a block that came before the event's",
        "inclusion-leaf-out-of-range",
        8,
        older(&headers[1], &proof, &headers[0]),
    );
    let mut first = Writer::new();
    Proof::new(&proof).write(first.u8(3).raw(&headers[1].encode()));
    bent(
        "bracket-not-the-first",
        "block 1 as the first",
        "trust-other-parent",
        4,
        first.into_bytes(),
    );
}
