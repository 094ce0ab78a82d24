//! Facts to check others against: final headers and verified events of the honest logs.

use std::sync::LazyLock;

use cairn_verifier::FinalHeader;
use cairn_verifier::VerifiedEvent;
use cairn_verifier::finality::{HEADER_LEN, Header};
use cairn_verifier::receipt::verify;
use cairn_verifier::trust::FinalityProof;

use crate::Choices;
use crate::forge::{Forged, whole};
use crate::world::{Log, world};

static FINAL: LazyLock<Vec<Vec<FinalHeader>>> = LazyLock::new(|| {
    let headers = |log: &Log| (0..log.kit.blocks.len()).map(|at| final_header(log, at)).collect();
    world().logs.iter().map(headers).collect()
});

static EVENTS: LazyLock<Vec<Vec<VerifiedEvent<'static>>>> = LazyLock::new(|| {
    let event = |log: &Log, index: usize| {
        let bytes = whole(log, index as u64).encode().leak();
        *verify(bytes, log.kit.anchor(), log.kit.now(), &mut ()).unwrap().event()
    };
    let events = |log: &Log| (0..log.kit.events.len()).map(|index| event(log, index)).collect();
    world().logs.iter().map(events).collect()
});

/// The final headers of each log, by height.
#[must_use]
pub fn final_headers() -> &'static [Vec<FinalHeader>] {
    &FINAL
}

/// The verified events of each log, by index.
#[must_use]
pub fn events() -> &'static [Vec<VerifiedEvent<'static>>] {
    &EVENTS
}

fn final_header(log: &Log, height: usize) -> FinalHeader {
    let kit = &log.kit;
    let block = &kit.blocks[height];
    let mut forged = Forged::by(&mut Choices::new(&[]));
    (forged.anchor, forged.now) = (kit.anchor(), kit.now());
    forged.parts = kit.parts(0);
    forged.parts.header = block.header;
    forged.parts.finality = [&[1], block.certificate.as_slice()].concat();
    let is_before = |handover: &&Vec<u8>| {
        Header::decode(&handover[..HEADER_LEN]).unwrap().height < block.header.height
    };
    forged.parts.handovers = kit.handovers.iter().filter(is_before).cloned().collect();
    accepted(&forged).unwrap()
}

/// The header of a forged finality proof, if it holds.
#[must_use]
pub fn accepted(forged: &Forged) -> Option<FinalHeader> {
    let bytes = forged.checkpoint();
    let proof = FinalityProof::decode(&bytes).ok()?;
    proof.verify(forged.anchor, forged.terms(), &mut ()).ok().map(|(header, _)| header)
}

/// A final header: of any log, or a changed one that its validators signed.
#[must_use]
pub fn any_final(choices: &mut Choices<'_>) -> Option<FinalHeader> {
    if choices.flag() {
        let log = choices.of(&FINAL);
        return Some(*choices.of(log));
    }
    accepted(&Forged::by(&mut Choices::new(choices.take(24))))
}
