//! Giving events their place, on the committer's thread: sequence numbers, and signing drafts.

use std::collections::BTreeMap;
use std::sync::Arc;

use cairn_verifier::digest::EventId;
use cairn_verifier::event::{EventBody, Payload, SignedEvent, encode_signed};
use cairn_verifier::finality::{PublicKey, Role, Suite};
use cairn_verifier::wire::DecodeError;

use super::prepare::{DraftReady, PayloadReady, SignedReady, prepare_draft};
use super::system::{self, SystemReady};
use super::{Accepted, Draft, Prepared, Refusal, Refused};
use crate::clock;
use crate::node::{Directory, Place, Shared, Writers, epoch};
use crate::seal::{self, ChainKeys, SealedEvent};
use crate::system::SystemEvent;

/// An event as it will be written.
#[derive(Debug)]
pub(crate) struct Staged {
    pub(crate) id: EventId,
    /// The encoded signed event.
    pub(crate) signed: Vec<u8>,
    pub(crate) payload: Option<(cairn_verifier::digest::PayloadDigest, Vec<u8>)>,
    /// The encoded record for the key store.
    pub(crate) record: Option<Vec<u8>>,
}

/// Batches that will be written together, each whole or not at all.
pub(crate) struct Staging<'a> {
    shared: &'a Shared,
    /// Index of the first staged event.
    first: u64,
    staged: Vec<Staged>,
    ids: BTreeMap<EventId, u64>,
    /// Next sequence number and last event, where staged events changed it.
    writers: BTreeMap<Place, (u64, EventId)>,
    /// Members and streams as they are after the staged events.
    directory: Arc<Directory>,
    /// Events whose payload a staged event redacts.
    redacted: Vec<EventId>,
}

/// What is to be written.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) events: Vec<Staged>,
    /// Members and streams after these events.
    pub(crate) directory: Arc<Directory>,
}

/// What staging a batch has changed so far, to be undone if an event of it is refused.
struct Undo {
    staged: usize,
    writers: Vec<(Place, Option<(u64, EventId)>)>,
    directory: Arc<Directory>,
    redacted: usize,
}

impl<'a> Staging<'a> {
    pub(crate) fn new(shared: &'a Shared) -> Self {
        Self {
            shared,
            first: shared.state().events.size(),
            staged: Vec::new(),
            ids: BTreeMap::new(),
            writers: BTreeMap::new(),
            directory: shared.directory(),
            redacted: Vec::new(),
        }
    }

    /// What is to be written.
    pub(crate) fn finish(self) -> Written {
        Written { events: self.staged, directory: self.directory }
    }

    /// Gives a batch its place, or changes nothing.
    pub(crate) fn stage(
        &mut self,
        chain_keys: &mut ChainKeys,
        batch: Vec<Prepared>,
    ) -> Result<Vec<Accepted>, Refused> {
        self.expect_room(&batch)?;
        let mut undo = self.begin();
        let mut accepted = Vec::with_capacity(batch.len());
        for (at, prepared) in batch.into_iter().enumerate() {
            let placed = match prepared {
                Prepared::Signed(event) => self.place_signed(event, chain_keys, &mut undo),
                Prepared::Draft(draft) => self.place_draft(&draft, chain_keys, &mut undo),
            };
            match placed {
                Ok(one) => accepted.push(one),
                Err(reason) => {
                    self.undo(undo);
                    return Err(reason.at(at));
                }
            }
        }
        Ok(accepted)
    }

    /// What waits for a block is bounded.
    fn expect_room(&self, batch: &[Prepared]) -> Result<(), Refused> {
        let Some(pool) = &self.shared.pool else { return Ok(()) };
        let staged = self.staged.iter().map(|event| event.signed.len());
        let bytes = staged.chain(batch.iter().map(Prepared::about)).fold(0, usize::saturating_add);
        let events = self.staged.len().saturating_add(batch.len());
        if pool.has_room(events, bytes) {
            return Ok(());
        }
        let fill = pool.fill();
        Err(Refusal::PoolFull { events: fill.events, bytes: fill.bytes }.at(0))
    }

