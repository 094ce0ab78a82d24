//! The state machine: what it accepts, what it refuses, and what it keeps.

use cairn_light_client::{ClientError, Sync};
use cairn_verifier::wire::{Reader, Writer};
use cairn_verifier::{TrustAnchor, UnixMillis};

use super::kit::{GENESIS_TIME, Kit, TRUST_PERIOD, four, small_log};
use super::node::{block_at, checkpoint, extends};

const DAY: u64 = 24 * 3_600_000;

fn after(millis: u64) -> UnixMillis {
    UnixMillis(GENESIS_TIME + millis)
}

/// Asks the kit as a client would ask a node.
fn sync(sync: &mut Sync, kit: &Kit, now: UnixMillis) -> Result<(), ClientError> {
    let question = sync.question(now);
    let base = question.path().split_once("base=").unwrap().1.to_owned();
    let candidate = sync.answer(&question, checkpoint(kit, &base)?, now)?;
    let proof = candidate.proof_path().map(|_| {
        let from = sync.head().unwrap().header().height as usize;
        extends(kit, from, kit.blocks.len() - 1)
    });
    sync.adopt(candidate, proof.as_deref())?.unwrap();
    assert_eq!(sync.head().unwrap().digest(), kit.tip().header.digest());
    Ok(())
}

fn synced(kit: &Kit) -> Sync {
    let mut known = Sync::new(kit.anchor());
    sync(&mut known, kit, kit.now()).unwrap();
    known
}

fn links(evidence: &[u8]) -> u16 {
    let mut reader = Reader::new(evidence);
    reader.file(1, b'S').unwrap();
    reader.text8("anchor", 255).unwrap();
    reader.u16().unwrap()
}

#[test]
fn follows_a_growing_log_with_one_link() {
    let mut kit = small_log(1, four(1));
    let mut known = Sync::new(kit.anchor());
    assert!(known.head().is_none() && known.evidence().is_none());
    for _ in 0..3 {
        sync(&mut known, &kit, kit.now()).unwrap();
        assert_eq!(links(&known.evidence().unwrap()), 1);
        assert_eq!(known.standing().unwrap().anchor, kit.anchor());
        kit.push_plain(3);
        kit.block(None);
    }
}

#[test]
fn follows_handovers() {
    let mut kit = small_log(2, four(1));
    let mut known = synced(&kit);
    kit.block(None);
    kit.push_plain(2);
    kit.block(Some(four(20)));
    kit.push_plain(2);
    kit.block(None);
    sync(&mut known, &kit, kit.now()).unwrap();
    let loaded = Sync::load(kit.anchor(), &known.evidence().unwrap(), kit.now()).unwrap();
    assert_eq!(loaded.head(), known.head());
}

#[test]
fn starts_at_a_checkpoint() {
    let mut kit = small_log(3, four(1));
    let anchor = TrustAnchor::Checkpoint(kit.tip().header.digest());
    let mut known = Sync::new(anchor);
    sync(&mut known, &kit, kit.now()).unwrap();
    kit.push_plain(1);
    kit.block(None);
    sync(&mut known, &kit, kit.now()).unwrap();
    assert_eq!(known.standing().unwrap().anchor, anchor);
    assert_eq!(links(&known.evidence().unwrap()), 1);
}

#[test]
fn keeps_the_head_when_the_node_is_behind() {
    let mut kit = small_log(4, four(1));
    kit.block(None);
    let mut known = synced(&kit);
    let (before, evidence) = (*known.head().unwrap(), known.evidence());
    kit.blocks.pop();
    let error = sync(&mut known, &kit, kit.now()).unwrap_err();
    assert_eq!(error, ClientError::NodeBehind { ours: 3, theirs: 2 });
    assert_eq!((known.head(), known.evidence()), (Some(&before), evidence));
}

#[test]
fn tells_equivocation_with_both_digests() {
    let kit = small_log(5, four(1));
    let mut fork = Kit::new(5, four(1));
    for _ in 0..3 {
        fork.push_plain(2);
        fork.block(None);
    }
    let mut known = synced(&kit);
    let evidence = known.evidence();
    let error = sync(&mut known, &fork, kit.now()).unwrap_err();
    let (ours, theirs) = (kit.tip().header.digest(), fork.tip().header.digest());
    assert_eq!(error, ClientError::Equivocation { height: 2, ours, theirs });
    assert_eq!((error.code(), error.state()), ("client-equivocation", "failed"));
    assert_eq!(known.evidence(), evidence);

    fork.push_plain(2);
    fork.block(None);
    let error = sync(&mut known, &fork, fork.now()).unwrap_err();
    assert_eq!((error.code(), error.state()), ("client-not-an-extension", "failed"));
    assert_eq!(known.evidence(), evidence);
}

