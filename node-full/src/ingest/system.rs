//! System events on their way in: what they need to be taken, without a place in the log and with
//! one.

use std::collections::BTreeSet;

use cairn_verifier::digest::{EventId, KeyId, StreamId};
use cairn_verifier::event::{EventBody, Payload, SignedEvent};
use cairn_verifier::payload::message_key;

use super::Refusal;
use super::prepare::{check_wraps, within};
use crate::node::{KeyRecord, Shared};
use crate::seal::{self, ChainKeys};
use crate::system::{MAX_NAMED, SystemEvent};

/// A system event that was read.
#[derive(Debug)]
pub(crate) struct SystemReady {
    pub(super) event: SystemEvent,
    /// The event that a grant or a redaction is about.
    pub(super) target: Option<Target>,
}

/// An event of the log that another one is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target {
    pub(super) id: EventId,
    pub(super) index: u64,
    pub(super) stream: StreamId,
    pub(super) writer: KeyId,
}

/// Reads a system event. Wraps come along with a grant only, and then one for each reader it names;
/// without them the node makes them, if it sealed the payload itself.
pub(super) fn prepare(
    shared: &Shared,
    (id, body): (EventId, &EventBody<'_>),
    wraps: Vec<(KeyId, Vec<u8>)>,
    salt: Option<[u8; 32]>,
) -> Result<(SystemReady, Option<KeyRecord>), Refusal> {
    let event = SystemEvent::read(body)?;
    if salt.is_some() {
        return Err(Refusal::UnexpectedSalt);
    }
    let (mut record, mut about) = (None, None);
    if let SystemEvent::Granted { event, readers } = &event {
        within("readers", readers.len(), MAX_NAMED)?;
        record = granted(shared, id, readers, wraps)?;
        about = Some(target(shared, event, true)?);
    } else if !wraps.is_empty() {
        return Err(Refusal::UnexpectedWraps);
    } else if let SystemEvent::Redacted { event } = &event {
        about = Some(target(shared, event, false)?);
    }
    Ok((SystemReady { event, target: about }, record))
}

fn granted(
    shared: &Shared,
    grant: EventId,
    readers: &[KeyId],
    wraps: Vec<(KeyId, Vec<u8>)>,
) -> Result<Option<KeyRecord>, Refusal> {
    let directory = shared.directory();
    if let Some(unknown) = readers.iter().find(|id| directory.wrap_key(id).is_none()) {
        return Err(Refusal::UnknownRecipientKey(*unknown));
    }
    if wraps.is_empty() {
        return Ok(None);
    }
    let wraps = check_wraps(shared, wraps)?;
    let wrapped: BTreeSet<_> = wraps.iter().map(|(key, _)| key).collect();
    if !wrapped.iter().copied().eq(readers.iter()) {
        return Err(Refusal::OtherReaders { named: readers.len(), wraps: wraps.len() });
    }
    Ok(Some(KeyRecord { event: grant, salt: None, wraps }))
}

fn target(shared: &Shared, id: &EventId, must_be_sealed: bool) -> Result<Target, Refusal> {
    let index = shared.find(id)?.ok_or(Refusal::NoSuchEvent(*id))?;
    let bytes = shared.entries.read(index).map_err(|error| Refusal::storage(&error))?;
    let event = SignedEvent::decode(&bytes)?;
    let body = event.body();
    let is_fit = match body.payload {
        Payload::Sealed(_) => true,
        Payload::Public { .. } => !must_be_sealed,
        Payload::None => false,
    };
    if !is_fit {
        return Err(Refusal::NothingSealed(*id));
    }
    Ok(Target { id: *id, index, stream: body.stream, writer: body.writer })
}

/// The wraps that a grant without any asks the node for.
pub(super) fn make_wraps(
    shared: &Shared,
    chain_keys: &mut ChainKeys,
    (grant, target, readers): (EventId, &Target, &[KeyId]),
) -> Result<KeyRecord, Refusal> {
    let cannot = || Refusal::CannotGrant(target.id);
    let bytes = shared.entries.read(target.index).map_err(|error| Refusal::storage(&error))?;
    let event = SignedEvent::decode(&bytes)?;
    let Payload::Sealed(commitment) = event.body().payload else { return Err(cannot()) };
    let salt = shared.salt_of(target.index)?.ok_or_else(cannot)?;
    let directory = shared.directory();
    let mut streams = directory.streams().iter();
    let stream = streams.find(|stream| stream.id == target.stream).ok_or_else(cannot)?;
    let chain_key = chain_keys.existing(stream)?.ok_or_else(cannot)?;
    let key = message_key(chain_key, &salt, &event.body().context());
    if !commitment.opens_with(&key) {
        return Err(cannot());
    }
    let public = |id: &KeyId| Some((*id, directory.wrap_key(id)?.to_vec()));
    let recipients = readers.iter().filter_map(public).collect();
    let wraps = seal::wrap_for(&key, (&shared.log, &target.id), &recipients)?;
    Ok(KeyRecord { event: grant, salt: None, wraps })
}
