//! What is fetched of a node, each part checked as far as it can be by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cairn_store::entries::{Entries, Of};
use cairn_store::files::{self, Secrecy};
use cairn_store::log::SEGMENT_LEN;
use cairn_store::tiles::{TileId, Tiles};
use cairn_verifier::digest::HeaderDigest;
use cairn_verifier::event::{SignedEvent, encode_signed};
use cairn_verifier::finality::{Certificate, Header, ValidatorSet};
use cairn_verifier::list::{self, EventList};
use cairn_verifier::terms::Terms;
use cairn_verifier::tree::TreeHasher;
use cairn_verifier::trust::{
    Base, FinalityProof, Genesis, Handover, TrustAnchor, TrustedValidators,
};
use cairn_verifier::wire::decode_all;
use serde::Deserialize;

use super::{JoinError, Joined, OldTiles, Step};
use crate::bucket::{WIDTH, tile_path};
use crate::clock;
use crate::http_client::Client;
use crate::node::{Block, Shared, decode_block, encode_block};
use crate::proofs::{TileChoice, TileOf};
use crate::system::SystemEvent;

/// Events of a question, so that none is longer than a list may be.
const CHUNK: usize = 256;
/// Bytes of a full tile.
const TILE_LEN: usize = 32 * 256;

#[derive(Default, Deserialize)]
struct Joining {
    indices: Vec<u64>,
    blocks: Vec<u64>,
}

/// A block or an event with its place.
type Indexed = (u64, Vec<u8>);

/// A handover that was checked.
struct Passed {
    block: Block,
    /// The set behind it.
    set: Vec<u8>,
}

/// What is fetched, under one header.
pub(super) struct Fetch<'a> {
    client: &'a Client,
    genesis: &'a Genesis<'a>,
    header: Header,
    digest: HeaderDigest,
    handovers: Vec<Passed>,
    needed: Joining,
    /// How many events there are with each block that is here.
    sizes: BTreeMap<u64, u64>,
    kept: u64,
    bytes: u64,
}

impl<'a> Fetch<'a> {
    /// The newest header, under the anchor, and all handovers before it.
    pub(super) fn newest(
        client: &'a Client,
        genesis: &'a Genesis<'a>,
        anchor: TrustAnchor,
    ) -> Result<Self, JoinError> {
        let base = match anchor {
            TrustAnchor::Genesis(_) => "genesis".to_owned(),
            TrustAnchor::Checkpoint(digest) => format!("checkpoint:{digest}"),
        };
        let bytes = client.bytes(&format!("/v1/checkpoints/latest?base={base}"))?;
        let proof = FinalityProof::decode(&bytes)?;
        let (fact, _) = proof.verify(anchor, clock::now(), &mut ()).map_err(JoinError::Header)?;
        let header = *fact.header();
        if header.log != genesis.log() {
            let (expected, found) = (genesis.log(), header.log);
            return Err(JoinError::OtherLog { expected, found });
        }
        let digest = fact.digest();
        let (handovers, needed) = (Vec::new(), Joining::default());
        let sizes = BTreeMap::new();
        let mut fetch =
            Self { client, genesis, header, digest, handovers, needed, sizes, kept: 0, bytes: 0 };
        fetch.count(&bytes);
        fetch.handovers()?;
        fetch.ask_needed()?;
        Ok(fetch)
    }

    fn count(&mut self, bytes: &[u8]) {
        self.bytes = self.bytes.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    }

    fn get(&mut self, path: &str) -> Result<Vec<u8>, JoinError> {
        let bytes = self.client.bytes(path)?;
        self.count(&bytes);
        Ok(bytes)
    }

    /// The first block that is fetched with all behind it: where a tile of the tree of headers begins.
    const fn blocks_from(&self) -> u64 {
        whole_tiles(self.header.height)
    }

    /// The same of events.
    const fn events_from(&self) -> u64 {
        whole_tiles(self.header.events.get())
    }

    /// What was made.
    pub(super) fn joined(&self) -> Joined {
        Joined {
            header: self.digest,
            height: self.header.height,
            events: self.header.events.get(),
            events_from: self.events_from(),
            events_kept: self.kept,
            blocks_from: self.blocks_from(),
            handovers: u64::try_from(self.handovers.len()).unwrap_or(u64::MAX),
            bytes: self.bytes,
        }
    }

