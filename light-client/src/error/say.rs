//! Errors as sentences, as two sides, and as JSON.

use std::fmt;

use cairn_verifier::Error;
use cairn_verifier::error::Meaning;
use cairn_verifier::json::{self, Object};
use cairn_verifier::payload::PayloadError;

use super::ClientError;

/// The verifier's error inside a payload's, if it is one.
pub(super) const fn as_verifier_error(error: &PayloadError) -> Option<Error> {
    if let PayloadError::Decode(error) = error {
        Some(Error::Decode(*error))
    } else if let PayloadError::Event(error) = error {
        Some(Error::Event(*error))
    } else if let PayloadError::Field(error) = error {
        Some(Error::Inclusion(*error))
    } else {
        None
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AnchorTooOld { age, limit } => write!(
                f,
                "the anchor is {} hours old, more than the {} that are allowed; pin a newer one",
                hours(*age),
                hours(*limit)
            ),
            Self::BadAnchor => {
                f.write_str("an anchor is `genesis:` or `checkpoint:` and 64 lower-case hex digits")
            }
            Self::BadAnswer { what } => write!(f, "the node's answer is of no use: {what}"),
            Self::BadEventId => f.write_str("an event id is 64 lower-case hex digits"),
            Self::BadKey => f.write_str(
                "a key file has one line: `cairn-secret-member:` and 64 lower-case hex digits",
            ),
            Self::BadNode { found } => {
                write!(f, "a node's address is http:// or https://, host and port, not {found}")
            }
            Self::BadPolicy { line: 0, what } => write!(f, "the policy is of no use: {what}"),
            Self::BadPolicy { line, what } => write!(f, "the policy, line {line}: {what}"),
            Self::BadQuery { found } => write!(f, "a query has no part named {found}"),
            Self::Equivocation { height, ours, theirs } => write!(
                f,
                "two headers are final at height {height}: {ours}, known before, and {theirs}; \
                 the log was forked by its validators"
            ),
            Self::HeadMoved => f.write_str("other calls moved the head all the while; try again"),
            Self::HttpStatus { status, problem } => {
                write!(f, "the node answered {status} {}: {}", problem.code, problem.detail)
            }
            Self::Network { why } => write!(f, "the node does not answer: {why}"),
            Self::NodeBehind { ours, theirs } => {
                write!(f, "the node is at height {theirs}; height {ours} is known to be final")
            }
            Self::NoPayload => f.write_str("the receipt brings no sealed payload"),
            Self::NotAnExtension { old, new, why } => write!(
                f,
                "header {new} is final but not shown to continue {old}, known before: {why}"
            ),
            Self::NotAsked { event, filter } => write!(
                f,
                "the node answered with event {event}, which the query does not find: {filter}"
            ),
            Self::NotEnoughNodes { agreed, nodes } => write!(
                f,
                "{agreed} of {nodes} nodes show one history, and the policy asks for more"
            ),
            Self::NotFound { event, size } => {
                write!(f, "event {event} is none of the {size} events of the log")
            }
            Self::NotFinal { event } => write!(f, "event {event} is accepted but not yet final"),
            Self::NoWrap { key } => write!(f, "the node has nothing that this key opens: {key}"),
            Self::OtherEvent { expected, found } => {
                write!(f, "this is event {found}, not the one asked for, {expected}")
            }
            Self::Payload(error) => error.fmt(f),
            Self::StoredEvidence { what } => write!(f, "the stored evidence is not used: {what}"),
            Self::TooLarge { limit } => write!(f, "the node's answer is over {limit} bytes"),
            Self::Verify(error) => error.fmt(f),
        }
    }
}

impl ClientError {
    /// `failed`, `stale`, `not-final` or `could-not-check`.
    #[must_use]
    pub fn state(&self) -> &'static str {
        if matches!(self, Self::NotFinal { .. }) {
            return "not-final";
        }
        match self.meaning() {
            Meaning::CouldNotCheck => "could-not-check",
            Meaning::Failed => "failed",
            Meaning::Stale => "stale",
        }
    }

    /// What was expected and what was found, where the error has two sides.
    #[must_use]
    pub fn sides(&self) -> Option<(String, String)> {
        match self {
            Self::Verify(error) => json::sides(error),
            Self::NotAnExtension { why, .. } => json::sides(why),
            Self::Payload(error) => payload_sides(error),
            Self::Equivocation { ours, theirs, .. } => pair(ours, theirs),
            Self::NodeBehind { ours, theirs } => pair(ours, theirs),
            Self::OtherEvent { expected, found } => pair(expected, found),
            Self::AnchorTooOld { age, limit } => {
                pair(&format!("at most {} hours", hours(*limit)), &hours(*age))
            }
            Self::BadAnchor
            | Self::BadAnswer { .. }
            | Self::BadEventId
            | Self::BadKey
            | Self::BadNode { .. }
            | Self::BadPolicy { .. }
            | Self::BadQuery { .. }
            | Self::HeadMoved
            | Self::HttpStatus { .. }
            | Self::Network { .. }
            | Self::NoPayload
            | Self::NotAsked { .. }
            | Self::NotEnoughNodes { .. }
            | Self::NotFinal { .. }
            | Self::NotFound { .. }
            | Self::NoWrap { .. }
            | Self::StoredEvidence { .. }
            | Self::TooLarge { .. } => None,
        }
    }

    /// State, code, sentence, both sides and the node's problem code, as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        let object = Object::new()
            .text("state", self.state())
            .text("code", self.code())
            .text("message", self);
        let object = match self.sides() {
            Some((expected, found)) => object.text("expected", expected).text("found", found),
            None => object.json("expected", "null").json("found", "null"),
        };
        let object = if let Self::HttpStatus { status, problem } = self {
            object.plain("status", status).text("problem", &problem.code)
        } else {
            object
        };
        object.finish()
    }
}

const fn hours(millis: u64) -> u64 {
    millis / 3_600_000
}

fn payload_sides(error: &PayloadError) -> Option<(String, String)> {
    if let PayloadError::FieldRoot { expected, found } = error {
        pair(expected, found)
    } else if let PayloadError::KeyCommitment { expected, found } = error {
        pair(expected, found)
    } else if let PayloadError::OtherEvent { expected, found } = error {
        pair(expected, found)
    } else if let PayloadError::PlaintextLength { expected, found } = error {
        pair(expected, found)
    } else {
        json::sides(&as_verifier_error(error)?)
    }
}

#[expect(clippy::unnecessary_wraps, reason = "one arm of a match over options")]
fn pair(expected: &impl ToString, found: &impl ToString) -> Option<(String, String)> {
    Some((expected.to_string(), found.to_string()))
}
