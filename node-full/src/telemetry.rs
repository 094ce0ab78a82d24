//! What the node says while it runs: lines on standard error, and traces for an OpenTelemetry
//! collector if one is named. Every request is a span with the request's id; what it had to be
//! proven or searched stands below it. The last errors and warnings are kept for who asks the API.

mod recent;

use std::fmt;
use std::time::Duration;

use axum::http::HeaderMap;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{Bytes, HeaderExtractor, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{
    ExporterBuildError, SpanExporter, WithExportConfig as _, WithHttpConfig as _,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use thiserror::Error;
use tracing::{Level, Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, fmt as lines, reload};

use crate::reload::SetFilter;

pub use recent::{Recent, Said};

/// How long one batch of spans may take to be sent.
const SEND_LIMIT: Duration = Duration::from_secs(10);

/// Why the node cannot say what it should.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TelemetryError {
    /// The collector's address is none.
    #[error("otlp {endpoint:?}: {reason}; it must be like http://127.0.0.1:4318")]
    Endpoint {
        /// What was given.
        endpoint: String,
        /// What is wrong with it.
        reason: ExporterBuildError,
    },
    /// Something in this process says it already.
    #[error("no log of the node's own: {0}")]
    Taken(#[from] tracing_subscriber::util::TryInitError),
}

/// What the node says, until this is dropped: then the last spans are sent.
#[derive(Debug)]
#[must_use = "dropping it ends the traces"]
pub struct Telemetry {
    provider: Option<SdkTracerProvider>,
    recent: Recent,
}

impl Telemetry {
    /// Begins: lines as `filter` says to standard error, and spans to the collector at `otlp`.
    /// What is given back beside it sets another filter, which traces do not depend on.
    ///
    /// # Errors
    /// [`TelemetryError`].
    pub fn start(
        filter: EnvFilter,
        otlp: Option<&str>,
    ) -> Result<(Self, SetFilter), TelemetryError> {
        let provider = otlp.map(provider).transpose()?;
        let (filter, handle) = reload::Layer::new(filter);
        let lines = lines::layer().with_writer(std::io::stderr).with_filter(filter);
        let spans = provider.as_ref().map(spans);
        let recent = Recent::default();
        let all = tracing_subscriber::registry().with(lines).with(recent.layer()).with(spans);
        all.try_init()?;
        let set = move |filter| handle.reload(filter).map_err(|error| error.to_string());
        Ok((Self { provider, recent }, Box::new(set)))
    }

    /// The last errors and warnings, whatever the filter lets through.
    #[must_use]
    pub fn recent(&self) -> Recent {
        self.recent.clone()
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(Err(error)) = self.provider.take().map(|provider| provider.shutdown()) {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

fn provider(endpoint: &str) -> Result<SdkTracerProvider, TelemetryError> {
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Client::new())
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .with_timeout(SEND_LIMIT)
        .build();
    let exporter = exporter.map_err(|reason| {
        let endpoint = endpoint.to_owned();
        TelemetryError::Endpoint { endpoint, reason }
    })?;
    // Sent in batches by a thread of its own; what does not fit into its queue is let go.
    let resource = Resource::builder().with_service_name("cairn").build();
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
}

fn spans<S>(provider: &SdkTracerProvider) -> impl Layer<S> + use<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let own = Targets::new().with_target("cairn_node", Level::DEBUG);
    tracing_opentelemetry::layer().with_tracer(provider.tracer("cairn")).with_filter(own)
}

/// Puts a request's span below that of whoever sent it (W3C Trace Context).
pub(crate) fn continue_trace(span: &Span, headers: &HeaderMap) {
    if headers.contains_key("traceparent") && !span.is_disabled() {
        let context = TraceContextPropagator::new().extract(&HeaderExtractor(headers));
        // Without a collector there is no trace to go on with.
        let _no_traces = span.set_parent(context);
    }
}

/// The HTTP client that the node has anyway.
struct Client(ureq::Agent);

impl Client {
    fn new() -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(SEND_LIMIT))
            .build();
        Self(config.into())
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Client").finish()
    }
}

#[async_trait::async_trait]
impl HttpClient for Client {
    /// Blocks, which is what the thread that calls it is for.
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (parts, body) = request.into_parts();
        let response = self.0.run(Request::from_parts(parts, body.to_vec()))?;
        let (parts, mut body) = response.into_parts();
        Ok(Response::from_parts(parts, body.read_to_vec()?.into()))
    }
}
