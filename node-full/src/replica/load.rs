//! Loading: what is published and not here yet, a step at a time.

use std::ops::Range;

use cairn_verifier::digest;
use cairn_verifier::digest::PayloadDigest;
use cairn_verifier::event::{Payload, SignedEvent};
use cairn_verifier::trust::Genesis;

use cairn_store::blobs::MAX_BLOB_LEN;

use super::verify::Batch;
use super::{FollowError, Follower};
use crate::bucket::{Head, WIDTH, payload_path, tile_path};
use crate::init::GENESIS_FILE;
use crate::node::{Block, Shared, decode_block};
use crate::proofs::{TileChoice, TileOf};

/// How many events and blocks a step takes at most, unless one block has more.
const STEP_EVENTS: u64 = 1 << 13;
const STEP_BLOCKS: u64 = 1 << 10;
/// No file of events or blocks is longer: 256 of the longest, and some room.
const MAX_FILE: u64 = 64 << 20;
/// How many payloads are in memory at a time, and how many bytes of them before the last.
const PAYLOADS_AT_ONCE: usize = 256;
const PAYLOAD_BYTES_AT_ONCE: u64 = 32 << 20;

/// Files of one kind, each with the number of its first frame.
pub(super) type Files = Vec<(u64, String, Vec<u8>)>;

impl Follower {
    /// Loads some of what is missing; `true` if more is.
    pub(super) fn round(&mut self, shared: &Shared) -> Result<bool, FollowError> {
        let head = self.newest_head()?;
        match self.load(shared, &head) {
            // A file that is not full goes away some time after it has grown, with newer heads.
            Err(FollowError::Missing { .. }) if self.newest_head()?.number > head.number => {
                Ok(true)
            }
            loaded => loaded,
        }
    }

    fn newest_head(&mut self) -> Result<Head, FollowError> {
        let nothing = || FollowError::Nothing { url: self.bucket.url().to_owned() };
        let head = self.bucket.newest_head(self.number)?.ok_or_else(nothing)?;
        self.number = Some(head.number);
        Ok(head)
    }

    fn load(&mut self, shared: &Shared, head: &Head) -> Result<bool, FollowError> {
        shared.note_followed(|followed| followed.published = head.size);
        let damaged = |reason| FollowError::BadGenesis { path: GENESIS_FILE.to_owned(), reason };
        let genesis = Genesis::decode(&shared.genesis).map_err(damaged)?;
        if let Some(found) = head.log().filter(|found| *found != shared.log) {
            return Err(FollowError::OtherLog { expected: shared.log, found });
        }
        let ours = shared.head();
        let had = shared.blocks.end();
        if head.blocks < had {
            let (url, number, found) = (self.bucket.url().to_owned(), head.number, head.blocks);
            return Err(FollowError::WentBack { url, number, had, found });
        }
        if head.blocks == had {
            return match ours {
                Some(ours) if head.header() != Some(ours.digest) => {
                    Err(self.diverged(shared, &genesis, (head, &ours)))
                }
                _ => Ok(false),
            };
        }
        let blocks = self.blocks(shared, head)?;
        if let (Some(ours), Some(first)) = (&ours, blocks.first())
            && first.header.parent != ours.digest
        {
            return Err(self.diverged(shared, &genesis, (head, ours)));
        }
        let anchored = self.trust.anchored;
        let done = self.step(shared, &genesis, (head, blocks));
        if done.is_err() {
            // The anchor may have been among what was not appended.
            self.trust.anchored = anchored;
        }
        done
    }

    /// Checks blocks with their events and payloads, and appends them.
    fn step(
        &mut self,
        shared: &Shared,
        genesis: &Genesis<'_>,
        (head, blocks): (&Head, Vec<Block>),
    ) -> Result<bool, FollowError> {
        let first = shared.state().events.size();
        let last = blocks.last().map_or(first, |block| block.header.events.get());
        let entries = if last > head.size {
            let height = head.blocks.saturating_sub(1);
            return Err(FollowError::DoesNotFollow {
                height,
                what: "more events than the head says",
            });
        } else {
            self.entries(head, first..last)?
        };
        let reached = blocks.last().map_or(0, |block| block.header.height.saturating_add(1));
        shared.catch_up()?;
        let batch = Batch::verify(&mut self.trust, (shared, genesis), blocks, &entries)?;
        self.compare_tiles(&[owed(shared)?, batch.full_tiles()].concat())?;
        self.payloads(shared, &entries)?;
        self.trust.mark()?;
        batch.append(shared)?;
        Ok(reached < head.blocks)
    }

