//! The answer of one check, as JSON: `{"receipt":…}` or `{"error":…}`. What is in it has the names
//! and the form of [`cairn_verifier::json`], so that both modules of the package speak alike.

use cairn_verifier::error::{Error, Meaning};
use cairn_verifier::event::{EventBody, Party, Payload};
use cairn_verifier::fact::{LogTime, Standing};
use cairn_verifier::finality::Header;
use cairn_verifier::receipt::{self, VerifiedReceipt};
use cairn_verifier::{FinalHeader, TrustAnchor, UnixMillis};

use crate::json::Json;

/// Verifies a receipt and writes the answer. Returns its length; 0 if the room is too small.
pub fn answer(anchor: &[u8], bytes: &[u8], now: f64, room: &mut [u8]) -> usize {
    let mut json = Json::new(room);
    json.open();
    match core::str::from_utf8(anchor).ok().and_then(|text| text.trim().parse().ok()) {
        None => bad_anchor(&mut json),
        Some(anchor) => match receipt::verify(bytes, anchor, millis(now), &mut ()) {
            Ok(receipt) => verified(&mut json, &receipt),
            Err(found) => error(&mut json, &found),
        },
    }
    json.close();
    json.finish()
}

/// A JavaScript time. What is not a number reads as 1970, which no certificate passes.
#[expect(clippy::as_conversions, reason = "from float to integer there is only this; it saturates")]
const fn millis(time: f64) -> UnixMillis {
    UnixMillis(time as u64)
}

fn bad_anchor(json: &mut Json<'_>) {
    json.name("error").open();
    json.name("state").text("could-not-check");
    json.name("code").text("client-bad-anchor");
    json.name("message")
        .text("an anchor is `genesis:` or `checkpoint:` and 64 lower-case hex digits");
    json.close();
}

fn error(json: &mut Json<'_>, error: &Error) {
    let state = match error.meaning() {
        Meaning::CouldNotCheck => "could-not-check",
        Meaning::Failed => "failed",
        Meaning::Stale => "stale",
    };
    json.name("error").open();
    json.name("state").text(state);
    json.name("code").text(error.code());
    json.name("message").display(error);
    json.close();
}

fn verified(json: &mut Json<'_>, receipt: &VerifiedReceipt<'_>) {
    let fact = receipt.event();
    json.name("receipt").open();
    json.name("id").digest(fact.id().as_bytes());
    json.name("index").number(fact.index());
    event(json, fact.event());
    json.name("writerSuite").text(fact.writer_suite().name());
    match fact.writer_name() {
        Some(name) => json.name("writerName").text(name),
        None => json.name("writerName").raw("null"),
    }
    header(json, fact.header());
    standing(json, &fact.header().standing());
    log_time(json, fact.log_time());
    flag(json.name("payloadIncluded"), receipt.payload().is_some());
    json.close();
}

fn event(json: &mut Json<'_>, body: &EventBody<'_>) {
    json.name("event").open();
    json.name("log").digest(body.log.as_bytes());
    json.name("stream").digest(body.stream.as_bytes());
    json.name("writer").digest(body.writer.as_bytes());
    json.name("sequence").number(body.sequence);
    json.name("previous").digest(body.previous.as_bytes());
    json.name("time").number(body.time.0);
    json.name("kind").text(body.kind.name());
    json.name("type").text(body.event_type);
    json.name("actor").open();
    party(json, &body.actor);
    json.close();
    json.name("resource").open();
    party(json, &body.resource.party);
    json.name("parent").text(body.resource.parent);
    json.close();
    json.name("outcome").text(body.outcome.name());
    json.name("reason").text(body.reason);
    json.name("metadata").open();
    for (key, value) in body.metadata.iter() {
        json.name(key).text(value);
    }
    json.close();
    json.name("groupEpoch").number(body.group_epoch);
    json.name("generation").number(body.generation.into());
    payload(json.name("payload"), &body.payload);
    json.close();
}

