//! Forks, culprits and writer conflicts.

use super::*;
use cairn_verifier::digest::HeaderDigest;
use cairn_verifier::evidence::{CulpritProof, CulpritVote, encode_culprit, encode_writer_conflict};

fn fact(kit: &Kit, name: &'static str, desc: &str, want: &str, file: &[u8]) -> Fact {
    let json = json!({
        "kind": "evidence", "desc": desc, "want": want,
        "anchor": kit.anchor().to_string(), "evidence": base64(file),
    });
    Fact { folder: "evidence", name, json }
}

/// Two histories of one log that agree in the first block alone.
fn forked() -> (Kit, Kit) {
    let log = |second: usize| {
        let mut kit = Kit::new(9, four(1));
        for count in [3, second, 4] {
            kit.push_plain(count);
            kit.block(None);
        }
        kit
    };
    (log(4), log(5))
}

fn fork_file(first: &[u8], second: &[u8], instead: Option<(&Header, &[[u8; 32]])>) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.u8(1).u8(b'E').u8(1).raw(first).raw(second);
    match instead {
        None => {
            writer.u8(0);
        }
        Some((header, proof)) => Proof::new(proof).write(writer.u8(1).raw(&header.encode())),
    }
    writer.into_bytes()
}

pub fn forks(facts: &mut Vec<Fact>) {
    let (one, two) = forked();
    let (low, high) = (finality(&one, 1), finality(&two, 2));
    let (beside, proof) = (&two.blocks[1].header, two.header_proof(1, 2));
    let instead = Some((beside, proof.as_slice()));
    let mut add = |name, desc: &str, want: &str, file: Vec<u8>| {
        facts.push(fact(&one, name, desc, want, &file));
    };
    let desc = "two final headers of one height";
    add("ok-fork", desc, "ok", fork_file(&low, &finality(&two, 1), None));
    let desc = "a final header, and another in its place in the history of a higher one";
    add("ok-fork-below", desc, "ok", fork_file(&low, &high, instead));

    let none = "evidence-no-contradiction";
    add("fork-of-one", "one header twice", none, fork_file(&low, &low, None));
    let own = one.header_proof(1, 2);
    let same = Some((&one.blocks[1].header, own.as_slice()));
    let desc = "a header and its own history";
    add("fork-of-one-history", desc, none, fork_file(&low, &finality(&one, 2), same));
    let desc = "the higher header first";
    add("fork-wrong-order", desc, "evidence-wrong-order", fork_file(&high, &low, instead));
    let code = "evidence-other-height";
    let desc = "a higher header, and none beside the lower one";
    add("fork-nothing-instead", desc, code, fork_file(&low, &high, None));
    let zero = two.header_proof(0, 2);
    let other = Some((&two.blocks[0].header, zero.as_slice()));
    let desc = "a header of another height instead";
    add("fork-other-height", desc, code, fork_file(&low, &high, other));
    let desc = "a header that is not in the higher one's history";
    let mut forged = *beside;
    forged.state_root = Hash::from_bytes([1; 32]);
    let invented = Some((&forged, proof.as_slice()));
    let code = "inclusion-root-mismatch";
    add("fork-invented", desc, code, fork_file(&low, &high, invented));
    let desc = "a header beside two of one height";
    let file = fork_file(&low, &finality(&two, 1), instead);
    add("fork-of-one-height-with-proof", desc, "inclusion-proof-length", file);

    let mut unsigned = finality(&two, 1);
    *unsigned.last_mut().unwrap() ^= 1;
    let desc = "the second header is not final";
    add("fork-second-not-final", desc, "finality-bad-vote", fork_file(&low, &unsigned, None));
    let desc = "the first header is not final";
    let mut unsigned = low.clone();
    *unsigned.last_mut().unwrap() ^= 1;
    let file = fork_file(&unsigned, &finality(&two, 1), None);
    add("fork-first-not-final", desc, "finality-bad-vote", file);
    let stranger = small_log(10, four(1));
    let desc = "a header of another log";
    let file = fork_file(&low, &finality(&stranger, 1), None);
    add("fork-of-two-logs", desc, "trust-other-anchor", file);
    let good = fork_file(&low, &finality(&two, 1), None);
    let mut flag = good.clone();
    *flag.last_mut().unwrap() = 2;
    add("fork-flag-unknown", "a flag of 2", "decode-unknown-tag", flag);
    let trailing = [good.as_slice(), &[0]].concat();
    add("evidence-trailing", "a byte after the end", "decode-trailing-bytes", trailing);
    let mut kind = good.clone();
    kind[2] = 4;
    add("evidence-kind-unknown", "evidence of kind 4", "decode-unknown-tag", kind);
    let mut kind = good.clone();
    kind[1] = b'R';
    add("evidence-file-type", "a file of another type", "decode-file-type", kind);
    let cut = good[..good.len() - 1].to_vec();
    add("evidence-truncated", "without its last byte", "decode-truncated", cut);
}

