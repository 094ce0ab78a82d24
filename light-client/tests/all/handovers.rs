//! A log whose validators change again and again: the client follows every handover, and none that
//! is forged, left out, or signed by who was replaced.

use cairn_light_client::{ClientError, Sync};
use cairn_verifier::UnixMillis;
use cairn_verifier::wire::Writer;

use super::kit::{Council, Kit, four, small_log};
use super::node::{checkpoint, extends};

const CHANGES: u8 = 10;

/// Blocks up to the next gate, which names another set.
fn hand_over(kit: &mut Kit, next: Council) {
    loop {
        kit.push_plain(1);
        if kit.next_header(None).is_at_gate() {
            return kit.block(Some(next));
        }
        kit.block(None);
    }
}

/// A log with ten changes of its set, and a block behind the last.
fn changed() -> Kit {
    let mut kit = small_log(1, four(1));
    for number in 1..=CHANGES {
        hand_over(&mut kit, four(1 + 10 * number));
    }
    kit.push_plain(1);
    kit.block(None);
    kit
}

/// A checkpoint file from the genesis with these handovers, ending in the kit's newest block.
fn file(kit: &Kit, handovers: &[Vec<u8>]) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.u8(1).u8(b'C').raw(&kit.genesis_base()).len16(handovers.len());
    for handover in handovers {
        writer.raw(handover);
    }
    let tip = kit.tip();
    writer.raw(&tip.header.encode()).u8(1).raw(&tip.certificate);
    writer.into_bytes()
}

fn answer(known: &Sync, file: Vec<u8>, now: UnixMillis) -> Result<(), ClientError> {
    known.answer(&known.question(now), file, now).map(drop)
}

fn code(kit: &Kit, file: Vec<u8>) -> String {
    let error = answer(&Sync::new(kit.anchor()), file, kit.now()).unwrap_err();
    assert_eq!(error.state(), "failed", "{error}");
    error.code().to_owned()
}

#[test]
fn ten_changes_are_followed_one_by_one() {
    let mut kit = small_log(1, four(1));
    let mut known = Sync::new(kit.anchor());
    for number in 0..=CHANGES {
        if number > 0 {
            hand_over(&mut kit, four(1 + 10 * number));
            kit.block(None);
        }
        let (now, from) = (kit.now(), known.head().map(|head| head.header().height));
        let file = checkpoint(&kit, "genesis").unwrap();
        let candidate = known.answer(&known.question(now), file, now).unwrap();
        let proof = from.map(|from| extends(&kit, from as usize, kit.blocks.len() - 1));
        let head = known.adopt(candidate, proof.as_deref()).unwrap().unwrap();
        assert_eq!(head.header().epoch, u64::from(number));
        assert_eq!(head.digest(), kit.tip().header.digest());
    }
    // All at once, for who was away, and out of what was stored.
    let mut late = Sync::new(kit.anchor());
    let all = checkpoint(&kit, "genesis").unwrap();
    let candidate = late.answer(&late.question(kit.now()), all, kit.now()).unwrap();
    late.adopt(candidate, None).unwrap().unwrap();
    let stored = Sync::load(kit.anchor(), &late.evidence().unwrap(), kit.now()).unwrap();
    assert_eq!(stored.head(), known.head());
}

#[test]
fn no_handover_is_left_out_or_out_of_order() {
    let kit = changed();
    let whole = &kit.handovers;
    assert_eq!(whole.len(), usize::from(CHANGES));
    answer(&Sync::new(kit.anchor()), file(&kit, whole), kit.now()).unwrap();
    for left_out in 0..whole.len() {
        let mut some = whole.clone();
        some.remove(left_out);
        assert_eq!(code(&kit, file(&kit, &some)), "trust-other-epoch", "{left_out}");
    }
    let mut swapped = whole.clone();
    swapped.swap(3, 4);
    assert_eq!(code(&kit, file(&kit, &swapped)), "trust-other-epoch");
    let mut twice = whole.clone();
    twice.insert(4, whole[3].clone());
    assert_eq!(code(&kit, file(&kit, &twice)), "trust-height-not-above");
}

#[test]
fn no_handover_is_forged() {
    let kit = changed();
    let header = kit.blocks.iter().find(|block| block.header.epoch == 3).unwrap().header.height - 1;
    let block = &kit.blocks[header as usize];
    let handover = |certificate: &[u8], set: &[u8]| {
        let mut handovers = kit.handovers.clone();
        handovers[2] = [&block.header.encode()[..], certificate, set].concat();
        file(&kit, &handovers)
    };
    let (old, next, eve) = (four(21), four(31), four(91));
    assert_eq!(handover(&block.certificate, &next.bytes), file(&kit, &kit.handovers));
    // Another set behind a true header.
    assert_eq!(code(&kit, handover(&block.certificate, &eve.bytes)), "trust-other-set");
    // The next set, or a stranger's, signs its own coming; so do too few of the old one.
    for council in [&next, &eve] {
        let certificate = council.certify(&block.header, 0, &council.quorum());
        assert_eq!(code(&kit, handover(&certificate, &next.bytes)), "finality-bad-vote");
    }
    let few = old.certify(&block.header, 0, &[2, 3]);
    assert_eq!(code(&kit, handover(&few, &next.bytes)), "finality-no-quorum");
    // A header that names another set, with the old one's certificate for the true header.
    let mut bent = block.header;
    bent.next_set = eve.set().digest();
    let mut handovers = kit.handovers.clone();
    handovers[2] = [&bent.encode()[..], &block.certificate, &eve.bytes].concat();
    assert_eq!(code(&kit, file(&kit, &handovers)), "finality-bad-vote");
}

#[test]
fn who_was_replaced_signs_nothing_more() {
    let mut kit = changed();
    let replaced = four(1 + 10 * (CHANGES - 1));
    let mut header = kit.tip().header;
    // The old set goes on above its handover, as if there had been none.
    (header.epoch, header.set) = (header.epoch - 1, replaced.set().digest());
    header.next_set = header.set;
    let before = kit.blocks.iter().find(|block| block.header.epoch == header.epoch).unwrap();
    header.epoch_start = before.header.height;
    let certificate = replaced.certify(&header, 0, &replaced.quorum());
    let tip = kit.blocks.last_mut().unwrap();
    (tip.header, tip.certificate) = (header, certificate);
    assert_eq!(code(&kit, file(&kit, &kit.handovers)), "trust-other-epoch");
    // It names the new epoch and its own set, or the new set and has signed nonetheless.
    for set in [replaced.set().digest(), kit.council().set().digest()] {
        let mut header = header;
        header.epoch += 1;
        header.epoch_start = kit.blocks[kit.blocks.len() - 2].header.height + 1;
        (header.set, header.next_set) = (set, set);
        let certificate = replaced.certify(&header, 0, &replaced.quorum());
        let expected =
            if set == replaced.set().digest() { "trust-other-set" } else { "finality-bad-vote" };
        let tip = kit.blocks.last_mut().unwrap();
        (tip.header, tip.certificate) = (header, certificate);
        assert_eq!(code(&kit, file(&kit, &kit.handovers)), expected);
    }
}
