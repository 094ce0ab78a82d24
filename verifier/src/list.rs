//! Many events under one final header, in one file: what a page of a log, or a batch, is checked by.
//! One certificate, one batch proof, and each writer's name once.

use alloc::vec::Vec;

use crate::check::{Check, Observer};
use crate::digest::{EventId, KeyId};
use crate::error::Error;
use crate::event::{EventError, SignedEvent};
use crate::fact::{FinalHeader, VerifiedEvent};
use crate::state::{Record, StateError, StateProof, StateRecord, name_at, verify_present};
use crate::terms::{Cost, Terms};
use crate::tree::{BatchProof, Blake3, Kind, verify_batch_inclusion};
use crate::trust::{FinalityProof, TrustAnchor};
use crate::wire::{DecodeError, Reader, Refused};

const VERSION: u8 = 1;
const FILE_TYPE: u8 = b'L';

/// The longest list in bytes.
pub const MAX_LIST_LEN: usize = 64 << 20;
/// The most events of a list.
pub const MAX_EVENTS: u16 = 10_000;
/// The most hashes of its batch proof: a tree has at most 53 levels.
const MAX_HASHES: u32 = 530_000;

/// A decoded list: a claim, until [`verify`].
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "the wire format has these fields")]
pub struct EventList<'a> {
    /// From the anchor to a final header.
    pub finality: FinalityProof<'a>,
    /// The events with their indexes, which ascend strictly.
    pub events: Vec<(u64, SignedEvent<'a>)>,
    /// All of them in the header's tree.
    pub inclusion: BatchProof<'a>,
    /// Records of writers' keys in the header's state, strictly ascending by path.
    pub names: Vec<(Record<'a>, StateProof<'a>)>,
}

impl<'a> EventList<'a> {
    /// Decodes a list.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        crate::wire::decode_within(("list length", MAX_LIST_LEN), bytes, Self::read)
    }

    fn read(reader: &mut Reader<'a>) -> Result<Self, Refused> {
        reader.file(VERSION, FILE_TYPE)?;
        Ok(Self {
            finality: FinalityProof::read(reader)?,
            events: read_events(reader)?,
            inclusion: BatchProof::read(reader, MAX_HASHES)?,
            names: read_names(reader)?,
        })
    }

    fn cost(&self, known: Cost) -> Cost {
        let cost = self.finality.cost(known).and(0, self.inclusion.len());
        let signatures = |(_, event): &(u64, SignedEvent<'_>)| event.signatures().count().into();
        let signatures = self.events.iter().map(signatures).fold(0, usize::saturating_add);
        let depths = self.names.iter().map(|(_, proof)| proof.depth());
        cost.and(signatures, depths.fold(0, usize::saturating_add))
    }
}

fn read_events<'a>(reader: &mut Reader<'a>) -> Result<Vec<(u64, SignedEvent<'a>)>, Refused> {
    let (mut events, mut previous) = (Vec::new(), None);
    for _ in 0..reader.count16("event count", MAX_EVENTS)? {
        let index = reader.number("index")?;
        reader.ascends("indexes of a list", &mut previous, index)?;
        events.push((index, SignedEvent::read(reader)?));
    }
    Ok(events)
}

fn read_names<'a>(reader: &mut Reader<'a>) -> Result<Vec<(Record<'a>, StateProof<'a>)>, Refused> {
    let (mut names, mut previous) = (Vec::new(), None);
    for _ in 0..reader.count16("name count", MAX_EVENTS)? {
        let record = Record::read(reader)?;
        reader.ascends("names of a list", &mut previous, record.path())?;
        names.push((record, StateProof::read(reader)?));
    }
    Ok(names)
}

/// A list that holds: every event a fact under one header.
#[derive(Clone, Debug)]
pub struct VerifiedList<'a> {
    header: FinalHeader,
    events: Vec<VerifiedEvent<'a>>,
}

impl<'a> VerifiedList<'a> {
    /// The header whose tree all events are in.
    #[must_use]
    pub const fn header(&self) -> &FinalHeader {
        &self.header
    }

