//! Signing, and sealing, on the writer's own machine: the node sees neither key nor plaintext.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cairn_verifier::UnixMillis;
use cairn_verifier::digest::{self, EventId, KeyId, LogId};
use cairn_verifier::event::{
    EventBody, Metadata, Party, Payload, Resource, encode_metadata, encode_signed,
};
use cairn_verifier::finality::{PublicKey, Role, Suite};
use cairn_verifier::payload::{Fields, MessageKey, seal};
use cairn_verifier::pcek::v2;
use cairn_verifier::secret::MemberSecret;
use rand_core::UnwrapErr;
use serde::Deserialize;
use serde_json::{Value, json};

use super::known::Known;
use super::{Failure, keys};
use crate::clock;
use crate::ingest::{Draft, DraftPayload, SealedDraft};

/// What the node says of the writer's last event. If it lies, it refuses or forks its own log,
/// and either shows.
#[derive(Deserialize)]
struct WriterJson {
    next: u64,
    previous: String,
}

/// A draft as a signed event, in the JSON that `POST /v1/events` takes.
pub(super) fn signed(
    known: &Known,
    secret: &MemberSecret,
    draft: &Draft,
) -> Result<String, Failure> {
    signed_with(known, secret, draft, &[])
}

/// The same with wraps beside it: of another event's message key, for a grant.
pub(super) fn signed_with(
    known: &Known,
    secret: &MemberSecret,
    draft: &Draft,
    wraps: &[(KeyId, Vec<u8>)],
) -> Result<String, Failure> {
    let log = known.log()?;
    let stream = known.stream(draft.stream.as_deref())?;
    let writer = known.client.json(&format!("/v1/writers/{}?stream={stream}", secret.key_id()))?;
    let writer: WriterJson = serde_json::from_str(&writer).map_err(Failure::failed)?;
    let previous: EventId = writer.previous.parse().map_err(Failure::failed)?;
    let metadata = encode_metadata(&draft.metadata).map_err(Failure::failed)?;
    let mut body = EventBody {
        log,
        stream,
        writer: secret.key_id(),
        sequence: writer.next,
        previous,
        time: draft.time.map_or_else(clock::now, UnixMillis),
        kind: draft.kind.kind(),
        event_type: &draft.event_type,
        actor: Party { kind: &draft.actor.kind, id: &draft.actor.id },
        resource: Resource {
            party: Party { kind: &draft.resource.kind, id: &draft.resource.id },
            parent: &draft.resource.parent,
        },
        outcome: draft.outcome.outcome(),
        reason: &draft.reason,
        metadata: Metadata::decode(&metadata).map_err(Failure::failed)?,
        group_epoch: 0,
        generation: 0,
        payload: Payload::None,
    };
    let sealed = match &draft.payload {
        None => Parcel::default(),
        Some(DraftPayload::Public(text)) => public(&mut body, text)?,
        Some(DraftPayload::Sealed(fields)) => seal_to(&mut body, known, fields)?,
    };
    let bytes = body.encode().map_err(Failure::failed)?;
    let id = EventBody::id_of(&bytes);
    sealed.submission(&log, (&sign(secret, &bytes, id)?, id), wraps)
}

fn sign(secret: &MemberSecret, body: &[u8], id: EventId) -> Result<Vec<u8>, Failure> {
    let none = || Failure::Failed("the key signs no events".to_owned());
    let public = secret.public_key();
    let key = PublicKey::new(Suite::Ed25519, &public).ok_or_else(none)?;
    let signature = secret.sign(Role::Event, id.as_bytes()).ok_or_else(none)?;
    encode_signed(body, &[(key, &signature)]).map_err(Failure::failed)
}

/// What goes to the node beside the event.
#[derive(Default)]
struct Parcel {
    stored: Option<Vec<u8>>,
    key: Option<MessageKey>,
    /// The recipients' wrap keys.
    recipients: Vec<(KeyId, Vec<u8>)>,
}

fn public(body: &mut EventBody<'_>, text: &str) -> Result<Parcel, Failure> {
    let bytes = STANDARD.decode(text).map_err(Failure::failed)?;
    let len = u32::try_from(bytes.len()).map_err(Failure::failed)?;
    let digest = digest::derive(digest::PUBLIC_PAYLOAD, &[&bytes]).into();
    body.payload = Payload::Public { digest, len };
    Ok(Parcel { stored: Some(bytes), ..Parcel::default() })
}

fn seal_to(
    body: &mut EventBody<'_>,
    known: &Known,
    draft: &SealedDraft,
) -> Result<Parcel, Failure> {
    let mut recipients = Vec::new();
    for name in &draft.recipients {
        recipients.extend(known.wrap_keys(name)?);
    }
    let fields =
        draft.fields.iter().map(|(name, value)| (name.clone(), value.clone().into_bytes()));
    let plaintext = Fields::encode(&fields.collect()).map_err(Failure::failed)?;
    // A key of its own for each event: nobody else holds a chain that it could follow from.
    let key = MessageKey::from_bytes(*keys::new_seed()?);
    let mut nonce = [0; 24];
    getrandom::fill(&mut nonce).map_err(Failure::failed)?;
    let sealed = seal(&plaintext, &body.context(), &key, &nonce).map_err(Failure::failed)?;
    body.payload = Payload::Sealed(sealed.commitment);
    Ok(Parcel { stored: Some(sealed.stored), key: Some(key), recipients })
}

impl Parcel {
    fn submission(
        self,
        log: &LogId,
        (signed, id): (&[u8], EventId),
        others: &[(KeyId, Vec<u8>)],
    ) -> Result<String, Failure> {
        let mut wraps: Vec<_> = others.to_vec();
        if let Some(key) = &self.key {
            wraps.extend(wrap_for(key, (log, &id), &self.recipients)?);
        }
        let wraps: Vec<Value> = wraps
            .iter()
            .map(|(key, wrap)| json!({"key": key.to_string(), "wrap": STANDARD.encode(wrap)}))
            .collect();
        let mut view = json!({"signed": STANDARD.encode(signed), "wraps": wraps});
        if let (Some(stored), Some(view)) = (&self.stored, view.as_object_mut()) {
            view.insert("payload".to_owned(), STANDARD.encode(stored).into());
        }
        Ok(view.to_string())
    }
}

/// Wraps a message key of an event for each of these keys.
pub(super) fn wrap_for(
    key: &MessageKey,
    of: (&LogId, &EventId),
    recipients: &[(KeyId, Vec<u8>)],
) -> Result<Vec<(KeyId, Vec<u8>)>, Failure> {
    let mut rng = UnwrapErr(getrandom::SysRng);
    let wrap = |(id, public): &(KeyId, Vec<u8>)| {
        let wrap = v2::wrap(key, public, of, &mut rng).map_err(Failure::failed)?;
        Ok((*id, wrap.to_vec()))
    };
    recipients.iter().map(wrap).collect()
}
