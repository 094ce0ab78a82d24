//! How a node begins and ends: what runs in it, and in which order it stops.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use cairn_net::Network;

use super::open::{self, As};
use super::{
    Inner, Node, OpenError, Options, Request, Shared, VALIDATOR_KEY, commit, erase, evidence,
};
use crate::keyring::Passphrase;
use crate::producer;
use crate::publish::{PublishOptions, Publisher, Publishing};
use crate::replica::{self, Follower, ReplicaOptions};
use crate::validate::behind::{self, Fetching};
use crate::validate::pool::Pool;
use crate::validate::{self, Input, Local, Setup, Validating};

/// What may wait for the driver of a validator; what more comes waits on the network. How many
/// bytes of one peer that may be its links say: each message brings its room along.
const INPUTS: usize = 4_096;

/// What runs beside those who ask.
#[derive(Debug, Default)]
pub(super) struct Threads {
    /// None in a replica.
    committer: Option<JoinHandle<()>>,
    /// Makes blocks, or follows those of another node; none if the node is only looked at.
    blocks: Option<JoinHandle<()>>,
    /// Forgets what is to be forgotten; none in a replica.
    erasures: Option<JoinHandle<()>>,
    /// Logs evidence against validators.
    evidence: Option<JoinHandle<()>>,
    /// Fetches what stands behind others' events.
    fetching: Option<JoinHandle<()>>,
    publishing: Option<Publishing>,
}

/// What fetches payloads: links, what the driver hands on, and where that arrives.
type Fetch = (Arc<dyn Network>, Arc<Fetching>, behind::Inputs);

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, OpenError> {
    let builder = std::thread::Builder::new().name(name.to_owned());
    builder.spawn(run).map_err(|source| OpenError::Thread { source })
}

