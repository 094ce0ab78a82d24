//! Records of the state, and their proofs.

use cairn_verifier::state::RecordKey;

use super::Forged;
use crate::choices::Choices;
use crate::kit::{Kit, STREAM};
use crate::world::world;

impl Forged {
    /// No name, or another record or proof.
    pub(super) fn name(&mut self, choices: &mut Choices<'_>) {
        let kit = &self.log().kit;
        let (record, proof) = any_record(kit, choices);
        match (choices.below(5), &mut self.parts.name) {
            (0, name) => *name = None,
            (1, name) => *name = Some((record, proof)),
            (2, Some(name)) => name.0 = record,
            (3, Some(name)) => name.1 = proof,
            (_, Some(name)) => {
                let part = if choices.flag() { &mut name.0 } else { &mut name.1 };
                choices.splice(part, &proof);
            }
            (_, None) => (),
        }
    }
}

/// A record of this log's state, or of another's.
#[must_use]
pub fn any_record(kit: &Kit, choices: &mut Choices<'_>) -> (Vec<u8>, Vec<u8>) {
    let other = &choices.of(&world().logs).kit;
    let kit = if choices.below(4) == 3 { other } else { kit };
    let key = any_key(kit, choices);
    (kit.state.get(&key).unwrap_or_default().to_vec(), kit.state.prove(&key).1)
}

/// How many kinds of keys [`any_key`] knows, there or not.
pub const KEYS: usize = 15;

/// Something to ask a log's state for, which may be there.
#[must_use]
pub fn any_key(kit: &Kit, choices: &mut Choices<'_>) -> RecordKey<'static> {
    const NOBODY: [&str; 6] = ["", "eve", "bob", "zoe", "Ada", "ad"];
    let (stream, writer) = (STREAM.into(), kit.writer.key_id());
    match choices.below(KEYS) {
        0 | 1 => RecordKey::Key(writer),
        2 => RecordKey::Member("ada"),
        3 => RecordKey::Stream(stream),
        4 => RecordKey::Membership(stream, "ada"),
        5 => RecordKey::Parameters,
        6 => RecordKey::Set(choices.below(4) as u64),
        7 => RecordKey::Head(stream, writer),
        8 => RecordKey::Member(NOBODY[choices.below(6)]),
        9 => RecordKey::Membership(stream, NOBODY[choices.below(6)]),
        10 => RecordKey::Key([choices.byte(); 32].into()),
        11 => RecordKey::Head([choices.byte(); 32].into(), writer),
        12 => RecordKey::Stake(writer),
        13 => RecordKey::Stake([choices.byte(); 32].into()),
        _ => RecordKey::Power,
    }
}
