//! What the npm package calls. The hand-written half, with types and docs, is `pkg/api.js`.
//!
//! Views cross as JSON text, evidence as bytes, errors as the JSON of
//! [`ClientError::to_json`], thrown. Nothing that crosses is taken back as a verdict: what comes
//! from JavaScript is bytes, and verified.

mod host;
mod view;

use std::cell::RefCell;

use cairn_verifier::check::Check;
use cairn_verifier::digest::EventId;
use cairn_verifier::json::{self, Object};
use cairn_verifier::payload::VerifiedPayload;
use cairn_verifier::receipt::FinalityMemo;
use cairn_verifier::secret::MemberSecret;
use cairn_verifier::state::RecordKey;
use cairn_verifier::{TrustAnchor, UnixMillis};
use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;
use zeroize::Zeroizing;

use host::Host;
pub use host::Task;

use crate::assurance::{CheckedReceipt, examine_again};
use crate::client::{Client, Setup};
use crate::error::ClientError;
use crate::events::CheckedList;
use crate::policy::Policy;
use crate::sync::Sync;

thread_local! {
    /// What the last receipt began with: the next of a batch begins with the same.
    static MEMO: RefCell<Option<FinalityMemo>> = const { RefCell::new(None) };
}

/// Verifies a receipt. JSON: `checks` that passed, and `receipt` or `error`, the other `null`.
#[wasm_bindgen]
#[must_use]
pub fn verify(bytes: Vec<u8>, anchor: &str, now: f64) -> String {
    let (checks, outcome) = match parse_anchor(anchor) {
        Err(error) => (Vec::new(), Err(error)),
        Ok(anchor) => {
            let examination =
                MEMO.with_borrow_mut(|memo| examine_again(bytes, (anchor, millis(now)), memo));
            (examination.checks, examination.outcome)
        }
    };
    let object = Object::new().array("checks", checks.iter().map(json::check));
    match outcome {
        Ok(receipt) => object.json("receipt", receipt.view()).json("error", "null"),
        Err(error) => object.json("receipt", "null").json("error", &error.to_json()),
    }
    .finish()
}

/// Verifies a receipt and opens the payload in it: an array of names and values in turn.
///
/// # Errors
/// The JSON of a [`ClientError`].
#[wasm_bindgen]
pub fn open(bytes: Vec<u8>, anchor: &str, now: f64, key: String) -> Result<Array, JsValue> {
    let opened = parse_key(key).and_then(|secret| {
        let receipt = CheckedReceipt::check(bytes, parse_anchor(anchor)?, millis(now))?;
        fields(&receipt.open(&secret)?)
    });
    opened.map_err(|error| thrown(&error))
}

/// The version of this module.
#[wasm_bindgen]
#[must_use]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// Makes the next call start in a new instance: for after one that trapped. That call must be one
/// without arguments ([`version`]), because arguments are placed before the instance is changed.
#[wasm_bindgen]
pub fn restart() {
    wasm_bindgen::handler::schedule_reinit();
}

/// Verifies an event list. JSON: `header`, `standing`, `events`; and `error`, or `null`.
#[wasm_bindgen(js_name = verifyList)]
#[must_use]
pub fn verify_list(bytes: Vec<u8>, anchor: &str, now: f64) -> String {
    let list = parse_anchor(anchor).and_then(|a| CheckedList::check(bytes, a, millis(now)));
    match list {
        Ok(list) => view::list(&list).json("error", "null").finish(),
        Err(error) => Object::new().json("error", &error.to_json()).finish(),
    }
}

/// A [`Client`], made by [`connect`].
#[wasm_bindgen]
#[derive(Debug)]
pub struct Session {
    client: Client<Host>,
}

/// A [`Session`] with nodes under an anchor: so many of `nodes` must agree, or what the policy file
/// asks for, which may bring the anchor too.
#[wasm_bindgen]
#[must_use]
pub fn connect(
    nodes: Vec<String>,
    agree: u32,
    policy: Option<String>,
    anchor: Option<String>,
    max_anchor_age: Option<f64>,
) -> Task {
    Task::new(async move {
        let policy = match policy {
            Some(text) => Policy::parse(&text)?,
            None => {
                let nodes: Vec<&str> = nodes.iter().map(String::as_str).collect();
                Policy::some_of(&nodes, usize::try_from(agree).unwrap_or(0))?
            }
        };
        let anchor = anchor.as_deref().map(parse_anchor).transpose()?.or_else(|| policy.anchor());
        let mut setup = Setup::several(policy, anchor.ok_or(ClientError::BadAnchor)?);
        setup.max_anchor_age = max_anchor_age.map(|age| millis(age).0);
        let client = Client::connect_with(Host, setup).await?;
        Ok(Session { client }.into())
    })
}

