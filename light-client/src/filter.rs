//! What a query asks for, held against events: a node that answers with other true events than
//! those asked for is found out, and one that is not asked at all is not needed.

use cairn_verifier::digest::{KeyId, StreamId};
use cairn_verifier::event::{EventBody, Party};

use crate::error::ClientError;

/// The filters of a query, by the names that the node's API gives them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    parts: Vec<(String, String)>,
}

/// Parts of a query that choose no events.
const NO_FILTERS: [&str; 3] = ["cursor", "limit", "order"];

impl Filter {
    /// Reads the filters of a URL's query.
    ///
    /// # Errors
    /// [`ClientError::BadQuery`] for a name that is none, and for a writer that is no key.
    pub fn read(query: &str) -> Result<Self, ClientError> {
        let mut parts = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decoded(name), decoded(value));
            if NO_FILTERS.contains(&name.as_str()) {
                continue;
            }
            let is_key = name != "writer" || value.parse::<KeyId>().is_ok();
            if !is_key || holds((&name, &value), &EMPTY).is_none() {
                return Err(ClientError::BadQuery { found: name });
            }
            parts.push((name, value));
        }
        Ok(Self { parts })
    }

    /// The same where no node applies what is left to it: every filter must be one that is applied here.
    ///
    /// # Errors
    /// [`ClientError::BadQuery`], also for a stream's name, a time that is no number, and an order but
    /// the newest first.
    pub fn read_all(query: &str) -> Result<Self, ClientError> {
        let filter = Self::read(query)?;
        let order = query.split('&').find_map(|part| part.strip_prefix("order="));
        let is_left = |(name, value): &&(String, String)| match name.as_str() {
            "stream" => value.parse::<StreamId>().is_err(),
            "from" | "to" => value.parse::<u64>().is_err(),
            _ => false,
        };
        let left = filter.parts.iter().find(is_left).map(|(name, _)| name.clone());
        let order = order.filter(|order| *order != "newest").map(|_| "order".to_owned());
        left.or(order).map_or(Ok(filter), |found| Err(ClientError::BadQuery { found }))
    }

    /// The value of a filter, if it is there.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.parts.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The first filter that an event does not pass. Times and streams that are not plain numbers and
    /// ids are left to the node.
    #[must_use]
    pub fn refuses(&self, event: &EventBody<'_>) -> Option<&str> {
        let failing =
            self.parts.iter().find(|(name, value)| holds((name, value), event) == Some(false));
        failing.map(|(name, _)| name.as_str())
    }
}

/// An event that nobody wrote, to ask which names are known.
const EMPTY: EventBody<'static> = {
    use cairn_verifier::UnixMillis;
    use cairn_verifier::digest::{EventId, KeyId, LogId, StreamId};
    use cairn_verifier::event::{Kind, Metadata, Outcome, Payload, Resource};
    let nobody = Party { kind: "", id: "" };
    EventBody {
        log: LogId::ZERO,
        stream: StreamId::ZERO,
        writer: KeyId::ZERO,
        sequence: 0,
        previous: EventId::ZERO,
        time: UnixMillis(0),
        kind: Kind::Record,
        event_type: "",
        actor: nobody,
        resource: Resource { party: nobody, parent: "" },
        outcome: Outcome::Unknown,
        reason: "",
        metadata: Metadata::EMPTY,
        group_epoch: 0,
        generation: 0,
        payload: Payload::None,
    }
};

/// Whether an event passes one filter; `None` for a name that is none.
fn holds((name, value): (&str, &str), event: &EventBody<'_>) -> Option<bool> {
    let resource = &event.resource;
    Some(match name {
        "actor" => is_party(value, &event.actor),
        "actor-prefix" => event.actor.id.starts_with(value),
        "resource" => is_party(value, &resource.party),
        "resource-prefix" => resource.party.id.starts_with(value),
        "parent" => resource.parent == value,
        "parent-prefix" => resource.parent.starts_with(value),
        "type" => event.event_type == value,
        "type-prefix" => event.event_type.starts_with(value),
        "kind" => event.kind.name() == value,
        "outcome" => event.outcome.name() == value,
        "stream" => value.parse().map_or(true, |stream| event.stream == stream),
        "writer" => value.parse() == Ok(event.writer),
        "from" => value.parse().map_or(true, |from: u64| event.time.0 >= from),
        "to" => value.parse().map_or(true, |to: u64| event.time.0 < to),
        _ => return None,
    })
}

