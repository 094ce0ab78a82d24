//! An answer about the state, as `GET /v1/state/…` gives it.

use cairn_verifier::json::{self, Object};
use cairn_verifier::state::{Found, Known, RecordKey, StateAnswer, verify_answer};
use cairn_verifier::{Error, TrustAnchor, UnixMillis};

use super::code;
use crate::cli::{Failure, out};

/// Whether bytes are such an answer's.
pub(super) const fn is_answer(bytes: &[u8]) -> bool {
    matches!(bytes, [_, b'A', ..])
}

/// Checks an answer about whatever it is about, and says that.
pub(super) fn verify(
    bytes: &[u8],
    (anchor, now): (TrustAnchor, UnixMillis),
    as_json: bool,
) -> Result<(), Failure> {
    let verified = StateAnswer::decode(bytes).map_err(Error::from).and_then(|answer| {
        let known = verify_answer(bytes, &answer.found.key(), anchor, now, &mut ())?;
        Ok((answer, known))
    });
    match &verified {
        Ok((answer, known)) => show(&answer.found, known, as_json),
        Err(error) if as_json => {
            let view = Object::new().plain("verified", false);
            out::line(view.json("error", &json::error(error)).finish());
        }
        Err(error) => {
            let not = out::Color::Red.on_stdout("NOT VERIFIED");
            out::line(format_args!("{not}  {error} ({})", error.code()));
        }
    }
    verified.map(drop).map_err(|error| Failure::Said(code(&error)))
}

fn show(found: &Found<'_>, known: &Known<'_>, as_json: bool) {
    let header = match known {
        Known::Present(present) => present.header(),
        Known::Absent(absent) => absent.header(),
    };
    let record = match found {
        Found::Record(record) => Some(json::state_record(record.content())),
        Found::Nothing(..) => None,
    };
    if as_json {
        let view = Object::new()
            .plain("verified", true)
            .plain("present", record.is_some())
            .plain_or_null("record", record)
            .json("header", &json::header(header.header(), header.digest()))
            .json("standing", &json::standing(&header.standing()));
        out::line(view.finish());
        return;
    }
    let verified = out::Color::Green.on_stdout("VERIFIED");
    match record {
        Some(record) => out::line(format_args!("{verified}  {}", out::shown(&record))),
        None => {
            out::line(format_args!("{verified}  there is no {}", out::shown(&name(&found.key()))));
        }
    }
    let time = out::time(header.header().time.0);
    out::line(format_args!("  after block {}, of {time}", header.header().height));
    out::line(format_args!("  under {}", header.standing().anchor));
}

fn name(key: &RecordKey<'_>) -> String {
    match key {
        RecordKey::Member(name) => format!("member {name:?}"),
        RecordKey::Key(id) => format!("key {id}"),
        RecordKey::Stream(id) => format!("stream {id}"),
        RecordKey::Membership(stream, name) => format!("member {name:?} in stream {stream}"),
        RecordKey::Parameters => "record of the parameters".to_owned(),
        RecordKey::Set(epoch) => format!("epoch {epoch}"),
        RecordKey::Head(stream, key) => format!("event of key {key} in stream {stream}"),
        RecordKey::Stake(id) => format!("stake of key {id}"),
        RecordKey::Power => {
            "record of what validators' power follows from: it is weights".to_owned()
        }
        RecordKey::System => "system event".to_owned(),
    }
}
