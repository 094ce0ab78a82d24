//! The system's own events: members, streams, grants, redactions, erasures. What each says, and
//! where in an event's fields it stands: SPEC.md, "System events".

use std::collections::BTreeMap;

use cairn_verifier::digest::{self, EventId, KeyId, StreamId};
use cairn_verifier::event::{EventBody, Kind, Payload};
use cairn_verifier::finality::Suite;
use cairn_verifier::state::{RecordKey, Roles};
use cairn_verifier::trust::{KeyDraft, WRAP_X_WING, WRAP_X25519};
use thiserror::Error;

use crate::http_client::hex;
use crate::ingest::{Draft, DraftKind, DraftOutcome, DraftParty, DraftResource};

mod validator;

pub use validator::ValidatorEvent;

/// The stream of the system's own events.
pub const SYSTEM_STREAM: &str = "system";
/// The member whose key changes members and streams, when a log begins.
pub const ADMIN_MEMBER: &str = "admin";

/// The most keys or readers that one event names.
pub const MAX_NAMED: usize = 32;

const MEMBER: &str = "member";
const STREAM: &str = "stream";
const EVENT: &str = "event";

/// What a system event says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "these are all that are written")]
pub enum SystemEvent {
    /// A new member with its keys.
    MemberAdded {
        /// Its name, which no member ever had.
        name: String,
        /// Its keys, which no member ever had.
        keys: Vec<KeyDraft>,
    },
    /// More keys of a member.
    KeysAdded {
        /// The member.
        name: String,
        /// The keys.
        keys: Vec<KeyDraft>,
    },
    /// A key is given up.
    KeyEnded {
        /// The member.
        name: String,
        /// The key.
        key: KeyId,
    },
    /// A member leaves, with all its keys.
    MemberRemoved {
        /// The member.
        name: String,
    },
    /// A new stream.
    StreamAdded {
        /// Its id.
        id: StreamId,
        /// Its name, which no stream has.
        name: String,
    },
    /// What a member may do in a stream from now on; nothing more if both are false.
    RolesSet {
        /// The stream.
        stream: StreamId,
        /// The member.
        member: String,
        /// What it may do.
        roles: Roles,
    },
    /// These keys get wraps of an event's payload.
    Granted {
        /// The event.
        event: EventId,
        /// Ids of the wrap keys.
        readers: Vec<KeyId>,
    },
    /// An event's payload is to be forgotten.
    Redacted {
        /// The event.
        event: EventId,
    },
    /// A node forgot it: its receipt for a redaction.
    Erased {
        /// The event whose payload is forgotten.
        event: EventId,
        /// The redaction that asked for it.
        redaction: EventId,
        /// How many key records it destroyed.
        records: u64,
        /// What became of the stored payload.
        payload: StoredPayload,
    },
    /// About the validator set. Boxed: a key or a signature is in it.
    Validator(Box<ValidatorEvent>),
}

/// What became of the bytes of an erased event's payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "these are all")]
pub enum StoredPayload {
    /// They were removed.
    Removed,
    /// Another event, which is not redacted, has the same.
    Shared,
}

impl StoredPayload {
    const fn name(self) -> &'static str {
        match self {
            Self::Removed => "removed",
            Self::Shared => "shared",
        }
    }
}

/// Why an event of a system kind says nothing that the system knows.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SystemError {
    /// No such event type under this kind.
    #[error("no system event of kind {kind} has the type {found:?}")]
    UnknownType {
        /// The kind's name.
        kind: &'static str,
        /// The event type.
        found: String,
    },
    /// A field is not what the type asks for.
    #[error("{field} must be {expected}")]
    Field {
        /// Where.
        field: String,
        /// What stands there.
        expected: &'static str,
    },
    /// System events carry no payload.
    #[error("a system event has no payload")]
    Payload,
}

fn field(field: impl Into<String>, expected: &'static str) -> SystemError {
    SystemError::Field { field: field.into(), expected }
}

impl SystemEvent {
    fn kind(&self) -> DraftKind {
        match self {
            Self::Granted { .. } => DraftKind::Grant,
            Self::Redacted { .. } | Self::Erased { .. } => DraftKind::Redaction,
            Self::Validator(event) => event.kind(),
            Self::MemberAdded { .. }
            | Self::KeysAdded { .. }
            | Self::KeyEnded { .. }
            | Self::MemberRemoved { .. }
            | Self::StreamAdded { .. }
            | Self::RolesSet { .. } => DraftKind::Member,
        }
    }

