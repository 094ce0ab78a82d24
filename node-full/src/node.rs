//! The node as one value: open a data directory, submit, read, prove, shut down.
//!
//! ```text
//! submit -> checks, in the caller's thread -> queue -> committer: stage, write, sync -> answer
//!                                                            |
//!                             block thread: header, vote, certificate, sync -> final
//! ```
//!
//! The committer is the only writer of entries and key records, and the only one who erases
//! (`erase`), the block thread the only writer of blocks; each publishes to `state::State` only what
//! is durable. Trees and index are derived from the log; when the node opens they go on from where
//! they were (`replay`).

pub(crate) mod about;
mod commit;
mod directory;
pub(crate) mod epoch;
mod erase;
mod error;
pub(crate) mod evidence;
mod expire;
mod format;
mod joining;
mod keep;
mod keys;
mod life;
mod log_state;
mod open;
mod progress;
mod prune;
mod records;
mod replay;
mod salts;
mod shared;
pub(crate) mod signed;
mod state;
mod turns;
mod types;
mod uncounted;
mod validators;
mod waiting;

use std::path::Path;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cairn_verifier::UnixMillis;
use cairn_verifier::digest::{self, EventId, HeaderDigest, KeyId, LogId, PayloadDigest, StreamId};
use cairn_verifier::state::Roles;
use cairn_verifier::trust::{Genesis, TrustAnchor};
use cairn_verifier::wire::DecodeError;

use crate::clock::Stopwatch;
use crate::ingest::{Accepted, Refusal, Refused, Submission};
use crate::keyring::Passphrase;

pub(crate) use commit::Request;
pub(crate) use directory::Directory;
pub use directory::NotAllowed;
pub use error::{NodeError, OpenError};
pub use expire::Expired;
pub use joining::Needed;
pub(crate) use keep::{Keep, Kept};
pub(crate) use keys::{ADMIN_KEY, INGEST_KEY, VALIDATOR_KEY, chain_key};
use life::Threads;
pub(crate) use log_state::{Effects, Fit, LogState, Next, StateAgain, may_carry};
use open::As;
pub(crate) use open::{lock, open_replica, votes_hold};
pub use prune::Pruned;
pub(crate) use records::KeyRecord;
pub(crate) use replay::index_blocks;
pub use salts::SaltAnswer;
pub(crate) use shared::{Shared, Writing, decode_block, encode_block};
pub(crate) use state::{Place, Tree};
pub use turns::{COUNTED_BLOCKS, Record};
pub use types::{Block, Entry, Member, MemberKey, Options, Status, StreamName, Writers};
pub use validators::{Registered, Validator, Validators};
pub(crate) use waiting::{Part, Waiting};

/// A running node. Clones share it; dropping the last one closes it cleanly.
#[derive(Clone, Debug)]
pub struct Node(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    shared: Arc<Shared>,
    /// The way to the committer; gone when the node is shutting down.
    queue: Mutex<Option<SyncSender<Request>>>,
    threads: Mutex<Option<Threads>>,
}