pub fn culprits(facts: &mut Vec<Fact>) {
    let (one, two) = forked();
    let council = one.council();
    let (signer, _) = &council.signers[0];
    let (suite, public) = (signer.suite(), signer.public());
    let set = council.set().digest();
    let (kind, height, round) = (VOTE_PRECOMMIT, 1, 0);
    let sign = |set: &SetDigest, place, header: &HeaderDigest| {
        signer.sign(Role::Vote, &vote_message((&one.log, set), place, header))
    };
    let file = |log: LogId, place: (u8, u64, u32), votes: &[(SetDigest, HeaderDigest, Vec<u8>)]| {
        let vote = |(set, header, signature): &(SetDigest, HeaderDigest, Vec<u8>)| {
            let signature = Box::leak(signature.clone().into_boxed_slice());
            CulpritVote { set: *set, header: *header, signature }
        };
        let key = Box::leak(public.clone().into_boxed_slice());
        encode_culprit(&CulpritProof {
            log,
            kind: place.0,
            height: place.1,
            round: place.2,
            key: PublicKey::new(suite, key).unwrap(),
            votes: [vote(&votes[0]), vote(&votes[1])],
        })
    };
    let place = (kind, height, round);
    let (a, b) = (one.blocks[1].header.digest(), two.blocks[1].header.digest());
    let vote = |header: &HeaderDigest| (set, *header, sign(&set, place, header));
    let good = file(one.log, place, &[vote(&a), vote(&b)]);
    let mut add = |name, desc: &str, want: &str, file: &[u8]| {
        facts.push(fact(&one, name, desc, want, file));
    };
    add("ok-culprit", "two precommits of one key", "ok", &good);
    let nil = file(one.log, place, &[vote(&a), vote(&HeaderDigest::ZERO)]);
    add("ok-culprit-nil", "a precommit and one for nil", "ok", &nil);
    for (name, desc, kind) in
        [("ok-culprit-prevotes", "two prevotes", 1), ("ok-culprit-proposals", "two proposals", 0)]
    {
        let place = (kind, height, round);
        let votes = [&a, &b].map(|header| (set, *header, sign(&set, place, header)));
        add(name, desc, "ok", &file(one.log, place, &votes));
    }
    let other = SetDigest::from_bytes([7; 32]);
    let elsewhere = (other, b, sign(&other, place, &b));
    let desc = "two precommits that name different sets";
    add("ok-culprit-two-sets", desc, "ok", &file(one.log, place, &[vote(&a), elsewhere]));

    let bad = "evidence-bad-vote";
    for (name, desc, which) in [
        ("culprit-first-vote-broken", "one bit of the first signature", 1),
        ("culprit-second-vote-broken", "one bit of the second signature", 0),
    ] {
        let mut bent = good.clone();
        let at = bent.len() - 1 - which * (64 + 64);
        bent[at] ^= 1;
        add(name, desc, bad, &bent);
    }
    let later = (kind, height + 1, round);
    let mixed = file(one.log, place, &[vote(&a), (set, b, sign(&set, later, &b))]);
    add("culprit-two-heights", "votes of two heights", bad, &mixed);
    let later = (kind, height, round + 1);
    let mixed = file(one.log, place, &[vote(&a), (set, b, sign(&set, later, &b))]);
    add("culprit-two-rounds", "votes of two rounds", bad, &mixed);
    let prevote = (1, height, round);
    let mixed = file(one.log, place, &[vote(&a), (set, b, sign(&set, prevote, &b))]);
    add("culprit-two-types", "a precommit and a prevote", bad, &mixed);
    let stranger = small_log(10, four(1));
    let foreign = vote_message((&stranger.log, &set), place, &b);
    let foreign = (set, b, signer.sign(Role::Vote, &foreign));
    let mixed = file(one.log, place, &[vote(&a), foreign]);
    add("culprit-two-logs", "votes in two logs", bad, &mixed);
    let order = "decode-not-ascending";
    let twice = file(one.log, place, &[vote(&a), vote(&a)]);
    add("culprit-one-header", "one vote twice", order, &twice);
    let mut swapped = good.clone();
    let votes = good.len() - 256;
    swapped[votes..votes + 128].copy_from_slice(&good[votes + 128..]);
    swapped[votes + 128..].copy_from_slice(&good[votes..votes + 128]);
    add("culprit-unsorted", "the votes descending", order, &swapped);
    let mut kind = good;
    kind[35] = 3;
    add("culprit-type-unknown", "a vote of type 3", "decode-unknown-tag", &kind);
    let there = sign_in(&stranger, signer, &set, place, &[a, b]);
    let desc = "two precommits in another log than the anchor's";
    add("culprit-other-log", desc, "trust-other-log", &file(stranger.log, place, &there));
}

