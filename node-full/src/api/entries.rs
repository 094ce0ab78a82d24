//! Events read back: one, or those that a query finds; and where a writer stands.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use cairn_verifier::digest::{EventId, KeyId, StreamId};
use cairn_verifier::json::Object;

use super::accept::Form;
use super::answer::{Answer, Stays};
use super::params::{Params, Segment};
use super::problem::Problem;
use super::{App, views};
use crate::node::Node;
use crate::query::{NAMES, Query};

const DIGEST: &str = "64 lower-case hex digits";

/// `GET /v1/events/{id}`: JSON, or the signed event's bytes for who prefers binary.
pub(super) async fn one(
    State(app): State<App>,
    headers: HeaderMap,
    id: Segment,
    params: Params,
) -> Result<Response, Problem> {
    params.only(&[])?;
    let id: EventId = id.parse("id", DIGEST)?;
    let entry = app.blocking(move |node| Ok(node.entry(&id)?)).await?;
    let unknown = || Problem::not_found("unknown-event", format!("no event {id} in the log"));
    let entry = entry.ok_or_else(unknown)?;
    let answer = match Form::preferred(&headers, Form::Json) {
        Form::Binary if entry.is_final => Answer::binary(entry.signed, Stays::Forever),
        Form::Binary => Answer::binary(entry.signed, Stays::UntilItGrows),
        Form::Json => Answer::json(views::entry(&entry)?, Stays::UntilItGrows),
    };
    answer.respond(&headers)
}

/// `GET /v1/events?…`: what a query finds; its parts are those of [`NAMES`].
pub(super) async fn query(
    State(app): State<App>,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Problem> {
    page(app, &headers, params).await
}

/// `POST /v1/query`: the same as JSON, for queries too long or too private for a URL.
pub(super) async fn query_json(
    State(app): State<App>,
    headers: HeaderMap,
    params: Params,
    body: Bytes,
) -> Result<Response, Problem> {
    params.only(&[])?;
    page(app, &headers, Params::from_json(&body)?).await
}

async fn page(app: App, headers: &HeaderMap, params: Params) -> Result<Response, Problem> {
    params.only(&NAMES)?;
    let view = app
        .blocking(move |node| {
            let page = node.query(&Query::read(node, params.all())?)?;
            Ok(Object::new()
                .array("events", views::entries(page.entries.iter())?)
                .plain("completeTo", page.complete_to)
                .json("next", &nullable(page.next.as_deref()))
                .finish())
        })
        .await?;
    Answer::json(view, Stays::UntilItGrows).respond(headers)
}

fn nullable(text: Option<&str>) -> String {
    text.map_or_else(|| "null".to_owned(), |text| serde_json::Value::from(text).to_string())
}

/// A stream by its name or by its id.
fn stream(node: &Node, text: &str) -> Result<StreamId, Problem> {
    let named = node.streams().into_iter().find(|stream| stream.name == text);
    let known = named.map(|stream| stream.id).or_else(|| text.parse().ok());
    let unknown = || Problem::bad_parameter("stream", "is neither a stream's name nor an id");
    known.ok_or_else(unknown)
}

/// `GET /v1/writers/{key}?stream=`: what the key's next event must say of the one before it.
pub(super) async fn writer(
    State(app): State<App>,
    headers: HeaderMap,
    key: Segment,
    params: Params,
) -> Result<Response, Problem> {
    params.only(&["stream"])?;
    let key: KeyId = key.parse("key", DIGEST)?;
    let view = app
        .blocking(move |node| {
            let stream = match params.text("stream") {
                Some(text) => Some(stream(node, text)?),
                None => node.streams().first().map(|stream| stream.id),
            };
            let stream = stream.ok_or_else(|| Problem::internal("the log has no stream"))?;
            let (next, previous) = node.next_sequence(&stream, &key)?;
            Ok(Object::new()
                .text("stream", stream)
                .plain("next", next)
                .text("previous", previous)
                .finish())
        })
        .await?;
    Answer::json(view, Stays::UntilItGrows).respond(&headers)
}
