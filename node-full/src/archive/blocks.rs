//! An archive's blocks, each with what it made final: as claims, for who takes them into a log.

use std::fs::File;
use std::io::BufReader;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use cairn_verifier::error::Error;
use cairn_verifier::finality::Header;
use cairn_verifier::trust::{Base, FinalityProof, Genesis};

use super::read::Parts;
use super::sets::Sets;
use super::split_header;
use super::verify::{ArchiveError, check_counts};
use crate::node::{Block, decode_block};

/// Where a payload's bytes are in the file, and how many.
pub(super) type Place = (u64, u32);

/// A block with its events, and where the payload of each is.
pub(super) struct Archived {
    pub(super) block: Block,
    /// Index of the first event.
    pub(super) first: u64,
    pub(super) events: Vec<Vec<u8>>,
    pub(super) payloads: Vec<Option<Place>>,
}

/// An archive, read block by block.
pub(super) struct Blocks {
    parts: Parts<BufReader<File>>,
    /// For payloads, which are read when their event holds.
    file: File,
    proof: Vec<u8>,
    /// Who signs which of its blocks, as the proof claims: enough to tell a forged file early.
    sets: Sets,
    /// The last block's header, as the archive says.
    last: Header,
    /// The header before the first block.
    before: Option<Header>,
    /// Blocks read so far, and the events up to there.
    count: u64,
    size: u64,
    newest: Option<Header>,
}

impl Blocks {
    pub(super) fn open(path: &Path) -> Result<Self, ArchiveError> {
        let broken = |source| ArchiveError::Broken { at: 0, source };
        let file = File::open(path).map_err(broken)?;
        let mut parts = Parts::open(BufReader::new(file.try_clone().map_err(broken)?))?;
        let proof = parts.expect(b'F')?;
        let sets = Sets::of(&FinalityProof::decode(&proof).map_err(Error::from)?);
        let last = parts.expect(b'L')?;
        let (last, _) = split_header(&last).ok_or(ArchiveError::Malformed("the last header"))?;
        let start = parts.expect(b'P')?;
        let malformed = ArchiveError::Malformed("the header before the first block");
        let before = match start.as_slice() {
            [] => None,
            start => Some(split_header(start).ok_or(malformed)?.0),
        };
        let size = before.map_or(0, |before| before.events.get());
        Ok(Self { parts, file, proof, sets, last, before, count: 0, size, newest: None })
    }

    /// The log's genesis, if the archive begins with it.
    pub(super) fn genesis(&self) -> Option<Genesis<'_>> {
        match FinalityProof::decode(&self.proof).ok()?.base {
            Base::Genesis(genesis) => Some(genesis),
            Base::Checkpoint(..) | Base::Header(_) => None,
        }
    }

    /// Whether a header is all that it begins with: then nothing says who signed its blocks.
    pub(super) fn has_no_votes(&self) -> bool {
        let proof = FinalityProof::decode(&self.proof);
        proof.is_ok_and(|proof| matches!(proof.base, Base::Header(_)))
    }

    /// The header before the first block.
    pub(super) const fn before(&self) -> Option<&Header> {
        self.before.as_ref()
    }

    /// The last block's header, as the archive says.
    pub(super) const fn last(&self) -> &Header {
        &self.last
    }

    /// The next block. Its events are read only once its votes hold, so that a forged file buys no
    /// memory.
    pub(super) fn next(&mut self, genesis: &Genesis<'_>) -> Result<Option<Archived>, ArchiveError> {
        let Some(bytes) = self.parts.take_if(b'B')? else { return self.end().map(|()| None) };
        let block = decode_block(&bytes).map_err(|_| ArchiveError::Malformed("a block"))?;
        let height = block.header.height;
        let (to, first) = (block.header.events.get(), self.size);
        let fits =
            [(block.header.log == genesis.log(), "another log"), (to >= first, "a smaller tree")];
        if let Some((_, what)) = fits.iter().find(|(fits, _)| !fits) {
            return Err(ArchiveError::DoesNotFollow { height, what });
        }
        if !self.sets.may_hold(&block) {
            return Err(ArchiveError::Certificate { height });
        }
        let (mut events, mut payloads) = (Vec::new(), Vec::new());
        for _ in first..to {
            events.push(self.parts.expect(b'E')?);
            payloads.push(self.parts.skip_if(b'D')?);
        }
        (self.count, self.size) = (self.count.saturating_add(1), to);
        self.newest = Some(block.header);
        Ok(Some(Archived { block, first, events, payloads }))
    }

    /// The end says how much there was, and nothing follows it.
    fn end(&mut self) -> Result<(), ArchiveError> {
        let Some(newest) = &self.newest else { return Err(ArchiveError::Empty) };
        let end = self.parts.expect(b'Z')?;
        self.parts.end()?;
        let first = self.before.map_or(0, |before| before.events.get());
        check_counts(&end, [self.count, self.size.saturating_sub(first)])?;
        if newest.digest() == self.last.digest() {
            return Ok(());
        }
        let height = self.last.height;
        Err(ArchiveError::DoesNotFollow { height, what: "another last block" })
    }

    /// The bytes of a payload.
    pub(super) fn payload(&self, (at, length): Place) -> Result<Vec<u8>, ArchiveError> {
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
        let read = self.file.read_exact_at(&mut bytes, at);
        read.map_err(|source| ArchiveError::Broken { at, source })?;
        Ok(bytes)
    }
}