/// A checkpoint anchor names no log, so culprits and conflicts speak for themselves under it.
pub fn under_checkpoints(facts: &mut Vec<Fact>) {
    let (one, _) = forked();
    let anchor = TrustAnchor::Checkpoint(one.blocks[0].header.digest()).to_string();
    for (name, of) in [
        ("ok-culprit-under-checkpoint", "ok-culprit"),
        ("ok-writer-conflict-under-checkpoint", "ok-writer-conflict"),
    ] {
        let Some(fact) = facts.iter().find(|fact| fact.name == of) else { continue };
        let mut json = fact.json.clone();
        json["anchor"] = Value::from(anchor.as_str());
        facts.push(Fact { folder: "evidence", name, json });
    }
    let fork = facts.iter().find(|fact| fact.name == "ok-fork").unwrap();
    let mut json = fork.json.clone();
    json["anchor"] = Value::from(anchor);
    json["want"] = Value::from("trust-other-anchor");
    facts.push(Fact { folder: "evidence", name: "fork-under-other-anchor", json });
}

/// Of suites 2 and 3.
pub fn hybrid_culprits(facts: &mut Vec<Fact>) {
    for (seed, name, broken) in [
        (Signer::hybrid(5), "ok-culprit-suite-2", "culprit-suite-2-half-broken"),
        (Signer::hybrid_3(5), "ok-culprit-suite-3", "culprit-suite-3-half-broken"),
    ] {
        let kit = small_log(9, Council::new(vec![(seed, 1)]));
        let (signer, _) = &kit.council().signers[0];
        let (suite, public) = (signer.suite(), signer.public());
        let (place, set) = ((VOTE_PRECOMMIT, 1, 0), kit.council().set().digest());
        let headers = [HeaderDigest::from_bytes([1; 32]), HeaderDigest::from_bytes([2; 32])];
        let votes = sign_in(&kit, signer, &set, place, &headers);
        let file = encode_culprit(&CulpritProof {
            log: kit.log,
            kind: place.0,
            height: place.1,
            round: place.2,
            key: PublicKey::new(suite, &public).unwrap(),
            votes: [0, 1].map(|at| {
                let (set, header, signature): &(_, _, Vec<u8>) = &votes[at];
                CulpritVote { set: *set, header: *header, signature }
            }),
        });
        facts.push(fact(&kit, name, "two precommits by a hybrid key", "ok", &file));
        let mut bent = file;
        *bent.last_mut().unwrap() ^= 1;
        let desc = "one bit of the Ed25519 half of the second";
        facts.push(fact(&kit, broken, desc, "evidence-bad-vote", &bent));
    }
}

