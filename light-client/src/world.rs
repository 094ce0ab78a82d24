//! What the light client needs of its surroundings: a network, a store, a clock.

use std::future::Future;

use cairn_verifier::UnixMillis;

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

    /// A request for a stream of server-sent events.
    #[must_use]
    pub const fn stream(url: String) -> Self {
        Self { url, accept: "text/event-stream", authorization: None }
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

/// Why something was not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a store does one or the other")]
pub enum Unsaved {
    /// Somebody else, another tab, changed it meanwhile: this is there now.
    Changed(Option<Vec<u8>>),
    /// There is no store, it is full, or it is broken.
    Failed(String),
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

    /// Waits until a stream (server-sent events) says anything.
    ///
    /// # Errors
    /// As [`World::get`]; the stream may have ended.
    fn wait(&self, stream: Request) -> impl Future<Output = Result<(), ClientError>>;

    /// Waits so many milliseconds.
    fn sleep(&self, millis: u32) -> impl Future<Output = ()>;

    /// What is kept under a name. A store that fails is an empty one.
    fn load(&self, name: &str) -> impl Future<Output = Option<Vec<u8>>>;

    /// Keeps `new` under a name if `old` is there now, in one step that no other tab comes between.
    ///
    /// # Errors
    /// [`Unsaved`].
    fn swap(
        &self,
        name: &str,
        old: Option<Vec<u8>>,
        new: Vec<u8>,
    ) -> impl Future<Output = Result<(), Unsaved>>;
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

    async fn wait(&self, stream: Request) -> Result<(), ClientError> {
        crate::fetch::wait(stream).await
    }

    async fn sleep(&self, millis: u32) {
        crate::clock::sleep(millis).await;
    }

    async fn load(&self, name: &str) -> Option<Vec<u8>> {
        crate::store::load(name).await
    }

    async fn swap(&self, name: &str, old: Option<Vec<u8>>, new: Vec<u8>) -> Result<(), Unsaved> {
        crate::store::swap(name, old, new).await
    }
}
