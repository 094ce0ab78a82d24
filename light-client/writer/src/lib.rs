//! What the npm package calls to write: keys, event bodies, sealed payloads, wraps. A module of its
//! own, so that who only reads loads none of it. The hand-written half is `pkg/write-api.js`.
//!
//! No clock, no network, no randomness but what the caller gives: what is random crosses as bytes.
#![forbid(unsafe_code)]

mod body;
mod random;

use std::fmt::Display;

use cairn_verifier::digest::{self, EventId, KeyId, LogId};
use cairn_verifier::event::{EventBody, Payload, SignedEvent, encode_signed};
use cairn_verifier::finality::{PublicKey, Role, Suite, signing_bytes};
use cairn_verifier::payload::{Fields, MessageKey, seal};
use cairn_verifier::pcek::v2;
use cairn_verifier::secret::MemberSecret;
use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;
use zeroize::Zeroizing;

use random::Given;

/// Why a call failed: code and sentence, thrown as one text with a space between.
type Failed = JsValue;

#[expect(clippy::needless_pass_by_value, reason = "callers give errors and texts alike")]
fn failed(code: &str, why: impl Display) -> Failed {
    format!("{code} {why}").into()
}

fn secret(seed: Vec<u8>) -> Result<MemberSecret, Failed> {
    let seed = Zeroizing::new(seed);
    let seed = <[u8; 32]>::try_from(seed.as_slice());
    let secret = seed.ok().and_then(MemberSecret::from_seed);
    secret.ok_or_else(|| failed("client-bad-key", "a seed has 32 bytes"))
}

fn bytes(bytes: &[u8]) -> JsValue {
    Uint8Array::from(bytes).into()
}

fn list<const N: usize>(parts: [JsValue; N]) -> Array {
    parts.into_iter().collect()
}

/// The version of this module.
#[wasm_bindgen]
#[must_use]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// Makes the next call, which must be one without arguments, start in a new instance: for after one
/// that trapped.
#[wasm_bindgen]
pub fn restart() {
    wasm_bindgen::handler::schedule_reinit();
}

/// The line of a member's key file with this seed.
///
/// # Errors
/// Not 32 bytes.
#[wasm_bindgen(js_name = keyText)]
pub fn key_text(seed: Vec<u8>) -> Result<String, Failed> {
    Ok(secret(seed)?.to_text().as_str().to_owned())
}

/// Checks that a text is a member's key file: the id of the key that signs.
///
/// # Errors
/// It is none.
#[wasm_bindgen(js_name = checkKeyText)]
pub fn check_key_text(text: String) -> Result<String, Failed> {
    let secret = MemberSecret::parse(&Zeroizing::new(text));
    secret.map(|s| s.key_id().to_string()).map_err(|error| failed("client-bad-key", error))
}

/// The public half of a seed's keys: id and key that sign, id and key that wraps are made for.
///
/// # Errors
/// Not 32 bytes.
#[wasm_bindgen(js_name = publicOf)]
pub fn public_of(seed: Vec<u8>) -> Result<Array, Failed> {
    let secret = secret(seed)?;
    let wrap = secret.wrap();
    Ok(list([
        secret.key_id().to_string().into(),
        bytes(&secret.public_key()),
        wrap.id().to_string().into(),
        bytes(&wrap.public_key()),
    ]))
}

/// The id of an Ed25519 public key.
///
/// # Errors
/// It is none.
#[wasm_bindgen(js_name = keyId)]
pub fn key_id(public: &[u8]) -> Result<String, Failed> {
    let key = PublicKey::new(Suite::Ed25519, public);
    key.map(|key| key.id().to_string())
        .ok_or_else(|| failed("client-bad-key", "it is no Ed25519 public key"))
}

/// The id of a public key that wraps are made for.
#[wasm_bindgen(js_name = wrapKeyId)]
#[must_use]
pub fn wrap_key_id(public: &[u8]) -> String {
    v2::key_id(public).to_string()
}

