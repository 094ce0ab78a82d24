//! From a source's fields to a draft that fits: what is too long goes into the payload whole.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cairn_verifier::event::MAX_METADATA;
use serde_json::json;

use crate::ingest::{
    Draft, DraftKind, DraftOutcome, DraftParty, DraftPayload, DraftResource, SealedDraft,
};

/// The longest metadata key that an event can hold, in bytes.
pub(super) const MAX_KEY: usize = 128;
/// The longest reason or metadata value that an event can hold, in bytes.
pub(super) const MAX_VALUE: usize = 4_096;
/// The most metadata in bytes: an event body has 65,535, and text fields need some of them.
pub(super) const MAX_ALL: usize = 32_768;

/// The metadata that names the fields which are in the payload.
const IN_PAYLOAD: &str = "cairn.payload";
/// How long that one may be; it must find room beside the rest.
const MAX_NAMES: usize = 1_024;
/// The payload's field for a reason that is too long; a source may have a `reason` of its own.
const REASON: &str = "cairn.reason";

/// What becomes of the line itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a payload is none, public or sealed")]
pub enum Raw {
    /// It is not kept.
    #[default]
    Not,
    /// Payload that anyone may read.
    Public,
    /// Payload that only these members may read.
    Sealed(Vec<String>),
}

/// An event before it is made to fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mapped {
    pub(super) event_type: String,
    /// Kind and id.
    pub(super) actor: (String, String),
    /// Kind and id.
    pub(super) resource: (String, String),
    pub(super) parent: String,
    pub(super) outcome: DraftOutcome,
    pub(super) reason: String,
    pub(super) metadata: BTreeMap<String, String>,
    pub(super) time: Option<u64>,
    /// Fields that are for the payload anyway.
    pub(super) payload: BTreeMap<String, String>,
}

impl Mapped {
    /// The draft; `line` is what it was made of.
    pub(super) fn draft(mut self, line: &[u8], raw: &Raw) -> Draft {
        self.make_fit();
        if *raw != Raw::Not {
            let (name, text) = raw_field(line);
            self.payload.insert(name.to_owned(), text);
        }
        Draft {
            stream: None,
            event_type: self.event_type,
            actor: DraftParty { kind: self.actor.0, id: self.actor.1 },
            resource: DraftResource {
                kind: self.resource.0,
                id: self.resource.1,
                parent: self.parent,
            },
            outcome: self.outcome,
            reason: self.reason,
            metadata: self.metadata,
            time: self.time,
            kind: DraftKind::Import,
            payload: payload(self.payload, raw),
        }
    }

    fn make_fit(&mut self) {
        let mut moved = BTreeMap::new();
        if self.reason.len() > MAX_VALUE {
            moved.insert(REASON.to_owned(), std::mem::take(&mut self.reason));
        }
        let is_long = |key: &str, value: &str| key.len() > MAX_KEY || value.len() > MAX_VALUE;
        moved.extend(self.metadata.extract_if(.., |key, value| is_long(key, value)));
        // The longest go first, so that the fewest do.
        while !fits(&self.metadata) {
            let longest = self.metadata.iter().max_by_key(|(_, value)| value.len());
            let Some(key) = longest.map(|(key, _)| key.clone()) else {
                break;
            };
            moved.extend(self.metadata.remove_entry(&key));
        }
        self.payload.extend(moved);
        if !self.payload.is_empty() {
            self.metadata.insert(IN_PAYLOAD.to_owned(), names(&self.payload));
        }
    }
}

/// Whether there is room for all and for the names of what has no room.
fn fits(metadata: &BTreeMap<String, String>) -> bool {
    let sizes = metadata.iter().map(|(key, value)| key.len().saturating_add(value.len()));
    let len = sizes.fold(MAX_NAMES, usize::saturating_add);
    metadata.len() < usize::from(MAX_METADATA) && len <= MAX_ALL
}

fn names(fields: &BTreeMap<String, String>) -> String {
    let names = fields.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    if names.len() <= MAX_NAMES { names } else { format!("{} fields", fields.len()) }
}

/// The line as a field: its text, or base64 where it is none.
fn raw_field(line: &[u8]) -> (&'static str, String) {
    match str::from_utf8(line) {
        Ok(text) => ("raw", text.to_owned()),
        Err(_) => ("raw.base64", STANDARD.encode(line)),
    }
}