    /// The events, ascending by index.
    #[must_use]
    pub fn events(&self) -> &[VerifiedEvent<'a>] {
        &self.events
    }
}

/// Verifies a list against the anchor that the user pinned: SPEC.md, "Event lists".
///
/// # Errors
/// The first check that fails, as an [`Error`] with both sides.
pub fn verify<'a, 't>(
    bytes: &'a [u8],
    anchor: TrustAnchor,
    terms: impl Into<Terms<'t>>,
    observer: &mut dyn Observer,
) -> Result<VerifiedList<'a>, Error> {
    let terms = terms.into();
    terms.budget.allow_bytes(bytes, MAX_LIST_LEN)?;
    let list = EventList::decode(bytes)?;
    terms.budget.allow(list.cost(Cost::of_bytes(bytes)))?;
    observer.passed(Check::Decoded { bytes: bytes.len() });
    let (header, _) = list.finality.verify_on(anchor, &terms, observer)?;
    let mut events = verify_events(&list, &header, observer)?;
    for (record, proof) in &list.names {
        let key = verify_key(&header, record, proof)?;
        observer.passed(Check::Name { key });
        for event in &mut events {
            if let Ok(name) = name_at(record, event.event().writer, event.index()) {
                *event = event.with_writer_name(Some(name));
            }
        }
    }
    Ok(VerifiedList { header, events })
}

fn verify_events<'a>(
    list: &EventList<'a>,
    header: &FinalHeader,
    observer: &mut dyn Observer,
) -> Result<Vec<VerifiedEvent<'a>>, Error> {
    let log = header.header().log;
    let hasher = Blake3::new(Kind::Event, *log.as_bytes());
    let (mut events, mut leaves) = (Vec::new(), Vec::new());
    for (index, event) in &list.events {
        let body = event.body();
        if body.log != log {
            return Err(EventError::OtherLog { expected: log, found: body.log }.into());
        }
        let (id, suite): (EventId, _) = event.verify()?;
        observer.passed(Check::Writer { event: id, key: body.writer, suite });
        leaves.push((*index, hasher.leaf(*index, id.as_bytes())));
        events.push(VerifiedEvent::new(*header, *index, (id, *body, suite)));
    }
    let (size, root) = (header.header().events, header.header().event_root);
    verify_batch_inclusion(&hasher, size, &leaves, list.inclusion, &root)?;
    for event in &events {
        let (index, size, steps) = (event.index(), size.get(), list.inclusion.len());
        observer.passed(Check::Included { index, size, root, steps });
    }
    Ok(events)
}

/// The id of the key whose record is present under the header.
fn verify_key(
    header: &FinalHeader,
    record: &Record<'_>,
    proof: &StateProof<'_>,
) -> Result<KeyId, Error> {
    let StateRecord::Key { id, .. } = *record.content() else {
        let found = record.content().key().kind();
        return Err(StateError::OtherRecord { expected: 2, found }.into());
    };
    verify_present(header, record, proof)?;
    Ok(id)
}

/// What a node puts together.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "the wire format has these fields")]
pub struct ListDraft<'a> {
    /// From the anchor to a final header.
    pub finality: crate::trust::FinalityDraft<'a>,
    /// Indexes, ascending, and encoded signed events.
    pub events: &'a [(u64, Vec<u8>)],
    /// All of them in the header's tree.
    pub inclusion: BatchProof<'a>,
    /// Encoded records of writers' keys and their encoded proofs, in any order.
    pub names: &'a [(Vec<u8>, Vec<u8>)],
}

impl ListDraft<'_> {
    /// Encodes the list.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = crate::wire::Writer::new();
        self.finality.write(writer.u8(VERSION).u8(FILE_TYPE));
        writer.len16(self.events.len());
        for (index, event) in self.events {
            writer.u64(*index).raw(event);
        }
        self.inclusion.write(&mut writer);
        let mut names: Vec<_> = self.names.iter().collect();
        names.sort_by_key(|(record, _)| Record::decode(record).map(|record| record.path()).ok());
        writer.len16(names.len());
        for (record, proof) in names {
            writer.len16(record.len()).raw(record).raw(proof);
        }
        writer.into_bytes()
    }
}
