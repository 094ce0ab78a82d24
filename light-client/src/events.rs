//! Events that were verified many at a time, and what may be said of all of a writer's.

use cairn_verifier::check::Check;
use cairn_verifier::digest::{EventId, KeyId, StreamId};
use cairn_verifier::fact::{Standing, VerifiedEvent};
use cairn_verifier::list::{self, VerifiedList};
use cairn_verifier::{FinalHeader, TrustAnchor, UnixMillis, json};

use crate::error::ClientError;
use crate::sync::joined;

/// An event that was verified with others. Made by [`CheckedList::check`] only.
#[derive(Clone, Debug)]
pub struct CheckedEvent {
    id: EventId,
    index: u64,
    stream: StreamId,
    writer: KeyId,
    writer_name: Option<String>,
    view: String,
}

impl CheckedEvent {
    fn of(fact: &VerifiedEvent<'_>, standing: &Standing) -> Self {
        Self {
            id: fact.id(),
            index: fact.index(),
            stream: fact.event().stream,
            writer: fact.event().writer,
            writer_name: fact.writer_name().map(str::to_owned),
            view: json::verified_event(fact, standing),
        }
    }

    /// The event's id.
    #[must_use]
    pub const fn id(&self) -> EventId {
        self.id
    }

    /// The event's place in the log, from 0.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// The stream it is in.
    #[must_use]
    pub const fn stream(&self) -> StreamId {
        self.stream
    }

    /// The key that signed it.
    #[must_use]
    pub const fn writer(&self) -> KeyId {
        self.writer
    }

    /// The member that the log's state gives that key to, if the list proves it.
    #[must_use]
    pub fn writer_name(&self) -> Option<&str> {
        self.writer_name.as_deref()
    }

    /// The event as JSON, in the shape of a receipt's view.
    #[must_use]
    pub fn view(&self) -> &str {
        &self.view
    }
}

/// An event list that was verified, with its bytes: a file to keep, and to verify again.
#[derive(Clone, Debug)]
pub struct CheckedList {
    bytes: Vec<u8>,
    anchor: TrustAnchor,
    now: UnixMillis,
    header: FinalHeader,
    standing: Standing,
    events: Vec<CheckedEvent>,
}

impl CheckedList {
    /// Verifies a list.
    ///
    /// # Errors
    /// The first check that fails, as [`ClientError::Verify`].
    pub fn check(
        bytes: Vec<u8>,
        anchor: TrustAnchor,
        now: UnixMillis,
    ) -> Result<Self, ClientError> {
        Self::check_on(bytes, (anchor, None), now)
    }

    /// The same for a list whose base is a header that this client holds as a fact.
    pub(crate) fn check_under(
        bytes: Vec<u8>,
        head: &FinalHeader,
        standing: Standing,
        now: UnixMillis,
    ) -> Result<Self, ClientError> {
        let anchor = TrustAnchor::Checkpoint(head.digest());
        Self::check_on(bytes, (anchor, Some(standing)), now)
    }

    fn check_on(
        bytes: Vec<u8>,
        (anchor, below): (TrustAnchor, Option<Standing>),
        now: UnixMillis,
    ) -> Result<Self, ClientError> {
        let (header, standing, events) = {
            let list = list::verify(&bytes, anchor, now, &mut Vec::<Check>::new())?;
            let own = list.header().standing();
            let standing = below.map_or(own, |below| joined(below, own));
            let events = list.events().iter().map(|fact| CheckedEvent::of(fact, &standing));
            (*list.header(), standing, events.collect())
        };
        Ok(Self { bytes, anchor, now, header, standing, events })
    }

    /// Reads the facts themselves, which borrow the list's bytes: verifies them again.
    ///
    /// # Errors
    /// None in practice: the same bytes passed the same checks before.
    pub fn with<T>(&self, read: impl FnOnce(&VerifiedList<'_>) -> T) -> Result<T, ClientError> {
        Ok(read(&self.verified()?))
    }

    pub(crate) fn verified(&self) -> Result<VerifiedList<'_>, ClientError> {
        Ok(list::verify(&self.bytes, self.anchor, self.now, &mut Vec::<Check>::new())?)
    }

    /// The events, ascending by index.
    #[must_use]
    pub fn events(&self) -> &[CheckedEvent] {
        &self.events
    }

    /// The final header whose tree they are in.
    #[must_use]
    pub const fn header(&self) -> &FinalHeader {
        &self.header
    }

    /// What the verdict rests on, from the anchor that the user pinned.
    #[must_use]
    pub const fn standing(&self) -> Standing {
        self.standing
    }

    /// The list's bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What the list's base is pinned to: the user's anchor, or a head verified under it.
    #[must_use]
    pub const fn base(&self) -> TrustAnchor {
        self.anchor
    }
}

/// Some of the events that a query finds, each verified.
#[derive(Clone, Debug)]
pub struct EventPage {
    pub(crate) events: Vec<CheckedEvent>,
    pub(crate) header: FinalHeader,
    pub(crate) all_between: Option<(u64, u64)>,
    pub(crate) next: Option<String>,
}

impl EventPage {
    /// The events, in the query's order.
    #[must_use]
    pub fn events(&self) -> &[CheckedEvent] {
        &self.events
    }

    /// The header under which all of them were verified: nothing is said of what came after it.
    #[must_use]
    pub const fn header(&self) -> &FinalHeader {
        &self.header
    }

    /// From which index up to which (not included) these are *all* that pass the query's filters:
    /// every event there was verified and looked at here. `None`: the node chose, and a node can
    /// leave out. That a writer's are all is proven by [`History`].
    #[must_use]
    pub const fn all_between(&self) -> Option<(u64, u64)> {
        self.all_between
    }

    /// Where the next page begins, as `cursor`; `None` at the end.
    #[must_use]
    pub fn next(&self) -> Option<&str> {
        self.next.as_deref()
    }
}

/// All events of one key in one stream, up to a final header, none left out.
#[derive(Clone, Debug)]
pub struct History {
    pub(crate) stream: StreamId,
    pub(crate) writer: KeyId,
    pub(crate) header: FinalHeader,
    pub(crate) events: Vec<CheckedEvent>,
}

impl History {
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

    /// The header up to which it is complete.
    #[must_use]
    pub const fn header(&self) -> &FinalHeader {
        &self.header
    }

    /// The events, oldest first.
    #[must_use]
    pub fn events(&self) -> &[CheckedEvent] {
        &self.events
    }
}

/// Indexes as the node's API takes them: `3,5,9-40`.
pub(crate) fn ranges(indexes: &[u64]) -> String {
    let mut text = String::new();
    let mut rest = indexes;
    while let Some((&first, after)) = rest.split_first() {
        let in_row = (1_u64..).zip(after).take_while(|(n, at)| first.checked_add(*n) == Some(**at));
        let count = in_row.count();
        if !text.is_empty() {
            text.push(',');
        }
        text.push_str(&first.to_string());
        if let Some(last) = count.checked_sub(1).and_then(|at| after.get(at)) {
            text.push('-');
            text.push_str(&last.to_string());
        }
        rest = after.get(count..).unwrap_or_default();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::ranges;

    #[test]
    fn indexes_in_a_row_are_one_range() {
        for (indexes, text) in [
            (&[][..], ""),
            (&[3], "3"),
            (&[3, 4], "3-4"),
            (&[0, 2, 3, 4, 9], "0,2-4,9"),
            (&[u64::MAX - 1, u64::MAX], "18446744073709551614-18446744073709551615"),
        ] {
            assert_eq!(ranges(indexes), text);
        }
    }
}
