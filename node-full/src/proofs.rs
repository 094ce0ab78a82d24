//! The ways out: proofs, checkpoints and receipts, for trees as of any final header.

mod error;
mod list;
mod state;
mod tiles;
mod way;

use cairn_verifier::digest::{EventId, HeaderDigest, KeyId};
use cairn_verifier::event::SignedEvent;
use cairn_verifier::finality::Header;
use cairn_verifier::receipt::{BracketDraft, MAX_WRAPS, ReceiptDraft};
use cairn_verifier::tree::Proof;
use cairn_verifier::trust::ExtendsProof;
use cairn_verifier::wire::DecodeError;

use crate::metrics::timed;
use crate::node::{Block, Entry, Node, NodeError};

pub use error::ProofError;
pub use state::StateProven;
pub use tiles::{TileChoice, TileOf};
use way::{Given, Way, draft};

/// What the asker trusts already, which decides what a proof must bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the wire format has these three bases")]
pub enum BaseChoice {
    /// The genesis: the proof brings a certificate.
    Genesis,
    /// A header, with its validator set in the proof: newer headers come with a certificate.
    Checkpoint(HeaderDigest),
    /// A header alone: enough for itself and everything older, and never stale.
    Header(HeaderDigest),
}

/// The most leaves of one batch proof.
pub const MAX_BATCH_PROOF: u64 = 10_000;

/// What goes along in a receipt.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "a plain choice")]
pub struct ReceiptWith<'a> {
    /// The stored payload.
    pub payload: bool,
    /// Wraps, by the ids of their recipients' keys.
    pub wraps: &'a [KeyId],
}

impl Node {
    /// The hashes that prove leaf `index` in the event tree of `size` leaves.
    ///
    /// # Errors
    /// [`ProofError::OutOfRange`] unless `index < size <= final size`.
    pub fn inclusion(&self, index: u64, size: u64) -> Result<Vec<[u8; 32]>, ProofError> {
        let state = self.shared().state();
        within("tree size", size, state.final_size())?;
        if index >= size {
            let limit = size.saturating_sub(1);
            return Err(ProofError::OutOfRange { what: "index", limit, found: index });
        }
        timed("cairn_proof_seconds", "inclusion", || Ok(state.events.inclusion(index, size)?))
    }

    /// The hashes that prove the leaves at these indices, strictly ascending, in the event tree of
    /// `size` leaves.
    ///
    /// # Errors
    /// [`ProofError::OutOfRange`] unless every index is below `size`, which is final;
    /// [`ProofError::NotAscending`].
    pub fn batch(&self, indices: &[u64], size: u64) -> Result<Vec<[u8; 32]>, ProofError> {
        let state = self.shared().state();
        within("tree size", size, state.final_size())?;
        let found = u64::try_from(indices.len()).unwrap_or(u64::MAX);
        within("indices", found, MAX_BATCH_PROOF)?;
        if let Some(largest) = indices.iter().max().filter(|index| **index >= size) {
            let limit = size.saturating_sub(1);
            return Err(ProofError::OutOfRange { what: "index", limit, found: *largest });
        }
        if !indices.is_sorted_by(|a, b| a < b) || indices.is_empty() {
            return Err(ProofError::NotAscending);
        }
        timed("cairn_proof_seconds", "batch", || Ok(state.events.batch(indices, size)?))
    }

    /// The hashes that prove the event tree of `old` leaves to be a prefix of that of `new`.
    ///
    /// # Errors
    /// [`ProofError::OutOfRange`] unless `old <= new <= final size`.
    pub fn consistency(&self, old: u64, new: u64) -> Result<Vec<[u8; 32]>, ProofError> {
        let state = self.shared().state();
        within("new tree size", new, state.final_size())?;
        within("old tree size", old, new)?;
        timed("cairn_proof_seconds", "consistency", || Ok(state.events.consistency(old, new)?))
    }

