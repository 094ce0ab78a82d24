//! What is noted of every request: an id, which the answer carries too; a line in the node's log;
//! and how long it took, by route.

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use metrics::histogram;
use tracing::Instrument as _;
use tracing::field::Empty;

use crate::clock::Stopwatch;
use crate::telemetry;

/// The header with a request's id.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longer ones than this are not taken over from the client.
const MAX_ID_LEN: usize = 64;

/// Gives the request an id, or keeps the one that a proxy gave it, and notes how it went.
pub(super) async fn observe(request: Request, next: Next) -> Response {
    let id = request.headers().get(REQUEST_ID).filter(|id| is_id(id)).cloned();
    let id = id.unwrap_or_else(fresh_id);
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("none", MatchedPath::as_str).to_owned();
    let method = request.method().clone();
    let shown = id.to_str().unwrap_or_default();
    let span = tracing::debug_span!(
        "request",
        id = shown,
        otel.name = format!("{method} {route}"),
        otel.kind = "server",
        http.request.method = %method,
        http.route = route,
        http.response.status_code = Empty,
    );
    telemetry::continue_trace(&span, request.headers());
    let watch = Stopwatch::start();
    let mut response = next.run(request).instrument(span.clone()).await;
    let (took, status) = (watch.elapsed(), response.status().as_u16());
    span.record("http.response.status_code", status);
    tracing::info!(id = shown, %method, route, status, micros = took.as_micros(), "answered");
    let labels = [("route", route), ("method", method.to_string()), ("status", status.to_string())];
    histogram!("cairn_http_request_seconds", &labels).record(took);
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

fn is_id(id: &HeaderValue) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    !id.is_empty() && id.len() <= MAX_ID_LEN && id.as_bytes().iter().all(is_plain)
}

/// Sixteen random hex digits; without randomness a request has no name, and is answered still.
fn fresh_id() -> HeaderValue {
    let mut bytes = [0; 8];
    let filled = getrandom::fill(&mut bytes).is_ok();
    let id = if filled { format!("{:016x}", u64::from_be_bytes(bytes)) } else { "none".to_owned() };
    HeaderValue::try_from(id).unwrap_or(HeaderValue::from_static("none"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_ids_are_taken_over() {
        for (id, is_taken) in [
            ("a", true),
            ("7f-3a_b.c", true),
            ("", false),
            ("a b", false),
            ("a\"b", false),
            (&"x".repeat(64), true),
            (&"x".repeat(65), false),
        ] {
            assert_eq!(is_id(&HeaderValue::from_str(id).unwrap()), is_taken, "{id}");
        }
        assert!(is_id(&fresh_id()));
        assert_ne!(fresh_id(), fresh_id());
    }
}
