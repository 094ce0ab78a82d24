//! Taking archives into a data directory without keys: one that answers queries and proofs, takes no
//! events, and goes on where the archive before ended.
//!
//! What an archive holds is checked as a replica checks what is published (`replica`), a step at a
//! time, and appended when all of the step held. So a stop costs a step: the same command goes on
//! behind what is there. The archive's own proof is not needed for that: each of its blocks has its
//! certificate.

mod error;

use std::path::{Path, PathBuf};

use cairn_verifier::digest::{EventId, LogId, PayloadDigest};
use cairn_verifier::error::Error as VerifierError;
use cairn_verifier::event::{Payload, SignedEvent};
use cairn_verifier::finality::Header;
use cairn_verifier::trust::{Genesis, TrustAnchor};

use super::blocks::{Archived, Blocks, Place};
use super::verify::{ArchiveError, check_payload};
use crate::node::{OpenError, Options, Shared, open_replica};
use crate::replica::{Batch, FollowError, Trust, fork_of, is_made, make};

pub use error::ImportError;

/// How much a step takes at most, unless one block has more.
const STEP_EVENTS: usize = 1 << 13;
const STEP_BLOCKS: usize = 1 << 10;
/// How many bytes of payloads are in memory at a time, before the last.
const PAYLOAD_BYTES: usize = 32 << 20;

/// What is imported, and where to.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a plain choice")]
pub struct ImportOptions {
    /// The archives, in the order of their blocks.
    pub files: Vec<PathBuf>,
    /// The data directory; it is made if there is none.
    pub dir: PathBuf,
    /// What is trusted. A directory that holds blocks already can do without: they are.
    pub anchor: Option<TrustAnchor>,
    /// How the directory is kept.
    pub options: Options,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a plain answer")]
pub struct Imported {
    /// The log.
    pub log: LogId,
    /// Blocks that are new here.
    pub blocks: u64,
    /// Events that are new here.
    pub events: u64,
    /// Payloads that are new here.
    pub payloads: u64,
    /// Blocks that were here already, and are the same.
    pub known: u64,
    /// The height of the newest block here.
    pub height: u64,
    /// The number of events here.
    pub size: u64,
}

/// Imports archives. `observe` is told how many events were looked at.
///
/// # Errors
/// [`ImportError`]. What was taken before it holds, and the same call goes on behind it.
pub fn import(
    choice: &ImportOptions,
    observe: &mut dyn FnMut(u64),
) -> Result<Imported, ImportError> {
    let shared = open(choice)?;
    let genesis = Genesis::decode(&shared.genesis).map_err(|reason| FollowError::BadGenesis {
        path: choice.dir.display().to_string(),
        reason,
    })?;
    // What is here was checked when it came: it goes on from there.
    let newest = shared.head().map(|head| TrustAnchor::Checkpoint(head.digest));
    let none = || ImportError::NoAnchor(choice.dir.clone());
    let anchor = choice.anchor.or(newest).ok_or_else(none)?;
    let trust = Trust::begin(&shared, &genesis, anchor)?;
    let (log, counts) = (shared.log, Counts::default());
    let mut import = Import { shared: &shared, genesis, trust, file: Path::new(""), counts };
    for file in &choice.files {
        import.file = file;
        import.archive(observe)?;
    }
    let Counts { blocks, events, payloads, known, .. } = import.counts;
    let (height, size) =
        shared.head().map_or((0, 0), |head| (head.header.height, head.header.events.get()));
    if !import.trust.settle()? {
        return Err(ImportError::NotReached { anchor, height });
    }
    Ok(Imported { log, blocks, events, payloads, known, height, size })
}

/// Opens the directory, which the first archive makes if there is none.
fn open(choice: &ImportOptions) -> Result<Shared, ImportError> {
    if !is_made(&choice.dir)? {
        let Some(first) = choice.files.first() else {
            return Err(OpenError::NotInitialised(choice.dir.clone()).into());
        };
        let archive = |reason| ImportError::Archive { file: first.clone(), reason };
        let blocks = Blocks::open(first).map_err(archive)?;
        let anchor = choice.anchor.ok_or_else(|| ImportError::NoAnchor(choice.dir.clone()))?;
        let genesis = blocks.genesis().ok_or_else(|| ImportError::NoGenesis(first.clone()))?;
        make(&choice.dir, &anchor, &genesis)?;
    }
    Ok(open_replica(&choice.dir, choice.options)?)
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    blocks: u64,
    events: u64,
    payloads: u64,
    known: u64,
    seen: u64,
}

struct Import<'a> {
    shared: &'a Shared,
    genesis: Genesis<'a>,
    trust: Trust,
    /// The archive that is being read.
    file: &'a Path,
    counts: Counts,
}

