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

    second_signatures(kit, &bytes, cases);
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

/// A second signature, which must hold as well, and come in order.
fn second_signatures(kit: &Kit, never: &[u8], cases: &mut Vec<Case>) {
    let body = SignedEvent::decode(&kit.events[4]).unwrap().bytes().to_vec();
    assert_ne!(body, never);
    let id = EventBody::id_of(&body);
    let secrets: Vec<_> =
        [0x77, 0x01, 0x02].iter().map(|n| MemberSecret::from_seed([*n; 32]).unwrap()).collect();
    let mut keys: Vec<_> = secrets.iter().map(MemberSecret::public_key).collect();
    let mut signatures: Vec<_> =
        secrets.iter().map(|s| s.sign(Role::Event, id.as_bytes()).unwrap()).collect();
    let key_id = |key: &[u8; 32]| PublicKey::new(Suite::Ed25519, key).unwrap().id();
    if key_id(&keys[1]) > key_id(&keys[2]) {
        keys.swap(1, 2);
        signatures.swap(1, 2);
    }
    let mut push = |name, desc, want, order: &[usize], bent: Option<usize>| {
        let mut writer = Writer::new();
        writer.u8(1).len16(body.len()).raw(&body).len8(order.len());
        for place in order {
            let mut signature = signatures[*place];
            signature[5] ^= u8::from(bent == Some(*place));
            writer.u8(1).raw(&keys[*place]).raw(&signature);
        }
        let mut parts = kit.parts(4);
        parts.event = writer.into_bytes();
        cases.push(case(kit, name, desc, want, parts.encode()));
    };
    push("ok-three-signatures", "two later signatures", "ok", &[0, 1, 2], None);
    push(
        "second-signature-bad",
        "one bit of the last of three signatures",
        "event-bad-signature",
        &[0, 1, 2],
        Some(2),
    );
    push(
        "unsorted-signatures",
        "later signatures out of order",
        "decode-not-ascending",
        &[0, 2, 1],
        None,
    );
    push(
        "later-signature-twice",
        "one later signature, two entries",
        "decode-not-ascending",
        &[0, 1, 1],
        None,
    );
    push(
        "writer-signs-twice",
        "the writer's signature again",
        "decode-not-ascending",
        &[0, 0],
        None,
    );
    push("no-signature", "no signature at all", "decode-not-canonical", &[], None);
    push("five-signatures", "more than four", "decode-out-of-range", &[0, 1, 2, 1, 2], None);
}

/// Bodies that are none, signed well, so that nothing but the decoder refuses them.
pub fn bodies(kit: &Kit, cases: &mut Vec<Case>) {
    let good = kit.body().encode().unwrap();
    let tail = good.len() - 1;
    // version, suite, ids; sequence at 98, previous, time at 138, kind at 146, type from 147
    type Bend<'a> = &'a dyn Fn(&mut Vec<u8>);
    let bends: [(_, _, _, Bend<'_>); 13] = [
        ("body-version", "version 2", "decode-version", &|b| b[0] = 2),
        ("body-suite", "another hash and AEAD", "decode-unknown-tag", &|b| b[1] = 2),
        ("body-sequence", "a sequence of 2^53", "decode-out-of-range", &|b| b[99] = 0x20),
        ("body-time", "a time of 2^53", "decode-out-of-range", &|b| b[139] = 0x20),
        ("body-kind", "kind 8", "decode-unknown-tag", &|b| b[146] = 8),
        ("body-not-utf8", "a byte that is no UTF-8", "decode-not-utf8", &|b| b[150] = 0xff),
        ("body-payload-tag", "payload tag 3", "decode-unknown-tag", &|b| b[tail] = 3),
        ("body-trailing", "one byte too many", "decode-trailing-bytes", &|b| b.push(0)),
        ("body-truncated", "one byte too few", "decode-truncated", &|b| b.truncate(tail)),
        ("body-previous", "a previous event at sequence 0", "decode-not-canonical", &|b| {
            b[98..106].fill(0);
        }),
        ("body-metadata", "two entries out of order", "decode-not-ascending", &|b| {
            // count, then "b" and "a" without values, before group epoch, generation and tag
            let at = b.len() - 14;
            b.splice(at..=at, [2, 1, b'b', 0, 0, 1, b'a', 0, 0]);
        }),
        ("body-metadata-twice", "one key, two entries", "decode-not-ascending", &|b| {
            let at = b.len() - 14;
            b.splice(at..=at, [2, 1, b'a', 0, 0, 1, b'a', 0, 0]);
        }),
        ("body-payload-too-long", "a payload of 16 MiB and a byte", "decode-out-of-range", &|b| {
            b[tail] = 1;
            b.extend([7; 32]);
            b.extend(((16_u32 << 20) + 1).to_be_bytes());
        }),
    ];
    for (name, desc, want, bend) in bends {
        let mut body = good.clone();
        bend(&mut body);
        let signature = kit.writer.sign(Role::Event, EventBody::id_of(&body).as_bytes()).unwrap();
        let mut writer = Writer::new();
        writer.u8(1).len16(body.len()).raw(&body).u8(1);
        writer.u8(1).raw(&kit.writer.public_key()).raw(&signature);
        let mut parts = kit.parts(4);
        parts.event = writer.into_bytes();
        cases.push(case(kit, name, desc, want, parts.encode()));
    }
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
    let mut early = Writer::new();
    Proof::new(&kit.header_proof(0, 2)).write(early.u8(3).raw(&headers[0].encode()));
    bent(
        "bracket-first-too-early",
        "block 0 for an event of block 1",
        "inclusion-leaf-out-of-range",
        4,
        early.into_bytes(),
    );
    bent("bracket-unknown", "bracket tag 4", "decode-unknown-tag", 4, vec![4]);
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

/// Brackets under header 0 itself.
pub fn first_brackets(cases: &mut Vec<Case>) {
    let mut kit = Kit::new(15, four(1));
    kit.push_plain(2);
    kit.block(None);
    let good = kit.parts(1);
    cases.push(case(&kit, "ok-under-header-0", "the first block", "ok", good.encode()));
    let first = |header: &Header, proof: &[[u8; 32]]| {
        let mut writer = Writer::new();
        Proof::new(proof).write(writer.u8(3).raw(&header.encode()));
        writer.into_bytes()
    };
    let mut other = good.clone();
    let mut header = kit.tip().header;
    header.time = UnixMillis(header.time.0 + 1);
    other.bracket = first(&header, &[]);
    let desc = "another header 0 as the block";
    cases.push(case(
        &kit,
        "bracket-other-first",
        desc,
        "trust-not-the-trusted-header",
        other.encode(),
    ));
    let mut surplus = good;
    surplus.bracket = first(&kit.tip().header, &[[0; 32]]);
    let desc = "a proof of header 0 under itself";
    cases.push(case(&kit, "bracket-first-proof", desc, "inclusion-proof-length", surplus.encode()));
}
