//! What events change in the state, whatever block they will be in.

use std::collections::BTreeMap;

use cairn_verifier::digest::EventId;
use cairn_verifier::event::{Kind, SignedEvent};

use crate::node::{Place, epoch};

/// What some events in a row change.
#[derive(Clone, Debug, Default)]
pub(crate) struct Effects {
    /// Next sequence number and last event of each writer in each stream.
    heads: BTreeMap<Place, (u64, EventId)>,
    /// Bodies of events that may change members, streams and validators, with their indices.
    system: Vec<(u64, Vec<u8>)>,
}

impl Effects {
    /// Takes in the next event.
    pub(crate) fn push(&mut self, index: u64, id: &EventId, event: &SignedEvent<'_>) {
        let body = event.body();
        let next = body.sequence.saturating_add(1);
        self.heads.insert((body.stream, body.writer), (next, *id));
        if body.kind == Kind::Member || epoch::is_kind(body.kind) {
            self.system.push((index, event.bytes().to_vec()));
        }
    }

    /// How many records they change, about.
    pub(super) fn len(&self) -> usize {
        self.heads.len().saturating_add(self.system.len())
    }

    pub(super) const fn heads(&self) -> &BTreeMap<Place, (u64, EventId)> {
        &self.heads
    }

    pub(super) fn system(&self) -> impl Iterator<Item = (u64, &[u8])> {
        self.system.iter().map(|(index, body)| (*index, body.as_slice()))
    }
}