#[test]
fn takes_no_new_head_without_its_proof() {
    let mut kit = small_log(6, four(1));
    let mut known = synced(&kit);
    kit.push_plain(2);
    kit.block(None);
    let now = kit.now();
    let question = known.question(now);
    let file = checkpoint(&kit, "genesis").unwrap();
    let candidate = known.answer(&question, file.clone(), now).unwrap();
    assert_eq!(candidate.proof_path().unwrap(), "/v1/proofs/extends?from=2&to=3");
    let before = *known.head().unwrap();
    let good = extends(&kit, 2, 3);
    let mut refused = vec![None, Some(Vec::new())];
    refused.extend((0..good.len()).map(|at| {
        let mut bent = good.clone();
        bent[at] ^= 1;
        Some(bent)
    }));
    for proof in refused {
        let error = known.adopt(candidate.clone(), proof.as_deref()).unwrap_err();
        assert_eq!(error.code(), "client-not-an-extension");
        assert_eq!(known.head(), Some(&before));
    }
    // The first of two that started alike wins; the other must begin again.
    let late = known.answer(&question, file, now).unwrap();
    assert!(known.adopt(candidate, Some(&good)).unwrap().is_some());
    assert_eq!(known.adopt(late, Some(&good)), Ok(None));
}

#[test]
fn goes_on_from_its_head_past_the_trust_period() {
    let mut kit = small_log(7, four(1));
    let mut known = synced(&kit);
    for (day, expected) in [(10, 1), (13, 1), (20, 2), (26, 2), (35, 3)] {
        block_at(&mut kit, day * DAY);
        sync(&mut known, &kit, after(day * DAY + 1)).unwrap();
        assert_eq!(links(&known.evidence().unwrap()), expected, "day {day}");
        assert_eq!(known.standing().unwrap().anchor, kit.anchor());
    }
    // No news adds no link, however old the base.
    for day in [48, 60, 100] {
        sync(&mut known, &kit, after(day * DAY)).unwrap();
        assert_eq!(links(&known.evidence().unwrap()), 3);
        assert_eq!(known.synced_at(), Some(after(day * DAY)));
    }
    let evidence = known.evidence().unwrap();
    let loaded = Sync::load(kit.anchor(), &evidence, after(100 * DAY)).unwrap();
    assert_eq!((loaded.head(), loaded.evidence()), (known.head(), Some(evidence)));
    assert_eq!(loaded.synced_at(), None);

    block_at(&mut kit, 35 * DAY + TRUST_PERIOD + 1);
    let error = sync(&mut known, &kit, after(35 * DAY + TRUST_PERIOD + 2)).unwrap_err();
    assert_eq!((error.code(), error.state()), ("trust-past-trust-period", "stale"));
}

#[test]
fn a_new_client_past_the_trust_period_is_stale() {
    let mut kit = small_log(8, four(1));
    block_at(&mut kit, 20 * DAY);
    let error = sync(&mut Sync::new(kit.anchor()), &kit, after(20 * DAY)).unwrap_err();
    assert_eq!(error.state(), "stale");
}

#[test]
fn evidence_is_verified_on_load() {
    let mut kit = small_log(9, four(1));
    let mut known = synced(&kit);
    block_at(&mut kit, 10 * DAY);
    sync(&mut known, &kit, after(10 * DAY)).unwrap();
    block_at(&mut kit, 20 * DAY);
    sync(&mut known, &kit, after(20 * DAY)).unwrap();
    let (evidence, now) = (known.evidence().unwrap(), after(21 * DAY));
    assert_eq!(links(&evidence), 2);
    assert_eq!(Sync::load(kit.anchor(), &evidence, now).unwrap().head(), known.head());

    // A bent byte is refused, or is in the time of acceptance and changes nothing else.
    for at in 0..evidence.len() {
        for bit in [1, 0x80] {
            let mut bent = evidence.clone();
            bent[at] ^= bit;
            if let Ok(loaded) = Sync::load(kit.anchor(), &bent, now) {
                assert_eq!(loaded.head(), known.head(), "byte {at}");
            }
        }
    }
    for len in 0..evidence.len() {
        assert!(Sync::load(kit.anchor(), &evidence[..len], now).is_err(), "length {len}");
    }
    let long = [evidence.as_slice(), &[0]].concat();
    assert_eq!(Sync::load(kit.anchor(), &long, now).unwrap_err().code(), "decode-trailing-bytes");

    let code = |anchor, bytes: &[u8], now| Sync::load(anchor, bytes, now).unwrap_err().code();
    assert_eq!(code(kit.anchor(), &evidence, after(19 * DAY)), "client-stored-evidence");
    let other = small_log(10, four(1)).anchor();
    assert_eq!(code(other, &evidence, now), "client-stored-evidence");
    let mut renamed = Writer::new();
    renamed.u8(1).u8(b'S').text8(&other.to_string());
    let head = 3 + other.to_string().len();
    renamed.raw(&evidence[head..]);
    assert_eq!(code(other, &renamed.into_bytes(), now), "trust-other-anchor");
    let mut empty = Writer::new();
    empty.u8(1).u8(b'S').text8(&kit.anchor().to_string()).u16(0);
    assert_eq!(code(kit.anchor(), &empty.into_bytes(), now), "decode-not-canonical");
}
