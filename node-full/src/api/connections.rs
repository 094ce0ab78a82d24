//! Connections: how many are open at once, and how long one may say nothing.
//!
//! | what a client does | what follows |
//! |---|---|
//! | connects, and sends no request | closed after [`Patience::first`] |
//! | sends the head of a request slowly, or no further request | closed after [`Patience::idle`] |
//! | sends a body slowly | 408 after `time-limit` (`guard`) |
//! | takes no answer, or answers no ping of HTTP/2 | closed after [`Patience::idle`] |
//! | one more than may be open | waits in the system's queue until another one ends |
//!
//! Streams say something every 15 seconds, so they live as long as somebody takes it. A WebSocket is
//! no request any more, but holds its place among the connections until it ends.

use std::convert::Infallible;
use std::future::{Future, pending};
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::door::{Caller, Door};

/// How often HTTP/2 asks whether the other end is there, as long as streams are open.
const ASK: Duration = Duration::from_secs(20);

/// How long a connection may say nothing.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a plain choice")]
pub struct Patience {
    /// Until its first request.
    pub first: Duration,
    /// Until a further request, and whenever neither side gets anything across. Longer than a
    /// request may take.
    pub idle: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { first: Duration::from_secs(10), idle: Duration::from_secs(60) }
    }
}

/// Serves those who come in until `stop`, and then until the last of them has ended.
pub(super) async fn serve(
    mut door: Door,
    router: Router,
    (at_once, patience): (usize, Patience),
    stop: impl Future<Output = ()>,
) {
    let places = Arc::new(Semaphore::new(at_once));
    let (stopping, _) = watch::channel(false);
    let mut open = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        let next = async {
            match Arc::clone(&places).acquire_owned().await {
                Ok(place) => (door.accept().await, place),
                // It is never closed.
                Err(_) => pending().await,
            }
        };
        tokio::select! {
            () = &mut stop => break,
            Some(_ended) = open.join_next() => {}
            ((socket, address), place) = next => {
                let socket = Lively::new(socket, place);
                open.spawn(connection(
                    (socket, address), router.clone(), patience, stopping.subscribe(),
                ));
            }
        }
    }
    drop(door);
    stopping.send_replace(true);
    while open.join_next().await.is_some() {}
}

/// One connection to its end.
async fn connection(
    (socket, address): (Lively, SocketAddr),
    router: Router,
    patience: Patience,
    mut stopping: watch::Receiver<bool>,
) {
    let progress = Arc::clone(&socket.progress);
    let asked = Arc::new(AtomicBool::new(false));
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(patience.idle);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(ASK).keep_alive_timeout(ASK);
    let service = answering(router, address, Arc::clone(&asked));
    let mut serving = pin!(builder.serve_connection_with_upgrades(TokioIo::new(socket), service));
    let mut silence = pin!(progress.silence(patience.idle));
    let mut first = pin!(sleep(patience.first));
    let (mut is_waiting, mut is_stopping) = (true, false);
    loop {
        tokio::select! {
            ended = serving.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection ended");
                }
                return;
            }
            () = &mut silence => break,
            () = &mut first, if is_waiting => {
                is_waiting = false;
                if !asked.load(Ordering::Relaxed) {
                    break;
                }
            }
            _stopping = stopping.wait_for(|stopping| *stopping), if !is_stopping => {
                is_stopping = true;
                serving.as_mut().graceful_shutdown();
            }
        }
    }
    metrics::counter!("cairn_connections_cut_total").increment(1);
}

/// The service as a connection sees it: it notes who asks, and that somebody did.
fn answering(
    router: Router,
    address: SocketAddr,
    asked: Arc<AtomicBool>,
) -> impl Service<Request<Incoming>, Response = Response, Error = Infallible, Future: Send + 'static>
{
    let router = TowerToHyperService::new(router);
    service_fn(move |mut request: Request<Incoming>| {
        asked.store(true, Ordering::Relaxed);
        request.extensions_mut().insert(ConnectInfo(address));
        router.call(request)
    })
}

/// When something last went across a connection.
#[derive(Debug)]
struct Progress {
    begin: Instant,
    /// Milliseconds after the beginning.
    last: AtomicU64,
}

impl Progress {
    fn note(&self) {
        let now = u64::try_from(self.begin.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.store(now, Ordering::Relaxed);
    }

    /// Returns when nothing went across for so long.
    async fn silence(&self, limit: Duration) {
        loop {
            let last = Duration::from_millis(self.last.load(Ordering::Relaxed));
            let silent = self.begin.elapsed().saturating_sub(last);
            if silent >= limit {
                return;
            }
            sleep(limit.saturating_sub(silent)).await;
        }
    }
}

/// A connection that notes when something went across, and holds its place as long as it is there.
struct Lively {
    socket: Caller,
    progress: Arc<Progress>,
    _place: OwnedSemaphorePermit,
}

impl Lively {
    fn new(socket: Caller, place: OwnedSemaphorePermit) -> Self {
        let progress = Progress { begin: Instant::now(), last: AtomicU64::new(0) };
        Self { socket, progress: Arc::new(progress), _place: place }
    }

    fn noted<T>(&self, done: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if matches!(done, Poll::Ready(Ok(_))) {
            self.progress.note();
        }
        done
    }
}

impl AsyncRead for Lively {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        ready!(Pin::new(&mut self.socket).poll_read(context, into))?;
        if into.filled().len() > before {
            self.progress.note();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Lively {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(context, bytes);
        self.noted(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write_vectored(context, bytes);
        self.noted(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}
