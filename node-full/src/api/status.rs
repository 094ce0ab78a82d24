//! How the node is, for people, load balancers and supervisors.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use cairn_verifier::json::Object;

use super::answer::{Answer, Stays};
use super::params::Params;
use super::problem::Problem;
use super::{App, schema};
use crate::node::Status;

/// How the node is
#[utoipa::path(get, path = "/status", tag = "node",
    responses((status = 200, description = "How the node is", body = schema::Status)))]
pub(super) async fn status(
    State(app): State<App>,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Problem> {
    params.only(&[])?;
    let (status, streams) = app
        .blocking(|node| {
            let streams = node.streams().iter().map(|stream| {
                Object::new().text("id", stream.id).text("name", &stream.name).finish()
            });
            Ok((node.status(), streams.collect::<Vec<_>>()))
        })
        .await?;
    Answer::json(view(&status, streams), Stays::UntilItGrows).respond(&headers)
}

fn view(status: &Status, streams: Vec<String>) -> String {
    Object::new()
        .text("log", status.log)
        .text("anchor", status.anchor)
        .plain("height", status.height)
        .text("head", status.head)
        .plain("headTime", status.head_time)
        .plain("size", status.size)
        .plain("accepted", status.accepted)
        .text("ingestKey", status.ingest_key)
        .array("streams", streams.into_iter())
        .plain("uptime", status.uptime.as_millis())
        .plain("storageBytes", status.storage_bytes)
        .plain("healthy", status.is_healthy())
        .text("version", env!("CARGO_PKG_VERSION"))
        .finish()
}

/// The process answers
#[utoipa::path(get, path = "/livez", tag = "node",
    responses((status = 200,
        description = "`ok`",
        body = String,
        content_type = "text/plain; charset=utf-8")))]
pub(super) async fn live() -> &'static str {
    "ok\n"
}

/// Events can be taken
#[utoipa::path(get, path = "/readyz", tag = "node", responses(
    (status = 200, description = "`ok`", body = String, content_type = "text/plain; charset=utf-8"),
    (status = 503, description = "Events cannot be taken; `detail` says why"),
))]
pub(super) async fn ready(State(app): State<App>) -> Result<Response, Problem> {
    let status = app.blocking(|node| Ok(node.status())).await?;
    match status.disk_error {
        None => Ok((StatusCode::OK, "ok\n").into_response()),
        Some(error) => {
            let why = format!("the last write failed, events are not taken: {error}");
            Err(Problem::unavailable("storage", why))
        }
    }
}