    /// The blocks of the next step.
    fn blocks(&self, shared: &Shared, head: &Head) -> Result<Vec<Block>, FollowError> {
        let from = shared.blocks.end();
        let enough = shared.state().final_size().saturating_add(STEP_EVENTS);
        let to = head.blocks.min(from.saturating_add(STEP_BLOCKS));
        let files = self.files(head, TileOf::Blocks, from..to)?;
        let mut blocks: Vec<Block> = Vec::new();
        for height in from..to {
            let block = block_at(&files, height)?;
            if !blocks.is_empty() && block.header.events.get() > enough {
                break;
            }
            blocks.push(block);
        }
        Ok(blocks)
    }

    /// The encoded events of a range.
    fn entries(&self, head: &Head, range: Range<u64>) -> Result<Vec<Vec<u8>>, FollowError> {
        let files = self.files(head, TileOf::Entries, range.clone())?;
        let mut entries = Vec::new();
        for (first, path, bytes) in &files {
            for (index, frame) in (*first..).zip(frames(path, bytes)?) {
                if range.contains(&index) {
                    entries.push(frame.to_vec());
                }
            }
        }
        Ok(entries)
    }

    /// The files that hold a range of events or blocks, as long as the head says that they are.
    pub(super) fn files(
        &self,
        head: &Head,
        of: TileOf,
        range: Range<u64>,
    ) -> Result<Files, FollowError> {
        let total = if of == TileOf::Blocks { head.blocks } else { head.size };
        let numbers = range.start / WIDTH..range.end.div_ceil(WIDTH);
        let choice = |number: u64| {
            let width = total.saturating_sub(number.saturating_mul(WIDTH)).min(WIDTH);
            TileChoice { of, level: 0, number, width: u16::try_from(width).unwrap_or(256) }
        };
        let choices: Vec<_> = numbers.map(choice).collect();
        let paths: Vec<_> = choices.iter().map(|choice| tile_path(*choice)).collect();
        let found = self.bucket.get_all(&paths, MAX_FILE)?;
        let mut files = Vec::with_capacity(found.len());
        for ((choice, path), bytes) in choices.iter().zip(paths).zip(found) {
            let path = format!("{}/{path}", self.bucket.url());
            let bytes = bytes.ok_or_else(|| FollowError::Missing { path: path.clone() })?;
            let count = frames(&path, &bytes)?.len();
            if count != usize::from(choice.width) {
                let reason = format!("it holds {count}, and must hold {}", choice.width);
                return Err(FollowError::Bent { path, reason });
            }
            files.push((choice.number.saturating_mul(WIDTH), path, bytes));
        }
        Ok(files)
    }

    /// Full tiles that are made now are the published ones: whoever reads those is not misled.
    fn compare_tiles(&self, tiles: &[(TileChoice, Vec<u8>)]) -> Result<(), FollowError> {
        let paths: Vec<_> = tiles.iter().map(|(choice, _)| tile_path(*choice)).collect();
        let found = self.bucket.get_all(&paths, MAX_FILE)?;
        for ((path, (_, expected)), found) in paths.iter().zip(tiles).zip(found) {
            let path = format!("{}/{path}", self.bucket.url());
            match found {
                Some(found) if found == *expected => {}
                Some(_) => {
                    let reason = "its hashes are not those of the log".to_owned();
                    return Err(FollowError::Bent { path, reason });
                }
                None => return Err(FollowError::Missing { path }),
            }
        }
        Ok(())
    }

    /// Loads payloads that are published, and checks each by its digest. One that is not was erased
    /// before it could be.
    fn payloads(&self, shared: &Shared, entries: &[Vec<u8>]) -> Result<(), FollowError> {
        let mut wanted: Vec<(PayloadDigest, Payload)> = Vec::new();
        for bytes in entries {
            let Ok(event) = SignedEvent::decode(bytes) else { continue };
            let payload = event.body().payload;
            let digest = payload.stored().filter(|digest| !shared.blobs.contains(digest));
            wanted.extend(digest.map(|digest| (digest, payload)));
        }
        for some in in_parts(&wanted) {
            let paths: Vec<_> = some.iter().map(|(digest, _)| payload_path(digest)).collect();
            let found = self.bucket.get_all(&paths, MAX_BLOB_LEN)?;
            let mut good = Vec::new();
            for (((digest, payload), path), bytes) in some.iter().zip(&paths).zip(&found) {
                let Some(bytes) = bytes else { continue };
                if !is_payload(payload, digest, bytes) {
                    let path = format!("{}/{path}", self.bucket.url());
                    return Err(FollowError::BadPayload { path, digest: *digest });
                }
                good.push((*digest, bytes.as_slice()));
            }
            shared.blobs.put_batch(good)?;
        }
        Ok(())
    }
}

