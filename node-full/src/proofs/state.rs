//! What is in the state: answers about one kind and key, under the newest header that carries it.

use cairn_store::sparse::Proven;
use cairn_verifier::digest::{Hash, HeaderDigest, KeyId};
use cairn_verifier::state::{AnswerDraft, KeyRole, Record, RecordKey, StateRecord};

use super::way::{Given, draft};
use super::{BaseChoice, ProofError, damaged_genesis};
use crate::node::{Block, LogState, Node};

/// An encoded state answer, and the header that it is about.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a plain answer")]
pub struct StateProven {
    /// A file of type `A`.
    pub answer: Vec<u8>,
    /// The digest of its header.
    pub header: HeaderDigest,
}

/// An encoded record of a writer's key, and its encoded proof.
pub(super) type Name = (Vec<u8>, Vec<u8>);

impl Node {
    /// What the state has of a kind and key, as a state answer: under the newest header, or under the
    /// base if that is a header alone.
    ///
    /// # Errors
    /// [`ProofError::NoState`] if the header carries none; [`ProofError::UnknownBase`];
    /// [`ProofError::PastState`] if the base is too long ago.
    pub fn state(&self, key: &RecordKey<'_>, base: BaseChoice) -> Result<StateProven, ProofError> {
        let base = self.base(base)?;
        let (block, proven) = self.prove_under(&base, key)?;
        let way = self.way_to(&base, &block)?;
        let genesis = self.genesis().map_err(damaged_genesis)?;
        let (found, proof) = match &proven {
            Proven::Present { record, proof } => (Ok(record.as_slice()), proof),
            Proven::Absent { end, proof } => (Err((key, end)), proof),
        };
        let finality = draft(&genesis, &base, &block, &way)?;
        let answer = AnswerDraft { finality, found, proof }.encode();
        Ok(StateProven { answer, header: block.digest })
    }

    fn prove_under(
        &self,
        base: &Given,
        key: &RecordKey<'_>,
    ) -> Result<(Block, Proven), ProofError> {
        let state = self.shared().log_state();
        let block = match base {
            Given::Header(trusted) => trusted.clone(),
            Given::Genesis | Given::Checkpoint(..) => {
                let newest = state.block().ok_or(ProofError::NoState { height: 0 })?;
                Block::clone(newest)
            }
        };
        let height = block.header.height;
        if block.header.state_root == Hash::ZERO {
            return Err(ProofError::NoState { height });
        }
        let proven = state.prove_after(&block.digest, key)?;
        Ok((block, proven.ok_or(ProofError::PastState { height })?))
    }

    /// The newest block that has an event, with what names the event's writer under its header: if
    /// the state gives the key to a member, as a writer, at the event's index.
    pub(super) fn newest_named(
        &self,
        index: u64,
        writer: &KeyId,
    ) -> Result<(Block, Option<Name>), ProofError> {
        {
            let state = self.shared().log_state();
            if let Some(block) = state.block().filter(|block| index < block.header.events.get()) {
                let name = name_in(&state, block, (index, writer))?;
                return Ok((Block::clone(block), name));
            }
        }
        // The state lags behind while the index cannot be written.
        Ok((self.newest()?, None))
    }

    /// The same under a header that the asker has, unless that is too long ago.
    pub(super) fn name_under(
        &self,
        header: &Block,
        of: (u64, &KeyId),
    ) -> Result<Option<Name>, ProofError> {
        name_in(&self.shared().log_state(), header, of)
    }
}

fn name_in(
    state: &LogState,
    block: &Block,
    (index, writer): (u64, &KeyId),
) -> Result<Option<Name>, ProofError> {
    if block.header.state_root == Hash::ZERO {
        return Ok(None);
    }
    let proven = state.prove_after(&block.digest, &RecordKey::Key(*writer))?;
    let Some(Proven::Present { record, proof }) = proven else { return Ok(None) };
    let is_writers = Record::decode(&record).is_ok_and(|record| {
        matches!(
            *record.content(),
            StateRecord::Key { role: KeyRole::Writer, from, until, .. }
                if (from..until).contains(&index)
        )
    });
    Ok(is_writers.then_some((record, proof)))
}
