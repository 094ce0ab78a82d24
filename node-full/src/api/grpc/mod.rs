//! The API as gRPC (`proto/cairn/v1/log.proto`), on the port of REST and behind the same limits.
//!
//! **Invariant:** every call reads its request into what REST reads its own into, and asks the node
//! the same; there is no second way in or out.

mod convert;
mod health;
mod service;

use axum::Router;
use axum::extract::Request;
use axum::http::header;
use axum::middleware::Next;
use axum::response::Response;
use tonic::Status;
use tonic::server::NamedService;
use tonic_health::pb::health_server::HealthServer;

use super::App;
use super::lease::Lease;
use super::observe::REQUEST_ID;
use super::problem::Problem;
use convert::FILES;
use health::Health;
use proto::log_server::LogServer;
use service::LogService;

/// The messages, a client and the service, made from `proto/cairn/v1/log.proto`.
#[expect(
    missing_docs,
    unused_qualifications,
    clippy::exhaustive_enums,
    clippy::exhaustive_structs,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::as_conversions,
    clippy::missing_errors_doc,
    clippy::must_use_candidate,
    clippy::too_many_lines,
    reason = "made from the protocol"
)]
pub mod proto {
    tonic::include_proto!("cairn.v1");
}

/// The services: the log, its health, and what reflection tells of them.
pub(super) fn router(app: &App) -> Router {
    let log = LogServer::new(LogService(app.clone())).max_decoding_message_size(app.max_body);
    let health = HealthServer::new(Health(app.clone()));
    let router =
        Router::new().route_service(&path(&log), log).route_service(&path(&health), health);
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(FILES)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1();
    match reflection {
        Ok(service) => router.route_service(&path(&service), service),
        Err(error) => {
            tracing::error!(%error, "no reflection");
            router
        }
    }
}

/// A refusal from before the services, which is a [`Problem`], in the words of gRPC.
pub(super) async fn refuse(request: Request, next: Next) -> Response {
    let kind = request.headers().get(header::CONTENT_TYPE);
    let is_call = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"));
    let mut response = next.run(request).await;
    match response.extensions_mut().remove::<Problem>() {
        Some(problem) if is_call => {
            let mut refusal = Status::from(problem).into_http();
            for name in [header::RETRY_AFTER, header::WWW_AUTHENTICATE, REQUEST_ID] {
                if let Some(value) = response.headers_mut().remove(&name) {
                    refusal.headers_mut().insert(name, value);
                }
            }
            refusal
        }
        _ => response,
    }
}

/// What lets the caller in, which `access` put beside every call that is let in.
fn lease<T>(request: &tonic::Request<T>) -> Result<Lease, Problem> {
    let lease = request.extensions().get::<Lease>().cloned();
    lease.ok_or_else(|| Problem::internal("a call that nobody let in"))
}

/// Where a service's calls arrive.
fn path<S: NamedService>(_: &S) -> String {
    format!("/{}/{{call}}", S::NAME)
}