    /// Every change of the set from the genesis on, each signed by the set before it. How long ago
    /// that was does not matter: the header that they lead to is trusted without them.
    fn handovers(&mut self) -> Result<(), JoinError> {
        loop {
            let from =
                self.handovers.last().map_or(0, |last| last.block.header.height.saturating_add(1));
            let page = self.get(&format!("/v1/handovers?from={from}"))?;
            let before = self.handovers.len();
            for (block, set) in read_handovers(&page)? {
                if block.header.height >= self.header.height {
                    return Ok(());
                }
                self.follow(&block, &set)?;
                self.handovers.push(Passed { block, set });
            }
            if self.handovers.len() == before {
                return Ok(());
            }
        }
    }

    fn follow(&self, block: &Block, set: &[u8]) -> Result<(), JoinError> {
        let number = u64::try_from(self.handovers.len()).unwrap_or(u64::MAX);
        let next_set = ValidatorSet::decode(set)?;
        let certificate = Certificate::decode(&block.certificate)?;
        let handover = Handover { header: block.header, certificate, next_set };
        let followed = self
            .trusted(block.header.height)
            .and_then(|trusted| trusted.follow(&handover, Terms::at(block.header.time), &mut ()));
        followed.map(drop).map_err(|reason| JoinError::Handover { number, reason })
    }

