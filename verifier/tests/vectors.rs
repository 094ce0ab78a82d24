//! The vectors in `tests/vectors/receipts`: they are what the generator makes, and each gives
//! exactly the verdict it states. The npm package and the browser tests read the same files.
//!
//! `CAIRN_WRITE_VECTORS=1 cargo test -p cairn-verifier --test vectors` writes them anew.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test crate")]

mod kit;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use cairn_verifier::receipt::{VerifiedReceipt, verify};
use cairn_verifier::secret::MemberSecret;
use cairn_verifier::{Error, payload};
use kit::cases::{Case, all};
use serde_json::{Value, json};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/receipts")
}

fn to_json(case: &Case) -> String {
    let mut value = json!({
        "desc": case.desc,
        "anchor": case.anchor.to_string(),
        "now": case.now.0,
        "want": case.want,
        "receipt": BASE64.encode(&case.receipt),
    });
    if let Some((secret, want)) = &case.open {
        value["secret"] = Value::from(secret.as_str());
        value["wantOpen"] = Value::from(*want);
    }
    if let Ok(receipt) = verify(&case.receipt, case.anchor, case.now, &mut ()) {
        value["fact"] = fact(&receipt);
    }
    format!("{value:#}\n")
}

/// What a receipt that holds proves, so that every runtime can be held to all of it.
fn fact(receipt: &VerifiedReceipt<'_>) -> Value {
    let event = receipt.event();
    let standing = event.header().standing();
    let power = |(power, total): (u64, u64)| json!({ "power": power.to_string(), "total": total.to_string() });
    json!({
        "id": event.id().to_string(),
        "index": event.index(),
        "height": event.header().header().height,
        "header": event.header().digest().to_string(),
        "writerSuite": event.writer_suite().name(),
        "writerName": event.writer_name(),
        "loggedAfter": event.log_time().and_then(|time| time.after).map(|time| time.0),
        "loggedUntil": event.log_time().map(|time| time.until.0),
        "postQuantum": standing.post_quantum,
        "concentrated": standing.concentrated.map(power),
    })
}

#[test]
fn the_files_are_what_the_generator_makes() {
    let made: BTreeMap<String, String> =
        all().iter().map(|case| (format!("{}.json", case.name), to_json(case))).collect();
    assert_eq!(made.len(), all().len(), "two vectors share a name");
    if std::env::var_os("CAIRN_WRITE_VECTORS").is_some() {
        for (name, text) in &made {
            std::fs::write(folder().join(name), text).unwrap();
        }
    }
    let found: BTreeMap<String, String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_string();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect();
    assert!(made.keys().eq(found.keys()), "other files than the generator makes");
    for (name, text) in &made {
        assert!(found[name] == *text, "{name} differs from what the generator makes");
    }
}

fn open_with(receipt: &VerifiedReceipt<'_>, secret: &str) -> Result<(), payload::PayloadError> {
    let secret = MemberSecret::parse(secret).unwrap();
    let (log, id) = (receipt.event().event().log, receipt.event().id());
    let wrap = receipt.wraps().iter().next().unwrap();
    let key = secret.wrap().open_wrap(wrap, &log, &id)?;
    let opened = payload::open(receipt.body(), receipt.payload().unwrap(), &key)?;
    opened.verified(receipt.event()).map(|_| ())
}

#[test]
fn every_vector_gives_its_verdict() {
    for case in all() {
        let found = verify(&case.receipt, case.anchor, case.now, &mut ());
        let code = found.as_ref().map_or_else(Error::code, |_| "ok");
        assert_eq!(code, case.want, "{}: {}", case.name, case.desc);
        if let (Ok(receipt), Some((secret, want))) = (&found, &case.open) {
            let opened = open_with(receipt, secret);
            let code = opened.as_ref().map_or_else(payload::PayloadError::code, |()| "ok");
            assert_eq!(code, *want, "{}: {}", case.name, case.desc);
        }
    }
}
