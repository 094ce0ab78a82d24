//! What the light client needs of its surroundings: a network, a store, a clock.

use std::future::Future;

use cairn_verifier::{TrustAnchor, UnixMillis};

use crate::error::ClientError;
use crate::json::member;

/// The most bytes taken of one answer: those of the longest receipt.
pub const MAX_ANSWER_LEN: usize = cairn_verifier::receipt::MAX_RECEIPT_LEN;

/// A GET request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// The whole address.
    pub url: String,
    /// What is asked for: a media type.
    pub accept: &'static str,
    /// The `Authorization` header of a signed request.
    pub authorization: Option<String>,
}

impl Request {
    /// A request for evidence.
    #[must_use]
    pub const fn binary(url: String) -> Self {
        Self { url, accept: "application/octet-stream", authorization: None }
    }

    /// A request for a view.
    #[must_use]
    pub const fn json(url: String) -> Self {
        Self { url, accept: "application/json", authorization: None }
    }
}

/// What a node says of its own error (RFC 9457): claims.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// Its stable code; empty if it gave none.
    pub code: String,
    /// A sentence.
    pub detail: String,
}

impl Problem {
    /// Reads what it can of an error's body.
    #[must_use]
    pub fn read(body: &[u8]) -> Self {
        let text = std::str::from_utf8(body).unwrap_or_default();
        let short =
            |name| -> String { member(text, name).unwrap_or_default().chars().take(300).collect() };
        Self { code: short("code"), detail: short("detail") }
    }
}

/// The surroundings. Futures stay on their thread.
pub trait World {
    /// The time.
    fn now(&self) -> UnixMillis;

    /// The body of an answer with a status of success.
    ///
    /// # Errors
    /// [`ClientError::Network`], [`ClientError::HttpStatus`] or [`ClientError::TooLarge`].
    fn get(&self, request: Request) -> impl Future<Output = Result<Vec<u8>, ClientError>>;

    /// The evidence kept for an anchor. A store that fails is an empty one.
    fn load(&self, anchor: TrustAnchor) -> impl Future<Output = Option<Vec<u8>>>;

    /// Keeps evidence for an anchor, in place of older.
    fn save(&self, anchor: TrustAnchor, evidence: Vec<u8>) -> impl Future<Output = ()>;
}

/// The world of a JavaScript runtime: a page, a worker, Node.js, Deno or Bun.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "the runtime itself; there is nothing to hold")]
pub struct Browser;

impl World for Browser {
    fn now(&self) -> UnixMillis {
        crate::clock::now()
    }

    async fn get(&self, request: Request) -> Result<Vec<u8>, ClientError> {
        crate::fetch::get(request).await
    }

    async fn load(&self, anchor: TrustAnchor) -> Option<Vec<u8>> {
        crate::store::load(&anchor.to_string()).await
    }

    async fn save(&self, anchor: TrustAnchor, evidence: Vec<u8>) {
        crate::store::save(&anchor.to_string(), &evidence).await;
    }
}