    /// The set in force at a height, as the handovers before it say.
    fn trusted(&self, height: u64) -> Result<TrustedValidators<'_>, cairn_verifier::error::Error> {
        let before = self.handovers.iter().rev().find(|passed| passed.block.header.height < height);
        match before {
            None => {
                let anchor = TrustAnchor::Genesis(self.genesis.log());
                TrustedValidators::from_base(anchor, &Base::Genesis(*self.genesis))
            }
            Some(passed) => {
                let anchor = TrustAnchor::Checkpoint(passed.block.digest);
                let set = ValidatorSet::decode(&passed.set)?;
                TrustedValidators::from_base(anchor, &Base::Checkpoint(passed.block.header, set))
            }
        }
    }

    fn check_final(&self, block: &Block) -> Result<(), JoinError> {
        let height = block.header.height;
        let certificate = Certificate::decode(&block.certificate)?;
        let accepted = self.trusted(height).and_then(|trusted| {
            trusted.accept(&block.header, &certificate, Terms::at(block.header.time), &mut ())
        });
        accepted.map(drop).map_err(|reason| JoinError::Block { height, reason })
    }

    /// Tiles of all trees: of their right edges, or all. The roots in the header say whether those of
    /// the edges are right; the others are compared with them.
    pub(super) fn tiles(
        &mut self,
        beside: &Path,
        old: OldTiles,
        observe: &mut dyn FnMut(Step),
    ) -> Result<(), JoinError> {
        let (events, headers) = (self.events_from(), self.blocks_from());
        let mut choices = tiles_of(TileOf::Events, events, old);
        choices.extend(tiles_of(TileOf::Headers, headers, old));
        if self.genesis.sha256_tree() {
            choices.extend(tiles_of(TileOf::Sha256, events, old));
        }
        let total = u64::try_from(choices.len()).unwrap_or(u64::MAX);
        for (done, choice) in (0..).zip(choices) {
            observe(Step::Tiles(done, total));
            let path = tile_path(choice);
            let bytes = self.get(&format!("/v1/{path}"))?;
            if bytes.len() != TILE_LEN {
                return Err(JoinError::Answer(format!("{path} has {} bytes", bytes.len())));
            }
            let file = beside.join(&path);
            if let Some(folder) = file.parent() {
                files::create_dir(folder)?;
            }
            files::write(&file, &bytes, Secrecy::Public)?;
        }
        Ok(())
    }

    /// Handovers, blocks that hold events about validators, each with the one before it, and all from
    /// the edge on.
    pub(super) fn blocks(&mut self, beside: &Path) -> Result<(), JoinError> {
        let begin = self.blocks_from();
        let count = self.header.height.saturating_sub(begin).saturating_add(1);
        let frames = self.bundle(TileOf::Blocks, begin, count)?;
        for (height, frame) in (begin..).zip(&frames) {
            let block = decode_block(frame)?;
            if block.header.height != height {
                return Err(JoinError::Answer(format!("block {height} has another height")));
            }
            self.check_final(&block)?;
            self.sizes.insert(height, block.header.events.get());
        }
        // The first of those from the edge on names the one before it as its parent.
        let mut heights: BTreeSet<u64> = begin.checked_sub(1).into_iter().collect();
        heights.extend(self.handovers.iter().map(|passed| passed.block.header.height));
        let holding = self.needed.blocks.iter();
        heights.extend(holding.flat_map(|height| [height.saturating_sub(1), *height]));
        let mut kept: Vec<Indexed> = Vec::new();
        for height in heights.into_iter().filter(|height| *height < begin) {
            let block = self.kept_block(height)?;
            self.sizes.insert(height, block.header.events.get());
            kept.push((height, encode_block(&block)));
        }
        write_log((beside, Of::Blocks), begin, (&kept, &frames))
    }

    /// An older block: in the header's tree, so that it is the log's whatever became of the keys that
    /// signed it, and certified, so that others can be shown it.
    fn kept_block(&mut self, height: u64) -> Result<Block, JoinError> {
        let digest = self.digest;
        let bytes = self.get(&format!("/v1/checkpoints/{height}?base=header:{digest}"))?;
        let other = |reason| JoinError::OtherBlock { height, reason };
        let proof = FinalityProof::decode(&bytes)?;
        let anchor = TrustAnchor::Checkpoint(digest);
        let (fact, _) = proof.verify(anchor, clock::now(), &mut ()).map_err(other)?;
        let block = decode_block(&self.get(&format!("/v1/blocks/{height}"))?)?;
        if fact.digest() != block.digest || block.header.height != height {
            return Err(JoinError::Answer(format!("block {height} is another one")));
        }
        self.check_final(&block)?;
        Ok(block)
    }

    /// The events that the log goes by, and all from the edge on.
    pub(super) fn events(
        &mut self,
        beside: &Path,
        observe: &mut dyn FnMut(Step),
    ) -> Result<(), JoinError> {
        let begin = self.events_from();
        let count = self.header.events.get().saturating_sub(begin);
        let frames = self.bundle(TileOf::Entries, begin, count)?;
        for (index, frame) in (begin..).zip(&frames) {
            let event = SignedEvent::decode(frame)?;
            let verified = event.verify();
            verified.map_err(|reason| JoinError::Event { index, reason: reason.into() })?;
        }
        let kept = self.needed_events(observe)?;
        self.kept = u64::try_from(kept.len()).unwrap_or(u64::MAX);
        write_log((beside, Of::Entries), begin, (&kept, &frames))
    }

    /// What the node says is needed of before the edge. The header's state root says whether it is all.
    fn ask_needed(&mut self) -> Result<(), JoinError> {
        let begin = self.events_from();
        if begin == 0 {
            return Ok(());
        }
        let answer = self.client.json(&format!("/v1/joining?before={begin}"))?;
        self.count(answer.as_bytes());
        let needed: Joining =
            serde_json::from_str(&answer).map_err(|error| JoinError::Answer(error.to_string()))?;
        let ascends = needed.indices.is_sorted_by(|a, b| a < b);
        if !ascends || needed.indices.last().is_some_and(|last| *last >= begin) {
            return Err(JoinError::Answer(format!("events that are not before {begin}, in order")));
        }
        self.needed = needed;
        Ok(())
    }

    /// Events before the edge, proven in the header's tree: only such that are needed.
    fn needed_events(&mut self, observe: &mut dyn FnMut(Step)) -> Result<Vec<Indexed>, JoinError> {
        let indices = std::mem::take(&mut self.needed.indices);
        let total = u64::try_from(indices.len()).unwrap_or(u64::MAX);
        let (mut kept, mut writers) = (Vec::with_capacity(indices.len()), BTreeSet::new());
        for chunk in indices.chunks(CHUNK) {
            observe(Step::Events(u64::try_from(kept.len()).unwrap_or(u64::MAX), total));
            kept.extend(self.list(chunk)?);
        }
        for (index, bytes) in kept.iter().rev() {
            let event = SignedEvent::decode(bytes)?;
            let body = event.body();
            let is_last = writers.insert((body.stream, body.writer));
            if !is_last && !SystemEvent::is_kind(body.kind) {
                return Err(JoinError::Answer(format!("event {index}, which nobody needs")));
            }
            if SystemEvent::is_validators(body.kind) && !self.has_block_of(*index) {
                return Err(JoinError::Answer(format!("no block of event {index}")));
            }
        }
        Ok(kept)
    }

    /// Whether the block that holds an event is here, and the one before it, so that it is the one.
    fn has_block_of(&self, index: u64) -> bool {
        let holding = self.sizes.iter().find(|(_, size)| **size > index);
        holding.is_some_and(|(height, _)| {
            height.checked_sub(1).is_none_or(|before| self.sizes.contains_key(&before))
        })
    }

    fn list(&mut self, indices: &[u64]) -> Result<Vec<Indexed>, JoinError> {
        let texts: Vec<String> = indices.iter().map(u64::to_string).collect();
        let (texts, digest) = (texts.join(","), self.digest);
        let bytes = self.get(&format!("/v1/receipts?indices={texts}&base=header:{digest}"))?;
        let anchor = TrustAnchor::Checkpoint(digest);
        list::verify(&bytes, anchor, clock::now(), &mut ()).map_err(JoinError::Events)?;
        // What was verified is just what this holds.
        let EventList { events, .. } = EventList::decode(&bytes)?;
        if !events.iter().map(|(index, _)| index).eq(indices) {
            return Err(JoinError::Answer("other events than were asked for".to_owned()));
        }
        let encode = |(index, event): &(u64, SignedEvent<'_>)| {
            let signatures: Vec<_> =
                event.signatures().iter().map(|one| (one.key, one.signature)).collect();
            Ok((*index, encode_signed(event.bytes(), &signatures)?))
        };
        events.iter().map(encode).collect()
    }

    /// So many events or blocks from one on that begins a file.
    fn bundle(&mut self, of: TileOf, first: u64, count: u64) -> Result<Vec<Vec<u8>>, JoinError> {
        let Some(width) = u16::try_from(count).ok().filter(|width| *width > 0) else {
            return Ok(Vec::new());
        };
        let path = tile_path(TileChoice { of, level: 0, number: first / WIDTH, width });
        let bytes = self.get(&format!("/v1/{path}"))?;
        let frames = decode_all(&bytes, |reader| {
            let mut frames = Vec::with_capacity(usize::from(width));
            for _ in 0..width {
                let len = usize::try_from(reader.u32()?).unwrap_or(usize::MAX);
                frames.push(reader.take(len)?.to_vec());
            }
            Ok(frames)
        })?;
        Ok(frames)
    }
}

