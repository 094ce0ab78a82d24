//! What the node's threads share.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use cairn_store::StoreError;
use cairn_store::blobs::Blobs;
use cairn_store::entries::Entries;
use cairn_store::index::{Index, Mark};
use cairn_store::keystore::{KeyStore, Record};
use cairn_verifier::digest::{EventId, HeaderDigest, KeyId, LogId};
use cairn_verifier::event::SignedEvent;
use cairn_verifier::finality::{Certificate, HEADER_LEN, Header};
use cairn_verifier::secret::MemberSecret;
use cairn_verifier::trust::TrustAnchor;
use cairn_verifier::wire::{DecodeError, decode_all};

use super::keys::Keys;
use super::progress::Progress;
use super::state::{Place, State};
use super::turns::Turns;
use super::{Block, Directory, Entry, KeyRecord, LogState, NodeError, Options, Status};
use crate::clock::Stopwatch;
use crate::ingest::Refusal;
use crate::publish::Published;
use crate::replica::Followed;
use crate::validate::ValidatorStatus;
use crate::validate::pool::Pool;

/// An open data directory.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) dir: PathBuf,
    pub(crate) options: Options,
    pub(crate) log: LogId,
    pub(crate) genesis: Vec<u8>,
    pub(super) directory: RwLock<Arc<Directory>>,
    /// None in a replica.
    pub(super) keys: Option<Keys>,
    /// Finds entries and blocks.
    pub(crate) index: Arc<Index>,
    /// Held by whoever takes entries into the index: the last of them says how far each writer is,
    /// so two who did it at once could leave it behind the log.
    pub(super) indexing: Mutex<()>,
    /// The log: signed events.
    pub(crate) entries: Entries,
    /// Headers with their certificates.
    pub(crate) blocks: Entries,
    /// Salts and wraps, which can be forgotten.
    pub(crate) records: KeyStore,
    pub(crate) blobs: Blobs,
    pub(super) state: RwLock<State>,
    pub(super) log_state: RwLock<LogState>,
    pub(crate) progress: Progress,
    /// Events that wait for a block, where blocks are agreed on with others.
    pub(crate) pool: Option<Pool>,
    /// How a validator among others is.
    pub(super) validator: Mutex<Option<ValidatorStatus>>,
    /// Held from when a key record is written until it is known whose it is.
    pub(super) linking: Mutex<()>,
    /// Whether this node knows what was redacted while it was away.
    pub(crate) current: AtomicBool,
    /// Where evidence that was met goes.
    pub(super) accuser: Mutex<Option<SyncSender<Vec<u8>>>>,
    /// How validators did lately.
    pub(super) turns: Mutex<Turns>,
    pub(super) failed: Mutex<BTreeMap<Writing, String>>,
    /// What goes to other places, or comes from there.
    pub(super) elsewhere: Mutex<Elsewhere>,
    pub(super) cut_bytes: u64,
    pub(super) started: Stopwatch,
    /// Held as long as the node is open.
    pub(super) _lock: File,
}

/// How far what is published is, and what a replica follows.
#[derive(Clone, Debug, Default)]
pub(super) struct Elsewhere {
    pub(super) published: Option<Published>,
    followed: Option<Followed>,
}

/// What is being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Writing {
    Events,
    Blocks,
    Index,
}

