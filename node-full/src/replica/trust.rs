//! Whether a block is final: the verifier's question, put to it once a block.

use cairn_verifier::UnixMillis;
use cairn_verifier::digest::HeaderDigest;
use cairn_verifier::error::Error;
use cairn_verifier::finality::Certificate;
use cairn_verifier::terms::Terms;
use cairn_verifier::trust::{Base, Genesis, TrustAnchor, TrustedValidators};

use super::{FollowError, Follower};
use crate::node::{Block, check_votes};

impl Follower {
    /// Checks that a block is final, given the one before it, which is.
    ///
    /// Below an anchor that is a header, nothing needs a certificate: that header names its parent,
    /// and so every block before it. Until it is reached nothing is served.
    pub(super) fn certify(
        &mut self,
        genesis: &Genesis<'_>,
        (before, block): (Option<&Block>, &Block),
        now: UnixMillis,
    ) -> Result<(), FollowError> {
        let height = block.header.height;
        if !self.anchored {
            check_votes(genesis, block)
                .map_err(|reason| FollowError::BadVotes { height, reason })?;
            self.anchored = TrustAnchor::Checkpoint(block.digest) == self.options.anchor;
            return Ok(());
        }
        self.accept(genesis, (before, block), now)
            .map_err(|reason| FollowError::NotFinal { height, reason })
    }

    fn accept(
        &self,
        genesis: &Genesis<'_>,
        (before, block): (Option<&Block>, &Block),
        now: UnixMillis,
    ) -> Result<(), Error> {
        let (anchor, base) = match before {
            None => (TrustAnchor::Genesis(genesis.log()), Base::Genesis(*genesis)),
            Some(before) => (
                TrustAnchor::Checkpoint(before.digest),
                Base::Checkpoint(before.header, genesis.set()),
            ),
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
