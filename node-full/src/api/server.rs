//! The service on a socket: started, waited for, stopped without losing an answer.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::Router;
use axum::http::header;
use axum::routing::get;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Semaphore, oneshot, watch};
use tokio::task::JoinHandle;

use super::connections::{self, Patience};
use super::door::Door;
use super::guard::Limits;
use super::routes::router;
use super::{App, BODY_UNITS, STREAMS, Site};
use crate::access::Access;
use crate::audit::Writes;
use crate::metrics;
use crate::node::Node;
use crate::reload::Reloader;
use crate::settings::Settings;
use crate::telemetry::Recent;
use crate::tls::LiveTls;

/// How long requests under way may take to end once the node stops. Longer than one may run.
const DRAIN: Duration = Duration::from_secs(35);
/// How many connections may ask for metrics at once.
const METRICS_CONNECTIONS: usize = 64;
/// How often it is logged who logged how much.
const AUDIT_EVERY: Duration = Duration::from_secs(1);

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

/// How a node is served.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "a plain choice")]
pub struct Serving {
    /// Where to listen: `host:port`; port 0 takes any free one.
    pub listen: String,
    /// What is served beside the API.
    pub site: Site,
    /// Who may do what; swapped when the settings are read again.
    pub access: Arc<ArcSwap<Access>>,
    /// The certificate, where the node itself speaks TLS.
    pub tls: Option<Arc<LiveTls>>,
    /// The longest body of a request, in bytes.
    pub max_body: usize,
    /// How many requests are worked on at once.
    pub max_requests: usize,
    /// How long one may take.
    pub time_limit: Duration,
    /// How many connections are open at once; more wait to be taken.
    pub max_connections: usize,
    /// How long a connection may say nothing.
    pub patience: Patience,
    /// Reads the settings again.
    pub reloader: Option<Arc<Reloader>>,
    /// The last errors and warnings of this process.
    pub recent: Recent,
}

impl Serving {
    /// As these settings say, with everyone's access as by default.
    #[must_use]
    pub fn new(settings: &Settings, site: Site) -> Self {
        let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        Self {
            listen: settings.listen.clone(),
            site,
            access: Arc::new(ArcSwap::from_pointee(Access::default())),
            tls: None,
            max_body: size(settings.max_body),
            max_requests: size(settings.max_requests),
            time_limit: Duration::from_secs(settings.time_limit),
            max_connections: size(settings.max_connections),
            patience: Patience::default(),
            reloader: None,
            recent: Recent::default(),
        }
    }
}

/// A node that answers on a socket.
#[derive(Debug)]
pub struct Server {
    node: Node,
    address: SocketAddr,
    is_secure: bool,
    runtime: Runtime,
    stop: oneshot::Sender<()>,
    closing: Arc<watch::Sender<bool>>,
    writes: Arc<Writes>,
    reloader: Option<Arc<Reloader>>,
    task: JoinHandle<()>,
}

impl Server {
    /// Starts to serve on `address` as a node does that nobody set up.
    ///
    /// # Errors
    /// [`ServerError`].
    pub fn start(node: Node, address: &str, site: &Site) -> Result<Self, ServerError> {
        let settings = Settings { listen: address.to_owned(), ..Settings::default() };
        Self::serve(node, Serving::new(&settings, site.clone()))
    }

    /// Starts to serve. Answers come from threads of its own.
    ///
    /// # Errors
    /// [`ServerError`].
    pub fn serve(node: Node, serving: Serving) -> Result<Self, ServerError> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let listen = |reason| ServerError::Listen { address: serving.listen.clone(), reason };
        let listener = runtime.block_on(TcpListener::bind(&serving.listen)).map_err(listen)?;
        let address = listener.local_addr()?;
        let closing = Arc::new(watch::Sender::new(false));
        let writes = Arc::new(Writes::default());
        let app = App {
            node: node.clone(),
            access: Arc::clone(&serving.access),
            bodies: Arc::new(Semaphore::new(BODY_UNITS)),
            max_body: serving.max_body,
            writes: Arc::clone(&writes),
            reloader: serving.reloader.clone(),
            recent: serving.recent,
            streams: Arc::new(Semaphore::new(STREAMS)),
            closing: Arc::clone(&closing),
        };
        let limits = Limits::new(serving.max_requests, serving.time_limit);
        let router = router(app, &serving.site, (limits, serving.access));
        let is_secure = serving.tls.is_some();
        let (stop, stopped) = oneshot::channel();
        let door = Door::new(listener, serving.tls);
        let bounds = (serving.max_connections, serving.patience);
        let task = runtime.spawn(connections::serve(door, router, bounds, async {
            // A sender that is dropped stops the service too.
            let _stopped = stopped.await;
        }));
        runtime.spawn(keep_audit(node.clone(), Arc::clone(&writes)));
        let reloader = serving.reloader;
        Ok(Self { node, address, is_secure, runtime, stop, closing, writes, reloader, task })
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
        let scheme = if self.is_secure { "https" } else { "http" };
        format!("{scheme}://{address}")
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
        let bounds = (METRICS_CONNECTIONS, Patience::default());
        let door = Door::new(listener, None);
        self.runtime.spawn(connections::serve(door, router, bounds, std::future::pending()));
        Ok(bound)
    }

    /// Serves until SIGINT or SIGTERM, then stops. SIGHUP reads the settings again.
    ///
    /// # Errors
    /// [`ServerError::System`].
    pub fn run_until_signal(self) -> Result<(), ServerError> {
        self.runtime.block_on(async {
            let mut interrupt = signal(SignalKind::interrupt())?;
            let mut terminate = signal(SignalKind::terminate())?;
            let mut hangup = signal(SignalKind::hangup())?;
            loop {
                tokio::select! {
                    _ = interrupt.recv() => break,
                    _ = terminate.recv() => break,
                    _ = hangup.recv() => reload(self.reloader.clone()).await,
                }
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
        let Self { node, runtime, stop, closing, writes, task, .. } = self;
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
        writes.flush(&node);
        node.shutdown();
        runtime.shutdown_timeout(Duration::from_secs(1));
        match drained {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(io::Error::other(error).into()),
            Err(_) => {
                tracing::warn!("some requests did not end in time and were cut off");
                Ok(())
            }
        }
    }
}

/// Logs once a second who logged how much, until the service stops.
async fn keep_audit(node: Node, writes: Arc<Writes>) {
    let mut second = tokio::time::interval(AUDIT_EVERY);
    loop {
        second.tick().await;
        let (node, writes) = (node.clone(), Arc::clone(&writes));
        let flushed = tokio::task::spawn_blocking(move || writes.flush(&node)).await;
        if let Err(error) = flushed {
            tracing::error!(%error, "who logged what is not logged");
        }
    }
}

async fn reload(reloader: Option<Arc<Reloader>>) {
    let Some(reloader) = reloader else { return };
    // What came of it stands in the node's log.
    let _said = tokio::task::spawn_blocking(move || reloader.reload().map(drop)).await;
}
