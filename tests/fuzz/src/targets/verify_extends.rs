//! That one final header extends another, also where real validators signed both sides of a fork.

use cairn_verifier::FinalHeader;
use cairn_verifier::trust::{ExtendsProof, FinalityProof, verify_extends};
use cairn_verifier::tree::Proof;
use std::sync::LazyLock;

use crate::Choices;
use crate::forge::{Forged, splice_proof};
use crate::model;
use crate::model::tree::{Node, Tree};
use crate::world::world;

pub(super) const ROUNDS: usize = 8_000;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    crate::seeds::choices()
}

/// The final headers of each log, by height.
static FINAL: LazyLock<Vec<Vec<FinalHeader>>> = LazyLock::new(|| {
    let logs = world().logs.iter().map(|log| {
        let kit = &log.kit;
        let header = |height: usize| {
            let mut forged = Forged::by(&mut Choices::new(&[]));
            let block = &kit.blocks[height];
            (forged.anchor, forged.now) = (kit.anchor(), kit.now());
            forged.parts = kit.parts(0);
            forged.parts.header = block.header;
            forged.parts.finality = [&[1], block.certificate.as_slice()].concat();
            let before = kit.handovers.iter().filter(|handover| {
                let bytes = &handover[..cairn_verifier::finality::HEADER_LEN];
                let header = cairn_verifier::finality::Header::decode(bytes).unwrap();
                header.height < block.header.height
            });
            forged.parts.handovers = before.cloned().collect();
            accepted(&forged).unwrap()
        };
        (0..kit.blocks.len()).map(header).collect()
    });
    logs.collect()
});

fn accepted(forged: &Forged) -> Option<FinalHeader> {
    let bytes = forged.checkpoint();
    let proof = FinalityProof::decode(&bytes).ok()?;
    proof.verify(forged.anchor, forged.now, &mut ()).ok().map(|(header, _)| header)
}

pub(super) fn run(data: &[u8]) {
    let mut choices = Choices::new(data);
    let at = choices.below(FINAL.len());
    let (old_at, new_at) = (choices.below(FINAL[at].len()), choices.below(FINAL[at].len()));
    let (mut old, mut new) = (FINAL[at][old_at], FINAL[at][new_at]);
    let kit = &world().logs[at].kit;
    let (mut header, mut events) = (Vec::new(), Vec::new());
    if old_at < new_at {
        header = kit.header_proof(old_at, new_at);
        events = prefix(at, old.header().events.get(), new.header().events.get());
    }
    let honest = !choices.more() && old_at <= new_at;
    for _ in 0..choices.below(4) {
        match choices.below(5) {
            0 => old = other(&mut choices).unwrap_or(old),
            1 => new = other(&mut choices).unwrap_or(new),
            2 => splice_proof(&mut header, &mut choices),
            _ => splice_proof(&mut events, &mut choices),
        }
    }
    let proof = ExtendsProof { header: Proof::new(&header), events: Proof::new(&events) };
    let found = verify_extends(&old, &new, &proof);
    let want = model::trust::extends(old.header(), new.header(), &proof);
    assert_eq!(found.map(drop).map_err(|error| error.code()), want);
    assert!(!honest || want.is_ok(), "an honest proof: {want:?}");
    if let Ok(extends) = found {
        assert_eq!((extends.old(), extends.new_header()), (&old, &new));
    }
}

fn prefix(log: usize, old: u64, new: u64) -> Vec<Node> {
    let kit = &world().logs[log].kit;
    let leaves: Vec<Node> = kit.event_leaves().iter().map(|leaf| *leaf.as_bytes()).collect();
    let [old, new] = [old, new].map(|size| usize::try_from(size).unwrap());
    if old == new {
        return Vec::new();
    }
    Tree::events(&kit.log).prove_prefix(old, &leaves[..new])
}

/// Another final header: of any log, or a changed one that its validators signed.
fn other(choices: &mut Choices<'_>) -> Option<FinalHeader> {
    if choices.flag() {
        let log = choices.of(&FINAL);
        return Some(*choices.of(log));
    }
    accepted(&Forged::by(&mut Choices::new(choices.take(24))))
}