impl Node {
    /// As [`Node::open`], and what becomes final is published. The head of the published log is
    /// claimed before any block is made.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open_publishing(
        dir: &Path,
        options: Options,
        passphrase: Option<&Passphrase>,
        publish: &PublishOptions,
    ) -> Result<Self, OpenError> {
        let shared = Arc::new(open::open(dir, options, As::Validator(passphrase))?);
        let publisher = Publisher::claim(&shared, publish)?;
        Self::validate(shared, Some(publisher))
    }

    /// Opens a data directory of a validator that agrees on blocks with others. It takes part as soon
    /// as it is open; the first block is made with the others.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open_validating(
        dir: &Path,
        options: Options,
        passphrase: Option<&Passphrase>,
        validating: Validating,
    ) -> Result<Self, OpenError> {
        let shared = Arc::new(open::open(dir, options, As::OneOfMany(passphrase))?);
        Self::take_part(shared, None, validating)
    }

    /// As [`Node::open_validating`], and what becomes final is published by this node alone.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open_validating_publishing(
        dir: &Path,
        options: Options,
        passphrase: Option<&Passphrase>,
        (validating, publish): (Validating, &PublishOptions),
    ) -> Result<Self, OpenError> {
        let shared = Arc::new(open::open(dir, options, As::OneOfMany(passphrase))?);
        let publisher = Publisher::claim(&shared, publish)?;
        Self::take_part(shared, Some(publisher), validating)
    }

    fn take_part(
        shared: Arc<Shared>,
        publisher: Option<Publisher>,
        validating: Validating,
    ) -> Result<Self, OpenError> {
        // What a person must look at is said here, and not by a thread that ends at once.
        validate::expect_readable(&shared.dir)?;
        let Validating { connect, timeouts, sign_from } = validating;
        let waiting = validate::why_waiting(&shared.dir, (sign_from, shared.head().as_deref()))?;
        shared.note_validator(|status| status.waiting = waiting);
        let local = Local::new(Arc::clone(&shared));
        let (network, incoming) =
            connect(&local).map_err(|reason| OpenError::Network { reason })?;
        let (wake, inputs) = std::sync::mpsc::sync_channel(INPUTS);
        if let Some(pool) = &shared.pool {
            pool.set_waker(wake.clone());
        }
        // Ends with the network, or when nothing reads what it hands on.
        drop(spawn("links", move || {
            for incoming in incoming {
                if wake.send(Input::Net(incoming)).is_err() {
                    return;
                }
            }
        })?);
        // Until it is known what was redacted while this node was away.
        shared.current.store(false, Ordering::Release);
        let (fetching, asked) = Fetching::new();
        let fetch = (Arc::clone(&network), Arc::clone(&fetching), asked);
        let setup = Setup { network, timeouts, sign_from, fetching };
        let driving = Arc::clone(&shared);
        let blocks = spawn("blocks", move || validate::run(&driving, &setup, &inputs))?;
        Self::take_events(shared, publisher, (blocks, Some(fetch)))
    }

    /// Opens a replica of a published log: its directory is made if there is none, and it follows
    /// until it can serve something. It needs no key, and takes no events.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn follow(
        dir: &Path,
        options: Options,
        following: ReplicaOptions,
    ) -> Result<Self, OpenError> {
        let bucket = replica::prepare(dir, &following)?;
        let shared = Arc::new(open::open(dir, options, As::Replica)?);
        let follower = Follower::start(&shared, bucket, following)?;
        let blocks = Arc::clone(&shared);
        let blocks = Some(spawn("follow", move || follower.run(&blocks))?);
        Ok(Self::of(shared, None, Threads { blocks, ..Threads::default() }))
    }

    /// Opens a directory without keys, of a replica or of imported archives, to serve what is in it.
    /// It follows nothing, and takes no events.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open_copy(dir: &Path, options: Options) -> Result<Self, OpenError> {
        if !replica::is_made(dir)? {
            return Err(OpenError::NotInitialised(dir.to_owned()));
        }
        let shared = Arc::new(open::open(dir, options, As::Replica)?);
        replica::expect_served(&shared)?;
        Ok(Self::of(shared, None, Threads::default()))
    }

    /// Opens a data directory to look at it: a replica's too, which then follows nothing, and that of one
    /// validator of several, which then makes no block.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open_to_look(
        dir: &Path,
        options: Options,
        passphrase: Option<&Passphrase>,
    ) -> Result<Self, OpenError> {
        if !dir.join(VALIDATOR_KEY).exists() {
            let shared = Arc::new(open::open(dir, options, As::Replica)?);
            return Ok(Self::of(shared, None, Threads::default()));
        }
        // Whoever was among others has a pool, and what waits in it must not be forgotten.
        if !Pool::is_in(dir) {
            return Self::open_with(dir, options, passphrase);
        }
        let shared = Arc::new(open::open(dir, options, As::OneOfMany(passphrase))?);
        Ok(Self::of(shared, None, Threads::default()))
    }

    /// Makes the first block if there is none, and starts committing and making blocks.
    pub(super) fn validate(
        shared: Arc<Shared>,
        publisher: Option<Publisher>,
    ) -> Result<Self, OpenError> {
        expect_quorum(&shared)?;
        validate::expect_lone(&shared)?;
        if shared.head().is_none() {
            producer::produce(&shared)
                .map_err(|error| OpenError::FirstBlock { reason: error.to_string() })?;
        }
        let making = Arc::clone(&shared);
        let blocks = spawn("blocks", move || producer::run(&making))?;
        Self::take_events(shared, publisher, (blocks, None))
    }

    /// Starts what every node has that takes events.
    fn take_events(
        shared: Arc<Shared>,
        publisher: Option<Publisher>,
        (blocks, fetch): (JoinHandle<()>, Option<Fetch>),
    ) -> Result<Self, OpenError> {
        let (queue, requests) = std::sync::mpsc::sync_channel(commit::QUEUE_LEN);
        let committer = Arc::clone(&shared);
        let (erasing, to_committer) = (Arc::clone(&shared), queue.clone());
        let (keeping, to_keep) = (Arc::clone(&shared), queue.clone());
        let fetching = fetch.map(|(network, fetching, asked)| {
            spawn("payloads", move || {
                behind::run(&keeping, network.as_ref(), (&fetching, &asked), &to_keep);
            })
        });
        let (accusing, accusations) = (Arc::clone(&shared), queue.clone());
        let (accuser, files) = std::sync::mpsc::sync_channel(evidence::WAITING);
        *shared.accuser.lock().unwrap_or_else(PoisonError::into_inner) = Some(accuser);
        let evidence = move || evidence::run(&accusing, &accusations, &files);
        let publishing =
            publisher.map(|publisher| Publishing::start(publisher, Arc::clone(&shared)));
        let threads = Threads {
            committer: Some(spawn("committer", move || commit::run(&committer, &requests))?),
            blocks: Some(blocks),
            erasures: Some(spawn("erasures", move || erase::run(&erasing, &to_committer))?),
            evidence: Some(spawn("evidence", evidence)?),
            fetching: fetching.transpose()?,
            publishing: publishing.transpose().map_err(|source| OpenError::Thread { source })?,
        };
        Ok(Self::of(shared, Some(queue), threads))
    }

    fn of(shared: Arc<Shared>, queue: Option<SyncSender<Request>>, threads: Threads) -> Self {
        let (queue, threads) = (Mutex::new(queue), Mutex::new(Some(threads)));
        Self(Arc::new(Inner { shared, queue, threads }))
    }
}

impl Inner {
    /// Ends what runs. First erasures, because they go to the committer; that then empties its queue,
    /// the last block covers what it took, and then that is published.
    pub(super) fn close(&self) {
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        let Some(threads) = self.threads.lock().unwrap_or_else(PoisonError::into_inner).take()
        else {
            return;
        };
        self.shared.progress.close();
        drop(self.shared.accuser.lock().unwrap_or_else(PoisonError::into_inner).take());
        join(threads.erasures, "erasing");
        join(threads.evidence, "accusing");
        join(threads.fetching, "fetching");
        join(threads.committer, "committing");
        self.shared.progress.stop();
        if let Some(pool) = &self.shared.pool {
            pool.wake();
        }
        join(threads.blocks, "block");
        if let Some(publishing) = threads.publishing {
            publishing.stop();
        }
    }
}

/// One vote alone makes blocks only where it is a quorum.
fn expect_quorum(shared: &Shared) -> Result<(), OpenError> {
    if shared.is_quorum() {
        return Ok(());
    }
    Err(OpenError::NeedsPeers { validators: shared.signing_set().len() })
}

fn join(thread: Option<JoinHandle<()>>, name: &str) {
    if thread.is_some_and(|thread| thread.join().is_err()) {
        tracing::error!("the {name} thread had panicked");
    }
}