fn sign_in(
    kit: &Kit,
    signer: &Signer,
    set: &SetDigest,
    place: (u8, u64, u32),
    headers: &[HeaderDigest; 2],
) -> [(SetDigest, HeaderDigest, Vec<u8>); 2] {
    headers.map(|header| {
        let message = vote_message((&kit.log, set), place, &header);
        (*set, header, signer.sign(Role::Vote, &message))
    })
}

pub fn conflicts(facts: &mut Vec<Fact>) {
    let kit = small_log(9, four(1));
    let body = |reason: &'static str| EventBody { reason, ..kit.body() };
    let id = |body: &EventBody<'_>| EventBody::id_of(&body.encode().unwrap());
    let file = |one: &EventBody<'_>, two: &EventBody<'_>| {
        let (low, high) = if id(one) < id(two) { (one, two) } else { (two, one) };
        encode_writer_conflict(&kit.sign(low), &kit.sign(high))
    };
    let (one, two) = (body("first"), body("second"));
    let good = file(&one, &two);
    let mut add = |name, desc: &str, want: &str, file: &[u8]| {
        facts.push(fact(&kit, name, desc, want, file));
    };
    add("ok-writer-conflict", "two events at one sequence", "ok", &good);
    let order = "decode-not-ascending";
    let twice = encode_writer_conflict(&kit.sign(&one), &kit.sign(&one));
    add("conflict-of-one", "one event twice", order, &twice);
    let (low, high) = if id(&one) < id(&two) { (&one, &two) } else { (&two, &one) };
    let swapped = encode_writer_conflict(&kit.sign(high), &kit.sign(low));
    add("conflict-unsorted", "the events descending", order, &swapped);
    let other = "evidence-other-place";
    type Bend = fn(&mut EventBody<'_>);
    let bends: [(_, _, Bend); 3] = [
        ("conflict-two-sequences", "events at two sequences", |body| body.sequence += 1),
        ("conflict-two-streams", "events in two streams", |body| {
            body.stream = StreamId::from_bytes([0x52; 32]);
        }),
        ("conflict-two-logs", "events in two logs", |body| {
            body.log = LogId::from_bytes([1; 32]);
        }),
    ];
    for (name, desc, bend) in bends {
        // The first must be of the anchor's log, so bend the second, whichever it is.
        let bent = "one after another until its id is the higher".split(' ').map(|reason| {
            let mut bent = body(reason);
            bend(&mut bent);
            bent
        });
        let bent = bent.into_iter().find(|bent| id(low) < id(bent)).unwrap();
        add(name, desc, other, &file(low, &bent));
    }
    let mut stranger = Kit::new(9, four(1));
    stranger.writer = MemberSecret::from_seed([0x66; 32]).unwrap();
    let theirs = EventBody { writer: stranger.writer.key_id(), ..one };
    let (mine, theirs_signed) = (kit.sign(&one), stranger.sign(&theirs));
    let two_writers = if id(&one) < id(&theirs) {
        encode_writer_conflict(&mine, &theirs_signed)
    } else {
        encode_writer_conflict(&theirs_signed, &mine)
    };
    add("conflict-two-writers", "events of two writers", other, &two_writers);
    for (name, desc, back) in [
        ("conflict-second-broken", "one bit of the second signature", 1),
        ("conflict-first-broken", "one bit of the first signature", kit.sign(high).len() + 1),
    ] {
        let mut bent = good.clone();
        let at = bent.len() - back;
        bent[at] ^= 1;
        add(name, desc, "event-bad-signature", &bent);
    }
    let away = small_log(10, four(1));
    let there = |reason: &'static str| EventBody { reason, ..away.body() };
    let (one, two) = (there("first"), there("second"));
    let (low, high) = if id(&one) < id(&two) { (one, two) } else { (two, one) };
    let file = encode_writer_conflict(&away.sign(&low), &away.sign(&high));
    let desc = "two events in another log than the anchor's";
    add("conflict-other-log", desc, "trust-other-log", &file);
}