impl Node {
    /// Opens a data directory: takes its lock, checks the last segment of each log, cuts a write
    /// that never finished, brings trees and index up to the log, makes the first block if there
    /// is none, and starts committing and making blocks.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(dir: &Path, options: Options) -> Result<Self, OpenError> {
        Self::open_with(dir, options, None)
    }

    /// The same, of a directory whose keys are encrypted.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open_with(
        dir: &Path,
        options: Options,
        passphrase: Option<&Passphrase>,
    ) -> Result<Self, OpenError> {
        Self::validate(Arc::new(open::open(dir, options, As::Validator(passphrase))?), None)
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.0.shared
    }

    /// The genesis as it travels.
    #[must_use]
    pub fn genesis_bytes(&self) -> &[u8] {
        &self.shared().genesis
    }

    /// The genesis.
    ///
    /// # Errors
    /// None in practice: it was decoded when the node opened.
    pub fn genesis(&self) -> Result<Genesis<'_>, DecodeError> {
        Genesis::decode(self.genesis_bytes())
    }

    /// The log's id.
    #[must_use]
    pub fn log(&self) -> LogId {
        self.shared().log
    }

    /// Takes a batch, all or nothing, and returns when it is durable. Blocks; concurrent
    /// callers share one sync to disk.
    ///
    /// # Errors
    /// [`Refused`], with the place of the first refused submission.
    pub fn submit(&self, batch: Vec<Submission>) -> Result<Vec<Accepted>, Refused> {
        crate::ingest::refuse_system(&batch)?;
        self.submit_own(batch)
    }

    /// The same, for what the node itself has to say too.
    pub(crate) fn submit_own(&self, batch: Vec<Submission>) -> Result<Vec<Accepted>, Refused> {
        let taken = self.submit_counted(batch);
        taken.inspect_err(|refused| {
            metrics::counter!("cairn_events_refused_total", "code" => refused.reason.code())
                .increment(1);
        })
    }

    fn submit_counted(&self, batch: Vec<Submission>) -> Result<Vec<Accepted>, Refused> {
        let shared = self.shared();
        let may_take = shared.expect_writable().and_then(|()| shared.expect_blocks());
        may_take.map_err(|reason| reason.at(0))?;
        let prepared = crate::ingest::prepare(self.shared(), batch)?;
        let queue = self.0.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let queue = queue.ok_or_else(|| Refusal::ShuttingDown.at(0))?;
        let (request, answer) = Request::submit(prepared);
        queue.send(request).map_err(|_| Refusal::ShuttingDown.at(0))?;
        // The committer answers every request that it took; it is gone only if it panicked.
        answer.recv().unwrap_or_else(|_| {
            let stopped = "the committing thread has stopped; restart the node";
            self.shared().note_failed(Writing::Events, stopped);
            Err(Refusal::Storage(stopped.to_owned()).at(0))
        })
    }

    /// How the node is.
    #[must_use]
    pub fn status(&self) -> Status {
        self.shared().status()
    }

    /// The newest block.
    #[must_use]
    pub fn head(&self) -> Option<Block> {
        self.shared().head().map(|block| (*block).clone())
    }

    /// The block at a height.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn block(&self, height: u64) -> Result<Option<Block>, NodeError> {
        self.shared().block(height)
    }

    /// The height of the block whose header has this digest.
    ///
    /// # Errors
    /// The index cannot be read.
    pub fn block_by_digest(&self, digest: &HeaderDigest) -> Result<Option<u64>, NodeError> {
        Ok(self.shared().index.height_of_digest(digest)?)
    }

    /// The entry of an event.
    ///
    /// # Errors
    /// It cannot be read, or is not kept any more.
    pub fn entry(&self, id: &EventId) -> Result<Option<Entry>, NodeError> {
        match self.shared().find(id)? {
            Some(index) => self.entry_at(index),
            None => self.shared().expect_not_pruned(id).map(|()| None),
        }
    }

    /// The entry at an index.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn entry_at(&self, index: u64) -> Result<Option<Entry>, NodeError> {
        self.shared().entry(index)
    }

    /// The next sequence number of a writer in a stream, and its last event there.
    ///
    /// # Errors
    /// The index cannot be read.
    pub fn next_sequence(
        &self,
        stream: &StreamId,
        writer: &KeyId,
    ) -> Result<(u64, EventId), NodeError> {
        Ok(self.shared().next_accepted(&(*stream, *writer))?)
    }

    /// A stored payload. One of which every event is redacted is not given out, even if it is not
    /// erased yet.
    ///
    /// # Errors
    /// It cannot be read, or the disk changed it; or this node was away, and may not know yet what
    /// was redacted meanwhile.
    pub fn payload(&self, digest: &PayloadDigest) -> Result<Option<Vec<u8>>, NodeError> {
        self.shared().expect_current()?;
        if !self.shared().is_payload_wanted(digest)? {
            return Ok(None);
        }
        let Some(bytes) = self.shared().blobs.get(digest)? else { return Ok(None) };
        // The digest does not say which of the two it is.
        let kinds = [digest::CIPHERTEXT, digest::PUBLIC_PAYLOAD];
        if kinds.iter().any(|kind| *digest.as_bytes() == digest::derive(kind, &[&bytes])) {
            return Ok(Some(bytes));
        }
        Err(NodeError::PayloadDamaged(*digest))
    }

    /// The wrap of an event's message key for a recipient's key; none if the event is redacted.
    ///
    /// # Errors
    /// As of [`Node::payload`].
    pub fn wrap(&self, event: &EventId, recipient: &KeyId) -> Result<Option<Vec<u8>>, NodeError> {
        self.shared().expect_current()?;
        if self.shared().is_redacted(event)? {
            return Ok(None);
        }
        self.shared().wrap(event, recipient)
    }

    /// Forgets keys and stored bytes of the payloads of all events that were final before a time, and
    /// logs that it did. Events and proofs stay.
    ///
    /// # Errors
    /// It could not be done; it can be asked again.
    pub fn expire_payloads(&self, before: UnixMillis) -> Result<Expired, Refusal> {
        let queue = self.0.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        expire::expire_before(self.shared(), &queue.ok_or(Refusal::ShuttingDown)?, before)
    }

    /// Forgets all events that were final before a time, but for those that the log goes by, and logs
    /// that it did. Trees and proofs stay. Whole segments are forgotten, so some stay that could go.
    ///
    /// # Errors
    /// It could not be done; it can be asked again.
    pub fn prune_events(&self, before: UnixMillis) -> Result<Pruned, Refusal> {
        let queue = self.0.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        prune::prune_before(self.shared(), &queue.ok_or(Refusal::ShuttingDown)?, before)
    }

    /// The first event that [`Node::prune_events`] would leave.
    ///
    /// # Errors
    /// A block cannot be read.
    pub fn prunable(&self, before: UnixMillis) -> Result<u64, Refusal> {
        self.shared().prunable(before)
    }

    /// The first event of those that are all kept.
    #[must_use]
    pub fn begin(&self) -> u64 {
        self.shared().entries.begin()
    }

    /// Waits until an event is final; `false` if it is unknown, or not final within `timeout`.
    #[must_use]
    pub fn wait_final(&self, id: &EventId, timeout: Duration) -> bool {
        let watch = Stopwatch::start();
        if let Some(pool) = &self.shared().pool {
            pool.wait_gone(&[*id], timeout);
        }
        let index = self.shared().find(id).ok().flatten();
        let wait =
            |index: u64| self.wait_size_final(index.saturating_add(1), watch.left_of(timeout));
        index.is_some_and(wait)
    }

    /// Waits until accepted events are final; `false` if they are not within `timeout`. What is in
    /// the log then has an index.
    #[must_use]
    pub fn wait_accepted(&self, accepted: &mut [Accepted], timeout: Duration) -> bool {
        let watch = Stopwatch::start();
        if let Some(pool) = &self.shared().pool {
            let ids: Vec<EventId> = accepted.iter().map(|one| one.id).collect();
            pool.wait_gone(&ids, timeout);
            for one in accepted.iter_mut().filter(|one| one.index.is_none()) {
                one.index = self.shared().find(&one.id).ok().flatten();
            }
        }
        let last =
            accepted.iter().map(|one| one.index).try_fold(0, |last, index| Some(index?.max(last)));
        let wait = |last: u64| self.wait_size_final(last.saturating_add(1), watch.left_of(timeout));
        accepted.is_empty() || last.is_some_and(wait)
    }

    /// Waits until `size` events are final; `false` if they are not within `timeout`.
    #[must_use]
    pub fn wait_size_final(&self, size: u64, timeout: Duration) -> bool {
        self.shared().progress.wait(size, timeout)
    }

    /// Changes with every block, for those who follow the log without a thread of their own.
    #[must_use]
    pub fn watch(&self) -> tokio::sync::watch::Receiver<u64> {
        self.shared().progress.blocks()
    }

    /// The stream of the system's own events; old logs have none.
    #[must_use]
    pub fn system_stream(&self) -> Option<StreamName> {
        self.shared().directory().system().cloned()
    }

    /// The member who signs requests with this Ed25519 public key.
    #[must_use]
    pub fn member_by_signing_key(&self, key: &[u8; 32]) -> Option<Member> {
        self.shared().directory().by_signing_key(key)
    }

    /// All members, those removed too.
    #[must_use]
    pub fn members(&self) -> Vec<Member> {
        self.shared().directory().members()
    }

    /// A member by name.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<Member> {
        self.shared().directory().member(name)
    }

    /// What a member may do, in every stream where it may do something.
    #[must_use]
    pub fn roles_of(&self, member: &Member) -> Vec<(StreamName, Roles)> {
        let directory = self.shared().directory();
        let streams = directory.streams().iter().filter(|_| member.active);
        let roles =
            streams.map(|stream| (stream.clone(), directory.roles_of(&stream.id, &member.name)));
        roles.filter(|(_, roles)| roles.writer || roles.reader).collect()
    }

    /// The log's streams, the one for drafts that name none first.
    #[must_use]
    pub fn streams(&self) -> Vec<StreamName> {
        self.shared().directory().streams().to_vec()
    }

    /// What auditors pin: the genesis.
    #[must_use]
    pub fn anchor(&self) -> TrustAnchor {
        TrustAnchor::Genesis(self.log())
    }

    /// Takes no more submissions, makes a last block over what was accepted, and stops. Reading
    /// goes on. Further calls do nothing.
    pub fn shutdown(&self) {
        self.0.close();
    }
}

/// Opens a data directory without its index and makes that again from the log; tiles that are not
/// as the log makes them are refused by name.
///
/// # Errors
/// As [`Node::open`].
pub fn reindex(
    dir: &Path,
    options: Options,
    passphrase: Option<&Passphrase>,
) -> Result<Node, OpenError> {
    open::forget_index(dir)?;
    Node::open_to_look(dir, options, passphrase)
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}
