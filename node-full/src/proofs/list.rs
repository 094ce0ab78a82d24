//! Many events under one header, in one file.

use std::collections::BTreeMap;

use cairn_verifier::digest::KeyId;
use cairn_verifier::event::SignedEvent;
use cairn_verifier::list::ListDraft;
use cairn_verifier::tree::BatchProof;

use super::state::Name;
use super::{BaseChoice, Given, ProofError, Way, damaged_genesis, draft, within};
use crate::metrics::timed;
use crate::node::{Block, Node, NodeError};

/// The most bytes of events in one list: what a client takes, less room for the proofs.
const MAX_EVENT_BYTES: u64 = 32 << 20;

type Events = Vec<(u64, Vec<u8>)>;

impl Node {
    /// An event list (a file of type `L`): the events at these indexes, strictly ascending, under the
    /// base if that is a header which has them all, or else under the newest one.
    ///
    /// # Errors
    /// [`ProofError::OutOfRange`], [`ProofError::NotAscending`], [`ProofError::NotInBase`],
    /// [`ProofError::UnknownBase`].
    pub fn list(&self, indices: &[u64], base: BaseChoice) -> Result<Vec<u8>, ProofError> {
        timed("cairn_proof_seconds", "list", || self.make_list(indices, base))
    }

    fn make_list(&self, indices: &[u64], base: BaseChoice) -> Result<Vec<u8>, ProofError> {
        let last = indices.iter().max().copied().ok_or(ProofError::NotAscending)?;
        let base = self.base(base)?;
        let (header, way) = match &base {
            Given::Checkpoint(trusted, _) | Given::Header(trusted)
                if trusted.header.events.leaf(last).is_some() =>
            {
                (trusted.clone(), Way::Trusted)
            }
            Given::Header(trusted) => {
                let base = trusted.header.events.get();
                return Err(ProofError::NotInBase { base, found: last });
            }
            Given::Genesis | Given::Checkpoint(..) => {
                let newest = self.newest()?;
                let way = self.way_to(&base, &newest)?;
                (newest, way)
            }
        };
        let genesis = self.genesis().map_err(damaged_genesis)?;
        let hashes = self.batch(indices, header.header.events.get())?;
        let events = self.events_at(indices)?;
        let list = ListDraft {
            finality: draft(&genesis, &base, &header, &way)?,
            inclusion: BatchProof::new(&hashes),
            names: &self.names_of(&events, &header)?,
            events: &events,
        };
        Ok(list.encode())
    }

    fn events_at(&self, indices: &[u64]) -> Result<Events, ProofError> {
        let (mut events, mut bytes) = (Vec::new(), 0_u64);
        for &index in indices {
            let gone = NodeError::Pruned { index, begin: self.shared().entries.begin() };
            let entry = self.entry_at(index)?.ok_or(gone)?;
            bytes = bytes.saturating_add(u64::try_from(entry.signed.len()).unwrap_or(u64::MAX));
            within("bytes of events", bytes, MAX_EVENT_BYTES)?;
            events.push((index, entry.signed));
        }
        Ok(events)
    }

    /// What names the writers: of each key one record, if it holds for one of its events.
    fn names_of(&self, events: &Events, header: &Block) -> Result<Vec<Name>, ProofError> {
        let mut names = BTreeMap::<KeyId, _>::new();
        for (index, signed) in events {
            let damaged = |reason| NodeError::Damaged { what: "entry", index: *index, reason };
            let writer = SignedEvent::decode(signed).map_err(damaged)?.body().writer;
            let name = names.entry(writer).or_insert(None);
            if name.is_none() {
                *name = self.name_under(header, (*index, &writer))?;
            }
        }
        Ok(names.into_values().flatten().collect())
    }
}
