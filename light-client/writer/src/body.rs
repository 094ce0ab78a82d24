//! An event body out of what JavaScript gives.

use std::collections::BTreeMap;

use cairn_verifier::UnixMillis;
use cairn_verifier::event::{
    EventBody, Kind, Metadata, Outcome, Party, Payload, Resource, encode_metadata,
};
use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue};

use crate::{Failed, failed};

/// The parts in their order: log, stream, writer, sequence, previous, time, kind, type, the actor's kind
/// and id, the resource's kind, id and parent, outcome, reason.
pub(crate) type Parts = [String; 15];

/// All parts, as texts.
pub(crate) fn texts(parts: &Array) -> Result<Parts, Failed> {
    let texts: Option<Vec<String>> = parts.iter().map(|part| part.as_string()).collect();
    let texts = texts.and_then(|texts| Parts::try_from(texts).ok());
    texts.ok_or_else(|| failed("client-bad-event", "an event has 15 parts, all of them texts"))
}

/// Metadata, encoded, from keys and values in turn.
pub(crate) fn metadata(pairs: &Array) -> Result<Vec<u8>, Failed> {
    let mut entries = BTreeMap::new();
    for (key, value) in in_turn(pairs) {
        let (Some(key), Some(value)) = (key.as_string(), value.as_string()) else {
            return Err(failed("client-bad-event", "metadata has texts only"));
        };
        entries.insert(key, value);
    }
    encode_metadata(&entries).map_err(|error| failed(error.code(), error))
}

/// A payload's fields from names and values in turn.
pub(crate) fn fields(pairs: &Array) -> Result<BTreeMap<String, Vec<u8>>, Failed> {
    let field = |(name, value): (JsValue, JsValue)| {
        Some((name.as_string()?, value.dyn_into::<Uint8Array>().ok()?.to_vec()))
    };
    let fields: Option<BTreeMap<_, _>> = in_turn(pairs).map(field).collect();
    fields.ok_or_else(|| failed("client-bad-event", "fields are names with bytes"))
}

fn in_turn(pairs: &Array) -> impl Iterator<Item = (JsValue, JsValue)> {
    let at = |place: u32| pairs.get(place);
    (0..pairs.length() / 2)
        .map(move |n| (at(n.saturating_mul(2)), at(n.saturating_mul(2).saturating_add(1))))
}

/// The body, without a payload.
pub(crate) fn body<'a>(parts: &'a Parts, metadata: &'a [u8]) -> Result<EventBody<'a>, Failed> {
    let bad = |what: &str| failed("client-bad-event", format!("{what} is none"));
    let [
        log,
        stream,
        writer,
        sequence,
        previous,
        time,
        kind,
        event_type,
        actor_kind,
        actor_id,
        resource_kind,
        resource_id,
        parent,
        outcome,
        reason,
    ] = parts;
    Ok(EventBody {
        log: log.parse().map_err(|_| bad("the log's id"))?,
        stream: stream.parse().map_err(|_| bad("the stream's id"))?,
        writer: writer.parse().map_err(|_| bad("the writer's key id"))?,
        sequence: sequence.parse().map_err(|_| bad("the sequence"))?,
        previous: previous.parse().map_err(|_| bad("the previous event's id"))?,
        time: UnixMillis(time.parse().map_err(|_| bad("the time"))?),
        kind: match kind.as_str() {
            "record" => Kind::Record,
            "import" => Kind::Import,
            _ => return Err(bad("the kind")),
        },
        event_type,
        actor: Party { kind: actor_kind, id: actor_id },
        resource: Resource { party: Party { kind: resource_kind, id: resource_id }, parent },
        outcome: match outcome.as_str() {
            "unknown" => Outcome::Unknown,
            "success" => Outcome::Success,
            "failure" => Outcome::Failure,
            "denied" => Outcome::Denied,
            _ => return Err(bad("the outcome")),
        },
        reason,
        metadata: Metadata::decode(metadata).map_err(|error| failed(error.code(), error))?,
        group_epoch: 0,
        generation: 0,
        payload: Payload::None,
    })
}
