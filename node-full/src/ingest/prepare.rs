//! The checks that need no place in the log: done in the submitter's thread, before the queue.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use cairn_verifier::UnixMillis;
use cairn_verifier::digest::{self, EventId, KeyId, PayloadDigest};
use cairn_verifier::event::{
    EventBody, EventError, Kind, MAX_PAYLOAD_LEN, Metadata, Party, Payload, Resource, SignedEvent,
    encode_metadata,
};
use cairn_verifier::payload::Fields;
use cairn_verifier::pcek::v2;

use super::payload::FitPayload;
use super::system::{self, SystemReady};
use super::{Draft, DraftPayload, MAX_BATCH, Refusal, Refused, SealedDraft, Submission};
use crate::node::{KeyRecord, Place, Shared, StreamName, Writers};
use crate::system::{SYSTEM_STREAM, SystemEvent};

/// A submission that was checked as far as possible without a place in the log.
#[derive(Debug)]
pub(crate) enum Prepared {
    Signed(SignedReady),
    Draft(DraftReady),
}

impl Prepared {
    /// About how many bytes its event has.
    pub(super) const fn about(&self) -> usize {
        match self {
            Self::Signed(event) => event.bytes.len(),
            Self::Draft(draft) => draft.metadata.len().saturating_add(1_024),
        }
    }
}

/// A signed event whose signature holds and whose payload is its own.
#[derive(Debug)]
pub(crate) struct SignedReady {
    pub(super) id: EventId,
    pub(super) bytes: Vec<u8>,
    pub(super) place: Place,
    pub(super) sequence: u64,
    pub(super) previous: EventId,
    pub(super) payload: Option<(PayloadDigest, Vec<u8>)>,
    /// The payload that the event commits to.
    pub(super) stored: Option<PayloadDigest>,
    pub(super) record: Option<Vec<u8>>,
    pub(super) system: Option<SystemReady>,
}

/// A draft that fits the format.
#[derive(Debug)]
pub(crate) struct DraftReady {
    pub(super) draft: Draft,
    pub(super) stream: StreamName,
    /// Encoded.
    pub(super) metadata: Vec<u8>,
    pub(super) payload: PayloadReady,
}

/// A draft's payload, before it is bound to its event.
#[derive(Debug)]
pub(crate) enum PayloadReady {
    None,
    Public(PayloadDigest, Vec<u8>),
    Sealed {
        /// Encoded fields.
        plaintext: Zeroizing<Vec<u8>>,
        /// Ids and public keys that it is wrapped for.
        recipients: BTreeMap<KeyId, Vec<u8>>,
    },
}

/// Checks a batch.
pub(crate) fn prepare(shared: &Shared, batch: Vec<Submission>) -> Result<Vec<Prepared>, Refused> {
    within("submissions in a batch", batch.len(), MAX_BATCH)
        .map_err(|reason| reason.at(MAX_BATCH))?;
    let prepare_one = |(at, submission)| {
        match submission {
            Submission::Signed { event, payload, wraps, salt } => {
                prepare_signed(shared, event, payload, (wraps, salt)).map(Prepared::Signed)
            }
            Submission::Draft(draft) => check_draft_kind(&draft)
                .and_then(|()| prepare_draft(shared, draft))
                .map(Prepared::Draft),
        }
        .map_err(|reason: Refusal| reason.at(at))
    };
    batch.into_iter().enumerate().map(prepare_one).collect()
}

/// How the types begin of what the node says itself.
const OWN_TYPES: &str = "cairn.";

/// Refuses drafts for the stream of the system's own events, or of a type that only the node says:
/// its key would sign for them. What others signed is refused with its other faults.
pub(crate) fn refuse_system(batch: &[Submission]) -> Result<(), Refused> {
    let refused = |(at, submission): (usize, &Submission)| {
        let Submission::Draft(draft) = submission else { return None };
        if draft.stream.as_deref() == Some(SYSTEM_STREAM) {
            return Some(Refusal::SystemStream.at(at));
        }
        let is_own = draft.event_type.starts_with(OWN_TYPES);
        is_own.then(|| Refusal::ReservedType(draft.event_type.clone()).at(at))
    };
    batch.iter().enumerate().find_map(refused).map_or(Ok(()), Err)
}

/// The node signs what its clients saw, not what the system does.
fn check_draft_kind(draft: &Draft) -> Result<(), Refusal> {
    let kind = draft.kind.kind();
    // What it says of validators itself goes to the system's stream, where no client's draft gets.
    let own = SystemEvent::is_validators(kind) && draft.stream.as_deref() == Some(SYSTEM_STREAM);
    if own || matches!(kind, Kind::Record | Kind::Import) {
        return Ok(());
    }
    Err(Refusal::KindNotAccepted(kind.name()))
}

