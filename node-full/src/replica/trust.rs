//! Whether a block is final: the verifier's question, put to it once a block.

use std::path::{Path, PathBuf};

use cairn_consensus::Set;
use cairn_store::StoreError;
use cairn_store::files::{self, Secrecy};
use cairn_verifier::UnixMillis;
use cairn_verifier::digest::HeaderDigest;
use cairn_verifier::error::Error;
use cairn_verifier::finality::{Certificate, ExpandedKeys, ValidatorSet};
use cairn_verifier::terms::Terms;
use cairn_verifier::trust::{Base, Genesis, TrustAnchor, TrustedValidators};

use super::FollowError;
use crate::node::epoch::read_set;
use crate::node::{Block, Shared, votes_hold};

/// Says, in the directory, which anchor is still to be reached: until then what is there is proven by
/// nothing, and another anchor would not prove it either.
const MARK: &str = "ANCHOR-NOT-REACHED";

/// What is trusted of the blocks that come.
#[derive(Debug)]
pub(crate) struct Trust {
    pub(super) anchor: TrustAnchor,
    keys: ExpandedKeys,
    /// Whether the anchor is the log's beginning, or a header that was reached.
    pub(super) anchored: bool,
    mark: PathBuf,
}

impl Trust {
    /// Goes on in a directory towards an anchor, or from it.
    pub(crate) fn begin(
        shared: &Shared,
        genesis: &Genesis<'_>,
        anchor: TrustAnchor,
    ) -> Result<Self, FollowError> {
        expect_log(&anchor, genesis)?;
        let anchored = match &anchor {
            TrustAnchor::Genesis(_) => true,
            TrustAnchor::Checkpoint(digest) => shared.index.height_of_digest(digest)?.is_some(),
        };
        let mark = shared.dir.join(MARK);
        expect_mark(&mark, &anchor)?;
        Ok(Self { anchor, keys: ExpandedKeys::of(&genesis.set()), anchored, mark })
    }

    /// Says in the directory, before anything is appended, that the anchor is still to be reached.
    pub(crate) fn mark(&self) -> Result<(), FollowError> {
        if self.anchored {
            return Ok(());
        }
        Ok(files::write(&self.mark, self.anchor.to_string().as_bytes(), Secrecy::Public)?)
    }

    /// What is there can be served, if the anchor is among it.
    pub(crate) fn settle(&self) -> Result<bool, FollowError> {
        if self.anchored {
            remove_mark(&self.mark)?;
        }
        Ok(self.anchored)
    }

    /// Checks that a block is final, given the one before it, which is, and the set in force.
    ///
    /// Below an anchor that is a header, nothing needs a certificate: that header names its parent,
    /// and so every block before it. Until it is reached nothing is served.
    pub(super) fn certify(
        &mut self,
        (genesis, set): (&Genesis<'_>, &Set),
        (before, block): (Option<&Block>, &Block),
        now: UnixMillis,
    ) -> Result<(), FollowError> {
        let height = block.header.height;
        let set = read_set(set)?;
        if self.keys.set() != set.digest() {
            self.keys = ExpandedKeys::of(&set);
        }
        if !self.anchored {
            votes_hold(&set, (&block.header, &block.digest), &block.certificate)
                .map_err(|reason| FollowError::BadVotes { height, reason })?;
            self.anchored = TrustAnchor::Checkpoint(block.digest) == self.anchor;
            return Ok(());
        }
        self.accept((genesis, &set), (before, block), now)
            .map_err(|reason| FollowError::NotFinal { height, reason })
    }

    fn accept(
        &self,
        (genesis, set): (&Genesis<'_>, &ValidatorSet<'_>),
        (before, block): (Option<&Block>, &Block),
        now: UnixMillis,
    ) -> Result<(), Error> {
        let (anchor, base) = match before {
            None => (TrustAnchor::Genesis(genesis.log()), Base::Genesis(*genesis)),
            Some(before) => {
                (TrustAnchor::Checkpoint(before.digest), Base::Checkpoint(before.header, *set))
            }
        };
        let trusted = TrustedValidators::from_base(anchor, &base)?;
        let certificate = Certificate::decode(&block.certificate)?;
        let terms = Terms::at(now).with_keys(&self.keys);
        trusted.accept(&block.header, &certificate, terms, &mut ()).map(drop)
    }
}

/// What a header must name as its parent.
pub(super) fn parent_of(before: Option<&Block>) -> HeaderDigest {
    before.map_or(HeaderDigest::ZERO, |before| before.digest)
}

/// The genesis is the one that a genesis anchor pins. A header pins it once it is reached.
pub(super) fn expect_log(anchor: &TrustAnchor, genesis: &Genesis<'_>) -> Result<(), FollowError> {
    match anchor {
        TrustAnchor::Genesis(expected) if *expected != genesis.log() => {
            Err(FollowError::OtherLog { expected: *expected, found: genesis.log() })
        }
        TrustAnchor::Genesis(_) | TrustAnchor::Checkpoint(_) => Ok(()),
    }
}

/// Nothing is served that an anchor is still to prove.
pub(super) fn expect_reached(dir: &Path) -> Result<(), FollowError> {
    let found = files::read(&dir.join(MARK), 1_024)?;
    found.map_or(Ok(()), |text| {
        let anchor = String::from_utf8_lossy(&text).into_owned();
        Err(FollowError::NotReached { dir: dir.to_owned(), anchor })
    })
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
