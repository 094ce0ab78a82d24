//! What only an administrator may ask: every call is logged before it is answered.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use cairn_verifier::json::Object;
use serde_json::Value;

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