/// `kind/id`, or an id of whatever kind.
fn is_party(wanted: &str, found: &Party<'_>) -> bool {
    wanted == found.id || wanted.split_once('/') == Some((found.kind, found.id))
}

/// A part of a query without its escapes.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = after.get(..2).filter(|_| *first == b'%');
        let byte = escaped
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        rest = if byte.is_some() { after.get(2..).unwrap_or_default() } else { after };
        bytes.push(byte.unwrap_or(if *first == b'+' { b' ' } else { *first }));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A text as the value of a query's part.
#[must_use]
pub fn encoded(text: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    let escape = |byte: u8| {
        if plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    text.bytes().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused<'a>(filter: &'a Filter, event: &EventBody<'_>) -> &'a str {
        filter.refuses(event).unwrap_or("nothing")
    }

    #[test]
    fn every_filter_is_held_against_the_event() {
        let mut event = EMPTY;
        event.actor = Party { kind: "user", id: "a/d a" };
        event.event_type = "door.opened";
        event.time = cairn_verifier::UnixMillis(50);
        let query = "actor=user%2Fa%2Fd+a&actor-prefix=a/d&type=door.opened&type-prefix=door.&from=50\
            &to=51&kind=record&outcome=unknown&parent=&parent-prefix=&resource=&resource-prefix=\
            &limit=5&cursor=x&order=oldest&stream=main&from=2020-01-01";
        assert_eq!(refused(&Filter::read(query).unwrap(), &event), "nothing");
        for (query, name) in [
            ("actor=ada", "actor"),
            ("actor-prefix=b", "actor-prefix"),
            ("resource=x", "resource"),
            ("resource-prefix=x", "resource-prefix"),
            ("parent=x", "parent"),
            ("parent-prefix=x", "parent-prefix"),
            ("type=door", "type"),
            ("type-prefix=window", "type-prefix"),
            ("kind=grant", "kind"),
            ("outcome=denied", "outcome"),
            ("from=51", "from"),
            ("to=50", "to"),
        ] {
            assert_eq!(refused(&Filter::read(query).unwrap(), &event), name);
        }
        let other = "11".repeat(32);
        for name in ["stream", "writer"] {
            assert_eq!(refused(&Filter::read(&format!("{name}={other}")).unwrap(), &event), name);
        }
        for (query, name) in [("colour=red", "colour"), ("writer=ann", "writer")] {
            let unknown = Filter::read(query).unwrap_err();
            assert_eq!(unknown, ClientError::BadQuery { found: name.to_owned() });
        }
    }

    #[test]
    fn what_only_a_node_could_apply_is_refused_where_none_is_asked() {
        let stream = "11".repeat(32);
        let good = format!("stream={stream}&from=5&to=6&order=newest&limit=3&type=a");
        assert_eq!(Filter::read_all(&good), Filter::read(&good));
        for (query, name) in [
            ("stream=main", "stream"),
            ("from=2020-01-01", "from"),
            ("type=a&to=now", "to"),
            ("order=oldest", "order"),
            ("colour=red", "colour"),
        ] {
            assert!(name == "colour" || Filter::read(query).is_ok());
            let left = Filter::read_all(query).unwrap_err();
            assert_eq!(left, ClientError::BadQuery { found: name.to_owned() });
        }
    }

    #[test]
    fn texts_survive_a_query() {
        for text in ["", "a b&c=d%", "äöü/…", "%zz", "+"] {
            assert_eq!(decoded(&encoded(text)), text);
        }
        assert_eq!(decoded("%zz%4"), "%zz%4");
    }
}
