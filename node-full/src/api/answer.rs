//! Good answers: their type, how long they stay true, and 304 where the client has them already.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use cairn_verifier::digest;

use super::accept::Form;
use super::problem::Problem;

/// Context of the digest that tags an answer: of this API only, never evidence.
const ETAG: &str = "cairn node v1 etag";

/// How long an answer stays true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stays {
    /// For ever: it follows from what is final and from the URL alone.
    Forever,
    /// For who asked, and not in any cache.
    ForTheCaller,
    /// Until the log grows.
    UntilItGrows,
}

/// An answer to be sent.
#[derive(Debug)]
pub(super) struct Answer {
    form: Form,
    body: Vec<u8>,
    stays: Stays,
    filename: Option<String>,
}

impl Answer {
    /// Bytes in one of the verifier's formats.
    pub(super) const fn binary(body: Vec<u8>, stays: Stays) -> Self {
        Self { form: Form::Binary, body, stays, filename: None }
    }

    /// A view as JSON.
    pub(super) fn json(body: String, stays: Stays) -> Self {
        Self { form: Form::Json, body: body.into_bytes(), stays, filename: None }
    }

    /// The name under which a browser saves it.
    pub(super) fn named(mut self, filename: String) -> Self {
        self.filename = Some(filename);
        self
    }

    /// The response to a request with these headers.
    pub(super) fn respond(self, request: &HeaderMap) -> Result<Response, Problem> {
        let etag = format!("\"{}\"", short_tag(&self.body));
        let cached = request
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|tag| tag.trim().trim_start_matches("W/") == etag);
        let cache = match self.stays {
            Stays::Forever => "public, max-age=31536000, immutable",
            Stays::ForTheCaller => "no-store",
            Stays::UntilItGrows => "no-cache",
        };
        let kind = match self.form {
            Form::Binary => "application/octet-stream",
            Form::Json => "application/json",
        };
        let mut response = Response::new(if cached { Body::empty() } else { self.body.into() });
        if cached {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        }
        let headers = response.headers_mut();
        let mut put = |name: HeaderName, value: &str| {
            let value = HeaderValue::from_str(value);
            value.map(|value| headers.insert(name, value)).map(drop)
        };
        put(header::CONTENT_TYPE, kind)
            .and_then(|()| put(header::CACHE_CONTROL, cache))
            .and_then(|()| put(header::ETAG, &etag))
            .and_then(|()| put(header::VARY, "accept"))
            .and_then(|()| match &self.filename {
                Some(name) => {
                    put(header::CONTENT_DISPOSITION, &format!("attachment; filename=\"{name}\""))
                }
                None => Ok(()),
            })
            .map_err(|error| Problem::internal(&error.to_string()))?;
        Ok(response)
    }
}

fn short_tag(body: &[u8]) -> String {
    let tag = digest::Hash::from_bytes(digest::derive(ETAG, &[body])).to_string();
    tag.get(..32).map(str::to_owned).unwrap_or(tag)
}