    /// Its event type.
    #[must_use]
    pub fn event_type(&self) -> &'static str {
        match self {
            Self::MemberAdded { .. } => "cairn.member.added",
            Self::KeysAdded { .. } => "cairn.member.keys-added",
            Self::KeyEnded { .. } => "cairn.member.key-ended",
            Self::MemberRemoved { .. } => "cairn.member.removed",
            Self::StreamAdded { .. } => "cairn.stream.added",
            Self::RolesSet { .. } => "cairn.stream.roles-set",
            Self::Granted { .. } => "cairn.payload.granted",
            Self::Redacted { .. } => "cairn.payload.redacted",
            Self::Erased { .. } => "cairn.payload.erased",
            Self::Validator(event) => event.event_type(),
        }
    }

    fn resource(&self) -> (&'static str, String) {
        match self {
            Self::MemberAdded { name, .. }
            | Self::KeysAdded { name, .. }
            | Self::KeyEnded { name, .. }
            | Self::MemberRemoved { name } => (MEMBER, name.clone()),
            Self::StreamAdded { id, .. } => (STREAM, id.to_string()),
            Self::RolesSet { stream, .. } => (STREAM, stream.to_string()),
            Self::Granted { event, .. } | Self::Redacted { event } | Self::Erased { event, .. } => {
                (EVENT, event.to_string())
            }
            Self::Validator(event) => event.resource(),
        }
    }

    fn metadata(&self) -> BTreeMap<String, String> {
        let numbered = |name: &str, values: Vec<String>| {
            let entries = values.into_iter().enumerate();
            entries.map(|(at, value)| (format!("{name}.{at:02}"), value)).collect()
        };
        let named = |pairs: &[(&str, String)]| {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
        };
        match self {
            Self::MemberAdded { keys, .. } | Self::KeysAdded { keys, .. } => {
                let text = |(suite, bytes): &KeyDraft| format!("{suite}:{}", hex(bytes));
                numbered("key", keys.iter().map(text).collect())
            }
            Self::KeyEnded { key, .. } => named(&[("key", key.to_string())]),
            Self::StreamAdded { name, .. } => named(&[("name", name.clone())]),
            Self::RolesSet { member, roles, .. } => {
                named(&[("member", member.clone()), ("roles", roles_text(*roles).to_owned())])
            }
            Self::Granted { readers, .. } => {
                numbered("reader", readers.iter().map(KeyId::to_string).collect())
            }
            Self::Erased { redaction, records, payload, .. } => named(&[
                ("payload", payload.name().to_owned()),
                ("records", records.to_string()),
                ("redaction", redaction.to_string()),
            ]),
            Self::MemberRemoved { .. } | Self::Redacted { .. } => BTreeMap::new(),
            Self::Validator(event) => event.metadata(),
        }
    }

    /// As an event to be signed: by whom, in which stream, and why.
    #[must_use]
    pub fn draft(&self, actor: &str, stream: &str, reason: &str) -> Draft {
        let (kind, id) = self.resource();
        Draft {
            stream: Some(stream.to_owned()),
            event_type: self.event_type().to_owned(),
            actor: DraftParty { kind: MEMBER.to_owned(), id: actor.to_owned() },
            resource: DraftResource { kind: kind.to_owned(), id, parent: String::new() },
            outcome: DraftOutcome::Success,
            reason: reason.to_owned(),
            metadata: self.metadata(),
            time: None,
            kind: self.kind(),
            payload: None,
        }
    }

    /// Whether events of a kind are the system's own and read here.
    #[must_use]
    pub const fn is_kind(kind: Kind) -> bool {
        matches!(kind, Kind::Member | Kind::Grant | Kind::Redaction) || Self::is_validators(kind)
    }

    /// Whether events of a kind can change the validator set.
    #[must_use]
    pub const fn is_validators(kind: Kind) -> bool {
        matches!(kind, Kind::ValidatorChange | Kind::Evidence)
    }

    /// Reads what an event of a system kind says. Nothing is left over: an event that says more, or
    /// says it otherwise, is none.
    ///
    /// # Errors
    /// [`SystemError`].
    pub fn read(body: &EventBody<'_>) -> Result<Self, SystemError> {
        if !matches!(body.payload, Payload::None) {
            return Err(SystemError::Payload);
        }
        let found = Self::read_type(body)?;
        let metadata: BTreeMap<String, String> =
            body.metadata.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        // What is written from what was read is what was there: one event, one text.
        let (kind, id) = found.resource();
        let is_same = metadata == found.metadata()
            && (body.resource.party.kind, body.resource.party.id) == (kind, id.as_str())
            && body.resource.parent.is_empty()
            && body.kind == found.kind().kind();
        if is_same { Ok(found) } else { Err(field("the event", "written as SPEC.md has it")) }
    }

    fn read_type(body: &EventBody<'_>) -> Result<Self, SystemError> {
        let id = body.resource.party.id;
        let fields = Fields(body);
        match body.event_type {
            "cairn.member.added" => {
                Ok(Self::MemberAdded { name: name("resource", id)?, keys: fields.keys()? })
            }
            "cairn.member.keys-added" => {
                Ok(Self::KeysAdded { name: name("resource", id)?, keys: fields.keys()? })
            }
            "cairn.member.key-ended" => {
                Ok(Self::KeyEnded { name: name("resource", id)?, key: fields.id("key")? })
            }
            "cairn.member.removed" => Ok(Self::MemberRemoved { name: name("resource", id)? }),
            "cairn.stream.added" => Ok(Self::StreamAdded {
                id: parse("resource", id)?,
                name: name("name", fields.text("name")?)?,
            }),
            "cairn.stream.roles-set" => Ok(Self::RolesSet {
                stream: parse("resource", id)?,
                member: name("member", fields.text("member")?)?,
                roles: fields.roles()?,
            }),
            "cairn.payload.granted" => {
                Ok(Self::Granted { event: parse("resource", id)?, readers: fields.readers()? })
            }
            "cairn.payload.redacted" => Ok(Self::Redacted { event: parse("resource", id)? }),
            "cairn.payload.erased" => fields.erased(parse("resource", id)?),
            found => match ValidatorEvent::read(body)? {
                Some(event) => Ok(Self::Validator(Box::new(event))),
                None => {
                    let found = found.to_owned();
                    Err(SystemError::UnknownType { kind: body.kind.name(), found })
                }
            },
        }
    }
}

