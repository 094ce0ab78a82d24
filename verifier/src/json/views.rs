//! One function a view.

use alloc::format;
use alloc::string::{String, ToString};

use super::Object;
use crate::check::Check;
use crate::digest::HeaderDigest;
use crate::error::{Error, Meaning};
use crate::event::{EventBody, Party, Payload};
use crate::evidence::EvidenceError;
use crate::fact::{LogTime, Standing, VerifiedEvent};
use crate::finality::{Header, Signed};
use crate::receipt::VerifiedReceipt;
use crate::state::{KeyRole, StateError};
use crate::tree::{ConsistencyError, InclusionError};
use crate::trust::TrustError;
use crate::wire::DecodeError;

/// An event body: its claims.
#[must_use]
pub fn event(body: &EventBody<'_>) -> String {
    let metadata =
        body.metadata.iter().fold(Object::new(), |object, (key, value)| object.text(key, value));
    Object::new()
        .text("log", body.log)
        .text("stream", body.stream)
        .text("writer", body.writer)
        .plain("sequence", body.sequence)
        .text("previous", body.previous)
        .plain("time", body.time.0)
        .text("kind", body.kind.name())
        .text("type", body.event_type)
        .json("actor", &party(&body.actor).finish())
        .json(
            "resource",
            &party(&body.resource.party).text("parent", body.resource.parent).finish(),
        )
        .text("outcome", body.outcome.name())
        .text("reason", body.reason)
        .json("metadata", &metadata.finish())
        .plain("groupEpoch", body.group_epoch)
        .plain("generation", body.generation)
        .json("payload", &payload(&body.payload))
        .finish()
}

fn party(party: &Party<'_>) -> Object {
    Object::new().text("kind", party.kind).text("id", party.id)
}

fn payload(payload: &Payload) -> String {
    match payload {
        Payload::None => Object::new().text("kind", "none"),
        Payload::Public { digest, len } => {
            Object::new().text("kind", "public").text("digest", digest).plain("length", len)
        }
        Payload::Sealed(commitment) => Object::new()
            .text("kind", "sealed")
            .text("digest", commitment.ciphertext)
            .plain("length", commitment.plaintext_len)
            .text("keyCommitment", commitment.key)
            .text("fieldRoot", commitment.fields),
    }
    .finish()
}

/// A header: a claim, unless it comes from a fact.
#[must_use]
pub fn header(header: &Header, digest: HeaderDigest) -> String {
    Object::new()
        .text("digest", digest)
        .text("log", header.log)
        .plain("height", header.height)
        .plain("epoch", header.epoch)
        .plain("time", header.time.0)
        .text("parent", header.parent)
        .plain("size", header.events.get())
        .text("root", header.event_root)
        .text("sha256Root", header.sha256_root)
        .text("headerRoot", header.header_root)
        .plain("epochStart", header.epoch_start)
        .text("set", header.set)
        .text("nextSet", header.next_set)
        .text("stateRoot", header.state_root)
        .plain("gate", header.parameters.gate)
        .plain("trustPeriod", header.parameters.trust_period)
        .finish()
}

/// What a verdict rests on.
#[must_use]
pub fn standing(standing: &Standing) -> String {
    let concentrated = standing
        .concentrated
        .map(|(power, total)| Object::new().text("power", power).text("total", total).finish());
    Object::new()
        .text("anchor", standing.anchor)
        .plain_or_null("postQuantum", standing.post_quantum)
        .plain_or_null("concentrated", concentrated)
        .plain_or_null("signed", standing.signed.map(|weighed| signed(&weighed).finish()))
        .plain("trustPeriod", standing.trust_period)
        .finish()
}

fn signed(signed: &Signed) -> Object {
    Object::new()
        .plain("votes", signed.votes)
        .text("power", signed.power)
        .text("total", signed.total)
}

fn log_time(time: &LogTime) -> String {
    Object::new()
        .plain_or_null("after", time.after.map(|after| after.0))
        .plain("until", time.until.0)
        .finish()
}

/// A verified receipt, without its bytes.
#[must_use]
pub fn verified_receipt(receipt: &VerifiedReceipt<'_>) -> String {
    let fact = receipt.event();
    fact_view(fact, &fact.header().standing())
        .plain("payloadIncluded", receipt.payload().is_some())
        .plain("wraps", receipt.wraps().count())
        .finish()
}