/// Tiles of headers that became full with the newest header here. They were in nothing published
/// then, because the tree of headers that a header names ends before it; the next block has them.
fn owed(shared: &Shared) -> Result<Vec<(TileChoice, Vec<u8>)>, FollowError> {
    let state = shared.state();
    let (mut tiles, mut leaves) = (Vec::new(), state.headers.size());
    for level in 0.. {
        if leaves == 0 || !leaves.is_multiple_of(WIDTH) {
            break;
        }
        leaves /= WIDTH;
        let number = leaves.saturating_sub(1);
        let hashes = state.headers.hashes(level, number, 256)?;
        let bytes = hashes.iter().flat_map(|hash| *hash.as_bytes()).collect();
        tiles.push((TileChoice { of: TileOf::Headers, level, number, width: 256 }, bytes));
    }
    Ok(tiles)
}

/// Splits payloads by number and length.
fn in_parts(wanted: &[(PayloadDigest, Payload)]) -> Vec<&[(PayloadDigest, Payload)]> {
    let (mut parts, mut from, mut bytes) = (Vec::new(), 0, 0_u64);
    for (at, (_, payload)) in wanted.iter().enumerate() {
        bytes = bytes.saturating_add(match payload {
            Payload::None => 0,
            Payload::Public { len, .. } => (*len).into(),
            Payload::Sealed(commitment) => commitment.plaintext_len.into(),
        });
        let to = at.saturating_add(1);
        if bytes >= PAYLOAD_BYTES_AT_ONCE || to.saturating_sub(from) == PAYLOADS_AT_ONCE {
            parts.extend(wanted.get(from..to));
            (from, bytes) = (to, 0);
        }
    }
    parts.extend(wanted.get(from..).filter(|rest| !rest.is_empty()));
    parts
}

fn is_payload(payload: &Payload, digest: &PayloadDigest, bytes: &[u8]) -> bool {
    let context = match payload {
        Payload::Public { .. } => digest::PUBLIC_PAYLOAD,
        Payload::Sealed(_) | Payload::None => digest::CIPHERTEXT,
    };
    digest::derive(context, &[bytes]) == *digest.as_bytes()
}

/// What a file of events or blocks holds.
fn frames<'a>(path: &str, mut bytes: &'a [u8]) -> Result<Vec<&'a [u8]>, FollowError> {
    let mut frames = Vec::new();
    while let Some((len, rest)) = bytes.split_first_chunk::<4>() {
        let len = usize::try_from(u32::from_be_bytes(*len)).unwrap_or(usize::MAX);
        let (frame, rest) = rest.split_at_checked(len).ok_or_else(|| cut(path))?;
        frames.push(frame);
        bytes = rest;
    }
    if bytes.is_empty() { Ok(frames) } else { Err(cut(path)) }
}

fn cut(path: &str) -> FollowError {
    FollowError::Bent { path: path.to_owned(), reason: "it ends in the middle".to_owned() }
}

/// The block of a height, which must say that it is.
pub(super) fn block_at(files: &Files, height: u64) -> Result<Block, FollowError> {
    let place = files.partition_point(|(first, _, _)| *first <= height).saturating_sub(1);
    let missing = || FollowError::Missing { path: format!("block {height}") };
    let (first, path, bytes) = files.get(place).ok_or_else(missing)?;
    let offset = usize::try_from(height.saturating_sub(*first)).unwrap_or(usize::MAX);
    let frames = frames(path, bytes)?;
    let frame = frames.get(offset).ok_or_else(missing)?;
    let bent = |reason: String| FollowError::Bent { path: path.clone(), reason };
    let block = decode_block(frame).map_err(|error| bent(error.to_string()))?;
    if block.header.height != height {
        let found = block.header.height;
        return Err(bent(format!("block {found} stands where block {height} must")));
    }
    Ok(block)
}
