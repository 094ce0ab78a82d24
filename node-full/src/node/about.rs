//! What the log's own events say of members, streams and other events.

use std::collections::BTreeMap;
use std::ops::Range;

use cairn_consensus::epochs::Epochs;
use cairn_store::index::{Field, Filter, Found, Order, Term};
use cairn_verifier::digest::{EventId, PayloadDigest};
use cairn_verifier::event::{EventBody, Kind, SignedEvent};
use cairn_verifier::finality::Header;
use cairn_verifier::trust::Genesis;

use super::{Directory, NodeError, NotAllowed, Place, Shared, epoch};
use crate::system::SystemEvent;

/// A system event of the log. Anybody may have written it: see [`Shared::counted`].
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) index: u64,
    pub(crate) id: EventId,
    /// Its stream and its writer.
    pub(crate) place: Place,
    pub(crate) event: SystemEvent,
}

impl Said {
    fn read(index: u64, event: &SignedEvent<'_>) -> Option<Self> {
        let body = event.body();
        let said = SystemEvent::read(body).ok()?;
        Some(Self { index, id: event.id(), place: (body.stream, body.writer), event: said })
    }
}

impl Shared {
    /// System events of a kind, in the order of the log.
    pub(crate) fn system_events(
        &self,
        kind: Kind,
        range: Range<u64>,
    ) -> Result<Vec<Said>, NodeError> {
        let terms = vec![Term::text(Field::Kind, kind.name())];
        let mut events = Vec::new();
        self.each(terms, range, |index, event| {
            if event.body().kind == kind {
                events.extend(Said::read(index, event));
            }
        })?;
        Ok(events)
    }

    /// System events of a kind about an event, in the order of the log.
    pub(crate) fn about(&self, event: &EventId, kind: Kind) -> Result<Vec<Said>, NodeError> {
        let id = event.to_string();
        let terms =
            vec![Term::party(Field::Resource, "event", &id), Term::text(Field::Kind, kind.name())];
        let size = self.state().events.size();
        let mut events = Vec::new();
        self.each(terms, 0..size, |index, found| {
            let body = found.body();
            if body.kind == kind && body.resource.party.id == id {
                events.extend(Said::read(index, found));
            }
        })?;
        Ok(events)
    }

    /// Of grants, redactions and receipts in the order of the log, those that whoever wrote them
    /// might write. A node checks its own clients' before it takes them; the other validators'
    /// blocks may have any, and one that is against the rules changes nothing.
    pub(crate) fn counted(&self, said: Vec<Said>) -> Result<Vec<Said>, NodeError> {
        let mut counted = Vec::with_capacity(said.len());
        if said.is_empty() {
            return Ok(counted);
        }
        let (mut directory, mut known) = (self.first_directory()?, 0);
        for said in said {
            self.replay_members(&mut directory, known..said.index)?;
            known = said.index;
            match self.may_say(&directory, &said)? {
                Ok(()) => counted.push(said),
                Err(error) => {
                    let index = said.index;
                    tracing::debug!(%error, index, "a system event changes nothing");
                }
            }
        }
        Ok(counted)
    }

    /// Whether an event was its writer's to write, with members and streams as they were then.
    fn may_say(&self, then: &Directory, said: &Said) -> Result<Result<(), NotAllowed>, NodeError> {
        let (SystemEvent::Granted { event, .. } | SystemEvent::Redacted { event }) = &said.event
        else {
            return Ok(then.check_node(&said.place.1, said.index));
        };
        Ok(match self.place_of(event)? {
            Some(of) => then.may_grant_or_redact(&said.place, &of, said.index),
            // Of an event that was pruned, what opens its payload went before.
            None => Err(NotAllowed::Unknown { what: "event", name: event.to_string() }),
        })
    }

    /// Stream and writer of an event that is kept.
    fn place_of(&self, event: &EventId) -> Result<Option<Place>, NodeError> {
        let Some(index) = self.find(event)? else { return Ok(None) };
        let bytes = self.entries.read(index)?;
        let damaged = |reason| NodeError::Damaged { what: "entry", index, reason };
        let event = SignedEvent::decode(&bytes).map_err(damaged)?;
        Ok(Some((event.body().stream, event.body().writer)))
    }

    /// Whether an event's payload is to be forgotten, or was.
    pub(crate) fn is_redacted(&self, event: &EventId) -> Result<bool, NodeError> {
        let mut about = self.about(event, Kind::Redaction)?;
        about.retain(|said| matches!(said.event, SystemEvent::Redacted { .. }));
        Ok(!self.counted(about)?.is_empty())
    }

    /// Events that commit to a payload.
    pub(crate) fn events_with_payload(
        &self,
        digest: &PayloadDigest,
    ) -> Result<Vec<EventId>, NodeError> {
        let size = self.state().events.size();
        let mut events = Vec::new();
        self.each(vec![Term::payload(digest)], 0..size, |_, event| {
            let is_its = event.body().payload.stored() == Some(*digest);
            events.extend(is_its.then(|| event.id()));
        })?;
        Ok(events)
    }

    /// Numbers of the key records of an event: its own, and those of grants.
    pub(crate) fn record_numbers(&self, event: &EventId) -> Result<Vec<u64>, NodeError> {
        let Some(index) = self.find(event)? else { return Ok(Vec::new()) };
        let mut numbers = self.index.records_of(index)?;
        for grant in self.about(event, Kind::Grant)? {
            numbers.extend(self.index.records_of(grant.index)?);
        }
        Ok(numbers)
    }

