//! Joining a log at a checkpoint: a data directory that begins with the newest final header, made out
//! of what a node serves, in a time that does not depend on how long the log is.
//!
//! ```text
//! anchor -> newest header, with its certificate                      trusted
//! genesis -> every handover                                          verified one by one
//! header -> right edges of the trees -> events and blocks behind     the roots say whether they are
//!        -> events the log goes by, with their places                a proof and signatures each
//!        -> members, writers, validator sets, all system events      the state root says so
//! ```
//!
//! The node that is asked can only refuse to answer. What it leaves out or bends is another root: the
//! state has a digest over all system events, so that no redaction or removed member is kept from who
//! joins.
//!
//! **Invariant:** the directory has no log, or one that was opened and compared with the header: all
//! of it is made beside, and one rename makes it the log.

mod error;
mod fetch;
mod place;

use std::path::Path;

use cairn_verifier::digest::HeaderDigest;
use cairn_verifier::trust::{Genesis, TrustAnchor};

use crate::http_client::Client;
use crate::node::{Options, lock, open_replica};

pub use error::JoinError;
use fetch::Fetch;

/// The tiles of older events and blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a choice between two")]
pub enum OldTiles {
    /// None but those on the right edge: places of older events and headers are proven by others.
    Leave,
    /// All: 32 bytes for each event and each block there ever was.
    Fetch,
}

/// What was made.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a plain answer")]
pub struct Joined {
    /// The header that it begins with.
    pub header: HeaderDigest,
    /// Its height.
    pub height: u64,
    /// How many events are in its tree.
    pub events: u64,
    /// The first event that is here with all behind it.
    pub events_from: u64,
    /// Events before that are here too, because the log goes by them.
    pub events_kept: u64,
    /// The first block that is here with all behind it.
    pub blocks_from: u64,
    /// Handovers up to the header.
    pub handovers: u64,
    /// Bytes that were fetched.
    pub bytes: u64,
}

/// What is being done, to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "joining has these steps")]
pub enum Step {
    /// The newest header, and what makes it final.
    Header,
    /// Tiles: how many of how many.
    Tiles(u64, u64),
    /// Events that the log goes by: how many of how many.
    Events(u64, u64),
    /// All of it is compared with the header.
    Check,
}

/// Makes the log of a directory that has its keys and no log yet.
///
/// # Errors
/// [`JoinError`]; the directory has no log then, and what was fetched is thrown away the next time.
pub fn join(
    dir: &Path,
    client: &Client,
    (anchor, old): (TrustAnchor, OldTiles),
    observe: &mut dyn FnMut(Step),
) -> Result<Joined, JoinError> {
    let _lock = lock(dir)?;
    let genesis = place::genesis(dir, client, &anchor)?;
    let genesis = Genesis::decode(&genesis)?;
    let beside = place::begin(dir, &genesis)?;
    observe(Step::Header);
    let mut fetch = Fetch::newest(client, &genesis, anchor)?;
    fetch.tiles(&beside, old, observe)?;
    fetch.blocks(&beside)?;
    fetch.events(&beside, observe)?;
    observe(Step::Check);
    let joined = fetch.joined();
    compare(&beside, (&joined, old))?;
    place::take(dir, &beside)?;
    Ok(joined)
}

/// Opens what was made as any directory is opened: that makes members, writers and the state again,
/// and compares roots with the newest header. What is left is that it is the header.
fn compare(beside: &Path, (joined, old): (&Joined, OldTiles)) -> Result<(), JoinError> {
    let shared = open_replica(beside, Options::default())?;
    let found = shared.head().map(|head| head.digest);
    if found != Some(joined.header) {
        return Err(JoinError::OtherHeader { expected: joined.header, found });
    }
    let expected = shared.head().map(|head| head.header.state_root);
    let found = shared.log_state().root();
    match expected.filter(|expected| *expected == found) {
        Some(_) => Ok(()),
        None => Err(JoinError::NoState { height: joined.height }),
    }?;
    fetch::check_old(&shared, old)
}
