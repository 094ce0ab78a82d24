//! `grpc.health.v1`: the same as `/readyz`.

use std::pin::Pin;
use std::time::Duration;

use futures_util::{Stream, StreamExt as _, stream};
use tonic::{Request, Response, Status};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse, health_server};

use super::proto::log_server::SERVICE_NAME;
use crate::api::App;
use crate::api::lease::over;

/// How often a watcher's node is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Whether events can be taken.
pub(super) struct Health(pub(super) App);

async fn status(app: &App) -> ServingStatus {
    let healthy = app.blocking(|node| Ok(node.status().is_healthy())).await;
    match healthy {
        Ok(true) if !*app.closing.borrow() => ServingStatus::Serving,
        _ => ServingStatus::NotServing,
    }
}

fn known(service: &str) -> bool {
    service.is_empty() || service == SERVICE_NAME
}

fn answer(status: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse { status: status.into() }
}

#[tonic::async_trait]
impl health_server::Health for Health {
    type WatchStream = Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Status>> + Send>>;

    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        let service = request.into_inner().service;
        if !known(&service) {
            return Err(Status::not_found(format!("there is no service {service} here")));
        }
        Ok(Response::new(answer(status(&self.0).await)))
    }

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let lease = super::lease(&request)?;
        if !known(&request.into_inner().service) {
            let unknown = stream::iter([Ok(answer(ServingStatus::ServiceUnknown))]);
            return Ok(Response::new(Box::pin(unknown.chain(stream::pending()))));
        }
        let place = self.0.place_to_follow()?;
        let start = (self.0.clone(), self.0.closing.subscribe(), None, (place, Some(lease)));
        let changes =
            stream::unfold(start, |(app, mut closing, last, (place, lease))| async move {
                let mut lease = lease?;
                loop {
                    if lease.is_over() {
                        return Some((Err(over().into()), (app, closing, last, (place, None))));
                    }
                    let now = status(&app).await;
                    if last != Some(now) {
                        return Some((
                            Ok(answer(now)),
                            (app, closing, Some(now), (place, Some(lease))),
                        ));
                    }
                    tokio::select! {
                        () = tokio::time::sleep(LOOK) => {}
                        _closing = closing.wait_for(|closing| *closing) => return None,
                    }
                }
            });
        Ok(Response::new(Box::pin(changes)))
    }
}
