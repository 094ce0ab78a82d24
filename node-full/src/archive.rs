//! Archives: blocks of a log with all their events, in one file that anyone can check against an
//! anchor, for as long as the anchor is worth something.
//!
//! ```text
//! "cairn-archive 1\n", then parts: type (1) | be32 length | bytes
//!
//! F  a finality proof (SPEC.md): some header is final under the anchor
//! L  the last block's header | inclusion proof: it is in that header's tree, or is that header
//! P  the header before the first block, or nothing | peaks of the event tree at its end
//! B  a block: header | certificate    ]
//! E  a signed event                   ] for each block, with the events that it made final,
//! D  the stored payload of that event ] and their payloads if they were asked for
//! Z  be64 blocks | be64 events: the end
//! ```
//!
//! The last header is final, and each header names the one before it; so all of them are. The peaks
//! are those of the header before the first, and each block's root is that of the tree which its
//! events make of the one before. So the archive holds *all* events between two tree sizes, in
//! order, and nothing else. Certificates are for who takes the blocks into a log of their own.

mod blocks;
mod import;
mod read;
mod sets;
mod verify;

use std::io::{self, Write};
use std::ops::Range;

use cairn_store::StoreError;
use cairn_verifier::UnixMillis;
use cairn_verifier::event::SignedEvent;
use cairn_verifier::finality::Header;
use cairn_verifier::wire::Writer;
use thiserror::Error;

use crate::node::{Block, Node, NodeError};
use crate::proofs::{BaseChoice, ProofError};

pub use import::{ImportError, ImportOptions, Imported, import};
pub use verify::{ArchiveError, ArchiveFact, verify};

/// What every archive begins with.
pub const MAGIC: &[u8; 16] = b"cairn-archive 1\n";
/// Length of a part's type and length.
const PART_HEADER: usize = 5;
/// No part is longer: a payload with nonce and tag.
const MAX_PART: u32 = (16 << 20) + 40;

/// What goes into an archive.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a plain choice")]
pub struct ArchiveChoice {
    /// Heights of the blocks.
    pub blocks: Range<u64>,
    /// Whether stored payloads go along, as far as they are there.
    pub payloads: bool,
    /// What the finality proof begins with.
    pub base: BaseChoice,
}

/// Why no archive was written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExportError {
    /// There are no such blocks.
    #[error("blocks {from} to {to} are not there; the newest is {newest}")]
    NoBlocks {
        /// The first height.
        from: u64,
        /// The height behind the last.
        to: u64,
        /// The newest.
        newest: u64,
    },
    /// Something cannot be read or proven.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The archive cannot be written.
    #[error("the archive cannot be written: {0}")]
    Write(#[from] io::Error),
}

impl From<NodeError> for ExportError {
    fn from(error: NodeError) -> Self {
        Self::Proof(error.into())
    }
}

impl From<StoreError> for ExportError {
    fn from(error: StoreError) -> Self {
        Self::Proof(error.into())
    }
}

impl Node {
    /// Heights of the blocks whose time is in a range.
    ///
    /// # Errors
    /// A block cannot be read.
    pub fn blocks_between(&self, times: Range<u64>) -> Result<Range<u64>, NodeError> {
        let first_at = |time| self.first_block(|header| header.time >= UnixMillis(time));
        Ok(first_at(times.start)?..first_at(times.end)?)
    }

    /// The height of the first block that an archive can begin with: its events are all kept.
    ///
    /// # Errors
    /// A block cannot be read.
    pub fn first_kept_block(&self) -> Result<u64, NodeError> {
        let begin = self.shared().entries.begin();
        let before = self.first_block(|header| header.events.get() >= begin)?;
        Ok(if begin == 0 { 0 } else { before.saturating_add(1) })
    }

    /// The height of the first block that something is so of, as of all behind it; the height behind
    /// the newest if it is so of none.
    fn first_block(&self, is_so: impl Fn(&Header) -> bool) -> Result<u64, NodeError> {
        let end = self.head().map_or(0, |head| head.header.height.saturating_add(1));
        let (mut low, mut high) = (self.shared().blocks.begin(), end);
        while low < high {
            let middle = low.midpoint(high);
            if self.block(middle)?.is_some_and(|block| !is_so(&block.header)) {
                low = middle.saturating_add(1);
            } else {
                high = middle;
            }
        }
        Ok(low)
    }

