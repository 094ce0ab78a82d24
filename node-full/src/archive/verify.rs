//! Checking an archive, in one reading and with little memory.

use std::io::{self, Read};
use std::sync::Arc;

use cairn_verifier::digest::{self, Hash, HeaderDigest, PayloadDigest};
use cairn_verifier::error::{Error, Meaning};
use cairn_verifier::event::{EventError, Payload, SignedEvent};
use cairn_verifier::fact::{FinalHeader, Standing};
use cairn_verifier::finality::Header;
use cairn_verifier::tree::{Blake3, Kind, Peaks, PeaksClaim, PeaksError, Proof};
use cairn_verifier::trust::{Base, FinalityProof};
use cairn_verifier::wire::decode_all;
use cairn_verifier::{TrustAnchor, UnixMillis};
use thiserror::Error as ThisError;

use super::read::Parts;
use super::sets::Sets;
use super::split_header;
use crate::node::{Block, Fit, StateAgain};

/// An archive that holds: all events between two sizes of a log that is final under an anchor.
/// Only [`verify`] makes one.
#[derive(Clone, Debug)]
pub struct ArchiveFact {
    last: FinalHeader,
    first_height: u64,
    first_event: u64,
    payloads: u64,
    has_state: bool,
}

impl ArchiveFact {
    /// The header of the last block.
    #[must_use]
    pub const fn last(&self) -> &Header {
        self.last.header()
    }

    /// What the anchor says of the log.
    #[must_use]
    pub const fn standing(&self) -> Standing {
        self.last.standing()
    }

    /// Heights of the blocks.
    #[must_use]
    pub const fn blocks(&self) -> std::ops::RangeInclusive<u64> {
        self.first_height..=self.last.header().height
    }

    /// Indices of the events: all of these are in the archive.
    #[must_use]
    pub const fn events(&self) -> std::ops::Range<u64> {
        self.first_event..self.last.header().events.get()
    }

    /// Whether the state root of every header was compared with what the events give. It is if the
    /// archive begins with the log and rests on the genesis; one that begins later does not say who
    /// was a member before.
    #[must_use]
    pub const fn has_state(&self) -> bool {
        self.has_state
    }

    /// How many payloads came along. The others are none, were erased, or were not asked for.
    #[must_use]
    pub const fn payloads(&self) -> u64 {
        self.payloads
    }
}

