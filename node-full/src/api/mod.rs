//! The HTTP API under `/v1`, and the page beside it.
//!
//! Proofs, receipts and payloads are bytes in the verifier's formats unless the client prefers
//! JSON; errors are `application/problem+json` with a stable code. The API adds nothing to what a
//! client must believe: every answer that matters is evidence that the client checks itself.
//!
//! **Invariant:** nothing here decides what is true; it decodes requests and encodes answers.

mod accept;
mod access;
mod admin;
mod answer;
mod archive;
mod auth;
mod blocks;
mod body;
mod connections;
mod docs;
mod document;
mod door;
mod entries;
mod errors;
mod events;
mod follow;
#[cfg(feature = "grpc")]
pub mod grpc;
mod guard;
mod joining;
mod lease;
mod members;
mod observe;
mod params;
mod payloads;
mod problem;
mod proofs;
mod receipts;
mod routes;
pub mod schema;
mod server;
mod site;
mod state;
mod status;
mod stream;
mod tiles;
mod validators;
mod views;
mod ws;

pub use connections::Patience;
pub use document::openapi;
pub use server::{Server, ServerError, Serving};
pub use site::Site;

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::audit::Writes;
use crate::node::Node;
use crate::reload::Reloader;
use crate::telemetry::Recent;
use problem::Problem;

/// How many units of 64 KiB the bodies under way may have together: eight of the longest, or very
/// many short ones. It bounds the memory that writers can take.
const BODY_UNITS: usize = 8 * body::MAX_BODY / body::UNIT;

/// How many may follow the log at once.
const STREAMS: usize = 1_024;

/// What every handler is given.
#[derive(Clone, Debug)]
struct App {
    node: Node,
    /// Who may do what, as it is now.
    access: access::Live,
    bodies: Arc<Semaphore>,
    /// The longest body, in bytes.
    max_body: usize,
    /// Who logged how much, until that is logged.
    writes: Arc<Writes>,
    /// Reads the settings again, if they came from somewhere.
    reloader: Option<Arc<Reloader>>,
    /// The last errors and warnings of this process.
    recent: Recent,
    /// Places for those who follow the log.
    streams: Arc<Semaphore>,
    /// Whether the service is being stopped, which ends streams.
    closing: Arc<watch::Sender<bool>>,
}

impl App {
    /// A place among those who follow the log, which is free again when it is dropped.
    fn place_to_follow(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let place = Arc::clone(&self.streams).try_acquire_owned();
        let full = |_| Problem::unavailable("overloaded", format!("{STREAMS} streams are open"));
        place.map_err(full)
    }

    /// Runs `work` where it may wait for the disk.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Node) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let (node, span) = (self.node.clone(), tracing::Span::current());
        let done = tokio::task::spawn_blocking(move || span.in_scope(|| work(&node))).await;
        done.map_err(|error| Problem::internal(&error.to_string()))?
    }
}
