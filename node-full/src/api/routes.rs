//! Which path leads to which handler.

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::routing::{any, get, post};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;

use super::access::Live;
use super::problem::Problem;
use super::{App, Site};
use super::{
    access, admin, archive, blocks, entries, events, guard, members, observe, payloads, proofs,
    receipts, site, status, stream, tiles,
};
/// The whole service.
pub(super) fn router(app: App, site: &Site, (limits, live): (guard::Limits, Live)) -> Router {
    let nosniff = SetResponseHeaderLayer::overriding(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    Router::new()
        .nest("/v1", api(app.clone()))
        // `nest` leaves this one out.
        .route("/v1/", any(no_such_path))
        .route("/livez", get(status::live))
        .route("/readyz", get(status::ready))
        .with_state(app)
        .merge(site::router(site))
        .layer(nosniff)
        .layer(axum::middleware::from_fn_with_state(limits, guard::limit))
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&live), access::admit))
        .layer(CatchPanicLayer::custom(guard::panicked))
        .layer(axum::middleware::from_fn(observe::observe))
        // Outermost, so that a page elsewhere can read every refusal too.
        .layer(access::cors())
        .layer(axum::middleware::from_fn_with_state(live, access::allow_writing_pages))
}

fn api(app: App) -> Router<App> {
    Router::new()
        .route("/events", get(entries::query).post(events::submit))
        .route("/query", post(entries::query_json))
        .route("/events/{id}", get(entries::one))
        .route("/writers/{key}", get(entries::writer))
        .route("/archive", get(archive::archive))
        .route("/members", get(members::members))
        .route("/members/{name}", get(members::member))
        .route("/genesis", get(blocks::genesis))
        .route("/blocks/{height}", get(blocks::block))
        .route("/checkpoints/{height}", get(blocks::checkpoint))
        .route("/handovers", get(blocks::handovers))
        .route("/proofs/inclusion", get(proofs::inclusion))
        .route("/proofs/batch", get(proofs::batch))
        .route("/tiles/{of}/{*path}", get(tiles::tile))
        .route("/proofs/consistency", get(proofs::consistency))
        .route("/proofs/extends", get(proofs::extends))
        .route("/receipts/{id}", get(receipts::receipt))
        .route("/payloads/{digest}", get(payloads::payload))
        .route("/wraps/{event}", get(payloads::wrap))
        .route("/stream", get(stream::stream))
        .route("/status", get(status::status))
        .route("/admin/reload", post(admin::reload))
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        .with_state(app)
}

async fn no_such_path(uri: axum::http::Uri) -> Problem {
    Problem::not_found("no-such-path", format!("there is nothing at {}", uri.path()))
}

async fn no_such_method(method: Method) -> Problem {
    let detail = format!("{method} is not for this path");
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", detail)
}
