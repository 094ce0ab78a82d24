//! The service on a socket: started, waited for, stopped without losing an answer.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::header;
use axum::routing::get;
use axum::serve::ListenerExt as _;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use super::Site;
use super::routes::router;
use crate::metrics;
use crate::node::Node;

/// How long requests under way may take to end once the node stops. Longer than one may run.
const DRAIN: Duration = Duration::from_secs(35);

/// Why the service cannot run.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The address is taken, or none of this machine's.
    #[error("cannot listen on {address}: {reason}")]
    Listen {
        /// The address.
        address: String,
        /// Why not.
        reason: io::Error,
    },
    /// The system gives no threads, or no signals.
    #[error("the service cannot run: {0}")]
    System(#[from] io::Error),
}

/// A node that answers on a socket.
#[derive(Debug)]
pub struct Server {
    node: Node,
    address: SocketAddr,
    runtime: Runtime,
    stop: oneshot::Sender<()>,
    closing: Arc<watch::Sender<bool>>,
    task: JoinHandle<io::Result<()>>,
}

impl Server {
    /// Starts to serve on `address` (`host:port`; port 0 takes any free one). Answers come from
    /// threads of its own.
    ///
    /// # Errors
    /// [`ServerError`].
    pub fn start(node: Node, address: &str, site: &Site) -> Result<Self, ServerError> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let listen = |reason| ServerError::Listen { address: address.to_owned(), reason };
        let listener = runtime.block_on(TcpListener::bind(address)).map_err(listen)?;
        let bound = listener.local_addr()?;
        let closing = Arc::new(watch::Sender::new(false));
        let router = router(node.clone(), site, Arc::clone(&closing));
        let (stop, stopped) = oneshot::channel();
        // Small answers must not wait for the client's acknowledgement of the one before.
        let listener = listener.tap_io(|socket| {
            if let Err(error) = socket.set_nodelay(true) {
                tracing::debug!(%error, "TCP_NODELAY");
            }
        });
        let task = runtime.spawn(async move {
            axum::serve(listener, router)
                .with_graceful_shutdown(async {
                    // A sender that is dropped stops the service too.
                    let _stopped = stopped.await;
                })
                .await
        });
        Ok(Self { node, address: bound, runtime, stop, closing, task })
    }

    /// Where a client on this machine finds it.
    #[must_use]
    pub fn url(&self) -> String {
        let mut address = self.address;
        if address.ip().is_unspecified() {
            address.set_ip(match address {
                SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            });
        }
        format!("http://{address}")
    }

    /// Serves what the node counts at `/metrics` of another address, for Prometheus, until the
    /// service stops. Where it listens is returned.
    ///
    /// # Errors
    /// [`ServerError`].
    pub fn serve_metrics(&self, address: &str) -> Result<SocketAddr, ServerError> {
        let listen = |reason| ServerError::Listen { address: address.to_owned(), reason };
        let listener = self.runtime.block_on(TcpListener::bind(address)).map_err(listen)?;
        let bound = listener.local_addr()?;
        let again = || io::Error::other("this process counts for another node already");
        let handle = metrics::start().ok_or_else(again)?;
        let node = self.node.clone();
        let metrics = move || async move {
            let rendered = tokio::task::spawn_blocking(move || metrics::render(&handle, &node));
            let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
            rendered.await.map(|text| (kind, text)).map_err(|error| error.to_string())
        };
        let router = Router::new().route("/metrics", get(metrics));
        self.runtime.spawn(async move { axum::serve(listener, router).await });
        Ok(bound)
    }

    /// Serves until SIGINT or SIGTERM, then stops.
    ///
    /// # Errors
    /// [`ServerError::System`].
    pub fn run_until_signal(self) -> Result<(), ServerError> {
        self.runtime.block_on(async {
            let mut interrupt = signal(SignalKind::interrupt())?;
            let mut terminate = signal(SignalKind::terminate())?;
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            io::Result::Ok(())
        })?;
        self.stop()
    }

    /// Takes no more requests, lets those under way end, and shuts the node down.
    ///
    /// # Errors
    /// [`ServerError::System`].
    pub fn stop(self) -> Result<(), ServerError> {
        let Self { node, runtime, stop, closing, task, .. } = self;
        closing.send_replace(true);
        // If nobody listens any more, the service has ended already.
        let _ended = stop.send(());
        let drained = runtime.block_on(async {
            tokio::time::timeout(DRAIN, async {
                let done = task.await;
                // A WebSocket is no request under way; each has a receiver until it is closed.
                closing.closed().await;
                done
            })
            .await
        });
        node.shutdown();
        runtime.shutdown_timeout(Duration::from_secs(1));
        match drained {
            Ok(Ok(result)) => Ok(result?),
            Ok(Err(error)) => Err(io::Error::other(error).into()),
            Err(_) => {
                tracing::warn!("some requests did not end in time and were cut off");
                Ok(())
            }
        }
    }
}