fn payload(fields: BTreeMap<String, String>, raw: &Raw) -> Option<DraftPayload> {
    if fields.is_empty() {
        return None;
    }
    Some(match raw {
        Raw::Sealed(recipients) => {
            DraftPayload::Sealed(SealedDraft { fields, recipients: recipients.clone() })
        }
        Raw::Not | Raw::Public => DraftPayload::Public(STANDARD.encode(json!(fields).to_string())),
    })
}

/// The line as the payload of a draft that was made without it. It says all that another payload
/// would, so it takes its place.
pub(super) fn with_raw(mut draft: Draft, line: &[u8], raw: &Raw) -> Draft {
    if *raw != Raw::Not {
        let (name, text) = raw_field(line);
        draft.payload = payload(BTreeMap::from([(name.to_owned(), text)]), raw);
    }
    draft
}

/// A name as part of an event type: lower case, and `_` for all but letters, digits, `-` and `.`.
pub(super) fn slug(name: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | '_');
    let clean = name.chars().map(|c| if is_plain(c) { c } else { '_' });
    clean.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn mapped(metadata: BTreeMap<String, String>) -> Mapped {
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        Mapped {
            event_type: "t".to_owned(),
            actor: pair("user", "ann"),
            resource: pair("host", "web-1"),
            parent: String::new(),
            outcome: DraftOutcome::Unknown,
            reason: "why".to_owned(),
            metadata,
            time: Some(1),
            payload: BTreeMap::new(),
        }
    }

    fn public(draft: &Draft) -> Value {
        let Some(DraftPayload::Public(text)) = &draft.payload else { panic!("{draft:?}") };
        serde_json::from_slice(&STANDARD.decode(text).unwrap()).unwrap()
    }

    #[test]
    fn the_line_is_kept_as_was_chosen() {
        let fields = || mapped(BTreeMap::new());
        assert!(fields().draft(b"line", &Raw::Not).payload.is_none());
        assert_eq!(public(&fields().draft(b"line", &Raw::Public)), json!({"raw": "line"}));
        let bytes = fields().draft(b"l\xffne", &Raw::Public);
        assert_eq!(public(&bytes), json!({"raw.base64": "bP9uZQ=="}));
        let to = Raw::Sealed(vec!["ann".to_owned()]);
        let Some(DraftPayload::Sealed(sealed)) = fields().draft(b"line", &to).payload else {
            panic!("not sealed");
        };
        assert_eq!(sealed.recipients, ["ann"]);
        assert_eq!(sealed.fields, BTreeMap::from([("raw".to_owned(), "line".to_owned())]));
    }

    #[test]
    fn what_is_too_long_is_whole_in_the_payload_and_named() {
        let long = "x".repeat(MAX_VALUE + 1);
        let metadata = BTreeMap::from([
            ("long".to_owned(), long.clone()),
            ("short".to_owned(), "s".to_owned()),
            ("k".repeat(MAX_KEY + 1), "v".to_owned()),
        ]);
        let draft = Mapped { reason: long.clone(), ..mapped(metadata) }.draft(b"", &Raw::Not);
        assert_eq!(draft.reason, "");
        let key = "k".repeat(MAX_KEY + 1);
        assert_eq!(public(&draft), json!({"cairn.reason": long, "long": long, key.clone(): "v"}));
        assert_eq!(draft.metadata["short"], "s");
        assert_eq!(draft.metadata[IN_PAYLOAD], format!("cairn.reason, {key}, long"));
        assert_eq!(draft.metadata.len(), 2);
    }

    #[test]
    fn what_is_too_much_leaves_by_length() {
        let value = |n: usize| "x".repeat(n);
        let many: BTreeMap<_, _> = (0..70).map(|n| (format!("k{n:02}"), value(n))).collect();
        let draft = mapped(many).draft(b"", &Raw::Not);
        assert_eq!(draft.metadata.len(), usize::from(MAX_METADATA));
        assert_eq!(public(&draft).as_object().unwrap().len(), 7);
        assert_eq!(draft.metadata[IN_PAYLOAD], "k63, k64, k65, k66, k67, k68, k69");
        let wide: BTreeMap<_, _> = (0..20).map(|n| (format!("k{n:02}"), value(4_000))).collect();
        let draft = mapped(wide).draft(b"", &Raw::Not);
        assert_eq!(draft.metadata.len() - 1 + public(&draft).as_object().unwrap().len(), 20);
        assert_eq!(draft.metadata.len(), 8);
    }

    #[test]
    fn names_as_parts_of_types() {
        assert_eq!(slug("API Activity: Read/Only"), "api_activity__read_only");
        assert_eq!(slug("systemd-logind"), "systemd-logind");
    }
}