    fn begin(&self) -> Undo {
        Undo {
            staged: self.staged.len(),
            writers: Vec::new(),
            directory: Arc::clone(&self.directory),
            redacted: self.redacted.len(),
        }
    }

    fn undo(&mut self, undo: Undo) {
        self.directory = undo.directory;
        self.redacted.truncate(undo.redacted);
        for event in self.staged.drain(undo.staged..) {
            self.ids.remove(&event.id);
        }
        for (place, before) in undo.writers.into_iter().rev() {
            match before {
                Some(before) => self.writers.insert(place, before),
                None => self.writers.remove(&place),
            };
        }
    }

    /// The answer for an event that was accepted before.
    fn find(&self, id: &EventId) -> Result<Option<Accepted>, Refusal> {
        let pool = self.shared.pool.as_ref();
        let known = |index| Some(Accepted { id: *id, index, duplicate: true });
        if let Some(index) = self.ids.get(id) {
            return Ok(known(pool.is_none().then_some(*index)));
        }
        if pool.is_some_and(|pool| pool.contains(id)) {
            return Ok(known(None));
        }
        Ok(self.shared.find(id)?.and_then(|index| known(Some(index))))
    }

    fn next_of(&self, place: &Place) -> Result<(u64, EventId), Refusal> {
        match self.writers.get(place) {
            Some(next) => Ok(*next),
            None => self.shared.next_accepted(place).map_err(|error| Refusal::storage(&error)),
        }
    }

    fn place_signed(
        &mut self,
        event: SignedReady,
        chain_keys: &mut ChainKeys,
        undo: &mut Undo,
    ) -> Result<Accepted, Refusal> {
        let id = event.id;
        let (expected, last) = self.next_of(&event.place)?;
        let found = event.sequence;
        // An event of the log is behind its writer's next one: only then is it looked for, which is
        // a search through all that the index has on disk.
        if found < expected {
            return match self.find(&id)? {
                Some(accepted) => Ok(accepted),
                None => Err(Refusal::SequenceReused { expected, found }),
            };
        }
        if found > expected {
            return Err(Refusal::SequenceGap { expected, found });
        }
        if event.previous != last {
            return Err(Refusal::PreviousMismatch { expected: last, found: event.previous });
        }
        self.check_writer(&event)?;
        self.check_payload(&event)?;
        let mut record = event.record;
        if let Some(system) = &event.system {
            let made = self.check_system(system, (id, &event.bytes), &record, chain_keys)?;
            record = record.or(made);
        }
        let SignedReady { bytes, payload, place, .. } = event;
        Ok(self.add((place, found), Staged { id, signed: bytes, payload, record }, undo))
    }

    /// Where only members may write, the writer is one who may in this stream. Who may say what of
    /// the system has rules of its own.
    fn check_writer(&self, event: &SignedReady) -> Result<(), Refusal> {
        let (stream, writer) = &event.place;
        let is_free = self.shared.options.writers == Writers::Any || event.system.is_some();
        if is_free || self.directory.is_writer(stream, writer, self.next_index()) {
            return Ok(());
        }
        Err(Refusal::NotAWriter(*writer))
    }

    /// A payload that was stored when the event was looked at may have been erased since.
    fn check_payload(&self, event: &SignedReady) -> Result<(), Refusal> {
        match event.stored {
            Some(digest) if event.payload.is_none() && !self.shared.blobs.contains(&digest) => {
                Err(Refusal::PayloadMissing(digest))
            }
            _ => Ok(()),
        }
    }

