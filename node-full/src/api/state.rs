//! What is in the state of the log: members, keys, streams, heads; and what is not.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cairn_verifier::digest::{KeyId, StreamId};
use cairn_verifier::json::{self, Object};
use cairn_verifier::state::{End, Found, RecordKey, StateAnswer};

use super::accept::Form;
use super::answer::{Answer, Stays};
use super::params::{Params, Segment};
use super::problem::Problem;
use super::{App, schema, views};

/// What the log's state says of one member, key, stream, membership or head, or that it says nothing
///
/// Under the newest header, or under the base if that is a header alone and not long ago, so it
/// changes while the log grows; each answer stays true of its header.
/// It proves itself: who has an anchor needs to trust nobody here, for a name, for a public key behind
/// one, for how many events a key wrote, or for there being none.
#[utoipa::path(get, path = "/state/{kind}", tag = "proofs",
    params(
        ("kind" = inline(schema::RecordKind), Path, description = "What kind of record"),
        ("name" = Option<String>, Query, description = "A member's name: member, membership"),
        ("key" = inline(Option<schema::Digest>), Query, description = "A key's id: key, head, stake"),
        ("stream" = inline(Option<schema::Digest>), Query,
            description = "A stream's id: stream, membership, head"),
        ("epoch" = inline(Option<schema::Number>), Query, description = "An epoch: set"),
        ("base" = inline(Option<schema::BaseText>), Query,
            description = "What the asker trusts already"),
    ),
    responses(
        (status = 200, description = "The record, or that there is none, with its proof", content(
            (schema::StateAnswer = "application/json"),
            (schema::Bytes = "application/octet-stream"),
        )),
        (status = 404, description = "There is no such base"),
        (status = 409, description = "The base is too long ago, or carries no state"),
    ))]
pub(super) async fn state(
    State(app): State<App>,
    headers: HeaderMap,
    kind: Segment,
    params: Params,
) -> Result<Response, Problem> {
    let (key, base) = (asked(&kind.0, &params)?, params.base()?);
    let answer = app
        .blocking(move |node| {
            // It was made of such a key.
            let key = RecordKey::decode(&key)
                .map_err(|error| Problem::bad_parameter("name", &error.to_string()))?;
            Ok(node.state(&key, base)?.answer)
        })
        .await?;
    let answer = match Form::preferred(&headers, Form::Binary) {
        Form::Binary => Answer::binary(answer, Stays::UntilItGrows),
        Form::Json => {
            let read = StateAnswer::decode(&answer)
                .map_err(|error| Problem::internal(&format!("state answer: {error}")))?;
            Answer::json(view(&read, &answer), Stays::UntilItGrows)
        }
    };
    answer.respond(&headers)
}

/// The encoded kind and key that a request is about.
fn asked(kind: &str, params: &Params) -> Result<Vec<u8>, Problem> {
    let needs: &[&str] = match kind {
        "member" => &["name"],
        "key" => &["key"],
        "stream" => &["stream"],
        "membership" => &["stream", "name"],
        "parameters" => &[],
        "set" => &["epoch"],
        "head" => &["stream", "key"],
        "stake" => &["key"],
        "power" | "system" => &[],
        _ => {
            let kinds = "must be member, key, stream, membership, parameters, set, head, stake, \
                         power or system";
            return Err(Problem::bad_parameter("kind", kinds));
        }
    };
    params.only(&[needs, &["base"]].concat())?;
    let missing = |name: &str| Problem::bad_parameter(name, "is missing");
    let name = || params.text("name").ok_or_else(|| missing("name"));
    let hex = "64 lower-case hex digits";
    let key = || params.optional::<KeyId>("key", hex)?.ok_or_else(|| missing("key"));
    let stream = || params.optional::<StreamId>("stream", hex)?.ok_or_else(|| missing("stream"));
    Ok(match kind {
        "member" => RecordKey::Member(name()?).encode(),
        "key" => RecordKey::Key(key()?).encode(),
        "stream" => RecordKey::Stream(stream()?).encode(),
        "membership" => RecordKey::Membership(stream()?, name()?).encode(),
        "set" => RecordKey::Set(params.number("epoch")?).encode(),
        "head" => RecordKey::Head(stream()?, key()?).encode(),
        "stake" => RecordKey::Stake(key()?).encode(),
        "power" => RecordKey::Power.encode(),
        "system" => RecordKey::System.encode(),
        _ => RecordKey::Parameters.encode(),
    })
}

fn view(answer: &StateAnswer<'_>, bytes: &[u8]) -> String {
    let (record, end) = match answer.found {
        Found::Record(found) => (Some(json::state_record(found.content())), None),
        Found::Nothing(_, end) => (None, Some(end)),
    };
    let other = end.and_then(|end| match end {
        End::Empty => None,
        End::Leaf { path, .. } => Some(path),
    });
    views::finality(Object::new(), &answer.finality)
        .plain("present", record.is_some())
        .plain_or_null("record", record)
        .text_or_null("endsAt", other)
        .plain("depth", answer.proof.depth())
        .text("bytes", STANDARD.encode(bytes))
        .finish()
}
