//! Where connections come in: plain ones at once, TLS ones after their handshake, which others do
//! not wait for.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::Listener;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;

use crate::tls::LiveTls;

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How many are under way at most; more connections wait in the system's queue.
const HANDSHAKES: usize = 1_024;

type Shaken = Option<(TlsStream<TcpStream>, SocketAddr)>;

/// A listening socket, with TLS or without.
#[derive(Debug)]
pub(super) struct Door {
    listener: TcpListener,
    tls: Option<Arc<LiveTls>>,
    handshakes: JoinSet<Shaken>,
}

impl Door {
    pub(super) fn new(listener: TcpListener, tls: Option<Arc<LiveTls>>) -> Self {
        Self { listener, tls, handshakes: JoinSet::new() }
    }
}

/// A connection that came in.
pub(super) type Caller = Either<TcpStream, TlsStream<TcpStream>>;

impl Door {
    /// The next connection. Dropping the future loses none.
    pub(super) async fn accept(&mut self) -> (Caller, SocketAddr) {
        loop {
            let has_room = self.handshakes.len() < HANDSHAKES;
            tokio::select! {
                (socket, address) = Listener::accept(&mut self.listener), if has_room => {
                    // Small answers must not wait for the client's acknowledgement of the one before.
                    if let Err(error) = socket.set_nodelay(true) {
                        tracing::debug!(%error, "TCP_NODELAY");
                    }
                    let Some(tls) = &self.tls else { return (Either::Left(socket), address) };
                    let acceptor = TlsAcceptor::from(tls.config());
                    self.handshakes.spawn(shake(acceptor, socket, address));
                }
                Some(done) = self.handshakes.join_next() => {
                    if let Ok(Some((socket, address))) = done {
                        return (Either::Right(socket), address);
                    }
                }
            }
        }
    }
}

async fn shake(acceptor: TlsAcceptor, socket: TcpStream, address: SocketAddr) -> Shaken {
    match tokio::time::timeout(HANDSHAKE, acceptor.accept(socket)).await {
        Ok(Ok(socket)) => Some((socket, address)),
        Ok(Err(error)) => {
            tracing::debug!(%error, "a TLS handshake failed");
            None
        }
        Err(_) => None,
    }
}
