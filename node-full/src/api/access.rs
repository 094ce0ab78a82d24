//! What each path needs, who the caller is, and pages of other origins.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http_body_util::{BodyExt as _, Limited};
use tower_http::cors::{Any, CorsLayer};

use super::body::MAX_BODY;
use super::lease::Lease;
use super::problem::Problem;
use crate::access::{Access, Caller, Denied, Needs, Scope, Shown};

/// Who may do what, as it is now.
pub(super) type Live = Arc<ArcSwap<Access>>;

/// How long the rest of a refused request is read.
const PATIENCE: Duration = Duration::from_secs(5);

const FORWARDED: HeaderName = HeaderName::from_static("x-forwarded-for");

/// What a gRPC call needs, whatever the method of its request: a service looks at the path alone.
fn needs_of_call(path: &str) -> Option<Needs> {
    let (service, call) = path.strip_prefix('/')?.split_once('/')?;
    let read = Some(Needs::Scope(Scope::Read));
    match (service, call) {
        ("grpc.health.v1.Health", "Check") => Some(Needs::Nothing),
        ("grpc.health.v1.Health", "Watch") | ("grpc.reflection.v1.ServerReflection", _) => read,
        ("cairn.v1.Log", "GetEvent" | "Query" | "Follow") => read,
        ("cairn.v1.Log", "ProveInclusion" | "ProveBatch" | "ProveConsistency") => read,
        ("cairn.v1.Log", "GetReceipt" | "GetCheckpoint" | "GetGenesis") => read,
        ("cairn.v1.Log" | "grpc.health.v1.Health", _) => Some(Needs::Scope(Scope::Write)),
        _ => None,
    }
}

/// What a request needs. What is not known to read, writes.
fn needs(method: &Method, path: &str) -> Needs {
    if let Some(needs) = needs_of_call(path) {
        return needs;
    }
    let Some(path) = path.strip_prefix("/v1/") else {
        let is_read = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
        return if is_read { Needs::Nothing } else { Needs::Scope(Scope::Write) };
    };
    if path.starts_with("admin/") {
        return Needs::Scope(Scope::Admin);
    }
    match *method {
        Method::GET | Method::HEAD if is_signed(path) => Needs::Signature,
        Method::GET | Method::HEAD | Method::OPTIONS => Needs::Scope(Scope::Read),
        Method::POST if path == "query" => Needs::Scope(Scope::Read),
        _ => Needs::Scope(Scope::Write),
    }
}

/// Whether a member signs requests for this path with its own key.
fn is_signed(path: &str) -> bool {
    path.starts_with("wraps/") || path.starts_with("salts/")
}

/// Lets a request through with its [`Caller`] beside it, or says why not.
pub(super) async fn admit(State(live): State<Live>, mut request: Request, next: Next) -> Response {
    let needs = needs(request.method(), request.uri().path());
    let admitted = {
        let access = live.load();
        let headers = request.headers();
        let forwarded = headers.get_all(FORWARDED).iter().next_back();
        let forwarded = forwarded.and_then(|value| value.to_str().ok());
        let from = access.address(peer(&request), forwarded);
        let page = headers.get(header::ORIGIN).map(HeaderValue::as_bytes);
        let shown = shown(headers);
        let lease = match needs {
            Needs::Scope(scope) => Some(Lease::new(&live, scope, shown.bearer(), from)),
            Needs::Nothing | Needs::Signature => None,
        };
        let admitted = access.admit(needs, shown, from).and_then(|caller| match (&caller, page) {
            (Caller::Anyone, Some(origin)) => access.check_page(needs, origin).map(|()| caller),
            _ => Ok(caller),
        });
        admitted.map(|caller| (caller, lease))
    };
    match admitted {
        Ok((caller, lease)) => {
            request.extensions_mut().insert(caller);
            if let Some(lease) = lease {
                request.extensions_mut().insert(lease);
            }
            next.run(request).await
        }
        Err(denied) => {
            drain(request).await;
            Problem::from(denied).into_response()
        }
    }
}

/// Reads what the client still sends and keeps none of it: one that is cut off while it sends does
/// not read why. A client that waits to be let in sends nothing.
async fn drain(request: Request) {
    if request.headers().contains_key(header::EXPECT) {
        return;
    }
    let mut body = Limited::new(request.into_body(), MAX_BODY);
    let all = async { while let Some(Ok(_)) = body.frame().await {} };
    // One that takes longer is cut off.
    let _late = tokio::time::timeout(PATIENCE, all).await;
}

/// Who is at the other end. Without a socket, in a test, nobody in particular.
fn peer(request: &Request) -> IpAddr {
    let info = request.extensions().get::<ConnectInfo<SocketAddr>>();
    info.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(address)| address.ip())
}

