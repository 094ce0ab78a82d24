//! The bodies that `POST /v1/events` takes, and what they hold.

use axum::body::Bytes;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cairn_verifier::digest;
use cairn_verifier::wire::Reader;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::problem::Problem;
use crate::import::cloudevents;
use crate::ingest::{Draft, Submission};

/// The longest body in bytes.
pub(super) const MAX_BODY: usize = 16 << 20;
/// What memory for bodies is counted in, in bytes.
pub(super) const UNIT: usize = 65_536;
/// The most events of one body.
pub(super) const MAX_EVENTS: usize = 1_000;

/// The most JSON values of one body. Parsed, a value can take a hundred times its text.
pub(super) const MAX_VALUES: usize = 131_072;

/// What a body is, by its content type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyKind {
    /// One draft or signed event, or an array of them.
    Json,
    /// One draft a line.
    JsonLines,
    /// One encoded signed event.
    SignedEvent,
    /// Encoded signed events, each after its four-byte length.
    SignedEvents,
    /// One CloudEvent.
    CloudEvent,
    /// An array of CloudEvents.
    CloudEvents,
}

impl BodyKind {
    const ALL: [(&'static str, Self); 6] = [
        ("application/json", Self::Json),
        ("application/x-ndjson", Self::JsonLines),
        ("application/vnd.cairn.event", Self::SignedEvent),
        ("application/vnd.cairn.events", Self::SignedEvents),
        ("application/cloudevents+json", Self::CloudEvent),
        ("application/cloudevents-batch+json", Self::CloudEvents),
    ];

    fn of(content_type: &str) -> Option<Self> {
        let name = content_type.split(';').next()?.trim();
        let known = Self::ALL.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        known.map(|(_, kind)| *kind)
    }
}

/// How much memory a body may take, in units of [`UNIT`]: by its stated length, or the most if it
/// states none.
pub(super) fn units(headers: &HeaderMap) -> u32 {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    units_of(length.and_then(|text| text.parse().ok()).unwrap_or(MAX_BODY))
}

/// The same for so many bytes.
pub(super) fn units_of(len: usize) -> u32 {
    u32::try_from(len.min(MAX_BODY).div_ceil(UNIT).max(1)).unwrap_or(u32::MAX)
}

/// Reads a body of a known type, up to a limit of bytes.
pub(super) async fn read(request: Request, limit: usize) -> Result<(BodyKind, Bytes), Problem> {
    let content_type = request.headers().get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = BodyKind::of(content_type).ok_or_else(|| {
        let known: Vec<_> = BodyKind::ALL.iter().map(|(name, _)| *name).collect();
        let why = format!("content type {content_type:?}; taken are: {}", known.join(", "));
        Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", why)
    })?;
    match Limited::new(request.into_body(), limit).collect().await {
        Ok(body) => Ok((kind, body.to_bytes())),
        Err(error) if error.is::<LengthLimitError>() => {
            let why = format!("the body is longer than {limit} bytes");
            Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", why))
        }
        Err(error) => {
            let why = format!("the body broke off: {error}");
            Err(Problem::new(StatusCode::BAD_REQUEST, "body-incomplete", why))
        }
    }
}

/// The submissions in a body: at least one, at most [`MAX_EVENTS`].
pub(super) fn submissions(kind: BodyKind, bytes: &[u8]) -> Result<Vec<Submission>, Problem> {
    let batch = match kind {
        BodyKind::Json => json(parse(bytes)?)?,
        BodyKind::JsonLines => json_lines(bytes)?,
        BodyKind::SignedEvent => vec![signed(bytes.to_vec())],
        BodyKind::SignedEvents => signed_events(bytes)?,
        BodyKind::CloudEvent => vec![cloud_event(parse(bytes)?)?],
        BodyKind::CloudEvents => cloud_events(parse(bytes)?)?,
    };
    check_count(batch.len())?;
    Ok(batch)
}

/// Refuses an empty batch and one that is too large.
pub(super) fn check_count(count: usize) -> Result<(), Problem> {
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    match count {
        0 => Err(Problem::new(status, "batch-empty", "the body holds no event")),
        1..=MAX_EVENTS => Ok(()),
        _ => {
            let why = format!("{count} events in one body; the limit is {MAX_EVENTS}");
            Err(Problem::new(status, "batch-too-large", why))
        }
    }
}

fn parse(bytes: &[u8]) -> Result<Value, Problem> {
    let count = count_values(bytes);
    if count > MAX_VALUES {
        let why = format!("{count} JSON values in one body; the limit is {MAX_VALUES}");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "too-many-values", why));
    }
    serde_json::from_slice(bytes).map_err(|error| malformed(&error.to_string()))
}

