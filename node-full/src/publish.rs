//! Publishing: what is final goes to a bucket as files that never change, so that replicas can
//! follow, and a CDN or a plain file server can serve the same tiles.
//!
//! A thread of its own follows the final blocks. It holds up nobody: what cannot be written is
//! tried again, more and more seldom, and the node says how far behind it is. Order matters:
//! payloads, tiles and bundles first, the head that names them last.
//!
//! **Invariant:** a node that lost the head to another publishes nothing and makes no block.

mod claim;
mod error;
mod round;

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::bucket::{Bucket, Head, Heads};
use crate::node::Shared;

pub use error::PublishError;

/// After a failure it waits this long at most.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// Where a log is published, and how.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a plain choice")]
pub struct PublishOptions {
    /// `s3://bucket/prefix` or `file:///directory`.
    pub to: String,
    /// How often new blocks are looked for.
    pub every: Duration,
    /// `postgres://…`, if the bucket cannot keep the head.
    pub head: Option<String>,
}

/// How far publishing is.
#[derive(Clone, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "a plain answer")]
pub struct Published {
    /// Where.
    pub to: String,
    /// How many blocks are there.
    pub blocks: u64,
    /// How many events they make final.
    pub size: u64,
    /// Why the last try failed.
    pub error: Option<String>,
    /// Why this node must not go on: another one publishes.
    pub lost: Option<String>,
}

/// A node's place in a bucket: it may write the head that follows.
#[derive(Debug)]
pub(crate) struct Publisher {
    bucket: Bucket,
    heads: Heads,
    every: Duration,
    /// The name of this start of this node.
    writer: String,
    /// The newest head.
    head: Head,
    /// Partial files of the head before the newest.
    older: Vec<String>,
}

/// The thread that publishes.
#[derive(Debug)]
pub(crate) struct Publishing {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Publishing {
    pub(crate) fn start(publisher: Publisher, shared: Arc<Shared>) -> std::io::Result<Self> {
        let (stop, stopped) = channel();
        let run = move || publisher.run(&shared, &stopped);
        let thread = std::thread::Builder::new().name("publish".to_owned()).spawn(run)?;
        Ok(Self { stop, thread })
    }

    /// Publishes what is final, if that goes at once, and ends.
    pub(crate) fn stop(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            tracing::error!("the publishing thread had panicked");
        }
    }
}

/// Twice as long as before, within limits: how long to wait after another failure.
pub(crate) fn later(wait: Duration, every: Duration) -> Duration {
    wait.saturating_mul(2).clamp(every, MAX_WAIT.max(every))
}

impl Publisher {
    fn run(mut self, shared: &Shared, stopped: &Receiver<()>) {
        let mut wait = Duration::ZERO;
        loop {
            let stopping = stopped.recv_timeout(wait) != Err(RecvTimeoutError::Timeout);
            match self.catch_up(shared, stopped) {
                Ok(()) => wait = self.every,
                Err(error) if error.is_passing() => {
                    tracing::warn!(%error, "not published; trying again");
                    wait = later(wait, self.every);
                    shared.note_published(|published| published.error = Some(error.to_string()));
                }
                Err(error) => {
                    tracing::error!(%error, code = error.code(), "publishing has ended");
                    let is_lost = matches!(error, PublishError::HeadLost { .. });
                    shared.note_published(|published| {
                        published.lost = is_lost.then(|| error.to_string());
                        published.error = Some(error.to_string());
                    });
                    return;
                }
            }
            if stopping {
                return;
            }
        }
    }

    /// Publishes until nothing final is missing.
    fn catch_up(&mut self, shared: &Shared, stopped: &Receiver<()>) -> Result<(), PublishError> {
        while self.round(shared)? {
            // A long way to go is gone on with at the next start.
            if stopped.try_recv() == Err(std::sync::mpsc::TryRecvError::Disconnected) {
                break;
            }
        }
        Ok(())
    }
}