fn party(json: &mut Json<'_>, party: &Party<'_>) {
    json.name("kind").text(party.kind);
    json.name("id").text(party.id);
}

fn payload(json: &mut Json<'_>, payload: &Payload) {
    json.open();
    match payload {
        Payload::None => json.name("kind").text("none"),
        Payload::Public { digest, len } => {
            json.name("kind").text("public");
            json.name("digest").digest(digest.as_bytes());
            json.name("length").number((*len).into());
        }
        Payload::Sealed(commitment) => {
            json.name("kind").text("sealed");
            json.name("digest").digest(commitment.ciphertext.as_bytes());
            json.name("length").number(commitment.plaintext_len.into());
            json.name("keyCommitment").digest(commitment.key.as_bytes());
            json.name("fieldRoot").digest(commitment.fields.as_bytes());
        }
    }
    json.close();
}

fn header(json: &mut Json<'_>, fact: &FinalHeader) {
    let header: &Header = fact.header();
    json.name("header").open();
    json.name("digest").digest(fact.digest().as_bytes());
    json.name("log").digest(header.log.as_bytes());
    json.name("height").number(header.height);
    json.name("epoch").number(header.epoch);
    json.name("time").number(header.time.0);
    json.name("parent").digest(header.parent.as_bytes());
    json.name("size").number(header.events.get());
    json.name("root").digest(header.event_root.as_bytes());
    json.name("sha256Root").digest(header.sha256_root.as_bytes());
    json.name("headerRoot").digest(header.header_root.as_bytes());
    json.name("epochStart").number(header.epoch_start);
    json.name("set").digest(header.set.as_bytes());
    json.name("nextSet").digest(header.next_set.as_bytes());
    json.name("stateRoot").digest(header.state_root.as_bytes());
    json.name("gate").number(header.parameters.gate.into());
    json.name("trustPeriod").number(header.parameters.trust_period);
    json.close();
}

fn standing(json: &mut Json<'_>, standing: &Standing) {
    json.name("standing").open();
    json.name("anchor").raw("\"");
    match standing.anchor {
        TrustAnchor::Checkpoint(digest) => {
            json.raw("checkpoint:");
            json.digits(digest.as_bytes());
        }
        TrustAnchor::Genesis(log) => {
            json.raw("genesis:");
            json.digits(log.as_bytes());
        }
    }
    json.raw("\"");
    match standing.post_quantum {
        Some(post_quantum) => flag(json.name("postQuantum"), post_quantum),
        None => json.name("postQuantum").raw("null"),
    }
    match standing.concentrated {
        Some((power, total)) => {
            json.name("concentrated").open();
            quoted(json.name("power"), power);
            quoted(json.name("total"), total);
            json.close();
        }
        None => json.name("concentrated").raw("null"),
    }
    match standing.signed {
        Some(signed) => {
            json.name("signed").open();
            json.name("votes").number(signed.votes.into());
            quoted(json.name("power"), signed.power);
            quoted(json.name("total"), signed.total);
            json.close();
        }
        None => json.name("signed").raw("null"),
    }
    json.name("trustPeriod").number(standing.trust_period);
    json.close();
}

fn log_time(json: &mut Json<'_>, time: Option<LogTime>) {
    let json = json.name("logTime");
    let Some(time) = time else {
        return json.raw("null");
    };
    json.open();
    match time.after {
        Some(after) => json.name("after").number(after.0),
        None => json.name("after").raw("null"),
    }
    json.name("until").number(time.until.0);
    json.close();
}

/// Voting power may exceed 2^53, and is a string.
fn quoted(json: &mut Json<'_>, number: u64) {
    json.raw("\"");
    json.number(number);
    json.raw("\"");
}

fn flag(json: &mut Json<'_>, flag: bool) {
    json.raw(if flag { "true" } else { "false" });
}
