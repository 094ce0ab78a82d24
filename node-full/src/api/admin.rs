//! What only an administrator may ask. What changes something is logged before it is done.

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use cairn_verifier::json::Object;
use serde_json::Value;

use super::answer::{Answer, Stays};
use super::params::Params;
use super::problem::Problem;
use super::{App, schema};
use crate::access::Caller;
use crate::audit::AuditRecord;
use crate::reload::Reloaded;

/// Read the settings again
///
/// As SIGHUP does. It is logged before it is done.
#[utoipa::path(post, path = "/admin/reload", tag = "node",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "What changed", body = schema::Reloaded),
        (status = 404, description = "The node was started without settings to read"),
        (status = 422, description = "The settings do not hold; those from before still do"),
    ))]
pub(super) async fn reload(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    params: Params,
) -> Result<Response, Problem> {
    params.only(&[])?;
    let reloader = app.reloader.clone().ok_or_else(|| {
        let why = "this node was started without settings that could be read again";
        Problem::not_found("nothing-to-reload", why)
    })?;
    let reloaded = app
        .blocking(move |node| {
            node.audit(record("cairn.admin.reload", &caller, "settings"))?;
            reloader.reload().map_err(|error| {
                let status = StatusCode::UNPROCESSABLE_ENTITY;
                Problem::new(status, "bad-settings", error.to_string())
            })
        })
        .await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], view(&reloaded)).into_response())
}

/// The last errors and warnings
///
/// What the node said in its log, newest first, at most 64; what was said again counts at its last
/// time. What looks like a key, a token or a password is masked. Asking is not logged.
#[utoipa::path(get, path = "/admin/errors", operation_id = "recent_errors", tag = "node",
    security(("bearer" = [])),
    responses((status = 200, description = "Since the node was started", body = schema::RecentErrors)))]
pub(super) async fn errors(
    State(app): State<App>,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Problem> {
    params.only(&[])?;
    let said = app.recent.newest_first();
    let errors = said.iter().map(|said| {
        Object::new()
            .plain("last", said.last.0)
            .plain("first", said.first.0)
            .plain("times", said.times)
            .text("level", if said.is_error { "error" } else { "warning" })
            .text("from", said.from)
            .text("text", &said.text)
            .finish()
    });
    let view = Object::new().array("errors", errors).finish();
    Answer::json(view, Stays::ForTheCaller).respond(&headers)
}

/// An admin call as it is logged.
fn record(event_type: &'static str, caller: &Caller, what: &str) -> AuditRecord {
    let (kind, id) = caller.party().unwrap_or(("caller", "unknown"));
    AuditRecord::new(event_type, (kind, id.to_owned()), ("node", what.to_owned()))
}

fn view(reloaded: &Reloaded) -> String {
    let list = |names: &[String]| {
        let texts = names.iter().map(|name| Value::from(name.as_str()).to_string());
        texts.collect::<Vec<_>>().into_iter()
    };
    Object::new()
        .array("changed", list(&reloaded.changed))
        .array("needRestart", list(&reloaded.need_restart))
        .finish()
}