/// Metadata by name.
struct Fields<'a>(&'a EventBody<'a>);

impl<'a> Fields<'a> {
    fn text(&self, name: &'static str) -> Result<&'a str, SystemError> {
        let mut entries = self.0.metadata.iter();
        let found = entries.find(|(key, _)| *key == name);
        found.map(|(_, value)| value).ok_or_else(|| field(name, "there"))
    }

    fn id<T: From<[u8; 32]>>(&self, name: &'static str) -> Result<T, SystemError> {
        parse(name, self.text(name)?)
    }

    /// Values of `name.00`, `name.01` and so on.
    fn numbered(&self, name: &'static str) -> Result<Vec<&'a str>, SystemError> {
        let values: Vec<_> = self.0.metadata.iter().map(|(_, value)| value).collect();
        if values.is_empty() || values.len() > MAX_NAMED {
            return Err(field(name, "there, once to 32 times"));
        }
        Ok(values)
    }

    fn keys(&self) -> Result<Vec<KeyDraft>, SystemError> {
        let mut keys = Vec::new();
        for text in self.numbered("key")? {
            let key = read_key(text).ok_or_else(|| field("key", "a suite, a colon and hex"))?;
            keys.push(key);
        }
        Ok(keys)
    }

    fn readers(&self) -> Result<Vec<KeyId>, SystemError> {
        let values = self.numbered("reader")?;
        let readers = values.into_iter().map(|text| parse("reader", text));
        let readers: Vec<KeyId> = readers.collect::<Result<_, _>>()?;
        let ascend = readers.is_sorted_by(|one, next| one < next);
        if ascend { Ok(readers) } else { Err(field("reader", "strictly ascending")) }
    }

    fn roles(&self) -> Result<Roles, SystemError> {
        let text = self.text("roles")?;
        let all = [(false, false), (true, false), (false, true), (true, true)];
        let mut all = all.into_iter().map(|(writer, reader)| Roles { writer, reader });
        let found = all.find(|roles| roles_text(*roles) == text);
        found.ok_or_else(|| field("roles", "none, writer, reader or writer reader"))
    }

    fn erased(&self, event: EventId) -> Result<SystemEvent, SystemError> {
        let records = self.text("records")?.parse().map_err(|_| field("records", "a number"))?;
        let text = self.text("payload")?;
        let mut known = [StoredPayload::Removed, StoredPayload::Shared].into_iter();
        let payload = known.find(|known| known.name() == text);
        let payload = payload.ok_or_else(|| field("payload", "removed or shared"))?;
        Ok(SystemEvent::Erased { event, redaction: self.id("redaction")?, records, payload })
    }
}

const fn roles_text(roles: Roles) -> &'static str {
    match (roles.writer, roles.reader) {
        (false, false) => "none",
        (true, false) => "writer",
        (false, true) => "reader",
        (true, true) => "writer reader",
    }
}

fn parse<T: From<[u8; 32]>>(what: &'static str, text: &str) -> Result<T, SystemError> {
    let bytes = digest::parse_hex(text).map_err(|_| field(what, "64 lower-case hex digits"))?;
    Ok(T::from(bytes))
}

/// A name as a genesis may have it.
fn name(what: &'static str, text: &str) -> Result<String, SystemError> {
    if is_name(text) { Ok(text.to_owned()) } else { Err(field(what, "a name of 1 to 64 bytes")) }
}

/// Whether a member or a stream may have this name.
#[must_use]
pub fn is_name(text: &str) -> bool {
    // As it would stand in the member's record.
    let record = u8::try_from(text.len()).map(|len| [&[1, len], text.as_bytes()].concat());
    record.is_ok_and(|record| RecordKey::decode(&record).is_ok())
}

fn read_key(text: &str) -> Option<KeyDraft> {
    let (suite, hex) = text.split_once(':')?;
    let suite: u8 = suite.parse().ok()?;
    let len = match suite {
        WRAP_X25519 => 32,
        WRAP_X_WING => 1_216,
        other => Suite::from_byte(other)?.public_key_len(),
    };
    let bytes = crate::http_client::parse_hex(hex)?;
    (bytes.len() == len).then_some((suite, bytes))
}

#[cfg(test)]
mod tests;
