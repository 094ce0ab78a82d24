//! Many events in one file, as `GET /v1/proofs/list` and the npm package give it.

use cairn_verifier::check::Check;
use cairn_verifier::fact::VerifiedEvent;
use cairn_verifier::json::{self, Object};
use cairn_verifier::list::{self, VerifiedList};
use cairn_verifier::{Error, TrustAnchor, UnixMillis};

use super::code;
use super::report::{refusal, standing, word};
use crate::cli::{Failure, out};

/// Whether bytes are such a file's.
pub(super) const fn is_list(bytes: &[u8]) -> bool {
    matches!(bytes, [_, b'L', ..])
}

/// Checks a list and says which events it proves.
pub(super) fn verify(
    bytes: &[u8],
    (anchor, now): (TrustAnchor, UnixMillis),
    as_json: bool,
) -> Result<(), Failure> {
    let mut checks: Vec<Check> = Vec::new();
    let found = list::verify(bytes, anchor, now, &mut checks);
    match (&found, as_json) {
        (Ok(list), true) => out::line(view(list)),
        (Ok(list), false) => text(list),
        (Err(error), true) => out::line(refused(error, &checks)),
        (Err(error), false) => refusal(error),
    }
    found.map(drop).map_err(|error| Failure::Said(code(&error)))
}

/// The same members as the npm package's `verifyList`.
fn view(list: &VerifiedList<'_>) -> String {
    let (header, rests_on) = (list.header(), list.header().standing());
    let event = |fact: &VerifiedEvent<'_>| json::verified_event(fact, &rests_on);
    Object::new()
        .text("verdict", "verified")
        .json("header", &json::header(header.header(), header.digest()))
        .json("standing", &json::standing(&rests_on))
        .array("events", list.events().iter().map(event))
        .finish()
}

fn refused(error: &Error, checks: &[Check]) -> String {
    Object::new()
        .text("verdict", word(error))
        .json("error", &json::error(error))
        .array("checks", checks.iter().map(json::check))
        .finish()
}

fn text(list: &VerifiedList<'_>) {
    let header = list.header().header();
    let count = list.events().len();
    let events = if count == 1 { "event" } else { "events" };
    let verified = out::Color::Green.on_stdout("VERIFIED");
    out::line(format_args!(
        "{verified} {count} {events} of log {}, final at height {}",
        header.log, header.height
    ));
    for fact in list.events() {
        let event = fact.event();
        let actor = format!("{}:{}", event.actor.kind, event.actor.id);
        let words = [event.event_type, &actor].map(out::shown).join("  ");
        out::line(format_args!("  {:>9}  {}  {words}", fact.index(), fact.id()));
    }
    standing(&list.header().standing());
}