/// Other schemes than `Bearer` are not ours to judge.
fn shown(headers: &HeaderMap) -> Shown<'_> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Shown::Nothing };
    let (Ok(text), None) = (value.to_str(), values.next()) else { return Shown::Malformed };
    match text.split_once(' ') {
        Some((scheme, key)) if scheme.eq_ignore_ascii_case("bearer") => Shown::Bearer(key.trim()),
        _ => Shown::Nothing,
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        let (status, code) = match denied {
            Denied::Missing { .. } => (StatusCode::UNAUTHORIZED, "auth-missing"),
            Denied::Malformed => (StatusCode::UNAUTHORIZED, "auth-malformed"),
            Denied::UnknownKey => (StatusCode::UNAUTHORIZED, "auth-unknown-key"),
            Denied::BadToken(_) => (StatusCode::UNAUTHORIZED, "auth-bad-token"),
            Denied::OutOfScope { .. } => (StatusCode::FORBIDDEN, "auth-scope"),
            Denied::ForeignPage { .. } => (StatusCode::FORBIDDEN, "foreign-page"),
            Denied::TooFast { .. } => (StatusCode::TOO_MANY_REQUESTS, "rate-limited"),
        };
        let problem = Self::new(status, code, denied.to_string());
        match denied {
            Denied::TooFast { again, .. } => problem.again_in(again),
            Denied::Missing { .. } => problem.challenge("Bearer"),
            Denied::ForeignPage { .. } => problem,
            Denied::OutOfScope { .. } => problem.challenge("Bearer error=\"insufficient_scope\""),
            Denied::Malformed | Denied::UnknownKey | Denied::BadToken(_) => {
                problem.challenge("Bearer error=\"invalid_token\"")
            }
        }
    }
}

/// Anyone's page may read the log; none but our own may write to it, unless its origin is named.
/// Otherwise a page that its operator happens to visit could log events through a node that
/// listens on loopback, signed by the node. Programs send no `Origin` and are not held to this.
pub(super) fn cors() -> CorsLayer {
    let accepted: [HeaderName; 4] =
        [header::ACCEPT, header::AUTHORIZATION, header::CONTENT_TYPE, header::IF_NONE_MATCH];
    let exposed: [HeaderName; 4] =
        [header::CONTENT_DISPOSITION, header::ETAG, header::RETRY_AFTER, header::WWW_AUTHENTICATE];
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET])
        .allow_headers(accepted)
        .expose_headers(exposed)
        .max_age(Duration::from_secs(86_400))
}

/// Tells a page of a named origin, which asks before it writes, that it may.
pub(super) async fn allow_writing_pages(
    State(live): State<Live>,
    request: Request,
    next: Next,
) -> Response {
    let headers = request.headers();
    let asks = *request.method() == Method::OPTIONS
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let origin = headers.get(header::ORIGIN).map(HeaderValue::as_bytes);
    let is_named = asks && origin.is_some_and(|origin| live.load().allows_origin(origin));
    let mut response = next.run(request).await;
    if asks {
        response.headers_mut().append(header::VARY, HeaderValue::from_static("origin"));
    }
    if is_named {
        let methods = HeaderValue::from_static("GET,POST");
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_to_read_writes() {
        let (read, write) = (Needs::Scope(Scope::Read), Needs::Scope(Scope::Write));
        for (method, path, expected) in [
            (Method::GET, "/v1/events", read),
            (Method::HEAD, "/v1/status", read),
            (Method::POST, "/v1/query", read),
            (Method::POST, "/v1/events", write),
            (Method::DELETE, "/v1/events", write),
            (Method::POST, "/v1/query/", write),
            (Method::POST, "/cairn.v1.Log/Submit", write),
            (Method::GET, "/cairn.v1.Log/Submit", write),
            (Method::POST, "/cairn.v1.Log/Other", write),
            (Method::POST, "/cairn.v1.Other/Query", write),
            (Method::POST, "/grpc.health.v1.Health/Check", Needs::Nothing),
            (Method::POST, "/grpc.health.v1.Health/Watch", read),
            (Method::GET, "/v1/ws", read),
            (Method::GET, "/v1/wraps/00", Needs::Signature),
            (Method::GET, "/v1/salts/00", Needs::Signature),
            (Method::POST, "/v1/salts/00", write),
            (Method::GET, "/v1/salts", read),
            (Method::POST, "/v1/wraps/00", write),
            (Method::GET, "/v1/admin/reload", Needs::Scope(Scope::Admin)),
            (Method::POST, "/v1/admin/reload", Needs::Scope(Scope::Admin)),
            (Method::GET, "/livez", Needs::Nothing),
            (Method::GET, "/", Needs::Nothing),
        ] {
            assert_eq!(needs(&method, path), expected, "{method} {path}");
        }
    }

    #[test]
    fn every_call_of_the_protocol_but_submit_reads() {
        let protocol = include_str!("../../proto/cairn/v1/log.proto");
        let calls = protocol.lines().filter_map(|line| line.trim().strip_prefix("rpc "));
        let calls: Vec<_> = calls.filter_map(|call| call.split('(').next()).collect();
        assert!(calls.contains(&"Submit") && calls.len() > 8, "{calls:?}");
        for call in calls {
            let scope = if call == "Submit" { Scope::Write } else { Scope::Read };
            let path = format!("/cairn.v1.Log/{call}");
            assert_eq!(needs(&Method::POST, &path), Needs::Scope(scope), "{path}");
        }
    }
}
