//! All events of a writer in a stream, none left out.

use super::{Present, StateError, StateRecord};
use crate::digest::{EventId, KeyId, StreamId};
use crate::error::Error;
use crate::event::EventError;
use crate::fact::{FinalHeader, VerifiedEvent};

/// That some events are all that a key wrote in a stream, up to a final header. A fact.
#[derive(Clone, Copy, Debug)]
pub struct WriterHistory {
    header: FinalHeader,
    stream: StreamId,
    writer: KeyId,
    events: u64,
}

impl WriterHistory {
    /// The header up to which it is complete.
    #[must_use]
    pub const fn header(&self) -> &FinalHeader {
        &self.header
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

    /// How many events there are.
    #[must_use]
    pub const fn events(&self) -> u64 {
        self.events
    }
}

/// Checks that `events`, in order of their sequence, are all that the head's writer wrote in its
/// stream up to the head's header. That a key wrote nothing there is the absence of its head.
///
/// # Errors
/// [`StateError::OtherRecord`] for a record that is no head, [`EventError::OtherLog`], and the
/// `History…` errors of [`StateError`].
pub fn verify_history<'e, 'a: 'e>(
    head: &Present<'_>,
    events: impl IntoIterator<Item = &'e VerifiedEvent<'a>>,
) -> Result<WriterHistory, Error> {
    let StateRecord::Head { stream, writer, next, last } = *head.record().content() else {
        let found = head.record().content().key().kind();
        return Err(StateError::OtherRecord { expected: 7, found }.into());
    };
    let (mut count, mut previous) = (0_u64, EventId::ZERO);
    for event in events {
        let body = event.event();
        let (expected, found) = (head.header().header().log, body.log);
        if expected != found {
            return Err(EventError::OtherLog { expected, found }.into());
        }
        if body.stream != stream {
            return Err(StateError::HistoryStream { expected: stream, found: body.stream }.into());
        }
        if body.writer != writer {
            return Err(StateError::HistoryWriter { expected: writer, found: body.writer }.into());
        }
        if body.sequence != count {
            return Err(
                StateError::HistorySequence { expected: count, found: body.sequence }.into()
            );
        }
        if body.previous != previous {
            return Err(
                StateError::HistoryPrevious { expected: previous, found: body.previous }.into()
            );
        }
        (count, previous) = (count.saturating_add(1), event.id());
    }
    if (count, previous) != (next, last) {
        return Err(StateError::HistoryIncomplete { expected: next, found: count }.into());
    }
    Ok(WriterHistory { header: *head.header(), stream, writer, events: count })
}
