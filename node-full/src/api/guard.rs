//! What stands before every handler: a limit on how many run, a limit on how long each takes, and
//! an answer where one panics.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tokio::sync::Semaphore;

use super::problem::Problem;

/// How many requests run, and for how long.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    places: Arc<Semaphore>,
    at_once: usize,
    time: Duration,
}

impl Limits {
    /// One request more than `at_once` is told to come back; each may take `time`, its body
    /// included.
    pub(super) fn new(at_once: usize, time: Duration) -> Self {
        Self { places: Arc::new(Semaphore::new(at_once)), at_once, time }
    }
}

/// Refuses a request when the node has its hands full, and gives up on one that takes too long.
/// What such a request was about to write may still be written.
pub(super) async fn limit(State(limits): State<Limits>, request: Request, next: Next) -> Response {
    let Ok(_place) = limits.places.try_acquire() else {
        let busy = format!("{} requests are being answered; try again", limits.at_once);
        return Problem::unavailable("overloaded", busy).into_response();
    };
    match tokio::time::timeout(limits.time, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let late = format!("no answer within {} s", limits.time.as_secs());
            Problem::new(StatusCode::REQUEST_TIMEOUT, "timed-out", late).into_response()
        }
    }
}

/// One request that fails ends neither the process nor its connection without an answer.
#[expect(clippy::needless_pass_by_value, reason = "the layer hands the panic over by value")]
pub(super) fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let what = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without a message");
    Problem::internal(what).into_response()
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use axum::Router;
    use axum::routing::get;
    use tokio::net::TcpListener;
    use tower_http::catch_panic::CatchPanicLayer;

    use super::*;

    async fn broken() -> &'static str {
        panic!("on purpose")
    }

    /// Status and code of the answers to three requests.
    fn answers(limits: Limits) -> Vec<(u16, String)> {
        let router = Router::new()
            .route("/good", get(async || "good"))
            .route("/broken", get(broken))
            .route("/slow", get(async || pending::<&'static str>().await))
            .layer(axum::middleware::from_fn_with_state(limits, limit))
            .layer(CatchPanicLayer::custom(panicked));
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let _server = runtime.spawn(async { axum::serve(listener, router).await });
        let config = ureq::Agent::config_builder().http_status_as_error(false).build();
        let agent: ureq::Agent = config.into();
        let ask = |path| {
            let mut answer = agent.get(format!("{url}{path}")).call().unwrap();
            let body = answer.body_mut().read_to_string().unwrap();
            let problem: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
            let code = problem["code"].as_str().unwrap_or_default().to_owned();
            (answer.status().as_u16(), code)
        };
        ["/broken", "/slow", "/good"].map(ask).to_vec()
    }

    #[test]
    fn a_panic_and_a_slow_answer_leave_the_service_well() {
        let time = Duration::from_millis(100);
        let found = answers(Limits::new(1, time));
        let expected = [(500, "internal"), (408, "timed-out"), (200, "")];
        assert_eq!(found, expected.map(|(status, code)| (status, code.to_owned())));
    }

    #[test]
    fn a_full_house_says_so() {
        let found = answers(Limits::new(0, Duration::from_secs(30)));
        assert_eq!(found, vec![(503, "overloaded".to_owned()); 3]);
    }
}
