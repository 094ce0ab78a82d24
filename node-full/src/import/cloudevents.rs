//! CloudEvents 1.0 in their JSON format, as drafts.
//!
//! | CloudEvent | event |
//! |---|---|
//! | `type`, `time` | type; time in milliseconds |
//! | `subject` (else `id`), `source` | resource id of kind `subject`, and its parent |
//! | extension `actor` (else `source`) | actor id of kind `actor` |
//! | `id`, `source`, `specversion`, other attributes | metadata under their names |
//! | `data`, an object | metadata `data.<key>`, one level deep, JSON text where a value is no string |
//! | `data` too large for metadata; `data_base64` | public payload |
//!
//! The source id is `source` with `id`. If the line is kept, it is the payload, in place of `data`
//! that it holds anyway.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cairn_verifier::event::MAX_METADATA;
use serde_json::{Map, Value};
use thiserror::Error;

use super::lines::Line;
use super::mapped::{MAX_ALL, MAX_KEY, MAX_VALUE, with_raw};
use super::source::place;
use super::{Item, Raw, SourceId, json};
use crate::ingest::{Draft, DraftKind, DraftOutcome, DraftParty, DraftPayload, DraftResource};

/// Why JSON is not a CloudEvent that can be brought over.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotACloudEvent {
    /// Not a JSON object.
    #[error("a CloudEvent is a JSON object")]
    NotAnObject,
    /// An attribute that must be there.
    #[error("the attribute {0:?} is missing or not a text")]
    Missing(&'static str),
    /// Another version.
    #[error("specversion {0:?} is not known; this program reads \"1.0\"")]
    Version(String),
    /// A time that is not RFC 3339, or before 1970.
    #[error("the time {0:?} is not an RFC 3339 time since 1970")]
    Time(String),
    /// An attribute that is neither text nor number nor boolean.
    #[error("the attribute {0:?} is neither a text nor a number nor a boolean")]
    Attribute(String),
    /// Both forms of data, or `data_base64` that is not base64.
    #[error("there must be one of `data` and `data_base64`, the latter base64 text")]
    Data,
}

/// The draft that a CloudEvent makes.
///
/// # Errors
/// [`NotACloudEvent`].
pub fn draft(value: Value) -> Result<Draft, NotACloudEvent> {
    let Value::Object(mut attributes) = value else {
        return Err(NotACloudEvent::NotAnObject);
    };
    let data = attributes.remove("data").filter(|data| !data.is_null());
    let encoded = attributes.remove("data_base64").filter(|data| !data.is_null());
    attributes.retain(|_, value| !value.is_null());

    let version = required(&attributes, "specversion")?;
    if version != "1.0" {
        return Err(NotACloudEvent::Version(version));
    }
    let (id, source) = (required(&attributes, "id")?, required(&attributes, "source")?);
    let event_type = take_text(&mut attributes, "type")?.ok_or(NotACloudEvent::Missing("type"))?;
    let time = take_text(&mut attributes, "time")?.map(|text| millis(&text)).transpose()?;
    let subject = take_text(&mut attributes, "subject")?.unwrap_or(id);
    let actor = take_text(&mut attributes, "actor")?.unwrap_or_else(|| source.clone());

    let mut metadata = BTreeMap::new();
    for (name, value) in attributes {
        let text = scalar(value).ok_or_else(|| NotACloudEvent::Attribute(name.clone()))?;
        metadata.insert(name, text);
    }
    let payload = match (data, encoded) {
        (None, None) => None,
        (Some(data), None) => add_data(&mut metadata, data),
        (None, Some(Value::String(text))) if STANDARD.decode(&text).is_ok() => {
            Some(DraftPayload::Public(text))
        }
        _ => return Err(NotACloudEvent::Data),
    };
    Ok(Draft {
        stream: None,
        event_type,
        actor: DraftParty { kind: "actor".to_owned(), id: actor },
        resource: DraftResource { kind: "subject".to_owned(), id: subject, parent: source },
        outcome: DraftOutcome::Unknown,
        reason: String::new(),
        metadata,
        time,
        kind: DraftKind::Import,
        payload,
    })
}

fn required(attributes: &Map<String, Value>, name: &'static str) -> Result<String, NotACloudEvent> {
    let text = attributes.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    text.map(str::to_owned).ok_or(NotACloudEvent::Missing(name))
}

fn take_text(
    attributes: &mut Map<String, Value>,
    name: &'static str,
) -> Result<Option<String>, NotACloudEvent> {
    match attributes.remove(name) {
        None => Ok(None),
        Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
        Some(_) => Err(NotACloudEvent::Missing(name)),
    }
}

fn millis(text: &str) -> Result<u64, NotACloudEvent> {
    json::millis(text).ok_or_else(|| NotACloudEvent::Time(text.to_owned()))
}

fn scalar(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Puts data into metadata if it fits, else gives it back whole as a public payload.
fn add_data(metadata: &mut BTreeMap<String, String>, data: Value) -> Option<DraftPayload> {
    let mut both = metadata.clone();
    let whole = data.to_string();
    if let Value::Object(fields) = data {
        both.extend(fields.into_iter().map(|(key, value)| (format!("data.{key}"), text(value))));
    } else {
        both.insert("data".to_owned(), text(data));
    }
    let fits = both.len() <= usize::from(MAX_METADATA)
        && both.iter().all(|(key, value)| key.len() <= MAX_KEY && value.len() <= MAX_VALUE)
        && both.iter().map(|(key, value)| key.len().saturating_add(value.len())).sum::<usize>()
            <= MAX_ALL;
    if fits {
        *metadata = both;
        None
    } else {
        Some(DraftPayload::Public(STANDARD.encode(whole)))
    }
}

fn text(value: Value) -> String {
    if let Value::String(text) = value { text } else { value.to_string() }
}

/// The item of a line.
pub(super) fn item(line: &Line, raw: &Raw) -> Item {
    let place = place(line.number);
    let parsed = serde_json::from_slice(&line.bytes).map_err(|error| error.to_string());
    let draft = parsed.and_then(|value| draft(value).map_err(|error| error.to_string()));
    let id = draft.as_ref().ok().and_then(source_id);
    Item { place, id, draft: draft.map(|draft| with_raw(draft, &line.bytes, raw)) }
}

/// `source` and `id` name a `CloudEvent`: its specification, section 3.1.1.
fn source_id(draft: &Draft) -> Option<SourceId> {
    let attribute = |name| draft.metadata.get(name).map(String::as_bytes);
    Some(SourceId::own("cloudevents", &[attribute("source")?, attribute("id")?]))
}

#[cfg(test)]
mod tests;