/// A verified event, without its bytes, and what the whole verdict rests on.
#[must_use]
pub fn verified_event(fact: &VerifiedEvent<'_>, rests_on: &Standing) -> String {
    fact_view(fact, rests_on).finish()
}

fn fact_view(fact: &VerifiedEvent<'_>, rests_on: &Standing) -> Object {
    Object::new()
        .text("id", fact.id())
        .plain("index", fact.index())
        .json("event", &event(fact.event()))
        .text("writerSuite", fact.writer_suite().name())
        .text_or_null("writerName", fact.writer_name())
        .json("header", &header(fact.header().header(), fact.header().digest()))
        .json("standing", &standing(rests_on))
        .plain_or_null("logTime", fact.log_time().map(|time| log_time(&time)))
}

/// A check that passed, with its inputs.
#[must_use]
pub fn check(check: &Check) -> String {
    let object = |name: &str| Object::new().text("check", name);
    match check {
        Check::Anchor { anchor } => object("anchor").text("anchor", anchor),
        Check::Decoded { bytes } => object("decoded").plain("bytes", bytes),
        Check::Final { height, digest } => {
            object("final").plain("height", height).text("digest", digest)
        }
        Check::Handover { epoch, height } => {
            object("handover").plain("epoch", epoch).plain("height", height)
        }
        Check::Included { index, size, root, steps } => object("included")
            .plain("index", index)
            .plain("size", size)
            .text("root", root)
            .plain("steps", steps),
        Check::LogTime(time) => object("log-time").json("between", &log_time(time)),
        Check::Name { key } => object("name").text("key", key),
        Check::Payload { digest } => object("payload").text("digest", digest),
        Check::Quorum(weighed) => object("quorum").json("signed", &signed(weighed).finish()),
        Check::TrustPeriod { age, period } => {
            object("trust-period").plain("age", age).plain("period", period)
        }
        Check::Vote { index, suite, power, total } => object("vote")
            .plain("index", index)
            .text("suite", suite.name())
            .text("power", power)
            .text("total", total),
        Check::Writer { event, key, suite } => {
            object("writer").text("event", event).text("key", key).text("suite", suite.name())
        }
    }
    .finish()
}

/// An error: state, code, sentence, and both sides where it has two.
#[must_use]
pub fn error(error: &Error) -> String {
    let state = match error.meaning() {
        Meaning::CouldNotCheck => "could-not-check",
        Meaning::Failed => "failed",
        Meaning::Stale => "stale",
    };
    let object =
        Object::new().text("state", state).text("code", error.code()).text("message", error);
    match sides(error) {
        Some((expected, found)) => object.text("expected", expected).text("found", found),
        None => object.json("expected", "null").json("found", "null"),
    }
    .finish()
}

/// What was expected and what was found, as text, where an error has two sides.
#[must_use]
pub fn sides(error: &Error) -> Option<(String, String)> {
    match error {
        Error::Budget(error) => pair(format!("at most {}", error.limit), error.found),
        Error::Consistency(error) => consistency_sides(error),
        Error::Decode(error) => decode_sides(error),
        Error::Event(error) => event_sides(error),
        Error::Evidence(error) => evidence_sides(error),
        Error::Finality(error) => finality_sides(error),
        Error::Inclusion(error) => inclusion_sides(error),
        Error::State(error) => state_sides(error),
        Error::Trust(error) => trust_sides(error),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "callers give numbers and fresh strings alike")]
fn pair(expected: impl ToString, found: impl ToString) -> Option<(String, String)> {
    Some((expected.to_string(), found.to_string()))
}

fn consistency_sides(error: &ConsistencyError) -> Option<(String, String)> {
    match error {
        ConsistencyError::NewRootMismatch { expected, found }
        | ConsistencyError::OldRootMismatch { expected, found } => pair(expected, found),
        ConsistencyError::OldIsLarger { old, new } => pair(format!("at most {new}"), old),
        ConsistencyError::ProofLength { expected, found } => pair(expected, found),
    }
}

fn decode_sides(error: &DecodeError) -> Option<(String, String)> {
    match error {
        DecodeError::FileType { expected, found } | DecodeError::Version { expected, found } => {
            pair(expected, found)
        }
        DecodeError::OutOfRange { limit, found, .. } => pair(format!("at most {limit}"), found),
        DecodeError::Truncated { needed, left, .. } => {
            pair(format!("{needed} bytes"), format!("{left} bytes"))
        }
        DecodeError::Trailing { left, .. } => pair("the end", format!("{left} more bytes")),
        DecodeError::NotAscending { .. }
        | DecodeError::NotCanonical { .. }
        | DecodeError::NotUtf8 { .. }
        | DecodeError::Unknown { .. } => None,
    }
}

