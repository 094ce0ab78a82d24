//! Headers, what they stand on, and what makes them final.

use cairn_verifier::digest::{Hash, HeaderDigest};
use cairn_verifier::finality::{HEADER_LEN, Header};
use cairn_verifier::tree::{Proof, TreeSize};
use cairn_verifier::wire::Writer;
use cairn_verifier::{TrustAnchor, UnixMillis};

use super::Forged;
use crate::choices::Choices;
use crate::kit::GENESIS_TIME;
use crate::model;
use crate::world::world;

/// Changes one field of a header, most often to what another honest header has.
pub fn bend_header(header: &mut Header, choices: &mut Choices<'_>) {
    let any = &choices.of(&world().logs).kit;
    let own = world().logs.iter().map(|log| &log.kit).find(|kit| kit.log == header.log);
    // Mostly of the same log: what almost fits comes furthest.
    let log = own.filter(|_| choices.below(4) != 3).unwrap_or(any);
    let other = choices.of(&log.blocks).header;
    let council = choices.of(&log.councils);
    match choices.below(20) {
        0 => header.log = other.log,
        1 => header.height = other.height,
        2 => header.height = choices.number(header.height),
        3 => (header.epoch, header.epoch_start) = (other.epoch, other.epoch_start),
        4 => header.epoch = choices.number(header.epoch),
        5 => header.epoch_start = choices.number(header.epoch_start),
        6 => header.time = [other.time, UnixMillis(GENESIS_TIME)][choices.below(2)],
        7 => header.time = UnixMillis(choices.number(header.time.0)),
        8 => header.parent = model::header_digest(&other),
        9 => header.parent = HeaderDigest::ZERO,
        10 => (header.events, header.event_root) = (other.events, other.event_root),
        11 => {
            let size = choices.number(header.events.get());
            header.events = TreeSize::new(size).unwrap_or(header.events);
        }
        12 => header.event_root = other.event_root,
        13 => header.header_root = other.header_root,
        14 => header.set = council.set().digest(),
        15 => header.next_set = council.set().digest(),
        16 => (header.set, header.next_set) = (other.set, other.next_set),
        17 => {
            header.state_root =
                [other.state_root, Hash::ZERO, any.tip().header.state_root][choices.below(3)];
        }
        18 => header.parameters.gate = [1, 2, 4, 8][choices.below(4)],
        _ => header.parameters.trust_period = choices.number(header.parameters.trust_period),
    }
}

/// Changes a proof in one way.
pub fn splice_proof(proof: &mut Vec<[u8; 32]>, choices: &mut Choices<'_>) {
    let (one, two) = (choices.below(proof.len()), choices.below(proof.len()));
    match choices.below(6) {
        0 => proof.push(choices.array()),
        _ if proof.is_empty() => (),
        1 => drop(proof.pop()),
        2 => drop(proof.remove(one)),
        3 => proof.swap(one, two),
        4 => proof[one][choices.below(32)] ^= 1 << choices.below(8),
        _ => proof.insert(one, proof[two]),
    }
}

impl Forged {
    /// Handovers left out, twice, in another order, from elsewhere, or made anew.
    pub(super) fn handovers(&mut self, choices: &mut Choices<'_>) {
        let kit = &self.log().kit;
        let handovers = &mut self.parts.handovers;
        let (one, two) = (choices.below(handovers.len()), choices.below(handovers.len()));
        match choices.below(6) {
            5 => {
                let header = choices.of(&kit.blocks).header;
                let council = choices.of(&kit.councils);
                let certificate = council.certify(&header, 0, &council.quorum());
                let next = choices.of(&kit.councils);
                let made = [&header.encode()[..], &certificate, &next.bytes].concat();
                handovers.insert(one, made);
            }
            _ if handovers.is_empty() => {
                handovers.extend_from_slice(&choices.of(&world().logs).kit.handovers);
            }
            0 => drop(handovers.remove(one)),
            1 => handovers.insert(one, handovers[two].clone()),
            2 => handovers.swap(one, two),
            3 => choices.splice(&mut handovers[one], &[]),
            _ => self.resigned_handover(one, choices),
        }
    }

    /// A handover's header changed and signed anew, with a set of choice beside it.
    fn resigned_handover(&mut self, place: usize, choices: &mut Choices<'_>) {
        let bytes = self.parts.handovers[place].first_chunk::<HEADER_LEN>();
        let Some(Ok(mut header)) = bytes.map(|bytes| Header::decode(bytes)) else { return };
        let council = self.council(choices);
        let next = choices.of(&world().logs);
        let next = choices.of(&next.kit.councils);
        header.next_set = next.set().digest();
        if choices.flag() {
            bend_header(&mut header, choices);
        }
        let certificate = council.certify(&header, 0, &council.quorum());
        self.parts.handovers[place] = [&header.encode()[..], &certificate, &next.bytes].concat();
    }

    /// Another base, often with the anchor that pins it.
    pub(super) fn base(&mut self, choices: &mut Choices<'_>) {
        let kit = &self.log().kit;
        let header = choices.of(&kit.blocks).header;
        let council = choices.of(&kit.councils);
        let kind = choices.below(3);
        self.parts.base = match kind {
            0 => choices.of(&world().logs).kit.genesis_base(),
            1 => [&[2], header.encode().as_slice(), &council.bytes].concat(),
            _ => [&[3], header.encode().as_slice()].concat(),
        };
        if kind != 0 && choices.below(4) != 3 {
            self.anchor = TrustAnchor::Checkpoint(model::header_digest(&header));
        }
        if choices.flag() {
            self.parts.handovers.clear();
        }
    }

    /// A header that is final because it is the trusted one, or older than it.
    pub(super) fn pinned_or_older(&mut self, choices: &mut Choices<'_>) {
        let kit = &self.log().kit;
        let height = choices.below(kit.blocks.len());
        if choices.flag() {
            self.parts.header = kit.blocks[height].header;
        }
        if choices.flag() {
            self.parts.finality = vec![3];
            return;
        }
        let above = choices.below(kit.blocks.len());
        let mut proof = if height < above { kit.header_proof(height, above) } else { Vec::new() };
        if choices.below(4) == 3 {
            splice_proof(&mut proof, choices);
        }
        let mut writer = Writer::new();
        Proof::new(&proof).write(writer.u8(2));
        self.parts.finality = writer.into_bytes();
    }

    /// Another pair of headers, with or without their place in the header tree.
    pub(super) fn bracket(&mut self, choices: &mut Choices<'_>) {
        let kit = &self.log().kit;
        let height = choices.below(kit.blocks.len());
        let (mut block, before) = (kit.blocks[height].header, choices.of(&kit.blocks).header);
        let before = if height == 0 || choices.below(4) == 3 {
            before
        } else {
            kit.blocks[height - 1].header
        };
        if choices.below(4) == 3 {
            bend_header(&mut block, choices);
        }
        let above = usize::try_from(self.parts.header.height).unwrap_or(0).min(kit.blocks.len());
        let mut proof = if height < above { kit.header_proof(height, above) } else { Vec::new() };
        if choices.below(4) == 3 {
            splice_proof(&mut proof, choices);
        }
        let mut writer = Writer::new();
        match choices.below(5) {
            0 => writer.u8(0),
            1 => writer.u8(1).raw(&before.encode()),
            2 | 3 => {
                Proof::new(&proof).write(writer.u8(2).raw(&block.encode()));
                writer.raw(&before.encode())
            }
            _ => {
                Proof::new(&proof).write(writer.u8(3).raw(&block.encode()));
                &mut writer
            }
        };
        self.parts.bracket = writer.into_bytes();
    }
}
