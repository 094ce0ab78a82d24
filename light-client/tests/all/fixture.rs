//! `pkg/test/town.json`: what an honest node answers at two times, for the npm package's tests.
//!
//! `CAIRN_WRITE_VECTORS=1 cargo test -p cairn-light-client --test all fixture` writes it anew.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use base64::Engine as _;
use cairn_verifier::digest::{KeyId, StreamId};
use serde_json::{Value, json};

use super::answers;
use super::client::sealed;
use super::kit::STREAM;
use super::node::{Town, checkpoint, extends, receipt};

type Answers = BTreeMap<String, String>;

fn base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// Everything that the node can be asked while its newest header is this one.
fn phase(town: &Town) -> Value {
    let kit = town.0.kit.borrow();
    let mut answers = Answers::new();
    let mut put = |path: String, body: &[u8]| answers.insert(path, base64(body));
    put("/v1/checkpoints/latest?base=genesis".into(), &checkpoint(&kit, "genesis").unwrap());
    let tip = kit.blocks.len() - 1;
    for from in 0..tip {
        put(format!("/v1/proofs/extends?from={from}&to={tip}"), &extends(&kit, from, tip));
    }
    for id in &kit.ids {
        let portable = receipt(&kit, &id.to_string(), "genesis").unwrap();
        put(format!("/v1/receipts/{id}?base=genesis"), &portable);
        for block in &kit.blocks {
            let base = format!("header:{}", block.header.digest());
            if let Ok(bytes) = receipt(&kit, &id.to_string(), &base) {
                put(format!("/v1/receipts/{id}?base={base}"), &bytes);
            }
        }
    }
    let (last, head) = (kit.tip().header.events.get() - 1, kit.tip().header.digest());
    for (from, to) in (0..=last).flat_map(|from| [(from, last), (from, from)]) {
        let range = if from == to { from.to_string() } else { format!("{from}-{to}") };
        for base in [format!("header:{head}"), "genesis".to_owned()] {
            let query = format!("indices={range}&base={base}");
            put(format!("/v1/receipts?{query}"), &answers::list(&kit, &query).unwrap());
        }
    }
    let (stream, key) = (StreamId::from_bytes(STREAM), kit.writer.key_id());
    for (kind, of) in [
        ("head", format!("stream={stream}&key={key}")),
        ("head", format!("stream={stream}&key={}", KeyId::ZERO)),
        ("key", format!("key={key}")),
        ("member", "name=nobody".to_owned()),
    ] {
        let query = format!("{of}&base=header:{head}");
        put(format!("/v1/state/{kind}?{query}"), &answers::state(&kit, kind, &query).unwrap());
    }
    for (digest, payload) in &*town.0.payloads.borrow() {
        put(format!("/v1/payloads/{digest}"), payload);
    }
    json!({
        "now": town.now().0,
        "head": kit.tip().header.digest().to_string(),
        "ids": kit.ids.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "answers": answers,
    })
}

fn town() -> String {
    let town = sealed();
    let first = phase(&town);
    town.grow(3);
    let second = phase(&town);
    let wraps = town.0.wraps.borrow();
    let ((event, _), wrap) = wraps.iter().next().unwrap();
    let kit = town.0.kit.borrow();
    let json = json!({
        "anchor": kit.anchor().to_string(),
        "auditor": kit.auditor.to_text().as_str(),
        "auditorKey": kit.auditor.public_key().iter().map(|b| format!("{b:02x}")).collect::<String>(),
        "stream": StreamId::from_bytes(STREAM).to_string(),
        "writer": kit.writer.key_id().to_string(),
        "sealed": event,
        "wrap": base64(wrap),
        "phases": [first, second],
    });
    format!("{json:#}\n")
}

#[test]
fn fixture_is_as_written() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../pkg/test/town.json");
    let town = town();
    if std::env::var_os("CAIRN_WRITE_VECTORS").is_some() {
        fs::write(&path, &town).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), town);
}
