//! One round: what is final and not published goes out, and then the head that says so.

use std::ops::Range;

use cairn_verifier::event::{EventBody, SignedEvent};

use crate::bucket::{BucketError, Other, WIDTH, payload_path, tile_path};
use crate::node::{NodeError, Shared};
use crate::proofs::{TileChoice, TileOf};

use super::{PublishError, Publisher};

/// How many events one head adds at most, unless one block has more: so that a long way is gone in
/// steps that a crash does not lose.
const STEP: u64 = 1 << 14;
/// No tree has more levels of tiles.
const LEVELS: u8 = 8;

/// How far the log goes: blocks, and events.
type Extent = (u64, u64);

impl Publisher {
    /// Publishes some of what is missing; `true` if more is.
    pub(super) fn round(&mut self, shared: &Shared) -> Result<bool, PublishError> {
        let from = (self.head.blocks, self.head.size);
        let Some((to, digest)) = target(shared, from)? else {
            shared.note_published(|published| published.error = None);
            return Ok(false);
        };
        let bytes = match self.objects(shared, (from, to), Other::Refuse) {
            // A node that lost the head to this one had written beyond what any head names. If it
            // is this one that lost, what is there is not its own to change.
            Err(PublishError::Bucket(BucketError::Differs { path })) => {
                self.expect_ours()?;
                tracing::warn!(path, "replacing what another node left unpublished");
                self.objects(shared, (from, to), Other::Replace)?
            }
            written => written?,
        };
        let mut head = self.head.clone();
        head.number = head.number.saturating_add(1);
        (head.blocks, head.size) = to;
        head.set_header(&digest);
        head.partials = partials(shared, to).into_iter().map(tile_path).collect();
        let newest = self.head.partials.clone();
        self.write_head(head)?;
        self.remove_older(newest);
        shared.note_published(|published| {
            (published.blocks, published.size) = to;
            published.error = None;
        });
        metrics::counter!("cairn_published_bytes_total").increment(bytes);
        metrics::counter!("cairn_published_heads_total").increment(1);
        Ok(true)
    }

    /// Writes what is new between two extents. How many bytes that was.
    fn objects(
        &self,
        shared: &Shared,
        (from, to): (Extent, Extent),
        other: Other,
    ) -> Result<u64, PublishError> {
        let payloads = self.payloads(shared, (from.1, to.1), other)?;
        let files = files(shared, from, to);
        let read = files.iter().map(|choice| Ok((tile_path(*choice), read(shared, *choice)?)));
        Ok(payloads.saturating_add(self.bucket.keep_all(read, other)?))
    }

    /// Payloads of a range of events, as far as they are here: what was erased is not published, and
    /// what was published and erased since is removed.
    fn payloads(
        &self,
        shared: &Shared,
        (from, to): (u64, u64),
        other: Other,
    ) -> Result<u64, PublishError> {
        let (mut digests, mut erased, mut expired) = (Vec::new(), Vec::new(), Vec::new());
        each(shared, from..to, |index, body| {
            digests.extend(body.payload.stored());
            erased.extend(shared.erased_by(body)?);
            expired.extend(shared.expired_by((index, body))?);
            Ok(())
        })?;
        // What is kept for a time only is not kept longer where it was published.
        for range in expired {
            each(shared, range.start.max(shared.entries.begin())..range.end, |_, body| {
                erased.extend(body.payload.stored());
                Ok(())
            })?;
        }
        digests.sort_unstable();
        digests.dedup();
        let read = digests.iter().filter_map(|digest| {
            let path = payload_path(digest);
            match shared.blobs.get(digest) {
                Ok(bytes) => Some(Ok((path, bytes?))),
                Err(error) => Some(Err(unreadable(path, &error))),
            }
        });
        let sent = self.bucket.keep_all(read, other)?;
        for digest in erased {
            // It may have been logged anew since.
            if !shared.blobs.contains(&digest) {
                self.bucket.remove(&payload_path(&digest))?;
            }
        }
        Ok(sent)
    }

    /// Partial files that neither of the two newest heads names. A reader that had the head before
    /// finds them gone, and looks for the newest head.
    fn remove_older(&mut self, newest: Vec<String>) {
        let older = std::mem::replace(&mut self.older, newest);
        for path in older {
            if !self.older.contains(&path) && !self.head.partials.contains(&path) {
                // Nothing names it any more; it is in nobody's way.
                if let Err(error) = self.bucket.remove(&path) {
                    tracing::debug!(%error, "an old partial file stays behind");
                }
            }
        }
    }
}