fn event_sides(error: &crate::event::EventError) -> Option<(String, String)> {
    use crate::event::EventError;
    match error {
        EventError::NotTheWriter { expected, found } => pair(expected, found),
        EventError::OtherLog { expected, found } => pair(expected, found),
        EventError::OtherPayload { expected, found } => pair(expected, found),
        EventError::PayloadLength { expected, found } => pair(expected, found),
        EventError::BadSignature { .. } | EventError::UnexpectedPayload => None,
    }
}

fn evidence_sides(error: &EvidenceError) -> Option<(String, String)> {
    match error {
        EvidenceError::OtherHeight { expected, found } => pair(expected, found),
        EvidenceError::WrongOrder { first, second } => pair(format!("at least {first}"), second),
        EvidenceError::BadVote { .. }
        | EvidenceError::NoContradiction { .. }
        | EvidenceError::OtherPlace => None,
    }
}

fn finality_sides(error: &crate::finality::FinalityError) -> Option<(String, String)> {
    use crate::finality::FinalityError;
    match error {
        FinalityError::NoQuorum { signed, total } => {
            pair(format!("more than two thirds of {total}"), signed)
        }
        FinalityError::SurplusVote { signed, lightest, total } => pair(
            format!("no quorum of {total} without the lightest vote"),
            format!("{signed} with a lightest vote of {lightest}"),
        ),
        FinalityError::UnknownValidator { index, count } => pair(format!("below {count}"), index),
        FinalityError::WrongSuite { expected, found, .. } => pair(expected.name(), found.name()),
        FinalityError::BadVote { .. } => None,
    }
}

fn inclusion_sides(error: &InclusionError) -> Option<(String, String)> {
    match error {
        InclusionError::LeafOutOfRange { index, size } => pair(format!("below {size}"), index),
        InclusionError::NotAscending { before, index } => pair(format!("above {before}"), index),
        InclusionError::ProofLength { expected, found } => pair(expected, found),
        InclusionError::RootMismatch { expected, found } => pair(expected, found),
        InclusionError::EmptyTree | InclusionError::NoLeaves => None,
    }
}

fn state_sides(error: &StateError) -> Option<(String, String)> {
    match error {
        StateError::HistoryIncomplete { expected, found }
        | StateError::HistorySequence { expected, found } => pair(expected, found),
        StateError::HistoryPrevious { expected, found } => pair(expected, found),
        StateError::HistoryStream { expected, found } => pair(expected, found),
        StateError::HistoryWriter { expected, found }
        | StateError::OtherKey { expected, found } => pair(expected, found),
        StateError::KeyOutOfRange { index, from, until } => {
            pair(format!("from {from} up to {until}"), index)
        }
        StateError::NotAWriter { role } => pair(KeyRole::Writer.name(), role.name()),
        StateError::OtherAnswer { expected, found } | StateError::OtherPath { expected, found } => {
            pair(expected, found)
        }
        StateError::OtherRecord { expected, found } => pair(expected, found),
        StateError::RootMismatch { expected, found } => pair(expected, found),
        StateError::IsPresent { .. } => None,
    }
}

fn trust_sides(error: &TrustError) -> Option<(String, String)> {
    match error {
        TrustError::FutureHeader { time, now } => pair(format!("at most {now}"), time),
        TrustError::HeightNotAbove { trusted, found } => pair(format!("above {trusted}"), found),
        TrustError::NotTheTrustedHeader { expected, found }
        | TrustError::OtherParent { expected, found } => pair(expected, found),
        TrustError::OtherAnchor { expected, found } => pair(expected, found),
        TrustError::OtherEpoch { expected, found }
        | TrustError::OtherEpochStart { expected, found } => pair(expected, found),
        TrustError::OtherLog { expected, found } => pair(expected, found),
        TrustError::OtherSet { expected, found } => pair(expected, found),
        TrustError::PastTrustPeriod { age, period } => pair(format!("at most {period} ms"), age),
        TrustError::TimeNotAfter { earlier, found } => pair(format!("after {earlier}"), found),
        TrustError::TreeShrank { earlier, found } => pair(format!("at least {earlier}"), found),
        TrustError::NoTrustedHeader
        | TrustError::NoTrustedSet
        | TrustError::NotAHandover { .. }
        | TrustError::OtherParameters => None,
    }
}
