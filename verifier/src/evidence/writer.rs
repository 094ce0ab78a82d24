//! Two events of one writer at one sequence.

use super::EvidenceError;
use crate::digest::{EventId, KeyId, LogId, StreamId};
use crate::error::Error;
use crate::event::{EventBody, SignedEvent};
use crate::wire::{Reader, Refused};

/// Two signed events, ascending by id.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "the wire format has these fields")]
pub struct WriterConflictProof<'a> {
    /// The events.
    pub events: [SignedEvent<'a>; 2],
}

/// A writer that signed two events at one sequence of one stream. A fact.
#[derive(Clone, Copy, Debug)]
pub struct WriterConflict {
    log: LogId,
    stream: StreamId,
    writer: KeyId,
    sequence: u64,
    events: [EventId; 2],
}

impl WriterConflict {
    /// The log.
    #[must_use]
    pub const fn log(&self) -> LogId {
        self.log
    }

    /// The stream.
    #[must_use]
    pub const fn stream(&self) -> StreamId {
        self.stream
    }

    /// The writer's key.
    #[must_use]
    pub const fn writer(&self) -> KeyId {
        self.writer
    }

    /// The sequence that both events have.
    #[must_use]
    pub const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The events, ascending by id.
    #[must_use]
    pub const fn events(&self) -> [EventId; 2] {
        self.events
    }
}

impl<'a> WriterConflictProof<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, Refused> {
        let events = [SignedEvent::read(reader)?, SignedEvent::read(reader)?];
        let [first, second] = &events;
        if first.id() >= second.id() {
            return Err(reader.not_ascending("events of a conflict"));
        }
        Ok(Self { events })
    }

    /// Checks that both are of one place, and every signature.
    ///
    /// # Errors
    /// [`EvidenceError::OtherPlace`]; what [`SignedEvent::verify`] fails with.
    pub fn verify(&self) -> Result<WriterConflict, Error> {
        let [first, second] = &self.events;
        let place = |body: &EventBody<'_>| (body.log, body.stream, body.writer, body.sequence);
        let (log, stream, writer, sequence) = place(first.body());
        if place(second.body()) != (log, stream, writer, sequence) {
            return Err(EvidenceError::OtherPlace.into());
        }
        let ((first, _), (second, _)) = (first.verify()?, second.verify()?);
        Ok(WriterConflict { log, stream, writer, sequence, events: [first, second] })
    }
}
