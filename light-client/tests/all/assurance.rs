//! Every receipt vector, through the door that screens use.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use cairn_light_client::assurance::examine_again;
use cairn_light_client::{Assurance, CheckedReceipt, ClientError, examine};
use cairn_verifier::check::Check;
use cairn_verifier::secret::MemberSecret;
use cairn_verifier::{TrustAnchor, UnixMillis};

use super::kit::{four, small_log};

struct Vector {
    name: String,
    receipt: Vec<u8>,
    anchor: TrustAnchor,
    now: UnixMillis,
    want: String,
    open: Option<(String, String)>,
}

fn vectors() -> Vec<Vector> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/receipts");
    let vectors: Vec<Vector> =
        fs::read_dir(dir).unwrap().map(|file| read(&file.unwrap().path())).collect();
    assert!(!vectors.is_empty());
    vectors
}

fn read(path: &Path) -> Vector {
    let json: serde_json::Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let text = |name: &str| json[name].as_str().map(str::to_owned);
    let receipt = base64::engine::general_purpose::STANDARD.decode(text("receipt").unwrap());
    Vector {
        name: path.display().to_string(),
        receipt: receipt.unwrap(),
        anchor: text("anchor").unwrap().parse().unwrap(),
        now: UnixMillis(json["now"].as_u64().unwrap()),
        want: text("want").unwrap(),
        open: text("secret").zip(text("wantOpen")),
    }
}

fn code<T>(result: &Result<T, ClientError>) -> &'static str {
    result.as_ref().map_or_else(ClientError::code, |_| "ok")
}

#[test]
fn every_vector_has_its_verdict() {
    for vector in vectors() {
        let examination = examine(vector.receipt.clone(), vector.anchor, vector.now);
        let outcome = examination.outcome;
        assert_eq!(code(&outcome), vector.want, "{}", vector.name);
        let error = outcome.as_ref().err().map(ClientError::to_json);
        if let Some(error) = error {
            let error: serde_json::Value = serde_json::from_str(&error).unwrap();
            assert_eq!(error["code"], vector.want);
        }
        let Ok(receipt) = outcome else { continue };
        assert_eq!(receipt.checks(), examination.checks);
        assert_eq!(receipt.bytes(), vector.receipt);
        let view: serde_json::Value = serde_json::from_str(receipt.view()).unwrap();
        let whole = receipt.with(cairn_verifier::json::verified_receipt).unwrap();
        assert_eq!(view, serde_json::from_str::<serde_json::Value>(&whole).unwrap());
        let again =
            CheckedReceipt::check(receipt.bytes().to_vec(), receipt.base(), receipt.checked_at());
        assert_eq!(again.unwrap().view(), receipt.view());
        if let Some((secret, want)) = &vector.open {
            let opened = receipt.open(&MemberSecret::parse(secret).unwrap());
            assert_eq!(code(&opened), want, "{}", vector.name);
        }
    }
}

#[test]
fn tells_the_checks_before_the_failing_one() {
    let kit = small_log(40, four(1));
    let mut parts = kit.parts(5);
    parts.proof[0][0] ^= 1;
    let examination = examine(parts.encode(), kit.anchor(), kit.now());
    let assurance = Assurance::from(examination.outcome);
    let Assurance::Failed(reason) = assurance else { panic!("{assurance:?}") };
    assert_eq!(reason.code(), "inclusion-root-mismatch");
    let (expected, found) = reason.sides().unwrap();
    assert_eq!((expected.len(), found.len()), (64, 64));
    assert_ne!(expected, found);
    assert!(matches!(examination.checks.last(), Some(Check::Writer { .. })));
}

#[test]
fn each_meaning_has_its_case() {
    let kit = small_log(41, four(1));
    let good = kit.parts(0).encode();
    let at = |now: u64| -> Assurance<CheckedReceipt> {
        examine(good.clone(), kit.anchor(), UnixMillis(now)).outcome.into()
    };
    assert!(matches!(at(kit.now().0), Assurance::Verified(_)));
    assert!(matches!(at(0), Assurance::CouldNotCheck(_)));
    assert!(matches!(at(kit.now().0 + (1 << 40)), Assurance::Stale(_)));
    let event = kit.ids[0];
    let not_final: Assurance<()> = Err(ClientError::NotFinal { event }).into();
    assert!(matches!(not_final, Assurance::NotFinal));
}

#[test]
fn a_receipt_without_payload_opens_nothing() {
    let kit = small_log(42, four(1));
    let receipt = CheckedReceipt::check(kit.parts(1).encode(), kit.anchor(), kit.now()).unwrap();
    assert_eq!(code(&receipt.open(&kit.auditor)), "client-no-payload");
}

/// A memo changes what a receipt costs, and nothing else: each vector after each other.
#[test]
fn receipts_that_begin_alike_come_to_the_same() {
    let vectors = vectors();
    let mut memo = None;
    for vector in vectors.iter().chain(vectors.iter().rev()) {
        for _ in 0..2 {
            let at = (vector.anchor, vector.now);
            let again = examine_again(vector.receipt.clone(), at, &mut memo);
            let alone = examine(vector.receipt.clone(), vector.anchor, vector.now);
            assert_eq!(again.checks, alone.checks, "{}", vector.name);
            let text = |outcome: &Result<CheckedReceipt, ClientError>| match outcome {
                Ok(receipt) => receipt.view().to_owned(),
                Err(error) => error.to_json(),
            };
            assert_eq!(text(&again.outcome), text(&alone.outcome), "{}", vector.name);
        }
    }
    let kit = small_log(43, four(1));
    let (good, now) = (kit.parts(1).encode(), kit.now());
    for at in (0..good.len()).step_by(3) {
        assert!(examine_again(good.clone(), (kit.anchor(), now), &mut memo).outcome.is_ok());
        let mut bent = good.clone();
        bent[at] ^= 0x20;
        assert!(examine_again(bent, (kit.anchor(), now), &mut memo).outcome.is_err(), "{at}");
    }
    // At another time it may be stale.
    let late = UnixMillis(now.0 + (1 << 40));
    let stale = examine_again(good, (kit.anchor(), late), &mut memo).outcome;
    assert_eq!(code(&stale), "trust-past-trust-period");
}