#[wasm_bindgen]
impl Session {
    /// The anchor.
    #[must_use]
    pub fn anchor(&self) -> String {
        self.client.anchor().to_string()
    }

    /// The head as JSON; `undefined` while there is none.
    #[must_use]
    pub fn head(&self) -> Option<String> {
        head(&self.client.known())
    }

    /// Why stored evidence was refused: the JSON of an error, or `undefined`.
    #[wasm_bindgen(js_name = refusedEvidence)]
    #[must_use]
    pub fn refused_evidence(&self) -> Option<String> {
        self.client.refused_evidence().map(ClientError::to_json)
    }

    /// The evidence that was refused, as bytes, or `null`.
    #[wasm_bindgen(js_name = refusedFile)]
    #[must_use]
    pub fn refused_file(&self) -> Task {
        let client = self.client.clone();
        Task::new(async move {
            let file = client.refused_file().await;
            Ok(file.map_or(JsValue::NULL, |file| Uint8Array::from(file.as_slice()).into()))
        })
    }

    /// Why evidence is not kept, or `undefined`.
    #[wasm_bindgen(js_name = notKept)]
    #[must_use]
    pub fn not_kept(&self) -> Option<String> {
        self.client.not_kept()
    }

    /// Each node and what it last showed, as JSON.
    #[must_use]
    pub fn nodes(&self) -> String {
        view::nodes(&self.client.nodes())
    }

    /// Evidence of a fork: JSON and the file; `undefined` while there is none.
    #[must_use]
    pub fn fork(&self) -> Option<Array> {
        let fork = self.client.fork()?;
        let parts: [JsValue; 2] = [view::fork(&fork).into(), Uint8Array::from(fork.file()).into()];
        Some(parts.into_iter().collect())
    }

    /// The next head after the one with this digest, as JSON; waits for it.
    #[wasm_bindgen(js_name = nextHead)]
    #[must_use]
    pub fn next_head(&self, after: Option<String>) -> Task {
        let client = self.client.clone();
        Task::new(async move {
            let after = after.map(|text| text.parse().map_err(|_| ClientError::BadAnchor));
            client.next_head(after.transpose()?).await?;
            Ok(head(&client.known()).into())
        })
    }

    /// One verified page, as JSON; in private without telling the node what is looked for.
    #[must_use]
    pub fn events(&self, query: String, is_private: bool) -> Task {
        let client = self.client.clone();
        Task::new(async move {
            let page = if is_private {
                client.events_in_private(&query).await?
            } else {
                client.events(&query).await?
            };
            Ok(view::page(&page).into())
        })
    }

    /// All that a key wrote in a stream, as JSON.
    #[must_use]
    pub fn history(&self, stream: String, writer: String) -> Task {
        let client = self.client.clone();
        Task::new(async move {
            let bad = |name: &str| ClientError::BadQuery { found: name.to_owned() };
            let stream = stream.parse().map_err(|_| bad("stream"))?;
            let writer = writer.parse().map_err(|_| bad("writer"))?;
            Ok(view::history(&client.history(stream, writer).await?).into())
        })
    }

    /// A record of the state, as JSON, by its kind and what it is asked by.
    #[must_use]
    pub fn state(&self, kind: String, first: String, second: String) -> Task {
        let client = self.client.clone();
        Task::new(async move {
            let key = record_key(&kind, &first, &second);
            let key = key.ok_or_else(|| ClientError::BadQuery { found: kind.clone() })?;
            Ok(view::state(&client.state(&key).await?).into())
        })
    }

    /// The events at these indexes, ascending, in a file that stands on the anchor alone: its bytes
    /// and its JSON.
    #[must_use]
    pub fn list(&self, indexes: Vec<f64>) -> Task {
        let client = self.client.clone();
        Task::new(async move {
            let indexes: Vec<u64> = indexes.into_iter().map(|index| millis(index).0).collect();
            let list = client.portable_list(&indexes).await?;
            let bytes = Uint8Array::from(list.bytes());
            let parts: [JsValue; 2] = [bytes.into(), view::list(&list).finish().into()];
            Ok(parts.into_iter().collect::<Array>().into())
        })
    }

    /// An event that the node is not told of, as JSON.
    #[wasm_bindgen(js_name = eventInPrivate)]
    #[must_use]
    pub fn event_in_private(&self, id: String, index: Option<f64>) -> Task {
        let client = self.client.clone();
        Task::new(async move {
            let index = index.map(|index| millis(index).0);
            let (list, place) = client.event_in_private(&parse_id(&id)?, index).await?;
            let event = list.events().get(place).map(|event| event.view().to_owned());
            Ok(event.into())
        })
    }

