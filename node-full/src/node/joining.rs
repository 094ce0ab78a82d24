//! What one who joins at a checkpoint needs of the events before it.

use std::collections::{BTreeMap, BTreeSet};

use cairn_store::index::{Field, Filter, Found, Order, Term};
use cairn_verifier::event::{Kind, SignedEvent};

use super::{Node, NodeError, Place, Shared};
use crate::system::SystemEvent;

/// What one who joins needs of before.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a plain answer")]
pub struct Needed {
    /// Indices of events, ascending.
    pub events: Vec<u64>,
    /// Heights of the blocks that hold those about validators, ascending.
    pub blocks: Vec<u64>,
}

/// Kinds whose every event the log goes by.
const KINDS: [Kind; 5] =
    [Kind::Member, Kind::Grant, Kind::Redaction, Kind::ValidatorChange, Kind::Evidence];

impl Node {
    /// The events before an index that a log goes by, ascending: all of the system, and the last of
    /// each writer in each stream.
    ///
    /// # Errors
    /// [`NodeError::Pruned`] if that is before what is kept here.
    pub fn needed_before(&self, border: u64) -> Result<Needed, NodeError> {
        self.shared().needed_before(border)
    }
}

impl Shared {
    fn needed_before(&self, border: u64) -> Result<Needed, NodeError> {
        let begin = self.entries.begin();
        if border < begin {
            return Err(NodeError::Pruned { index: border, begin });
        }
        let (mut needed, mut blocks) = (BTreeSet::new(), BTreeSet::new());
        for (index, kind) in self.of_the_system(border)? {
            needed.insert(index);
            if SystemEvent::is_validators(kind) {
                blocks.extend(self.index.height_of(index)?);
            }
        }
        for place in self.index.writers()? {
            needed.extend(self.last_before(&place, border)?);
        }
        Ok(Needed { events: needed.into_iter().collect(), blocks: blocks.into_iter().collect() })
    }

    fn of_the_system(&self, border: u64) -> Result<BTreeMap<u64, Kind>, NodeError> {
        let mut found = BTreeMap::new();
        for kind in KINDS {
            self.each(vec![Term::text(Field::Kind, kind.name())], 0..border, |index, event| {
                // A term can stand for another text with the same hash.
                if SystemEvent::is_kind(event.body().kind) {
                    found.insert(index, event.body().kind);
                }
            })?;
        }
        Ok(found)
    }

    /// The last event of a writer in a stream that stands before an index.
    fn last_before(&self, place: &Place, border: u64) -> Result<Option<u64>, NodeError> {
        let (stream, writer) = place;
        // Most wrote nothing lately: then their last one is known.
        let (_, last) = self.index.next_of(stream, writer)?;
        for index in self.index.find(&last)?.into_iter().filter(|index| *index < border) {
            if self.entries.has(index) && self.is_of(place, index)? {
                return Ok(Some(index));
            }
        }
        let terms = vec![vec![Term::stream(stream)], vec![Term::writer(writer)]];
        let filter = Filter { terms, times: None };
        let mut end = border;
        loop {
            let mut scan = self.index.scan(&filter, 0..end, Order::Newest);
            match scan.next_found()? {
                Found::End => return Ok(None),
                Found::Tired(at) => end = at.saturating_add(1),
                Found::Index(index) if self.entries.has(index) && self.is_of(place, index)? => {
                    return Ok(Some(index));
                }
                Found::Index(index) => end = index,
            }
        }
    }

    fn is_of(&self, (stream, writer): &Place, index: u64) -> Result<bool, NodeError> {
        let bytes = self.entries.read(index)?;
        let damaged = |reason| NodeError::Damaged { what: "entry", index, reason };
        let event = SignedEvent::decode(&bytes).map_err(damaged)?;
        Ok((event.body().stream, event.body().writer) == (*stream, *writer))
    }
}
