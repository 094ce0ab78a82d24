//! The block that was signed last, apart from the log of blocks.
//!
//! A damaged frame at the log's end looks like a write that never finished, so opening cuts it. If
//! that was a block others have seen, another one would be signed at its height: two certificates
//! that contradict each other. So a block stands here, durable, before it goes to the log.

use std::cmp::Ordering;
use std::path::{Path, PathBuf};

use cairn_store::StoreError;
use cairn_store::entries::Entries;
use cairn_store::files::{self, Secrecy};
use cairn_verifier::digest::{self, DIGEST_LEN, HeaderDigest};
use cairn_verifier::trust::Genesis;

use super::open::check_block;
use super::shared::{decode_block, encode_block};
use super::{Block, OpenError};

/// Longer than any block: 100 votes of the largest suite.
const LIMIT: u64 = 1 << 20;

fn checksum(block: &[u8]) -> [u8; DIGEST_LEN] {
    digest::derive("cairn v1 block signed last", &[block])
}

fn path(dir: &Path) -> PathBuf {
    dir.join("log/signed")
}

/// Makes a block durable before the log has it.
pub(crate) fn keep(dir: &Path, block: &[u8]) -> Result<(), StoreError> {
    files::write(&path(dir), &[&checksum(block), block].concat(), Secrecy::Public)
}

/// Appends the block that was signed last, if the log ends before it.
pub(super) fn append_again(
    dir: &Path,
    genesis: &Genesis<'_>,
    blocks: &Entries,
) -> Result<(), OpenError> {
    let Some(signed) = read(dir, genesis)? else { return Ok(()) };
    let (height, end) = (signed.header.height, blocks.end());
    match height.cmp(&end) {
        Ordering::Greater => Err(OpenError::BlocksMissing { signed: height, end }),
        Ordering::Equal => {
            blocks.append_batch(&[&encode_block(&signed)])?;
            tracing::warn!(
                height,
                "the block that was signed last was not in the log; it is again"
            );
            Ok(())
        }
        Ordering::Less if height.checked_add(1) == Some(end) => {
            expect_same(height, signed.digest, blocks)
        }
        Ordering::Less => Ok(()),
    }
}

/// `None` if nothing was signed yet, or the disk did not keep it: then the log decides.
fn read(dir: &Path, genesis: &Genesis<'_>) -> Result<Option<Block>, OpenError> {
    let path = path(dir);
    let Some(bytes) = files::read(&path, LIMIT)? else { return Ok(None) };
    let held = whole(&bytes).ok_or_else(|| "its checksum differs".to_owned()).and_then(|block| {
        let block = decode_block(block).map_err(|error| error.to_string())?;
        check_block(genesis, block.header.height, &block)?;
        Ok(block)
    });
    Ok(held
        .inspect_err(|reason| {
            let path = path.display();
            tracing::warn!(%path, reason, "the block that was signed last is damaged; the log decides");
        })
        .ok())
}

fn whole(bytes: &[u8]) -> Option<&[u8]> {
    let (found, block) = bytes.split_at_checked(DIGEST_LEN)?;
    (checksum(block) == found).then_some(block)
}

fn expect_same(height: u64, signed: HeaderDigest, blocks: &Entries) -> Result<(), OpenError> {
    let bad = |reason: String| OpenError::BadBlock { height, reason };
    let logged = decode_block(&blocks.read(height)?).map_err(|error| bad(error.to_string()))?;
    if logged.digest == signed {
        return Ok(());
    }
    let logged = logged.digest;
    Err(bad(format!("the log has header {logged}, and this node signed {signed} at that height")))
}