/// An event body out of its parts (see [`body::Parts`]), with a payload: `public` its bytes; or
/// `sealed` names and values in turn, with 56 random bytes. Gives the body, the event's id, what is to
/// be signed, the payload as stored, and the message key; the last two may be `null`.
///
/// # Errors
/// A part that the format does not hold, by the verifier's code.
#[wasm_bindgen(js_name = makeBody)]
pub fn make_body(
    parts: &Array,
    metadata: &Array,
    public: Option<Vec<u8>>,
    sealed: Option<Array>,
    random: Vec<u8>,
) -> Result<Array, Failed> {
    let texts = body::texts(parts)?;
    let metadata = body::metadata(metadata)?;
    let mut body = body::body(&texts, &metadata)?;
    let random = Zeroizing::new(random);
    let (stored, key) = match (public, sealed) {
        (Some(public), None) => {
            let digest = digest::derive(digest::PUBLIC_PAYLOAD, &[&public]).into();
            let len = u32::try_from(public.len()).map_err(|e| failed("decode-out-of-range", e))?;
            body.payload = Payload::Public { digest, len };
            (bytes(&public), JsValue::NULL)
        }
        (None, Some(fields)) => sealed_payload(&mut body, &fields, &random)?,
        _ => (JsValue::NULL, JsValue::NULL),
    };
    let encoded = body.encode().map_err(|error| failed(error.code(), error))?;
    let id = EventBody::id_of(&encoded);
    let message = signing_bytes(Role::Event, id.as_bytes());
    let message = message.ok_or_else(|| failed("internal", "an id is short enough to sign"))?;
    Ok(list([bytes(&encoded), id.to_string().into(), bytes(message.as_slice()), stored, key]))
}

fn sealed_payload(
    body: &mut EventBody<'_>,
    fields: &Array,
    random: &[u8],
) -> Result<(JsValue, JsValue), Failed> {
    let (key, nonce) = random.split_at_checked(32).unwrap_or_default();
    let (Ok(key), Ok(nonce)) = (<[u8; 32]>::try_from(key), <[u8; 24]>::try_from(nonce)) else {
        return Err(failed("internal", "sealing takes 56 random bytes"));
    };
    let plaintext = Fields::encode(&body::fields(fields)?);
    let plaintext = Zeroizing::new(plaintext.map_err(|error| failed(error.code(), error))?);
    let key = MessageKey::from_bytes(key);
    let sealed = seal(&plaintext, &body.context(), &key, &nonce);
    let sealed = sealed.map_err(|error| failed(error.code(), error))?;
    body.payload = Payload::Sealed(sealed.commitment);
    Ok((bytes(&sealed.stored), bytes(key.as_bytes())))
}

/// The signature of a seed's key over the event whose body this is.
///
/// # Errors
/// Not 32 bytes.
#[wasm_bindgen]
pub fn sign(seed: Vec<u8>, body: &[u8]) -> Result<Vec<u8>, Failed> {
    let signature = secret(seed)?.sign(Role::Event, EventBody::id_of(body).as_bytes());
    let signature = signature.ok_or_else(|| failed("internal", "an id is short enough to sign"))?;
    Ok(signature.to_vec())
}

/// The signed event, checked as whoever gets it will: a wrong key or signature does not leave.
///
/// # Errors
/// What the check says.
#[wasm_bindgen]
pub fn assemble(body: &[u8], public: &[u8], signature: &[u8]) -> Result<Vec<u8>, Failed> {
    let key = PublicKey::new(Suite::Ed25519, public);
    let key = key.ok_or_else(|| failed("client-bad-key", "it is no Ed25519 public key"))?;
    let signed = encode_signed(body, &[(key, signature)]);
    let signed = signed.map_err(|error| failed(error.code(), error))?;
    let event = SignedEvent::decode(&signed).map_err(|error| failed(error.code(), error))?;
    event.verify().map_err(|error| failed(error.code(), error))?;
    Ok(signed)
}

/// A message key, sealed to whoever holds this public key. `ids` are those of the key, the log and the
/// event; `random` has 128 random bytes, which is enough.
///
/// # Errors
/// The public key is none, or has another id than the log's state says.
#[wasm_bindgen]
pub fn wrap(
    key: Vec<u8>,
    public: &[u8],
    ids: Vec<String>,
    random: Vec<u8>,
) -> Result<Vec<u8>, Failed> {
    let [expected, log, event] =
        <[String; 3]>::try_from(ids).map_err(|_| failed("internal", "a wrap takes three ids"))?;
    let key = <[u8; 32]>::try_from(Zeroizing::new(key).as_slice());
    let key = MessageKey::from_bytes(key.map_err(|_| failed("internal", "a message key has 32"))?);
    let found: KeyId = v2::key_id(public);
    if found.to_string() != expected {
        let why = format!("the node gives key {found} for {expected}, which the log's state names");
        return Err(failed("client-other-key", why));
    }
    let log: LogId = log.parse().map_err(|_| failed("internal", "the log's id is none"))?;
    let event: EventId = event.parse().map_err(|_| failed("client-bad-event-id", "it is none"))?;
    let mut rng = Given::new(random);
    let wrap = v2::wrap(&key, public, (&log, &event), &mut rng);
    let wrap = wrap.map_err(|error| failed(error.code(), error))?;
    if rng.is_short() {
        return Err(failed("internal", "too few random bytes were given"));
    }
    Ok(wrap.to_vec())
}