/// Why an archive does not hold.
#[derive(Debug, ThisError)]
#[non_exhaustive]
pub enum ArchiveError {
    /// Another file.
    #[error("this is no archive")]
    NotAnArchive,
    /// It ends early, or cannot be read.
    #[error("the archive breaks off at byte {at}: {source}")]
    Broken {
        /// Where.
        at: u64,
        /// Why.
        source: io::Error,
    },
    /// Another part than the one that must follow.
    #[error("at byte {at} there is a part {found:?}, and must be {expected:?}")]
    Part {
        /// Where.
        at: u64,
        /// The type that must follow.
        expected: char,
        /// The type that does.
        found: char,
    },
    /// A part that is too long.
    #[error("at byte {at} there is a part of {found} bytes; the limit is {limit}")]
    TooLong {
        /// Where.
        at: u64,
        /// The limit.
        limit: u32,
        /// Its length.
        found: u32,
    },
    /// Something behind the end.
    #[error("the archive goes on behind its end, at byte {at}")]
    Trailing {
        /// Where.
        at: u64,
    },
    /// A header or what stands beside it does not decode.
    #[error("{0} does not decode")]
    Malformed(&'static str),
    /// No block: it would show nothing.
    #[error("the archive holds no block")]
    Empty,
    /// A block does not follow the one before it.
    #[error("block {height} has {what}")]
    DoesNotFollow {
        /// Its height.
        height: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// The events are not those of the block.
    #[error("the events up to block {height} make the root {found}; its header names {expected}")]
    OtherRoot {
        /// The block's height.
        height: u64,
        /// The header's root.
        expected: Hash,
        /// That of the events.
        found: Hash,
    },
    /// The state root of a header is not what the events before it give.
    #[error("the header of block {height} names another state than its events make")]
    OtherState {
        /// The block's height.
        height: u64,
    },
    /// The votes beside a block do not hold.
    #[error("the certificate of block {height} does not hold")]
    Certificate {
        /// The block's height.
        height: u64,
    },
    /// The peaks are not those of the first header.
    #[error("the archive's beginning: {0}")]
    Peaks(PeaksError),
    /// A payload that no event before it commits to.
    #[error("the payload behind event {index} is not that event's")]
    OtherPayload {
        /// The event's index.
        index: u64,
    },
    /// The counts at the end are others.
    #[error("the end says {expected} {what}, and there are {found}")]
    Count {
        /// Of what.
        what: &'static str,
        /// As it says.
        expected: u64,
        /// As it is.
        found: u64,
    },
    /// The verifier refuses a header or an event.
    #[error(transparent)]
    Verifier(#[from] Error),
}

impl ArchiveError {
    /// The stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotAnArchive => "not-an-archive",
            Self::Broken { .. } => "archive-broken",
            Self::Part { .. } => "archive-part",
            Self::TooLong { .. } => "archive-too-long",
            Self::Trailing { .. } => "archive-trailing",
            Self::Malformed(_) => "archive-malformed",
            Self::Empty => "archive-empty",
            Self::DoesNotFollow { .. } => "archive-does-not-follow",
            Self::OtherRoot { .. } => "archive-other-root",
            Self::OtherState { .. } => "archive-other-state",
            Self::Certificate { .. } => "archive-certificate",
            Self::Peaks(error) => error.code(),
            Self::OtherPayload { .. } => "archive-other-payload",
            Self::Count { .. } => "archive-count",
            Self::Verifier(error) => error.code(),
        }
    }

    /// Whether it does not hold, or could not be decided.
    #[must_use]
    pub const fn meaning(&self) -> Meaning {
        if let Self::Verifier(error) = self { error.meaning() } else { Meaning::Failed }
    }
}

/// Checks an archive against an anchor. `observe` is told how many events held so far.
///
/// # Errors
/// The first check that fails.
pub fn verify(
    file: impl Read,
    (anchor, now): (TrustAnchor, UnixMillis),
    observe: &mut dyn FnMut(u64),
) -> Result<ArchiveFact, ArchiveError> {
    let mut parts = Parts::open(file)?;
    let proof = parts.expect(b'F')?;
    let proof = FinalityProof::decode(&proof).map_err(Error::from)?;
    let (newest, _) = proof.verify(anchor, now, &mut ())?;
    let last = last(&newest, &parts.expect(b'L')?)?;
    let start = parts.expect(b'P')?;
    let mut run = Run::begin(&last, Sets::of(&proof), &start)?;
    if let (Base::Genesis(genesis), true) = (&proof.base, start.is_empty()) {
        let state = StateAgain::new(genesis);
        run.state = Some(state.map_err(|_| ArchiveError::Malformed("the genesis"))?);
    }
    let (first_height, first_event) = (run.height, run.peaks.size().get());
    while let Some(block) = parts.take_if(b'B')? {
        run.block(&block, &mut parts, observe)?;
    }
    if run.height == first_height {
        return Err(ArchiveError::Empty);
    }
    let end = parts.expect(b'Z')?;
    parts.end()?;
    let events = run.peaks.size().get().saturating_sub(first_event);
    check_counts(&end, [run.height.saturating_sub(first_height), events])?;
    let height = last.header().height;
    if run.parent != last.digest() {
        return Err(ArchiveError::DoesNotFollow { height, what: "another last block" });
    }
    let has_state = run.state.is_some();
    Ok(ArchiveFact { last, first_height, first_event, payloads: run.payloads, has_state })
}

/// The last block's header, which is the newest or in its tree.
fn last(newest: &FinalHeader, bytes: &[u8]) -> Result<FinalHeader, ArchiveError> {
    let (header, proof) = split_header(bytes).ok_or(ArchiveError::Malformed("the last header"))?;
    let (proof, rest) = proof.as_chunks::<32>();
    if !rest.is_empty() {
        return Err(ArchiveError::Malformed("the last header's proof"));
    }
    if header.digest() == newest.digest() && proof.is_empty() {
        return Ok(*newest);
    }
    Ok(newest.older(&header, Proof::new(proof))?)
}

pub(super) fn check_counts(end: &[u8], found: [u64; 2]) -> Result<(), ArchiveError> {
    let (numbers, rest) = end.as_chunks::<8>();
    let [blocks, events] = numbers else { return Err(ArchiveError::Malformed("the end")) };
    if !rest.is_empty() {
        return Err(ArchiveError::Malformed("the end"));
    }
    let expected = [*blocks, *events].map(u64::from_be_bytes);
    for ((what, expected), found) in ["blocks", "events"].into_iter().zip(expected).zip(found) {
        if expected != found {
            return Err(ArchiveError::Count { what, expected, found });
        }
    }
    Ok(())
}

/// How far the reading is.
struct Run {
    hasher: Blake3,
    /// Who signed the blocks, as far as the finality proof says that.
    sets: Sets,
    last: Header,
    /// The height of the next block.
    height: u64,
    /// The digest that it must name as its parent.
    parent: HeaderDigest,
    /// The tree of all events up to here.
    peaks: Peaks,
    /// The state, if the archive begins where that does.
    state: Option<StateAgain>,
    payloads: u64,
}

impl Run {
    /// From the header before the first block and its tree's peaks, or from nothing. They are a
    /// claim until the last block turns out to be the final one: it names them.
    fn begin(last: &FinalHeader, sets: Sets, start: &[u8]) -> Result<Self, ArchiveError> {
        let log = last.header().log;
        let hasher = Blake3::new(Kind::Event, *log.as_bytes());
        let mut run = Self {
            hasher,
            sets,
            last: *last.header(),
            height: 0,
            parent: HeaderDigest::ZERO,
            peaks: Peaks::empty(),
            state: None,
            payloads: 0,
        };
        if start.is_empty() {
            return Ok(run);
        }
        let malformed = || ArchiveError::Malformed("the header before the first block");
        let (header, peaks) = split_header(start).ok_or_else(malformed)?;
        let claim = decode_all(peaks, PeaksClaim::read).map_err(|_| malformed())?;
        run.peaks = Peaks::verify(&run.hasher, claim, (header.events, &header.event_root))
            .map_err(ArchiveError::Peaks)?;
        run.height = header.height.saturating_add(1);
        run.parent = header.digest();
        Ok(run)
    }

