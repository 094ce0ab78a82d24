//! Nodes on 127.0.0.1, and ends of links that do as a test says.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use cairn_verifier::digest::LogId;
use cairn_verifier::finality::PublicKey;
use cairn_verifier::secret::ValidatorSecret;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::Instant;
use tokio_rustls::TlsStream;

use crate::error::LinkError;
use crate::frame::{self, Kind};
use crate::hello::{About, End, Hello};
use crate::tls::{Tls, binding};
use crate::{
    AllowedPeer, Config, Incoming, Limits, Links, Network as _, PeerAddress, PeerId, PeerStatus,
    Room,
};

pub(super) const LOG: LogId = LogId::from_bytes([7; 32]);

/// Limits in which nothing takes long.
pub(super) fn quick() -> Limits {
    Limits {
        handshake: Duration::from_secs(2),
        keep_alive: Duration::from_millis(200),
        silence: Duration::from_secs(1),
        ban: Duration::from_secs(1),
        again: (Duration::from_millis(20), Duration::from_millis(200)),
        patience: Duration::ZERO,
        ..Limits::default()
    }
}

/// Keys, ascending by id.
pub(super) fn keys<const N: usize>() -> [Arc<ValidatorSecret>; N] {
    let mut keys = std::array::from_fn(|at| {
        Arc::new(ValidatorSecret::from_seed([u8::try_from(at).unwrap_or(0) + 1; 32]))
    });
    keys.sort_by_key(|key| key.key_id());
    keys
}

pub(super) fn allowed(key: &ValidatorSecret) -> AllowedPeer {
    let bytes = key.public_key();
    AllowedPeer::new(&PublicKey::new(key.suite(), &bytes).unwrap())
}

/// A node, as the application has it.
pub(super) struct Party {
    pub(super) links: Links,
    pub(super) inbox: Receiver<Incoming>,
}

impl Party {
    pub(super) fn start(key: &Arc<ValidatorSecret>, peers: Vec<PeerAddress>) -> Self {
        Self::with(config(key, peers))
    }

    pub(super) fn with(config: Config) -> Self {
        let (links, inbox) = Links::start(config).unwrap();
        Self { links, inbox }
    }

    pub(super) fn at(&self, key: &ValidatorSecret) -> PeerAddress {
        PeerAddress { id: key.key_id(), at: self.address().to_string() }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.links.address().unwrap()
    }

    pub(super) fn allow(&self, keys: &[&Arc<ValidatorSecret>]) {
        self.links.allow(keys.iter().map(|key| allowed(key)).collect());
    }

    pub(super) fn next(&self) -> Incoming {
        self.inbox.recv_timeout(Duration::from_secs(10)).unwrap()
    }

    pub(super) fn up(&self, peer: &ValidatorSecret) {
        assert_eq!(self.next(), Incoming::Up(peer.key_id()));
    }

    pub(super) fn of(&self, peer: &ValidatorSecret) -> PeerStatus {
        let mut peers = self.links.peers().into_iter();
        peers.find(|status| status.id == peer.key_id()).unwrap()
    }

    /// Waits until what is wrong with a peer has this in it.
    pub(super) fn trouble(&self, peer: &ValidatorSecret, part: &str) {
        let found = || self.of(peer).trouble.is_some_and(|why| why.contains(part));
        until(&format!("{part:?}, not {:?}", self.of(peer).trouble), found);
    }
}

pub(super) fn config(key: &Arc<ValidatorSecret>, peers: Vec<PeerAddress>) -> Config {
    Config {
        log: LOG,
        identity: key.clone(),
        listen: Some("127.0.0.1:0".to_owned()),
        peers,
        features: (0, 0),
        height: Arc::new(|| 42),
        limits: quick(),
    }
}

/// Two nodes that know each other; the second one dials.
pub(super) fn pair([a, b]: [&Arc<ValidatorSecret>; 2]) -> (Party, Party) {
    let first = Party::start(a, Vec::new());
    let second = Party::start(b, vec![first.at(a)]);
    first.allow(&[a, b]);
    second.allow(&[a, b]);
    first.up(b);
    second.up(a);
    (first, second)
}

pub(super) fn until(what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < Duration::from_secs(20), "still waiting for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

pub(super) fn message(from: &ValidatorSecret, bytes: &[u8]) -> Incoming {
    Incoming::Message { from: from.key_id(), bytes: bytes.to_vec(), room: Room::default() }
}

/// What an honest end would say.
pub(super) fn about() -> About {
    About { versions: 1..=1, features: 0, needs: 0, log: LOG, height: 42, process: 9 }
}

/// Runs one end of a connection that a test drives.
pub(super) fn attack<T>(attack: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(attack)
}

/// A TCP connection from another address than the nodes have.
pub(super) async fn from_elsewhere(to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    socket.connect(to).await.unwrap()
}

pub(super) async fn tls(to: SocketAddr) -> TlsStream<TcpStream> {
    Tls::new().unwrap().connect(from_elsewhere(to).await).await.unwrap()
}

/// Sends a frame.
pub(super) async fn say(stream: &mut TlsStream<TcpStream>, kind: Kind, body: &[u8]) {
    frame::write(stream, kind, body).await.unwrap();
    stream.flush().await.unwrap();
}

/// Reads a frame of any kind.
pub(super) async fn hear(stream: &mut TlsStream<TcpStream>) -> Result<(Kind, Vec<u8>), LinkError> {
    let all = [Kind::Hello, Kind::Message, Kind::Ping, Kind::Pong, Kind::Bye];
    let head = frame::read_head(stream, ("anything", &all)).await?;
    Ok((head.kind, frame::read_body(stream, head).await?))
}

/// Reads until the other end says why it ends.
pub(super) async fn hear_bye(stream: &mut TlsStream<TcpStream>) -> String {
    loop {
        let (kind, body) = hear(stream).await.unwrap();
        if kind == Kind::Bye {
            return String::from_utf8(body).unwrap();
        }
    }
}

/// A hello for a connection that was dialled.
pub(super) fn hello(
    stream: &TlsStream<TcpStream>,
    (key, to, about): (&ValidatorSecret, PeerId, About),
) -> Hello {
    Hello::sign(about, key, (to, End::Dialled, &binding(stream).unwrap())).unwrap()
}

/// A link with a node, made as it should be.
pub(super) async fn link(
    to: SocketAddr,
    (key, peer): (&ValidatorSecret, &ValidatorSecret),
) -> TlsStream<TcpStream> {
    let mut stream = tls(to).await;
    let hello = hello(&stream, (key, peer.key_id(), about()));
    say(&mut stream, Kind::Hello, &hello.encode()).await;
    assert_eq!(hear(&mut stream).await.unwrap().0, Kind::Hello);
    stream
}
