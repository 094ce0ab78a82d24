//! The page and the npm package, as files, under a content security policy that lets nothing in
//! from anywhere else.

use std::path::PathBuf;

use axum::Router;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use axum::routing::get;
use tower_http::services::ServeDir;

const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// Folders of files to serve beside the API.
#[derive(Clone, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "callers name the folders they have")]
pub struct Site {
    /// The page, served at `/`.
    pub ui: Option<PathBuf>,
    /// The npm package, served at `/pkg/` so that a page can import it.
    pub pkg: Option<PathBuf>,
}

/// Everything that is not the API.
pub(super) fn router(site: &Site) -> Router {
    let mut router = Router::new();
    if let Some(pkg) = &site.pkg {
        router = router.nest_service("/pkg", ServeDir::new(pkg));
    }
    router = match &site.ui {
        Some(ui) => router.fallback_service(ServeDir::new(ui)),
        None => router.route("/", get(no_page)),
    };
    router.layer(axum::middleware::map_response(secured))
}

async fn no_page() -> &'static str {
    "This is a Cairn node without a page. Its state: /v1/status. Give --ui DIR to serve one.\n"
}

async fn secured(mut response: Response) -> Response {
    let put: [(HeaderName, &'static str); 4] = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        // The files change with the node; the browser asks, and is told if they did not.
        (header::CACHE_CONTROL, "no-cache"),
    ];
    for (name, value) in put {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
