//! Every vector and its verdict: what a browser and Node.js both run.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use cairn_light_client::{ClientError, examine};
use cairn_verifier::UnixMillis;
use cairn_verifier::secret::MemberSecret;
use serde_json::Value;

#[path = "../../../vectors/run.rs"]
mod facts;
#[path = "../../../../verifier/tests/tree/run.rs"]
mod tree;

include!(concat!(env!("OUT_DIR"), "/vectors.rs"));

fn each(vectors: &[(&str, &str)], run: impl Fn(&Value) -> String) {
    assert!(!vectors.is_empty());
    for (name, text) in vectors {
        let vector: Value = serde_json::from_str(text).unwrap();
        assert_eq!(Some(run(&vector).as_str()), vector["want"].as_str(), "{name}");
    }
}

fn code<T>(result: &Result<T, ClientError>) -> &'static str {
    result.as_ref().map_or_else(ClientError::code, |_| "ok")
}

pub(crate) fn receipts() {
    each(RECEIPTS, |vector| {
        let text = |name: &str| vector[name].as_str();
        let receipt = BASE64.decode(text("receipt").unwrap()).unwrap();
        let anchor = text("anchor").unwrap().parse().unwrap();
        let now = UnixMillis(vector["now"].as_u64().unwrap());
        let outcome = examine(receipt, anchor, now).outcome;
        let verdict = code(&outcome).to_owned();
        if let (Ok(receipt), Some(secret)) = (outcome, text("secret")) {
            let opened = receipt.open(&MemberSecret::parse(secret).unwrap());
            assert_eq!(Some(code(&opened)), text("wantOpen"), "{}", text("desc").unwrap());
        }
        verdict
    });
}

pub(crate) fn facts() {
    each(FACTS, |vector| facts::code(vector).to_owned());
}

pub(crate) fn trees() {
    each(TREES, |vector| tree::verdict(vector).to_string());
}
