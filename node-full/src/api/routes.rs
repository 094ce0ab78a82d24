//! Which path leads to which handler.

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::routing::any;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::Live;
use super::problem::Problem;
use super::{App, Site};
use super::{
    access, admin, archive, blocks, docs, document, entries, events, guard, joining, members,
    observe, payloads, proofs, receipts, site, state, status, stream, tiles, validators, ws,
};

/// The whole service.
pub(super) fn router(app: App, site: &Site, (limits, live): (guard::Limits, Live)) -> Router {
    #[cfg(feature = "grpc")]
    let calls = super::grpc::router(&app);
    #[cfg(not(feature = "grpc"))]
    let calls = Router::new();
    let nosniff = SetResponseHeaderLayer::overriding(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    let router = api()
        .with_state(app)
        .merge(calls)
        .merge(site::router(site))
        .layer(nosniff)
        .layer(axum::middleware::from_fn_with_state(limits, guard::limit))
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&live), access::admit))
        .layer(CatchPanicLayer::custom(guard::panicked))
        .layer(axum::middleware::from_fn(observe::observe));
    #[cfg(feature = "grpc")]
    let router = router.layer(axum::middleware::from_fn(super::grpc::refuse));
    router
        // Outermost, so that a page elsewhere can read every refusal too.
        .layer(access::cors())
        .layer(axum::middleware::from_fn_with_state(live, access::allow_writing_pages))
}

fn api() -> Router<App> {
    let v1 = Router::from(v1()).fallback(no_such_path).method_not_allowed_fallback(no_such_method);
    Router::from(health())
        .nest("/v1", v1)
        // `nest` leaves this one out.
        .route("/v1/", any(no_such_path))
}

/// Every route with what it says of itself: one line here, and `#[utoipa::path]` on its handler.
fn v1() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(entries::query, events::submit))
        .routes(routes!(entries::query_json))
        .routes(routes!(entries::one))
        .routes(routes!(entries::writer))
        .routes(routes!(archive::archive))
        .routes(routes!(joining::joining))
        .routes(routes!(members::members))
        .routes(routes!(members::member))
        .routes(routes!(blocks::genesis))
        .routes(routes!(blocks::block))
        .routes(routes!(blocks::checkpoint))
        .routes(routes!(blocks::handovers))
        .routes(routes!(validators::validators))
        .routes(routes!(validators::approve))
        .routes(routes!(validators::evidence, validators::accuse))
        .routes(routes!(validators::file))
        .routes(routes!(proofs::inclusion))
        .routes(routes!(proofs::batch))
        .routes(routes!(proofs::consistency))
        .routes(routes!(proofs::extends))
        .routes(routes!(receipts::list))
        .routes(routes!(receipts::receipt))
        .routes(routes!(state::state))
        .routes(routes!(payloads::payload))
        .routes(routes!(payloads::wrap))
        .routes(routes!(payloads::salt))
        .routes(routes!(tiles::tile))
        .routes(routes!(stream::stream))
        .routes(routes!(ws::ws))
        .routes(routes!(status::status))
        .routes(routes!(admin::reload))
        .routes(routes!(admin::errors))
        .routes(routes!(document::json))
        .routes(routes!(docs::page))
}

fn health() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(status::live)).routes(routes!(status::ready))
}

/// What all routes say of themselves.
pub(super) fn documented() -> OpenApi {
    let mut document = OpenApi::default().nest("/v1", v1().into_openapi());
    document.merge(health().into_openapi());
    document
}

async fn no_such_path(uri: axum::http::Uri) -> Problem {
    Problem::not_found("no-such-path", format!("there is nothing at {}", uri.path()))
}

async fn no_such_method(method: Method) -> Problem {
    let detail = format!("{method} is not for this path");
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", detail)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The paths of a router, out of its debug form: axum has no other list of them.
    fn paths(router: &Router<App>) -> BTreeSet<String> {
        let text = format!("{router:?}");
        let quoted = text.split('"').skip(1).step_by(2).filter(|path| path.starts_with('/'));
        quoted.map(str::to_owned).collect()
    }

    #[test]
    fn every_route_is_documented_and_every_documented_one_is_there() {
        let mut routed = paths(&api());
        assert!(routed.contains("/v1/events/{id}"), "axum shows its routes no more: {routed:?}");
        // What answers where nothing is.
        let nothing = ["/", "/v1", "/v1/"];
        routed.retain(|path| !nothing.contains(&&path[..]) && !path.contains("__private__axum"));
        let documented: BTreeSet<_> = documented().paths.paths.into_keys().collect();
        assert_eq!(routed, documented);
        let undocumented = api().route("/v1/secret", any(no_such_path));
        assert!(!documented.is_superset(&paths(&undocumented)), "the comparison can fail");
    }
}
