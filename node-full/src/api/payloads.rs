//! Payloads, which anyone may fetch because sealed ones are ciphertext; wraps, which only their
//! recipient may; and salts, which only readers of the event's stream may.

use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use cairn_verifier::digest::{EventId, KeyId, PayloadDigest};
use cairn_verifier::json::Object;

use super::accept::Form;
use super::answer::{Answer, Stays};
use super::params::{Params, Segment};
use super::problem::Problem;
use super::{App, auth, schema};
use crate::audit::AuditRecord;
use crate::clock;
use crate::http_client::hex;
use crate::ingest::DraftOutcome;
use crate::node::{Node, SaltAnswer};

/// A payload as stored
///
/// Anyone may fetch it: a sealed one is ciphertext.
#[utoipa::path(get, path = "/payloads/{digest}", tag = "payloads",
    params(("digest" = inline(schema::Digest), Path,
        description = "The payload's digest, as its event says")),
    responses(
        (status = 200, description = "The payload", content(
            (schema::StoredPayload = "application/json"),
            (schema::Bytes = "application/octet-stream"),
        )),
        (status = 404, description = "It is not stored here, or was erased"),
    ))]
pub(super) async fn payload(
    State(app): State<App>,
    headers: HeaderMap,
    digest: Segment,
    params: Params,
) -> Result<Response, Problem> {
    params.only(&[])?;
    let digest: PayloadDigest = digest.parse("digest", "64 lower-case hex digits")?;
    let found = app.blocking(move |node| Ok(node.payload(&digest)?)).await?;
    let bytes = found.ok_or_else(|| {
        Problem::not_found("no-such-payload", format!("no payload {digest} is stored here"))
    })?;
    let answer = match Form::preferred(&headers, Form::Binary) {
        Form::Binary => Answer::binary(bytes, Stays::Forever),
        Form::Json => Answer::json(encoded(&digest, "payload", &bytes), Stays::Forever),
    };
    answer.respond(&headers)
}

/// The message key of an event, sealed to whoever signed the request
#[utoipa::path(get, path = "/wraps/{event}", tag = "payloads",
    params(("event" = inline(schema::Digest), Path, description = "The event's id")),
    security(("signed" = [])),
    responses(
        (status = 200, description = "The wrap", content(
            (schema::Wrap = "application/json"),
            (schema::Bytes = "application/octet-stream"),
        )),
        (status = 401, description = "The request is not signed, or not well"),
        (status = 404, description = "There is no wrap of this event for this key"),
    ))]
pub(super) async fn wrap(
    State(app): State<App>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    event: Segment,
    params: Params,
) -> Result<Response, Problem> {
    params.only(&[])?;
    let event: EventId = event.parse("event", "64 lower-case hex digits")?;
    let caller = signer(&app, &headers, &uri)?;
    let bytes = app
        .blocking(move |node| {
            // Whether the event, the member or the wrap is missing is nobody else's business.
            let nothing = || {
                let why = format!("there is no wrap of event {event} for this key");
                Problem::not_found("no-wrap-for-this-key", why)
            };
            let member = node.member_by_signing_key(&caller.key).ok_or_else(nothing)?;
            // Keys that the member gave up too: what was sealed for them stays sealed for them.
            for key in member.keys.iter().filter(|key| !key.signs) {
                if let Some(wrap) = node.wrap(&event, &key.id)? {
                    // Durable before the wrap leaves: nobody reads a key unseen.
                    node.audit(key_read(&member.name, (&event, "wrap"), &caller))?;
                    return Ok(wrap);
                }
            }
            // A member who tries keys of others is seen as well.
            if node.entry(&event)?.is_some() {
                let mut record = key_read(&member.name, (&event, "wrap"), &caller);
                record.outcome = DraftOutcome::Denied;
                node.audit(record)?;
            }
            Err(nothing())
        })
        .await?;
    let answer = match Form::preferred(&headers, Form::Binary) {
        Form::Binary => Answer::binary(bytes, Stays::ForTheCaller),
        Form::Json => Answer::json(encoded(&event, "wrap", &bytes), Stays::ForTheCaller),
    };
    answer.respond(&headers)
}

