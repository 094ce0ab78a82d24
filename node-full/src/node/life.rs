//! How a node begins and ends: what runs in it, and in which order it stops.

use std::path::Path;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::open::{self, As};
use super::{Inner, Node, OpenError, Options, Request, Shared, VALIDATOR_KEY, commit, erase};
use crate::keyring::Passphrase;
use crate::producer;
use crate::publish::{PublishOptions, Publisher, Publishing};
use crate::replica::{self, Follower, ReplicaOptions};

/// What runs beside those who ask.
#[derive(Debug, Default)]
pub(super) struct Threads {
    /// None in a replica.
    committer: Option<JoinHandle<()>>,
    /// Makes blocks, or follows those of another node; none if the node is only looked at.
    blocks: Option<JoinHandle<()>>,
    /// Forgets what is to be forgotten; none in a replica.
    erasures: Option<JoinHandle<()>>,
    publishing: Option<Publishing>,
}

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

    /// Opens a data directory to look at it: a replica's too, which then follows nothing.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open_to_look(
        dir: &Path,
        options: Options,
        passphrase: Option<&Passphrase>,
    ) -> Result<Self, OpenError> {
        if dir.join(VALIDATOR_KEY).exists() {
            return Self::open_with(dir, options, passphrase);
        }
        let shared = Arc::new(open::open(dir, options, As::Replica)?);
        Ok(Self::of(shared, None, Threads::default()))
    }

    /// Makes the first block if there is none, and starts committing and making blocks.
    pub(super) fn validate(
        shared: Arc<Shared>,
        publisher: Option<Publisher>,
    ) -> Result<Self, OpenError> {
        if shared.head().is_none() {
            producer::produce(&shared)
                .map_err(|error| OpenError::FirstBlock { reason: error.to_string() })?;
        }
        let (queue, requests) = std::sync::mpsc::sync_channel(commit::QUEUE_LEN);
        let (committer, blocks) = (Arc::clone(&shared), Arc::clone(&shared));
        let (erasing, to_committer) = (Arc::clone(&shared), queue.clone());
        let publishing =
            publisher.map(|publisher| Publishing::start(publisher, Arc::clone(&shared)));
        let threads = Threads {
            committer: Some(spawn("committer", move || commit::run(&committer, &requests))?),
            blocks: Some(spawn("blocks", move || producer::run(&blocks))?),
            erasures: Some(spawn("erasures", move || erase::run(&erasing, &to_committer))?),
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
        join(threads.erasures, "erasing");
        join(threads.committer, "committing");
        self.shared.progress.stop();
        join(threads.blocks, "block");
        if let Some(publishing) = threads.publishing {
            publishing.stop();
        }
    }
}

fn join(thread: Option<JoinHandle<()>>, name: &str) {
    if thread.is_some_and(|thread| thread.join().is_err()) {
        tracing::error!("the {name} thread had panicked");
    }
}
