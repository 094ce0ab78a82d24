//! Events read back: one, or those that a query finds; and where a writer stands.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use cairn_verifier::digest::{EventId, KeyId};
use cairn_verifier::json::Object;

use super::accept::Form;
use super::answer::{Answer, Stays};
use super::params::{Params, Segment};
use super::problem::Problem;
use super::{App, schema, views};
use crate::query::{self, NAMES, Query};

const DIGEST: &str = "64 lower-case hex digits";

/// One event and its place in the log
///
/// For who prefers binary, the signed event's bytes.
#[utoipa::path(get, path = "/events/{id}", operation_id = "event", tag = "events",
    params(("id" = inline(schema::Digest), Path, description = "The event's id")),
    responses(
        (status = 200, description = "The event", content(
            (schema::Entry = "application/json"),
            (schema::Bytes = "application/octet-stream"),
        )),
        (status = 404, description = "There is no such event in the log"),
        (status = 410, description = "Events so old are not kept here any more"),
    ))]
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

/// What a query finds among final events
#[utoipa::path(get, path = "/events", operation_id = "find", tag = "events",
    params(schema::EventFilters, schema::Pages),
    responses(
        (status = 200, description = "One page", body = schema::Page),
        (status = 422, description = "There is no such stream"),
    ))]
pub(super) async fn query(
    State(app): State<App>,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Problem> {
    page(app, &headers, params).await
}

/// The same query as JSON
///
/// For queries too long or too private for a URL.
#[utoipa::path(post, path = "/query", tag = "events",
    request_body = schema::QueryBody,
    responses(
        (status = 200, description = "One page", body = schema::Page),
        (status = 413, description = "The body is too long"),
        (status = 422, description = "There is no such stream"),
    ))]
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
                .plain("completeFrom", page.complete_from)
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

/// Where a writer stands: what its next event must say of the one before
#[utoipa::path(get, path = "/writers/{key}", tag = "events",
    params(
        ("key" = inline(schema::Digest), Path, description = "The writer's key"),
        ("stream" = Option<String>, Query,
            description = "The stream's name or id; the first one if not said"),
    ),
    responses(
        (status = 200,
            description = "Number and predecessor of its next event",
            body = schema::Writer),
        (status = 422, description = "There is no such stream"),
    ))]
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
                Some(text) => Some(query::stream(node, text)?),
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
