//! What a vector of `state`, `evidence`, `lists`, `extends` or `wraps` comes to: `ok` or an error code. The tests
//! on this machine and those in WebAssembly include this file.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use cairn_verifier::payload::PayloadError;
use cairn_verifier::pcek::v1;
use cairn_verifier::state::{
    End, Record, RecordKey, StateProof, verify_absent, verify_answer, verify_history,
    verify_present,
};
use cairn_verifier::trust::{Base, ExtendsProof, FinalityProof, verify_extends};
use cairn_verifier::{
    Budget, Error, FinalHeader, TrustAnchor, UnixMillis, evidence, list, receipt,
};
use serde_json::Value;

/// One vector.
struct Vector<'a>(&'a Value);

impl Vector<'_> {
    fn bytes(&self, name: &str) -> Vec<u8> {
        BASE64.decode(self.0[name].as_str().unwrap_or_default()).unwrap_or_default()
    }

    fn anchor(&self) -> TrustAnchor {
        self.0["anchor"].as_str().unwrap_or_default().parse().expect("an anchor")
    }

    fn now(&self) -> UnixMillis {
        UnixMillis(self.0["now"].as_u64().unwrap_or_default())
    }

    /// The header of a checkpoint file, which must be final.
    fn header(&self, name: &str) -> FinalHeader {
        let file = self.bytes(name);
        let proof = FinalityProof::decode(&file).expect("a checkpoint");
        proof.verify(self.anchor(), self.now(), &mut ()).expect("a final header").0
    }

    fn present(&self) -> Result<(), Error> {
        let (record, proof) = (self.bytes("record"), self.bytes("proof"));
        let (record, proof) = (Record::decode(&record)?, StateProof::decode(&proof)?);
        verify_present(&self.header("checkpoint"), &record, &proof).map(drop)
    }

    fn absent(&self) -> Result<(), Error> {
        let (key, end, proof) = (self.bytes("key"), self.bytes("end"), self.bytes("proof"));
        let (key, end) = (RecordKey::decode(&key)?, End::decode(&end)?);
        let proof = StateProof::decode(&proof)?;
        verify_absent(&self.header("checkpoint"), &key, &end, &proof).map(drop)
    }

    fn answer(&self) -> Result<(), Error> {
        let (answer, key) = (self.bytes("answer"), self.bytes("key"));
        let key = RecordKey::decode(&key)?;
        verify_answer(&answer, &key, self.anchor(), self.now(), &mut ()).map(drop)
    }

    fn history(&self) -> Result<(), Error> {
        let (record, proof) = (self.bytes("record"), self.bytes("proof"));
        let (record, proof) = (Record::decode(&record)?, StateProof::decode(&proof)?);
        let head = verify_present(&self.header("checkpoint"), &record, &proof)?;
        let receipts = self.0["receipts"].as_array().expect("receipts");
        let receipts: Vec<Vec<u8>> = receipts
            .iter()
            .map(|text| BASE64.decode(text.as_str().unwrap_or_default()).expect("a receipt"))
            .collect();
        let events: Vec<_> = receipts
            .iter()
            .map(|bytes| {
                // Another log's receipts have an anchor of their own.
                let anchor = anchor_of(bytes).unwrap_or_else(|| self.anchor());
                receipt::verify(bytes, anchor, self.now(), &mut ()).expect("a receipt that holds")
            })
            .collect();
        verify_history(&head, events.iter().map(|receipt| receipt.event())).map(drop)
    }

    fn extends(&self) -> Result<(), Error> {
        let proof = self.bytes("proof");
        let proof = ExtendsProof::decode(&proof)?;
        verify_extends(&self.header("old"), &self.header("new"), &proof).map(drop)
    }

    fn evidence(&self) -> Result<(), Error> {
        let file = self.bytes("evidence");
        evidence::verify(&file, self.anchor(), Budget::DEFAULT).map(drop)
    }

    fn list(&self) -> Result<(), Error> {
        list::verify(&self.bytes("list"), self.anchor(), self.now(), &mut ()).map(drop)
    }
}

/// Opening a v1 wrap: the secret and the message key in base64.
fn wrap_v1(vector: &Vector<'_>) -> Result<(), PayloadError> {
    let secret = vector.bytes("secret").try_into().expect("32 bytes");
    let key = v1::open_wrap(&vector.bytes("wrap"), &secret)?;
    assert_eq!(key.as_bytes().as_slice(), vector.bytes("messageKey"), "the message key");
    Ok(())
}

/// The genesis that a receipt begins with.
fn anchor_of(receipt: &[u8]) -> Option<TrustAnchor> {
    match receipt::Receipt::decode(receipt).ok()?.finality.base {
        Base::Genesis(genesis) => Some(TrustAnchor::Genesis(genesis.log())),
        Base::Checkpoint(..) | Base::Header(_) => None,
    }
}

/// `ok`, or the code of the error.
pub(crate) fn code(vector: &Value) -> &'static str {
    let run = Vector(vector);
    let found = match vector["kind"].as_str() {
        Some("present") => run.present(),
        Some("absent") => run.absent(),
        Some("answer") => run.answer(),
        Some("history") => run.history(),
        Some("extends") => run.extends(),
        Some("evidence") => run.evidence(),
        Some("list") => run.list(),
        Some("wrap-v1") => {
            return wrap_v1(&run).as_ref().map_or_else(PayloadError::code, |()| "ok");
        }
        other => panic!("a vector of unknown kind {other:?}"),
    };
    found.as_ref().map_or_else(Error::code, |()| "ok")
}