/// Shows the events of a range.
fn each(
    shared: &Shared,
    range: Range<u64>,
    mut show: impl FnMut(u64, &EventBody<'_>) -> Result<(), NodeError>,
) -> Result<(), NodeError> {
    shared.entries.scan(range, |index, bytes| {
        let damaged = |reason| NodeError::Damaged { what: "entry", index, reason };
        show(index, SignedEvent::decode(bytes).map_err(damaged)?.body())
    })
}

/// How far this round goes, and the digest of the newest header there; `None` if nothing is missing.
fn target(
    shared: &Shared,
    (blocks, size): Extent,
) -> Result<Option<(Extent, cairn_verifier::digest::HeaderDigest)>, PublishError> {
    let Some(head) = shared.head() else { return Ok(None) };
    let mut height = head.header.height;
    if height < blocks {
        return Ok(None);
    }
    if head.header.events.get().saturating_sub(size) > STEP
        && let Some(stop) = shared.index.height_of(size.saturating_add(STEP))?
    {
        // Up to the block before the one that goes beyond the step, or that one if it is the first.
        height = stop.saturating_sub(1).max(blocks).min(height);
    }
    let block = shared.block(height)?;
    Ok(block.map(|block| ((height.saturating_add(1), block.header.events.get()), block.digest)))
}

fn read(shared: &Shared, choice: TileChoice) -> Result<Vec<u8>, BucketError> {
    match shared.tile(choice) {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err(unreadable(tile_path(choice), &"the log has no such tile")),
        Err(error) => Err(unreadable(tile_path(choice), &error)),
    }
}

/// The data directory's own fault, not the bucket's; it passes if the file can be read again.
fn unreadable(path: String, reason: &dyn std::fmt::Display) -> BucketError {
    let source = std::io::Error::other(reason.to_string()).into();
    let reason = object_store::Error::Generic { store: "data directory", source };
    BucketError::Failed { what: "read what is to be published as", path, reason }
}

/// The trees and bundles of a log, each with its leaves: before, and after.
fn kinds(shared: &Shared, from: Extent, to: Extent) -> Vec<(TileOf, u64, u64)> {
    let mut kinds = vec![
        (TileOf::Entries, from.1, to.1),
        (TileOf::Blocks, from.0, to.0),
        (TileOf::Events, from.1, to.1),
        // The newest header's own tree is that of the headers before it.
        (TileOf::Headers, from.0.saturating_sub(1), to.0.saturating_sub(1)),
    ];
    if shared.state().sha256.is_some() {
        kinds.push((TileOf::Sha256, from.1, to.1));
    }
    kinds
}

/// Every file that is new between two extents.
fn files(shared: &Shared, from: Extent, to: Extent) -> Vec<TileChoice> {
    let mut files = Vec::new();
    for (of, mut before, mut after) in kinds(shared, from, to) {
        for level in 0..levels(of) {
            if after > before {
                let full = before / WIDTH..after / WIDTH;
                files.extend(full.map(|number| TileChoice { of, level, number, width: 256 }));
                files.extend(partial(of, level, after));
            }
            (before, after) = (before / WIDTH, after / WIDTH);
        }
    }
    files
}

/// The files of an extent that are not full.
fn partials(shared: &Shared, extent: Extent) -> Vec<TileChoice> {
    let mut files = Vec::new();
    for (of, _, mut leaves) in kinds(shared, extent, extent) {
        for level in 0..levels(of) {
            files.extend(partial(of, level, leaves));
            leaves /= WIDTH;
        }
    }
    files
}

/// The file behind the full ones, if it has anything.
fn partial(of: TileOf, level: u8, leaves: u64) -> Option<TileChoice> {
    let width = u16::try_from(leaves % WIDTH).ok().filter(|width| *width != 0)?;
    Some(TileChoice { of, level, number: leaves / WIDTH, width })
}

const fn levels(of: TileOf) -> u8 {
    match of {
        TileOf::Entries | TileOf::Blocks => 1,
        TileOf::Events | TileOf::Headers | TileOf::Sha256 => LEVELS,
    }
}