    /// Writes an archive. `observe` is told how many events were written.
    ///
    /// # Errors
    /// [`ExportError`]; what was written is then no archive.
    pub fn export(
        &self,
        choice: &ArchiveChoice,
        out: &mut dyn Write,
        observe: &mut dyn FnMut(u64),
    ) -> Result<(), ExportError> {
        let Range { start, end } = choice.blocks.clone();
        let newest = self.head().map_or(0, |head| head.header.height);
        let none = || ExportError::NoBlocks { from: start, to: end, newest };
        if start >= end || end > newest.saturating_add(1) {
            return Err(none());
        }
        let block = |height| self.block(height)?.ok_or_else(none);
        let (last, head) = (block(end.saturating_sub(1))?, block(newest)?);
        let before = start.checked_sub(1).map(block).transpose()?;

        self.expect_kept(start)?;

        out.write_all(MAGIC)?;
        part(out, b'F', &self.checkpoint(Some(newest), choice.base)?)?;
        part(out, b'L', &self.last_part(&last, &head)?)?;
        part(out, b'P', &self.start_part(before.as_ref())?)?;
        let first = before.map_or(0, |block| block.header.events.get());
        let mut events = first;
        for height in start..end {
            let block = block(height)?;
            // Under a header alone nothing says who signs.
            let certificate = match choice.base {
                BaseChoice::Header(_) => &[],
                BaseChoice::Genesis | BaseChoice::Checkpoint(_) => block.certificate.as_slice(),
            };
            part(out, b'B', &[block.header_bytes.as_slice(), certificate].concat())?;
            while events < block.header.events.get() {
                self.export_event(events, choice.payloads, out)?;
                events = events.saturating_add(1);
                observe(events.saturating_sub(first));
            }
        }
        let counts = [end.saturating_sub(start), events.saturating_sub(first)];
        part(out, b'Z', counts.map(u64::to_be_bytes).as_flattened())?;
        Ok(out.flush()?)
    }

    /// Whether the events of a block and those behind it are all kept.
    pub(crate) fn expect_kept(&self, height: u64) -> Result<(), NodeError> {
        let before = height.checked_sub(1).map_or(Ok(None), |height| self.block(height))?;
        let index = before.map_or(0, |block| block.header.events.get());
        let begin = self.shared().entries.begin();
        if index < begin { Err(NodeError::Pruned { index, begin }) } else { Ok(()) }
    }

    fn last_part(&self, last: &Block, head: &Block) -> Result<Vec<u8>, ExportError> {
        let (old, new) = (last.header.height, head.header.height);
        let proof = if old == new {
            Vec::new()
        } else {
            self.shared().state().headers.inclusion(old, new)?
        };
        Ok([last.header_bytes.as_slice(), proof.as_flattened()].concat())
    }

    fn start_part(&self, before: Option<&Block>) -> Result<Vec<u8>, ExportError> {
        let Some(before) = before else { return Ok(Vec::new()) };
        let size = before.header.events.get();
        let mut writer = Writer::new();
        writer.raw(&before.header_bytes).u64(size);
        let state = self.shared().state();
        // A peak for each bit of the size, from the left.
        for height in (0..=53_u8).rev() {
            let width = 1_u64.checked_shl(height.into()).unwrap_or(0);
            if size & width != 0 {
                let number = size.checked_shr(height.into()).unwrap_or(0) & !1;
                writer.raw(state.events.node(height, number)?.as_bytes());
            }
        }
        Ok(writer.into_bytes())
    }

    fn export_event(
        &self,
        index: u64,
        with_payload: bool,
        out: &mut dyn Write,
    ) -> Result<(), ExportError> {
        let signed = self.shared().entries.read(index)?;
        part(out, b'E', &signed)?;
        let damaged = |reason| NodeError::Damaged { what: "entry", index, reason };
        let event = SignedEvent::decode(&signed).map_err(damaged)?;
        let Some(digest) = event.body().payload.stored().filter(|_| with_payload) else {
            return Ok(());
        };
        // One that was redacted is not there, and the archive holds without it.
        if let Some(payload) = self.payload(&digest)? {
            part(out, b'D', &payload)?;
        }
        Ok(())
    }
}

fn part(out: &mut dyn Write, kind: u8, bytes: &[u8]) -> io::Result<()> {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    out.write_all(&[kind])?;
    out.write_all(&length.to_be_bytes())?;
    out.write_all(bytes)
}

/// The header of a block, and what follows it in a part.
fn split_header(bytes: &[u8]) -> Option<(Header, &[u8])> {
    let (header, rest) = bytes.split_at_checked(cairn_verifier::finality::HEADER_LEN)?;
    Some((Header::decode(header).ok()?, rest))
}

#[cfg(test)]
mod tests;
