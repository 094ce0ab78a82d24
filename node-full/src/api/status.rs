//! How the node is, for people, load balancers and supervisors.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use cairn_net::PeerStatus;
use cairn_verifier::json::Object;

use super::answer::{Answer, Stays};
use super::params::Params;
use super::problem::Problem;
use super::{App, schema};
use crate::node::Status;
use crate::validate::ValidatorStatus;

/// From this round on a height takes longer than one dead proposer explains.
const SLOW_ROUND: u32 = 2;

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
            let streams = node.streams().into_iter().map(|stream| {
                Object::new().text("id", stream.id).text("name", &stream.name).finish()
            });
            Ok((node.status(), streams.collect::<Vec<_>>()))
        })
        .await?;
    Answer::json(view(&status, streams), Stays::UntilItGrows).respond(&headers)
}

fn view(status: &Status, streams: Vec<String>) -> String {
    let mut view = Object::new()
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
        .text("version", env!("CARGO_PKG_VERSION"));
    if let Some(there) = &status.published {
        let object = Object::new().text("to", &there.to).plain("size", there.size);
        let object = object.plain("behind", status.behind());
        view = view
            .plain("published", with_error(object, there.lost.as_ref().or(there.error.as_ref())));
    }
    if let Some(there) = &status.followed {
        let object = Object::new().text("from", &there.from).plain("size", there.published);
        let mut object = object.plain("behind", status.behind());
        if let Some(code) = there.refused {
            object = object.text("refused", code);
        }
        view = view.plain("replica", with_error(object, there.error.as_ref()));
    }
    if let Some(validator) = &status.validator {
        view = view.plain("validator", validator_view(validator));
    }
    view.finish()
}

fn validator_view(status: &ValidatorStatus) -> String {
    let mut view = Object::new()
        .plain("height", status.height)
        .plain("round", status.round)
        .plain("working", status.working)
        .plain("votes", status.votes)
        .plain("peersHeight", status.peers_height)
        .plain("poolEvents", status.pool_events)
        .plain("poolBytes", status.pool_bytes)
        .array("peers", status.peers.iter().map(peer_view));
    for (name, why) in
        [("silent", &status.silent), ("waiting", &status.waiting), ("stopped", &status.stopped)]
    {
        if let Some(why) = why {
            view = view.text(name, why);
        }
    }
    view.finish()
}

fn peer_view(peer: &PeerStatus) -> String {
    let view = Object::new().text("id", peer.id).plain("connected", peer.address.is_some());
    match &peer.trouble {
        Some(trouble) => view.text("trouble", trouble).finish(),
        None => view.finish(),
    }
}

/// What a validator waits for that has not stopped.
fn validator_note(status: &ValidatorStatus) -> Option<String> {
    if let Some(why) = &status.silent {
        return Some(format!("this validator signs nothing: {why}\n"));
    }
    let (height, round) = (status.height, status.round);
    if status.working && round >= SLOW_ROUND {
        let connected = status.peers.iter().filter(|peer| peer.address.is_some()).count();
        let all = status.peers.len();
        return Some(format!(
            "height {height} is in round {round} without a decision; {connected} of {all} other \
             validators are connected\n"
        ));
    }
    let behind = status.peers_height.saturating_sub(height);
    (behind > 1).then(|| format!("{behind} blocks behind its peers\n"))
}

fn with_error(object: Object, error: Option<&String>) -> String {
    match error {
        Some(error) => object.text("error", error).finish(),
        None => object.finish(),
    }
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

/// Events can be taken, or a replica follows
///
/// What does not keep it from that stands behind the `ok`.
#[utoipa::path(get, path = "/readyz", tag = "node", responses(
    (status = 200, description = "`ok`", body = String, content_type = "text/plain; charset=utf-8"),
    (status = 503, description = "Events cannot be taken; `detail` says why"),
))]
pub(super) async fn ready(State(app): State<App>) -> Result<Response, Problem> {
    let status = app.blocking(|node| Ok(node.status())).await?;
    if let Some((code, why)) = status.fault() {
        return Err(Problem::unavailable(code, why));
    }
    let published = status.published.as_ref().map(|there| (&there.to, &there.error));
    let followed = status.followed.as_ref().map(|there| (&there.from, &there.error));
    let note = published.or(followed).filter(|_| status.behind() != 0).map(|(url, error)| {
        let error = error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
        format!("{} events behind {url}{error}\n", status.behind())
    });
    let note = note.or_else(|| validator_note(status.validator.as_ref()?));
    Ok((StatusCode::OK, format!("ok\n{}", note.unwrap_or_default())).into_response())
}
