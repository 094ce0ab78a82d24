//! What is told to a peer that asks, and how what a peer tells is checked.

use std::collections::BTreeMap;

use cairn_consensus::behind::{Asked, BEHIND_LEN, Behind};
use cairn_verifier::digest::{EventId, KeyId};
use cairn_verifier::event::{Payload, SignedEvent};
use cairn_verifier::receipt::MAX_WRAPS;

use crate::ingest::{FitPayload, check_wrap};
use crate::node::{Kept, NodeError, Shared};

/// What is here behind the first of these events, as many as one message holds.
pub(crate) fn answer(shared: &Shared, asked: &[Asked]) -> Result<Vec<Behind>, NodeError> {
    let (mut all, mut bytes) = (Vec::new(), 0_usize);
    let kept_from = shared.payloads_from()?;
    for one in asked {
        let behind = behind(shared, one, kept_from)?;
        bytes = bytes.saturating_add(behind.about());
        if bytes > BEHIND_LEN && !all.is_empty() {
            break;
        }
        all.push(behind);
    }
    Ok(all)
}

/// Nothing of an event that is redacted leaves this node, however far its erasure is.
fn behind(shared: &Shared, asked: &Asked, kept_from: u64) -> Result<Behind, NodeError> {
    let event = asked.event;
    let mut behind = Behind { event, known: false, payload: None, wraps: BTreeMap::new() };
    let size = shared.state().final_size();
    let Some(index) = shared.find(&event)?.filter(|index| *index < size) else {
        return Ok(behind);
    };
    behind.known = true;
    if !shared.is_kept_behind(&event, kept_from)? {
        return Ok(behind);
    }
    if asked.payload {
        behind.payload = payload(shared, index)?;
    }
    if asked.wraps {
        behind.wraps = wraps(shared, index)?;
    }
    Ok(behind)
}

/// A payload that the disk changed is not here: what is sent is what its event commits to.
fn payload(shared: &Shared, index: u64) -> Result<Option<Vec<u8>>, NodeError> {
    let committed = commitment(shared, index)?;
    let Some(digest) = committed.stored() else { return Ok(None) };
    let Some(bytes) = shared.blobs.get(&digest)? else { return Ok(None) };
    match FitPayload::check(&committed, bytes) {
        Ok(payload) => Ok(Some(payload.into_bytes())),
        Err(error) => {
            tracing::error!(%error, %digest, "a payload is damaged on disk; restore it from a backup");
            Ok(None)
        }
    }
}

fn commitment(shared: &Shared, index: u64) -> Result<Payload, NodeError> {
    let bytes = shared.entries.read(index)?;
    let damaged = |reason| NodeError::Damaged { what: "entry", index, reason };
    Ok(SignedEvent::decode(&bytes).map_err(damaged)?.body().payload)
}

/// The wraps of an event's records; its salt stays here.
fn wraps(shared: &Shared, index: u64) -> Result<BTreeMap<KeyId, Vec<u8>>, NodeError> {
    let mut wraps = BTreeMap::new();
    for number in shared.index.records_of(index)? {
        if let Some(record) = shared.read_record(number)? {
            wraps.extend(record.wraps);
        }
    }
    while wraps.len() > usize::from(MAX_WRAPS) {
        wraps.pop_last();
    }
    Ok(wraps)
}

/// Checks what a peer sent of an event; the reason is for whoever asks why it was banned.
pub(super) fn check(
    shared: &Shared,
    (index, asked): (u64, &Asked),
    behind: Behind,
) -> Result<Result<Kept, String>, NodeError> {
    let event = behind.event;
    let is_unasked =
        (behind.payload.is_some() && !asked.payload) || (!behind.wraps.is_empty() && !asked.wraps);
    if is_unasked {
        return Ok(Err(format!("it sent what stands behind event {event} and was not asked for")));
    }
    let payload = match behind.payload {
        None => None,
        Some(bytes) => match FitPayload::check(&commitment(shared, index)?, bytes) {
            Ok(payload) => Some(payload),
            Err(error) => return Ok(Err(format!("payload of event {event}: {error}"))),
        },
    };
    match fit_wraps(shared, behind.wraps) {
        Ok(wraps) => Ok(Ok(Kept { index, event, payload, wraps })),
        Err(key) => Ok(Err(bad_wrap(&event, &key))),
    }
}

/// Those for keys of members. Whether one opens, only its recipient sees.
fn fit_wraps(
    shared: &Shared,
    wraps: BTreeMap<KeyId, Vec<u8>>,
) -> Result<BTreeMap<KeyId, Vec<u8>>, KeyId> {
    let directory = shared.directory();
    let mut fit = BTreeMap::new();
    for (key, wrap) in wraps {
        if !check_wrap(&key, &wrap) {
            return Err(key);
        }
        if directory.is_wrap_key(&key) {
            fit.insert(key, wrap);
        }
    }
    Ok(fit)
}

fn bad_wrap(event: &EventId, key: &KeyId) -> String {
    format!("the wrap of event {event} for key {key} is none: it has another shape or hint")
}