impl Shared {
    pub(crate) fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn state_mut(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state after the newest block. It may lag behind that for a moment, and longer while the
    /// index cannot be written; so it is asked which block it is after.
    pub(crate) fn log_state(&self) -> RwLockReadGuard<'_, LogState> {
        self.log_state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn log_state_mut(&self) -> RwLockWriteGuard<'_, LogState> {
        self.log_state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Members and streams, as they are now.
    pub(crate) fn directory(&self) -> Arc<Directory> {
        Arc::clone(&self.directory.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set_directory(&self, directory: Arc<Directory>) {
        *self.directory.write().unwrap_or_else(PoisonError::into_inner) = directory;
    }

    pub(crate) fn head(&self) -> Option<Arc<Block>> {
        self.state().head.clone()
    }

    /// Remembers how the last write of a kind went.
    pub(crate) fn note_write<T, E: std::fmt::Display>(
        &self,
        what: Writing,
        written: &Result<T, E>,
    ) {
        match written {
            Ok(_) => {
                self.failed().remove(&what);
            }
            Err(error) => self.note_failed(what, &error.to_string()),
        }
    }

    /// Remembers that something cannot be written.
    pub(super) fn note_failed(&self, what: Writing, error: &str) {
        tracing::error!(%error, "a write failed: nothing was lost or acknowledged");
        self.failed().insert(what, error.to_owned());
    }

    fn failed(&self) -> MutexGuard<'_, BTreeMap<Writing, String>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn elsewhere(&self) -> MutexGuard<'_, Elsewhere> {
        self.elsewhere.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of how publishing goes.
    pub(crate) fn note_published(&self, note: impl FnOnce(&mut Published)) {
        note(self.elsewhere().published.get_or_insert_default());
    }

    /// Takes note of how following goes.
    pub(crate) fn note_followed(&self, note: impl FnOnce(&mut Followed)) {
        note(self.elsewhere().followed.get_or_insert_default());
    }

    /// The node's keys, as long as it may make events and blocks with them.
    pub(crate) fn keys(&self) -> Result<&Keys, Refusal> {
        self.expect_writable()?;
        self.keys.as_ref().ok_or(Refusal::ReadOnly { from: None, write_to: None })
    }

    /// The key that signs drafts, as long as the log knows it as a node's.
    pub(crate) fn ingest(&self) -> Result<&MemberSecret, Refusal> {
        let ingest = &self.keys()?.ingest;
        if self.directory().may_ingest(&ingest.key_id()) {
            return Ok(ingest);
        }
        Err(Refusal::CatchingUp(format!(
            "its key for drafts, {}, is none that the member `ingest` has in use; an administrator \
             adds it: cairn member add-key ingest node.pub",
            ingest.key_id()
        )))
    }

    /// The node's keys, whatever it may do with them.
    pub(crate) const fn own_keys(&self) -> Option<&Keys> {
        self.keys.as_ref()
    }

    /// Takes note of how the validator is.
    pub(crate) fn note_validator(&self, note: impl FnOnce(&mut ValidatorStatus)) {
        let mut validator = self.validator.lock().unwrap_or_else(PoisonError::into_inner);
        note(validator.get_or_insert_default());
    }

    /// What is redacted elsewhere must not be given out here.
    pub(super) fn expect_current(&self) -> Result<(), NodeError> {
        if self.current.load(Ordering::Acquire) { Ok(()) } else { Err(NodeError::CatchingUp) }
    }

    /// Why a validator takes no events yet.
    fn why_waiting(&self) -> Option<String> {
        let validator = self.validator.lock().unwrap_or_else(PoisonError::into_inner);
        validator.as_ref().and_then(|validator| validator.waiting.clone())
    }

    pub(super) fn validator(&self) -> Option<ValidatorStatus> {
        self.validator.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A replica takes no events, nor does a node whose place another one has taken.
    pub(crate) fn expect_writable(&self) -> Result<(), Refusal> {
        let elsewhere = self.elsewhere();
        if let Some(Followed { from, write_to, .. }) = &elsewhere.followed {
            let (from, write_to) = (Some(from.clone()), write_to.clone());
            return Err(Refusal::ReadOnly { from, write_to });
        }
        if self.keys.is_none() {
            return Err(Refusal::ReadOnly { from: None, write_to: None });
        }
        if let Some(why) = self.why_waiting() {
            return Err(Refusal::CatchingUp(why));
        }
        let lost = elsewhere.published.as_ref().and_then(|published| published.lost.clone());
        lost.map_or(Ok(()), |why| Err(Refusal::HeadLost(why)))
    }

    fn indexing(&self) -> MutexGuard<'_, ()> {
        self.indexing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A validator without others takes events only as long as it makes blocks of them by itself.
    pub(crate) fn expect_blocks(&self) -> Result<(), Refusal> {
        if self.pool.is_some() || self.is_quorum() {
            return Ok(());
        }
        let validators = self.signing_set().len();
        Err(Refusal::CatchingUp(format!(
            "the log has {validators} validators by now, and this node alone is no quorum of them; \
             start it again with the others: [validator] peers and listen in cairn.toml"
        )))
    }

    /// Takes events into the index that are in the log.
    pub(crate) fn index_events(
        &self,
        first: u64,
        events: &[SignedEvent<'_>],
        ids: &[EventId],
    ) -> Result<(), StoreError> {
        let _one_at_a_time = self.indexing();
        super::replay::apply_events(&self.index, first, events, ids)
    }

    /// The key that signs drafts: this node's, or of a node without keys the first that the log names.
    fn ingest_key(&self) -> KeyId {
        let own = self.own_keys().map(|keys| keys.ingest.key_id());
        own.unwrap_or_else(|| self.directory().ingest_key())
    }

    pub(super) fn status(&self) -> Status {
        let (accepted, size, head) = {
            let state = self.state();
            (state.events.size(), state.final_size(), state.head.clone())
        };
        let waiting = self.pool.as_ref().map_or(0, |pool| pool.fill().events);
        let accepted = accepted.saturating_add(u64::try_from(waiting).unwrap_or(u64::MAX));
        let bytes = [self.entries.bytes(), self.blocks.bytes(), self.records.bytes()];
        let bytes = bytes.into_iter().chain([self.index.bytes()]);
        // Tiles hold 32 bytes a leaf, and 1/255 of that above.
        let tiles = accepted.saturating_mul(32);
        let elsewhere = self.elsewhere().clone();
        Status {
            log: self.log,
            anchor: TrustAnchor::Genesis(self.log),
            height: head.as_ref().map_or(0, |head| head.header.height),
            head: head.as_ref().map_or(HeaderDigest::ZERO, |head| head.digest),
            head_time: head.as_ref().map_or(0, |head| head.header.time.0),
            size,
            accepted,
            uptime: self.started.elapsed(),
            storage_bytes: bytes.chain([tiles, self.blobs.bytes()]).fold(0, u64::saturating_add),
            ingest_key: self.ingest_key(),
            cut_bytes: self.cut_bytes,
            disk_error: self.failed().first_key_value().map(|(_, error)| error.clone()),
            published: elsewhere.published,
            followed: elsewhere.followed,
            validator: self.validator(),
        }
    }

    pub(crate) fn block(&self, height: u64) -> Result<Option<Block>, NodeError> {
        if self.head().is_none_or(|head| height > head.header.height) {
            return Ok(None);
        }
        self.expect_block_kept(height)?;
        let bytes = self.blocks.read(height)?;
        let damaged = |reason| NodeError::Damaged { what: "block", index: height, reason };
        decode_block(&bytes).map(Some).map_err(damaged)
    }

    pub(crate) fn entry(&self, index: u64) -> Result<Option<Entry>, NodeError> {
        let is_final = {
            let state = self.state();
            if index >= state.events.size() {
                return Ok(None);
            }
            index < state.final_size()
        };
        self.expect_kept(index)?;
        let found = if is_final { self.index.height_of(index)? } else { None };
        let height = found.filter(|height| self.is_first_with(*height));
        let signed = self.entries.read(index)?;
        let damaged = |reason| NodeError::Damaged { what: "entry", index, reason };
        let id = SignedEvent::decode(&signed).map_err(damaged)?.id();
        Ok(Some(Entry { index, id, signed, is_final: found.is_some(), height }))
    }

    /// Whether the block before this one is known too, so that it is known which events are this
    /// one's.
    fn is_first_with(&self, height: u64) -> bool {
        height.checked_sub(1).is_none_or(|before| self.blocks.has(before))
    }

    /// Blocks from some on are all here; of those before, only a few.
    pub(crate) fn expect_block_kept(&self, height: u64) -> Result<(), NodeError> {
        if self.blocks.has(height) {
            return Ok(());
        }
        Err(NodeError::BlockBefore { height, begin: self.blocks.begin() })
    }

    /// Events from some on are all here; of those before, only a few.
    pub(crate) fn expect_kept(&self, index: u64) -> Result<(), NodeError> {
        if self.entries.has(index) {
            return Ok(());
        }
        Err(NodeError::Pruned { index, begin: self.entries.begin() })
    }

    /// An event that is not found may be one that was pruned. The index knows those by eight bytes of
    /// their ids, until it is made again.
    pub(crate) fn expect_not_pruned(&self, id: &EventId) -> Result<(), NodeError> {
        let begin = self.entries.begin();
        match self.index.find(id)?.into_iter().find(|index| *index < begin) {
            Some(index) if !self.entries.has(index) => Err(NodeError::Pruned { index, begin }),
            _ => Ok(()),
        }
    }

    /// The index of an accepted event that is kept.
    pub(crate) fn find(&self, id: &EventId) -> Result<Option<u64>, NodeError> {
        let size = self.state().events.size();
        let is_kept = |index: &u64| *index < size && self.entries.has(*index);
        for index in self.index.find(id)?.into_iter().filter(is_kept) {
            let bytes = self.entries.read(index)?;
            let damaged = |reason| NodeError::Damaged { what: "entry", index, reason };
            if SignedEvent::decode(&bytes).map_err(damaged)?.id() == *id {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }

    /// The next sequence number of a writer in a stream, and its last event there.
    pub(crate) fn next_of(&self, (stream, writer): &Place) -> Result<(u64, EventId), StoreError> {
        self.index.next_of(stream, writer)
    }

    /// The same after events that were accepted and wait for a block.
    pub(crate) fn next_accepted(&self, place: &Place) -> Result<(u64, EventId), StoreError> {
        match &self.pool {
            Some(pool) => pool.next_after(place, || self.next_of(place)),
            None => self.next_of(place),
        }
    }

    /// Whether the index knows every accepted event, after catching up if it must.
    pub(crate) fn catch_up(&self) -> Result<(), StoreError> {
        let _one_at_a_time = self.indexing();
        let (known, size) = (self.index.mark(Mark::Entries)?, self.state().events.size());
        let mut missing = Vec::new();
        self.entries.scan(known..size, |_, bytes| {
            missing.push(bytes.to_vec());
            Ok::<_, StoreError>(())
        })?;
        if missing.is_empty() {
            return Ok(());
        }
        super::replay::apply_entries(&self.index, known, missing.iter().map(Vec::as_slice))
    }

    /// The wrap of an event's message key for a recipient's key: the newest, if there are more.
    pub(crate) fn wrap(
        &self,
        event: &EventId,
        recipient: &KeyId,
    ) -> Result<Option<Vec<u8>>, NodeError> {
        for number in self.record_numbers(event)?.into_iter().rev() {
            let record = self.read_record(number)?;
            if let Some(wrap) = record.as_ref().and_then(|record| record.wrap(recipient)) {
                return Ok(Some(wrap.to_vec()));
            }
        }
        Ok(None)
    }

    /// A record of the key store; `None` if it was erased.
    pub(crate) fn read_record(&self, number: u64) -> Result<Option<KeyRecord>, NodeError> {
        let Record::Kept(bytes) = self.records.get(number)? else { return Ok(None) };
        let damaged = |reason| NodeError::Damaged { what: "key record", index: number, reason };
        KeyRecord::decode(&bytes).map(Some).map_err(damaged)
    }
}

/// A block as it is stored: header, then certificate.
pub(crate) fn encode_block(block: &Block) -> Vec<u8> {
    [block.header_bytes.as_slice(), &block.certificate].concat()
}

pub(crate) fn decode_block(bytes: &[u8]) -> Result<Block, DecodeError> {
    let (header_bytes, certificate) = decode_all(bytes, |reader| {
        Ok((reader.array::<HEADER_LEN>()?, reader.take(reader.rest().len())?))
    })?;
    let header = Header::decode(header_bytes)?;
    Certificate::decode(certificate)?;
    let certificate = certificate.to_vec();
    Ok(Block { header, digest: header.digest(), header_bytes: *header_bytes, certificate })
}