    /// Applies the rules of system events. The record of a grant that came without wraps is made.
    fn check_system(
        &mut self,
        system: &SystemReady,
        (id, bytes): (EventId, &[u8]),
        record: &Option<Vec<u8>>,
        chain_keys: &mut ChainKeys,
    ) -> Result<Option<Vec<u8>>, Refusal> {
        let event = SignedEvent::decode(bytes)?;
        let index = self.next_index();
        let Some(target) = &system.target else {
            Arc::make_mut(&mut self.directory).change(&system.event, event.body(), index)?;
            if let SystemEvent::Validator(said) = &system.event {
                epoch::check(self.shared, &self.directory, (id, said))?;
            }
            return Ok(None);
        };
        let by = (event.body().stream, event.body().writer);
        self.directory.may_grant_or_redact(&by, &(target.stream, target.writer), index)?;
        if self.redacted.contains(&target.id) || self.shared.is_redacted(&target.id)? {
            return Err(Refusal::AlreadyRedacted(target.id));
        }
        if matches!(system.event, SystemEvent::Redacted { .. }) {
            self.redacted.push(target.id);
        }
        if let (SystemEvent::Granted { readers, .. }, None) = (&system.event, record) {
            let made = system::make_wraps(self.shared, chain_keys, (id, target, readers))?;
            return Ok(Some(made.encode()));
        }
        Ok(None)
    }

    /// Gives an event of the node's own its place.
    pub(crate) fn stage_own(
        &mut self,
        chain_keys: &mut ChainKeys,
        draft: Draft,
    ) -> Result<Accepted, Refusal> {
        let ready = prepare_draft(self.shared, draft)?;
        let mut undo = self.begin();
        self.place_draft(&ready, chain_keys, &mut undo)
    }

    fn place_draft(
        &mut self,
        draft: &DraftReady,
        chain_keys: &mut ChainKeys,
        undo: &mut Undo,
    ) -> Result<Accepted, Refusal> {
        let ingest = self.shared.ingest()?;
        let place = (draft.stream.id, ingest.key_id());
        let (sequence, previous) = self.next_of(&place)?;
        let mut body = draft.body(self.shared, (sequence, previous), clock::now())?;
        let staged = match &draft.payload {
            PayloadReady::None => self.sign(&body, None, None)?,
            PayloadReady::Public(digest, bytes) => {
                let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
                body.payload = Payload::Public { digest: *digest, len };
                self.sign(&body, Some((*digest, bytes.clone())), None)?
            }
            PayloadReady::Sealed { plaintext, recipients } => {
                let chain_key = chain_keys.get(&draft.stream)?;
                let sealed = seal::seal_event(body, plaintext, chain_key, recipients)?;
                let SealedEvent { body, payload, record } = sealed;
                self.sign(&body, Some(payload), Some(record.encode()))?
            }
        };
        Ok(self.add((place, sequence), staged, undo))
    }

    /// Signs with the node's ingest key.
    fn sign(
        &self,
        body: &EventBody<'_>,
        payload: Option<(cairn_verifier::digest::PayloadDigest, Vec<u8>)>,
        record: Option<Vec<u8>>,
    ) -> Result<Staged, Refusal> {
        let ingest = self.shared.ingest()?;
        let body = body.encode()?;
        let id = EventBody::id_of(&body);
        let public = ingest.public_key();
        let cannot = DecodeError::NotCanonical { what: "ingest key" };
        let key = PublicKey::new(Suite::Ed25519, &public).ok_or(cannot)?;
        let signature = ingest.sign(Role::Event, id.as_bytes()).ok_or(cannot)?;
        let signed = encode_signed(&body, &[(key, &signature)])?;
        Ok(Staged { id, signed, payload, record })
    }

    fn next_index(&self) -> u64 {
        let behind = u64::try_from(self.staged.len()).unwrap_or(u64::MAX);
        self.first.saturating_add(behind)
    }

    fn add(&mut self, (place, sequence): (Place, u64), event: Staged, undo: &mut Undo) -> Accepted {
        let (id, index) = (event.id, self.next_index());
        let before = self.writers.insert(place, (sequence.saturating_add(1), id));
        undo.writers.push((place, before));
        self.ids.insert(id, index);
        self.staged.push(event);
        // With others, the place of an event is that of its block.
        let index = self.shared.pool.is_none().then_some(index);
        Accepted { id, index, duplicate: false }
    }
}