    /// Syncs: the head as JSON.
    #[must_use]
    pub fn sync(&self) -> Task {
        let client = self.client.clone();
        Task::new(async move {
            client.sync().await?;
            Ok(head(&client.known()).into())
        })
    }

    /// A verified event: what [`receipt_parts`] gives.
    #[must_use]
    pub fn event(&self, id: String) -> Task {
        let client = self.client.clone();
        Task::new(async move { Ok(receipt_parts(&client.event(&parse_id(&id)?).await?)) })
    }

    /// A portable receipt: what [`receipt_parts`] gives.
    #[must_use]
    pub fn receipt(&self, id: String) -> Task {
        let client = self.client.clone();
        Task::new(async move { Ok(receipt_parts(&client.receipt(&parse_id(&id)?).await?)) })
    }

    /// A payload's names and values in turn.
    #[must_use]
    pub fn open(&self, id: String, key: String) -> Task {
        let client = self.client.clone();
        let secret = parse_key(key);
        Task::new(async move {
            let payload = client.open(&parse_id(&id)?, &secret?).await?;
            fields(&payload).map(Into::into)
        })
    }

    /// One page of the node's claims, as JSON.
    #[wasm_bindgen(js_name = claimedEvents)]
    #[must_use]
    pub fn claimed_events(&self, query: String) -> Task {
        let client = self.client.clone();
        Task::new(async move { Ok(client.claimed_events(&query).await?.into()) })
    }
}

fn head(known: &Sync) -> Option<String> {
    let (head, standing) = (known.head()?, known.standing()?);
    let view = Object::new()
        .json("header", &json::header(head.header(), head.digest()))
        .json("standing", &json::standing(&standing))
        .plain_or_null("syncedAt", known.synced_at().map(|time| time.0));
    Some(view.finish())
}

/// Bytes, base, time of the check, view and checks: what a `VerifiedReceipt` in JavaScript keeps.
fn receipt_parts(receipt: &CheckedReceipt) -> JsValue {
    let checks =
        Object::new().array("checks", receipt.checks().iter().map(|c: &Check| json::check(c)));
    let parts: [JsValue; 5] = [
        Uint8Array::from(receipt.bytes()).into(),
        receipt.base().to_string().into(),
        number(receipt.checked_at()).into(),
        receipt.view().into(),
        checks.finish().into(),
    ];
    parts.into_iter().collect::<Array>().into()
}

fn fields(payload: &VerifiedPayload) -> Result<Array, ClientError> {
    let fields = payload.opened().fields()?;
    let list = Array::new();
    for (name, value) in fields.iter() {
        list.push(&name.into());
        list.push(&Uint8Array::from(value).into());
    }
    Ok(list)
}

/// Kind and key of a record, as the node's API names them.
fn record_key<'a>(kind: &str, first: &'a str, second: &'a str) -> Option<RecordKey<'a>> {
    Some(match kind {
        "member" => RecordKey::Member(first),
        "key" => RecordKey::Key(first.parse().ok()?),
        "stream" => RecordKey::Stream(first.parse().ok()?),
        "membership" => RecordKey::Membership(first.parse().ok()?, second),
        "parameters" => RecordKey::Parameters,
        "set" => RecordKey::Set(first.parse().ok()?),
        "head" => RecordKey::Head(first.parse().ok()?, second.parse().ok()?),
        "stake" => RecordKey::Stake(first.parse().ok()?),
        "power" => RecordKey::Power,
        "system" => RecordKey::System,
        _ => return None,
    })
}

fn parse_anchor(text: &str) -> Result<TrustAnchor, ClientError> {
    text.trim().parse().map_err(|_| ClientError::BadAnchor)
}

fn parse_id(text: &str) -> Result<EventId, ClientError> {
    text.trim().parse().map_err(|_| ClientError::BadEventId)
}

/// Takes the text to wipe it. The copy that JavaScript holds is out of reach.
fn parse_key(text: String) -> Result<MemberSecret, ClientError> {
    MemberSecret::parse(&Zeroizing::new(text)).map_err(|_| ClientError::BadKey)
}

fn thrown(error: &ClientError) -> JsValue {
    error.to_json().into()
}

/// A JavaScript time. What is not a number reads as 1970, which no certificate passes.
#[expect(clippy::as_conversions, reason = "from float to integer there is only this; it saturates")]
const fn millis(time: f64) -> UnixMillis {
    UnixMillis(time as u64)
}

#[expect(clippy::as_conversions, reason = "exact below 2^53 ms, the year 287,000")]
const fn number(time: UnixMillis) -> f64 {
    time.0 as f64
}
