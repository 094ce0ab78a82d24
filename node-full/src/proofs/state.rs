//! What is in the state: answers about one kind and key, under the newest header that carries it.

use cairn_store::sparse::Proven;
use cairn_verifier::digest::{Hash, HeaderDigest, KeyId};
use cairn_verifier::state::{AnswerDraft, KeyRole, Record, RecordKey, StateRecord};

use super::{BaseChoice, ProofError, damaged_genesis, draft};
use crate::node::{Block, Node};

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
    /// What the state after the newest block has of a kind and key, as a state answer.
    ///
    /// # Errors
    /// [`ProofError::NoState`] if the log's headers carry none yet; [`ProofError::UnknownBase`],
    /// [`ProofError::NotInBase`].
    pub fn state(&self, key: &RecordKey<'_>, base: BaseChoice) -> Result<StateProven, ProofError> {
        let (block, proven) = {
            let state = self.shared().log_state();
            let block = state.block().cloned().ok_or(ProofError::NoState { height: 0 })?;
            if block.header.state_root == Hash::ZERO {
                return Err(ProofError::NoState { height: block.header.height });
            }
            (block, state.prove(key)?)
        };
        let base = self.base(base)?;
        let way = self.way_to(&base, &block)?;
        let genesis = self.genesis().map_err(damaged_genesis)?;
        let (found, proof) = match &proven {
            Proven::Present { record, proof } => (Ok(record.as_slice()), proof),
            Proven::Absent { end, proof } => (Err((key, end)), proof),
        };
        let finality = draft(&genesis, &base, &block, &way);
        let answer = AnswerDraft { finality, found, proof }.encode();
        Ok(StateProven { answer, header: block.digest })
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

    /// The same under a header that the asker has: only the newest one's state is there.
    pub(super) fn name_under(
        &self,
        header: &Block,
        (index, writer): (u64, &KeyId),
    ) -> Result<Option<Name>, ProofError> {
        let state = self.shared().log_state();
        match state.block().filter(|block| block.digest == header.digest) {
            Some(block) => name_in(&state, block, (index, writer)),
            None => Ok(None),
        }
    }
}

fn name_in(
    state: &crate::node::LogState,
    block: &Block,
    (index, writer): (u64, &KeyId),
) -> Result<Option<Name>, ProofError> {
    if block.header.state_root == Hash::ZERO {
        return Ok(None);
    }
    let Proven::Present { record, proof } = state.prove(&RecordKey::Key(*writer))? else {
        return Ok(None);
    };
    let is_writers = Record::decode(&record).is_ok_and(|record| match *record.content() {
        StateRecord::Key { role, from, until, .. } => {
            role == KeyRole::Writer && (from..until).contains(&index)
        }
        _ => false,
    });
    Ok(is_writers.then_some((record, proof)))
}
