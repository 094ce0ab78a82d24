//! Who signs which blocks of an archive, as its finality proof says.

use cairn_verifier::finality::ValidatorSet;
use cairn_verifier::trust::{Base, FinalityProof};

use crate::node::{Block, votes_hold};

/// First heights, ascending, and the sets from there on, encoded.
pub(super) struct Sets(Vec<(u64, Vec<u8>)>);

impl Sets {
    /// Those that a proof names: of its base, and of each handover.
    pub(super) fn of(proof: &FinalityProof<'_>) -> Self {
        let after = |height: u64| height.saturating_add(1);
        let mut sets = Vec::new();
        match &proof.base {
            Base::Genesis(genesis) => sets.push((0, genesis.set().bytes().to_vec())),
            Base::Checkpoint(header, set) => {
                // A set that goes on was in force since its epoch began.
                let next = after(header.height);
                let first = if header.is_handover() { next } else { header.epoch_start };
                sets.push((first, set.bytes().to_vec()));
            }
            Base::Header(_) => return Self(sets),
        }
        for handover in proof.handovers.iter() {
            sets.push((after(handover.header.height), handover.next_set.bytes().to_vec()));
        }
        Self(sets)
    }

    /// Whether nothing says who signs.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a block's votes hold, or are of an epoch before those that are known: that such a
    /// block is final is shown by those behind it.
    pub(super) fn may_hold(&self, block: &Block) -> bool {
        let mut sets = self.0.iter().rev();
        let Some((_, bytes)) = sets.find(|(first, _)| *first <= block.header.height) else {
            return true;
        };
        let signed = (&block.header, &block.digest);
        let held = |set: ValidatorSet<'_>| votes_hold(&set, signed, &block.certificate);
        ValidatorSet::decode(bytes).is_ok_and(|set| held(set).is_ok())
    }
}
