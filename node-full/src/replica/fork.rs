//! Two final headers of one height: kept as a file that proves it to anyone.

use std::path::Path;

use cairn_store::files::{self, Secrecy};
use cairn_verifier::evidence;
use cairn_verifier::terms::Budget;
use cairn_verifier::trust::{Base, FinalityBytes, FinalityDraft, Genesis, TrustAnchor};

use super::load::block_at;
use super::{FollowError, Follower};
use crate::bucket::Head;
use crate::node::{Block, Shared};

impl Follower {
    /// Says why the published log does not go on from our newest block: another block of its height
    /// is published, and if that is final too the log is forked.
    pub(super) fn diverged(
        &self,
        shared: &Shared,
        genesis: &Genesis<'_>,
        (head, ours): (&Head, &Block),
    ) -> FollowError {
        self.find_fork(shared, genesis, (head, ours)).unwrap_or_else(|error| error)
    }

    fn find_fork(
        &self,
        shared: &Shared,
        genesis: &Genesis<'_>,
        (head, ours): (&Head, &Block),
    ) -> Result<FollowError, FollowError> {
        let height = ours.header.height;
        let theirs = self.block(head, height)?;
        let not_ours = FollowError::DoesNotFollow { height, what: "another header than before" };
        if theirs.digest == ours.digest {
            let height = height.saturating_add(1);
            if head.blocks == height {
                let path = format!("head {} of {}", head.number, self.bucket.url());
                let reason = "it names another header than the newest block's".to_owned();
                return Ok(FollowError::Bent { path, reason });
            }
            return Ok(FollowError::DoesNotFollow { height, what: "another parent" });
        }
        Ok(fork_of(shared, genesis, (ours, &theirs))?.unwrap_or(not_ours))
    }

    fn block(&self, head: &Head, height: u64) -> Result<Block, FollowError> {
        let files =
            self.files(head, crate::proofs::TileOf::Blocks, height..height.saturating_add(1))?;
        block_at(&files, height)
    }
}

/// The evidence that two blocks of one height are both final, kept in the directory; `None` if they
/// are not.
pub(crate) fn fork_of(
    shared: &Shared,
    genesis: &Genesis<'_>,
    (ours, theirs): (&Block, &Block),
) -> Result<Option<FollowError>, FollowError> {
    let height = ours.header.height;
    let handovers = shared.handovers(0, height)?;
    let handovers: Vec<_> = handovers.into_iter().map(|(_, bytes)| bytes).collect();
    let [first, second] = [ours, theirs].map(|block| draft(genesis, &handovers, block));
    let file = evidence::encode_fork(&first, &second, None);
    let anchor = TrustAnchor::Genesis(genesis.log());
    if evidence::verify(&file, anchor, Budget::DEFAULT).is_err() {
        return Ok(None);
    }
    let evidence = keep(&shared.dir, height, &file)?;
    let (ours, theirs) = (ours.digest, theirs.digest);
    Ok(Some(FollowError::Fork { height, ours, theirs, evidence }))
}

fn draft<'a>(
    genesis: &Genesis<'a>,
    handovers: &'a [Vec<u8>],
    block: &'a Block,
) -> FinalityDraft<'a> {
    FinalityDraft {
        base: Base::Genesis(*genesis),
        handovers,
        header: &block.header_bytes,
        finality: FinalityBytes::Certificate(&block.certificate),
    }
}

fn keep(dir: &Path, height: u64, file: &[u8]) -> Result<String, FollowError> {
    let folder = dir.join("evidence");
    files::create_dir(&folder)?;
    let path = folder.join(format!("fork-{height}.cairn"));
    files::write(&path, file, Secrecy::Public)?;
    Ok(path.display().to_string())
}
