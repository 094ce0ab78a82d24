//! What the node knows in memory: both trees, the index, the blocks. Everything here follows
//! from the segments, holds only what is durable, and is rebuilt when the node opens.

use std::collections::BTreeMap;
use std::sync::Arc;

use cairn_store::tiles::Tiles;
use cairn_verifier::digest::{EventId, HeaderDigest, KeyId, StreamId};
use cairn_verifier::event::{EventBody, Party};
use cairn_verifier::tree::Blake3;

use super::Block;

/// Whose sequence numbers: a writer's, in a stream.
pub(crate) type Place = (StreamId, KeyId);

/// All of it.
#[derive(Debug)]
pub(crate) struct State {
    /// The tree of accepted events.
    pub(crate) events: Tiles<Blake3>,
    /// The tree of all headers.
    pub(crate) headers: Tiles<Blake3>,
    pub(crate) index: Index,
    pub(crate) blocks: Blocks,
    /// Which key record is an event's: the last one, if a crash made it be written twice.
    pub(crate) records: BTreeMap<EventId, u64>,
}

/// Something that entries are found by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Term {
    /// `kind/id` or id.
    Actor(String),
    /// `kind/id` or id.
    Resource(String),
    Type(String),
    Stream(StreamId),
    Writer(KeyId),
}

/// What is known of accepted events.
#[derive(Debug, Default)]
pub(crate) struct Index {
    ids: BTreeMap<EventId, u64>,
    /// Claimed times by index.
    times: Vec<u64>,
    /// Next sequence number and last event.
    writers: BTreeMap<Place, (u64, EventId)>,
    /// Indices by term, ascending.
    postings: BTreeMap<Term, Vec<u64>>,
}

impl Index {
    /// Takes in the next entry.
    pub(crate) fn push(&mut self, id: EventId, body: &EventBody<'_>) {
        let index = u64::try_from(self.times.len()).unwrap_or(u64::MAX);
        self.ids.insert(id, index);
        self.times.push(body.time.0);
        let next = body.sequence.saturating_add(1);
        self.writers.insert((body.stream, body.writer), (next, id));
        for term in terms(body) {
            self.postings.entry(term).or_default().push(index);
        }
    }

    /// The index of an event.
    pub(crate) fn find(&self, id: &EventId) -> Option<u64> {
        self.ids.get(id).copied()
    }

    /// Next sequence number and last event of a writer in a stream.
    pub(crate) fn next_of(&self, place: &Place) -> (u64, EventId) {
        self.writers.get(place).copied().unwrap_or((0, EventId::ZERO))
    }

    /// The claimed time of an entry.
    pub(crate) fn time(&self, index: u64) -> Option<u64> {
        self.times.get(usize::try_from(index).ok()?).copied()
    }

    /// The entries with a term, ascending.
    pub(crate) fn posting(&self, term: &Term) -> &[u64] {
        self.postings.get(term).map(Vec::as_slice).unwrap_or_default()
    }
}

fn terms(body: &EventBody<'_>) -> [Term; 7] {
    let with_kind = |party: &Party<'_>| format!("{}/{}", party.kind, party.id);
    let resource = &body.resource.party;
    [
        Term::Actor(with_kind(&body.actor)),
        Term::Actor(body.actor.id.to_owned()),
        Term::Resource(with_kind(resource)),
        Term::Resource(resource.id.to_owned()),
        Term::Type(body.event_type.to_owned()),
        Term::Stream(body.stream),
        Term::Writer(body.writer),
    ]
}

/// What is known of blocks.
#[derive(Debug, Default)]
pub(crate) struct Blocks {
    /// Tree sizes by height.
    sizes: Vec<u64>,
    heights: BTreeMap<HeaderDigest, u64>,
    head: Option<Arc<Block>>,
}

impl Blocks {
    /// Takes in the next block.
    pub(crate) fn push(&mut self, block: Arc<Block>) {
        self.sizes.push(block.header.events.get());
        self.heights.insert(block.digest, block.header.height);
        self.head = Some(block);
    }

    /// The newest block.
    pub(crate) const fn head(&self) -> Option<&Arc<Block>> {
        self.head.as_ref()
    }

    /// How many events are final.
    pub(crate) fn final_size(&self) -> u64 {
        self.sizes.last().copied().unwrap_or(0)
    }

    /// The height of the block that holds an entry, if one does.
    pub(crate) fn height_of(&self, index: u64) -> Option<u64> {
        let height = self.sizes.partition_point(|size| *size <= index);
        self.sizes.get(height)?;
        u64::try_from(height).ok()
    }

    pub(crate) fn height_of_digest(&self, digest: &HeaderDigest) -> Option<u64> {
        self.heights.get(digest).copied()
    }
}
