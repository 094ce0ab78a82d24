//! What the single-file page asks WebAssembly: the npm package's `verify` and `open`, and nothing
//! that asks a node. Views cross as JSON text, evidence as bytes.
//!
//! **Invariant:** a call leaves nothing behind; what it answers depends on its arguments alone.
#![forbid(unsafe_code)]

use cairn_light_client::{CheckedReceipt, ClientError, examine};
use cairn_verifier::json::{self, Object};
use cairn_verifier::payload::VerifiedPayload;
use cairn_verifier::secret::MemberSecret;
use cairn_verifier::{TrustAnchor, UnixMillis};
use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;
use zeroize::Zeroizing;

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
    // Taken to be wiped. The copy that JavaScript holds is out of reach.
    let key = Zeroizing::new(key);
    let opened = MemberSecret::parse(&key).map_err(|_| ClientError::BadKey).and_then(|secret| {
        let receipt = CheckedReceipt::check(bytes, parse_anchor(anchor)?, millis(now))?;
        fields(&receipt.open(&secret)?)
    });
    opened.map_err(|error| error.to_json().into())
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

/// A JavaScript time. What is not a number reads as 1970, which no certificate passes.
#[expect(clippy::as_conversions, reason = "from float to integer there is only this; it saturates")]
const fn millis(time: f64) -> UnixMillis {
    UnixMillis(time as u64)
}
