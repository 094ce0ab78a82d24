//! An event as names and values: what is proven apart from what is claimed.

use std::fmt::Display;

use cairn_light_client::{CheckedReceipt, ClientError};
use cairn_verifier::event::{EventBody, Party, Payload};
use cairn_verifier::fact::LogTime;
use cairn_verifier::receipt::Receipt;

use crate::format::{short_time, thousands, time};
use crate::text::fields as words;

/// One name and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) is_digest: bool,
}

impl Field {
    /// A text.
    pub(crate) fn plain(name: &str, value: impl Into<String>) -> Self {
        Self { name: name.to_owned(), value: value.into(), is_digest: false }
    }

    /// A digest.
    pub(crate) fn digest(name: &str, value: &dyn Display) -> Self {
        Self { name: name.to_owned(), value: value.to_string(), is_digest: true }
    }
}

/// What stands behind an event, and whether the receipt brings it along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stored {
    None,
    Public { digest: String, len: u32, bytes: Option<Vec<u8>> },
    Sealed { digest: String, len: u32, wraps: u8, has_ciphertext: bool },
}

impl Stored {
    fn new(payload: &Payload, bytes: Option<&[u8]>, wraps: u8) -> Self {
        match payload {
            Payload::None => Self::None,
            Payload::Public { digest, len } => Self::Public {
                digest: digest.to_string(),
                len: *len,
                bytes: bytes.map(<[u8]>::to_vec),
            },
            Payload::Sealed(commitment) => Self::Sealed {
                digest: commitment.ciphertext.to_string(),
                len: commitment.plaintext_len,
                wraps,
                has_ciphertext: bytes.is_some(),
            },
        }
    }
}

/// What a list shows of an event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Brief {
    pub(crate) index: String,
    pub(crate) event_type: String,
    pub(crate) actor: String,
    pub(crate) resource: String,
    pub(crate) time: String,
}

impl Brief {
    /// Of a verified event.
    pub(crate) fn of(receipt: &CheckedReceipt) -> Result<Self, ClientError> {
        let index = thousands(receipt.index());
        receipt.with(|fact| {
            let body = fact.event().event();
            Self {
                index,
                event_type: body.event_type.to_owned(),
                actor: party(&body.actor),
                resource: party(&body.resource.party),
                time: short_time(body.time),
            }
        })
    }
}

/// An event, to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// Known from the checks; empty for a claim.
    pub(crate) proven: Vec<Field>,
    /// Known to be the writer's words; of a claim not even that.
    pub(crate) claimed: Vec<Field>,
    pub(crate) payload: Stored,
}

impl Record {
    /// Of a verified receipt.
    pub(crate) fn of(receipt: &CheckedReceipt) -> Option<Self> {
        let read = receipt.with(|fact| {
            let body = fact.event().event();
            Self {
                proven: proven(receipt, body),
                claimed: claimed(body),
                payload: Stored::new(&body.payload, fact.payload(), fact.wraps().count()),
            }
        });
        read.ok()
    }

    /// Of bytes that were not verified.
    pub(crate) fn claim(bytes: &[u8]) -> Option<Self> {
        let receipt = Receipt::decode(bytes).ok()?;
        let body = receipt.event.body();
        let mut claimed = claimed(body);
        claimed.push(Field::digest(words::WRITER.get(), &body.writer));
        claimed.push(Field::plain(words::INDEX.get(), thousands(receipt.index)));
        claimed.push(Field::digest(words::LOG.get(), &body.log));
        let payload = Stored::new(&body.payload, receipt.payload, receipt.wraps.count());
        Some(Self { proven: Vec::new(), claimed, payload })
    }
}

/// Kind and id, as the node's filters take them.
fn party(party: &Party<'_>) -> String {
    party_text(party.kind, party.id)
}

/// Kind and id, either of which may be empty.
pub(crate) fn party_text(kind: &str, id: &str) -> String {
    match (kind, id) {
        ("", text) | (text, "") => text.to_owned(),
        (kind, id) => [kind, "/", id].concat(),
    }
}

fn proven(receipt: &CheckedReceipt, body: &EventBody<'_>) -> Vec<Field> {
    let header = receipt.header();
    let mut fields = vec![
        Field::digest(words::ID.get(), &receipt.id()),
        Field::plain(words::INDEX.get(), thousands(receipt.index())),
        Field::digest(words::WRITER.get(), &body.writer),
    ];
    if let Ok(Some(name)) = receipt.with(|fact| fact.event().writer_name().map(str::to_owned)) {
        fields.push(Field::plain(words::WRITER_NAME.get(), name));
    }
    if let Some(LogTime { after, until, .. }) = receipt.log_time() {
        let after = after.map_or_else(|| words::START.owned(), time);
        fields.push(Field::plain(words::AFTER.get(), after));
        fields.push(Field::plain(words::UNTIL.get(), time(until)));
    }
    fields.push(Field::plain(words::HEIGHT.get(), thousands(header.header().height)));
    fields.push(Field::digest(words::HEADER.get(), &header.digest()));
    fields.push(Field::digest(words::LOG.get(), &body.log));
    fields
}

fn claimed(body: &EventBody<'_>) -> Vec<Field> {
    let texts = [
        (words::TYPE.get(), body.event_type.to_owned()),
        (words::ACTOR.get(), party(&body.actor)),
        (words::RESOURCE.get(), party(&body.resource.party)),
        (words::PARENT.get(), body.resource.parent.to_owned()),
        (words::OUTCOME.get(), body.outcome.name().to_owned()),
        (words::REASON.get(), body.reason.to_owned()),
        (words::TIME.get(), time(body.time)),
    ];
    let texts = texts.into_iter().filter(|(_, value)| !value.is_empty());
    let mut fields: Vec<Field> = texts.map(|(name, value)| Field::plain(name, value)).collect();
    fields.extend(body.metadata.iter().map(|(key, value)| Field::plain(key, value)));
    fields.push(Field::plain(words::KIND.get(), body.kind.name()));
    fields.push(Field::digest(words::STREAM.get(), &body.stream));
    fields.push(Field::plain(words::SEQUENCE.get(), thousands(body.sequence)));
    fields.push(if body.sequence == 0 {
        Field::plain(words::PREVIOUS.get(), words::FIRST.get())
    } else {
        Field::digest(words::PREVIOUS.get(), &body.previous)
    });
    fields
}