/// Whoever signed the request.
fn signer(app: &App, headers: &HeaderMap, uri: &Uri) -> Result<auth::Caller, Problem> {
    let access = app.access.load();
    auth::caller(headers, (&app.node.log(), clock::now()), (uri, access.own_origins()))
}

/// The salt of an event's message key, sealed to whoever signed the request
///
/// For readers who have the chain key of the event's writer: members who read the event's stream
/// when it was logged, and still do. Whoever was given a wrap needs no salt.
#[utoipa::path(get, path = "/salts/{event}", tag = "payloads",
    params(
        ("event" = inline(schema::Digest), Path, description = "The event's id"),
        ("key" = inline(Option<schema::Digest>), Query,
            description = "Which of the member's keys to seal it to; the newest if not said"),
    ),
    security(("signed" = [])),
    responses(
        (status = 200, description = "The sealed salt", content(
            (schema::Salt = "application/json"),
            (schema::Bytes = "application/octet-stream"),
        )),
        (status = 401, description = "The request is not signed, or not well"),
        (status = 404, description = "There is no salt of this event for this key"),
        (status = 410, description = "The salt was erased with the payload's other keys"),
    ))]
pub(super) async fn salt(
    State(app): State<App>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    event: Segment,
    params: Params,
) -> Result<Response, Problem> {
    params.only(&["key"])?;
    let event: EventId = event.parse("event", "64 lower-case hex digits")?;
    let to: Option<KeyId> = params.optional("key", "64 lower-case hex digits")?;
    let caller = signer(&app, &headers, &uri)?;
    let sealed = app.blocking(move |node| read_salt(node, (&event, to.as_ref()), &caller)).await?;
    let answer = match Form::preferred(&headers, Form::Binary) {
        Form::Binary => Answer::binary(sealed, Stays::ForTheCaller),
        Form::Json => Answer::json(encoded(&event, "salt", &sealed), Stays::ForTheCaller),
    };
    answer.respond(&headers)
}

fn read_salt(
    node: &Node,
    (event, to): (&EventId, Option<&KeyId>),
    caller: &auth::Caller,
) -> Result<Vec<u8>, Problem> {
    let nothing = || {
        let why = format!("there is no salt of event {event} for this key");
        Problem::not_found("no-salt-for-this-key", why)
    };
    let member = node.member_by_signing_key(&caller.key).ok_or_else(nothing)?;
    let mut record = key_read(&member.name, (event, "salt"), caller);
    match node.salt_for(event, &member, to)? {
        SaltAnswer::Sealed(sealed) => {
            // Durable before the salt leaves, as with a wrap.
            node.audit(record)?;
            Ok(sealed)
        }
        SaltAnswer::Erased => {
            let why = format!("the keys of event {event} were erased; nobody opens its payload");
            Err(Problem::new(StatusCode::GONE, "erased", why))
        }
        SaltAnswer::NotTheirs => {
            if node.entry(event)?.is_some() {
                record.outcome = DraftOutcome::Denied;
                node.audit(record)?;
            }
            Err(nothing())
        }
    }
}

/// What is logged of a member who reads the key of an event's payload.
fn key_read(member: &str, (event, what): (&EventId, &str), caller: &auth::Caller) -> AuditRecord {
    let (actor, resource) = (("member", member.to_owned()), ("event", event.to_string()));
    AuditRecord::new("cairn.key.read", actor, resource)
        .with("what", what)
        .with("signing-key", hex(&caller.key))
}

fn encoded(id: &impl std::fmt::Display, name: &str, bytes: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(bytes);
    Object::new().text("id", id).text(name, text).finish()
}