    /// An encoded `ExtendsProof` from one block's header to another's.
    ///
    /// # Errors
    /// [`ProofError::UnknownHeight`], or [`ProofError::OutOfRange`] if `old_height` is larger.
    pub fn extends(&self, old_height: u64, new_height: u64) -> Result<Vec<u8>, ProofError> {
        within("old height", old_height, new_height)?;
        let (old, new) = (self.block_at(old_height)?, self.block_at(new_height)?);
        let header = self.header_proof(&old, &new)?;
        let events = self.consistency(old.header.events.get(), new.header.events.get())?;
        let proof = ExtendsProof { header: Proof::new(&header), events: Proof::new(&events) };
        Ok(proof.encode())
    }

    /// A checkpoint file: the header at a height (the newest if not said), and why it is final.
    ///
    /// # Errors
    /// [`ProofError::UnknownHeight`], [`ProofError::UnknownBase`], [`ProofError::NotInBase`].
    pub fn checkpoint(&self, height: Option<u64>, base: BaseChoice) -> Result<Vec<u8>, ProofError> {
        let block = match height {
            Some(height) => self.block_at(height)?,
            None => self.newest()?,
        };
        let base = self.base(base)?;
        let way = self.way_to(&base, &block)?;
        let genesis = self.genesis().map_err(damaged_genesis)?;
        Ok(draft(&genesis, &base, &block, &way)?.encode())
    }

    /// A receipt for an event.
    ///
    /// # Errors
    /// [`ProofError`].
    pub fn receipt(
        &self,
        id: &EventId,
        base: BaseChoice,
        with: ReceiptWith<'_>,
    ) -> Result<Vec<u8>, ProofError> {
        timed("cairn_proof_seconds", "receipt", || self.make_receipt(id, base, with))
    }

    fn make_receipt(
        &self,
        id: &EventId,
        base: BaseChoice,
        with: ReceiptWith<'_>,
    ) -> Result<Vec<u8>, ProofError> {
        let entry = self.entry(id)?.ok_or(ProofError::UnknownEvent(*id))?;
        let height = entry.height.ok_or(ProofError::NotFinal(*id))?;
        let base = self.base(base)?;
        let index = entry.index;
        let damaged = |reason| NodeError::Damaged { what: "entry", index, reason };
        let writer = SignedEvent::decode(&entry.signed).map_err(damaged)?.body().writer;
        let (header, way, name) = match &base {
            Given::Checkpoint(trusted, _) | Given::Header(trusted)
                if trusted.header.events.leaf(entry.index).is_some() =>
            {
                let name = self.name_under(trusted, (index, &writer))?;
                (trusted.clone(), Way::Trusted, name)
            }
            Given::Header(trusted) => {
                let (base, found) = (trusted.header.events.get(), entry.index);
                return Err(ProofError::NotInBase { base, found });
            }
            Given::Genesis | Given::Checkpoint(..) => {
                let (newest, name) = self.newest_named(index, &writer)?;
                let way = self.way_to(&base, &newest)?;
                (newest, way, name)
            }
        };
        let genesis = self.genesis().map_err(damaged_genesis)?;
        let inclusion = self.inclusion(entry.index, header.header.events.get())?;
        let bracket = self.bracket(height, &header)?;
        let payload = if with.payload { Some(self.payload_of(&entry)?) } else { None };
        let receipt = ReceiptDraft {
            finality: draft(&genesis, &base, &header, &way)?,
            index: entry.index,
            inclusion: Proof::new(&inclusion),
            event: &entry.signed,
            bracket: bracket.draft(),
            payload: payload.as_deref(),
            wraps: &self.wraps_of(id, with.wraps)?,
            name: name.as_ref().map(|(record, proof)| (record.as_slice(), proof.as_slice())),
        };
        Ok(receipt.encode())
    }

    fn newest(&self) -> Result<Block, ProofError> {
        self.head().ok_or(ProofError::UnknownHeight { height: 0, newest: 0 })
    }

