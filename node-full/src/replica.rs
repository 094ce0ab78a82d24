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
use cairn_verifier::finality::ExpandedKeys;
use cairn_verifier::trust::{Genesis, MAX_GENESIS_LEN, TrustAnchor};

use crate::bucket::{Bucket, GENESIS};
use crate::init::{FORMAT, FORMAT_FILE, GENESIS_FILE};
use crate::node::{Shared, VALIDATOR_KEY};
use crate::publish::later;

pub use error::FollowError;

/// Says, in the directory, which anchor is still to be reached: until then what is there is proven by
/// nothing, and another anchor would not prove it either.
const MARK: &str = "ANCHOR-NOT-REACHED";

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
    keys: ExpandedKeys,
    /// Whether the anchor is the log's beginning, or a header that was reached.
    anchored: bool,
    /// The newest head seen.
    number: Option<u64>,
}

/// Makes the directory of a replica, if it is none yet: the genesis, as the bucket has it.
pub(crate) fn prepare(dir: &Path, options: &ReplicaOptions) -> Result<Bucket, FollowError> {
    let bucket = Bucket::open(&options.from)?;
    if dir.join(VALIDATOR_KEY).exists() {
        return Err(FollowError::HoldsKeys(dir.to_owned()));
    }
    if dir.join(FORMAT_FILE).exists() {
        return Ok(bucket);
    }
    expect_free(dir)?;
    let limit = u64::try_from(MAX_GENESIS_LEN).unwrap_or(u64::MAX);
    let nothing = || FollowError::Nothing { url: bucket.url().to_owned() };
    let bytes = bucket.get(GENESIS, limit)?.ok_or_else(nothing)?;
    let genesis = Genesis::decode(&bytes).map_err(|reason| FollowError::BadGenesis {
        path: format!("{}/{GENESIS}", bucket.url()),
        reason,
    })?;
    expect_log(&options.anchor, &genesis)?;
    files::create_dir(dir)?;
    files::write(&dir.join(GENESIS_FILE), &bytes, Secrecy::Public)?;
    files::write(&dir.join(FORMAT_FILE), FORMAT.as_bytes(), Secrecy::Public)?;
    Ok(bucket)
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

/// What was loaded towards an anchor goes on towards that one, or is thrown away.
fn expect_mark(mark: &Path, anchor: &TrustAnchor) -> Result<(), FollowError> {
    let found = files::read(mark, 1_024)?.map(|text| String::from_utf8_lossy(&text).into_owned());
    match found {
        Some(found) if found != anchor.to_string() => {
            let dir = mark.parent().unwrap_or(mark).to_owned();
            Err(FollowError::OtherAnchor { dir, expected: *anchor, found })
        }
        _ => Ok(()),
    }
}

fn remove_mark(mark: &Path) -> Result<(), FollowError> {
    match std::fs::remove_file(mark) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(StoreError::io("remove", mark)(error).into())
        }
        _ => Ok(()),
    }
}

/// The genesis is the one that a genesis anchor pins. A header pins it once it is reached.
fn expect_log(anchor: &TrustAnchor, genesis: &Genesis<'_>) -> Result<(), FollowError> {
    match anchor {
        TrustAnchor::Genesis(expected) if *expected != genesis.log() => {
            Err(FollowError::OtherLog { expected: *expected, found: genesis.log() })
        }
        TrustAnchor::Genesis(_) | TrustAnchor::Checkpoint(_) => Ok(()),
    }
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
        expect_log(&options.anchor, &genesis)?;
        shared.note_followed(|followed| {
            followed.from = bucket.url().to_owned();
            followed.write_to.clone_from(&options.write_to);
        });
        let anchored = match &options.anchor {
            TrustAnchor::Genesis(_) => true,
            TrustAnchor::Checkpoint(digest) => shared.index.height_of_digest(digest)?.is_some(),
        };
        let mark = shared.dir.join(MARK);
        expect_mark(&mark, &options.anchor)?;
        if !anchored {
            let text = options.anchor.to_string();
            files::write(&mark, text.as_bytes(), Secrecy::Public)?;
        }
        let keys = ExpandedKeys::of(&genesis.set());
        let mut follower = Self { bucket, options, keys, anchored, number: None };
        loop {
            match follower.round(shared) {
                Ok(more) if follower.can_serve(shared) => {
                    remove_mark(&mark)?;
                    tracing::info!(more, "following {}", follower.bucket.url());
                    return Ok(follower);
                }
                Ok(true) => {}
                Ok(false) if follower.anchored => {
                    return Err(FollowError::Nothing { url: follower.bucket.url().to_owned() });
                }
                Ok(false) => {
                    let (anchor, url) = (follower.options.anchor, follower.bucket.url().to_owned());
                    return Err(FollowError::NoAnchor { anchor, url });
                }
                // What was checked before can be served while the bucket is away.
                Err(error) if error.is_passing() && follower.can_serve(shared) => {
                    remove_mark(&mark)?;
                    follower.note(shared, &error);
                    return Ok(follower);
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn can_serve(&self, shared: &Shared) -> bool {
        self.anchored && shared.head().is_some()
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
