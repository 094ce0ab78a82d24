//! Errors as `application/problem+json` (RFC 9457). Clients switch on `code`, which never changes;
//! `detail` is for people and may.

use std::borrow::Cow;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cairn_verifier::json::Object;

/// Why a request was not answered.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    status: StatusCode,
    code: Cow<'static, str>,
    detail: String,
    /// Which event of a batch, from 0.
    at: Option<usize>,
    /// What to show instead, at 401 and 403.
    challenge: Option<&'static str>,
    /// When to come back, in seconds.
    again: Option<u64>,
}

impl Problem {
    /// A problem with its stable code and a sentence for people.
    pub(super) fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<String>,
    ) -> Self {
        let (code, detail) = (code.into(), detail.into());
        Self { status, code, detail, at: None, challenge: None, again: None }
    }

    /// 400: a path or query that does not say what it must.
    pub(super) fn bad_parameter(name: &str, why: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-parameter", format!("{name}: {why}"))
    }

    /// 404.
    pub(super) fn not_found(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, detail)
    }

    /// 500, for what is this node's own fault. What went wrong goes to the node's log, not to
    /// the client.
    pub(super) fn internal(what: &str) -> Self {
        tracing::error!(error = what, "request failed");
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Self::new(status, "internal", "the node failed to answer; its log says more")
    }

    /// 500 because of the node's own files: `storage` if the system refuses, `damaged` if they are
    /// not what was written. Where they are is for the node's log alone.
    pub(super) fn unreadable(code: &'static str, what: &str) -> Self {
        tracing::error!(error = what, "the node cannot read its own files");
        let detail = "the node cannot read this from its own files; its log says why";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, code, detail)
    }

    /// 503: try again later.
    pub(super) fn unavailable(code: &'static str, detail: impl Into<String>) -> Self {
        let again = std::time::Duration::from_secs(1);
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail).again_in(again)
    }

    /// Says when to come back.
    pub(super) const fn again_in(mut self, time: std::time::Duration) -> Self {
        self.again = Some(time.as_secs());
        self
    }

    /// Says what to show instead (RFC 6750, section 3, or a signed request of ours).
    pub(super) const fn challenge(mut self, challenge: &'static str) -> Self {
        self.challenge = Some(challenge);
        self
    }

    /// Says which event of a batch is meant.
    pub(super) const fn at(mut self, at: usize) -> Self {
        self.at = Some(at);
        self
    }

    /// The HTTP status.
    #[cfg(feature = "grpc")]
    pub(super) const fn status(&self) -> StatusCode {
        self.status
    }

    /// The stable code.
    #[cfg(feature = "grpc")]
    pub(super) fn code(&self) -> &str {
        &self.code
    }

    /// The sentence for people.
    #[cfg(feature = "grpc")]
    pub(super) fn detail(&self) -> &str {
        &self.detail
    }

    /// Which event of a batch is meant.
    #[cfg(feature = "grpc")]
    pub(super) const fn batch_place(&self) -> Option<usize> {
        self.at
    }

    /// The problem as JSON.
    pub(super) fn body(&self) -> String {
        let object = Object::new()
            .text("type", format_args!("/errors/{}", self.code))
            .text("title", self.code.replace('-', " "))
            .plain("status", self.status.as_u16())
            .text("detail", &self.detail)
            .text("code", &self.code);
        match self.at {
            Some(at) => object.plain("at", at),
            None => object,
        }
        .finish()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.body()).into_response();
        let headers = response.headers_mut();
        let json = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, json);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(challenge) = self.challenge {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        if let Some(seconds) = self.again {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        // For who cannot read it as JSON: see `grpc::refuse`.
        #[cfg(feature = "grpc")]
        response.extensions_mut().insert(self);
        response
    }
}
