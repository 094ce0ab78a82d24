//! The API as gRPC (`proto/cairn/v1/log.proto`), on the port of REST and behind the same limits.
//!
//! **Invariant:** every call reads its request into what REST reads its own into, and asks the node
//! the same; there is no second way in or out.

mod convert;
mod health;
mod service;

use axum::Router;
use tonic::server::NamedService;
use tonic_health::pb::health_server::HealthServer;

use super::{App, body};
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
    let log = LogServer::new(LogService(app.clone())).max_decoding_message_size(body::MAX_BODY);
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

/// Where a service's calls arrive.
fn path<S: NamedService>(_: &S) -> String {
    format!("/{}/{{call}}", S::NAME)
}
