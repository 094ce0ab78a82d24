//! A replica: a node without a key that follows a published log. It downloads what it lacks,
//! checks all of it, keeps it in a data directory of its own and serves the same API. The
//! directory may be thrown away: it is made again from the bucket.
//!
//! ```text
//! head -> blocks: certificate, parent, header tree
//!      -> events: signature, order, the root that the header names
//!      -> tiles:  made from the events, compared with those that are published
//!      -> payloads: by digest            all of that, and only then it is appended
//! ```
//!
//! **Invariant:** nothing is appended that a header under the anchor does not name, once the anchor
//! is reached; and nothing is served before that.

mod error;
mod fork;
mod load;
mod trust;
mod verify;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cairn_store::StoreError;
use cairn_store::files::{self, Secrecy};
use cairn_verifier::trust::{Genesis, MAX_GENESIS_LEN, TrustAnchor};

use crate::bucket::{Bucket, GENESIS};
use crate::init::{FORMAT, FORMAT_FILE, GENESIS_FILE};
use crate::node::{Shared, VALIDATOR_KEY};
use crate::publish::later;

pub use error::FollowError;
pub(crate) use fork::fork_of;
pub(crate) use trust::Trust;
use trust::{expect_log, expect_reached};
pub(crate) use verify::{Batch, Unfit};

/// What a replica follows.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a plain choice")]
pub struct ReplicaOptions {
    /// `s3://bucket/prefix` or `file:///directory`.
    pub from: String,
    /// What is trusted: the log's genesis, or a header that is known to be final.
    pub anchor: TrustAnchor,
    /// Where events can be logged; told to those who try it here.
    pub write_to: Option<String>,
    /// How often new blocks are looked for.
    pub every: Duration,
}

/// How far a replica is.
#[derive(Clone, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "a plain answer")]
pub struct Followed {
    /// What it follows.
    pub from: String,
    /// Where events can be logged.
    pub write_to: Option<String>,
    /// How many events are published.
    pub published: u64,
    /// Why the last try failed.
    pub error: Option<String>,
    /// The code of what was refused: the replica follows no more, and serves what it has.
    pub refused: Option<&'static str>,
}

/// What follows a published log.
#[derive(Debug)]
pub(crate) struct Follower {
    bucket: Bucket,
    options: ReplicaOptions,
    trust: Trust,
    /// The newest head seen.
    number: Option<u64>,
}

/// Makes the directory of a replica, if it is none yet: the genesis, as the bucket has it.
pub(crate) fn prepare(dir: &Path, options: &ReplicaOptions) -> Result<Bucket, FollowError> {
    let bucket = Bucket::open(&options.from)?;
    if is_made(dir)? {
        return Ok(bucket);
    }
    let limit = u64::try_from(MAX_GENESIS_LEN).unwrap_or(u64::MAX);
    let nothing = || FollowError::Nothing { url: bucket.url().to_owned() };
    let bytes = bucket.get(GENESIS, limit)?.ok_or_else(nothing)?;
    let genesis = Genesis::decode(&bytes).map_err(|reason| FollowError::BadGenesis {
        path: format!("{}/{GENESIS}", bucket.url()),
        reason,
    })?;
    make(dir, &options.anchor, &genesis)?;
    Ok(bucket)
}

/// Whether there is a directory of a replica; one that holds keys is none.
pub(crate) fn is_made(dir: &Path) -> Result<bool, FollowError> {
    if dir.join(VALIDATOR_KEY).exists() {
        return Err(FollowError::HoldsKeys(dir.to_owned()));
    }
    if dir.join(FORMAT_FILE).exists() {
        return Ok(true);
    }
    expect_free(dir).map(|()| false)
}

