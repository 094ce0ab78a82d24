//! Signing, and sealing, on the writer's own machine: the node sees neither key nor plaintext.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cairn_verifier::UnixMillis;
use cairn_verifier::digest::{self, EventId, KeyId, StreamId};
use cairn_verifier::event::{
    EventBody, Metadata, Party, Payload, Resource, encode_metadata, encode_signed,
};
use cairn_verifier::finality::{PublicKey, Role, Suite};
use cairn_verifier::payload::{Fields, MessageKey, seal};
use cairn_verifier::pcek::v2;
use cairn_verifier::secret::MemberSecret;
use cairn_verifier::trust::{Genesis, WRAP_X_WING};
use rand_core::UnwrapErr;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Failure, keys};
use crate::clock;
use crate::http_client::Client;
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
    client: &Client,
    secret: &MemberSecret,
    draft: &Draft,
) -> Result<String, Failure> {
    let genesis = client.bytes("/v1/genesis")?;
    let genesis = Genesis::decode(&genesis).map_err(Failure::failed)?;
    let stream = stream(&genesis, draft.stream.as_deref())?;
    let writer = client.json(&format!("/v1/writers/{}?stream={stream}", secret.key_id()))?;
    let writer: WriterJson = serde_json::from_str(&writer).map_err(Failure::failed)?;
    let previous: EventId = writer.previous.parse().map_err(Failure::failed)?;
    let metadata = encode_metadata(&draft.metadata).map_err(Failure::failed)?;
    let mut body = EventBody {
        log: genesis.log(),
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
        Some(DraftPayload::Sealed(fields)) => seal_to(&mut body, &genesis, fields)?,
    };
    let bytes = body.encode().map_err(Failure::failed)?;
    let id = EventBody::id_of(&bytes);
    sealed.submission(&genesis, &sign(secret, &bytes, id)?, id)
}

fn sign(secret: &MemberSecret, body: &[u8], id: EventId) -> Result<Vec<u8>, Failure> {
    let none = || Failure::Failed("the key signs no events".to_owned());
    let public = secret.public_key();
    let key = PublicKey::new(Suite::Ed25519, &public).ok_or_else(none)?;
    let signature = secret.sign(Role::Event, id.as_bytes()).ok_or_else(none)?;
    encode_signed(body, &[(key, &signature)]).map_err(Failure::failed)
}

/// A stream by its name; `main`, or the only one, if there is no name.
fn stream(genesis: &Genesis<'_>, name: Option<&str>) -> Result<StreamId, Failure> {
    let wanted = name.unwrap_or("main");
    let found = genesis.streams().find(|stream| stream.name == wanted);
    let found = match name {
        None => found.or_else(|| genesis.streams().next()),
        Some(_) => found,
    };
    let unknown = || Failure::Failed(format!("the log has no stream named {wanted:?}"));
    found.map(|stream| stream.id).ok_or_else(unknown)
}

/// What goes to the node beside the event.
#[derive(Default)]
struct Parcel<'a> {
    stored: Option<Vec<u8>>,
    key: Option<MessageKey>,
    /// The recipients' wrap keys.
    recipients: Vec<(KeyId, &'a [u8])>,
}

fn public<'a>(body: &mut EventBody<'_>, text: &str) -> Result<Parcel<'a>, Failure> {
    let bytes = STANDARD.decode(text).map_err(Failure::failed)?;
    let len = u32::try_from(bytes.len()).map_err(Failure::failed)?;
    let digest = digest::derive(digest::PUBLIC_PAYLOAD, &[&bytes]).into();
    body.payload = Payload::Public { digest, len };
    Ok(Parcel { stored: Some(bytes), ..Parcel::default() })
}

fn seal_to<'a>(
    body: &mut EventBody<'_>,
    genesis: &Genesis<'a>,
    draft: &SealedDraft,
) -> Result<Parcel<'a>, Failure> {
    let mut recipients = Vec::new();
    for name in &draft.recipients {
        let member = genesis.members().find(|member| member.name == name);
        let mut keys = member.into_iter().flat_map(|member| member.keys());
        let key = keys.find(|key| key.suite == WRAP_X_WING);
        let unknown = || Failure::Failed(format!("{name:?} is not a member with a wrap key"));
        let key = key.ok_or_else(unknown)?;
        recipients.push((key.id(), key.bytes));
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

impl Parcel<'_> {
    fn submission(
        self,
        genesis: &Genesis<'_>,
        signed: &[u8],
        id: EventId,
    ) -> Result<String, Failure> {
        let log = genesis.log();
        let mut wraps: Vec<Value> = Vec::new();
        if let Some(key) = &self.key {
            for (recipient, public) in &self.recipients {
                let mut rng = UnwrapErr(getrandom::SysRng);
                let wrap = v2::wrap(key, public, (&log, &id), &mut rng).map_err(Failure::failed)?;
                let (recipient, wrap) = (recipient.to_string(), STANDARD.encode(wrap));
                wraps.push(json!({"key": recipient, "wrap": wrap}));
            }
        }
        let mut view = json!({"signed": STANDARD.encode(signed), "wraps": wraps});
        if let (Some(stored), Some(view)) = (&self.stored, view.as_object_mut()) {
            view.insert("payload".to_owned(), STANDARD.encode(stored).into());
        }
        Ok(view.to_string())
    }
}