/// Older tiles, from the top down: each is the one that the node above it is of.
pub(super) fn check_old(shared: &Shared, old: OldTiles) -> Result<(), JoinError> {
    if old == OldTiles::Leave {
        return Ok(());
    }
    let state = shared.state();
    let (events, headers) = (shared.entries.begin(), shared.blocks.begin());
    check_tree(&state.events, (TileOf::Events, events))?;
    check_tree(&state.headers, (TileOf::Headers, headers))?;
    state.sha256.as_ref().map_or(Ok(()), |tree| check_tree(tree, (TileOf::Sha256, events)))
}

fn check_tree<H: TreeHasher>(
    tree: &Tiles<H>,
    (of, leaves): (TileOf, u64),
) -> Result<(), JoinError> {
    for choice in tiles_of(of, leaves, OldTiles::Fetch).into_iter().rev() {
        if !tree.fits(TileId { level: choice.level, number: choice.number })? {
            return Err(JoinError::Answer(format!("{} is of another tree", tile_path(choice))));
        }
    }
    Ok(())
}

/// Which tiles are fetched of a tree of so many leaves, which fill tiles.
fn tiles_of(of: TileOf, leaves: u64, old: OldTiles) -> Vec<TileChoice> {
    let mut choices = Vec::new();
    let mut full = leaves / WIDTH;
    for level in 0_u8.. {
        if full == 0 {
            break;
        }
        let first = match old {
            OldTiles::Leave => whole_tiles(full),
            OldTiles::Fetch => 0,
        };
        let choice = |number| TileChoice { of, level, number, width: 256 };
        choices.extend((first..full).map(choice));
        full /= WIDTH;
    }
    choices
}

/// As many leaves as fill tiles, of so many.
const fn whole_tiles(leaves: u64) -> u64 {
    leaves.saturating_sub(leaves % WIDTH)
}

fn read_handovers(page: &[u8]) -> Result<Vec<(Block, Vec<u8>)>, JoinError> {
    let parts = decode_all(page, |reader| {
        let count = reader.u16()?;
        let mut parts = Vec::with_capacity(usize::from(count));
        for _ in 0..count {
            let start = reader.at();
            Header::read(reader)?;
            Certificate::read(reader)?;
            let end = reader.at();
            parts.push((start..end, ValidatorSet::read(reader)?.bytes().to_vec()));
        }
        Ok(parts)
    })?;
    let block = |(range, set)| Ok((decode_block(page.get(range).unwrap_or_default())?, set));
    parts.into_iter().map(block).collect()
}

fn write_log(
    (beside, of): (&Path, Of),
    begin: u64,
    (kept, frames): (&[Indexed], &[Vec<u8>]),
) -> Result<(), JoinError> {
    let dir = beside.join("log");
    if begin > 0 {
        Entries::begin_at((&dir, of), begin, kept)?;
    }
    let (entries, _) = Entries::open((&dir, of), SEGMENT_LEN, 0)?;
    if !frames.is_empty() {
        entries.append_batch(&frames.iter().map(Vec::as_slice).collect::<Vec<_>>())?;
    }
    Ok(())
}
