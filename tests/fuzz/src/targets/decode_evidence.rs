//! Evidence files.

use cairn_verifier::evidence::Evidence;
use cairn_verifier::wire::Writer;

use crate::again;

pub(super) const ROUNDS: usize = 100_000;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    crate::seeds::facts("evidence", "evidence")
}

pub(super) fn run(data: &[u8]) {
    let Ok(evidence) = Evidence::decode(data) else { return };
    let mut writer = Writer::new();
    writer.u8(1).u8(b'E');
    match &evidence {
        Evidence::Fork(fork) => {
            again::write_finality(&fork.first, writer.u8(1));
            again::write_finality(&fork.second, &mut writer);
            match &fork.instead {
                None => drop(writer.u8(0)),
                Some((header, proof)) => proof.write(writer.u8(1).raw(&header.encode())),
            }
        }
        Evidence::Culprit(culprit) => {
            writer.u8(2).raw(culprit.log.as_bytes()).u8(culprit.kind);
            culprit.key.write(writer.u64(culprit.height).u32(culprit.round));
            for vote in &culprit.votes {
                writer.raw(vote.set.as_bytes()).raw(vote.header.as_bytes()).raw(vote.signature);
            }
        }
        Evidence::WriterConflict(conflict) => {
            writer.u8(3);
            for event in &conflict.events {
                writer.raw(&again::event(event));
            }
        }
    }
    assert_eq!(writer.into_bytes(), data);
}
