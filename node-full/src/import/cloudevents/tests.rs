use serde_json::json;

use super::*;
use crate::import::lines::Lines;
use crate::import::source::{Format, Items};

fn event(more: Value) -> Value {
    let mut event =
        json!({"specversion": "1.0", "id": "7", "source": "/shop", "type": "order.placed"});
    let (event_map, Value::Object(more)) = (event.as_object_mut().unwrap(), more) else {
        panic!("not an object");
    };
    event_map.extend(more);
    event
}

#[test]
fn attributes_find_their_places() {
    let draft = draft(event(json!({
        "time": "2025-05-07T17:26:44.5+02:00", "subject": "order/9", "actor": "ann",
        "region": "eu", "retries": 3, "replay": false, "absent": null,
        "data": {"title": "größer \"q\"", "parents": ["a", "b"], "n": 1},
    })))
    .unwrap();
    assert_eq!(draft.event_type, "order.placed");
    assert_eq!(draft.time, Some(1_746_631_604_500));
    assert_eq!((draft.actor.kind.as_str(), draft.actor.id.as_str()), ("actor", "ann"));
    assert_eq!((draft.resource.id.as_str(), draft.resource.parent.as_str()), ("order/9", "/shop"));
    assert_eq!(draft.kind, DraftKind::Import);
    assert!(draft.payload.is_none());
    let metadata: Vec<_> = draft.metadata.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(
        metadata,
        [
            ("data.n", "1"),
            ("data.parents", "[\"a\",\"b\"]"),
            ("data.title", "größer \"q\""),
            ("id", "7"),
            ("region", "eu"),
            ("replay", "false"),
            ("retries", "3"),
            ("source", "/shop"),
            ("specversion", "1.0"),
        ]
    );
}

#[test]
fn without_subject_and_actor_id_and_source_stand_in() {
    let draft = draft(event(json!({}))).unwrap();
    assert_eq!((draft.resource.id.as_str(), draft.actor.id.as_str()), ("7", "/shop"));
    assert_eq!(draft.time, None);
}

#[test]
fn large_data_becomes_a_public_payload() {
    let many: Map<String, Value> = (0..70).map(|n| (format!("k{n}"), json!(n))).collect();
    let wide: Map<String, Value> =
        (0..20).map(|n| (format!("k{n}"), json!("x".repeat(4_000)))).collect();
    let cases = [json!({"long": "x".repeat(4_097)}), Value::Object(many), Value::Object(wide)];
    for data in cases {
        let draft = draft(event(json!({"data": data.clone()}))).unwrap();
        let Some(DraftPayload::Public(encoded)) = draft.payload else {
            panic!("no public payload");
        };
        assert_eq!(
            serde_json::from_slice::<Value>(&STANDARD.decode(encoded).unwrap()).unwrap(),
            data
        );
        assert_eq!(draft.metadata.len(), 3);
    }
}

#[test]
fn data_of_other_kinds_is_kept() {
    let value = |more| draft(event(more)).unwrap();
    assert_eq!(value(json!({"data": "text"})).metadata.get("data").unwrap(), "text");
    assert_eq!(value(json!({"data": [1, 2]})).metadata.get("data").unwrap(), "[1,2]");
    let payload = value(json!({"data_base64": "AAEC"})).payload;
    assert!(matches!(payload, Some(DraftPayload::Public(text)) if text == "AAEC"));
}

#[test]
fn what_is_none_is_refused_by_name() {
    use NotACloudEvent as E;
    let cases = [
        (json!([1]), E::NotAnObject),
        (json!({"specversion": "1.0"}), E::Missing("id")),
        (event(json!({"specversion": "0.3"})), E::Version("0.3".to_owned())),
        (event(json!({"type": ""})), E::Missing("type")),
        (event(json!({"type": 7})), E::Missing("type")),
        (event(json!({"source": null})), E::Missing("source")),
        (event(json!({"time": "yesterday"})), E::Time("yesterday".to_owned())),
        (
            event(json!({"time": "1969-12-31T23:59:59Z"})),
            E::Time("1969-12-31T23:59:59Z".to_owned()),
        ),
        (event(json!({"region": {"a": 1}})), E::Attribute("region".to_owned())),
        (event(json!({"data": 1, "data_base64": "AA=="})), E::Data),
        (event(json!({"data_base64": "not base64"})), E::Data),
    ];
    for (value, expected) in cases {
        assert_eq!(draft(value.clone()).unwrap_err(), expected, "{value}");
    }
}

#[test]
fn lines_are_numbered_and_none_is_lost() {
    let good = event(json!({})).to_string();
    let input = format!("{good}\n\n  \n{{broken\n{good}");
    let lines = Lines::new(input.as_bytes());
    let items: Vec<Item> =
        Items::new(Format::CloudEvents, Raw::Not, lines).map(Result::unwrap).collect();
    let places: Vec<_> =
        items.iter().map(|item| (item.place.as_str(), item.draft.is_ok())).collect();
    assert_eq!(places, [("line 1", true), ("line 4", false), ("line 5", true)]);
    assert_eq!(items[0].id, Some(SourceId::own("cloudevents", &[b"/shop", b"7"])));
    assert_eq!((items[1].id, items[2].id), (None, items[0].id));
}

#[test]
fn a_line_that_is_kept_takes_the_place_of_data() {
    let bytes = event(json!({"data_base64": "AAEC"})).to_string().into_bytes();
    let line = Line { number: 1, bytes: bytes.clone(), ..Line::default() };
    let Some(DraftPayload::Public(text)) = item(&line, &Raw::Public).draft.unwrap().payload else {
        panic!("no public payload");
    };
    let fields: Value = serde_json::from_slice(&STANDARD.decode(text).unwrap()).unwrap();
    assert_eq!(fields, json!({"raw": String::from_utf8(bytes).unwrap()}));
}
