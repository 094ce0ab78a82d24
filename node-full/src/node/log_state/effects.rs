//! What events change in the state, whatever block they will be in.

use std::collections::BTreeMap;

use cairn_verifier::digest::EventId;
use cairn_verifier::event::{Kind, SignedEvent};

use crate::node::{Place, epoch};
use crate::system::SystemEvent;

/// What some events in a row change.
#[derive(Clone, Debug, Default)]
pub(crate) struct Effects {
    /// Next sequence number and last event of each writer in each stream.
    heads: BTreeMap<Place, (u64, EventId)>,
    /// Events of the system, oldest first.
    system: Vec<SystemEffect>,
}

/// An event of the system.
#[derive(Clone, Debug)]
pub(super) struct SystemEffect {
    pub(super) index: u64,
    pub(super) id: EventId,
    /// Its body, if it may change members, streams or validators.
    pub(super) body: Option<Vec<u8>>,
}

impl Effects {
    /// Takes in the next event.
    pub(crate) fn push(&mut self, index: u64, id: &EventId, event: &SignedEvent<'_>) {
        let body = event.body();
        let next = body.sequence.saturating_add(1);
        self.heads.insert((body.stream, body.writer), (next, *id));
        if SystemEvent::is_kind(body.kind) {
            let changes = body.kind == Kind::Member || epoch::is_kind(body.kind);
            let body = changes.then(|| event.bytes().to_vec());
            self.system.push(SystemEffect { index, id: *id, body });
        }
    }

    /// How many records they change, about.
    pub(super) fn len(&self) -> usize {
        self.heads.len().saturating_add(self.system.len())
    }

    pub(super) const fn heads(&self) -> &BTreeMap<Place, (u64, EventId)> {
        &self.heads
    }

    pub(super) fn system(&self) -> &[SystemEffect] {
        &self.system
    }
}