    /// Whether an event that commits to a payload is what is looked for.
    pub(super) fn find_event_with(
        &self,
        digest: &PayloadDigest,
        mut is_it: impl FnMut(&EventId) -> Result<bool, NodeError>,
    ) -> Result<bool, NodeError> {
        let size = self.state().events.size();
        self.search(vec![Term::payload(digest)], 0..size, |_, event| {
            Ok(event.body().payload.stored() == Some(*digest) && is_it(&event.id())?)
        })
    }

    /// Shows the entries that have all these terms, or may have.
    pub(super) fn each(
        &self,
        terms: Vec<Term>,
        range: Range<u64>,
        mut show: impl FnMut(u64, &SignedEvent<'_>),
    ) -> Result<(), NodeError> {
        let found = self.search(terms, range, |index, event| {
            show(index, event);
            Ok(false)
        });
        found.map(|_| ())
    }

    /// Shows them until one is what is looked for; whether one was.
    fn search(
        &self,
        terms: Vec<Term>,
        range: Range<u64>,
        mut is_it: impl FnMut(u64, &SignedEvent<'_>) -> Result<bool, NodeError>,
    ) -> Result<bool, NodeError> {
        let filter =
            Filter { terms: terms.into_iter().map(|term| vec![term]).collect(), times: None };
        let mut from = range.start;
        loop {
            let mut scan = self.index.scan(&filter, from..range.end, Order::Oldest);
            match scan.next_found()? {
                Found::End => return Ok(false),
                Found::Tired(at) => from = at,
                Found::Index(index) if !self.entries.has(index) => from = index.saturating_add(1),
                Found::Index(index) => {
                    let bytes = self.entries.read(index)?;
                    let damaged = |reason| NodeError::Damaged { what: "entry", index, reason };
                    if is_it(index, &SignedEvent::decode(&bytes).map_err(damaged)?)? {
                        return Ok(true);
                    }
                    from = index.saturating_add(1);
                }
            }
        }
    }

    /// Members and streams after all entries.
    pub(super) fn read_directory(&self) -> Result<Directory, NodeError> {
        let size = self.state().events.size();
        self.directory_after(&self.directory(), size)
    }

    /// Members and streams as they were for the entry at an index.
    pub(super) fn directory_at(&self, size: u64) -> Result<Directory, NodeError> {
        self.directory_after(&self.first_directory()?, size)
    }

    fn first_directory(&self) -> Result<Directory, NodeError> {
        let damaged = |reason| NodeError::Damaged { what: "genesis", index: 0, reason };
        Ok(Directory::new(&Genesis::decode(&self.genesis).map_err(damaged)?))
    }

    /// Members, streams and validator sets after a block, from those of the genesis.
    pub(super) fn replay_system(
        &self,
        (directory, epochs): (&Directory, &Epochs),
        last: &Header,
    ) -> Result<(Directory, Epochs), NodeError> {
        let mut events = BTreeMap::new();
        for kind in [Kind::Member, Kind::ValidatorChange, Kind::Evidence] {
            let terms = vec![Term::text(Field::Kind, kind.name())];
            self.each(terms, 0..last.events.get(), |index, event| {
                // A term can stand for another text with the same hash.
                if event.body().kind == kind {
                    events.insert(index, event.bytes().to_vec());
                }
            })?;
        }
        let (mut directory, mut epochs) = (directory.clone(), epochs.clone());
        for (index, bytes) in events {
            let damaged = |reason| NodeError::Damaged { what: "entry", index, reason };
            let body = EventBody::decode(&bytes).map_err(damaged)?;
            if !epoch::is_kind(body.kind) {
                directory.replay(&body, index);
                continue;
            }
            if let Some(before) = self.index.height_of(index)?.and_then(|at| at.checked_sub(1)) {
                epochs.advance(before);
            }
            let id = EventBody::id_of(&bytes);
            epoch::replay((&mut epochs, &directory), (id, &body), index);
        }
        epochs.advance(last.height);
        Ok((directory, epochs))
    }

    /// Members and streams after so many entries, from those that the genesis names.
    pub(super) fn directory_after(
        &self,
        first: &Directory,
        size: u64,
    ) -> Result<Directory, NodeError> {
        let mut directory = first.clone();
        self.replay_members(&mut directory, 0..size)?;
        Ok(directory)
    }

    /// Takes in what a range of entries changes of members and streams.
    fn replay_members(
        &self,
        directory: &mut Directory,
        range: Range<u64>,
    ) -> Result<(), NodeError> {
        let terms = vec![Term::text(Field::Kind, Kind::Member.name())];
        self.each(terms, range, |index, event| {
            // A term can stand for another text with the same hash.
            if event.body().kind == Kind::Member {
                directory.replay(event.body(), index);
            }
        })
    }
}

impl Directory {
    /// Takes in a system event of the log, and says what it says. What breaks the rules changes
    /// nothing and says nothing.
    pub(crate) fn replay(&mut self, body: &EventBody<'_>, index: u64) -> Option<SystemEvent> {
        let event = SystemEvent::read(body).ok()?;
        if let Err(error) = self.change(&event, body, index) {
            tracing::warn!(%error, index, "an event of the log is against the rules and changes nothing");
            return None;
        }
        Some(event)
    }
}
