//! What the npm package calls. The hand-written half, with types and docs, is `pkg/api.js`.
//!
//! Views cross as JSON text, evidence as bytes, errors as the JSON of
//! [`ClientError::to_json`], thrown. Nothing that crosses is taken back as a verdict: what comes
//! from JavaScript is bytes, and verified.

mod host;

use cairn_verifier::check::Check;
use cairn_verifier::digest::EventId;
use cairn_verifier::json::{self, Object};
use cairn_verifier::payload::VerifiedPayload;
use cairn_verifier::secret::MemberSecret;
use cairn_verifier::{TrustAnchor, UnixMillis};
use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;
use zeroize::Zeroizing;

use host::Host;
pub use host::Task;

use crate::assurance::{CheckedReceipt, examine};
use crate::client::Client;
use crate::error::ClientError;
use crate::sync::Sync;

/// Verifies a receipt. JSON: `checks` that passed, and `receipt` or `error`, the other `null`.
#[wasm_bindgen]
#[must_use]
pub fn verify(bytes: Vec<u8>, anchor: &str, now: f64) -> String {
    let (checks, outcome) = match parse_anchor(anchor) {
        Err(error) => (Vec::new(), Err(error)),
        Ok(anchor) => {
            let examination = examine(bytes, anchor, millis(now));
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

/// A [`Client`], made by [`connect`].
#[wasm_bindgen]
#[derive(Debug)]
pub struct Session {
    client: Client<Host>,
}

/// A [`Session`] with a node under an anchor.
#[wasm_bindgen]
#[must_use]
pub fn connect(node: String, anchor: String) -> Task {
    Task::new(async move {
        let client = Client::connect_in(Host, &node, parse_anchor(&anchor)?).await?;
        Ok(Session { client }.into())
    })
}

#[wasm_bindgen]
impl Session {
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