    /// One block with its events and their payloads.
    fn block(
        &mut self,
        bytes: &[u8],
        parts: &mut Parts<impl Read>,
        observe: &mut dyn FnMut(u64),
    ) -> Result<(), ArchiveError> {
        let height = self.height;
        let (header, certificate) =
            split_header(bytes).ok_or(ArchiveError::Malformed("a block"))?;
        let fits = [
            (header.log == self.last.log, "another log"),
            (header.height == height, "another height"),
            (header.parent == self.parent, "another parent"),
            (header.events.get() >= self.peaks.size().get(), "a smaller tree"),
        ];
        if let Some((_, what)) = fits.iter().find(|(fits, _)| !fits) {
            return Err(ArchiveError::DoesNotFollow { height, what });
        }
        self.certificate(&header, certificate)?;
        while self.peaks.size() < header.events {
            self.event(&parts.expect(b'E')?, parts)?;
            observe(self.peaks.size().get());
        }
        let found = self.peaks.root(&self.hasher);
        if found != header.event_root {
            let expected = header.event_root;
            return Err(ArchiveError::OtherRoot { height, expected, found });
        }
        self.state(&header)?;
        self.height = height.saturating_add(1);
        self.parent = header.digest();
        Ok(())
    }

    fn state(&mut self, header: &Header) -> Result<(), ArchiveError> {
        let Some(state) = &mut self.state else { return Ok(()) };
        let (digest, header_bytes) = (header.digest(), header.encode());
        let block = Block { header: *header, digest, header_bytes, certificate: Vec::new() };
        let height = header.height;
        match state.block(&Arc::new(block)) {
            Ok(Fit { root: true, sets: true }) => Ok(()),
            Ok(Fit { root: true, sets: false }) => {
                let what = "another epoch or validator set than its events give";
                Err(ArchiveError::DoesNotFollow { height, what })
            }
            Ok(_) | Err(_) => Err(ArchiveError::OtherState { height }),
        }
    }

    /// A certificate is for who takes the block over; that the block is final is shown otherwise.
    /// Without a set, as under a header alone, there is none.
    fn certificate(&self, header: &Header, certificate: &[u8]) -> Result<(), ArchiveError> {
        let block = Block {
            header: *header,
            digest: header.digest(),
            header_bytes: header.encode(),
            certificate: certificate.to_vec(),
        };
        let holds =
            if self.sets.is_empty() { certificate.is_empty() } else { self.sets.may_hold(&block) };
        if holds { Ok(()) } else { Err(ArchiveError::Certificate { height: header.height }) }
    }

    fn event(&mut self, bytes: &[u8], parts: &mut Parts<impl Read>) -> Result<(), ArchiveError> {
        let index = self.peaks.size().get();
        let event = SignedEvent::decode(bytes).map_err(Error::from)?;
        let (expected, found) = (self.last.log, event.body().log);
        if expected != found {
            return Err(Error::from(EventError::OtherLog { expected, found }).into());
        }
        let (id, _) = event.verify().map_err(Error::from)?;
        if let Some(state) = &mut self.state {
            state.event(index, &id, &event);
        }
        let leaf = self.hasher.leaf(index, id.as_bytes());
        self.peaks.append(&self.hasher, leaf).map_err(ArchiveError::Peaks)?;
        if let Some(payload) = parts.take_if(b'D')? {
            check_payload(index, &event.body().payload, &payload)?;
            self.payloads = self.payloads.saturating_add(1);
        }
        Ok(())
    }
}

pub(super) fn check_payload(
    index: u64,
    committed: &Payload,
    bytes: &[u8],
) -> Result<(), ArchiveError> {
    let (context, expected) = match committed {
        Payload::None => return Err(ArchiveError::OtherPayload { index }),
        Payload::Public { digest, len } => {
            if u32::try_from(bytes.len()) != Ok(*len) {
                return Err(ArchiveError::OtherPayload { index });
            }
            (digest::PUBLIC_PAYLOAD, *digest)
        }
        Payload::Sealed(commitment) => (digest::CIPHERTEXT, commitment.ciphertext),
    };
    let found = PayloadDigest::from_bytes(digest::derive(context, &[bytes]));
    if found == expected { Ok(()) } else { Err(ArchiveError::OtherPayload { index }) }
}