/// How many values JSON text has at most: one more than it has openings and commas.
fn count_values(bytes: &[u8]) -> usize {
    let (mut count, mut in_text, mut escaped) = (1_usize, false, false);
    for byte in bytes {
        match (in_text, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => in_text = !in_text,
            (false, b'[' | b'{' | b',') => count = count.saturating_add(1),
            _ => {}
        }
    }
    count
}

fn malformed(why: &str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "malformed-json", why)
}

fn each(
    items: Vec<Value>,
    read: impl Fn(Value) -> Result<Submission, Problem>,
) -> Result<Vec<Submission>, Problem> {
    check_count(items.len())?;
    let numbered = items.into_iter().enumerate();
    numbered.map(|(at, item)| read(item).map_err(|problem| problem.at(at))).collect()
}

fn json(value: Value) -> Result<Vec<Submission>, Problem> {
    if let Value::Array(items) = value {
        return each(items, submission);
    }
    Ok(vec![submission(value)?])
}

fn cloud_events(value: Value) -> Result<Vec<Submission>, Problem> {
    if let Value::Array(items) = value {
        return each(items, cloud_event);
    }
    Err(malformed("a batch of CloudEvents is a JSON array"))
}

fn json_lines(bytes: &[u8]) -> Result<Vec<Submission>, Problem> {
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let mut batch = Vec::new();
    for (at, line) in lines.enumerate() {
        check_count(at.saturating_add(1))?;
        batch.push(parse(line).and_then(submission).map_err(|problem| problem.at(at))?);
    }
    Ok(batch)
}

const fn signed(event: Vec<u8>) -> Submission {
    Submission::Signed { event, payload: None, wraps: Vec::new(), salt: None }
}

fn signed_events(bytes: &[u8]) -> Result<Vec<Submission>, Problem> {
    let mut reader = Reader::new(bytes);
    let mut batch = Vec::new();
    while !reader.rest().is_empty() {
        let at = batch.len();
        check_count(at.saturating_add(1))?;
        let limit = u32::try_from(MAX_BODY).unwrap_or(u32::MAX);
        let event = reader.bytes32("signed event length", limit);
        let event = event.map_err(|refused| {
            let error = reader.reason(refused);
            Problem::new(StatusCode::BAD_REQUEST, error.code(), error.to_string()).at(at)
        })?;
        batch.push(signed(event.to_vec()));
    }
    Ok(batch)
}

fn cloud_event(value: Value) -> Result<Submission, Problem> {
    let draft = cloudevents::draft(value).map_err(|error| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "not-a-cloudevent", error.to_string())
    })?;
    Ok(Submission::Draft(draft))
}

/// A signed event as JSON: what the binary form has no room for stands beside it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignedJson {
    /// The encoded signed event, base64.
    signed: String,
    /// The payload as stored, base64.
    payload: Option<String>,
    #[serde(default)]
    wraps: Vec<WrapJson>,
    /// Hex.
    salt: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrapJson {
    /// Id of the recipient's key, hex.
    key: String,
    /// The wrap, base64.
    wrap: String,
}

/// A draft, or a signed event with what belongs to it.
fn submission(value: Value) -> Result<Submission, Problem> {
    if value.get("signed").is_none() {
        return typed::<Draft>(value).map(Submission::Draft);
    }
    let item: SignedJson = typed(value)?;
    let wraps = item.wraps.iter().map(|wrap| {
        let key = digest::parse_hex(&wrap.key).map_err(|error| bad_draft("key", &error))?;
        Ok((key.into(), decode("wrap", &wrap.wrap)?))
    });
    let salt = item.salt.as_deref().map(digest::parse_hex).transpose();
    Ok(Submission::Signed {
        event: decode("signed", &item.signed)?,
        payload: item.payload.as_deref().map(|text| decode("payload", text)).transpose()?,
        wraps: wraps.collect::<Result<_, Problem>>()?,
        salt: salt.map_err(|error| bad_draft("salt", &error))?,
    })
}

fn typed<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    serde_json::from_value(value).map_err(|error| bad_draft("event", &error))
}

fn decode(name: &str, text: &str) -> Result<Vec<u8>, Problem> {
    STANDARD.decode(text).map_err(|error| bad_draft(name, &error))
}

fn bad_draft(name: &str, error: &dyn std::error::Error) -> Problem {
    let why = format!("{name}: {error}");
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "malformed-draft", why)
}