pub(super) fn within(what: &'static str, found: usize, limit: usize) -> Result<(), Refusal> {
    if found <= limit {
        return Ok(());
    }
    let wide = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    Err(Refusal::TooLarge { what, limit: wide(limit), found: wide(found) })
}

type Keys = (Vec<(KeyId, Vec<u8>)>, Option<[u8; 32]>);

/// Whether an event is of this log, and of a stream and kind that stand in it.
pub(crate) fn may_stand(shared: &Shared, body: &EventBody<'_>) -> Result<(), Refusal> {
    if body.log != shared.log {
        return Err(Refusal::OtherLog { expected: shared.log, found: body.log });
    }
    if !shared.directory().has_stream(&body.stream) {
        return Err(Refusal::UnknownStream(body.stream));
    }
    let is_system = SystemEvent::is_kind(body.kind);
    if !is_system && !matches!(body.kind, Kind::Record | Kind::Import) {
        return Err(Refusal::KindNotAccepted(body.kind.name()));
    }
    // Of the rest only what a node says of itself: of requests, of keys that were read, of retention.
    let directory = shared.directory();
    if !is_system && directory.is_system(&body.stream) && !directory.may_ingest(&body.writer) {
        return Err(Refusal::SystemStream);
    }
    Ok(())
}

/// Checks an event that another node accepted, as far as that needs no payload.
pub(crate) fn check_event(shared: &Shared, bytes: &[u8]) -> Result<(), Refusal> {
    let event = SignedEvent::decode(bytes)?;
    let body = event.body();
    may_stand(shared, body)?;
    if SystemEvent::is_kind(body.kind) {
        SystemEvent::read(body)?;
    } else if shared.options.writers == Writers::Members {
        let size = shared.state().events.size();
        if !shared.directory().is_writer(&body.stream, &body.writer, size) {
            return Err(Refusal::NotAWriter(body.writer));
        }
    }
    event.verify().map_err(Refusal::Signature)?;
    Ok(())
}

fn prepare_signed(
    shared: &Shared,
    bytes: Vec<u8>,
    payload: Option<Vec<u8>>,
    (wraps, salt): Keys,
) -> Result<SignedReady, Refusal> {
    let event = SignedEvent::decode(&bytes)?;
    let body = event.body();
    may_stand(shared, body)?;
    let is_system = SystemEvent::is_kind(body.kind);
    if !is_system && shared.directory().is_system(&body.stream) {
        return Err(Refusal::SystemStream);
    }
    let (id, _) = event.verify().map_err(Refusal::Signature)?;
    let payload = check_payload(shared, (&id, &body.payload), payload)?;
    let (system, record) = if is_system {
        system::prepare(shared, (id, body), wraps, salt)
            .map(|(ready, record)| (Some(ready), record))?
    } else {
        (None, check_keys(shared, (id, &body.payload), wraps, salt)?)
    };
    Ok(SignedReady {
        id,
        place: (body.stream, body.writer),
        sequence: body.sequence,
        previous: body.previous,
        payload,
        stored: body.payload.stored(),
        record: record.map(|record| record.encode()),
        system,
        bytes,
    })
}

/// The payload is the one that the event commits to, and it is here or stored already. An event
/// that is in the log already may have lost its payload: it was erased.
fn check_payload(
    shared: &Shared,
    (id, committed): (&EventId, &Payload),
    payload: Option<Vec<u8>>,
) -> Result<Option<(PayloadDigest, Vec<u8>)>, Refusal> {
    let Some(bytes) = payload else {
        return match committed.stored() {
            Some(digest) if !shared.blobs.contains(&digest) && shared.find(id)?.is_none() => {
                Err(Refusal::PayloadMissing(digest))
            }
            _ => Ok(None),
        };
    };
    let fit = FitPayload::check(committed, bytes).map_err(Refusal::PayloadMismatch)?;
    Ok(Some((fit.digest(), fit.into_bytes())))
}

/// Wraps and salt belong to a sealed payload, and each wrap to a member's key.
fn check_keys(
    shared: &Shared,
    (event, committed): (EventId, &Payload),
    wraps: Vec<(KeyId, Vec<u8>)>,
    salt: Option<[u8; 32]>,
) -> Result<Option<KeyRecord>, Refusal> {
    if !matches!(committed, Payload::Sealed(_)) {
        if !wraps.is_empty() {
            return Err(Refusal::PayloadMismatch(EventError::UnexpectedPayload));
        }
        return if salt.is_some() { Err(Refusal::UnexpectedSalt) } else { Ok(None) };
    }
    let wraps = check_wraps(shared, wraps)?;
    if wraps.is_empty() && salt.is_none() {
        return Ok(None);
    }
    Ok(Some(KeyRecord { event, salt, wraps }))
}