/// Makes the directory of a replica, which has nothing but the genesis.
pub(crate) fn make(
    dir: &Path,
    anchor: &TrustAnchor,
    genesis: &Genesis<'_>,
) -> Result<(), FollowError> {
    expect_log(anchor, genesis)?;
    files::create_dir(dir)?;
    files::write(&dir.join(GENESIS_FILE), genesis.bytes(), Secrecy::Public)?;
    files::write(&dir.join(FORMAT_FILE), FORMAT.as_bytes(), Secrecy::Public)?;
    Ok(())
}

/// Whether what is in a directory without a key can be served: it holds blocks, and its anchor was
/// reached.
pub(crate) fn expect_served(shared: &Shared) -> Result<(), FollowError> {
    expect_reached(&shared.dir)?;
    match shared.head() {
        Some(_) => Ok(()),
        None => Err(FollowError::Empty(shared.dir.clone())),
    }
}

/// Nothing is there, but what an interrupted start left.
fn expect_free(dir: &Path) -> Result<(), FollowError> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Ok(()) };
    for entry in entries {
        let name = entry.map_err(StoreError::io("list", dir))?.file_name();
        let name = name.to_string_lossy();
        if name != GENESIS_FILE && !name.ends_with(".tmp") {
            return Err(FollowError::NotEmpty(PathBuf::from(dir)));
        }
    }
    Ok(())
}

impl Follower {
    /// Follows until there is something that can be served: a block, and the anchor if that is one.
    pub(crate) fn start(
        shared: &Shared,
        bucket: Bucket,
        options: ReplicaOptions,
    ) -> Result<Self, FollowError> {
        let damaged = |reason| FollowError::BadGenesis { path: GENESIS_FILE.to_owned(), reason };
        let genesis = Genesis::decode(&shared.genesis).map_err(damaged)?;
        let trust = Trust::begin(shared, &genesis, options.anchor)?;
        shared.note_followed(|followed| {
            followed.from = bucket.url().to_owned();
            followed.write_to.clone_from(&options.write_to);
        });
        let mut follower = Self { bucket, options, trust, number: None };
        loop {
            match follower.round(shared) {
                Ok(more) if follower.can_serve(shared) => {
                    follower.trust.settle()?;
                    tracing::info!(more, "following {}", follower.bucket.url());
                    return Ok(follower);
                }
                Ok(true) => {}
                Ok(false) if follower.trust.anchored => {
                    return Err(FollowError::Nothing { url: follower.bucket.url().to_owned() });
                }
                Ok(false) => {
                    let (anchor, url) = (follower.options.anchor, follower.bucket.url().to_owned());
                    return Err(FollowError::NoAnchor { anchor, url });
                }
                // What was checked before can be served while the bucket is away.
                Err(error) if error.is_passing() && follower.can_serve(shared) => {
                    follower.trust.settle()?;
                    follower.note(shared, &error);
                    return Ok(follower);
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn can_serve(&self, shared: &Shared) -> bool {
        self.trust.anchored && shared.head().is_some()
    }

    /// Follows until the node closes, or until something must be refused.
    pub(crate) fn run(mut self, shared: &Arc<Shared>) {
        let mut wait = Duration::ZERO;
        while !shared.progress.rest(wait) {
            match self.round(shared) {
                Ok(more) => {
                    shared.note_followed(|followed| followed.error = None);
                    wait = if more { Duration::ZERO } else { self.options.every };
                }
                Err(error) => {
                    self.note(shared, &error);
                    if !error.is_passing() {
                        return;
                    }
                    wait = later(wait, self.options.every);
                }
            }
        }
    }

    fn note(&self, shared: &Shared, error: &FollowError) {
        let (url, code) = (self.bucket.url(), error.code());
        if error.is_passing() {
            tracing::warn!(%error, code, "cannot follow {url}; trying again");
        } else {
            tracing::error!(%error, code, "refused; following {url} has ended");
        }
        shared.note_followed(|followed| {
            followed.error = Some(error.to_string());
            followed.refused = (!error.is_passing()).then_some(code);
        });
    }
}
