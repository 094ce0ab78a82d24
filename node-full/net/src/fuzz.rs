//! Doors for the fuzz targets: what the bytes of a peer meet, before its proof and after. With a
//! feature that no node is built with.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use cairn_verifier::digest::LogId;
use cairn_verifier::finality::PublicKey;
use rustls::crypto::SupportedKxGroup as _;

use crate::error::LinkError;
use crate::frame::{self, Kind};
use crate::hello::{About, End, Hello, Identity, VERSIONS};
use crate::kx::X25519MlKem768;
use crate::peer::{AllowedPeer, PeerId};
use crate::tls::Binding;

/// What the end that answers knows of a connection.
#[derive(Clone, Debug)]
pub struct Connection {
    peer: AllowedPeer,
    me: PeerId,
    log: LogId,
    binding: Binding,
}

impl Connection {
    /// Of this peer with this node, about a log, in a session of TLS.
    #[must_use]
    pub fn new(peer: &PublicKey<'_>, me: PeerId, log: LogId, binding: [u8; 32]) -> Self {
        Self { peer: AllowedPeer::new(peer), me, log, binding }
    }

    const fn about(&self) -> About {
        About { versions: VERSIONS, features: 1, needs: 1, log: self.log, height: 3, process: 4 }
    }
}

/// A hello as whoever dials sends it.
#[must_use]
pub fn say(identity: &dyn Identity, connection: &Connection) -> Vec<u8> {
    let Connection { me, binding, .. } = connection;
    Hello::sign(connection.about(), identity, (*me, End::Dialled, binding))
        .map_or_else(|_| Vec::new(), |hello| hello.encode())
}

/// Hears a hello as whoever answers does.
///
/// # Errors
/// [`LinkError`].
pub fn hear(bytes: &[u8], connection: &Connection) -> Result<(), LinkError> {
    let hello = Hello::decode(bytes)?;
    hello.fits(&connection.about())?;
    hello.check(&connection.peer, (connection.me, End::Dialled, &connection.binding))
}

/// Decodes a hello and encodes it again.
#[must_use]
pub fn decode(bytes: &[u8]) -> Option<Vec<u8>> {
    Some(Hello::decode(bytes).ok()?.encode())
}

/// Reads frames of any kind until one is not whole.
#[must_use]
pub fn frames(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut read = Vec::new();
    while let Some(Ok(frame)) = now(next(&mut bytes)) {
        read.push(frame);
    }
    read
}

async fn next(from: &mut &[u8]) -> Result<(u8, Vec<u8>), LinkError> {
    let head = frame::read_head(from, ("a frame", &Kind::ALL)).await?;
    Ok((head.kind.byte(), frame::read_body(from, head).await?))
}

/// What is there already waits for nothing.
fn now<T>(work: impl Future<Output = T>) -> Option<T> {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => Some(done),
        Poll::Pending => None,
    }
}

/// Whether a key share of who dials is answered.
#[must_use]
pub fn answer_share(share: &[u8]) -> bool {
    X25519MlKem768.start_and_complete(share).is_ok()
}

/// Whether a key share of who answers is taken.
#[must_use]
pub fn take_share(share: &[u8]) -> bool {
    X25519MlKem768.start().and_then(|started| started.complete(share)).is_ok()
}
