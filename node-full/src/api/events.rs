//! `POST /v1/events`.

use std::time::Duration;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use cairn_verifier::json::Object;
use tokio::sync::SemaphorePermit;

use super::params::Params;
use super::problem::Problem;
use super::{App, body, schema};
use crate::access::Caller;
use crate::ingest::Accepted;
#[cfg(feature = "grpc")]
use crate::ingest::Submission;

/// How long `?wait=final` waits.
const WAIT_LIMIT: Duration = Duration::from_secs(10);

/// Log one event or a batch, all or nothing
///
/// Answers when they are durable. With `wait=final` the answer waits for the block, at most ten
/// seconds, and says whether it came in time.
#[utoipa::path(post, path = "/events", tag = "events",
    params(("wait" = inline(Option<schema::Wait>), Query,
        description = "Wait until the events are final")),
    request_body(description = "At most 1,000 events and 16 MiB", content(
        (schema::Submissions = "application/json"),
        (schema::Lines = "application/x-ndjson"),
        (schema::Bytes = "application/vnd.cairn.event"),
        (schema::Bytes = "application/vnd.cairn.events"),
        (schema::CloudEvent = "application/cloudevents+json"),
        (Vec<schema::CloudEvent> = "application/cloudevents-batch+json"),
    )),
    responses(
        (status = 202, description = "Every event is durable", body = schema::Submitted, links(
            ("event" = (
                operation_id = "event",
                parameters(("id" = "$response.body#/accepted/0/id")),
            )),
            ("receipt" = (
                operation_id = "receipt",
                parameters(("id" = "$response.body#/accepted/0/id")),
            )),
        )),
        (status = 403,
            description = "The key or token is not for this, or an event is not its signer's to log"),
        (status = 409, description = "A signed event does not follow its writer's last one"),
        (status = 413, description = "The body is longer than 16 MiB"),
        (status = 415, description = "A content type that is not taken"),
        (status = 422, description = "An event that the log does not take; `at` says which"),
        (status = 507, description = "The disk is full"),
    ))]
pub(super) async fn submit(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    params: Params,
    request: Request,
) -> Result<Response, Problem> {
    params.only(&["wait"])?;
    let wait = match params.text("wait") {
        None => false,
        Some("final") => true,
        Some(_) => return Err(Problem::bad_parameter("wait", "must be `final`")),
    };
    let accepted = take(&app, request).await?;
    app.writes.note(&caller, &accepted);
    let (accepted, is_final) =
        if wait { wait_final(&app, accepted).await? } else { (accepted, false) };
    let view = view(&accepted, is_final);
    Ok((StatusCode::ACCEPTED, [(header::CONTENT_TYPE, "application/json")], view).into_response())
}

/// Reads and submits while the body's memory is reserved; waiting needs none.
async fn take(app: &App, request: Request) -> Result<Vec<Accepted>, Problem> {
    let _reserved = reserve(app, body::units(request.headers())).await?;
    let (kind, bytes) = body::read(request, app.max_body).await?;
    app.blocking(move |node| Ok(node.submit(body::submissions(kind, &bytes)?)?)).await
}

/// The same for a batch that came in another way, `len` bytes long.
#[cfg(feature = "grpc")]
pub(super) async fn submit_batch(
    app: &App,
    len: usize,
    read: impl FnOnce() -> Result<Vec<Submission>, Problem> + Send + 'static,
) -> Result<Vec<Accepted>, Problem> {
    let _reserved = reserve(app, body::units_of(len)).await?;
    app.blocking(move |node| {
        let batch = read()?;
        body::check_count(batch.len())?;
        Ok(node.submit(batch)?)
    })
    .await
}

async fn reserve(app: &App, units: u32) -> Result<SemaphorePermit<'_>, Problem> {
    app.bodies.acquire_many(units).await.map_err(|error| Problem::internal(&error.to_string()))
}

/// Waits until events are final, and says whether they are.
pub(super) async fn wait_final(
    app: &App,
    mut accepted: Vec<Accepted>,
) -> Result<(Vec<Accepted>, bool), Problem> {
    app.blocking(move |node| {
        let is_final = node.wait_accepted(&mut accepted, WAIT_LIMIT);
        Ok((accepted, is_final))
    })
    .await
}

fn view(accepted: &[Accepted], is_final: bool) -> String {
    let status = if is_final { "final" } else { "accepted" };
    let events = accepted.iter().map(|event| {
        let view = Object::new().text("id", event.id);
        // There is none before many validators agreed on one.
        let view = match event.index {
            Some(index) => view.plain("index", index),
            None => view,
        };
        view.text("status", status).plain("duplicate", event.duplicate).finish()
    });
    Object::new().array("accepted", events).finish()
}
