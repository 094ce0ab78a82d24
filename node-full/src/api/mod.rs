//! The HTTP API under `/v1`, and the page beside it.
//!
//! Proofs, receipts and payloads are bytes in the verifier's formats unless the client prefers
//! JSON; errors are `application/problem+json` with a stable code. The API adds nothing to what a
//! client must believe: every answer that matters is evidence that the client checks itself.
//!
//! **Invariant:** nothing here decides what is true; it decodes requests and encodes answers.

mod accept;
mod answer;
mod auth;
mod blocks;
mod body;
mod entries;
mod errors;
mod events;
mod guard;
mod params;
mod payloads;
mod problem;
mod proofs;
mod receipts;
mod routes;
mod server;
mod site;
mod status;
mod tiles;
mod views;

pub use server::{Server, ServerError};
pub use site::Site;

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::node::Node;
use problem::Problem;

/// How many units of 64 KiB the bodies under way may have together: eight of the longest, or very
/// many short ones. It bounds the memory that writers can take.
const BODY_UNITS: usize = 8 * body::MAX_BODY / body::UNIT;

/// What every handler is given.
#[derive(Clone, Debug)]
struct App {
    node: Node,
    bodies: Arc<Semaphore>,
}

impl App {
    fn new(node: Node) -> Self {
        Self { node, bodies: Arc::new(Semaphore::new(BODY_UNITS)) }
    }

    /// Runs `work` where it may wait for the disk.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Node) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let node = self.node.clone();
        let done = tokio::task::spawn_blocking(move || work(&node)).await;
        done.map_err(|error| Problem::internal(&error.to_string()))?
    }
}
