//! `GET /v1/stream`: server-sent events, as things become final. Every message has an id; a client
//! that comes back with the last one it saw goes on where it was, also after a restart of the node.

use std::convert::Infallible;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::StreamExt as _;

use super::follow::{Follower, Message};
use super::lease::Lease;
use super::params::Params;
use super::problem::Problem;
use super::{App, schema};

/// How often something is said when nothing happens, so that a dead connection is noticed.
const ALIVE: Duration = Duration::from_secs(15);

/// Events, blocks and checkpoints as they become final (server-sent events)
///
/// Each message has an id; a client that sends the last one it saw as `Last-Event-ID` goes on where
/// it was, also after the node was restarted.
#[utoipa::path(get, path = "/stream", tag = "streams",
    params(
        ("topics" = inline(Option<schema::TopicsText>), Query,
            description = "What to send; events and blocks if not said"),
        ("after" = inline(Option<schema::PlaceText>), Query,
            description = "The id of the last message seen; from now on if not said"),
        ("Last-Event-ID" = inline(Option<schema::PlaceText>), Header,
            description = "The same, as browsers send it; it goes before `after`"),
        schema::EventFilters,
    ),
    responses((status = 200,
        description = "Messages `event`, `block` and `checkpoint`, with JSON as their data",
        body = String,
        content_type = "text/event-stream")))]
pub(super) async fn stream(
    State(app): State<App>,
    Extension(lease): Extension<Lease>,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Problem> {
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let follower = Follower::read(&app, (&params, last), lease)?;
    let place = app.place_to_follow()?;
    let messages = follower.messages().map(move |Message { topic, place: at, data }| {
        // It is free again when the stream ends.
        let _place = &place;
        Ok::<_, Infallible>(Event::default().event(topic).id(at.to_string()).data(data))
    });
    let mut response = Sse::new(messages)
        .keep_alive(KeepAlive::new().interval(ALIVE).text("alive"))
        .into_response();
    // A proxy that gathers answers before it sends them would keep this one for ever.
    let never = HeaderValue::from_static("no");
    response.headers_mut().insert("x-accel-buffering", never);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
