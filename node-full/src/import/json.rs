//! What the JSON sources have in common: fields by their path, and all fields as metadata.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The first of these fields that is a text or a number, not empty.
pub(super) fn first(value: &Value, paths: &[&str]) -> Option<String> {
    paths.iter().find_map(|path| match value.pointer(path)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            None
        }
    })
}

/// Milliseconds since 1970 of an RFC 3339 time.
pub(super) fn millis(text: &str) -> Option<u64> {
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    u64::try_from(time.unix_timestamp_nanos().div_euclid(1_000_000)).ok()
}

/// A value as text: its own, or JSON.
pub(super) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// All fields that are not null, objects one level deep as `outer.inner`.
pub(super) fn fields(object: &Map<String, Value>) -> BTreeMap<String, String> {
    let (objects, plain): (Vec<_>, Vec<_>) = object
        .iter()
        .filter(|(_, value)| !value.is_null())
        .partition(|(_, value)| value.as_object().is_some_and(|inner| !inner.is_empty()));
    let mut all: BTreeMap<_, _> =
        plain.into_iter().map(|(name, value)| (name.clone(), text(value))).collect();
    for (outer, value) in objects {
        let inner = value.as_object().into_iter().flatten();
        let inner: Vec<_> = inner
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (format!("{outer}.{name}"), text(value)))
            .collect();
        // A field whose own name has a dot keeps its place.
        if inner.iter().any(|(name, _)| all.contains_key(name)) {
            all.insert(outer.clone(), value.to_string());
        } else {
            all.extend(inner);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_one_level_deep_and_none_hides_another() {
        let object = json!({
            "a": "text", "n": 1.5, "none": null, "empty": {}, "list": [1, "b"],
            "deep": {"x": "y", "z": {"w": true}, "none": null},
            "dot": {"a": 1, "b": 2}, "dot.a": "its own",
        });
        let all: Vec<_> = fields(object.as_object().unwrap()).into_iter().collect();
        let all: Vec<_> = all.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(
            all,
            [
                ("a", "text"),
                ("deep.x", "y"),
                ("deep.z", "{\"w\":true}"),
                ("dot", "{\"a\":1,\"b\":2}"),
                ("dot.a", "its own"),
                ("empty", "{}"),
                ("list", "[1,\"b\"]"),
                ("n", "1.5"),
            ]
        );
        assert_eq!(first(&object, &["/none", "/deep/x"]).as_deref(), Some("y"));
        assert_eq!(first(&object, &["/deep", "/absent"]), None);
    }
}