    fn block_at(&self, height: u64) -> Result<Block, ProofError> {
        let newest = || self.shared().head().map_or(0, |head| head.header.height);
        self.block(height)?.ok_or_else(|| ProofError::UnknownHeight { height, newest: newest() })
    }

    fn base(&self, choice: BaseChoice) -> Result<Given, ProofError> {
        let trusted = |digest: HeaderDigest| {
            let height = self.block_by_digest(&digest)?.ok_or(ProofError::UnknownBase(digest))?;
            self.block_at(height)
        };
        match choice {
            BaseChoice::Genesis => Ok(Given::Genesis),
            BaseChoice::Checkpoint(digest) => {
                let block = trusted(digest)?;
                let set = self.shared().set_at(block.header.height.saturating_add(1));
                Ok(Given::Checkpoint(block, set.ok_or(ProofError::UnknownBase(digest))?))
            }
            BaseChoice::Header(digest) => trusted(digest).map(Given::Header),
        }
    }

    /// The older header in the newer one's tree; empty between one and the same.
    fn header_proof(&self, old: &Block, new: &Block) -> Result<Vec<[u8; 32]>, ProofError> {
        let (old, new) = (old.header.height, new.header.height);
        if old == new {
            return Ok(Vec::new());
        }
        Ok(self.shared().state().headers.inclusion(old, new)?)
    }

    /// The block that holds an event, and the header before it.
    fn bracket(&self, height: u64, header: &Block) -> Result<Held, ProofError> {
        let block = if height == header.header.height {
            None
        } else {
            let block = self.block_at(height)?;
            let proof = self.header_proof(&block, header)?;
            Some((block.header, proof))
        };
        let before = height.checked_sub(1).map(|before| self.block_at(before)).transpose()?;
        Ok(Held { block, before: before.map(|before| before.header) })
    }

    fn payload_of(&self, entry: &Entry) -> Result<Vec<u8>, ProofError> {
        let index = entry.index;
        let damaged = |reason| NodeError::Damaged { what: "entry", index, reason };
        let event = SignedEvent::decode(&entry.signed).map_err(damaged)?;
        let none = || ProofError::NoPayload(entry.id);
        let digest = event.body().payload.stored().ok_or_else(none)?;
        match self.payload(&digest)? {
            Some(bytes) => Ok(bytes),
            None if self.shared().is_redacted(&entry.id)? => Err(ProofError::Redacted(entry.id)),
            None => Err(none()),
        }
    }

    fn wraps_of(&self, event: &EventId, keys: &[KeyId]) -> Result<Vec<Vec<u8>>, ProofError> {
        let found = u64::try_from(keys.len()).unwrap_or(u64::MAX);
        within("wraps", found, u64::from(MAX_WRAPS))?;
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let wrap = |key: &KeyId| {
            let wrap = self.wrap(event, key)?;
            let none = || ProofError::NoWrap { event: *event, recipient: *key };
            Ok(wrap.ok_or_else(none)?.to_vec())
        };
        keys.iter().map(wrap).collect()
    }
}

/// The block that holds an event if it is not the receipt's header, and the header before it.
struct Held {
    block: Option<(Header, Vec<[u8; 32]>)>,
    before: Option<Header>,
}

impl Held {
    fn draft(&self) -> BracketDraft<'_> {
        let block = self.block.as_ref();
        BracketDraft {
            block: block.map(|(header, proof)| (header, Proof::new(proof))),
            before: self.before.as_ref(),
        }
    }
}

fn within(what: &'static str, found: u64, limit: u64) -> Result<(), ProofError> {
    if found <= limit { Ok(()) } else { Err(ProofError::OutOfRange { what, limit, found }) }
}

const fn damaged_genesis(reason: DecodeError) -> ProofError {
    ProofError::Node(NodeError::Damaged { what: "genesis", index: 0, reason })
}
