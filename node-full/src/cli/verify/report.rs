//! What `cairn verify` says.

use cairn_verifier::check::Check;
use cairn_verifier::error::{Error, Meaning};
use cairn_verifier::event::Payload;
use cairn_verifier::fact::Standing;
use cairn_verifier::json::{self, Object};
use cairn_verifier::payload::VerifiedPayload;
use cairn_verifier::receipt::VerifiedReceipt;
use serde_json::Value;

use super::{NotOpened, check_view, fields_view};
use crate::cli::out::{self, Color};

type Verified<'a> = Result<VerifiedReceipt<'a>, Error>;
type Opened = Result<VerifiedPayload, NotOpened>;

/// The verdict as JSON.
pub(super) fn json(checks: &[Check], verified: &Verified<'_>, opened: Option<&Opened>) {
    let object = match verified {
        Ok(receipt) => Object::new()
            .text("verdict", "verified")
            .json("receipt", &json::verified_receipt(receipt)),
        Err(error) => Object::new().text("verdict", word(error)).json("error", &json::error(error)),
    };
    let object = object.array("checks", checks.iter().map(check_view));
    let object = match opened {
        None => object,
        Some(Ok(payload)) => object.json("payload", &fields_view(payload)),
        Some(Err(why)) => {
            let (code, message) = not_opened(why);
            let error = Object::new().text("code", code).text("message", message);
            object.json("payload", &Object::new().json("error", &error.finish()).finish())
        }
    };
    out::line(object.finish());
}

pub(super) const fn word(error: &Error) -> &'static str {
    match error.meaning() {
        Meaning::Failed => "failed",
        Meaning::CouldNotCheck => "could-not-check",
        Meaning::Stale => "stale",
    }
}

pub(super) fn not_opened(why: &NotOpened) -> (&'static str, String) {
    match why {
        NotOpened::NoPayload => {
            ("no-payload", "the receipt carries no payload; prove it with --payload".to_owned())
        }
        NotOpened::Refused(error) => (error.code(), error.to_string()),
        NotOpened::NoKey(why) => ("no-key", why.clone()),
    }
}

/// The verdict for people.
pub(super) fn text(checks: &[Check], verified: &Verified<'_>, opened: Option<&Opened>) {
    for check in checks {
        out::line(format_args!("{} {}", Color::Green.on_stdout("ok"), check_line(check)));
    }
    match verified {
        Ok(receipt) => facts(receipt),
        Err(error) => refusal(error),
    }
    match opened {
        None => {}
        Some(Ok(payload)) => payload_fields(payload),
        Some(Err(why)) => {
            let (code, message) = not_opened(why);
            out::line(format_args!("{} {code}: {message}", Color::Red.on_stdout("not opened")));
        }
    }
}

/// A check's name and its inputs, from its JSON view so that no check is shown in two ways.
fn check_line(check: &Check) -> String {
    let view = serde_json::from_str::<Value>(&check_view(check)).unwrap_or_default();
    let Some(members) = view.as_object() else {
        return String::new();
    };
    let name = members.get("check").and_then(Value::as_str).unwrap_or_default();
    let inputs = members.iter().filter(|(key, _)| *key != "check").map(|(key, value)| {
        // Numbers that belong together are an object: between {after, until}.
        let parts = value.as_object().into_iter().flatten();
        let parts: Vec<_> = parts.map(|(key, value)| format!("{key} {}", plain(value))).collect();
        if parts.is_empty() { format!("{key} {}", plain(value)) } else { parts.join("  ") }
    });
    format!("{name:<12} {}", inputs.collect::<Vec<_>>().join("  "))
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

pub(super) fn refusal(error: &Error) {
    let what = match error.meaning() {
        Meaning::Failed => "NOT VERIFIED",
        Meaning::CouldNotCheck => "COULD NOT CHECK",
        Meaning::Stale => "STALE",
    };
    out::line(format_args!("{} {}: {error}", Color::Red.on_stdout(what), error.code()));
    let view = serde_json::from_str::<Value>(&json::error(error)).unwrap_or_default();
    for side in ["expected", "found"] {
        if let Some(value) = view.get(side).and_then(Value::as_str) {
            out::line(format_args!("  {side:<9} {}", out::shown(value)));
        }
    }
}

fn facts(receipt: &VerifiedReceipt<'_>) {
    let (fact, event) = (receipt.event(), receipt.event().event());
    let header = fact.header().header();
    out::line(format_args!(
        "{} event {} is number {} of log {}, final at height {}",
        Color::Green.on_stdout("VERIFIED"),
        fact.id(),
        fact.index(),
        header.log,
        header.height
    ));
    let line = |name: &str, value: &str| out::line(format_args!("  {name:<9} {value}"));
    line("writer", &event.writer.to_string());
    if let Some(time) = fact.log_time() {
        let after = time.after.map_or_else(String::new, |t| format!("{} to ", out::time(t.0)));
        line("logged", &format!("{after}{}", out::time(time.until.0)));
    }
    standing(&fact.header().standing());
    out::line(Color::Dim.on_stdout("  what the writer claims:"));
    line("type", &out::shown(event.event_type));
    line("time", &out::time(event.time.0));
    line("actor", &out::shown(&format!("{}:{}", event.actor.kind, event.actor.id)));
    let resource = &event.resource.party;
    line("resource", &out::shown(&format!("{}:{}", resource.kind, resource.id)));
    if !event.resource.parent.is_empty() {
        line("parent", &out::shown(event.resource.parent));
    }
    line("outcome", event.outcome.name());
    if !event.reason.is_empty() {
        line("reason", &out::shown(event.reason));
    }
    for (key, value) in event.metadata.iter() {
        line(&out::shown(key), &out::shown(value));
    }
    match event.payload {
        Payload::None => {}
        Payload::Public { len, .. } => line("payload", &format!("public, {len} bytes")),
        Payload::Sealed(sealed) => {
            line("payload", &format!("sealed, {} bytes", sealed.plaintext_len));
        }
    }
}

/// What the verdict rests on: part of every one.
pub(super) fn standing(standing: &Standing) {
    let line = |text: &str| out::line(format_args!("  rests on  {text}"));
    line(&format!("the anchor {}", standing.anchor));
    match standing.post_quantum {
        Some(true) => line("post-quantum signatures of the validators"),
        Some(false) => line("validator signatures that a quantum computer could forge"),
        None => {}
    }
    if let Some((power, total)) = standing.concentrated {
        line(&format!("few validators: one of them holds {power} of {total} of the power"));
    }
    match standing.trust_period {
        0 => line("no trust period: old validator keys count for ever"),
        period => line(&format!("a trust period of {} hours", period / 3_600_000)),
    }
}

fn payload_fields(payload: &VerifiedPayload) {
    out::line(format_args!(
        "{} the payload that the event commits to:",
        Color::Green.on_stdout("OPENED")
    ));
    let Ok(fields) = payload.opened().fields() else {
        return;
    };
    for (name, value) in fields.iter() {
        let value = std::str::from_utf8(value)
            .map_or_else(|_| format!("{} bytes", value.len()), out::shown);
        out::line(format_args!("  {:<9} {value}", out::shown(name)));
    }
}
