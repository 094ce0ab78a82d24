//! `POST /v1/events`.

use std::time::Duration;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use cairn_verifier::json::Object;

use super::App;
use super::body;
use super::params::Params;
use super::problem::Problem;
use crate::access::Caller;
use crate::ingest::Accepted;

/// How long `?wait=final` waits.
const WAIT_LIMIT: Duration = Duration::from_secs(10);

/// Takes one event or a batch, all or nothing, and answers when they are durable. With
/// `?wait=final` the answer waits for the block, and says whether it came in time.
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
    let is_final = wait && wait_final(&app, &accepted).await?;
    let view = view(&accepted, is_final);
    Ok((StatusCode::ACCEPTED, [(header::CONTENT_TYPE, "application/json")], view).into_response())
}

/// Reads and submits while the body's memory is reserved; waiting needs none.
async fn take(app: &App, request: Request) -> Result<Vec<Accepted>, Problem> {
    let reserved = app.bodies.acquire_many(body::units(request.headers())).await;
    let _reserved = reserved.map_err(|error| Problem::internal(&error.to_string()))?;
    let (kind, bytes) = body::read(request, app.max_body).await?;
    app.blocking(move |node| {
        let batch = body::submissions(kind, &bytes)?;
        Ok(node.submit(batch)?)
    })
    .await
}

async fn wait_final(app: &App, accepted: &[Accepted]) -> Result<bool, Problem> {
    let Some(last) = accepted.iter().map(|event| event.index).max() else {
        return Ok(true);
    };
    let size = last.saturating_add(1);
    app.blocking(move |node| Ok(node.wait_size_final(size, WAIT_LIMIT))).await
}

fn view(accepted: &[Accepted], is_final: bool) -> String {
    let status = if is_final { "final" } else { "accepted" };
    let events = accepted.iter().map(|event| {
        Object::new()
            .text("id", event.id)
            .plain("index", event.index)
            .text("status", status)
            .plain("duplicate", event.duplicate)
            .finish()
    });
    Object::new().array("accepted", events).finish()
}