impl Import<'_> {
    fn archive(&mut self, observe: &mut dyn FnMut(u64)) -> Result<(), ImportError> {
        let mut blocks = Blocks::open(self.file).map_err(|reason| self.broken(reason))?;
        self.expect_start(&blocks)?;
        let mut step = Vec::new();
        loop {
            let next = blocks.next(&self.genesis).map_err(|reason| self.broken(reason))?;
            let Some(archived) = next else { break };
            let seen = u64::try_from(archived.events.len()).unwrap_or(u64::MAX);
            self.counts.seen = self.counts.seen.saturating_add(seen);
            if archived.block.header.height < self.shared.blocks.end() {
                self.known(&blocks, &archived)?;
            } else {
                step.push(archived);
                let events: usize = step.iter().map(|archived| archived.events.len()).sum();
                if events >= STEP_EVENTS || step.len() >= STEP_BLOCKS {
                    self.step(&blocks, &step)?;
                    step.clear();
                }
            }
            observe(self.counts.seen);
        }
        if step.is_empty() { Ok(()) } else { self.step(&blocks, &step) }
    }

    fn broken(&self, reason: ArchiveError) -> ImportError {
        ImportError::Archive { file: self.file.to_owned(), reason }
    }

    fn refused(&self, reason: FollowError) -> ImportError {
        ImportError::Refused { file: self.file.to_owned(), reason: Box::new(reason) }
    }

    /// An archive goes on from a block that is here.
    fn expect_start(&self, blocks: &Blocks) -> Result<(), ImportError> {
        let (file, expected, found) = (self.file.to_owned(), self.shared.log, blocks.last().log);
        if found != expected {
            return Err(ImportError::OtherLog { file, expected, found });
        }
        if blocks.has_no_votes() {
            return Err(ImportError::NoVotes(file));
        }
        let Some(before) = blocks.before() else { return Ok(()) };
        let (expected, found) = (self.shared.blocks.end(), before.height.saturating_add(1));
        if found > expected {
            return Err(ImportError::Gap { file, expected, found });
        }
        self.expect_same(before)
    }

    fn expect_same(&self, header: &Header) -> Result<(), ImportError> {
        let (height, found) = (header.height, header.digest());
        match self.shared.block(height)? {
            Some(ours) if ours.digest != found => {
                let (file, expected) = (self.file.to_owned(), ours.digest);
                Err(ImportError::OtherBlock { file, height, expected, found })
            }
            _ => Ok(()),
        }
    }

    /// A block that is here: the same, or the log is forked. Payloads of it may be new.
    fn known(&mut self, blocks: &Blocks, archived: &Archived) -> Result<(), ImportError> {
        let theirs = &archived.block;
        if let Some(ours) = self.shared.block(theirs.header.height)?
            && ours.digest != theirs.digest
        {
            let fork = fork_of(self.shared, &self.genesis, (&ours, theirs))?;
            return Err(match fork {
                Some(fork) => self.refused(fork),
                None => self
                    .expect_same(&theirs.header)
                    .err()
                    .unwrap_or_else(|| self.broken(ArchiveError::Malformed("a block"))),
            });
        }
        for (index, bytes) in (archived.first..).zip(&archived.events) {
            self.expect_event(index, bytes)?;
        }
        self.counts.known = self.counts.known.saturating_add(1);
        self.payloads(blocks, std::slice::from_ref(archived))
    }

    fn expect_event(&self, index: u64, bytes: &[u8]) -> Result<(), ImportError> {
        let found = SignedEvent::decode(bytes)
            .map_err(|reason| self.broken(VerifierError::from(reason).into()))?
            .id();
        let ours = self.shared.entry(index)?.map_or(EventId::ZERO, |entry| entry.id);
        if ours == found {
            return Ok(());
        }
        let (file, expected) = (self.file.to_owned(), ours);
        Err(ImportError::OtherEvent { file, index, expected, found })
    }

    /// Checks blocks that are new, and appends them if all of them hold.
    fn step(&mut self, blocks: &Blocks, step: &[Archived]) -> Result<(), ImportError> {
        for archived in step {
            for bytes in &archived.events {
                SignedEvent::decode(bytes)
                    .map_err(|reason| self.broken(VerifierError::from(reason).into()))?;
            }
        }
        self.shared.catch_up()?;
        let entries: Vec<_> = step.iter().flat_map(|block| block.events.clone()).collect();
        let new: Vec<_> = step.iter().map(|archived| archived.block.clone()).collect();
        let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        let counts = (count(new.len()), count(entries.len()));
        let batch = Batch::verify(&mut self.trust, (self.shared, &self.genesis), new, &entries)
            .map_err(|reason| self.refused(reason))?;
        self.payloads(blocks, step)?;
        self.trust.mark()?;
        batch.append(self.shared).map_err(|reason| self.refused(reason))?;
        self.counts.blocks = self.counts.blocks.saturating_add(counts.0);
        self.counts.events = self.counts.events.saturating_add(counts.1);
        Ok(())
    }

    /// Keeps the payloads of events that hold, but for those that were erased here.
    fn payloads(&mut self, blocks: &Blocks, step: &[Archived]) -> Result<(), ImportError> {
        let mut good: Vec<(PayloadDigest, Vec<u8>)> = Vec::new();
        let mut bytes = 0_usize;
        for (index, event, place) in step.iter().flat_map(wanted) {
            let Ok(event) = SignedEvent::decode(event) else { continue };
            let payload = event.body().payload;
            let stored = blocks.payload(place).map_err(|reason| self.broken(reason))?;
            check_payload(index, &payload, &stored).map_err(|reason| self.broken(reason))?;
            if !self.is_wanted(&payload, &event.id())? {
                continue;
            }
            bytes = bytes.saturating_add(stored.len());
            good.extend(payload.stored().map(|digest| (digest, stored)));
            if bytes >= PAYLOAD_BYTES {
                self.keep(&std::mem::take(&mut good))?;
                bytes = 0;
            }
        }
        self.keep(&good)
    }

    fn is_wanted(&self, payload: &Payload, event: &EventId) -> Result<bool, ImportError> {
        let is_here = payload.stored().is_none_or(|digest| self.shared.blobs.contains(&digest));
        Ok(!is_here && !self.shared.is_redacted(event)?)
    }

    fn keep(&mut self, good: &[(PayloadDigest, Vec<u8>)]) -> Result<(), ImportError> {
        self.shared.blobs.put_batch(good.iter().map(|(digest, bytes)| (*digest, &bytes[..])))?;
        let count = u64::try_from(good.len()).unwrap_or(u64::MAX);
        self.counts.payloads = self.counts.payloads.saturating_add(count);
        Ok(())
    }
}

/// Events of a block that have a payload in the archive: index, bytes, and where that is.
fn wanted(archived: &Archived) -> impl Iterator<Item = (u64, &Vec<u8>, Place)> {
    let events = (archived.first..).zip(&archived.events).zip(&archived.payloads);
    events.filter_map(|((index, event), place)| Some((index, event, (*place)?)))
}