/// Each wrap is for a key of a member, and no two for one.
pub(super) fn check_wraps(
    shared: &Shared,
    wraps: Vec<(KeyId, Vec<u8>)>,
) -> Result<Vec<(KeyId, Vec<u8>)>, Refusal> {
    within("wraps", wraps.len(), usize::from(cairn_verifier::receipt::MAX_WRAPS))?;
    let directory = shared.directory();
    let mut seen = BTreeMap::new();
    for (key, wrap) in wraps {
        if directory.wrap_key(&key).is_none() {
            return Err(Refusal::UnknownRecipientKey(key));
        }
        if !check_wrap(&key, &wrap) || seen.insert(key, wrap).is_some() {
            return Err(Refusal::BadWrap(key));
        }
    }
    Ok(seen.into_iter().collect())
}

/// Whether a wrap has the shape of one for this key. The hint is the key id's beginning; whether the
/// wrap opens, only the recipient sees.
pub(crate) fn check_wrap(key: &KeyId, wrap: &[u8]) -> bool {
    let is_for_key = wrap.get(1..9).is_some_and(|hint| key.as_bytes().starts_with(hint));
    is_for_key && v2::check_shape(wrap).is_ok()
}

pub(super) fn prepare_draft(shared: &Shared, mut draft: Draft) -> Result<DraftReady, Refusal> {
    let name = draft.stream.as_deref();
    let unknown = || Refusal::UnknownStreamName(name.unwrap_or_default().to_owned());
    let stream = shared.directory().stream(name).ok_or_else(unknown)?.clone();
    let metadata = encode_metadata(&draft.metadata)?;
    let payload = match draft.payload.take() {
        None => PayloadReady::None,
        Some(DraftPayload::Public(text)) => {
            let bytes = STANDARD.decode(text).map_err(Refusal::NotBase64)?;
            within("public payload", bytes.len(), max_payload())?;
            let digest = digest::derive(digest::PUBLIC_PAYLOAD, &[&bytes]).into();
            PayloadReady::Public(digest, bytes)
        }
        Some(DraftPayload::Sealed(sealed)) => prepare_sealed(shared, sealed)?,
    };
    let ready = DraftReady { draft, stream, metadata, payload };
    // Its lengths are checked here, so that the committer meets no draft that does not fit.
    ready.body(shared, (0, EventId::ZERO), UnixMillis(0))?.encode()?;
    Ok(ready)
}

fn prepare_sealed(shared: &Shared, sealed: SealedDraft) -> Result<PayloadReady, Refusal> {
    let mut recipients = BTreeMap::new();
    let directory = shared.directory();
    for name in sealed.recipients {
        let keys = directory.wrap_keys_of(&name);
        if keys.is_empty() {
            return Err(Refusal::UnknownRecipient(name));
        }
        recipients.extend(keys.into_iter().map(|(id, key)| (id, key.to_vec())));
    }
    within("recipients", recipients.len(), usize::from(cairn_verifier::receipt::MAX_WRAPS))?;
    let fields = sealed.fields.into_iter().map(|(name, value)| (name, value.into_bytes()));
    let plaintext = Zeroizing::new(Fields::encode(&fields.collect())?);
    within("sealed payload", plaintext.len(), max_payload())?;
    Ok(PayloadReady::Sealed { plaintext, recipients })
}

fn max_payload() -> usize {
    usize::try_from(MAX_PAYLOAD_LEN).unwrap_or(usize::MAX)
}

impl DraftReady {
    /// The body at a place in the log, still without a payload.
    pub(super) fn body<'a>(
        &'a self,
        shared: &Shared,
        (sequence, previous): (u64, EventId),
        now: UnixMillis,
    ) -> Result<EventBody<'a>, Refusal> {
        let draft = &self.draft;
        Ok(EventBody {
            log: shared.log,
            stream: self.stream.id,
            writer: shared.ingest()?.key_id(),
            sequence,
            previous,
            time: draft.time.map_or(now, UnixMillis),
            kind: draft.kind.kind(),
            event_type: &draft.event_type,
            actor: Party { kind: &draft.actor.kind, id: &draft.actor.id },
            resource: Resource {
                party: Party { kind: &draft.resource.kind, id: &draft.resource.id },
                parent: &draft.resource.parent,
            },
            outcome: draft.outcome.outcome(),
            reason: &draft.reason,
            metadata: Metadata::decode(&self.metadata)?,
            group_epoch: 0,
            generation: 0,
            payload: Payload::None,
        })
    }
}
