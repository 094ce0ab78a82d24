//! The way from what the asker trusts to a header: handovers, and why the header is final.

use std::cmp::Ordering;

use cairn_consensus::Set;
use cairn_verifier::tree::Proof;
use cairn_verifier::trust::{Base, FinalityBytes, FinalityDraft, Genesis, MAX_HANDOVERS};
use cairn_verifier::wire::Writer;

use super::ProofError;
use crate::node::epoch::read_set;
use crate::node::{Block, Node, NodeError, Shared};

/// A base that was looked up.
pub(super) enum Given {
    Genesis,
    /// With the set in force behind it.
    Checkpoint(Block, Set),
    Header(Block),
}

/// Why the header is final, with what shows it.
pub(super) enum Way {
    /// Handovers behind the base, and then the header's own certificate.
    Certificate(Vec<Vec<u8>>),
    HeaderTree(Vec<[u8; 32]>),
    Trusted,
}

impl Node {
    /// Encoded handovers with their heights, from a height on and up to, but not including, another.
    ///
    /// # Errors
    /// A block cannot be read.
    pub fn handovers(&self, from: u64, to: u64) -> Result<Vec<(u64, Vec<u8>)>, NodeError> {
        self.shared().handovers(from, to)
    }

    /// Why a block is final for who trusts a base.
    pub(super) fn way_to(&self, base: &Given, block: &Block) -> Result<Way, ProofError> {
        let trusted = match base {
            Given::Genesis => return self.certified(0, block),
            Given::Checkpoint(trusted, _) | Given::Header(trusted) => trusted,
        };
        match block.header.height.cmp(&trusted.header.height) {
            Ordering::Less => Ok(Way::HeaderTree(self.header_proof(block, trusted)?)),
            Ordering::Equal => Ok(Way::Trusted),
            Ordering::Greater if matches!(base, Given::Checkpoint(..)) => {
                self.certified(trusted.header.height.saturating_add(1), block)
            }
            Ordering::Greater => {
                let (base, found) = (trusted.header.height, block.header.height);
                Err(ProofError::NotInBase { base, found })
            }
        }
    }

    /// A block under its certificate, with all handovers from a height on and before it.
    fn certified(&self, from: u64, block: &Block) -> Result<Way, ProofError> {
        let handovers = self.handovers(from, block.header.height)?;
        if handovers.len() > usize::from(MAX_HANDOVERS) {
            let found = u64::try_from(handovers.len()).unwrap_or(u64::MAX);
            return Err(ProofError::OutOfRange {
                what: "changes of the validator set since the base; take a newer base",
                limit: u64::from(MAX_HANDOVERS),
                found,
            });
        }
        Ok(Way::Certificate(handovers.into_iter().map(|(_, bytes)| bytes).collect()))
    }
}

impl Shared {
    /// See [`Node::handovers`].
    pub(crate) fn handovers(&self, from: u64, to: u64) -> Result<Vec<(u64, Vec<u8>)>, NodeError> {
        let epochs = std::sync::Arc::clone(self.log_state().epochs());
        let mut handovers = Vec::new();
        for term in epochs.terms() {
            let Some(height) = term.first_height.checked_sub(1) else { continue };
            if from <= height
                && height < to
                && let Some(block) = self.block(height)?
            {
                let mut writer = Writer::new();
                writer.raw(&block.header_bytes).raw(&block.certificate).raw(term.set.bytes());
                handovers.push((height, writer.into_bytes()));
            }
        }
        Ok(handovers)
    }
}

/// What leads from a base to a block, ready to be written.
pub(super) fn draft<'a>(
    genesis: &Genesis<'a>,
    base: &'a Given,
    block: &'a Block,
    way: &'a Way,
) -> Result<FinalityDraft<'a>, ProofError> {
    Ok(FinalityDraft {
        base: match base {
            Given::Genesis => Base::Genesis(*genesis),
            Given::Checkpoint(trusted, set) => Base::Checkpoint(trusted.header, read_set(set)?),
            Given::Header(trusted) => Base::Header(trusted.header),
        },
        handovers: if let Way::Certificate(handovers) = way { handovers } else { &[] },
        header: &block.header_bytes,
        finality: match way {
            Way::Certificate(_) => FinalityBytes::Certificate(&block.certificate),
            Way::HeaderTree(proof) => FinalityBytes::HeaderTree(Proof::new(proof)),
            Way::Trusted => FinalityBytes::Trusted,
        },
    })
}
