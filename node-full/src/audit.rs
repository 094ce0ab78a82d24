//! What was done through the API, logged as events of the stream `system`, beside the system's own
//! events: reading keys, administration, and who logged how much.
//!
//! | event type | actor | resource | logged |
//! |---|---|---|---|
//! | `cairn.key.read` | `member` | `event`, its id | durable before the key is answered, or `denied` |
//! | `cairn.admin.…` | `api-key`, `token` | what was done | durable before it is answered |
//! | `cairn.api.write` | `api-key`, `token` | `log`, its id | once a second for each caller: `requests`, `events`, `first`, `last` index |
//!
//! Plain reads are not logged, so that reading never grows the log; nor are writes of callers who
//! showed no key, of whom there is nothing to say that their events do not. Addresses are not
//! logged: an event is public and permanent.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::access::Caller;
use crate::ingest::{
    Accepted, Draft, DraftKind, DraftOutcome, DraftParty, DraftResource, Submission,
};
use crate::node::{Node, NodeError};
use crate::system::SYSTEM_STREAM;

/// Something that was done.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "an event has these fields")]
pub struct AuditRecord {
    /// The event type, for example `cairn.key.read`.
    pub event_type: &'static str,
    /// Who did it: kind and id.
    pub actor: (&'static str, String),
    /// On what: kind and id.
    pub resource: (&'static str, String),
    /// How it ended.
    pub outcome: DraftOutcome,
    /// More, as keys and values.
    pub metadata: BTreeMap<String, String>,
}

impl AuditRecord {
    /// A record of what succeeds.
    #[must_use]
    pub fn new(
        event_type: &'static str,
        actor: (&'static str, String),
        resource: (&'static str, String),
    ) -> Self {
        let (outcome, metadata) = (DraftOutcome::Success, BTreeMap::new());
        Self { event_type, actor, resource, outcome, metadata }
    }

    /// Says more.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl std::fmt::Display) -> Self {
        self.metadata.insert(key.to_owned(), value.to_string());
        self
    }

    fn draft(self) -> Draft {
        let ((actor_kind, actor), (kind, id)) = (self.actor, self.resource);
        Draft {
            stream: Some(SYSTEM_STREAM.to_owned()),
            event_type: self.event_type.to_owned(),
            actor: DraftParty { kind: actor_kind.to_owned(), id: actor },
            resource: DraftResource { kind: kind.to_owned(), id, parent: String::new() },
            outcome: self.outcome,
            reason: String::new(),
            metadata: self.metadata,
            time: None,
            kind: DraftKind::Record,
            payload: None,
        }
    }
}

impl Node {
    /// Logs what is about to be answered, signed by the node, and returns when it is durable. A
    /// log without the stream `system` has no place for it and goes on without; that is said
    /// when the node opens.
    ///
    /// # Errors
    /// [`NodeError::NotAudited`]; then it must not be done.
    pub fn audit(&self, record: AuditRecord) -> Result<(), NodeError> {
        if self.system_stream().is_none() {
            return Ok(());
        }
        let submitted = self.submit_own(vec![Submission::Draft(record.draft())]);
        submitted.map(drop).map_err(|refused| NodeError::NotAudited(Box::new(refused.reason)))
    }
}

/// Who logged how much since the last second.
#[derive(Debug, Default)]
pub(crate) struct Writes {
    waiting: Mutex<BTreeMap<Caller, Written>>,
    /// Held while what was remembered is being logged, so that who stops the node waits for it.
    flushing: Mutex<()>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Written {
    requests: u64,
    events: u64,
    first: Option<u64>,
    last: Option<u64>,
}

impl Written {
    fn and(self, other: Self) -> Self {
        Self {
            requests: self.requests.saturating_add(other.requests),
            events: self.events.saturating_add(other.events),
            first: self.first.into_iter().chain(other.first).min(),
            last: self.last.max(other.last),
        }
    }
}

impl Writes {
    /// Remembers a request that was taken.
    pub(crate) fn note(&self, caller: &Caller, accepted: &[Accepted]) {
        let new: Vec<_> = accepted.iter().filter(|event| !event.duplicate).collect();
        let indices = || new.iter().filter_map(|event| event.index);
        if !new.is_empty() && caller.party().is_some() {
            let events = u64::try_from(new.len()).unwrap_or(u64::MAX);
            // Where many validators agree on blocks, events have no index yet.
            let (first, last) = (indices().min(), indices().max());
            self.add(caller.clone(), Written { requests: 1, events, first, last });
        }
    }

    fn add(&self, caller: Caller, written: Written) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let sum = waiting.get(&caller).map_or(written, |before| before.and(written));
        waiting.insert(caller, sum);
    }

    /// Logs what was remembered. What cannot be logged now is kept for the next time.
    pub(crate) fn flush(&self, node: &Node) {
        let _flushing = self.flushing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = std::mem::take(&mut *waiting);
        for (caller, written) in waiting {
            let Some((kind, id)) = caller.party() else { continue };
            let actor = (kind, id.to_owned());
            let mut record =
                AuditRecord::new("cairn.api.write", actor, ("log", node.log().to_string()))
                    .with("requests", written.requests)
                    .with("events", written.events);
            if let (Some(first), Some(last)) = (written.first, written.last) {
                record = record.with("first", first).with("last", last);
            }
            if let Err(error) = node.audit(record) {
                tracing::warn!(%error, "who logged what is not logged yet");
                self.add(caller, written);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use cairn_verifier::digest::EventId;

    use super::*;

    fn accepted(index: u64, duplicate: bool) -> Accepted {
        Accepted { id: EventId::ZERO, index: Some(index), duplicate }
    }

    #[test]
    fn requests_of_a_second_are_one_record_for_each_caller() {
        let writes = Writes::default();
        let (ann, bob) = (Caller::Key("ann".to_owned()), Caller::Subject("ann".to_owned()));
        writes.note(&ann, &[accepted(7, false), accepted(3, true), accepted(8, false)]);
        writes.note(&ann, &[accepted(5, false)]);
        writes.note(&ann, &[accepted(5, true)]);
        writes.note(&bob, &[accepted(6, false)]);
        writes.note(&Caller::Anyone, &[accepted(9, false)]);
        let waiting = writes.waiting.lock().unwrap();
        let expected = [
            (ann, Written { requests: 2, events: 3, first: Some(5), last: Some(8) }),
            (bob, Written { requests: 1, events: 1, first: Some(6), last: Some(6) }),
        ];
        assert_eq!(*waiting, BTreeMap::from(expected));
    }
}
